"""Fargate: the sizes a task may have, and what it costs."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from batchsim.catalog.catalog import BUNDLED, Catalog, rows

#: vCPU → memory in MiB (API ResourceRequirement, values for Fargate; 77 pairs).
SIZES: dict[float, tuple[int, ...]] = {
    0.25: (512, 1024, 2048),
    0.5: tuple(range(1024, 4096 + 1, 1024)),
    1: tuple(range(2048, 8192 + 1, 1024)),
    2: tuple(range(4096, 16384 + 1, 1024)),
    4: tuple(range(8192, 30720 + 1, 1024)),
    8: tuple(range(16384, 61440 + 1, 4096)),
    16: tuple(range(32768, 122880 + 1, 8192)),
    32: (61440, 122880, 249856),
}

#: Beyond the 20 GB that every task has (us-east-1).
STORAGE_USD_PER_GB_HOUR = 0.000111


class FargatePrice(NamedTuple):
    """USD per hour of each resource that a task requests."""

    usd_per_vcpu_hour: float
    usd_per_gb_hour: float


def is_legal(vcpus: float, memory_mib: int) -> bool:
    """Whether Fargate has this size."""
    return memory_mib in SIZES.get(vcpus, ())


def nearest_legal(vcpus: float, memory_mib: int) -> tuple[float, int] | None:
    """The smallest size that holds a request, or None when none does."""
    holding = [
        (cpu, memory) for cpu, sizes in SIZES.items() for memory in sizes if cpu >= vcpus and memory >= memory_mib
    ]
    return min(holding, default=None)


@cache
def _prices(catalog: Catalog) -> dict[tuple[str, str], FargatePrice]:
    table = rows("fargate_prices.csv", catalog)
    next(table)
    return {
        (region, architecture): FargatePrice(*(float(cell.removeprefix("~")) for cell in cells))
        for region, architecture, *cells in table
    }


@cache
def is_derived(region: str, catalog: Catalog = BUNDLED) -> bool:
    """Whether some Fargate price of a region is no figure of a source."""
    table = rows("fargate_prices.csv", catalog)
    return any(cell.startswith("~") for row in table if row[0] == region for cell in row[2:])


def price(region: str, architecture: str, catalog: Catalog = BUNDLED) -> FargatePrice:
    """On-demand price of a region; `architecture` is X86_64 or ARM64.

    Raises
    ------
    NotInCatalogError
        If the catalog has no Fargate price there.
    """
    try:
        return _prices(catalog)[region, architecture]
    except KeyError:
        raise catalog.lacks(f"no Fargate price for {region} ({architecture})") from None
