"""Which of a scenario's prices were derived, of which day they are, and from which catalog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from batchsim.catalog import fargate
from batchsim.catalog.catalog import Catalog
from batchsim.catalog.instance_types import instance_types
from batchsim.catalog.prices import NEWEST, as_of, derived_prices, regions
from batchsim.catalog.spot_advisor import derived_advice
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.spec.price_sources import DerivedType, PriceSources
from batchsim.spec.stated_prices import StatedPrices

#: Prices of before that are told to be old.
OLD = timedelta(days=365)


def price_sources(
    region: str,
    start: datetime,
    settings: Assumptions,
    catalog: Catalog,
    environments: Sequence[ComputeEnvironment],
) -> PriceSources:
    """Day and catalog of the prices, and the candidates whose price or Spot statistics were derived.

    Age is that at the scenario's start, or on the day of the newest bundled prices where that is later. It is not
    today's: equal scenarios give equal bytes on any day.
    """
    # In a region that the catalog lacks every price is stated: they are of no day.
    day = as_of(region, catalog) if region in regions(catalog) else None
    candidates: dict[str, DerivedType] = {}
    for environment in environments:
        for each in _derived(region, settings, catalog, environment):
            # The same type may be launched as EC2 and as SPOT.
            known = candidates.setdefault(each.instance_type, each)
            if not known.spot_derived_from and each.spot_derived_from:
                candidates[each.instance_type] = replace(known, spot_derived_from=each.spot_derived_from)
    on_fargate = any(environment.fargate is not None for environment in environments)
    return PriceSources(
        as_of=day,
        is_old=day is not None and max(start.date(), NEWEST) - day > OLD,
        catalog=catalog.digest,
        stated=tuple(sorted(settings.prices.overrides)),
        fargate_derived=on_fargate and fargate.is_derived(region, catalog),
        derived=tuple(candidates[name] for name in sorted(candidates)),
    )


def _derived(
    region: str, settings: Assumptions, catalog: Catalog, environment: ComputeEnvironment
) -> Iterator[DerivedType]:
    """The types of an environment of which something was derived."""
    if not environment.offerings:
        return
    prices, known = derived_prices(region, catalog), instance_types(catalog)
    stated = StatedPrices(settings.prices.overrides)
    by_advisor = "advisor" in (settings.spot.prices, settings.spot.interruptions)
    advice = derived_advice(region, catalog) if environment.launches_spot_instances and by_advisor else {}
    for offering in environment.offerings:
        name = offering.instance_type
        # A price that the scenario states is not the catalog's.
        by_price = prices.get(name) if stated.on_demand(known[name]) is None else None
        by_advice = advice.get(name)
        if by_price or by_advice:
            yield DerivedType(name, offering.on_demand_usd_per_hour, by_price, by_advice)
