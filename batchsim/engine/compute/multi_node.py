"""Multi-node parallel jobs: an instance for each node, all of one type, or none.

User Guide, *Multi-node parallel jobs*. They never run on Spot, and share their instances with nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from batchsim.engine.attempt import Attempt, RunningAttempts
from batchsim.engine.compute.allocation_strategies import Reading, choose_for_nodes
from batchsim.engine.compute.free_capacity import FreeCapacity, Node
from batchsim.engine.compute.instance import Instance
from batchsim.engine.compute.launchable import Launchable
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape
from batchsim.spec.ids import EnvironmentId, ShapeId


class MultiNodeLaunch(NamedTuple):
    """So many instances of a type, for one multi-node job."""

    offering: Offering
    instances: int


class MultiNodeJobs:
    """What one environment has for multi-node jobs, and those that run there.

    Parameters
    ----------
    started_at : callable
        ``started_at(instance, job, now)``: when the container of a job that is placed now runs there.
    """

    def __init__(
        self,
        index: EnvironmentId,
        spec: ComputeEnvironment,
        requests: Sequence[Shape],
        ledger: InstanceLedger,
        launchable: Launchable,
        started_at: Callable[[Instance, int, float], float],
        attempts: RunningAttempts,
        reading: Reading,
    ) -> None:
        self._index = index
        self._requests = requests
        self._ledger = ledger
        self._launchable = launchable
        self._started_at = started_at
        self._attempts = attempts
        self._reading = reading
        self.update(spec)

    def update(self, spec: ComputeEnvironment) -> None:
        """Launch what another configuration says from now on."""
        self._spec = spec
        self._known: dict[int, tuple[Offering, ...]] = {}

    def start(self, job: int, request: ShapeId, now: float) -> bool:
        """Start a job if there are instances for all of its nodes: the main node first, the others when it runs."""
        nodes = self.nodes_for(self._ledger.free, request)
        if nodes is None:
            return False
        instances = self._ledger.take_whole(nodes)
        started_at = [self._started_at(instance, job, now) for instance in instances]
        main = self._requests[request].main_node
        others = tuple(instance.number for place, instance in enumerate(instances) if place != main)
        number = instances[main].number
        attempt = self._attempts.begin(job, self._index, number, now, now, started_at[main], others)
        for instance in instances:
            instance.used = True
            instance.attempts[job] = attempt
        return True

    def stop(self, attempt: Attempt) -> list[Instance]:
        """Take back what an ended attempt held: the instances that are idle now."""
        there = self._ledger.instances  # one that it was lost with is not
        instances = [there[number] for number in (attempt.instance, *attempt.nodes) if number in there]
        for instance in instances:
            del instance.attempts[attempt.job]
            self._ledger.give_whole(instance)
        return instances

    def offerings_for(self, request: ShapeId) -> tuple[Offering, ...]:
        """Types of which a job can have as many as it has nodes."""
        known = self._known.get(request)
        if known is None:
            asked = self._requests[request]
            most = self._spec.max_vcpus if self._spec.can_hold(asked) else 0
            known = self._known[request] = tuple(
                each
                for each in self._launchable.offerings
                if len(asked.nodes) * each.vcpus <= most and each.holds(asked)
            )
        return known

    def types_for(self, request: ShapeId) -> list[str]:
        """Their names."""
        return [offering.instance_type for offering in self.offerings_for(request)]

    def nodes_for(self, free: FreeCapacity, request: ShapeId) -> list[Node] | None:
        """Empty instances of one type for all nodes of a job; None where there are too few."""
        return free.empty_of_one_type(len(self._requests[request].nodes), self.types_for(request))

    def missing(self, request: ShapeId, offering: Offering, planned: FreeCapacity | None = None) -> int:
        """How many instances of a type a job lacks, those that boot not counted."""
        nodes = len(self._requests[request].nodes)
        if planned is not None:
            return nodes - len(planned.empty(offering.instance_type))
        return nodes - sum(
            not instance.held and instance.instance_type == offering.instance_type
            for instance in self._ledger.staying()
        )

    def launches_for(self, request: ShapeId, now: float) -> bool:
        """Whether all that a job lacks may be launched now."""
        return any(
            self._launchable.may_launch_all(offering, self.missing(request, offering), now)
            for offering in self.offerings_for(request)
        )

    def is_coming(self, request: ShapeId) -> bool:
        """Whether there are as many instances as a job needs, booting ones included."""
        return any(self.missing(request, offering) <= 0 for offering in self.offerings_for(request))

    def have_use_for(self, instance: Instance, requests: Iterable[ShapeId], now: float) -> bool:
        """Whether some of the jobs that wait would have an idle instance as one of their nodes.

        Without this, what registers first would be gone before the last is there (the workshop's *Job lifecycle*:
        Batch scales in when no jobs are RUNNABLE).
        """
        return any(
            (self.launches_for(request, now) or self.is_coming(request))
            and instance.instance_type in self.types_for(request)
            and len(self._ledger.free.empty(instance.instance_type)) <= len(self._requests[request].nodes)
            for request in requests
        )

    def places(self, request: ShapeId, types: Sequence[Offering], now: float, limit: bool) -> float:
        """For how many jobs there are instances of one type, or may be."""
        nodes, most, left = len(self._requests[request].nodes), 0.0, max(self._launchable.left, 0)
        scarce = self._launchable.scarce
        to_be_had = self._launchable.to_be_had(types, now) if scarce else [float("inf")] * len(types)
        for offering, more in zip(types, to_be_had, strict=True):
            if limit:
                more = min(more, left // offering.vcpus)
            if more == float("inf"):
                return more
            most = max(most, (nodes - self.missing(request, offering) + more) // nodes)
        return most

    def plan(self, request: ShapeId, planned: FreeCapacity, left: float, now: float) -> MultiNodeLaunch | None:
        """What a job lacks of the type that the strategy prefers, if all of it may be launched.

        Parameters
        ----------
        planned : FreeCapacity
            What is there or on its way and not planned for other jobs; what the job has of it is taken out.
        left : float
            VCPUs that may be launched and are not planned for other jobs.
        """
        nodes = self._requests[request].nodes
        missing = {offering: self.missing(request, offering, planned) for offering in self.offerings_for(request)}
        possible = [
            offering
            for offering, instances in missing.items()
            if self._launchable.may_launch_all(offering, instances, now) and instances * offering.vcpus <= left
        ]
        if not possible:
            return None
        offering = choose_for_nodes(self._spec.allocation_strategy, possible, nodes, self._reading)
        for node in planned.empty(offering.instance_type)[: len(nodes)]:
            planned.discard(node)
        return MultiNodeLaunch(offering, missing[offering])
