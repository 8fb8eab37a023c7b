"""Why the jobs of a queue wait: judged after scheduling cycles, noted where it changed.

A job of the head's shape waits for what the head waits for; in a queue that goes past its head, one of the shape of a
job that it looks at next, for what that one waits for. A job of another shape is BLOCKED if it would have room now, or
if capacity could be had for it while the head waits for something else; else it waits for what it would wait for at
the head.

Where several limits may hold it, `batchsim.engine.scheduling.wait_limits` says which has which part of the wait.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import numpy as np

from batchsim.engine.compute_environment import CAUSE_OF, THROTTLED, UNAVAILABLE
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.recorder import Recorder
from batchsim.engine.run_context import RunContext
from batchsim.engine.scheduling.consumable_resources import ConsumableResources, Wanted
from batchsim.engine.scheduling.wait_limits import ALONE, SINGLE, Bounds, Reasons, reasons_of
from batchsim.engine.scheduling.waiting import WaitingJobs
from batchsim.recording import Cause
from batchsim.spec.ids import ShapeId
from batchsim.spec.workload import Workload

#: In a recording: all shapes that are not named since.
ALL: Final = ShapeId(-1)
NOBODY: Final = ShapeId(-2)
NONE: Final[frozenset[ShapeId]] = frozenset()


def wanted_by_request(workload: Workload, queue_of_group: Sequence[int]) -> dict[int, dict[ShapeId, Wanted]]:
    """By queue, what shapes ask for of consumable resources, where all their jobs in the queue ask for the same."""
    if not any(group.consumables for group in workload.groups):
        return {}
    found: dict[int, dict[int, set[Wanted]]] = {}
    requests = workload.group[: len(workload)].astype(np.int64) * len(workload.shapes) + workload.shape[: len(workload)]
    for number in np.unique(requests).tolist():
        group, shape = divmod(number, len(workload.shapes))
        queue = found.setdefault(queue_of_group[group], {})
        queue.setdefault(shape, set()).add(workload.groups[group].consumables)
    return {
        queue: {ShapeId(shape): next(iter(wanted)) for shape, wanted in shapes.items() if len(wanted) == 1}
        for queue, shapes in found.items()
    }


class WaitAttribution:
    """Why the jobs of one queue wait.

    Parameters
    ----------
    wants : mapping of int to Wanted
        What requests ask for of consumable resources, where all jobs of the queue that make them ask for the same.

    Attributes
    ----------
    counted : bool
        Whether all changes that matter are counted, and no limit but the environments' own holds a job.
    judged_at : int
        Since which changes it is known for what the jobs wait: below 0 where all are alike, 0 where it is not known.
    """

    def __init__(
        self,
        queue: FifoQueue,
        context: RunContext,
        waiting: WaitingJobs,
        wants: Mapping[ShapeId, Wanted],
        resources: ConsumableResources,
    ) -> None:
        self._queue = queue
        self._environments = queue.environments
        self._request = context.table.request
        self._group = context.table.group
        self._vcpus = [asked.vcpus for asked in context.workload.shapes]
        self._multi_node = waiting.multi_node
        self._wanted = waiting.wanted
        self._wants = wants
        self._resources = resources
        self._recorder: Recorder = context.recorder
        self._now = 0.0
        self._any_wants = waiting.any_wanted
        self.environments_changed()
        # What was noted: for all, for the requests named since, and which the head's and those with room were.
        self._common = ALONE[Cause.BLOCKED]
        self._named: dict[ShapeId, Reasons] = {}
        self.head = NOBODY
        self._fitting: AbstractSet[ShapeId] = NONE
        # Whether instances boot for jobs behind the head: whether these are looked at may change with every job.
        self._any_behind = False
        # While all are judged: the jobs that decide for their requests; whether capacity for the head is on its way;
        # with and without the limit, the vCPUs that requests judged before take of an environment's room.
        self._deciding: dict[ShapeId, int] = {}
        self._boots = False
        self._taken: dict[bool, dict[int, float]] = {}

    @property
    def cause_of_head(self) -> Cause:
        """What the head of the queue waits for, as it was judged last."""
        return self._named.get(self.head, self._common)[0].cause

    def environments_changed(self) -> None:
        """Note of which kind the queue's environments are; nothing that was known of them holds any more."""
        self._plentiful = not any(each.varies for each in self._environments)
        self.counted = not self._any_wants and self._plentiful
        self.forget()

    def forget(self) -> None:
        """Have everything judged anew."""
        self.judged_at = 0
        self._outlook_at = self._requests_at = -1

    def judge(self, now: float) -> None:
        """Note for what the queue's jobs wait from now on, as far as it changed."""
        queue, head_before = self._queue, self.head
        self._now = now
        if not queue.requests:
            self.head = NOBODY
            self._reset(ALONE[Cause.BLOCKED])
            return
        job = queue.representative(now)
        self.head = head = self._request[job]
        before, self._fitting = self._fitting, self._with_room(head) if len(queue.requests) > 1 else NONE
        if not self.counted or queue.reserves:
            self.forget()
            self._judge_all(job, head)
            return
        outlook_at, requests_at = 0, queue.requests_generation
        for environment in self._environments:
            outlook_at += environment.changes.outlook_generation
        same_outlook, self._outlook_at = outlook_at == self._outlook_at, outlook_at
        same_requests, self._requests_at = requests_at == self._requests_at, requests_at
        if not same_outlook or head != head_before:
            common = ALONE[self._cause(head)]
            if common is not self._common:
                self._reset(common)
                same_requests = False
        if not same_outlook or not same_requests or self._any_behind:
            self._note(queue.requests.keys() | self._named.keys())
        elif self._fitting != before or head != head_before:
            self._note({*(self._fitting ^ before), head, head_before})

    def _with_room(self, head: ShapeId) -> set[ShapeId]:
        """Waiting requests, but the head's, that would have room now."""
        others = self._queue.requests.keys() - {head}
        found: set[ShapeId] = set()
        for environment in self._environments:
            asked_for = others - found - environment.no_fit
            if asked_for:
                fitting = environment.with_room(asked_for, self._now)
                found |= fitting
                if not environment.scales:  # a job that waits here for a launch token comes to no other
                    left = asked_for - fitting
                    others -= {each for each in left if environment.outlook(each, self._now) == THROTTLED}
        return found

    def _cause(self, request: ShapeId) -> Cause:
        """What keeps environments from having room, as if capacity were there beyond their limits."""
        found = Cause.CAPACITY
        for environment in self._environments:
            outlook = environment.outlook(request, self._now)
            cause = CAUSE_OF[outlook]
            if cause is Cause.BOOT:
                return cause
            if cause is Cause.LIMIT:
                found = cause
            if outlook == THROTTLED or (outlook == UNAVAILABLE and self._multi_node[request]):
                break  # it waits here: what others have is no matter
        return found

    # Where nothing but the environments' limits holds jobs

    def _note(self, requests: Iterable[ShapeId]) -> None:
        """Note shapes that may wait for something else than before."""
        self._any_behind = False
        for request in sorted(requests):
            if request == self.head or request not in self._queue.requests:
                reasons = self._common
            elif request in self._fitting:
                reasons = ALONE[Cause.BLOCKED]
            else:
                cause = self._cause(request)
                if cause is Cause.BOOT and self._common is not ALONE[Cause.BOOT]:
                    self._any_behind = True
                    if not self._decides(request):
                        cause = Cause.BLOCKED
                reasons = ALONE[cause]
            self._name(request, reasons)

    def _decides(self, request: ShapeId) -> bool:
        """Whether a job that asks for so much may start before the head."""
        return request in self._queue.deciding(self._now)

    def _reset(self, reasons: Reasons) -> None:
        if reasons != self._common or self._named:
            self._common = reasons
            self._named.clear()
            self._record(ALL, reasons)

    def _name(self, request: ShapeId, reasons: Reasons) -> None:
        if reasons != self._named.get(request, self._common):
            self._named[request] = reasons
            self._record(request, reasons)

    def _record(self, request: ShapeId, reasons: Reasons) -> None:
        now, queue, beyond = self._now, self._queue.index, 0
        for place, (cause, jobs, vcpus) in enumerate(reasons):
            self._recorder.cause(now, queue, request, cause, place, beyond, vcpus)
            beyond = 0 if jobs == math.inf else int(jobs)

    # Where other limits may hold them as well

    def _judge_all(self, job: int, head: ShapeId) -> None:
        """Judge shape by shape, the head's first: the room that one takes, others do not have."""
        queue = self._queue
        self._deciding = queue.deciding(self._now) if len(queue.requests) > 1 else {}
        self._deciding[head] = job
        self._taken = {True: {}, False: {}}
        bounds = {head: self._bounds(head)}
        if len(queue.requests) > 1:
            self._boots = bounds[head][0][0] is Cause.BOOT
            for request in queue.requests:
                if request != head:
                    bounds[request] = self._bounds(request)
        reasons = reasons_of(bounds, self._vcpus, queue.requests)
        common = reasons.pop(head)
        if common != self._common:
            self._reset(common)
        if self._named or reasons:
            reasons.update(dict.fromkeys(self._named.keys() - reasons.keys(), common))
            for request in sorted(reasons):
                self._name(request, reasons[request])

    def _bounds(self, request: ShapeId) -> Bounds:
        """What holds the jobs of a shape, up to what would let all of them start."""
        queue = self._queue
        served = self._served(request) if self._any_wants else math.inf
        held_back = queue.holds_back(request, self._now)
        bounds: list[tuple[Cause, float]] = []
        if held_back or served < 1:
            places = self._places(request, limit=True)
            if held_back:
                bounds.append((Cause.RESERVATION, min(places, served)))
            if served < queue.requests[request]:
                bounds.append((Cause.CONSUMABLE, places))
        elif request in self._fitting:
            return SINGLE[Cause.BLOCKED]
        else:
            cause = self._cause(request)
            if cause is Cause.BOOT and not self._boots and request not in self._deciding:
                cause = Cause.BLOCKED
            if cause is not Cause.LIMIT or self._plentiful:
                return SINGLE[cause]
        # The limit is the cause where capacity would be there beyond it.
        bounds += [(Cause.LIMIT, self._places(request, limit=False)), (Cause.CAPACITY, math.inf)]
        last = next(place for place, (_, most) in enumerate(bounds) if most >= queue.requests[request])
        return bounds[: last + 1]

    def _served(self, request: ShapeId) -> float:
        """For how many jobs of a shape there is what they want of consumable resources."""
        job = self._deciding.get(request)
        return self._resources.serves(self._wants.get(request, ()) if job is None else self._wanted[self._group[job]])

    def _places(self, request: ShapeId, *, limit: bool) -> float:
        """For how many jobs of a shape environments have or may get room, after the shapes that were judged before."""
        taken, vcpus, jobs, found = self._taken[limit], self._vcpus[request], self._queue.requests[request], 0.0
        for environment in self._environments:
            before = taken.get(environment.index, 0.0)
            here = environment.places(request, self._now, limit) - before / vcpus
            if here == math.inf:
                return here
            if here >= 1:
                whole = int(here)
                taken[environment.index] = before + vcpus * min(jobs, whole)
                jobs -= min(jobs, whole)
                found += whole
            if self._multi_node[request] and environment.outlook(request, self._now) == UNAVAILABLE:
                break
        return found
