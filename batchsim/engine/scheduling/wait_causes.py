"""Why the jobs of a queue wait: judged after scheduling cycles, noted where it changed.

A job of the head's shape waits for what the head waits for; in a queue that goes past its head, one of the shape of a
job that it looks at next, for what that one waits for. A job of another shape is BLOCKED if it would have room now, or
if capacity could be had for it while the head waits for something else; else it waits for what it would wait for at
the head.

A second of waiting belongs to the limit whose removal alone would end it. From the job outwards the limits are the
share's ``computeReservation``, the consumable resources, ``maxvCpus``, and capacity that can be had: account quotas,
pools, a recorded market. Without an inner limit as many jobs would start as those outside of it have room for. Their
wait is that limit's, and so is the time by which those behind them would wait shorter (see
`results/waits/limits.py`); what is left belongs to the next limit outwards. So where two are used up at once, and
without either one there would still be no room, the outer one is the cause. Fargate's launch rate, which comes back by
itself, is it only where nothing else holds a job.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

import numpy as np

from batchsim.engine.clock import Clock
from batchsim.engine.job_lifecycle import Jobs
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.recorder import Recorder
from batchsim.engine.scheduling.consumable_resources import ConsumableResources, Wanted
from batchsim.recording import Cause
from batchsim.spec.workload import Workload

#: In a recording: all shapes that are not named since.
ALL: Final = -1
NOBODY: Final = -2
NONE: Final[frozenset[int]] = frozenset()

#: Limits from the job outwards.
OUTWARDS: Final = (Cause.RESERVATION, Cause.CONSUMABLE, Cause.LIMIT, Cause.CAPACITY)
#: What holds the jobs of a shape, from the job outwards; how many of them would start without it and those before it.
Bounds = Sequence[tuple[Cause, float]]
#: By `Cause`, what it alone holds.
SINGLE: Final[tuple[Bounds, ...]] = tuple(((cause, math.inf),) for cause in Cause)


class Reason(NamedTuple):
    """For what jobs of a shape wait.

    Attributes
    ----------
    jobs : float
        How many would start without this limit and those inside of it.
    vcpus : float
        What would start of the queue without them; 0 where nothing else holds these jobs.
    """

    cause: Cause
    jobs: float
    vcpus: float = 0.0


#: From the job outwards.
Reasons = tuple[Reason, ...]
#: By `Cause`.
ALONE: Final[tuple[Reasons, ...]] = tuple((Reason(cause, math.inf),) for cause in Cause)


def started(bounds: Bounds, limit: Cause) -> float:
    """How many jobs would start without a limit and those inside of it.

    Examples
    --------
    >>> [started([(Cause.CONSUMABLE, 2), (Cause.LIMIT, 5)], limit) for limit in OUTWARDS]
    [0, 2, 5, 5]
    """
    inner = OUTWARDS[: OUTWARDS.index(limit) + 1]
    return max((jobs for cause, jobs in bounds if cause in inner), default=0)


def wanted_by_shape(workload: Workload, queue_of_group: Sequence[int]) -> dict[int, dict[int, Wanted]]:
    """By queue, what shapes ask for of consumable resources, where all their jobs in the queue ask for the same."""
    if not any(group.consumables for group in workload.groups):
        return {}
    found: dict[int, dict[int, set[Wanted]]] = {}
    codes = workload.group[: len(workload)].astype(np.int64) * len(workload.shapes) + workload.shape[: len(workload)]
    for number in np.unique(codes).tolist():
        group, shape = divmod(number, len(workload.shapes))
        queue = found.setdefault(queue_of_group[group], {})
        queue.setdefault(shape, set()).add(workload.groups[group].consumables)
    return {
        queue: {shape: next(iter(wanted)) for shape, wanted in shapes.items() if len(wanted) == 1}
        for queue, shapes in found.items()
    }


class WaitAttribution:
    """Why the jobs of one queue wait.

    Parameters
    ----------
    vcpus : sequence of float
        What each shape asks for.
    wanted : sequence of Wanted
        What each group of jobs asks for of `stock`.
    wants : mapping of int to Wanted
        The same of shapes, where all jobs of the queue and the shape ask for the same.
    """

    def __init__(
        self,
        queue: FifoQueue,
        vcpus: Sequence[float],
        wanted: Sequence[Wanted],
        wants: Mapping[int, Wanted],
        stock: ConsumableResources,
        clock: Clock,
        jobs: Jobs,
        recorder: Recorder,
    ) -> None:
        self._queue = queue
        self._wanted = wanted
        self._wants = wants
        self._vcpus = vcpus
        self._stock = stock
        self._clock = clock
        self._jobs = jobs
        self._recorder = recorder
        # Whether versions tell all changes, and no limit but the environments' own holds a job; queues with a policy of
        # their own also change with time.
        self._any_wants = any(wanted)
        self._plentiful = all(station.steady for station in queue.stations)
        self._steady = type(queue) is FifoQueue and not self._any_wants and self._plentiful
        self._known = (False, -1)
        self._phase = self._kinds = -1
        # What was noted: for all, for the shapes named since, and which the head and those with room were.
        self._common = ALONE[Cause.BLOCKED]
        self._named: dict[int, Reasons] = {}
        self._head = NOBODY
        self._fitting: AbstractSet[int] = NONE
        # While all are judged: the jobs that decide for their shapes; whether capacity for the head is on its way; with
        # and without the limit, the vCPUs that shapes judged before take of an environment's room.
        self._deciding: dict[int, int] = {}
        self._boots = False
        self._taken: dict[bool, dict[int, float]] = {}

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
            self._reset(ALONE[Cause.BLOCKED])
            return
        job = queue.head_for_causes()
        self._head = head = self._jobs.shape[job]
        before, self._fitting = self._fitting, self._with_room(head) if len(queue.shapes) > 1 else NONE
        if not self._steady:
            self._judge_all(job, head)
            return
        phase, kinds = 0, queue.kinds
        for station in queue.stations:
            phase += station.phase
        same_phase, self._phase = phase == self._phase, phase
        same_kinds, self._kinds = kinds == self._kinds, kinds
        if not same_phase or head != head_before:
            common = ALONE[self._cause(head)]
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

    def _cause(self, code: int) -> Cause:
        """What keeps environments from having room for a shape, as if capacity were there beyond their limits."""
        found = Cause.CAPACITY
        for station in self._queue.stations:
            cause = station.cause(code)
            if cause is Cause.BOOT:
                return cause
            if cause is Cause.LIMIT:
                found = cause
            if station.keeps_waiting(code):
                break
        return found

    # Where nothing but the environments' limits holds jobs

    def _note(self, codes: Iterable[int]) -> None:
        """Note shapes that may wait for something else than before."""
        for code in sorted(codes):
            if code == self._head or code not in self._queue.shapes:
                reasons = self._common
            elif code in self._fitting:
                reasons = ALONE[Cause.BLOCKED]
            else:
                cause = self._cause(code)
                if cause is Cause.BOOT and self._common is not ALONE[Cause.BOOT] and code not in self._queue.deciding():
                    cause = Cause.BLOCKED
                reasons = ALONE[cause]
            self._name(code, reasons)

    def _reset(self, reasons: Reasons) -> None:
        if reasons != self._common or self._named:
            self._common = reasons
            self._named.clear()
            self._record(ALL, reasons)

    def _name(self, code: int, reasons: Reasons) -> None:
        if reasons != self._named.get(code, self._common):
            self._named[code] = reasons
            self._record(code, reasons)

    def _record(self, code: int, reasons: Reasons) -> None:
        now, queue, beyond = self._clock.now, self._queue.index, 0
        for place, (cause, jobs, vcpus) in enumerate(reasons):
            self._recorder.cause(now, queue, code, cause, place, beyond, vcpus)
            beyond = 0 if jobs == math.inf else int(jobs)

    # Where other limits may hold them as well

    def _judge_all(self, job: int, head: int) -> None:
        """Judge shape by shape, the head's first: the room that one takes, others do not have."""
        queue = self._queue
        self._deciding = queue.deciding() if len(queue.shapes) > 1 else {}
        self._deciding[head] = job
        self._taken = {True: {}, False: {}}
        bounds = {head: self._bounds(head)}
        if len(queue.shapes) > 1:
            self._boots = bounds[head][0][0] is Cause.BOOT
            for code in queue.shapes:
                if code != head:
                    bounds[code] = self._bounds(code)
        reasons = self._reasons(bounds)
        common = reasons.pop(head)
        if common != self._common:
            self._reset(common)
        if self._named or reasons:
            reasons.update(dict.fromkeys(self._named.keys() - reasons.keys(), common))
            for code in sorted(reasons):
                self._name(code, reasons[code])

    def _bounds(self, code: int) -> Bounds:
        """What holds the jobs of a shape, up to what would let all of them start."""
        queue = self._queue
        served = self._served(code) if self._any_wants else math.inf
        held_back = queue.holds_back(code)
        bounds: list[tuple[Cause, float]] = []
        if held_back or served < 1:
            places = self._places(code, limit=True)
            if held_back:
                bounds.append((Cause.RESERVATION, min(places, served)))
            if served < queue.shapes[code]:
                bounds.append((Cause.CONSUMABLE, places))
        elif code in self._fitting:
            return SINGLE[Cause.BLOCKED]
        else:
            cause = self._cause(code)
            if cause is Cause.BOOT and not self._boots and code not in self._deciding:
                cause = Cause.BLOCKED
            if cause is not Cause.LIMIT or self._plentiful:
                return SINGLE[cause]
        # The limit is the cause where capacity would be there beyond it.
        bounds += [(Cause.LIMIT, self._places(code, limit=False)), (Cause.CAPACITY, math.inf)]
        last = next(place for place, (_, most) in enumerate(bounds) if most >= queue.shapes[code])
        return bounds[: last + 1]

    def _served(self, code: int) -> float:
        """For how many jobs of a shape there is what they want of consumable resources."""
        job = self._deciding.get(code)
        return self._stock.serves(self._wants.get(code, ()) if job is None else self._wanted[self._jobs.group[job]])

    def _reasons(self, bounds: Mapping[int, Bounds]) -> dict[int, Reasons]:
        """Add what would start of all that moves at the pace of a shape, and leave out limits that hold nothing of it.

        Jobs move at the pace of their queue; those that lack a consumable resource, at the pace of all such jobs of it.
        """
        if max(map(len, bounds.values())) == 1:
            return {code: ALONE[those[0][0]] for code, those in bounds.items()}
        lacking = {code for code, those in bounds.items() if any(cause is Cause.CONSUMABLE for cause, _ in those)}
        vcpus: dict[bool, dict[Cause, float]] = {True: {}, False: {}}
        for limit in OUTWARDS:
            more = {
                code: self._vcpus[code] * min(started(those, limit), self._queue.shapes[code])
                for code, those in bounds.items()
            }
            vcpus[False][limit] = sum(more.values())
            vcpus[True][limit] = sum(more[code] for code in lacking)
        return {code: self._kept(those, vcpus[code in lacking]) for code, those in bounds.items()}

    @staticmethod
    def _kept(bounds: Bounds, vcpus: Mapping[Cause, float]) -> Reasons:
        kept: list[Reason] = []
        jobs_before = vcpus_before = 0.0
        for cause, jobs in bounds[:-1]:
            if jobs > jobs_before or vcpus[cause] > vcpus_before:
                jobs_before, vcpus_before = max(jobs, jobs_before), vcpus[cause]
                kept.append(Reason(cause, jobs_before, vcpus_before))
        last = bounds[-1][0]
        return (*kept, Reason(last, math.inf)) if kept else ALONE[last]

    def _places(self, code: int, *, limit: bool) -> float:
        """For how many jobs of a shape environments have or may get room, after the shapes that were judged before."""
        taken, vcpus, jobs, found = self._taken[limit], self._vcpus[code], self._queue.shapes[code], 0.0
        for station in self._queue.stations:
            before = taken.get(station.index, 0.0)
            here = station.places(code, limit=limit) - before / vcpus
            if here == math.inf:
                return here
            if here >= 1:
                whole = int(here)
                taken[station.index] = before + vcpus * min(jobs, whole)
                jobs -= min(jobs, whole)
                found += whole
            if station.keeps_waiting(code):
                break
        return found
