"""Where a run's prices come from: region, day, catalog, and which of them were derived from those of other types."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from batchsim.catalog import fargate
from batchsim.catalog.instance_types import instance_types
from batchsim.catalog.prices import NEWEST, as_of, derived_prices, regions
from batchsim.catalog.spot_advisor import derived_advice
from batchsim.recording import Recording
from batchsim.scenario.scenario import Scenario
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.spec.stated_prices import StatedPrices

#: Prices of before that are told to be old.
OLD = timedelta(days=365)


def provenance(scenario: Scenario, recording: Recording) -> dict[str, Any]:
    """Region and day of the prices, and the launched types whose price or Spot statistics were derived.

    Age is that at the scenario's start, or on the day of the newest bundled prices where that is later. It is not
    today's: equal scenarios give equal bytes on any day.
    """
    # In a region that the catalog lacks every price is stated: they are of no day.
    day = as_of(scenario.region, scenario.catalog) if scenario.region in regions(scenario.catalog) else None
    environments = scenario.configuration.environments
    candidates: dict[str, dict[str, Any]] = {}
    launched: set[str] = set()
    for number, environment in enumerate(environments):
        for each in _derived(scenario, environment):
            # The same type may be launched as EC2 and as SPOT.
            known = candidates.setdefault(each["instance_type"], each)
            known["spot_derived_from"] = known["spot_derived_from"] or each["spot_derived_from"]
        codes = np.unique(recording.instances.offering[recording.instances.environment == number])
        launched |= {environment.offerings[code].instance_type for code in codes.tolist() if environment.offerings}
    on_fargate = any(environment.fargate is not None for environment in environments)
    return {
        "region": scenario.region,
        "as_of": None if day is None else day.isoformat(),
        "old": day is not None and max(scenario.start.date(), NEWEST) - day > OLD,
        "catalog": scenario.catalog.digest or "bundled",
        "stated": sorted(scenario.environment.prices.overrides),
        "fargate_derived": on_fargate and fargate.is_derived(scenario.region, scenario.catalog),
        "candidates_derived": len(candidates),
        "types": [candidates[name] for name in sorted(launched & {*candidates})],
    }


def _derived(scenario: Scenario, environment: ComputeEnvironment) -> list[dict[str, Any]]:
    """The types of an environment of which something was derived."""
    if not environment.offerings:
        return []
    settings, region, catalog = scenario.environment, scenario.region, scenario.catalog
    prices, known = derived_prices(region, catalog), instance_types(catalog)
    stated = StatedPrices(settings.prices.overrides)
    by_advisor = "advisor" in (settings.spot.prices, settings.spot.interruptions)
    advice = derived_advice(region, catalog) if environment.purchase_option == "SPOT" and by_advisor else {}
    found = []
    for offering in environment.offerings:
        name = offering.instance_type
        # A price that the scenario states is not the catalog's.
        by_price = prices.get(name) if stated.on_demand(known[name]) is None else None
        by_advice = advice.get(name)
        if by_price or by_advice:
            found.append(
                {
                    "instance_type": name,
                    "on_demand_usd_per_hour": offering.on_demand_usd_per_hour,
                    "price_derived_from": by_price,
                    "spot_derived_from": by_advice,
                }
            )
    return found
