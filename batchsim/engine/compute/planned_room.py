"""What one environment has for jobs in one evaluation of what has to be launched."""

from __future__ import annotations

from batchsim.engine.compute.free_capacity import FreeCapacity
from batchsim.spec.ids import ShapeId


class PlannedRoom:
    """Capacity that is there or on its way, and vCPUs that may be launched yet; all of it is to plan with.

    Attributes
    ----------
    free : FreeCapacity
        What is there or on its way.
    left : float
        How many vCPUs may be launched yet, counted by what is ordered for jobs.
    """

    def __init__(self, free: FreeCapacity, left: float, vcpus: list[float]) -> None:
        self.free = free
        self.left = left
        self._vcpus = vcpus  # by request

    def take(self, request: ShapeId, now: float) -> bool:
        """Take a job's place, if there is one."""
        return self.free.take(request, now) is not None

    def may_order(self, request: ShapeId) -> bool:  # noqa: ARG002
        """Whether more may be launched for a job."""
        return self.left > 0

    def order(self, request: ShapeId) -> None:
        """Count what is launched for a job."""
        self.left -= self._vcpus[request]


class PlannedTasks(PlannedRoom):
    """The same where the limit is on the vCPUs of running jobs: `left` is what more of them may ask for."""

    def take(self, request: ShapeId, now: float) -> bool:
        """Take a job's place, if there is one and the limit allows for the job."""
        if not self.may_order(request) or self.free.take(request, now) is None:
            return False
        self.order(request)
        return True

    def may_order(self, request: ShapeId) -> bool:
        """Whether one more such job may run."""
        return self._vcpus[request] <= self.left
