"""The Spot Instance Advisor's statistics by type and region."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from batchsim.catalog.catalog import BUNDLED, Catalog
from batchsim.catalog.tables import cells, cells_if_any, derived, figure
from batchsim.units import HOURS_PER_MONTH


class SpotAdvice(NamedTuple):
    """What the Spot Instance Advisor says of one type in one region."""

    bucket: int
    savings: float  # share of the on-demand price


@cache
def spot_advice(region: str, catalog: Catalog = BUNDLED) -> Mapping[str, SpotAdvice]:
    """Interruption bucket and savings by instance type.

    Raises
    ------
    NotInCatalogError
        If the catalog has no Spot statistics of the region.
    """
    advice = {}
    for name, cell in cells("spot_advisor.csv", region, "Spot statistics", catalog):
        bucket, savings = figure(cell).split(":")
        advice[name] = SpotAdvice(int(bucket), int(savings) / 100)
    return advice


@cache
def derived_advice(region: str, catalog: Catalog = BUNDLED) -> Mapping[str, str]:
    """Types whose Spot statistics are those of a neighbour, by the family of that neighbour."""
    return derived(cells_if_any("spot_advisor.csv", region, catalog))


#: Share of instances interrupted in a month that each of the Advisor's buckets stands for: its middle, and 30 % for
#: the open one.
MONTHLY_SHARE = (0.025, 0.075, 0.125, 0.175, 0.30)


#: The bucket taken for a type of which there are no statistics (an assumption).
WORST_BUCKET = len(MONTHLY_SHARE) - 1


def interruption_hazard_per_hour(bucket: int) -> float:
    """Constant hazard whose monthly share of interrupted instances is the bucket's: ``-ln(1 - p) / 730``.

    AWS does not define the frequency's denominator; the share of instances interrupted in a month is an assumption.

    Examples
    --------
    >>> round(interruption_hazard_per_hour(2), 6)
    0.000183
    """
    return -math.log1p(-MONTHLY_SHARE[bucket]) / HOURS_PER_MONTH
