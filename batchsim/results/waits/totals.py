"""What jobs waited, by cause, in all and for every part of them: queues, workflows, compute environments."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Ints
from batchsim.columns import WAIT_CAUSES
from batchsim.recording import LIMITS
from batchsim.results.waits.attribution import Waits

Part = NDArray[np.bool_]
Cell = tuple[int, int]


class WaitsByPart:
    """Sums of waits, worked out in one pass over the jobs and exactly rounded.

    Parameters
    ----------
    waits : Waits
        Of each job.
    group : ndarray of int, shape (n,)
        Of each job; a group is of one queue and one workflow.
    environment : ndarray of int, shape (n,)
        That of each job's last attempt; -1 where it never began one.
    """

    def __init__(self, waits: Waits, group: Ints, environment: Ints) -> None:
        # Name → group and environment → the sum of their jobs' seconds, and what rounding it left.
        self._seconds: dict[str, dict[Cell, list[float]]] = {name: {} for name in (*WAIT_CAUSES, *LIMITS.values())}
        for start in range(0, len(group), SLICE):
            rows = np.arange(start, min(start + SLICE, len(group)))
            order = np.lexsort((environment[rows], group[rows]))
            cells = np.column_stack([group[rows], environment[rows]])[order]
            begins = np.concatenate([[0], np.flatnonzero((cells[1:] != cells[:-1]).any(axis=1)) + 1]).tolist()
            named = [(group_, environment_) for group_, environment_ in cells[begins].tolist()]
            spans = list(zip(named, begins, [*begins[1:], len(rows)], strict=True))
            causes, limits = waits.with_limits(rows)
            for name, seconds in (causes | limits).items():
                if seconds.any():
                    self._add(self._seconds[name], seconds[order].tolist(), spans)

    def _add(self, sums: dict[Cell, list[float]], seconds: list[float], spans: list[tuple[Cell, int, int]]) -> None:
        for cell, begin, end in spans:
            part = seconds[begin:end]
            added = math.fsum(part)
            part.append(-added)
            sums.setdefault(cell, []).extend((added, math.fsum(part)))

    def causes(self, *, groups: Part | None = None, environment: int | None = None) -> dict[str, float]:
        """Seconds by cause: of all jobs, of those of some groups, or of those of an environment (-1: of none)."""
        return {name: self._sum(name, groups, environment) for name in WAIT_CAUSES}

    def limits(self, *, groups: Part | None = None) -> dict[str, float]:
        """Seconds waited for limits, by what they are limits of."""
        return {name: self._sum(name, groups, None) for name in LIMITS.values()}

    def _sum(self, name: str, groups: Part | None, environment: int | None) -> float:
        return math.fsum(
            seconds
            for (group, ran_on), sums in self._seconds[name].items()
            if (groups is None or groups[group]) and environment in (None, ran_on)
            for seconds in sums
        )
