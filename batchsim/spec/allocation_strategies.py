"""What each allocation strategy is, apart from how it chooses: the traits that its choice has for everything else.

API ComputeResource.allocationStrategy. How a strategy orders instance types is the engine's; what is here bears on
interruptions, limits and waiting, and is read by whoever needs it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AllocationStrategy:
    """The traits of a strategy.

    Attributes
    ----------
    hazard_factor : float
        On the Spot Instance Advisor's hazard: how the pools that it takes bear on interruptions (an assumption: AWS
        states the direction, no figures).
    exceeds_limit_on_demand : bool
        Whether On-Demand Instances may pass ``maxvCpus``, by less than one (API ComputeResource.maxvCpus). Spot
        Instances may under every strategy.
    keeps_type : bool
        Whether it waits for the one type that it chose when that is short; the others take another.
    is_ordered : bool
        Whether it goes by the order in which types are listed.
    """

    hazard_factor: float = 1.0
    exceeds_limit_on_demand: bool = True
    keeps_type: bool = False
    is_ordered: bool = False


#: The strategy of an environment that states none.
DEFAULT_STRATEGY = "BEST_FIT"

ALLOCATION_STRATEGIES = {
    "BEST_FIT": AllocationStrategy(hazard_factor=2.0, exceeds_limit_on_demand=False, keeps_type=True),
    "BEST_FIT_PROGRESSIVE": AllocationStrategy(),
    "BEST_FIT_PROGRESSIVE_ORDERED": AllocationStrategy(is_ordered=True),
    "SPOT_CAPACITY_OPTIMIZED": AllocationStrategy(hazard_factor=0.5),
    "SPOT_PRICE_CAPACITY_OPTIMIZED": AllocationStrategy(hazard_factor=0.7),
    "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED": AllocationStrategy(hazard_factor=0.5, is_ordered=True),
}

#: Of environments that launch no instances.
NO_STRATEGY = AllocationStrategy()


def strategy_named(name: str) -> AllocationStrategy:
    """The traits of a strategy; those of none where there is no such strategy."""
    return ALLOCATION_STRATEGIES.get(name, NO_STRATEGY)
