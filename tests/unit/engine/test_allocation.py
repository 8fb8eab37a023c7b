"""Allocation strategies: a function of demand and offers, tested without a clock.

What AWS says of each is in the API shape ComputeResource.allocationStrategy: BEST_FIT takes the type that fits best,
the cheapest of those; BEST_FIT_PROGRESSIVE large enough types, lower cost per vCPU first; the ordered one goes by the
list; the Spot ones by the chance of an interruption, with price or list beside it. How fit is scored is batchsim's
own: batchsim/engine/allocation.py.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.allocation import STRATEGIES, choose, pack
from batchsim.scenario.configuration import Shape
from tests.worlds import LARGE, XLARGE, offering

C_4XLARGE = offering("c6i.4xlarge", 16, 31514, 0.68)
C_32XLARGE = offering("c6i.32xlarge", 128, 253783, 5.44)
M_LARGE = offering("m6i.large", 2, 7739, 0.096, listed=1)
R_LARGE = offering("r6i.large", 2, 15665, 0.126, listed=2)
FAMILY = (LARGE, XLARGE, C_4XLARGE, C_32XLARGE)


def chosen(strategy, offerings, demand):
    return choose(strategy, offerings, demand)[0].offering.instance_type


def test_packing_is_first_fit_decreasing():
    # 4 vCPUs: the 3-vCPU job and one of 1; then two more of 1 are left for a second instance.
    packing = pack(XLARGE, {Shape(1.0, 1000): 3, Shape(3.0, 1000): 1})
    assert packing.instances == 2
    assert packing.first == {Shape(3.0, 1000): 1, Shape(1.0, 1000): 1}
    assert packing.fill == 1.0
    assert packing.usd_per_hour == 2 * 0.17


def test_memory_bounds_packing_as_vcpus_do():
    # 7,738 MiB hold two jobs of 3,000 MiB, not three, although 4 vCPUs would.
    assert pack(XLARGE, {Shape(1.0, 3000): 5}).instances == math.ceil(5 / 2)


def test_one_small_job_gets_the_smallest_type_of_a_family():
    assert chosen("BEST_FIT_PROGRESSIVE", FAMILY, {Shape(1.0, 2000): 1}) == "c6i.large"
    assert chosen("SPOT_PRICE_CAPACITY_OPTIMIZED", FAMILY, {Shape(1.0, 2000): 1}) == "c6i.large"


def test_many_small_jobs_get_the_largest_type_that_they_fill():
    # At an equal price per vCPU and an equal bill the larger size wins: 128 jobs fill one 32xlarge.
    assert chosen("BEST_FIT_PROGRESSIVE", FAMILY, {Shape(1.0, 1800): 128}) == "c6i.32xlarge"


def test_memory_decides_the_family_for_best_fit():
    # 7 GiB per vCPU: on c6i.large it does not fit, on m6i.large one per instance (2 x 0.096), on r6i.large two (0.126).
    assert chosen("BEST_FIT", (LARGE, M_LARGE, R_LARGE), {Shape(1.0, 7168): 2}) == "r6i.large"


def test_progressive_prefers_lower_cost_per_vcpu():
    assert chosen("BEST_FIT_PROGRESSIVE", (M_LARGE, R_LARGE), {Shape(1.0, 7168): 2}) == "m6i.large"


def test_ordered_takes_the_first_listed_that_holds_the_jobs():
    r_first = (offering("r6i.large", 2, 15665, 0.126, listed=0), offering("c6i.large", 2, 3775, 0.085, listed=1))
    assert chosen("BEST_FIT_PROGRESSIVE_ORDERED", r_first, {Shape(1.0, 1000): 2}) == "r6i.large"
    small_first = (LARGE, offering("r6i.large", 2, 15665, 0.126, listed=1))
    assert chosen("BEST_FIT_PROGRESSIVE_ORDERED", small_first, {Shape(1.0, 8000): 1}) == "r6i.large"


def test_spot_strategies_weigh_interruption_and_price():
    steady = offering("m6i.large", 2, 7739, 0.05, listed=0, interruption_bucket=0)
    cheap = offering("c6i.large", 2, 3775, 0.03, listed=1, interruption_bucket=4)
    middle = offering("c7i.large", 2, 3759, 0.035, listed=2, interruption_bucket=0)
    demand = {Shape(2.0, 2000): 1}
    assert chosen("SPOT_CAPACITY_OPTIMIZED", (steady, cheap, middle), demand) == "c7i.large"
    assert chosen("SPOT_CAPACITY_OPTIMIZED_PRIORITIZED", (steady, cheap, middle), demand) == "m6i.large"
    # Ranks: steady 0 + 2, cheap 2 + 0 (buckets spread over the prices' range), middle 0 + 1.
    assert chosen("SPOT_PRICE_CAPACITY_OPTIMIZED", (steady, cheap, middle), demand) == "c7i.large"
    assert chosen("BEST_FIT", (steady, cheap, middle), demand) == "c6i.large"


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
@given(
    demand=st.dictionaries(
        st.builds(Shape, st.integers(1, 16).map(float), st.integers(4, 16000)), st.integers(1, 50), min_size=1
    )
)
def test_every_strategy_chooses_a_type_that_holds_the_first_job_and_packs_every_job(strategy, demand):
    packing, part = choose(strategy, (*FAMILY, M_LARGE, R_LARGE), demand)
    assert packing.offering.holds(next(iter(demand)))
    assert sum(shape.vcpus * n for shape, n in part.items()) <= packing.instances * packing.offering.vcpus
    assert sum(shape.memory_mib * n for shape, n in part.items()) <= packing.instances * packing.offering.memory_mib
    assert sum(shape.vcpus * n for shape, n in packing.first.items()) <= packing.offering.vcpus
