"""An EC2 or SPOT compute environment: instances that are launched, filled, idle, reclaimed and scaled in.

``minvCpus``, ``desiredvCpus`` and ``maxvCpus`` count the vCPUs of instances. Every strategy but BEST_FIT on demand may
pass ``maxvCpus`` by less than one instance (API ``ComputeResource.maxvCpus``): a launch is allowed while what is there
and what is booting is below it. Running jobs are never ended by scaling in, and an instance is never exchanged for a
smaller one (API ``CreateComputeEnvironmentRequest.state``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from batchsim.engine.attempt import HOST_TERMINATED, NO_EXIT_CODE, Attempt
from batchsim.engine.clock import Alarm
from batchsim.engine.compute.allocation_strategies import Demand, choose, choose_for_gang
from batchsim.engine.compute.free_capacity import FreeCapacity, places
from batchsim.engine.compute.instance import Instance
from batchsim.engine.compute.scale_in import ScaleIn
from batchsim.engine.compute.spot import RecordedMarket
from batchsim.engine.run_context import RunContext
from batchsim.recording import Cause, instance_id
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape, cheapest_for
from batchsim.units import HOUR

#: From so many shapes on they are looked at together.
MANY: Final = 8


class MultiNodeLaunch(NamedTuple):
    """So many instances of a type, for one multi-node job."""

    offering: Offering
    instances: int


def _worth_asking_for(spec: ComputeEnvironment, shapes: Sequence[Shape]) -> tuple[Offering, ...]:
    """The types of an environment, but those that are always above the bid, if no job needs one of these."""
    affordable = tuple(offering for offering in spec.offerings if not offering.is_always_above_bid)
    if len(affordable) == len(spec.offerings):
        return spec.offerings
    possible = replace(spec, offerings=affordable)
    return affordable if all(possible.can_hold(shape) for shape in shapes if spec.can_hold(shape)) else spec.offerings


class Ec2Environment:
    """The instances of one EC2 or SPOT compute environment.

    Parameters
    ----------
    changed : callable
        ``changed(fleet)`` tells the scheduler that room came, or that the fleet shrank.
    waiting_gangs : callable
        ``waiting_gangs(fleet)`` gives the multi-node jobs, by their shapes, that wait in the fleet's queues.
    """

    def __init__(
        self,
        index: int,
        spec: ComputeEnvironment,
        world: RunContext,
        changed: Callable[[Ec2Environment], None],
        waiting_gangs: Callable[[Ec2Environment], Iterable[int]],
    ) -> None:
        self.index = index
        self.name = spec.name
        self.enabled = spec.enabled
        self.version = self.phase = 0
        self.spec = spec
        self._settings = world.settings
        self._reading = world.settings.scheduler.best_fit_progressive
        self._container_start_s = world.settings.image.container_start
        self._workload = world.workload
        self._clock = world.clock
        self._jobs = world.jobs
        self._recorder = world.recorder
        self._changed = changed
        self._waiting_gangs = waiting_gangs
        # By the number of the launch in this environment.
        self._launch_s = world.draws("launch", spec.name)
        self._fulfilment_s = world.draws("spot-fulfilment", spec.name)
        self._register_s = world.draws("register", spec.name)
        self._pull_factor = world.draws("image-jitter", spec.name)
        self._scale_in = ScaleIn(spec, world, self._is_minimum, self._is_awaited, self._scaled_in)
        self._lifetime = world.draws("interruption", spec.name)
        self._shapes = world.workload.shapes
        self._holds = [spec.can_hold(shape) for shape in self._shapes]
        self._gangs = [bool(shape.nodes) for shape in self._shapes]
        self._any_gangs = any(self._gangs)
        self._room = FreeCapacity(world.settings.scheduler.placement, self._shapes)
        self.hopeless = self._room.hopeless
        self._booting: dict[int, Instance] = {}
        self._instances: dict[int, Instance] = {}
        self._numbers = {offering.instance_type: number for number, offering in enumerate(spec.offerings)}
        self.launched = 0  # instances, those that are gone included
        self.vcpus = 0  # of all instances, booting ones included
        self._spot = spec.purchase_option == "SPOT"
        self._offerings = _worth_asking_for(spec, self._shapes)
        self._prices_change = any(offering.price_steps for offering in self._offerings)
        # When a type's market price is above bidPercentage, or no longer, and when one is so last.
        passes = {step for offering in self._offerings for step in offering.above_bid}
        self._bids_matter = bool(passes)
        self._bid_met_at = max((at for at, is_above in passes if not is_above), default=0.0)
        for at in sorted({at for at, _ in passes if at > 0}):
            world.clock.at(at, self._bid_passed, essential=False)
        self._overshoots = spec.overshoots
        self._smallest: dict[int, int] = {}
        # By shape, the types that hold it; of multi-node jobs those of which there may be one for each node.
        self._suitable: dict[int, tuple[Offering, ...]] = {}
        self._for_gangs: dict[int, tuple[Offering, ...]] = {}
        # Shapes that room is on its way for, or may be launched for: known until an instance comes, boots or goes.
        self._provided: dict[int, bool] = {}
        self._best_fits: dict[Shape, Offering] = {}  # what was last chosen for jobs of a shape
        self._capacity = world.capacity
        self._backoff: dict[str, float] = {}  # type -> until when it is not asked for
        if not world.capacity.unlimited:
            world.capacity.listeners.append(self._capacity_changed)
        self._market: RecordedMarket | None = None
        if spec.spot_trace is not None:
            notice_s = world.settings.spot.notice
            self._market = RecordedMarket(spec.spot_trace, world.clock, notice_s, self._warned, self._market_changed)
        # Whether capacity may run out here.
        self.scarce = self._market is not None or not world.capacity.unlimited or self._bids_matter
        self.steady = not self.scarce and not self._any_gangs

    # What the scheduler asks

    def place(self, job: int, shape: int) -> bool:
        """Start the job on the instance that placement chooses, if there is one."""
        if not self.enabled:
            return False
        if self._gangs[shape]:
            return self._place_gang(job, shape)
        instance = self._room.take(shape)
        if instance is None:
            return False
        assert isinstance(instance, Instance)  # noqa: S101 (only instances are offered; for the type checker)
        self.version += 1
        instance.used = True
        started_at = self._pulled_at(instance, job) + self._container_start_s
        instance.attempts[job] = self._jobs.start(job, self, instance.ordinal, self._clock.now, started_at)
        return True

    def _place_gang(self, job: int, code: int) -> bool:
        """Start a multi-node job, an instance for each node, or none.

        The main node starts first, the others when it runs (User Guide, *Multi-node parallel jobs*).
        """
        shape = self._shapes[code]
        found = self._room.gang(len(shape.nodes), self._types_for(code))
        if found is None:
            return False
        instances = [self._instances[room.ordinal] for room in found]
        for instance in instances:
            # Out of the room whole: a node shares its instance with nobody.
            self._room.discard(instance)
            instance.held += 1
            instance.used = True
        pulled_at = [self._pulled_at(instance, job) for instance in instances]
        main = instances.pop(shape.main_node)
        attempt = self._jobs.start(
            job,
            self,
            main.ordinal,
            self._clock.now,
            pulled_at[shape.main_node] + self._container_start_s,
            tuple(instance.ordinal for instance in instances),
        )
        for instance in (main, *instances):
            instance.attempts[job] = attempt
        return True

    def _offerings_for(self, code: int) -> Sequence[Offering]:
        """Types of which a multi-node job can have as many as it has nodes; it never runs on Spot."""
        known = self._for_gangs.get(code)
        if known is None:
            shape, most = self._shapes[code], self.spec.max_vcpus if self._holds[code] else 0
            offerings = [o for o in self._offerings if len(shape.nodes) * o.vcpus <= most and o.holds(shape)]
            known = self._for_gangs[code] = tuple(offerings)
        return known

    def _types_for(self, code: int) -> list[str]:
        return [offering.instance_type for offering in self._offerings_for(code)]

    def _missing(self, code: int, offering: Offering, planned: FreeCapacity | None = None) -> int:
        """How many instances of a type a multi-node job lacks, those that boot not counted."""
        nodes = len(self._shapes[code].nodes)
        if planned is not None:
            return nodes - len(planned.empty(offering.instance_type))
        return nodes - sum(
            not instance.held and instance.instance_type == offering.instance_type for instance in self._staying()
        )

    def _pulled_at(self, instance: Instance, job: int) -> float:
        """When the job's image is on the instance; the first job of an image pulls it, later ones find it there."""
        settings, now = self._settings.image, self._clock.now
        group = self._workload.groups[self._jobs.group[job]]
        done_at = instance.images.get(group.image)
        if done_at is None or not settings.cached:
            pull_s = group.image_size_mib / instance.offering.pull_mib_per_s * self._pull_factor[instance.number]
            done_at = instance.images[group.image] = now + pull_s
            return done_at
        return max(done_at, now + settings.warm)

    def release(self, attempt: Attempt) -> None:
        """Take back what an ended attempt held."""
        code = self._jobs.shape[attempt.job]
        for ordinal in (attempt.instance, *attempt.nodes) if attempt.nodes else (attempt.instance,):
            instance = self._instances[ordinal]
            del instance.attempts[attempt.job]
            self._room.discard(instance)
            if self._gangs[code]:
                instance.held -= 1
            else:
                instance.give(self._shapes[code])
            if instance.active and self._room.add(instance):
                self.version += 1
            if not instance.attempts:
                self._scale_in.idle(instance)

    def has_room(self, shape: int) -> bool:
        """Whether ACTIVE instances could take the job now."""
        if shape in self.hopeless or not self.enabled:
            return False
        if self._gangs[shape]:
            return self._room.gang(len(self._shapes[shape].nodes), self._types_for(shape)) is not None
        return self._room.has(shape)

    def with_room(self, shapes: set[int]) -> set[int]:
        """Of these shapes those of which a job could start now."""
        if len(shapes) < MANY or self._any_gangs:
            return set(filter(self.has_room, shapes))
        return self._room.fitting(shapes - self.hopeless) if self.enabled else set()

    @property
    def max_vcpus(self) -> int:
        """The environment's limit."""
        return self.spec.max_vcpus

    def exhausted(self, shape: int) -> bool:
        """Whether launches for the job would be under the limit, and their capacity is not to be had."""
        if not self.scarce or not self._holds[shape] or self.launches(shape):
            return False
        asked = self._shapes[shape]
        nodes = max(len(asked.nodes), 1)
        return any(self._under_limit(offering, nodes) and offering.holds(asked) for offering in self._listed_for(shape))

    def keeps_waiting(self, shape: int) -> bool:
        """Whether a job waits for capacity here instead of going on: a multi-node job does."""
        return self._gangs[shape] and self.exhausted(shape)

    def holds(self, shape: int) -> bool:
        """Whether the environment could ever run the job."""
        return self._holds[shape]

    def launches(self, shape: int) -> bool:
        """Whether an instance that holds the job may be launched now, or all those that its nodes lack."""
        if not self._holds[shape]:
            return False
        if self._gangs[shape]:
            return any(
                self._may_launch_all(offering, self._missing(shape, offering))
                for offering in self._offerings_for(shape)
            )
        if not self.scarce:
            left = self.spec.max_vcpus - self.vcpus
            return left > 0 if self._overshoots else self._smallest_for(shape) <= left
        asked = self._shapes[shape]
        return any(self._may_launch(offering) and offering.holds(asked) for offering in self._listed_for(shape))

    def _smallest_for(self, code: int) -> int:
        """The vCPUs of the smallest type that holds a job."""
        smallest = self._smallest.get(code)
        if smallest is None:
            shape = self._shapes[code]
            smallest = self._smallest[code] = min(o.vcpus for o in self._offerings if o.holds(shape))
        return smallest

    def _listed_for(self, code: int) -> tuple[Offering, ...]:
        """The types that may be taken for a job: BEST_FIT waits for the one that it chose when that is short."""
        strict = self.scarce and self.spec.strategy.keeps_type
        if not strict or self._gangs[code]:
            return self._offerings
        best = self._best_fits.get(self._shapes[code])
        return self._offerings if best is None or best.is_above_bid(self._clock.now) else (best,)

    def _on_offer(self) -> Sequence[Offering]:
        """The types whose price is not above the bid, at the prices of this moment."""
        now, offerings = self._clock.now, self._offerings
        if self._bids_matter:
            offerings = tuple(offering for offering in offerings if not offering.is_above_bid(now))
        if self._prices_change:
            return [offering.priced_at(now) for offering in offerings]
        return offerings

    def provides(self, shape: int) -> bool:
        """Whether a booting instance will hold the job, or one that holds it may be launched."""
        if self.scarce or self._gangs[shape]:
            return self._will_have_room(shape)
        known = self._provided.get(shape)
        if known is None:
            known = self._provided[shape] = self._will_have_room(shape)
        return known

    def _will_have_room(self, code: int) -> bool:
        if not self._holds[code]:
            return False
        if self.launches(code):
            return True
        if self._gangs[code]:
            return any(self._missing(code, offering) <= 0 for offering in self._offerings_for(code))
        shape = self._shapes[code]
        return any(instance.holds(shape) for instance in self._booting.values())

    def cause(self, shape: int) -> Cause:
        """On its way, at the limit, or not to be had."""
        if self.provides(shape):
            return Cause.BOOT
        if self._holds[shape]:
            return Cause.CAPACITY if self.exhausted(shape) else Cause.LIMIT
        return Cause.LIMIT if self.spec.suits(self._shapes[shape]) else Cause.CAPACITY

    def places(self, shape: int, *, limit: bool = True) -> float:
        """For how many jobs there is room now, some boots, or some may be launched."""
        types = self._types_of(shape)
        if not types:
            return 0.0
        if not limit and not self.scarce:
            return math.inf
        asked = self._shapes[shape]
        if asked.nodes:
            return self._gangs_on(shape, types, limit)
        more = math.inf
        if limit:
            # As a plan does: so many jobs as their vCPUs are under the limit, on instances that are.
            left = max(self.spec.max_vcpus - self.vcpus, 0)
            more = min(float(math.ceil(left / asked.vcpus)), max(self._allowed(o) * places(o, asked) for o in types))
        if more and self.scarce:
            more = min(more, sum(n * places(o, asked) for n, o in zip(self._to_be_had(types), types, strict=True)))
        return self._room.places(shape) + sum(places(each, asked) for each in self._booting.values()) + more

    def _types_of(self, code: int) -> Sequence[Offering]:
        """The types that may be taken for a job, were there no limit."""
        asked = self._shapes[code]
        if code not in self._suitable:
            suits = self.spec.suits(asked)
            self._suitable[code] = tuple(o for o in self._offerings if o.holds(asked)) if suits else ()
        listed = self._listed_for(code)
        return self._suitable[code] if listed is self._offerings else listed

    def _gangs_on(self, code: int, types: Sequence[Offering], limit: bool) -> float:
        """For how many multi-node jobs there are instances of one type, or may be."""
        nodes, most = len(self._shapes[code].nodes), 0.0
        to_be_had = self._to_be_had(types) if self.scarce else [math.inf] * len(types)
        for offering, more in zip(types, to_be_had, strict=True):
            if limit:
                more = min(more, max(self.spec.max_vcpus - self.vcpus, 0) // offering.vcpus)
            if more == math.inf:
                return more
            most = max(most, (nodes - self._missing(code, offering) + more) // nodes)
        return most

    def _allowed(self, offering: Offering) -> int:
        """How many instances of a type may be launched under the limit."""
        left = max(self.spec.max_vcpus - self.vcpus, 0)
        return -(-left // offering.vcpus) if self._overshoots else left // offering.vcpus

    def _to_be_had(self, types: Sequence[Offering]) -> list[float]:
        """How many instances of each type capacity is there for, of one after the other."""
        now = self._clock.now
        asked = [
            offering
            for offering in types
            if self._backoff.get(offering.instance_type, 0.0) <= now and not offering.is_above_bid(now)
        ]
        found = self._capacity.launchable(asked, self.spec.purchase_option, self.spec.zones, now)
        if self._market is not None:
            left = float(max(self._market.available(now) - len(self._instances), 0))
            for place, instances in enumerate(found):
                found[place] = min(instances, left)
                left -= found[place]
        by_type = {offering.instance_type: count for offering, count in zip(asked, found, strict=True)}
        return [by_type.get(offering.instance_type, 0) for offering in types]

    def _forget(self) -> None:
        """What comes or goes changes what room there will be."""
        self._provided.clear()
        self.version += 1
        self.phase += 1

    # Scaling out

    @property
    def booting(self) -> bool:
        """Whether an instance is on its way."""
        return bool(self._booting)

    @property
    def in_motion(self) -> bool:
        """Whether instances are on their way, or going."""
        return bool(self._booting) or len(self._staying()) < len(self._instances)

    @property
    def is_full(self) -> bool:
        """Whether no more may be launched, as there is no room under ``maxvCpus``."""
        return self.vcpus >= self.spec.max_vcpus

    @property
    def below_minimum(self) -> bool:
        """Whether instances are missing to ``minvCpus``."""
        return self.vcpus < self.spec.min_vcpus

    def _under_limit(self, offering: Offering, instances: int = 1) -> bool:
        left = self.spec.max_vcpus - self.vcpus
        if self._overshoots and instances == 1:
            return left > 0
        return instances * offering.vcpus <= left

    def _may_launch(self, offering: Offering) -> bool:
        return self._under_limit(offering) and (not self.scarce or self._zone_for(offering) is not None)

    def _may_launch_all(self, offering: Offering, instances: int) -> bool:
        """Whether so many instances may be launched at once: under the limit to the last, and with capacity."""
        if instances <= 0 or instances * offering.vcpus > self.spec.max_vcpus - self.vcpus:
            return False
        now, option = self._clock.now, self.spec.purchase_option
        if self._backoff.get(offering.instance_type, 0.0) > now:
            return False
        return not self.scarce or self._capacity.has_all(offering, option, self.spec.zones, now, instances)

    def _zone_for(self, offering: Offering) -> int | None:
        """The next zone in turn that has capacity for an instance; None where none has, or the price is too high."""
        now, zones = self._clock.now, self.spec.zones
        if self._backoff.get(offering.instance_type, 0.0) > now or offering.is_above_bid(now):
            return None
        if self._market is not None and len(self._instances) >= self._market.available(now):
            return None
        for turn in range(len(zones)):
            zone = (self.launched + turn) % len(zones)
            if self._capacity.has(offering, self.spec.purchase_option, zones[zone], now):
                return zone
        return None

    def _staying(self) -> list[Instance]:
        """Instances without a Spot notice, in the order of their launch."""
        return [instance for instance in self._instances.values() if self._stays(instance)]

    def _stays(self, instance: Instance) -> bool:
        return instance.active or instance.ordinal in self._booting

    def may_recover(self, shape: int, waited_s: float) -> bool:
        """Whether capacity for a job may yet come; a recording that was gone through twice brings no more."""
        if not self.scarce or not (self.launches(shape) or self.exhausted(shape)):
            return False
        if self._market is not None and waited_s <= 2 * self._market.length_s:
            return True
        if self._bid_met_at > self._clock.now:
            return True
        return self._capacity.changes_after(self._clock.now)

    def _give_up(self, offering: Offering) -> None:
        """A launch found no capacity: the type is not asked for until the back-off is over."""
        if self._zone_for(offering) is None and self._under_limit(offering) and self.scarce:
            until = self._clock.now + self._capacity.backoff_s
            self._backoff[offering.instance_type] = until
            self._clock.at(until, self._backed_off)

    def _capacity_changed(self) -> None:
        self._scale_in.review_kept()
        self._changed(self)

    def _backed_off(self, _alarm: Alarm) -> None:
        self._changed(self)

    def planned_room(self) -> FreeCapacity:
        """A copy of the room that is there or on its way, to plan with."""
        return self._room.copy(self._booting.values())

    def plan(self, room: FreeCapacity, shape: int) -> bool:
        """Take a job's place in a planned room, if there is one."""
        if not self._gangs[shape]:
            return room.take(shape) is not None
        found = room.gang(len(self._shapes[shape].nodes), self._types_for(shape))
        for taken in found or ():
            room.discard(taken)
        return found is not None

    def keep_minimum(self, vcpus: int) -> None:
        """Launch until there are so many vCPUs: those of one type that cost least, the smaller where they cost alike.

        AWS does not say which types stand for ``minvCpus`` while no job waits; this is an assumption.
        """
        while (lacking := vcpus - self.vcpus) > 0:
            offerings = [offering for offering in self._on_offer() if self._may_launch(offering)]
            if not offerings:
                return
            self._launch(cheapest_for(lacking, offerings))
            self._scale_in.review_kept()

    def plan_gang(self, code: int, planned: FreeCapacity, left: float) -> MultiNodeLaunch | None:
        """What a multi-node job lacks of the type that the strategy prefers, if all of it may be launched.

        Parameters
        ----------
        planned : FreeCapacity
            What is there or on its way and not planned for other jobs; what the job has of it is taken out.
        left : float
            VCPUs that may be launched and are not planned for other jobs.
        """
        nodes = self._shapes[code].nodes
        missing = {offering: self._missing(code, offering, planned) for offering in self._offerings_for(code)}
        possible = [
            offering
            for offering, instances in missing.items()
            if self._may_launch_all(offering, instances) and instances * offering.vcpus <= left
        ]
        if not possible:
            return None
        offering = choose_for_gang(self.spec.allocation_strategy, possible, nodes, self._reading)
        for room in planned.empty(offering.instance_type)[: len(nodes)]:
            planned.discard(room)
        return MultiNodeLaunch(offering, missing[offering])

    def launch_gang(self, gang: MultiNodeLaunch) -> None:
        """Launch what a multi-node job lacks, or nothing."""
        if self._may_launch_all(gang.offering, gang.instances):
            for _ in range(gang.instances):
                self._launch(gang.offering)

    def launch_for(self, demand: Mapping[int, int]) -> None:
        """Launch instances until the demand is covered or the limit is reached.

        Parameters
        ----------
        demand : mapping of int to int
            Jobs by shape, in the order in which the shapes were first met.
        """
        left: Demand = {self._shapes[code]: count for code, count in demand.items()}
        chosen: Offering | None = None
        while left:
            # BEST_FIT keeps to one type: when no more of it may be had, the jobs wait for it.
            best_fit = self.spec.strategy.keeps_type
            listed = (chosen,) if best_fit and chosen else self._on_offer()
            allowed = self._under_limit if best_fit else self._may_launch
            offerings = [offering for offering in listed if allowed(offering)]
            if not any(offering.holds(next(iter(left))) for offering in offerings):
                return
            packing, part = choose(self.spec.allocation_strategy, offerings, left, self._reading)
            chosen = packing.offering
            self._best_fits.update(dict.fromkeys(part, chosen))
            launched = 0
            while launched < packing.repeats and self._may_launch(chosen):
                self._launch(chosen)
                launched += 1
            if launched < packing.repeats:
                if not self._under_limit(chosen):
                    return
                self._give_up(chosen)
                if best_fit:
                    self._changed(self)  # what can't wait for it may go elsewhere
                    return
            for shape, count in packing.first.items():
                left[shape] -= launched * count
                if not left[shape]:
                    del left[shape]

    def _launch(self, offering: Offering) -> None:
        now, number = self._clock.now, self.launched
        self.launched += 1
        running_at = now + self._launch_s[number]
        if self._spot:
            running_at += self._fulfilment_s[number]
        registered_at = running_at + self._register_s[number] * offering.boot_factor
        found = self._zone_for(offering) if self.scarce else None
        zone = number % len(self.spec.zones) if found is None else found
        ordinal = self._recorder.instance(
            environment=self.index,
            offering=self._numbers[offering.instance_type],
            zone=zone,
            requested_at=now,
            running_at=running_at,
        )
        instance = Instance(ordinal, offering, number, zone)
        self._capacity.change(offering, self.spec.purchase_option, self.spec.zones[zone], 1)
        self._instances[ordinal] = self._booting[ordinal] = instance
        self._forget()
        self.vcpus += offering.vcpus
        # What only makes up minvCpus keeps no run going.
        self._clock.at(registered_at, self._registered, instance, essential=not self._is_minimum(instance))
        if offering.interruptions_per_hour > 0 and self._market is None:
            reclaim_at = running_at + self._lifetime[number] / offering.interruptions_per_hour * HOUR
            notice_at = max(reclaim_at - self._settings.spot.notice, running_at)
            instance.reclaim = self._clock.at(notice_at, self._noticed, instance, essential=False)

    def _registered(self, alarm: Alarm) -> None:
        instance: Instance = alarm.subject
        if self._booting.pop(instance.ordinal, None) is None:
            return
        self._forget()
        self._recorder.registered(instance.ordinal, self._clock.now)
        instance.active = True
        self._room.add(instance)
        self._scale_in.idle(instance)
        self._changed(self)

    # Spot interruptions

    def _noticed(self, alarm: Alarm) -> None:
        self._notice(alarm.subject)

    def _notice(self, instance: Instance) -> None:
        """The two-minute notice: no new jobs; what runs may end in time (User Guide is silent; an assumption)."""
        if instance.active:
            instance.active = False
            self._room.discard(instance)
        else:
            self._booting.pop(instance.ordinal, None)
        self._forget()
        reclaim_at = self._clock.now + self._settings.spot.notice
        essential = bool(instance.attempts) or not self._is_minimum(instance)
        instance.reclaim = self._clock.at(reclaim_at, self._reclaimed, instance, essential=essential)
        self._changed(self)

    def _warned(self, available: int) -> None:
        """The recorded market will have fewer instances than are here: those launched last get their notice."""
        for instance in self._staying()[available:]:
            self._notice(instance)

    def _market_changed(self, available: int) -> None:
        """The recorded market has fewer, or more; what came after the warning goes without one."""
        staying = self._staying()
        leaving = [instance for instance in self._instances.values() if not self._stays(instance)]
        for instance in (*staying, *leaving)[available:]:
            self._take_away(instance)
        self._changed(self)

    def _bid_passed(self, _alarm: Alarm) -> None:
        """A price passed the bid: instances that cost too much get their notice, others may be launched again.

        EC2 User Guide, *Spot Instance interruptions*: a price above the maximum is a reason for one.
        """
        for instance in self._staying():
            if instance.offering.is_above_bid(self._clock.now):
                if instance.reclaim is not None:
                    self._clock.cancel(instance.reclaim)
                self._notice(instance)
        self._changed(self)

    def _reclaimed(self, alarm: Alarm) -> None:
        self._take_away(alarm.subject)

    def _take_away(self, instance: Instance) -> None:
        status_reason = HOST_TERMINATED.format(instance=instance_id(instance.ordinal))
        attempts = list(instance.attempts.values())
        instance.attempts.clear()
        self._remove(instance, "Spot interruption", reclaimed=True)
        for attempt in attempts:
            self._jobs.interrupt(attempt, status_reason, NO_EXIT_CODE)
        self._changed(self)

    # Scaling in

    def _is_awaited(self, instance: Instance) -> bool:
        """Whether a multi-node job waits that would have the instance as one of its nodes.

        Without this, what registers first would be gone before the last is there (the workshop's *Job lifecycle*:
        Batch scales in when no jobs are RUNNABLE).
        """
        return any(
            self.provides(code)
            and instance.instance_type in self._types_for(code)
            and len(self._room.empty(instance.instance_type)) <= len(self._shapes[code].nodes)
            for code in self._waiting_gangs(self)
        )

    def _is_minimum(self, instance: Instance) -> bool:
        """Whether there would be less than ``minvCpus`` without the instance."""
        return self.vcpus - instance.offering.vcpus < self.spec.min_vcpus

    def _scaled_in(self, instance: Instance) -> None:
        self._remove(instance, "scaled in")
        self._changed(self)

    def review_kept(self) -> None:
        """Look again at instances that are kept though idle."""
        self._scale_in.review_kept()

    def release_kept(self) -> None:
        """Have idle instances go that nothing keeps any more."""
        self._scale_in.release_kept()

    def _remove(self, instance: Instance, reason: str, *, reclaimed: bool = False) -> None:
        self._room.discard(instance)
        self._booting.pop(instance.ordinal, None)
        self._forget()
        del self._instances[instance.ordinal]
        instance.active = False
        self.vcpus -= instance.offering.vcpus
        zone = self.spec.zones[instance.zone]
        self._capacity.change(instance.offering, self.spec.purchase_option, zone, -1)
        for alarm in (instance.idle_alarm, instance.reclaim):
            if alarm is not None:
                self._clock.cancel(alarm)
        self._recorder.terminated(instance.ordinal, self._clock.now, reason, reclaimed=reclaimed)
