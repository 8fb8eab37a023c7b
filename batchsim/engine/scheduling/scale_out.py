"""Scaling out: what each environment would have to launch.

Jobs are assigned, in the order in which they would start, to what is there or on its way, or to launches. As starting
does, this walks a queue's environments in their order (`engine/scheduling/scheduling_pass.py`), through the same
`order` of its jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchsim.engine.agenda import Agenda
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.compute.multi_node import MultiNodeLaunch
from batchsim.engine.compute_environment import LAUNCHABLE, UNAVAILABLE
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.run_context import RunContext
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.engine.scheduling.wait_causes import WaitAttribution
from batchsim.engine.scheduling.waiting import WaitingJobs
from batchsim.spec.ids import ShapeId

#: After so many evaluations in a row that launched something, and no job started or came, no more is launched: capacity
#: that is reclaimed before a job can start on it would otherwise come and go for ever.
MOST_WITHOUT_PROGRESS: Final = 1000


class LaunchPlan:
    """One evaluation of what has to be launched.

    Parameters
    ----------
    resources : ConsumableResources
        To plan with; they are used up.
    """

    def __init__(
        self,
        environments: Sequence[Ec2Environment],
        context: RunContext,
        resources: ConsumableResources,
        waiting: WaitingJobs,
        now: float,
    ) -> None:
        self._now = now
        self._request = context.table.request
        self._group = context.table.group
        self._requests = context.workload.shapes
        self._resources = resources
        self._wanted = waiting.wanted
        self._room = {each.index: each.planned_room() for each in environments}
        # What has to be launched, in order: environments may share a quota. Jobs are packed together while they can be.
        self._orders: list[tuple[Ec2Environment, MultiNodeLaunch | dict[ShapeId, int]]] = []
        self._open: dict[int, dict[ShapeId, int]] = {}

    def assign(self, queue: FifoQueue) -> None:
        """Assign a queue's jobs, in its order, to planned capacity or to launches, until one can't be."""
        environments = [each for each in queue.environments if isinstance(each, Ec2Environment)]
        if any(each.scarce for each in environments):
            # What a queue of higher priority asks for elsewhere comes first.
            for index in list(self._open)[:-1]:
                del self._open[index]
        full: dict[int, set[ShapeId]] = {each.index: set() for each in environments}
        failed: set[ShapeId] = set()
        assigned: list[int] = []
        left = queue.depth
        for job in queue.order(self._now, assigned, failed):
            request, wanted = self._request[job], self._wanted[self._group[job]]
            if request not in failed and (not wanted or self._resources.available(wanted)):
                if self._has_place(environments, request, full):
                    assigned.append(job)
                    if wanted:
                        self._resources.acquire(wanted)
                    continue
                failed.add(request)
            left -= 1
            if not left:
                break

    def _has_place(
        self, environments: Sequence[Ec2Environment], request: ShapeId, full: dict[int, set[ShapeId]]
    ) -> bool:
        for environment in environments:
            if not environment.can_hold[request]:
                continue
            index = environment.index
            if request not in full[index]:
                if environment.plan(self._room[index], request, self._now):
                    return True
                full[index].add(request)
            if self._room[index].may_order(request) and self._is_ordered(environment, request):
                return True
            if self._requests[request].nodes and environment.outlook(request, self._now) == UNAVAILABLE:
                return False
        return False

    def _is_ordered(self, environment: Ec2Environment, request: ShapeId) -> bool:
        """Order capacity for a job if it may be launched; jobs between two multi-node jobs are packed together."""
        index, asked = environment.index, self._requests[request]
        room = self._room[index]
        if asked.nodes:
            order = environment.nodes.plan(request, room.free, room.left, self._now)
            if order is None:
                return False
            self._orders.append((environment, order))
            self._open.pop(index, None)
            room.left -= order.instances * order.offering.vcpus
            return True
        if environment.outlook(request, self._now) != LAUNCHABLE:
            return False
        demand = self._open.get(index)
        if demand is None:
            demand = self._open[index] = {}
            self._orders.append((environment, demand))
        demand[request] = demand.get(request, 0) + 1
        room.order(request)
        return True

    def launch(self) -> None:
        """Launch what was ordered, in its order."""
        for environment in {each.index: each for each, _ in self._orders}.values():
            environment.scale_in.review_kept(self._now)
        for environment, order in self._orders:
            if isinstance(order, MultiNodeLaunch):
                environment.launcher.launch_nodes(order, self._now)
            else:
                environment.launcher.launch_for(order, self._now)


class ScaleOut:
    """Evaluates, when it was asked to, what has to be launched for all queues."""

    def __init__(
        self,
        environments: Sequence[Ec2Environment],
        context: RunContext,
        agenda: Agenda,
        lifecycle: JobLifecycle,
        resources: ConsumableResources,
        waiting: WaitingJobs,
        attribution: Sequence[WaitAttribution],
    ) -> None:
        self._environments = environments
        self._context = context
        self._agenda = agenda
        self._lifecycle = lifecycle
        self._resources = resources
        self._waiting = waiting
        self._attribution = attribution
        self._without_progress = 0
        self._progress = 0

    def ask(self, now: float, booting: bool) -> None:
        """Have it evaluated: soon when nothing is on its way, else at the next regular instant."""
        if self._lifecycle.progress != self._progress:
            self._progress, self._without_progress = self._lifecycle.progress, 0
        if self._without_progress <= MOST_WITHOUT_PROGRESS:
            self._agenda.scale_out_soon(now, booting)

    def launch_initial(self) -> None:
        """Launch what ``minvCpus`` and ``desiredvCpus`` ask for, when the environments become VALID."""
        for environment in self._environments:
            environment.launcher.launch_initial(0.0)

    def evaluate(self, now: float) -> None:
        """Launch for what waits, can't be held by what is there or booting, and is under the limit."""
        launched = self._launched()
        for environment in self._environments:
            environment.launcher.keep_minimum(now)
        plan = LaunchPlan(self._environments, self._context, self._resources.copy(), self._waiting, now)
        for queue in self._agenda.queues:
            queue.needs_capacity = False
            plan.assign(queue)
        plan.launch()
        if self._launched() > launched:
            self._without_progress += 1
        for queue in self._agenda.queues:
            if queue.requests:
                self._attribution[queue.index].judge(now)
                if queue.changed:
                    self._attribution[queue.index].forget()  # no pass has tried yet what waits now

    def _launched(self) -> int:
        return sum(environment.ledger.launches for environment in self._environments)
