"""How a member of AWS's requests is treated: simulated, simplified, carried through, or refused, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Treatment = Literal["simulated", "simplified", "carried", "refused"]


@dataclass(frozen=True)
class MemberCoverage:
    """What becomes of one member.

    Attributes
    ----------
    how : str
        What it does, or what is simplified; why it is carried or refused.
    source : str
        Where AWS says what it means, beyond the shape's own text.
    """

    treatment: Treatment
    how: str = ""
    source: str = ""


def treated(treatment: Treatment, how: str, *members: str, source: str = "") -> dict[str, MemberCoverage]:
    """The same of several members."""
    return dict.fromkeys(members, MemberCoverage(treatment, how, source))


NAMES = "names the thing; results and overrides go by it"
NEITHER = "bears neither on when a job runs nor on what batchsim counts as cost"
GUIDE = "User Guide, "
