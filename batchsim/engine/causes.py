"""Why the jobs of a queue wait: judged after scheduling cycles, noted where it changed.

A job of the head's shape waits for what the head waits for. One of another shape is BLOCKED if it would have room now;
else it waits for what it would wait for at the head: the queue's own limit, the first environment that provides, one at
its limit, or capacity that is not to be had.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from batchsim.columns import Cause
from batchsim.engine.clock import Clock
from batchsim.engine.jobs import Jobs
from batchsim.engine.queue import JobQueue
from batchsim.engine.recorder import Recorder
from batchsim.engine.stock import Stock, Wanted

#: In a recording: all shapes that are not named since.
ALL: Final = -1
NOBODY: Final = -2
NONE: Final[frozenset[int]] = frozenset()


class Causes:
    """Why the jobs of one queue wait.

    Parameters
    ----------
    wanted : sequence of Wanted
        What each group of jobs asks for of `stock`.
    """

    def __init__(
        self,
        queue: JobQueue,
        wanted: Sequence[Wanted],
        stock: Stock,
        clock: Clock,
        jobs: Jobs,
        recorder: Recorder,
    ) -> None:
        self._queue = queue
        self._wanted = wanted
        self._stock = stock
        self._clock = clock
        self._jobs = jobs
        self._recorder = recorder
        # Whether versions tell all changes; queues with a policy of their own also change with time.
        self._steady = type(queue) is JobQueue and not any(wanted) and all(each.steady for each in queue.stations)
        self._known = (False, -1)
        self._phase = self._kinds = -1
        # What was noted: for all, for the shapes named since, and which the head and those with room were.
        self._common = Cause.BLOCKED
        self._named: dict[int, Cause] = {}
        self._head = NOBODY
        self._fitting: AbstractSet[int] = NONE

    def is_news(self) -> bool:
        """Whether anything changed that they depend on, since this was asked last."""
        queue = self._queue
        if not queue.shapes:
            return self._head != NOBODY
        if not self._steady:
            return True
        # Where all are of one shape, the head's, nothing but what may come for it matters.
        alike = len(queue.shapes) == 1
        # Versions only grow: their sum is another when one of them is.
        version = queue.kinds if alike else queue.version
        for station in queue.stations:
            version += station.phase if alike else station.version
        known, self._known = self._known, (alike, version)
        return self._known != known

    def judge(self) -> None:
        """Note for what the queue's jobs wait from now on, as far as it changed."""
        queue, head_before = self._queue, self._head
        if not queue.shapes:
            self._head = NOBODY
            self._reset(Cause.BLOCKED)
            return
        job = queue.head_for_causes()
        self._head = head = self._jobs.shape[job]
        before, self._fitting = self._fitting, self._with_room(head) if len(queue.shapes) > 1 else NONE
        phase, kinds = 0, queue.kinds
        for station in queue.stations:
            phase += station.phase
        same_phase, self._phase = self._steady and phase == self._phase, phase
        same_kinds, self._kinds = kinds == self._kinds, kinds
        if not same_phase or head != head_before:
            common = self._common_cause(job, head)
            if common is not self._common:
                self._reset(common)
                same_kinds = False
        if not same_phase or not same_kinds:
            self._note(queue.shapes.keys() | self._named.keys())
        elif self._fitting != before or head != head_before:
            self._note((self._fitting ^ before) | {head, head_before})

    def _with_room(self, head: int) -> set[int]:
        """Waiting shapes, but the head's, that would have room now."""
        queue = self._queue
        others = queue.shapes.keys() - {head}
        found: set[int] = set()
        for station in queue.stations:
            found |= station.with_room(others - found - station.hopeless)
        return found

    def _common_cause(self, job: int, head: int) -> Cause:
        wanted = self._wanted[self._jobs.group[job]]
        return Cause.CONSUMABLE if wanted and not self._stock.has(wanted) else self._cause(head)

    def _cause(self, code: int) -> Cause:
        held_back = self._queue.holds_back(code)
        found = Cause.CAPACITY
        for station in self._queue.stations:
            # A reservation is the cause where there would be room but for it, or room could be had.
            if held_back and station.has_room(code):
                return Cause.RESERVATION
            cause = station.cause(code)
            if cause is Cause.BOOT:
                return Cause.RESERVATION if held_back else cause
            if cause is Cause.LIMIT:
                found = cause
        return found

    def _of(self, code: int) -> Cause:
        if code == self._head or code not in self._queue.shapes:
            return self._common
        if code in self._fitting and not self._queue.holds_back(code):
            return Cause.BLOCKED
        return self._cause(code)

    def _reset(self, cause: Cause) -> None:
        if cause is not self._common or self._named:
            self._common = cause
            self._named.clear()
            self._recorder.cause(self._clock.now, self._queue.index, ALL, cause)

    def _note(self, codes: Iterable[int]) -> None:
        named, common = self._named, self._common
        for code in sorted(codes):
            cause = self._of(code)
            if cause is not named.get(code, common):
                self._recorder.cause(self._clock.now, self._queue.index, code, cause)
                named[code] = cause
