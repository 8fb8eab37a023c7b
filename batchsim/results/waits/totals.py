"""What jobs waited, by cause, in all and for every part of them: queues, workflows, compute environments."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Ints
from batchsim.columns import WAIT_CAUSES
from batchsim.recording import LIMITS
from batchsim.results.waits.attribution import JobWaits
from batchsim.statistics.sums import added_by

Part = NDArray[np.bool_]
Cell = tuple[int, int]


class WaitsByPart:
    """Sums of waits, worked out in one pass over the jobs and exactly rounded.

    Parameters
    ----------
    waits : JobWaits
        Of each job.
    group : ndarray of int, shape (n,)
        Of each job; a group is of one queue and one workflow.
    environment : ndarray of int, shape (n,)
        That of each job's last attempt; -1 where it never began one.
    counted : ndarray of bool, shape (n,), optional
        Which jobs; all of them without.
    """

    def __init__(self, waits: JobWaits, group: Ints, environment: Ints, counted: Part | None = None) -> None:
        # Name → group and environment → few numbers, whose exact sum is that of their jobs' seconds.
        self._seconds: dict[str, dict[Cell, list[float]]] = {name: {} for name in (*WAIT_CAUSES, *LIMITS.values())}
        environments = int(environment.max(initial=0)) + 2
        cells = (int(group.max(initial=0)) + 1) * environments
        for start in range(0, len(group), SLICE):
            rows = slice(start, min(start + SLICE, len(group)))
            cell = group[rows].astype(np.int64) * environments + environment[rows] + 1
            causes, limits = waits.with_limits(rows)
            for name, seconds in (causes | limits).items():
                if counted is not None:
                    seconds = np.where(counted[rows], seconds, 0.0)
                if seconds.any():
                    for number, sums in enumerate(added_by(cell, seconds, cells)):
                        if sums:
                            group_, on = divmod(number, environments)
                            self._seconds[name].setdefault((group_, on - 1), []).extend(sums)

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
