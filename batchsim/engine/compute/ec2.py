"""An EC2 or SPOT compute environment: instances that are launched, filled, idle, reclaimed and scaled in.

``minvCpus``, ``desiredvCpus`` and ``maxvCpus`` count the vCPUs of instances. Running jobs are never ended by scaling
in, and an instance is never exchanged for a smaller one (API ``CreateComputeEnvironmentRequest.state``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from batchsim.engine.account_limits import CapacityLimits
from batchsim.engine.agenda import Agenda
from batchsim.engine.attempt import Attempt
from batchsim.engine.capacity_reservations import CapacityReservations
from batchsim.engine.compute.instance import Instance
from batchsim.engine.compute.launchable import Launchable
from batchsim.engine.compute.launching import Launcher
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.compute.multi_node import MultiNodeJobs
from batchsim.engine.compute.outlook import InstanceOutlook
from batchsim.engine.compute.planned_room import PlannedRoom
from batchsim.engine.compute.recorded_market import RecordedMarket
from batchsim.engine.compute.replacement import REPLACED, Replacement
from batchsim.engine.compute.scale_in import scale_in_of
from batchsim.engine.compute.spot import Interruptions
from batchsim.engine.compute.spot_pools import SpotPools
from batchsim.engine.compute_environment import (
    BEYOND_LIMIT,
    LAUNCHABLE,
    NEVER,
    UNAVAILABLE,
    SimulatedEnvironment,
)
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.run_context import RunContext
from batchsim.engine.scheduling.waiting import WaitingJobs
from batchsim.spec.configuration import ComputeEnvironment, Offering
from batchsim.spec.ids import EnvironmentId, ShapeId


class ImageCache:
    """The images of one environment's instances: the first job of an image pulls it, later ones find it there."""

    def __init__(self, context: RunContext, environment: str) -> None:
        settings = context.settings.image
        groups = context.workload.groups
        numbers = {image: number for number, image in enumerate(dict.fromkeys(group.image for group in groups))}
        self._image = [numbers[group.image] for group in groups]
        self._size_mib = [group.image_size_mib for group in groups]
        self._group = context.table.group
        self._cached = settings.cached
        self._warm_s: float = settings.warm
        self._container_start_s: float = settings.container_start
        self._pull_factor = context.draws("image-jitter", environment)  # by the number of the launch

    def started_at(self, instance: Instance, job: int, now: float) -> float:
        """When the container of a job that is placed now runs: its image is there, and it was started."""
        group = self._group[job]
        image, images = self._image[group], instance.images
        if image in images and self._cached:
            pulled_at, warm_at = images[image], now + self._warm_s
            return (max(warm_at, pulled_at)) + self._container_start_s
        pull_s = self._size_mib[group] / instance.offering.pull_mib_per_s * self._pull_factor[instance.launch]
        images[image] = pulled_at = now + pull_s
        return pulled_at + self._container_start_s


class Ec2Environment(SimulatedEnvironment):
    """One EC2 or SPOT compute environment.

    Attributes
    ----------
    ledger : InstanceLedger
        Its instances.
    launcher : Launcher
        What launches them.
    scale_in : ScaleIn
        What ends them when they are idle.
    limits_instances : bool
        Whether ``maxvCpus`` is on instances; else on what running jobs ask for, `in_use`.
    nodes : MultiNodeJobs
        What they are for multi-node jobs.
    replacement : Replacement
        What replaces them by others.
    """

    def __init__(
        self,
        index: EnvironmentId,
        spec: ComputeEnvironment,
        context: RunContext,
        agenda: Agenda,
        lifecycle: JobLifecycle,
        limits: CapacityLimits,
        reservations: CapacityReservations,
        waiting: WaitingJobs,
    ) -> None:
        self._context = context
        self._agenda = agenda
        requests = context.workload.shapes
        super().__init__(index, spec, requests)
        self.scales = True
        self.limits_instances = spec.limits_instances
        #: vCPUs that running jobs ask for, where these are what the limit is on.
        self.in_use = 0.0
        # Whether more is launched at regular instants alone while some boots; ECS does not wait for what it manages.
        self.waits_for_boots = not spec.is_managed_by_ecs
        self._spec = spec
        self._request = context.table.request
        self._attempts = lifecycle.attempts
        limits.changes.append(self.changes)
        self._waiting = waiting
        self._asked_vcpus: list[float] = [asked.vcpus for asked in requests]
        self._multi_node = [bool(asked.nodes) for asked in requests]
        self._any_multi_node = any(self._multi_node)
        market = None if spec.spot_trace is None else RecordedMarket(spec.spot_trace)
        self._reserved = reserved = reservations.of(spec)
        self.ledger = InstanceLedger(
            index,
            spec,
            requests,
            context.settings.scheduler.placement,
            self.changes,
            limits,
            agenda,
            context.recorder,
            reserved,
        )
        self._free = self.ledger.free
        self.no_fit = self._free.no_fit
        self._pools = pools = SpotPools.of(spec, context, agenda, self.ledger)
        self._launchable = Launchable(spec, requests, self.ledger, limits, market, pools, reserved)
        self._images = ImageCache(context, spec.name)
        reading = context.settings.scheduler.best_fit_progressive
        self.nodes = MultiNodeJobs(
            index, spec, requests, self.ledger, self._launchable, self._images.started_at, self._attempts, reading
        )
        self._to_come = InstanceOutlook(requests, self.ledger, self._launchable, self.nodes)
        self._interruptions = Interruptions(spec, context, agenda, self.ledger, lifecycle, market, pools, self._lost)
        self._interruptions.follow(self._launchable.bid_steps)
        self.scale_in = scale_in_of(spec, context, agenda, self.ledger, self._is_awaited, self._scaled_in)
        self.replacement = Replacement(agenda, self.ledger, lifecycle, self.stop, self._scaled_in)
        self.launcher = Launcher(
            spec, context, agenda, self.ledger, self._launchable, limits, self._interruptions, self.scale_in
        )
        if reserved is not None:
            reserved.on_end = self._interruptions.block_ended
        if not limits.unlimited or (reserved is not None and reserved.may_be_confined):
            limits.listeners.append(self._capacity_came_back)
        self.scarce = self._launchable.scarce
        self.varies = self.scarce or self._any_multi_node

    # Room

    def start(self, job: int, request: ShapeId, now: float) -> bool:
        """Start a job on the instance that placement chooses, if there is one."""
        if not self.enabled:
            return False
        if self._any_multi_node and self._multi_node[request]:
            return self.nodes.start(job, request, now)
        node = self._free.take(request, now)
        if node is None:
            return False
        instance: Instance = self.ledger.instances[node.number]
        instance.used = True
        started_at = self._images.started_at(instance, job, now)
        instance.attempts[job] = self._attempts.begin(job, self.index, instance.number, now, now, started_at)
        return True

    def stop(self, attempt: Attempt, now: float) -> None:
        """Take back what an ended attempt held."""
        job = attempt.job
        request = self._request[job]
        if self._any_multi_node and self._multi_node[request]:
            for instance in self.nodes.stop(attempt):
                self.scale_in.idle(instance, now)
            return
        instance = self.ledger.instances[attempt.instance]
        attempts = instance.attempts
        del attempts[job]
        self._free.give(instance, request, now)
        if not attempts:
            self.scale_in.idle(instance, now)

    def has_room(self, request: ShapeId, now: float) -> bool:  # noqa: ARG002
        """Whether ACTIVE instances could take a job now."""
        if request in self.no_fit or not self.enabled:
            return False
        if self._any_multi_node and self._multi_node[request]:
            return self.nodes.nodes_for(self._free, request) is not None
        return self._free.has(request)

    def with_room(self, requests: set[ShapeId], now: float) -> set[ShapeId]:
        """Those of many requests for which there is room."""
        if self._any_multi_node:
            return {request for request in requests if self.has_room(request, now)}
        return self._free.fitting(requests - self.no_fit) if self.enabled else set()

    @property
    def vcpus(self) -> float:
        """VCPUs of its instances, booting ones included."""
        return self.ledger.vcpus

    # What there will be

    def outlook(self, request: ShapeId, now: float) -> int:
        """What the environment will have for a job for which it has no room now."""
        if not self.can_hold[request]:
            return BEYOND_LIMIT if self._suits[request] else NEVER
        if self._multi_node[request]:
            return self._to_come.find(request, now)  # it also changes with what instances hold
        known = self.changes.outlooks
        if request not in known:
            known[request] = self._to_come.find(request, now)
        return known[request]

    def places(self, request: ShapeId, now: float, limit: bool) -> float:
        """For how many jobs there is room now, some boots, or some may be launched."""
        types = self._launchable.types_for(request, now)
        if not types or not self.enabled:
            return 0.0
        if not limit and not self._launchable.fails:
            return math.inf
        if self._multi_node[request]:
            return self.nodes.places(request, types, now, limit)
        asked = self._requests[request]
        coming = self.ledger.booting_places(asked)
        return self._free.places(request) + coming + self._launchable.more_places(request, types, now, limit)

    def may_recover(self, request: ShapeId, waited_s: float, now: float) -> bool:
        """Whether capacity for a job that waits may yet come, though nothing that is due says so."""
        return self._lacks_capacity(request, now) and self._launchable.may_recover(waited_s, now)

    def is_in_motion(self, request: ShapeId, now: float) -> bool:
        """Whether something is on its way or going that may give a job room: instances, or the end of an outage."""
        if self.can_hold[request] and self.ledger.in_motion:
            return True
        return self._lacks_capacity(request, now) and self._launchable.reopens(request, now)

    def _lacks_capacity(self, request: ShapeId, now: float) -> bool:
        """Whether a job that could be held waits for capacity, and not for room under the limit."""
        if not self._launchable.fails or not self.can_hold[request]:
            return False
        return self.outlook(request, now) in (LAUNCHABLE, UNAVAILABLE) or self._launchable.is_short(request, now)

    # Scaling out

    def planned_room(self) -> PlannedRoom:
        """A copy of what is free or on its way, to plan with, and what may be launched yet."""
        free = self._free.copy(self.ledger.booting.values())
        return PlannedRoom(free, float(self.max_vcpus - self.ledger.vcpus), self._asked_vcpus)

    def plan(self, planned: PlannedRoom, request: ShapeId, now: float) -> bool:
        """Take a job's place in planned capacity, if there is one."""
        if not self._multi_node[request]:
            return planned.take(request, now)
        nodes = self.nodes.nodes_for(planned.free, request)
        for node in nodes or ():
            planned.free.discard(node)
        return nodes is not None

    # Updates

    def update(self, spec: ComputeEnvironment, recorded: Sequence[Offering], now: float) -> None:
        """Keep and launch from now on what another configuration says; nothing that is there is ended."""
        if spec.offerings != self._spec.offerings:
            self._pools = SpotPools.of(spec, self._context, self._agenda, self.ledger)
            self._interruptions.reclaimed_by(self._pools)
        self._spec = spec
        if self._reserved is not None:
            self._reserved.update(spec)
        bids = self._launchable.bid_steps
        self._launchable.update(spec, self._pools)
        self._interruptions.follow_bids([at for at in self._launchable.bid_steps if at > now and at not in bids])
        self.nodes.update(spec)
        self.launcher.update(spec)
        self.scarce = self._launchable.scarce
        self.varies = self.scarce or self._any_multi_node
        self.be(spec)
        self.ledger.update(spec, recorded)
        self.scale_in.update(spec, now)

    # Scaling in

    def _is_awaited(self, instance: Instance, now: float) -> bool:
        """Whether a multi-node job waits that would have the instance as one of its nodes."""
        if not self._any_multi_node or not self.enabled:
            return False
        return self.nodes.have_use_for(instance, self._waiting.multi_node_requests(self.index, now), now)

    def _scaled_in(self, instance: Instance, now: float) -> None:
        self._interruptions.remove(instance, now, REPLACED if instance.replaced else "scaled in")
        self.ledger.announce(now)

    def _capacity_came_back(self, now: float) -> None:
        if not self.scarce:
            return  # nor has it been missed: only some update would confine it to reservations
        self.scale_in.review_kept(now)
        self.ledger.announce(now)

    def _lost(self, attempt: Attempt, now: float) -> None:
        """An attempt was lost with its instance, which held all that it had but for a multi-node job's other nodes."""
        if attempt.nodes:
            for instance in self.nodes.stop(attempt):
                self.scale_in.idle(instance, now)
