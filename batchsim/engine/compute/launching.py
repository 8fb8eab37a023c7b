"""Launching instances: which type, in which zone, how many, and when they are registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from batchsim.engine.account_limits import CapacityLimits
from batchsim.engine.agenda import Agenda
from batchsim.engine.compute.allocation_strategies import Demand, choose_by, strategy_of, take_away
from batchsim.engine.compute.instance import Instance
from batchsim.engine.compute.launchable import Launchable
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.compute.multi_node import MultiNodeLaunch
from batchsim.engine.compute.scale_in import ScaleIn
from batchsim.engine.compute.spot import Interruptions
from batchsim.engine.event import Event
from batchsim.engine.run_context import RunContext
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape, cheapest_for
from batchsim.spec.ids import ShapeId


class Launcher:
    """Launches the instances of one compute environment."""

    def __init__(
        self,
        spec: ComputeEnvironment,
        context: RunContext,
        agenda: Agenda,
        ledger: InstanceLedger,
        launchable: Launchable,
        limits: CapacityLimits,
        interruptions: Interruptions,
        scale_in: ScaleIn,
    ) -> None:
        self._spec = spec
        self._requests: Sequence[Shape] = context.workload.shapes
        self._reading = context.settings.scheduler.best_fit_progressive
        self._strategy = strategy_of(spec, self._reading)
        self._keeps_type = spec.strategy.keeps_type
        self._agenda = agenda
        self._ledger = ledger
        self._launchable = launchable
        self._backoff_s = limits.backoff_s
        self._interruptions = interruptions
        self._scale_in = scale_in
        # By the number of the launch in this environment.
        kind = "managed-" if spec.is_managed_by_ecs else ""
        self._launch_s = context.draws(f"{kind}launch", spec.name)
        self._fulfilment_s = context.draws("spot-fulfilment", spec.name) if spec.launches_spot_instances else None
        self._register_s = context.draws(f"{kind}register", spec.name)

    def update(self, spec: ComputeEnvironment) -> None:
        """Launch as another configuration says from now on."""
        self._spec = spec
        self._strategy = strategy_of(spec, self._reading)
        self._keeps_type = spec.strategy.keeps_type

    def launch_initial(self, now: float) -> None:
        """Launch what ``minvCpus`` and ``desiredvCpus`` ask for, when the environment becomes VALID."""
        self.launch_up_to(max(self._spec.min_vcpus, self._spec.desired_vcpus), now)

    def keep_minimum(self, now: float) -> None:
        """Launch what is missing to ``minvCpus``."""
        self.launch_up_to(self._spec.min_vcpus, now)

    def launch_up_to(self, vcpus: int, now: float) -> None:
        """Launch until there are so many vCPUs: those of one type that cost least, the smaller where they cost alike.

        AWS does not say which types stand for ``minvCpus`` while no job waits; this is an assumption.
        """
        while (lacking := vcpus - self._ledger.vcpus) > 0:
            on_offer = self._launchable.on_offer(now)
            offerings = [offering for offering in on_offer if self._launchable.may_launch(offering, now)]
            if not offerings:
                return
            self.launch(cheapest_for(lacking, offerings), now)
            self._scale_in.review_kept(now)

    def launch_nodes(self, order: MultiNodeLaunch, now: float) -> None:
        """Launch what a multi-node job lacks, or nothing."""
        if self._launchable.may_launch_all(order.offering, order.instances, now):
            for _ in range(order.instances):
                self.launch(order.offering, now)

    def launch_for(self, demand: Mapping[ShapeId, int], now: float) -> None:
        """Launch instances until the demand is covered or the limit is reached.

        Parameters
        ----------
        demand : mapping of int to int
            Jobs by request, in the order in which the requests were first met.
        """
        self._launch_for(demand, now)
        self._ledger.changes.outlooks_changed()  # BEST_FIT waits for what it chose

    def _launch_for(self, demand: Mapping[ShapeId, int], now: float) -> None:
        left: Demand = {self._requests[request]: count for request, count in demand.items()}
        chosen: Offering | None = None
        while left:
            offerings = self._offerings(chosen, now)
            if not any(offering.holds(next(iter(left))) for offering in offerings):
                return
            packing, part = choose_by(self._strategy, offerings, left)
            chosen = packing.offering
            self._launchable.chosen.update(dict.fromkeys(part, chosen))
            launched = 0
            while launched < packing.repeats and self._launchable.may_launch(chosen, now):
                self.launch(chosen, now)
                launched += 1
            if launched < packing.repeats and not self._goes_on_without(chosen, now):
                return
            take_away(left, packing.first, launched)

    def _offerings(self, chosen: Offering | None, now: float) -> list[Offering]:
        """What may be chosen of. BEST_FIT keeps to one type: when no more of it may be had, the jobs wait for it."""
        if self._keeps_type:
            listed = self._launchable.on_offer(now) if chosen is None else (chosen,)
            return [offering for offering in listed if self._launchable.under_limit(offering)]
        on_offer = self._launchable.on_offer(now)
        return [offering for offering in on_offer if self._launchable.may_launch(offering, now)]

    def _goes_on_without(self, offering: Offering, now: float) -> bool:
        """Whether other types are launched where no more of one may be: it is given up where capacity is short."""
        if not self._launchable.under_limit(offering):
            return False
        self._give_up(offering, now)
        if self._keeps_type:
            self._ledger.announce(now)  # what can't wait for it may go elsewhere
        return not self._keeps_type

    def _give_up(self, offering: Offering, now: float) -> None:
        """A launch found no capacity: the type is not asked for until the back-off is over."""
        if self._launchable.fails and self._launchable.zone_for(offering, now) is None:
            until = now + self._backoff_s
            self._launchable.backoff[offering.instance_type] = until
            self._agenda.at(until, self._backed_off)

    def _backed_off(self, event: Event) -> None:
        self._ledger.announce(event.at)

    def launch(self, offering: Offering, now: float) -> None:
        """Launch one instance."""
        number = self._ledger.launches
        running_at = now + self._launch_s[number]
        if self._fulfilment_s is not None:
            running_at += self._fulfilment_s[number]
        registered_at = running_at + self._register_s[number] * offering.boot_factor + offering.boot_delay_s
        zone = self._launchable.zone_for(offering, now) if self._launchable.picks_zone else None
        if zone is None:
            zone = number % len(self._spec.zones)
        instance = self._ledger.launch(offering, zone, now, running_at)
        # What only makes up minvCpus keeps no run going.
        essential = not self._ledger.is_minimum(instance)
        self._agenda.at(registered_at, self._registered, instance, essential=essential)
        self._interruptions.launched(instance, running_at)

    def _registered(self, event: Event) -> None:
        instance: Instance = event.subject
        if instance.number not in self._ledger.booting:
            return
        self._ledger.register(instance, event.at)
        self._scale_in.idle(instance, event.at)
        self._ledger.announce(event.at)
