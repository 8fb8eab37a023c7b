"""What each fleet would have to launch: jobs assigned, in the order in which they would start, to what is there or not.

As starting does, a plan walks a queue's environments in their order (`engine/scheduling/scheduler.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from batchsim.engine.compute.ec2 import Ec2Environment, MultiNodeLaunch
from batchsim.engine.job_lifecycle import Jobs
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.scheduling.consumable_resources import ConsumableResources, Wanted
from batchsim.spec.configuration import Shape


class ScaleOut:
    """One look at scaling out.

    Parameters
    ----------
    stock : ConsumableResources
        Consumable resources to plan with; they are used up.
    wanted : sequence of Wanted
        What each group of jobs asks for of it.
    """

    def __init__(
        self,
        fleets: Sequence[Ec2Environment],
        jobs: Jobs,
        shapes: Sequence[Shape],
        stock: ConsumableResources,
        wanted: Sequence[Wanted],
    ) -> None:
        self._jobs = jobs
        self._shapes = shapes
        self._stock = stock
        self._wanted = wanted
        # By fleet: room that is there or on its way; vCPUs that may be launched yet.
        self._rooms = {fleet.index: fleet.planned_room() for fleet in fleets}
        self._left = {fleet.index: float(fleet.spec.max_vcpus - fleet.vcpus) for fleet in fleets}
        # What has to be launched, in order: fleets may share a quota. Jobs are packed together while they can be.
        self._orders: list[tuple[Ec2Environment, MultiNodeLaunch | dict[int, int]]] = []
        self._open: dict[int, dict[int, int]] = {}

    def assign(self, queue: FifoQueue) -> None:
        """Assign a queue's jobs, in its order, to planned room or to demands, until one can't be."""
        fleets = [station for station in queue.stations if isinstance(station, Ec2Environment)]
        if any(fleet.scarce for fleet in fleets):
            # What a queue of higher priority asks for elsewhere comes first.
            for index in list(self._open)[:-1]:
                del self._open[index]
        full: dict[int, set[int]] = {fleet.index: set() for fleet in fleets}
        failed: set[int] = set()

        def assign(job: int) -> bool:
            code = self._jobs.shape[job]
            wanted = self._wanted[self._jobs.group[job]]
            if code in failed or not self._stock.has(wanted):
                return False
            if not self._has_place(fleets, code, full):
                failed.add(code)
                return False
            self._stock.take(wanted)
            return True

        queue.plan(assign)

    def _has_place(self, fleets: Sequence[Ec2Environment], code: int, full: dict[int, set[int]]) -> bool:
        for fleet in fleets:
            if not fleet.holds(code):
                continue
            index = fleet.index
            if code not in full[index]:
                if fleet.plan(self._rooms[index], code):
                    return True
                full[index].add(code)
            if self._left[index] > 0 and self._is_ordered(fleet, code):
                return True
            if fleet.keeps_waiting(code):
                return False
        return False

    def _is_ordered(self, fleet: Ec2Environment, code: int) -> bool:
        """Order capacity for a job if it may be launched; jobs between two multi-node jobs are packed together."""
        index, shape = fleet.index, self._shapes[code]
        if shape.nodes:
            gang = fleet.plan_gang(code, self._rooms[index], self._left[index])
            if gang is None:
                return False
            self._orders.append((fleet, gang))
            self._open.pop(index, None)
            self._left[index] -= gang.instances * gang.offering.vcpus
            return True
        if not fleet.launches(code):
            return False
        demand = self._open.get(index)
        if demand is None:
            demand = self._open[index] = {}
            self._orders.append((fleet, demand))
        demand[code] = demand.get(code, 0) + 1
        self._left[index] -= shape.vcpus
        return True

    def launch(self) -> None:
        """Have the fleets launch what was ordered, in its order."""
        for fleet in {fleet.index: fleet for fleet, _ in self._orders}.values():
            fleet.review_kept()
        for fleet, order in self._orders:
            if isinstance(order, MultiNodeLaunch):
                fleet.launch_gang(order)
            else:
                fleet.launch_for(order)
