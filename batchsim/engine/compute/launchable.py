"""What may be launched now: under ``maxvCpus``, with capacity that is to be had, at a price that is not above the bid.

``maxvCpus`` counts the vCPUs of instances, but for those that ECS manages. Every strategy but BEST_FIT on demand may
pass it by less than one instance (API ``ComputeResource.maxvCpus``): a launch is allowed while what is there and what
is booting is below it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from batchsim.engine.account_limits import CapacityLimits
from batchsim.engine.capacity_reservations import EnvironmentReservations
from batchsim.engine.compute.free_capacity import places_on
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.compute.recorded_market import RecordedMarket
from batchsim.engine.compute.spot_pools import SpotPools
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape
from batchsim.spec.ids import ShapeId

#: More vCPUs than there are: of instances that are under no limit.
UNLIMITED: Final = 1 << 40


def worth_asking_for(spec: ComputeEnvironment, requests: Sequence[Shape]) -> tuple[Offering, ...]:
    """The types of an environment, but those that are always above the bid, if no job needs one of these."""
    affordable = tuple(offering for offering in spec.offerings if not offering.is_always_above_bid)
    if len(affordable) == len(spec.offerings):
        return spec.offerings
    possible = replace(spec, offerings=affordable)
    return affordable if all(possible.can_hold(asked) for asked in requests if spec.can_hold(asked)) else spec.offerings


class Launchable:
    """The questions of what one environment may launch.

    Attributes
    ----------
    offerings : tuple of Offering
        The types that are asked for.
    scarce : bool
        Whether there may be less capacity than is asked for.
    fails : bool
        Whether a launch may find no capacity: also where there is all that is asked for or, during an outage, none.
    picks_zone : bool
        Whether the zone depends on where there is capacity.
    backoff : dict of str to float
        Until when a type is not asked for.
    chosen : dict of Shape to Offering
        What was last chosen for jobs that ask for so much.
    """

    def __init__(
        self,
        spec: ComputeEnvironment,
        requests: Sequence[Shape],
        ledger: InstanceLedger,
        limits: CapacityLimits,
        market: RecordedMarket | None,
        pools: SpotPools | None,
        reservations: EnvironmentReservations | None = None,
    ) -> None:
        self._reservations = reservations
        self.backoff: dict[str, float] = {}
        self._requests = requests
        self._ledger = ledger
        self._limits = limits
        self._unlimited = limits.unlimited
        self._market = market
        self.update(spec, pools)

    def update(self, spec: ComputeEnvironment, pools: SpotPools | None) -> None:
        """Launch what another configuration says from now on."""
        requests = self._requests
        self._confined = self._reservations is not None and self._reservations.is_confined
        self.offerings = worth_asking_for(spec, requests)
        self.bids_matter = any(offering.above_bid for offering in self.offerings)
        self.scarce = self._market is not None or not self._unlimited or self.bids_matter or self._confined
        self.fails = self.scarce or pools is not None
        self.picks_zone = self.fails or self._reservations is not None
        self.chosen: dict[Shape, Offering] = {}
        self._spec = spec
        self._pools = pools
        self._may_exceed = spec.overshoots
        self._most = spec.max_vcpus if spec.limits_instances else UNLIMITED
        self._keeps_type = spec.strategy.keeps_type
        self._prices_change = any(offering.price_steps for offering in self.offerings)
        self._suits = [spec.suits(asked) for asked in requests]
        self._holding: dict[int, tuple[Offering, ...]] = {}
        self._smallest: dict[int, int] = {}

    @property
    def bid_steps(self) -> list[float]:
        """When a type's price passes the bid, or no longer does."""
        return sorted({at for each in self.offerings for at, _ in each.above_bid if at > 0})

    # The limit

    @property
    def left(self) -> int:
        """VCPUs under the limit."""
        return self._most - self._ledger.vcpus

    def under_limit(self, offering: Offering, instances: int = 1) -> bool:
        """Whether so many instances may be launched as far as the limit goes."""
        if self._may_exceed and instances == 1:
            return self.left > 0
        return instances * offering.vcpus <= self.left

    def most_under_limit(self, offering: Offering) -> int:
        """How many instances of a type may be launched under the limit."""
        left = max(self.left, 0)
        return -(-left // offering.vcpus) if self._may_exceed else left // offering.vcpus

    # Capacity

    def zone_for(self, offering: Offering, now: float) -> int | None:
        """The next zone in turn that has capacity for an instance; None where none has, or the price is too high.

        Reserved capacity comes first, and is had while the type is in back-off.
        """
        zones = self._spec.zones
        if self._reservations is not None:
            reserved = self._reservations.zone_for(offering, self._ledger.launches)
            if reserved is not None or self._confined:
                return reserved
        if not self._is_asked_for(offering, now):
            return None
        if self._market is not None and len(self._ledger.instances) >= self._market.available(now):
            return None
        for turn in range(len(zones)):
            zone = (self._ledger.launches + turn) % len(zones)
            if self._has_capacity(offering, zone, now):
                return zone
        return None

    def _has_capacity(self, offering: Offering, zone: int, now: float) -> bool:
        """Whether a pool is open for an instance in a zone, and the account's limits allow for it."""
        if self._pools is not None and not self._pools.is_open(offering, zone, now):
            return False
        return self._unlimited or self._limits.has(offering, self._spec.account_option, self._spec.zones[zone], now)

    def _is_asked_for(self, offering: Offering, now: float) -> bool:
        """Whether a type is not in back-off, and its price not above the bid."""
        return self.backoff.get(offering.instance_type, 0.0) <= now and not offering.is_above_bid(now)

    def to_be_had(self, types: Sequence[Offering], now: float) -> list[float]:
        """How many instances of each type capacity is there for, of one after the other."""
        asked = [offering for offering in types if self._is_asked_for(offering, now)]
        pools, every = self._pools, self._spec.zones
        zones = [every if pools is None else pools.open_zones(offering, now) for offering in asked]
        found = self._limits.launchable(asked, self._spec.account_option, zones, now)
        if self._market is not None:
            found = _one_after_the_other(found, self._market.available(now) - len(self._ledger.instances))
        by_type = {offering.instance_type: count for offering, count in zip(asked, found, strict=True)}
        if self._reservations is not None:
            unreserved = {} if self._confined else by_type
            return [unreserved.get(o.instance_type, 0) + self._reservations.free(o) for o in types]
        return [by_type.get(offering.instance_type, 0) for offering in types]

    # Both

    def may_launch(self, offering: Offering, now: float) -> bool:
        """Whether an instance may be launched now."""
        return self.under_limit(offering) and (not self.fails or self.zone_for(offering, now) is not None)

    def may_launch_all(self, offering: Offering, instances: int, now: float) -> bool:
        """Whether so many instances may be launched at once: under the limit to the last, and with capacity."""
        if instances <= 0 or instances * offering.vcpus > self.left:
            return False
        if self._reservations is not None:
            instances -= self._reservations.free(offering)
            if instances <= 0 or self._confined:
                return instances <= 0
        if self.backoff.get(offering.instance_type, 0.0) > now:
            return False
        option, zones = self._spec.account_option, self._spec.zones
        return not self.scarce or self._limits.has_all(offering, option, zones, now, instances)

    # Types for a job

    def on_offer(self, now: float) -> Sequence[Offering]:
        """The types whose price is not above the bid, at the prices of this moment."""
        offerings = self.offerings
        if self.bids_matter:
            offerings = tuple(offering for offering in offerings if not offering.is_above_bid(now))
        if self._prices_change:
            return [offering.priced_at(now) for offering in offerings]
        return offerings

    def listed_for(self, request: ShapeId, now: float) -> tuple[Offering, ...]:
        """The types that may be taken for a job: BEST_FIT waits for the one that it chose when that is short."""
        if not (self.fails and self._keeps_type) or self._requests[request].nodes:
            return self.offerings
        best = self.chosen.get(self._requests[request])
        return self.offerings if best is None or best.is_above_bid(now) else (best,)

    def types_for(self, request: ShapeId, now: float) -> Sequence[Offering]:
        """Those of them that hold it, were there no limit."""
        if request not in self._holding:
            asked = self._requests[request]
            holding = tuple(offering for offering in self.offerings if offering.holds(asked))
            self._holding[request] = holding if self._suits[request] else ()
        listed = self.listed_for(request, now)
        return self._holding[request] if listed is self.offerings else listed

    def launches_for(self, request: ShapeId, now: float) -> bool:
        """Whether an instance that holds a job may be launched now."""
        if not self.fails:
            return self.left > 0 if self._may_exceed else self._smallest_for(request) <= self.left
        return any(self.may_launch(each, now) for each in self.types_for(request, now))

    def _smallest_for(self, request: ShapeId) -> int:
        """The vCPUs of the smallest type that holds a job."""
        smallest = self._smallest.get(request)
        if smallest is None:
            asked = self._requests[request]
            smallest = self._smallest[request] = min(o.vcpus for o in self.offerings if o.holds(asked))
        return smallest

    def limit_allows(self, request: ShapeId, now: float) -> bool:
        """Whether an instance that holds a job, or one for each of its nodes, would be under the limit."""
        asked = self._requests[request]
        nodes = max(len(asked.nodes), 1)
        return any(self.under_limit(each, nodes) and each.holds(asked) for each in self.listed_for(request, now))

    def is_short(self, request: ShapeId, now: float) -> bool:
        """Whether a job for which none may be launched lacks capacity, and not room under the limit.

        Where it runs out, whether a launch would be under the limit; where all may be had or nothing, whether nothing
        may.
        """
        if self.scarce:
            return self.limit_allows(request, now)
        return self.fails and all(self.zone_for(each, now) is None for each in self.types_for(request, now))

    def more_places(self, request: ShapeId, types: Sequence[Offering], now: float, limit: bool) -> float:
        """For how many jobs instances may be launched.

        As a plan does: so many jobs as their vCPUs are under the limit, on instances that are.
        """
        asked, more = self._requests[request], math.inf
        if limit:
            left = max(self.left, 0)
            by_type = max(self.most_under_limit(each) * places_on(each, asked) for each in types)
            more = min(float(math.ceil(left / asked.vcpus)), by_type)
        if more and self.fails:
            counts = zip(self.to_be_had(types, now), types, strict=True)
            more = min(more, sum(count * places_on(each, asked) for count, each in counts))
        return more

    def reopens(self, request: ShapeId, now: float) -> bool:
        """Whether an outage is to end that alone keeps an instance from being launched that holds a job."""
        if self._pools is None:
            return False
        option, zones = self._spec.account_option, self._spec.zones
        return any(
            not offering.is_above_bid(now) and self._limits.has(offering, option, zones[zone], now)
            for offering in self.types_for(request, now)
            for zone in self._pools.reopens(offering, now)
        )

    def may_recover(self, waited_s: float, now: float) -> bool:
        """Whether capacity may yet come; a recording of nothing, or one that was gone through twice, brings no more."""
        if self._market is not None and self._market.length_s and waited_s <= 2 * self._market.length_s:
            return True
        bid_met_at = max((at for each in self.offerings for at, above in each.above_bid if not above), default=0.0)
        return bid_met_at > now or self._limits.changes_after(now)


def _one_after_the_other(wanted: Sequence[float], available: int) -> list[float]:
    """How many each gets of what is available, after those before it."""
    got: list[float] = []
    left = float(max(available, 0))
    for instances in wanted:
        got.append(min(instances, left))
        left -= got[-1]
    return got
