"""Job queues: RUNNABLE jobs in the order in which the scheduler looks at them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Set
from heapq import merge
from itertools import chain, islice
from typing import Any, Final

from sortedcontainers import SortedList

from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.job_table import JobTable
from batchsim.engine.run_context import RunContext
from batchsim.spec import configuration
from batchsim.spec.ids import ShapeId

#: How many RUNNABLE jobs ``overtake: fitting`` looks at: the depth of AWS's own queue snapshot.
OVERTAKE_DEPTH = 100
NOT_BLOCKED: Final = -1
#: So many waiting jobs are put into their order without a merge.
FEW: Final = 8


class WaitingList:
    """Integers in ascending order, most of which come in that order.

    What comes in order goes to the end of a deque, which costs next to nothing; only the rest is sorted in.

    Attributes
    ----------
    in_order : deque of int
        Those that came in order.
    sorted_in : int
        How many did not.
    """

    def __init__(self) -> None:
        self.in_order: deque[int] = deque()
        self._others: Any = SortedList()
        self.sorted_in = 0

    def add(self, key: int) -> None:
        """Put a key in its place."""
        in_order = self.in_order
        if not in_order or key > in_order[-1]:
            in_order.append(key)
        else:
            self._others.add(key)
            self.sorted_in += 1

    def first(self) -> int:
        """The smallest key; the list must not be empty."""
        in_order = self.in_order
        if not self.sorted_in:
            return in_order[0]
        other = int(self._others[0])
        return min(in_order[0], other) if in_order else other

    def remove(self, key: int) -> None:
        """Take a key out that is in it; cheap near the front."""
        in_order = self.in_order
        if in_order and in_order[0] == key:
            in_order.popleft()
        elif self.sorted_in and key in self._others:
            self._others.remove(key)
            self.sorted_in -= 1
        else:
            in_order.remove(key)

    def discard(self, keys: Set[int]) -> None:
        """Take out many keys at once, those that are in it."""
        self.in_order = deque(key for key in self.in_order if key not in keys)
        self._others = SortedList(key for key in self._others if key not in keys)
        self.sorted_in = len(self._others)

    def __iter__(self) -> Iterator[int]:
        in_order, others = self.in_order, self._others
        if not self.sorted_in:
            return iter(in_order)
        # The first of all are among the first of each; few are looked at, and a merge costs more to begin with.
        first = sorted([*islice(in_order, FEW), *islice(others, FEW)])[:FEW]
        return chain(first, islice(merge(in_order, others), FEW, None))

    def head(self, most: int) -> list[int]:
        """The first keys, so many at most."""
        return list(islice(iter(self), most))


class FifoQueue:
    """A first-in, first-out queue.

    Order is by time of submission, not by the moment a job became RUNNABLE (API ``FrontOfQueueDetail``), and a retried
    job goes to the front (User Guide, *Best practices*); retried jobs keep their order of submission among themselves.
    A job's row number is its place in the order of submission.

    Attributes
    ----------
    index : int
        Place in the configuration; what recordings refer to.
    environments : list of SimulatedEnvironment
        Its compute environments in the order in which they are tried.
    depth : int
        How many jobs that can't start are passed over before no other is looked at.
    changed : bool
        Whether the next scheduling pass has to look at it.
    blocked_at : int
        What the sum of the `generation` of its environments was when its head was tried and could not start, or all
        requests where it looks past its head; `NOT_BLOCKED` when that is not known, or others are to be tried. While
        the sum is the same, nothing that waits can start.
    needs_capacity : bool
        Whether jobs came or capacity went since more was last asked for.
    requests : dict of int to int
        Waiting jobs by what they ask for; empty where none waits.
    generation, requests_generation : int
        Grow whenever a job comes or leaves, and whenever there are other requests than before.
    time_dependent : bool
        Whether its order changes with time.
    reserves : bool
        Whether its policy may hold jobs back that have room.
    counts_use : bool
        Whether it has to know of every attempt that ends.
    counts_jobs : bool
        Whether it has to know of every job that arrives or ends.
    """

    time_dependent = False
    reserves = False
    counts_use = False
    counts_jobs = False

    def __init__(self, index: int, spec: configuration.JobQueue, context: RunContext) -> None:
        self.index = index
        self.name = spec.name
        self.priority = spec.priority
        self.time_limits = spec.time_limits
        self.environments: list[SimulatedEnvironment] = []
        self.changed = False
        self.blocked_at = NOT_BLOCKED
        self.needs_capacity = False
        self.requests: dict[ShapeId, int] = {}
        self.generation = 0
        self.requests_generation = 0
        self._table: JobTable = context.table
        self._rows = context.table.rows
        self.depth = OVERTAKE_DEPTH if context.settings.scheduler.overtake == "fitting" else 1
        self._waiting = WaitingList()
        self._retried: set[int] = set()

    def attach(self, environments: list[SimulatedEnvironment]) -> None:
        """Give the queue its compute environments, in their order."""
        self.environments += environments

    def update(self, spec: configuration.JobQueue, now: float) -> None:  # noqa: ARG002
        """Have another priority, policy or time limits; what waits or runs stays (API UpdateJobQueue)."""
        self.priority = spec.priority
        self.time_limits = spec.time_limits

    def keep_history(self) -> None:
        """Remember what an update of its policy looks back at."""

    def environments_changed(self) -> None:
        """Note that one of its environments was drained, or takes jobs again."""

    def add(self, job: int, request: ShapeId, retried: bool) -> None:
        """Put a job in its place: retried ones before all others."""
        in_order = self._waiting.in_order
        if not retried and (job > in_order[-1] if in_order else not self._waiting.sorted_in):
            in_order.append(job)  # as nearly all come: without a call
        else:
            self._sort_in(job, retried)
        self._came(request)

    def _sort_in(self, job: int, retried: bool) -> None:
        self.blocked_at = NOT_BLOCKED  # it may be the head now
        if retried:
            self._retried.add(job)
        self._waiting.add(job - self._rows if retried else job)

    def order(self, now: float, started: list[int], failed: Set[ShapeId]) -> Iterator[int]:  # noqa: ARG002
        """The jobs in the order in which they are looked at, whoever looks: to start them, or to ask for capacity.

        Nothing changes in the queue: `leave` takes out those that were started.

        Parameters
        ----------
        started : list of int
            The jobs that started so far: a job that does is put there before the next is asked for.
        failed : set of int
            What jobs asked for that found no room so far; others that ask for the same need not be looked at.
        """
        if not (self._retried or self._waiting.sorted_in):
            return iter(self._waiting.in_order)  # as most queues are: what is looked at costs nothing
        return map(self._rows.__rmod__, self._waiting)  # ``key % rows``

    def _came(self, request: ShapeId) -> None:
        requests = self.requests
        if request in requests:
            requests[request] += 1
        else:
            requests[request] = 1
            self.requests_generation += 1
            if self.depth > 1:
                self.blocked_at = NOT_BLOCKED  # one that may be looked at asks for what nobody was tried for
        self.generation += 1
        self.changed = self.needs_capacity = True

    def _went(self, request: ShapeId) -> None:
        requests = self.requests
        left = requests[request] - 1
        if left:
            requests[request] = left
        else:
            del requests[request]
            self.requests_generation += 1
        self.generation += 1

    def leave(self, jobs: list[int], now: float) -> None:  # noqa: ARG002
        """Take out jobs that were started, in their order."""
        self.blocked_at = NOT_BLOCKED
        waiting, in_order = self._waiting, self._waiting.in_order
        request_of, requests = self._table.request, self.requests
        for job in jobs:
            key = self._key(job) if self._retried else job
            if in_order and in_order[0] == key:
                in_order.popleft()
            else:
                waiting.remove(key)
            request = request_of[job]
            if requests[request] > 1:
                requests[request] -= 1
            else:
                self._went(request)
        self.generation += 1

    def _key(self, job: int) -> int:
        """The key of a waiting job, which leaves."""
        if job not in self._retried:
            return job
        self._retried.remove(job)
        return job - self._rows

    def head(self, now: float) -> int:  # noqa: ARG002
        """The job that is looked at first; the queue must not be empty."""
        return self._waiting.first() % self._rows

    def representative(self, now: float) -> int:
        """The head, or where all jobs are alike any of them."""
        return self.head(now)

    def candidates(self, now: float) -> list[int]:  # noqa: ARG002
        """The jobs that would be started were there room for them."""
        rows = self._rows
        return [key % rows for key in self._waiting.head(self.depth)]

    def deciding(self, now: float) -> dict[ShapeId, int]:
        """What jobs behind the head ask for that may start before it, each with the first of its jobs."""
        if self.depth == 1:
            return {}
        request = self._table.request
        return {request[job]: job for job in reversed(self.candidates(now))}

    def holds_back(self, request: ShapeId, now: float) -> bool:  # noqa: ARG002
        """Whether the queue's own policy keeps jobs that ask for so much from starting."""
        return False

    def remove_head(self, now: float) -> None:
        """Take the head out: it is cancelled."""
        self.leave([self.head(now)], now)

    def cancel(self, jobs: Set[int]) -> None:
        """Take out many waiting jobs: they are cancelled."""
        self.blocked_at = NOT_BLOCKED
        self._waiting.discard(jobs | {job - self._rows for job in jobs & self._retried})
        self._retried -= jobs
        for job in jobs:
            self._went(self._table.request[job])

    def submitted(self, job: int) -> None:
        """Note that a job of the queue arrived."""

    def finished(self, job: int, now: float) -> None:
        """Note that a job of the queue is in a final state."""

    def stopped(self, job: int, now: float) -> None:
        """Note that an attempt ended."""
