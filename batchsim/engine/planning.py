"""What each fleet would have to launch: jobs assigned, in the order in which they would start, to what is there or not.

As starting does, a plan walks a queue's environments in their order (`engine/scheduler.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from batchsim.engine.fleet import Fleet
from batchsim.engine.jobs import Jobs
from batchsim.engine.queue import JobQueue
from batchsim.engine.stock import Stock, Wanted


class Plan:
    """One look at scaling out.

    Parameters
    ----------
    stock : Stock
        Consumable resources to plan with; they are used up.
    wanted : sequence of Wanted
        What each group of jobs asks for of it.
    """

    def __init__(self, fleets: Sequence[Fleet], jobs: Jobs, stock: Stock, wanted: Sequence[Wanted]) -> None:
        self._jobs = jobs
        self._stock = stock
        self._wanted = wanted
        # By fleet: room that is there or on its way, jobs that have none by shape, vCPUs that may be launched yet.
        self._rooms = {fleet.index: fleet.planned_room() for fleet in fleets}
        self._demands: dict[int, dict[int, int]] = {fleet.index: {} for fleet in fleets}
        self._left = {fleet.index: float(fleet.spec.max_vcpus - fleet.vcpus) for fleet in fleets}
        self._fleets = fleets

    def assign(self, queue: JobQueue) -> None:
        """Assign a queue's jobs, in its order, to planned room or to demands, until one can't be."""
        fleets = [station for station in queue.stations if isinstance(station, Fleet)]
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

    def _has_place(self, fleets: Sequence[Fleet], code: int, full: dict[int, set[int]]) -> bool:
        for fleet in fleets:
            if not fleet.holds(code):
                continue
            index = fleet.index
            if code not in full[index]:
                if fleet.plan(self._rooms[index], code):
                    return True
                full[index].add(code)
            if self._left[index] > 0 and fleet.launches(code, self._rooms[index]):
                self._left[index] -= fleet.planned_vcpus(code)
                self._demands[index][code] = self._demands[index].get(code, 0) + 1
                return True
            if fleet.keeps_waiting(code):
                return False
        return False

    def launch(self) -> None:
        """Have each fleet launch what its demand takes."""
        for fleet in self._fleets:
            if self._demands[fleet.index]:
                fleet.launch_for(self._demands[fleet.index], self._rooms[fleet.index])
