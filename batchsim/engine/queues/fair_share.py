"""A fair-share queue: the share that has used least is served next.

AWS Batch User Guide, *Fair-share scheduling*, *Share identifiers*; API ``FairsharePolicy``. A share's use over the
window (`engine/queues/share_usage.py`) is weighed by its factor; the lowest is served. Within a share the higher
``schedulingPriority`` comes first, then the order of submission; a retried job goes to the front of its share.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence, Set
from itertools import islice
from typing import Final

import numpy as np

from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.queues.fifo import FifoQueue, WaitingList
from batchsim.engine.queues.share_ranking import INFINITE, NOBODY, ScalarRanking, ShareRanking, VectorRanking
from batchsim.engine.queues.share_usage import ShareUsage
from batchsim.engine.run_context import RunContext
from batchsim.spec import configuration
from batchsim.spec.ids import ShapeId
from batchsim.spec.workload import JobGroup

NEVER: Final = -1.0
#: Up to so many shares are ranked one by one; columns cost as much as about these.
FEW: Final = 24


def identifier_of(group: JobGroup) -> str:
    """The share identifier of a group of jobs; empty where it has none."""
    return group.share_identifier or ""


def ranks_of(groups: Sequence[JobGroup]) -> list[int]:
    """By group, how many scheduling priorities are above its own."""
    priorities = [group.scheduling_priority for group in groups]
    descending = sorted(set(priorities), reverse=True)
    return [descending.index(priority) for priority in priorities]


class FairShareQueue(FifoQueue):
    """A queue with a fair-share policy.

    AWS sums the vCPU-seconds of running and recently completed jobs (AWS HPC Blog, *Diving Deeper into Fair-Share
    Scheduling in AWS Batch*) and, in other words, "measures current usage" (User Guide, *Fair-share scheduling*: all
    that is left with a decay of zero). So a running vCPU counts for what it has used, and from its start on for what
    one that runs for a whole window comes to, half of the window (an assumption): what is running weighs as much as
    what has run. Use alone, which lags behind, starts jobs of one share by whole waves, and weights don't divide.

    Attributes
    ----------
    by_share : list of WaitingList
        The waiting jobs of each share, by keys that are their rows on top of what comes before the row.
    first : dict of int to int
        Of shares in which jobs wait, the one that comes next.
    in_use : float
        VCPUs that its jobs run on.
    """

    time_dependent = True
    counts_use = True

    def __init__(self, index: int, spec: configuration.JobQueue, context: RunContext) -> None:
        super().__init__(index, spec, context)
        assert spec.fair_share is not None  # noqa: S101 (for the type checker)
        self._policy = spec.fair_share
        self.reserves = self.counts_jobs = self._policy.compute_reservation > 0
        self._max_vcpus = 0
        self._running_s = self._policy.window_s / 2
        groups = context.workload.groups
        own = [group for group in groups if group.job_queue == spec.name]
        self._shares = shares = sorted({identifier_of(group) for group in own})
        place = {identifier: share for share, identifier in enumerate(shares)}
        self._share_of = [place.get(identifier_of(group), NOBODY) for group in groups]
        # By group, what comes before the row in a job's key: its priority, the highest first; less this, if retried.
        ranks = ranks_of(groups)
        self._before_row = [self._rows * rank for rank in ranks]
        self._retried_before = self._rows * (max(ranks, default=0) + 1)
        self._any_wants = any(group.consumables for group in own)
        self._vcpus = [shape.vcpus for shape in context.workload.shapes]
        self._weights = [self._policy.weight(identifier) for identifier in shares]
        self._usage = ShareUsage(self._weights, self._policy.window_s, self._running_s)
        self._history: list[tuple[int, float, float]] | None = None
        self.in_use = 0.0
        self.by_share = [WaitingList() for _ in shares]
        self.first: dict[int, int] = {}
        self._first_request: dict[int, ShapeId] = {}
        self._unfinished = np.zeros(len(shares), np.int64)
        self._idle_since = np.full(len(shares), -INFINITE)
        self.depth = sys.maxsize  # each share is looked at
        # What the reservation allowed, and when.
        self._allowed_at, self._allowed_vcpus = NEVER, INFINITE

    def attach(self, environments: list[SimulatedEnvironment]) -> None:
        """Give the queue its compute environments, in their order."""
        super().attach(environments)
        self.environments_changed()

    def update(self, spec: configuration.JobQueue, now: float) -> None:
        """Have another priority, policy or time limits; what shares have used stays."""
        super().update(spec, now)
        policy = spec.fair_share
        if policy is None or policy == self._policy:
            return
        self._weights = [policy.weight(identifier) for identifier in self._shares]
        self._running_s = policy.window_s / 2
        self._policy = policy
        self.reserves = policy.compute_reservation > 0
        self._usage = ShareUsage(self._weights, policy.window_s, self._running_s)
        for share, at, vcpus in self._history or ():
            self._usage.change(share, at, vcpus)
        self._allowed_at = NEVER

    def keep_history(self) -> None:
        """Remember what shares use: it counts anew when the policy is replaced."""
        self._history = []
        self.counts_jobs = True

    def _use(self, share: int, now: float, vcpus: float) -> None:
        """A share uses so many vCPUs more, or fewer, from now on."""
        self._usage.change(share, now, vcpus)
        self.in_use += vcpus
        if self._history is not None:
            self._history.append((share, now, vcpus))

    def environments_changed(self) -> None:
        """The reservation is of what takes jobs."""
        self._max_vcpus = sum(each.max_vcpus for each in self.environments if each.enabled)
        self._allowed_at = NEVER

    # What happens to its jobs

    def submitted(self, job: int) -> None:
        """A share is active from its first job on."""
        self._unfinished[self._share_of[self._table.group[job]]] += 1
        self._allowed_at = NEVER

    def finished(self, job: int, now: float) -> None:
        """A share stays active until its last job has been over for a window."""
        share = self._share_of[self._table.group[job]]
        self._unfinished[share] -= 1
        self._idle_since[share] = now
        self._allowed_at = NEVER

    def stopped(self, job: int, now: float) -> None:
        """An attempt ended."""
        table = self._table
        self._use(self._share_of[table.group[job]], now, -self._vcpus[table.request[job]])

    def add(self, job: int, request: ShapeId, retried: bool) -> None:
        """Put a job in its share."""
        group = self._table.group[job]
        share = self._share_of[group]
        waiting, in_order = self.by_share[share], self.by_share[share].in_order
        key = self._before_row[group] + job
        if retried:
            waiting.add(key - self._retried_before)
        elif not in_order or key > in_order[-1]:
            in_order.append(key)  # as nearly all come: without a call
        else:
            waiting.add(key)
        if share not in self.first or waiting.sorted_in:
            self._note_first(share)
        self._came(request)

    def leave(self, jobs: list[int], now: float) -> None:
        """Take out jobs that were started, in their order: what they ask for is in use from now on."""
        table = self._table
        for job in jobs:
            share = self._share_of[table.group[job]]
            self._remove_first(share)
            self._use(share, now, self._vcpus[table.request[job]])

    def remove_head(self, now: float) -> None:
        """Take the head out: it is cancelled."""
        self._remove_first(self._share_of[self._table.group[self.head(now)]])

    def cancel(self, jobs: Set[int]) -> None:
        """Take out many waiting jobs: they are cancelled."""
        table, rows = self._table, self._rows
        for share in sorted({self._share_of[table.group[job]] for job in jobs}):
            self.by_share[share].discard({key for key in self.by_share[share] if key % rows in jobs})
            self._note_first(share)
        for job in jobs:
            self._went(table.request[job])

    def _remove_first(self, share: int) -> None:
        self._went(self._first_request[share])
        waiting = self.by_share[share]
        waiting.remove(waiting.first())
        self._note_first(share)

    def _note_first(self, share: int) -> None:
        waiting = self.by_share[share]
        if waiting.in_order or waiting.sorted_in:
            self.first[share] = job = waiting.first() % self._rows
            self._first_request[share] = self._table.request[job]
        else:
            del self.first[share], self._first_request[share]

    # The order

    def order(self, now: float, started: list[int], failed: Set[ShapeId]) -> Iterator[int]:
        """The next job of the lowest share, again and again; a share whose next job can't start is passed over."""
        ranking, in_use, allowed = self.ranking(now), self.in_use, self.allowed(now)
        request_of, vcpus_of, rows = self._table.request, self._vcpus, self._rows
        upcoming: dict[int, int] = {}  # the next jobs of shares that were served
        after: dict[int, Iterator[int]] = {}  # and the keys of those that follow
        count = len(started)
        while True:
            share = ranking.lowest()
            if share == NOBODY:
                return
            job = upcoming[share] if share in upcoming else self.first[share]
            request = request_of[job]
            vcpus = vcpus_of[request]
            if in_use + vcpus > allowed:
                ranking.pass_over(share)
                continue
            yield job
            if len(started) == count:
                if request in failed:
                    ranking.pass_over_request(request)
                else:
                    ranking.pass_over(share)
                continue
            count += 1
            in_use += vcpus
            if share not in after:
                after[share] = islice(self.by_share[share], 1, None)
            key = next(after[share], None)
            if key is None:
                ranking.pass_over(share)
                continue
            upcoming[share] = job = key % rows
            request = request_of[job]
            if request in failed:
                ranking.pass_over(share)
            else:
                ranking.served(share, self._weights[share] * vcpus * self._running_s, job, request)

    def allowed(self, now: float) -> float:
        """VCPUs that active shares may use."""
        if not self._policy.compute_reservation:
            return INFINITE
        if self._allowed_at != now:
            self._allowed_at = now
            since = now - self._policy.window_s
            active = int(np.count_nonzero((self._unfinished > 0) | (self._idle_since > since)))
            self._allowed_vcpus = self._policy.allowed_vcpus(self._max_vcpus, active)
        return self._allowed_vcpus

    def holds_back(self, request: ShapeId, now: float) -> bool:
        """Whether the reservation keeps a job that asks for so much from starting."""
        return self.in_use + self._vcpus[request] > self.allowed(now)

    def ranking(self, now: float) -> ShareRanking:
        """The shares in which jobs wait, by their weighed use and what runs of them."""
        shares = self.first
        if len(shares) <= FEW:
            return ScalarRanking(self._usage.of(shares, now), shares, self._first_request)
        scores, first, requests = np.full((3, len(self.by_share)), INFINITE)
        places = np.fromiter(shares, np.int64, len(shares))
        scores[places] = self._usage.at(now)[places]
        first[places] = np.fromiter(shares.values(), np.float64, len(shares))
        requests[places] = np.fromiter(self._first_request.values(), np.float64, len(shares))
        return VectorRanking(scores, first, requests)

    def head(self, now: float) -> int:
        """The next job of the share to be served first."""
        return self.first[self.ranking(now).lowest()]

    def representative(self, now: float) -> int:
        """The head, or where all jobs are alike any of them, which is found without ranking shares."""
        alike = len(self.requests) == 1 and not self._any_wants
        return next(iter(self.first.values())) if alike else self.head(now)

    def candidates(self, now: float) -> list[int]:
        """The next job of each share that the reservation lets start; one for each request, where that says all."""
        jobs, request = self.first.values(), self._table.request
        if not self._any_wants:
            jobs = {request[job]: job for job in jobs}.values()
        return [job for job in jobs if not self.holds_back(request[job], now)]

    def deciding(self, now: float) -> dict[ShapeId, int]:  # noqa: ARG002
        """What the next jobs of the shares ask for, each with one of them."""
        request = self._table.request
        return {request[job]: job for job in self.first.values()}
