"""An ECS_MANAGED_INSTANCES compute environment: instances that ECS chooses, launches and ends.

``maxvCpus`` caps the vCPUs that running jobs ask for; the instances below them may be more (AWS Batch User Guide,
*Compute environments on Amazon ECS Managed Instances*). ECS launches for tasks that wait, several to an instance, and
ends instances that are idle (AWS containers blog, *Deep Dive: Amazon ECS Managed Instances provisioning and
optimization*). That it moves tasks off instances that are hardly used is not modelled: a job would have to start anew.
"""

from __future__ import annotations

from batchsim.engine.attempt import Attempt
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.compute.planned_room import PlannedRoom, PlannedTasks
from batchsim.engine.compute_environment import AT_LIMIT
from batchsim.errors import SimulationError
from batchsim.spec.ids import ShapeId


class ManagedInstancesEnvironment(Ec2Environment):
    """One ECS_MANAGED_INSTANCES compute environment, on demand or on Spot."""

    # Room

    def start(self, job: int, request: ShapeId, now: float) -> bool:
        """Start a job on an instance that has room, if the limit allows for it."""
        if not self._is_allowed(request) or not super().start(job, request, now):
            return False
        self.in_use += self._asked_vcpus[request]
        self.changes.outlooks_changed()
        return True

    def stop(self, attempt: Attempt, now: float) -> None:
        """Take back what an ended attempt held, of its instance and of the limit."""
        super().stop(attempt, now)
        self._give_back(attempt, now)

    def _lost(self, attempt: Attempt, now: float) -> None:
        """An attempt was lost with its instance."""
        self._give_back(attempt, now)

    def _give_back(self, attempt: Attempt, now: float) -> None:
        self.in_use -= self._asked_vcpus[self._request[attempt.job]]
        if self.in_use < -1e-6:
            raise SimulationError(f"{self.name} runs {self.in_use} vCPUs", now)
        self.changes.everything_changed()

    def _is_allowed(self, request: ShapeId) -> bool:
        return self.can_hold[request] and self.in_use + self._asked_vcpus[request] <= self.max_vcpus

    def has_room(self, request: ShapeId, now: float) -> bool:
        """Whether a job could start now."""
        return self._is_allowed(request) and super().has_room(request, now)

    def fits(self, request: ShapeId, now: float) -> bool:
        """Whether instances have room for a job: what only the limit keeps free is idle, and not stranded."""
        return self.can_hold[request] and super().has_room(request, now)

    def with_room(self, requests: set[ShapeId], now: float) -> set[ShapeId]:
        """Those of many requests for which there is room."""
        return super().with_room({request for request in requests if self._is_allowed(request)}, now)

    # What there will be

    def outlook(self, request: ShapeId, now: float) -> int:
        """What the environment will have for a job for which it has no room now."""
        if self.can_hold[request] and not self._is_allowed(request):
            return AT_LIMIT
        return super().outlook(request, now)

    def places(self, request: ShapeId, now: float, limit: bool) -> float:
        """For how many jobs there is room now, some boots, or some may be launched."""
        found = super().places(request, now, limit)
        if not limit or not found:
            return found
        return min(found, max((self.max_vcpus - self.in_use) // self._asked_vcpus[request], 0.0))

    # Scaling out

    def planned_room(self) -> PlannedRoom:
        """A copy of what is free or on its way, to plan with, and what more jobs may ask for."""
        free = self._free.copy(self.ledger.booting.values())
        return PlannedTasks(free, self.max_vcpus - self.in_use, self._asked_vcpus)
