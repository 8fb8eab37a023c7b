"""The instance types that an environment may launch, and what is known of each: price, Spot market, boot, memory.

What a Spot instance costs and how often it is taken away comes about in this order (`spot_quote`):

- The price is what the scenario states of the type; else what was recorded (``environment.spot.prices.history``); else
  what a catalog of the user's has from EC2's price history; else the on-demand price less the savings that the Spot
  Instance Advisor tells of the type, or less the scenario's own ``discount``.
- The bucket is the Advisor's, 0 (less than 5 % of instances interrupted in a month) to 4 (more than 20 %).
- The hazard per hour is the scenario's ``ratePerHour``, or the bucket's, times ``hazardScale``, times the factor of the
  allocation strategy (`batchsim.spec.allocation_strategies`); none where a recorded market says what can be had.

``bidPercentage`` refers to the on-demand price. Whoever bids too low gets nothing, and pays the market price otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from batchsim.catalog.catalog import Catalog, NotInCatalogError
from batchsim.catalog.instance_types import InstanceType, expand
from batchsim.catalog.memory import is_measured, usable_memory_mib
from batchsim.catalog.prices import on_demand_usd_per_hour, regions, spot_usd_per_hour
from batchsim.catalog.spot_advisor import WORST_BUCKET, SpotAdvice, interruption_hazard_per_hour, spot_advice
from batchsim.scenario.sections.spot_recordings import PriceSteps
from batchsim.spec.allocation_strategies import DEFAULT_STRATEGY, strategy_named
from batchsim.spec.assumptions import Assumptions, Discount, RatePerHour
from batchsim.spec.configuration import Offering, SpotTrace
from batchsim.spec.memory_margin import margin_mib
from batchsim.spec.stated_prices import StatedPrices

#: Factors on the registration delay: driver start, big hosts, firmware (assumptions).
GPU_BOOT, LARGE_BOOT, METAL_BOOT = 1.5, 1.3, 4.0
LARGE_VCPUS = 192
#: So many types are named in a message.
NAMED = 5


class UnpricedError(ValueError):
    """Types of which the recorded prices have none at the start."""


class NoPriceError(ValueError):
    """A figure that the catalog lacks and the scenario does not state.

    Parameters
    ----------
    example : str
        The override that would state it.
    """

    def __init__(self, lacking: str, example: str) -> None:
        super().__init__(lacking, example)
        self.lacking, self.example = lacking, example


@contextmanager
def cured_by(example: str) -> Iterator[None]:
    """What the catalog lacks could be stated like this.

    Raises
    ------
    NoPriceError
        Instead of what the catalog raises.
    """
    try:
        yield
    except NotInCatalogError as error:
        raise NoPriceError(str(error), example) from None


@dataclass(frozen=True)
class Market:
    """Where prices come from: a region, the scenario's word on it, the catalog, and what was recorded.

    Attributes
    ----------
    spot_trace : SpotTrace or None
        How many Spot Instances could be had; None where the scenario names no recording.
    recorded_prices : mapping or None
        Type → from when on how many USD per hour; None where the scenario names no recording.
    """

    region: str
    settings: Assumptions
    catalog: Catalog
    spot_trace: SpotTrace | None = None
    recorded_prices: Mapping[str, PriceSteps] | None = None
    _offered: dict[Hashable, tuple[Offering, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def offerings(self, resources: Mapping[str, Any]) -> tuple[Offering, ...]:
        """What `offerings` gives, made once for each list of types, purchase option, strategy and bid."""
        members = ("type", "allocationStrategy", "bidPercentage")
        key = (*(resources.get(member) for member in members), *resources["instanceTypes"])
        if key not in self._offered:
            self._offered[key] = tuple(offerings(resources, self))
        return self._offered[key]

    def is_same(self, region: str, settings: Assumptions, catalog: Catalog) -> bool:
        """Whether it is what these would make; what was recorded may have changed since it was read."""
        is_recorded = self.spot_trace is not None or self.recorded_prices is not None
        return not is_recorded and (region, settings, catalog) == (self.region, self.settings, self.catalog)

    @cached_property
    def stated(self) -> StatedPrices:
        """The prices that the scenario states."""
        return StatedPrices(self.settings.prices.overrides)

    @cached_property
    def on_demand(self) -> Mapping[str, float]:
        """The catalog's on-demand prices; none in a region of which it has none and the scenario states its own.

        Raises
        ------
        NoPriceError
            If the catalog has none of the region, and the scenario states none.
        """
        if self.settings.prices.overrides and self.region not in regions(self.catalog):
            return {}
        with cured_by("c6i.large: USD per hour"):
            return on_demand_usd_per_hour(self.region, self.catalog)


@dataclass(frozen=True, slots=True)
class SpotQuote:
    """What is known of a type on the Spot market.

    Attributes
    ----------
    usd_per_hour : float
        The market price at the start, before any discount.
    steps : tuple of (float, float)
        Of a recorded price: from when on it is what. Empty where it is fixed.
    """

    usd_per_hour: float
    bucket: int
    hazard_per_hour: float
    steps: PriceSteps = ()


def offerings(resources: Mapping[str, Any], market: Market) -> Iterator[Offering]:
    """The types that may be launched: an explicit size leaves the expansion of its family.

    Parameters
    ----------
    resources : mapping
        A ComputeResource of type EC2 or SPOT.

    Raises
    ------
    NoPriceError
        If neither the catalog nor the scenario has what is needed.
    UnpricedError
        If types have no recorded price at the start.
    """
    make = _spot if resources["type"] == "SPOT" else _on_demand
    unpriced: list[str] = []
    for listed, kind in _candidates(resources["instanceTypes"], market.catalog):
        try:
            made = make(kind, listed, resources, market)
        except UnpricedError:
            unpriced.append(kind.name)
            continue
        if made is not None:
            yield made
    if unpriced:
        types = ", ".join(unpriced[:NAMED]) + (" …" if len(unpriced) > NAMED else "")
        raise UnpricedError(f"the recorded Spot prices have none at the start for {types}")


def _candidates(entries: Sequence[str], catalog: Catalog) -> Iterator[tuple[int, InstanceType]]:
    """Types with the place of the entry that they come from: their own if they have one, else the first family's."""
    seen = {entry for entry in entries if "." in entry}
    for listed, entry in enumerate(entries):
        for kind in expand(entry, catalog=catalog):
            if (kind.name in seen) == (entry == kind.name):
                seen.add(kind.name)
                yield listed, kind


def _on_demand(kind: InstanceType, listed: int, resources: Mapping[str, Any], market: Market) -> Offering | None:
    """A type on demand; None where it can't be had, as far as is known."""
    usd = on_demand_price(kind, market)
    if usd is None or "on-demand" not in kind.usage_classes:
        return None
    share = market.stated.instance_share(kind, resources["type"])
    return _offering(kind, listed, market.settings, usd * share, usd)


def on_demand_price(kind: InstanceType, market: Market) -> float | None:
    """The on-demand price: what the scenario states, else the catalog's; None where neither knows it."""
    stated = market.stated.on_demand(kind)
    return market.on_demand.get(kind.name) if stated is None else stated


def _spot(kind: InstanceType, listed: int, resources: Mapping[str, Any], market: Market) -> Offering | None:
    """A type on the Spot market; None where it can't be had, as far as is known."""
    on_demand = on_demand_price(kind, market)
    if on_demand is None:
        if market.stated.spot(kind) is None:
            return None
        on_demand = math.inf  # no bid is below a price that nobody knows
    quote = spot_quote(kind, on_demand, resources.get("allocationStrategy", DEFAULT_STRATEGY), market)
    if quote is None:
        return None
    share = market.stated.instance_share(kind, resources["type"])
    bid = on_demand * resources.get("bidPercentage", 100) / 100
    return _offering(
        kind,
        listed,
        market.settings,
        quote.usd_per_hour * share,
        on_demand,
        market_usd_per_hour=quote.usd_per_hour,
        interruption_bucket=quote.bucket,
        interruptions_per_hour=quote.hazard_per_hour,
        # Nobody pays more than the bid, while the instances that it ends are still there.
        price_steps=tuple((at, min(paid, bid) * share) for at, paid in quote.steps),
        above_bid=above_bid(bid, quote.steps or ((0.0, quote.usd_per_hour),)),
    )


def spot_quote(kind: InstanceType, on_demand: float, strategy: str, market: Market) -> SpotQuote | None:
    """Spot price, bucket and hazard of a type; None where it can't be had, as far as is known.

    Parameters
    ----------
    on_demand : float
        Its on-demand price in USD per hour.
    strategy : str
        The allocation strategy that it would be launched by.

    Raises
    ------
    NoPriceError
        If the catalog lacks what the price is made of.
    UnpricedError
        If prices are recorded, and this type has none at the start.
    """
    if "spot" not in kind.usage_classes:
        return None
    stated, source, catalog = market.stated.spot(kind), market.settings.spot.prices, market.catalog
    with cured_by(f"{kind.name}: {{spot: USD per hour}}"):
        advice = _advice(kind, market, is_stated=stated is not None, is_needed=source == "advisor")
        live: Mapping[str, float] = {}
        if stated is None and source == "advisor" and not catalog.is_bundled:
            live = spot_usd_per_hour(market.region, catalog)
    if advice is None:
        return None
    hazard = _hazard_per_hour(advice.bucket, strategy, market.settings)
    if stated is not None:
        return SpotQuote(stated, advice.bucket, hazard)
    if market.recorded_prices is not None:
        steps = _recorded(kind, market.recorded_prices)
        return SpotQuote(steps[0][1], advice.bucket, hazard, steps)
    savings = source.discount if isinstance(source, Discount) else advice.savings
    return SpotQuote(live.get(kind.name, on_demand * (1 - savings)), advice.bucket, hazard)


def _recorded(kind: InstanceType, prices: Mapping[str, PriceSteps]) -> PriceSteps:
    """The recorded prices of a type, the first at second 0."""
    steps = prices.get(kind.name, ())
    if not steps or steps[0][0] > 0:
        raise UnpricedError(kind.name)
    return steps


def _advice(kind: InstanceType, market: Market, *, is_stated: bool, is_needed: bool) -> SpotAdvice | None:
    """The Advisor's statistics of a type; None where they say that the region does not have it on Spot.

    Of a type whose price is stated, and of a region without statistics unless prices are made of them, the worst is
    assumed.

    Raises
    ------
    NotInCatalogError
        If they are needed and the catalog has none of the region.
    """
    unknown = SpotAdvice(WORST_BUCKET, 0.0)
    try:
        return spot_advice(market.region, market.catalog).get(kind.name, unknown if is_stated else None)
    except NotInCatalogError:
        if is_needed and not is_stated:
            raise
        return unknown


def _hazard_per_hour(bucket: int, strategy: str, settings: Assumptions) -> float:
    """How often an hour an instance is interrupted: the scenario's own rate, or the bucket's for the strategy."""
    interruptions = settings.spot.interruptions
    if isinstance(interruptions, RatePerHour):
        return interruptions.rate_per_hour
    if interruptions != "advisor":
        return 0.0
    factor = strategy_named(strategy).hazard_factor
    return interruption_hazard_per_hour(bucket) * settings.spot.hazard_scale * factor


def above_bid(bid: float, steps: PriceSteps) -> tuple[tuple[float, bool], ...]:
    """From when on a price is above the bid, or is not; empty where it never is.

    Examples
    --------
    >>> above_bid(0.05, ((0.0, 0.04), (60.0, 0.06), (120.0, 0.07)))
    ((0.0, False), (60.0, True))
    """
    above: list[tuple[float, bool]] = []
    for at, usd in steps:
        # A hair of rounding error is not a higher price.
        passes = usd > bid * (1 + 1e-9)
        if not above or passes != above[-1][1]:
            above.append((at, passes))
    return tuple(above) if any(passes for _, passes in above) else ()


def boot_factor(kind: InstanceType) -> float:
    """How much longer than others a type takes to register."""
    factor = GPU_BOOT if kind.gpus else 1.0
    if kind.bare_metal:
        return factor * METAL_BOOT
    return factor * LARGE_BOOT if kind.vcpus > LARGE_VCPUS else factor


def _offering(
    kind: InstanceType, listed: int, settings: Assumptions, usd: float, on_demand: float, **spot: Any
) -> Offering:
    image, stated = settings.image, settings.ec2.memory.get(kind.name)
    memory_mib = usable_memory_mib(kind, reserved_mib=settings.ec2.reserved_memory) if stated is None else int(stated)
    # What was not measured is the worst of the table already: a job beyond it is no question of images.
    margin = margin_mib(memory_mib, kind.memory_mib) if stated is None and is_measured(kind) else 0
    return Offering(
        instance_type=kind.name,
        listed=listed,
        vcpus=kind.vcpus,
        memory_mib=memory_mib,
        memory_margin_mib=margin,
        memory_stated=stated is not None,
        gpus=kind.gpus,
        architecture="arm64" if "arm64" in kind.architectures else "x86_64",
        price_usd_per_hour=usd,
        on_demand_usd_per_hour=on_demand,
        boot_factor=boot_factor(kind),
        pull_mib_per_s=image.local_storage_pull_rate if kind.local_storage_gb else image.pull_rate,
        **spot,
    )
