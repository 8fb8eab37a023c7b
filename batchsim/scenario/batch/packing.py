"""How jobs of one shape pack onto an instance: what it is bound by, what is stranded, and what would pack.

An instance takes jobs until its vCPUs, its memory or its GPUs are used up, whichever comes first; what is left of the
others is paid for all the same. AWS's families of one generation differ in their memory per vCPU: c has 2 GiB, m 4 and
r 8.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from batchsim.catalog.catalog import BUNDLED, Catalog, NotInCatalogError
from batchsim.catalog.instance_types import InstanceType, expand, instance_types
from batchsim.catalog.memory import usable_memory_mib
from batchsim.catalog.prices import on_demand_usd_per_hour
from batchsim.spec.configuration import Offering, Shape
from batchsim.spec.stated_prices import NOTHING_STATED, StatedPrices

#: A request is advised to be lowered by no more than this share: beyond it is another job.
MOST_REDUCTION = 0.15
#: Usable memory differs from image to image: so much of it is not counted on.
SURE = 0.99
#: The families that have relatives of other memory per vCPU: c6i, m6i, r6i.
_FAMILY = re.compile(r"[cmr](\d+[a-z0-9-]*)")
LETTERS = "cmr"

Bound = Literal["vCPUs", "memory", "GPUs"]


@dataclass(frozen=True, slots=True)
class Fit:
    """How many jobs of a shape an empty instance takes.

    Attributes
    ----------
    count : int
        Jobs that it takes; at least 1.
    bound : {"vCPUs", "memory", "GPUs"}
        What is used up first; of several the first of these.
    by_vcpus, by_memory : int
        Jobs that it would take, did nothing count but its vCPUs, or its memory.
    """

    offering: Offering
    shape: Shape
    count: int
    bound: Bound
    by_vcpus: int
    by_memory: int

    @property
    def usd_per_job_hour(self) -> float:
        """What an hour of one job costs on a full instance.

        That of Spot is the on-demand price, as Spot prices come and go; infinite where only a Spot price is known.
        """
        is_spot = self.offering.market_usd_per_hour is not None
        usd = self.offering.on_demand_usd_per_hour if is_spot else self.offering.price_usd_per_hour
        return usd / self.count

    @property
    def spare(self) -> Literal["vCPUs", "memory"]:
        """What is left when nothing more fits."""
        return "memory" if self.bound == "vCPUs" else "vCPUs"

    @property
    def stranded(self) -> float:
        """The share of what is spare that more such jobs could use, did nothing else bind."""
        return 1 - self.count / max(self.by_memory if self.bound == "vCPUs" else self.by_vcpus, self.count)

    def __str__(self) -> str:
        room = self.by_memory if self.bound == "vCPUs" else self.by_vcpus
        return (
            f"is bound by {self.bound} on {self.offering.instance_type} ({self.count} fit, where the {self.spare} "
            f"{'have' if self.spare == 'vCPUs' else 'has'} room for {room})"
        )


def fit(shape: Shape, offering: Offering) -> Fit | None:
    """How jobs of a shape fit; None where not one does, and for multi-node jobs, which have instances of their own."""
    if shape.nodes or not offering.holds(shape):
        return None
    by_vcpus = int(offering.vcpus / shape.vcpus + 1e-9) if shape.vcpus else offering.vcpus
    by_memory = offering.memory_mib // shape.memory_mib if shape.memory_mib else by_vcpus
    by_gpus = offering.gpus // shape.gpus if shape.gpus else by_vcpus
    count = min(by_vcpus, by_memory, by_gpus)
    bound: Bound = "vCPUs" if count == by_vcpus else "memory" if count == by_memory else "GPUs"
    return Fit(offering, shape, count, bound, by_vcpus, by_memory)


def cheapest_fit(shape: Shape, offerings: Iterable[Offering]) -> Fit | None:
    """The type on which an hour of a job costs least, then the smaller; None where none holds the shape."""
    fits = [found for offering in offerings if (found := fit(shape, offering)) is not None]
    return min(
        fits, key=lambda each: (each.usd_per_job_hour, each.offering.vcpus, each.offering.instance_type), default=None
    )


def memory_that_packs(shape: Shape, offerings: Iterable[Offering]) -> int | None:
    """The memory that a job would have to ask for so that more of them fit on each type that memory binds.

    A type that it misses by so little that one would fit counts as well.

    Returns
    -------
    int or None
        MiB, rounded down to a hundred where that is no larger step; None where `MOST_REDUCTION` does not do it.
    """
    least = math.ceil((1 - MOST_REDUCTION) * shape.memory_mib)
    packed = []
    for offering in offerings:
        best = fit(replace(shape, memory_mib=0), offering)
        now = fit(shape, offering)
        fitting = now.count if now is not None else 0
        if best is None or fitting >= best.count:
            continue
        sure = int(SURE * offering.memory_mib)
        count = min(best.count, sure // least)
        if count > fitting:
            packed.append(sure // count)
        elif fitting:
            return None
    if not packed:
        return None
    memory = min(packed)
    rounded = memory - memory % 100
    return rounded if rounded >= least else memory


def family_of(offering: Offering) -> str:
    """``c6i`` of ``c6i.large``."""
    return offering.instance_type.partition(".")[0]


def relative(entry: str, letter: str, catalog: Catalog = BUNDLED) -> str | None:
    """The family, or the same size of it, with another memory per vCPU; None where there is none.

    Examples
    --------
    >>> relative("c6i.large", "m"), relative("c6i", "r"), relative("g5", "m")
    ('m6i.large', 'r6i', None)
    """
    family, dot, size = entry.partition(".")
    found = _FAMILY.fullmatch(family)
    if not found:
        return None
    other = f"{letter}{found[1]}"
    if dot:
        return f"{other}.{size}" if f"{other}.{size}" in instance_types(catalog) else None
    return other if _sizes(other, catalog) else None


def _sizes(family: str, catalog: Catalog) -> tuple[InstanceType, ...]:
    known = any(name.startswith(f"{family}.") for name in instance_types(catalog))
    return expand(family, catalog=catalog) if known else ()


def _on_demand(kinds: Iterable[InstanceType], region: str, catalog: Catalog, stated: StatedPrices) -> dict[str, float]:
    """On-demand prices of types, the stated ones in place of the catalog's; without those that nobody knows."""
    try:
        listed = on_demand_usd_per_hour(region, catalog)
    except NotInCatalogError:
        if not stated.overrides:
            raise
        listed = {}
    prices = {kind.name: listed.get(kind.name) if (usd := stated.on_demand(kind)) is None else usd for kind in kinds}
    return {name: usd for name, usd in prices.items() if usd is not None}


def types_of(
    entries: Iterable[str],
    like: Offering,
    region: str,
    catalog: Catalog = BUNDLED,
    stated: StatedPrices = NOTHING_STATED,
) -> list[Offering]:
    """The types that families and sizes stand for, on demand, without those that have no price in the region.

    Parameters
    ----------
    like : Offering
        One of a compute environment: as much memory is reserved for the agent as on it, and where it is of Spot no
        discount is taken off, as `Fit.usd_per_job_hour` takes none off the types of Spot.
    stated : StatedPrices
        Prices in place of the catalog's.

    Raises
    ------
    NotInCatalogError
        If the catalog has no prices of the region and none are stated.
    """
    known = instance_types(catalog)
    reserved = usable_memory_mib(known[like.instance_type], reserved_mib=0) - like.memory_mib
    kinds = [kind for entry in entries for kind in ([known[entry]] if "." in entry else _sizes(entry, catalog))]
    prices = _on_demand(kinds, region, catalog, stated)
    on_spot = like.market_usd_per_hour is not None
    return [
        Offering(
            instance_type=kind.name,
            listed=0,
            vcpus=kind.vcpus,
            memory_mib=usable_memory_mib(kind, reserved_mib=reserved),
            gpus=kind.gpus,
            architecture="arm64" if "arm64" in kind.architectures else "x86_64",
            price_usd_per_hour=prices[kind.name] * (1.0 if on_spot else stated.instance_share(kind, "EC2")),
            on_demand_usd_per_hour=prices[kind.name],
        )
        for kind in kinds
        if kind.name in prices
    ]


def sibling(family: str, catalog: Catalog = BUNDLED) -> str | None:
    """Another family of as much memory per vCPU and the same architecture, of the nearest generation, of two the newer.

    Examples
    --------
    >>> sibling("m6i"), sibling("c7g"), sibling("g5")
    ('m6a', 'c8g', None)
    """
    found = re.fullmatch(r"([cmr])(\d+)(i|a|g|)", family)
    if not found:
        return None
    suffixes = ("g",) if found[3] == "g" else ("i", "a", "")
    generation = int(found[2])
    others = [
        (abs(other - generation), -other, place, f"{found[1]}{other}{suffix}")
        for other in range(max(generation - 2, 4), generation + 3)
        for place, suffix in enumerate(suffixes)
    ]
    return next((name for *_, name in sorted(others) if name != family and _sizes(name, catalog)), None)
