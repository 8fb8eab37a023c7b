"""A fair-share queue: the share that has used least is served next.

AWS Batch User Guide, *Fair-share scheduling*, *Share identifiers*; API ``FairsharePolicy``. A share's use over the
window (`engine/queues/share_usage.py`) is weighed by its factor; the lowest is served. Within a share the higher
``schedulingPriority`` comes first, then the order of submission; a retried job goes to the front of its share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sortedcontainers import SortedList

from batchsim.engine.queues.fifo import Dispatch, FifoQueue
from batchsim.engine.queues.share_ranking import INFINITE, NOBODY, ScalarRanking, ShareRanking, VectorRanking
from batchsim.engine.queues.share_usage import ShareUsage
from batchsim.spec import configuration

if TYPE_CHECKING:
    from batchsim.engine.compute_environment import SimulatedEnvironment
    from batchsim.engine.run_context import RunContext


NEVER: Final = -1.0
#: Up to so many shares are looked at one by one; columns cost as much as about these.
FEW: Final = 24


class FairShareQueue(FifoQueue):
    """A queue with a fair-share policy.

    AWS sums the vCPU-seconds of running and recently completed jobs (AWS HPC Blog, *Diving Deeper into Fair-Share
    Scheduling in AWS Batch*) and, in other words, "measures current usage" (User Guide, *Fair-share scheduling*: all
    that is left with a decay of zero). So a running vCPU counts for what it has used, and from its start on for what
    one that runs for a whole window comes to, half of the window (an assumption): what is running weighs as much as
    what has run. Use alone, which lags behind, starts jobs of one share by whole waves, and weights don't divide.
    """

    def __init__(
        self, index: int, spec: configuration.JobQueue, stations: tuple[SimulatedEnvironment, ...], world: RunContext
    ) -> None:
        super().__init__(index, spec, stations, world)
        assert spec.fair_share is not None  # noqa: S101 (for the type checker)
        self._policy = spec.fair_share
        self._clock = world.clock
        self._max_vcpus = sum(station.max_vcpus for station in stations if station.enabled)
        self._running_s = self._policy.window_s / 2
        groups = world.workload.groups
        shares = sorted({group.share_identifier or "" for group in groups if group.job_queue == spec.name})
        place = {identifier: share for share, identifier in enumerate(shares)}
        self._share_of = [place.get(group.share_identifier or "", -1) for group in groups]
        self._priority_of = [group.scheduling_priority for group in groups]
        self._any_wants = any(group.consumables for group in groups if group.job_queue == spec.name)
        self._vcpus = [shape.vcpus for shape in world.workload.shapes]
        self._weights = [self._policy.weight(identifier) for identifier in shares]
        self._usage = ShareUsage(self._weights, self._policy.window_s, self._running_s)
        self._in_use = 0.0
        self._lines: list[Any] = [SortedList() for _ in shares]
        # Of shares in which jobs wait: the one that comes next, and its shape.
        self._first: dict[int, int] = {}
        self._first_shape: dict[int, int] = {}
        self._unfinished = np.zeros(len(shares), np.int64)
        self._idle_since = np.full(len(shares), -INFINITE)
        # What the reservation allowed, and when.
        self._allowed_at, self._allowed_vcpus = NEVER, INFINITE

    # What happens to its jobs

    def submitted(self, job: int) -> None:
        """A share is active from its first job on."""
        self._unfinished[self._share_of[self._group_of[job]]] += 1
        self._allowed_at = NEVER

    def finished(self, job: int) -> None:
        """A share stays active until its last job has been over for a window."""
        share = self._share_of[self._group_of[job]]
        self._unfinished[share] -= 1
        self._idle_since[share] = self._clock.now
        self._allowed_at = NEVER

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
        if line[0] == entry:
            self._note_first(share)
        self._remember(self._shape_of[job])

    def _remove_first(self, share: int) -> None:
        self._forget(self._shape_of[self._first[share]])
        del self._lines[share][0]
        self._note_first(share)

    def _note_first(self, share: int) -> None:
        line = self._lines[share]
        if line:
            self._first[share] = job = line[0][-1]
            self._first_shape[share] = self._shape_of[job]
        else:
            del self._first[share], self._first_shape[share]

    # The order

    def _allowed(self) -> float:
        """VCPUs that active shares may use."""
        if not self._policy.compute_reservation:
            return INFINITE
        if self._allowed_at != self._clock.now:
            self._allowed_at = self._clock.now
            since = self._clock.now - self._policy.window_s
            active = int(np.count_nonzero((self._unfinished > 0) | (self._idle_since > since)))
            self._allowed_vcpus = self._policy.allowed_vcpus(self._max_vcpus, active)
        return self._allowed_vcpus

    def holds_back(self, shape: int) -> bool:
        """Whether the reservation keeps a job of this shape from starting."""
        return self._in_use + self._vcpus[shape] > self._allowed()

    def _standing(self) -> ShareRanking:
        """The shares in which jobs wait, by their weighed use and what runs of them."""
        now, shares = self._clock.now, self._first
        if len(shares) <= FEW:
            return ScalarRanking(self._usage.of(shares, now), shares, self._first_shape)
        scores, first, shapes = np.full((3, len(self._lines)), INFINITE)
        places = np.fromiter(shares, np.int64, len(shares))
        scores[places] = self._usage.at(now)[places]
        first[places] = np.fromiter(shares.values(), np.float64, len(shares))
        shapes[places] = np.fromiter(self._first_shape.values(), np.float64, len(shares))
        return VectorRanking(scores, first, shapes)

    def head(self) -> int:
        """The next job of the share to be served first."""
        return self._first[self._standing().lowest()]

    def head_for_causes(self) -> int:
        """The head, or where all jobs are alike any of them, which is found without ranking shares."""
        alike = len(self.shapes) == 1 and not self._any_wants
        return next(iter(self._first.values())) if alike else self.head()

    def candidates(self) -> list[int]:
        """The next job of each share that the reservation lets start; one for each shape, where that says all."""
        jobs = self._first.values()
        if not self._any_wants:
            jobs = {self._shape_of[job]: job for job in jobs}.values()
        return [job for job in jobs if not self.holds_back(self._shape_of[job])]

    def deciding(self) -> dict[int, int]:
        """Shapes of the next jobs of the shares, each with one of them."""
        return {self._shape_of[job]: job for job in self._first.values()}

    def plan(self, assign: Callable[[int], bool]) -> None:
        """Offer jobs in the order in which they would be started now; as in `drain`, a share may be passed over."""
        if not self.shapes:
            return
        standing, first = self._standing(), dict(self._first)
        taken = dict.fromkeys(first, 0)
        left = self._allowed() - self._in_use
        while (share := standing.lowest()) != NOBODY:
            job = first[share]
            vcpus = self._vcpus[self._shape_of[job]]
            if vcpus > left or not assign(job):
                standing.pass_over(share)
                continue
            left -= vcpus
            taken[share] += 1
            line = self._lines[share]
            if taken[share] == len(line):
                standing.pass_over(share)
            else:
                first[share] = job = line[taken[share]][-1]
                standing.served(share, self._more(share, vcpus), job, self._shape_of[job])

    def _more(self, share: int, vcpus: float) -> float:
        """What a share has more with a job that was just started."""
        return self._weights[share] * vcpus * self._running_s

    def drain(self, dispatch: Dispatch) -> None:
        """Start jobs share by share; a share whose next job can't be started is passed over in this cycle."""
        if not self.shapes:
            return
        now, allowed = self._clock.now, self._allowed()
        standing = self._standing()
        failed: set[int] = set()
        while (share := standing.lowest()) != NOBODY:
            job, shape = self._first[share], self._first_shape[share]
            vcpus = self._vcpus[shape]
            if self._in_use + vcpus > allowed:
                standing.pass_over(share)
            elif dispatch(job, shape):
                self._remove_first(share)
                self._in_use += vcpus
                self._usage.change(share, now, vcpus)
                upcoming = self._first_shape.get(share, NOBODY)
                if upcoming == NOBODY or upcoming in failed:
                    standing.pass_over(share)
                else:
                    standing.served(share, self._more(share, vcpus), self._first[share], upcoming)
            elif self._wanting[self._group_of[job]]:
                # A job that lacks a consumable resource says nothing of others of its shape.
                standing.pass_over(share)
            else:
                failed.add(shape)
                standing.pass_over_shape(shape)

    def remove_head(self) -> None:
        """Take the head out: it is cancelled."""
        self._remove_first(self._standing().lowest())
