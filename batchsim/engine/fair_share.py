"""A fair-share queue: the share that has used least is served next.

AWS Batch User Guide, *Fair-share scheduling*, *Share identifiers*; API ``FairsharePolicy``. A share's use over the
window (`engine/usage.py`) is weighed by its factor; the lowest is served. Within a share the higher
``schedulingPriority`` comes first, then the order of submission; a retried job goes to the front of its share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sortedcontainers import SortedList

from batchsim.columns import Floats
from batchsim.engine.queue import Dispatch, JobQueue
from batchsim.engine.usage import Usage
from batchsim.scenario import configuration

if TYPE_CHECKING:
    from batchsim.engine.station import Station
    from batchsim.engine.world import World


#: The head of a share in which no job waits: no row, no shape.
NO_JOB = -1

INFINITE = float("inf")


class FairShareQueue(JobQueue):
    """A queue with a fair-share policy.

    Use counts second by second, so that jobs started in one cycle would not count in it: each started vCPU counts as
    `ahead_s` seconds of use at once (an assumption), which lets shares with equal use take turns.
    """

    def __init__(self, index: int, spec: configuration.JobQueue, stations: tuple[Station, ...], world: World) -> None:
        super().__init__(index, spec, stations, world)
        assert spec.fair_share is not None  # noqa: S101 (for the type checker)
        self._policy = spec.fair_share
        self._clock = world.clock
        self._max_vcpus = sum(station.max_vcpus for station in stations if station.enabled)
        self._ahead_s = world.settings.scheduler.dispatch_interval or 1.0
        groups = world.workload.groups
        shares = sorted({group.share_identifier or "" for group in groups if group.job_queue == spec.name})
        place = {identifier: share for share, identifier in enumerate(shares)}
        self._share_of = [place.get(group.share_identifier or "", -1) for group in groups]
        self._priority_of = [group.scheduling_priority for group in groups]
        self._any_wants = any(group.consumables for group in groups if group.job_queue == spec.name)
        self._vcpus = [shape.vcpus for shape in world.workload.shapes]
        self._weights = [self._policy.weight(identifier) for identifier in shares]
        self._usage = Usage(self._weights, self._policy.window_s)
        self._used_at, self._used = 0.0, self._usage.at(0.0)
        self._in_use = 0.0
        # By share: its waiting jobs, the one that comes next, its shape, and infinity where there is none.
        self._lines = [SortedList() for _ in shares]
        self._first = np.full(len(shares), NO_JOB, np.int64)
        self._first_shape = self._first.copy()
        self._nobody = np.full(len(shares), INFINITE)
        self._unfinished = np.zeros(len(shares), np.int64)
        self._idle_since = np.full(len(shares), -INFINITE)

    # What happens to its jobs

    def submitted(self, job: int) -> None:
        """A share is active from its first job on."""
        self._unfinished[self._share_of[self._group_of[job]]] += 1

    def finished(self, job: int) -> None:
        """A share stays active until its last job has been over for a window."""
        share = self._share_of[self._group_of[job]]
        self._unfinished[share] -= 1
        self._idle_since[share] = self._clock.now

    def stopped(self, job: int) -> None:
        """An attempt ended."""
        vcpus = self._vcpus[self._shape_of[job]]
        self._usage.change(self._share_of[self._group_of[job]], self._clock.now, -vcpus)
        self._in_use -= vcpus

    def add(self, job: int, retried: bool) -> None:
        """Put a job in its share."""
        share = self._share_of[self._group_of[job]]
        line = self._lines[share]
        entry = (not retried, -self._priority_of[self._group_of[job]], job)
        line.add(entry)
        if line[0] is entry:
            self._note_first(share)
        self._remember(self._shape_of[job])

    def _remove_first(self, share: int) -> None:
        self._forget(int(self._first_shape[share]))
        del self._lines[share][0]
        self._note_first(share)

    def _note_first(self, share: int) -> None:
        line = self._lines[share]
        if line:
            job = line[0][-1]
            self._first[share], self._first_shape[share], self._nobody[share] = job, self._shape_of[job], 0.0
        else:
            self._first[share], self._first_shape[share], self._nobody[share] = NO_JOB, NO_JOB, INFINITE

    # The order

    def _allowed(self) -> float:
        """VCPUs that active shares may use."""
        if not self._policy.compute_reservation:
            return float("inf")
        since = self._clock.now - self._policy.window_s
        active = int(np.count_nonzero((self._unfinished > 0) | (self._idle_since > since)))
        return self._policy.allowed_vcpus(self._max_vcpus, active)

    def holds_back(self, shape: int) -> bool:
        """Whether the reservation keeps a job of this shape from starting."""
        return self._in_use + self._vcpus[shape] > self._allowed()

    def _scores(self) -> Floats:
        """The weighed use of each share in which a job waits."""
        now = self._clock.now
        if now != self._used_at:  # what starts or stops at this instant has used nothing yet
            self._used_at, self._used = now, self._usage.at(now)
        scores: Floats = self._used + self._nobody
        return scores

    def head(self) -> int:
        """The next job of the share to be served first."""
        return int(self._first[_lowest(self._scores(), self._first)])

    def candidates(self) -> list[int]:
        """The next job of each share that the reservation lets start; one for each shape, where that says all."""
        jobs, shapes = self._first[self._first != NO_JOB], self._first_shape[self._first != NO_JOB]
        if not self._any_wants:
            jobs = jobs[np.unique(shapes, return_index=True)[1]]
        return [job for job in jobs.tolist() if not self.holds_back(self._shape_of[job])]

    def plan(self, assign: Callable[[int], bool]) -> None:
        """Offer jobs in the order in which they would be started now; as in `drain`, a share may be passed over."""
        if not self.shapes:
            return
        scores, first = self._scores(), self._first.copy()
        taken = [0] * len(first)
        left = self._allowed() - self._in_use
        while True:
            share = _lowest(scores, first)
            if scores[share] == INFINITE:
                break
            job = int(first[share])
            vcpus = self._vcpus[self._shape_of[job]]
            if vcpus > left or not assign(job):
                scores[share] = INFINITE
                continue
            left -= vcpus
            taken[share] += 1
            line = self._lines[share]
            if taken[share] < len(line):
                scores[share] += self._ahead(share, vcpus)
                first[share] = line[taken[share]][-1]
            else:
                scores[share] = INFINITE

    def _ahead(self, share: int, vcpus: float) -> float:
        return self._weights[share] * vcpus * self._ahead_s

    def drain(self, dispatch: Dispatch) -> None:
        """Start jobs share by share; a share whose next job can't be started is passed over in this cycle."""
        if not self.shapes:
            return
        now, allowed = self._clock.now, self._allowed()
        scores = self._scores()
        failed: set[int] = set()
        while not failed.issuperset(self.shapes):
            share = _lowest(scores, self._first)
            if scores[share] == INFINITE:
                break
            job, shape = int(self._first[share]), int(self._first_shape[share])
            vcpus = self._vcpus[shape]
            if self._in_use + vcpus > allowed:
                scores[share] = INFINITE
            elif dispatch(job, shape):
                self._remove_first(share)
                self._in_use += vcpus
                self._usage.change(share, now, vcpus)
                passed_over = self._first_shape[share] in failed
                scores[share] += INFINITE if passed_over else self._ahead(share, vcpus) + self._nobody[share]
            elif self._wanting[self._group_of[job]]:
                # A job that lacks a consumable resource says nothing of others of its shape.
                scores[share] = INFINITE
            else:
                failed.add(shape)
                scores[self._first_shape == shape] = INFINITE

    def remove_head(self) -> None:
        """Take the head out: it is cancelled."""
        self._remove_first(_lowest(self._scores(), self._first))


def _lowest(scores: Floats, first: NDArray[np.int64]) -> int:
    """The share to be served: the lowest score, then the earliest job."""
    lowest = int(scores.argmin())
    equal = scores == scores[lowest]
    if np.count_nonzero(equal) > 1:
        ties = equal.nonzero()[0]
        return int(ties[first[ties].argmin()])
    return lowest
