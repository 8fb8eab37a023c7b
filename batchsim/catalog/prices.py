"""Prices and Spot statistics of instance types, by region.

A cell may be marked: ``~0.34`` was derived from other sizes of the type's family in the region, ``~0.34:c6i`` by those
of another family, and ``~`` alone is a type that the region offers and the catalog has no price of
(``data/SOURCES.md``). Only the bundled tables have marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

from batchsim.catalog.catalog import BUNDLED, Catalog, columns_of
from batchsim.catalog.tables import cells, cells_if_any, derived, figure


@cache
def regions(catalog: Catalog = BUNDLED) -> tuple[str, ...]:
    """The regions with on-demand prices."""
    return tuple(columns_of("on_demand_prices.csv", catalog))


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
    priced = cells("on_demand_prices.csv", region, "on-demand prices", catalog)
    return {name: float(figure(cell)) for name, cell in priced if cell != "~"}


@cache
def derived_prices(region: str, catalog: Catalog = BUNDLED) -> Mapping[str, str]:
    """Types whose on-demand price is no figure of a source, by the family that it was derived from.

    Where the catalog has no prices nothing is derived.
    """
    return derived(cells_if_any("on_demand_prices.csv", region, catalog))


@cache
def offered_without_price(region: str, catalog: Catalog = BUNDLED) -> frozenset[str]:
    """Types that a region offers, as far as the catalog knows, and of which it has no on-demand price."""
    return frozenset(name for name, cell in cells_if_any("on_demand_prices.csv", region, catalog) if cell == "~")


@cache
def spot_usd_per_hour(region: str, catalog: Catalog) -> Mapping[str, float]:
    """Spot price by instance type: Linux, mean over the zones, USD per hour; only a user's catalog has them.

    Raises
    ------
    NotInCatalogError
        If the catalog has no Spot prices of the region.
    """
    return {name: float(cell) for name, cell in cells("spot_prices.csv", region, "Spot prices", catalog)}
