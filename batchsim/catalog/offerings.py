"""Prices and Spot statistics of instance types, by region.

A cell may be marked: ``~0.34`` was derived from other sizes of the type's family in the region, ``~0.34:c6i`` by those
of another family, and ``~`` alone is a type that the region offers and the catalog has no price of
(``data/SOURCES.md``). Only the bundled tables have marks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from batchsim.catalog.tables import BUNDLED, Catalog, NotInCatalogError, columns_of, rows
from batchsim.units import HOURS_PER_MONTH


class SpotAdvice(NamedTuple):
    """What the Spot Instance Advisor says of one type in one region."""

    bucket: int
    savings: float  # share of the on-demand price


def regions(catalog: Catalog = BUNDLED) -> list[str]:
    """The regions with on-demand prices."""
    return columns_of("on_demand_prices.csv", catalog)


#: The day of the newest bundled prices.
NEWEST = date(2026, 7, 20)
#: Regions all of whose prices are of that day.
_NEWER = frozenset({"us-east-1", "us-gov-east-1", "us-gov-west-1"})


def as_of(region: str, catalog: Catalog = BUNDLED) -> date:
    """The day that a region's on-demand prices are of; the oldest of them where they are of several."""
    if catalog.day is not None:
        return catalog.day
    return NEWEST if region in _NEWER else date(2025, 3, 2)


@cache
def on_demand_usd_per_hour(region: str, catalog: Catalog = BUNDLED) -> Mapping[str, float]:
    """On-demand price by instance type: Linux, shared tenancy, USD per hour; types without a price are not in it.

    Raises
    ------
    NotInCatalogError
        If the catalog has no prices of the region.
    """
    cells = _cells("on_demand_prices.csv", region, "on-demand prices", catalog)
    return {name: float(_figure(cell)) for name, cell in cells if cell != "~"}


@cache
def derived_prices(region: str, catalog: Catalog = BUNDLED) -> Mapping[str, str]:
    """Types whose on-demand price is no figure of a source, by the family that it was derived from.

    Where the catalog has no prices nothing is derived.
    """
    return _derived(_cells_if_any("on_demand_prices.csv", region, catalog))


@cache
def offered_without_price(region: str, catalog: Catalog = BUNDLED) -> frozenset[str]:
    """Types that a region offers, as far as the catalog knows, and of which it has no on-demand price."""
    return frozenset(name for name, cell in _cells_if_any("on_demand_prices.csv", region, catalog) if cell == "~")


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
        bucket, savings = _figure(cell).split(":")
        advice[name] = SpotAdvice(int(bucket), int(savings) / 100)
    return advice


@cache
def derived_advice(region: str, catalog: Catalog = BUNDLED) -> Mapping[str, str]:
    """Types whose Spot statistics are those of a neighbour, by the family of that neighbour."""
    return _derived(_cells_if_any("spot_advisor.csv", region, catalog))


def _derived(cells: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Types of marked cells, by family."""
    derived = {}
    for name, cell in cells:
        if cell.startswith("~") and cell != "~":
            family = cell.rpartition(":")[2]
            derived[name] = family if family[:1].isalpha() else name.partition(".")[0]
    return derived


def _figure(cell: str) -> str:
    """A cell without its marks."""
    figure, _, family = cell.removeprefix("~").rpartition(":")
    return figure if family[:1].isalpha() else cell.removeprefix("~")


def _cells_if_any(table: str, region: str, catalog: Catalog) -> tuple[tuple[str, str], ...]:
    try:
        return _cells(table, region, "figures", catalog)
    except NotInCatalogError:
        return ()


@cache
def _cells(table: str, region: str, what: str, catalog: Catalog) -> tuple[tuple[str, str], ...]:
    reader = rows(table, catalog)
    header = next(reader)
    if region not in header[1:]:
        raise catalog.lacks(f"no {what} for {region}")
    place = header.index(region)
    return tuple((row[0], row[place]) for row in reader if row[place])


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
