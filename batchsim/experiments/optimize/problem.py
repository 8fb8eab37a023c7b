"""What a search is given: candidates, and what a simulation of one says of the objectives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from batchsim.experiments.optimize.space import Space
from batchsim.spec.objectives import COUNTS, Objective
from batchsim.units import HOUR

#: Replication 0 is what the search looks at; what is stated comes from those after it, which it did not see.
EXPLORED = 0
#: What is added to a value and a limit that may be nothing, so that they have a ratio; by unit.
_UNITS = {"s": 60.0, "USD": 1.0, "share": 0.01, "jobs": 1.0}
#: A value that was never reached is at least so far beyond its limit, as a logarithm.
_NEVER = math.log(1.5)


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of an objective in one replication.

    Attributes
    ----------
    value : float or None
        Null where the run ended before it was known.
    least : float or None
        What it is at least then.
    missing : int
        How many jobs did not get as far as the objective needs.
    """

    value: float | None
    least: float | None = None
    missing: int = 0

    def kept(self, objective: Objective) -> bool:
        """Whether the objective was met."""
        return self.value is not None and not self.missing and objective.holds(self.value)

    def margin(self, objective: Objective) -> float:
        """How far from the limit: a logarithm of the ratio, above 0 where the objective was missed.

        Extremes are drawn in, for a surrogate needs to know well only what lies near the limit. A time of day has no
        ratio: hours from the limit count.
        """
        value = self.value if self.value is not None else self.least
        if value is None:
            beyond = _NEVER
        elif objective.clock:
            beyond = (value - objective.limit) / (4 * HOUR)
        else:
            unit = _UNITS[objective.unit] if objective.metric in COUNTS or objective.limit <= 0 else 0.0
            beyond = math.log(max(value + unit, 1e-9) / (max(objective.limit, 0.0) + unit))
        if objective.comparison.startswith(">"):
            beyond = -beyond
        if self.missing or self.value is None:
            beyond = max(beyond, _NEVER)
        else:  # rounding puts nothing on the other side
            beyond = min(beyond, 0.0) if objective.holds(self.value) else max(beyond, 1e-9)
        return math.copysign(math.log1p(abs(beyond)), beyond)


@dataclass(frozen=True, slots=True)
class Observation:
    """One simulation of a candidate.

    Attributes
    ----------
    spent : float or None
        The figure that is minimised; null where the run failed, or has none.
    figures : tuple of Measured
        Of the objectives to keep, in their order.
    """

    spent: float | None
    figures: tuple[Measured, ...]

    @property
    def logarithm(self) -> float:
        """Of what is spent; 0.01 stands for nothing."""
        return math.log(max(self.spent or 0.0, 0.01))

    def kept(self, objectives: Sequence[Objective]) -> bool:
        """Whether every objective was met."""
        return self.spent is not None and all(map(Measured.kept, self.figures, objectives))

    def margins(self, objectives: Sequence[Objective]) -> tuple[float, ...]:
        """How far from each limit; see `Measured.margin`."""
        return tuple(map(Measured.margin, self.figures, objectives))


class Problem(Protocol):
    """Candidates, objectives to keep, and simulations.

    Attributes
    ----------
    space : Space
        The candidates.
    objectives : sequence of Objective
        Those with a limit.
    """

    @property
    def space(self) -> Space: ...  # noqa: D102

    @property
    def objectives(self) -> Sequence[Objective]: ...  # noqa: D102

    def evaluate(self, pairs: Iterable[tuple[int, int]]) -> list[Observation]:
        """Simulate candidates, each in a replication; one that was simulated before costs nothing."""
        ...
