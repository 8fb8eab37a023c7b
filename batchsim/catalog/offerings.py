"""Prices and Spot statistics of instance types, by region."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from batchsim.catalog.tables import BUNDLED, Catalog, columns_of, rows
from batchsim.units import HOURS_PER_MONTH


class SpotAdvice(NamedTuple):
    """What the Spot Instance Advisor says of one type in one region."""

    bucket: int
    savings: float  # share of the on-demand price


def regions(catalog: Catalog = BUNDLED) -> list[str]:
    """The regions with on-demand prices."""
    return columns_of("on_demand_prices.csv", catalog)


def as_of(region: str, catalog: Catalog = BUNDLED) -> date:
    """The day that a region's on-demand prices are of."""
    if catalog.day is not None:
        return catalog.day
    return date(2026, 7, 20) if region == "us-east-1" else date(2025, 3, 2)


@cache
def on_demand_usd_per_hour(region: str, catalog: Catalog = BUNDLED) -> Mapping[str, float]:
    """On-demand price by instance type: Linux, shared tenancy, USD per hour; types not offered are not in it.

    Raises
    ------
    NotInCatalogError
        If the catalog has no prices of the region.
    """
    cells = _cells("on_demand_prices.csv", region, "on-demand prices", catalog)
    return {name: float(cell.lstrip("~")) for name, cell in cells}


@cache
def spot_usd_per_hour(region: str, catalog: Catalog) -> Mapping[str, float]:
    """Spot price by instance type: Linux, mean over the zones, USD per hour; only a user's catalog has them.

    Raises
    ------
    NotInCatalogError
        If the catalog has no Spot prices of the region.
    """
    return {name: float(cell) for name, cell in _cells("spot_prices.csv", region, "Spot prices", catalog)}


@cache
def spot_advice(region: str, catalog: Catalog = BUNDLED) -> Mapping[str, SpotAdvice]:
    """Interruption bucket and savings by instance type.

    Raises
    ------
    NotInCatalogError
        If the catalog has no Spot statistics of the region.
    """
    advice = {}
    for name, cell in _cells("spot_advisor.csv", region, "Spot statistics", catalog):
        bucket, savings = cell.split(":")
        advice[name] = SpotAdvice(int(bucket), int(savings) / 100)
    return advice


def _cells(table: str, region: str, what: str, catalog: Catalog) -> list[tuple[str, str]]:
    reader = rows(table, catalog)
    header = next(reader)
    if region not in header[1:]:
        raise catalog.lacks(f"no {what} for {region}")
    place = header.index(region)
    return [(row[0], row[place]) for row in reader if row[place]]


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
