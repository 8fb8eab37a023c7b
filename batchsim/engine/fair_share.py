"""A fair-share queue: the share that has used least is served next.

AWS Batch User Guide, *Fair-share scheduling*, *Share identifiers*; API ``FairsharePolicy``. A share's use over the
window (`engine/usage.py`) is weighed by its factor; the lowest is served. Within a share the higher
``schedulingPriority`` comes first, then the order of submission; a retried job goes to the front of its share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


#: The head of a share in which no job waits: no row, no shape.
NO_JOB = -1

INFINITE = float("inf")


class FairShareQueue(JobQueue):
    """A queue with a fair-share policy.

    Use counts second by second, so that jobs started in one cycle would not count in it: each started vCPU counts as
    `ahead_s` seconds of use at once (an assumption), which lets shares with equal use take turns.

    Parameters
    ----------
    shares : sequence of str
        The share identifiers of the queue's jobs.
    share_of, priority_of : callable
        The place in `shares` and the scheduling priority of a job.
    wanting : bool
        Whether any of its jobs asks for consumable resources.
    now : callable
        The simulated time.
    vcpus_of : callable
        The vCPUs of a shape.
    """

    def __init__(
        self,
        index: int,
        spec: configuration.JobQueue,
        stations: tuple[Station, ...],
        jobs: int,
        shape_of: Sequence[int],
        wants: Callable[[int], bool],
        *,
        policy: configuration.FairShare,
        shares: Sequence[str],
        wanting: bool,
        max_vcpus: float,
        share_of: Callable[[int], int],
        priority_of: Callable[[int], int],
        vcpus_of: Callable[[int], float],
        now: Callable[[], float],
        ahead_s: float,
    ) -> None:
        super().__init__(index, spec, stations, jobs, shape_of, wants)
        self._policy = policy
        self._wanting = wanting
        self._max_vcpus = max_vcpus
        self._share = share_of
        self._priority_of = priority_of
        self._vcpus_of = vcpus_of
        self._now = now
        self._ahead_s = ahead_s
        self._weights = [policy.weight(identifier) for identifier in shares]
        self._usage = Usage(self._weights, policy.window_s)
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
        self._unfinished[self._share(job)] += 1

    def finished(self, job: int) -> None:
        """A share stays active until its last job has been over for a window."""
        share = self._share(job)
        self._unfinished[share] -= 1
        self._idle_since[share] = self._now()

    def stopped(self, job: int) -> None:
        """An attempt ended."""
        vcpus = self._vcpus_of(self._shape_of[job])
        self._usage.change(self._share(job), self._now(), -vcpus)
        self._in_use -= vcpus

    def add(self, job: int, retried: bool) -> None:
        """Put a job in its share."""
        share = self._share(job)
        line = self._lines[share]
        entry = (not retried, -self._priority_of(job), job)
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
        since = self._now() - self._policy.window_s
        active = int(np.count_nonzero((self._unfinished > 0) | (self._idle_since > since)))
        return self._policy.allowed_vcpus(self._max_vcpus, active)

    def holds_back(self, shape: int) -> bool:
        """Whether the reservation keeps a job of this shape from starting."""
        return self._in_use + self._vcpus_of(shape) > self._allowed()

    def _scores(self) -> Floats:
        """The weighed use of each share in which a job waits."""
        now = self._now()
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
        if not self._wanting:
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
            vcpus = self._vcpus_of(self._shape_of[job])
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
        now, allowed = self._now(), self._allowed()
        scores = self._scores()
        failed: set[int] = set()
        while not failed.issuperset(self.shapes):
            share = _lowest(scores, self._first)
            if scores[share] == INFINITE:
                break
            job, shape = int(self._first[share]), int(self._first_shape[share])
            vcpus = self._vcpus_of(shape)
            if self._in_use + vcpus > allowed:
                scores[share] = INFINITE
            elif dispatch(job, shape):
                self._remove_first(share)
                self._in_use += vcpus
                self._usage.change(share, now, vcpus)
                passed_over = self._first_shape[share] in failed
                scores[share] += INFINITE if passed_over else self._ahead(share, vcpus) + self._nobody[share]
            elif self._wants(job):
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
