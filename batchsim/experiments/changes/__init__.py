"""Changes to a scenario that a run gives reason to try, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from batchsim.experiments.changes.causes import causes
from batchsim.experiments.changes.evidence import Change, Evidence
from batchsim.experiments.changes.limits import limits
from batchsim.experiments.changes.minimums import minimums
from batchsim.experiments.changes.shapes import shapes

#: What instances hold, what is kept of them, how much there may be, and what else jobs waited for: raising a limit of a
#: fleet that is half empty comes after filling it.
STAGES: tuple[Callable[[Evidence], Iterator[Change]], ...] = (shapes, minimums, limits, causes)

__all__ = ["STAGES", "Change", "Evidence"]
