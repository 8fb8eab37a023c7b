"""Allocation strategies: which instance type to launch for the jobs that wait.

AWS names the strategies and describes their aims (API ``ComputeResource.allocationStrategy``; User Guide, *Instance
type allocation strategies*) but not how fit is scored or how a size is chosen within a family. The rules here are:

1. Candidates are the listed types that hold every waiting job; when none does, those that hold the first, and with it
   as many more kinds of jobs, in their order, as one type can.
2. A type that another one beats in everything is none: what is dearer and no better bears on no choice.
3. A type is *suitable* when the jobs fill the first instance of it to half or more (of vCPU, memory or GPU, whichever
   is fullest); when none is, the smallest candidates are.
4. Among the suitable types the strategy's own order decides, which knows of a type nothing but the type itself: so the
   others in the list never decide between two.

ECS says of the instances that it manages that it takes the most cost-optimized types that meet what tasks need (ECS
Developer Guide, *Amazon ECS Managed Instances instance types*), and that several small tasks go onto a larger instance
(the same, *Architect for Amazon ECS Managed Instances*): on demand it is the type on which packing the waiting jobs
costs least, of several that cost alike the one of which the fewest are needed; on Spot a type of which one in five is
interrupted in a month has to cost a fifth less (assumptions).

BEST_FIT skips rule 3: it takes the type on which packing the waiting jobs costs least, and stays with it. So does
BEST_FIT_PROGRESSIVE where its words are read as *fit* (`READINGS`), but takes another type when that one is short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import le
from typing import Literal

from batchsim.catalog.spot_advisor import MONTHLY_SHARE
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape

#: Jobs by shape, in the order in which the shapes were first met.
Demand = dict[Shape, int]

HALF = 0.5


@dataclass(frozen=True, slots=True)
class Packing:
    """How a demand packs onto instances of one type, first-fit decreasing by dominant share.

    Attributes
    ----------
    offering : Offering
        The type.
    instances : int
        How many it takes.
    first : Demand
        What the first instance holds.
    repeats : int
        How many instances hold just that.
    fill : float
        Dominant share of the first instance that is used.
    """

    offering: Offering
    instances: int
    first: Demand
    repeats: int
    fill: float

    @property
    def usd_per_hour(self) -> float:
        """What the instances cost an hour; rounded, so that equal prices are equal whatever their sums' rounding."""
        return round(self.instances * self.offering.price_usd_per_hour, 9)

    @property
    def usd_per_vcpu_hour(self) -> float:
        """Price per vCPU, rounded likewise."""
        return round(self.offering.price_usd_per_hour / self.offering.vcpus, 9)

    @property
    def _lasting(self) -> float:
        """The share of instances that is not interrupted within a month, by the Spot Instance Advisor's bucket."""
        bucket = self.offering.interruption_bucket
        return 1 - MONTHLY_SHARE[bucket] if bucket >= 0 else 1.0

    @property
    def usd_per_lasting_vcpu_hour(self) -> float:
        """Price per vCPU that is not interrupted within a month."""
        return round(self.usd_per_vcpu_hour / self._lasting, 9)

    @property
    def usd_per_lasting_hour(self) -> float:
        """What instances that are not interrupted within a month cost an hour."""
        return round(self.usd_per_hour / self._lasting, 9)


def dominant_share(shape: Shape, offering: Offering) -> float:
    """The largest of the shares of vCPU, memory and GPU that one job takes of an empty instance."""
    gpus = shape.gpus / offering.gpus if shape.gpus else 0.0
    return max(shape.vcpus / offering.vcpus, shape.memory_mib / offering.memory_mib, gpus)


def _on_one(offering: Offering, order: Sequence[Shape], left: Demand) -> tuple[Demand, float, int, int]:
    """What of a demand one empty instance takes, shape after shape; and the vCPUs, memory and GPUs that it keeps."""
    taken: Demand = {}
    vcpus, memory, gpus = float(offering.vcpus), offering.memory_mib, offering.gpus
    for shape in order:
        fitting = min(left.get(shape, 0), int(vcpus // shape.vcpus), memory // shape.memory_mib)
        if shape.gpus:
            fitting = min(fitting, gpus // shape.gpus)
        if fitting > 0:
            taken[shape] = fitting
            vcpus -= fitting * shape.vcpus
            memory -= fitting * shape.memory_mib
            gpus -= fitting * shape.gpus
    return taken, vcpus, memory, gpus


def take_away(left: Demand, taken: Demand, times: int) -> None:
    """Take so many times what was taken away from a demand."""
    for shape, count in taken.items():
        left[shape] -= times * count
        if not left[shape]:
            del left[shape]


def pack(offering: Offering, demand: Demand) -> Packing:
    """Pack a demand onto instances of one type; every job must fit an empty one."""
    order = sorted(demand, key=lambda shape: (-dominant_share(shape, offering), shape.vcpus, shape.memory_mib))
    left = dict(demand)
    instances = 0
    first: Demand = {}
    first_repeats = 0
    while left:
        pattern, vcpus, memory, gpus = _on_one(offering, order, left)
        repeats = min(left[shape] // count for shape, count in pattern.items())
        take_away(left, pattern, repeats)
        if not first:
            first, first_repeats = pattern, repeats
            fill = 1 - min(
                vcpus / offering.vcpus,
                memory / offering.memory_mib,
                gpus / offering.gpus if any(shape.gpus for shape in demand) else 1.0,
            )
        instances += repeats
    return Packing(offering, instances, first, first_repeats, fill)


def pack_nodes(offering: Offering, nodes: Sequence[Shape]) -> Packing:
    """The nodes of a multi-node job, an instance each."""
    return Packing(offering, len(nodes), {}, 1, max(dominant_share(node, offering) for node in nodes))


def candidates(offerings: Sequence[Offering], demand: Demand) -> tuple[list[Offering], Demand]:
    """Types that hold all of a demand, or its first job and as many more shapes as one type can; and what they hold."""
    able: Sequence[Offering] = offerings
    part: Demand = {}
    for shape, count in demand.items():
        holding = [offering for offering in able if offering.holds(shape)]
        if holding:
            able, part[shape] = holding, count
    return unbeaten(able), part


def unbeaten(offerings: Sequence[Offering]) -> list[Offering]:
    """Without types that another one beats: no dearer an hour, no smaller, interrupted no more and listed no later."""

    def bad(offering: Offering) -> tuple[float, ...]:
        """What is better the lower it is."""
        usd = round(offering.price_usd_per_hour, 9)
        size = offering.vcpus, offering.memory_mib, offering.gpus
        return (usd, *(-each for each in size), offering.interruption_bucket, offering.listed)

    # What beats a type comes before it.
    front: list[tuple[float, ...]] = []
    beaten = set()
    for offering in sorted(offerings, key=bad):
        mine = bad(offering)
        if any(other != mine and all(map(le, other, mine)) for other in front):
            beaten.add(offering.instance_type)
        else:
            front.append(mine)
    return [offering for offering in offerings if offering.instance_type not in beaten]


def suitable(packings: Sequence[Packing]) -> list[Packing]:
    """The packings whose first instance is half full or fuller; when none is, those of the fewest vCPUs."""
    full = [packing for packing in packings if packing.fill >= HALF]
    if full:
        return full
    smallest = min(packing.offering.vcpus for packing in packings)
    return [packing for packing in packings if packing.offering.vcpus == smallest]


def _by_price(packing: Packing) -> tuple[float, float, int]:
    """Lower cost per vCPU, then lower cost of packing, then the larger size."""
    return packing.usd_per_vcpu_hour, packing.usd_per_hour, -packing.offering.vcpus


def best_fit(packings: Sequence[Packing]) -> Packing:
    """BEST_FIT: the type on which the jobs cost least, then the smaller."""
    return min(packings, key=lambda p: (p.usd_per_hour, p.offering.vcpus, p.offering.listed, p.offering.instance_type))


def cost_optimised(packings: Sequence[Packing]) -> Packing:
    """Of instances that ECS manages: the type on which the jobs cost least, then the one that takes fewer instances."""
    return min(
        packings,
        key=lambda p: (
            p.usd_per_lasting_hour,
            p.instances,
            p.offering.vcpus,
            p.offering.listed,
            p.offering.instance_type,
        ),
    )


def best_fit_progressive(packings: Sequence[Packing]) -> Packing:
    """BEST_FIT_PROGRESSIVE by price: large enough for the jobs, lower cost per vCPU preferred."""
    return min(suitable(packings), key=lambda p: (*_by_price(p), p.offering.listed, p.offering.instance_type))


def _first_listed(packings: Sequence[Packing]) -> list[Packing]:
    listed = min(packing.offering.listed for packing in packings)
    return [packing for packing in packings if packing.offering.listed == listed]


def best_fit_progressive_ordered(packings: Sequence[Packing]) -> Packing:
    """BEST_FIT_PROGRESSIVE_ORDERED: in the listed order; a family's sizes by BEST_FIT_PROGRESSIVE, by price."""
    return best_fit_progressive(_first_listed(packings))


def best_fit_ordered(packings: Sequence[Packing]) -> Packing:
    """BEST_FIT_PROGRESSIVE_ORDERED: in the listed order; a family's sizes by BEST_FIT_PROGRESSIVE, by fit."""
    return best_fit(_first_listed(packings))


def spot_capacity_optimized(packings: Sequence[Packing]) -> Packing:
    """SPOT_CAPACITY_OPTIMIZED: least likely to be interrupted, then cheaper.

    The depth of a pool is not public; the Spot Instance Advisor's bucket stands for it.
    """
    return min(
        suitable(packings),
        key=lambda p: (p.offering.interruption_bucket, *_by_price(p), p.offering.listed, p.offering.instance_type),
    )


def spot_price_capacity_optimized(packings: Sequence[Packing]) -> Packing:
    """SPOT_PRICE_CAPACITY_OPTIMIZED: the lowest price per vCPU that lasts.

    AWS takes "the lowest priced" of "the pools with the highest capacity availability" (EC2 API
    ``SpotFleetRequestConfigData.allocationStrategy``) and says neither how deep a pool is nor how many are looked at:
    here a type of which one in five is interrupted in a month has to cost a fifth less.
    """
    return min(
        suitable(packings),
        key=lambda p: (
            p.usd_per_lasting_vcpu_hour,
            *_by_price(p),
            p.offering.listed,
            p.offering.instance_type,
        ),
    )


def spot_capacity_optimized_prioritized(packings: Sequence[Packing]) -> Packing:
    """SPOT_CAPACITY_OPTIMIZED_PRIORITIZED: least likely to be interrupted, then the listed order."""
    return min(
        suitable(packings),
        key=lambda p: (p.offering.interruption_bucket, p.offering.listed, *_by_price(p), p.offering.instance_type),
    )


Strategy = Callable[[Sequence[Packing]], Packing]

STRATEGIES: dict[str, Strategy] = {
    "BEST_FIT": best_fit,
    "BEST_FIT_PROGRESSIVE": best_fit_progressive,
    "BEST_FIT_PROGRESSIVE_ORDERED": best_fit_progressive_ordered,
    "SPOT_CAPACITY_OPTIMIZED": spot_capacity_optimized,
    "SPOT_PRICE_CAPACITY_OPTIMIZED": spot_price_capacity_optimized,
    "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED": spot_capacity_optimized_prioritized,
}


#: How AWS's words on BEST_FIT_PROGRESSIVE are read (docs/defaults.md): ``scheduler.bestFitProgressive``.
Reading = Literal["price", "fit"]

READINGS: dict[Reading, dict[str, Strategy]] = {
    "price": STRATEGIES,
    "fit": {
        **STRATEGIES,
        "BEST_FIT_PROGRESSIVE": best_fit,
        "BEST_FIT_PROGRESSIVE_ORDERED": best_fit_ordered,
    },
}


def strategy_of(spec: ComputeEnvironment, reading: Reading = "price") -> Strategy:
    """How an environment chooses."""
    if spec.is_managed_by_ecs:
        return cost_optimised
    return READINGS[reading][spec.allocation_strategy]


def choose(
    strategy: str, offerings: Sequence[Offering], demand: Demand, reading: Reading = "price"
) -> tuple[Packing, Demand]:
    """What `choose_by` gives for a strategy's name."""
    return choose_by(READINGS[reading][strategy], offerings, demand)


def choose_by(strategy: Strategy, offerings: Sequence[Offering], demand: Demand) -> tuple[Packing, Demand]:
    """The packing to launch next for a demand that is not empty, and the part of the demand it stands for.

    At least one offering must hold the demand's first job.
    """
    able, part = candidates(offerings, demand)
    return strategy([pack(offering, part) for offering in able]), part


def choose_for_nodes(
    strategy: str, offerings: Sequence[Offering], nodes: Sequence[Shape], reading: Reading = "price"
) -> Offering:
    """The type to launch for the nodes of a multi-node job, each of which every offering must hold."""
    return READINGS[reading][strategy]([pack_nodes(offering, nodes) for offering in unbeaten(offerings)]).offering
