"""Allocation strategies: a function of demand and offers, tested without a clock.

What AWS says of each is in the API shape ComputeResource.allocationStrategy: BEST_FIT takes the type that fits best,
the cheapest of those; BEST_FIT_PROGRESSIVE large enough types, lower cost per vCPU first; the ordered one goes by the
list; the Spot ones by the chance of an interruption, with price or list beside it. How fit is scored is batchsim's
own: batchsim/engine/compute/allocation_strategies.py.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from batchsim.engine.compute.allocation_strategies import READINGS, STRATEGIES, choose, pack, unbeaten
from batchsim.spec.configuration import Shape
from tests.worlds import LARGE, XLARGE, offering

C_4XLARGE = offering("c6i.4xlarge", 16, 31514, 0.68)
C_32XLARGE = offering("c6i.32xlarge", 128, 253783, 5.44)
M_LARGE = offering("m6i.large", 2, 7739, 0.096, listed=1)
R_LARGE = offering("r6i.large", 2, 15665, 0.126, listed=2)
FAMILY = (LARGE, XLARGE, C_4XLARGE, C_32XLARGE)


def chosen(strategy, offerings, demand, reading="price"):
    return choose(strategy, offerings, demand, reading)[0].offering.instance_type


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
    # Per vCPU that lasts a month: 0.025 / 0.975, 0.015 / 0.7, 0.0175 / 0.975.
    assert chosen("SPOT_PRICE_CAPACITY_OPTIMIZED", (steady, cheap, middle), demand) == "c7i.large"
    assert chosen("BEST_FIT", (steady, cheap, middle), demand) == "c6i.large"


def test_a_dearer_type_does_not_decide_between_two_others():
    # Per vCPU that lasts: 0.025 / 0.975 = 0.0256 and 0.023 / 0.925 = 0.0249; and the dearer one 0.03 / 0.975.
    steady = offering("m6i.large", 2, 7739, 0.050, listed=0, interruption_bucket=0)
    cheap = offering("m5.large", 2, 7739, 0.046, listed=1, interruption_bucket=1)
    dear = offering("r6i.large", 2, 15665, 0.060, listed=2, interruption_bucket=0)
    demand = {Shape(2.0, 2000): 1}
    assert chosen("SPOT_PRICE_CAPACITY_OPTIMIZED", (steady, cheap), demand) == "m5.large"
    assert chosen("SPOT_PRICE_CAPACITY_OPTIMIZED", (steady, cheap, dear), demand) == "m5.large"


def test_a_small_type_that_costs_more_than_a_large_one_is_not_chosen_for_being_full():
    large = offering("m6i.4xlarge", 16, 63472, 0.768)
    small = offering("x9.large", 2, 15000, 0.834, listed=1)
    for strategy in STRATEGIES:
        assert chosen(strategy, (large, small), {Shape(2.0, 2000): 1}) == "m6i.4xlarge"


def test_jobs_that_no_type_holds_together():
    # The first needs little, the second a GPU, the third 30 GiB: with the first goes the second, as one type has both.
    gpu = offering("g5.xlarge", 4, 15000, 1.006, gpus=1)
    memory = offering("r6i.xlarge", 4, 31517, 0.252, listed=1)
    first, second, third = Shape(1.0, 1000), Shape(1.0, 1000, 1), Shape(1.0, 30000)
    packing, part = choose("BEST_FIT_PROGRESSIVE", (gpu, memory), {first: 1, second: 1, third: 1})
    assert packing.offering is gpu
    assert part == {first: 1, second: 1}
    # A smaller type than either is no reason to leave the second out.
    tiny = offering("c6i.large", 2, 3775, 1.2, listed=2)
    assert choose("BEST_FIT_PROGRESSIVE", (gpu, memory, tiny), {first: 1, second: 1, third: 1}) == (packing, part)


@pytest.mark.parametrize(
    ("memory_mib", "jobs", "by_price", "by_fit"),
    [
        # 15,000 MiB for a vCPU: 16 of them fit c6i.32xlarge (253,783 MiB, 5.44 USD/h), one r6i.large (0.126).
        (15_000, 16, ("c6i.32xlarge", 5.44 / 16), ("r6i.large", 0.126)),
        # Two of them fit c6i.4xlarge (31,514 MiB, 0.68).
        (15_000, 2, ("c6i.4xlarge", 0.68 / 2), ("r6i.large", 0.126)),
        # 1,800 MiB for a vCPU: two fit a c6i.large, and 128 a c6i.32xlarge; each costs 0.0425.
        (1_800, 128, ("c6i.32xlarge", 5.44 / 128), ("c6i.large", 0.085 / 2)),
    ],
)
def test_the_two_readings_of_best_fit_progressive(memory_mib, jobs, by_price, by_fit):
    types = (*FAMILY, M_LARGE, R_LARGE)
    for reading, (name, usd) in (("price", by_price), ("fit", by_fit)):
        packing, _ = choose("BEST_FIT_PROGRESSIVE", types, {Shape(1.0, memory_mib): jobs}, reading)
        assert packing.offering.instance_type == name
        assert packing.usd_per_hour / jobs == pytest.approx(usd)


def test_the_reading_bears_on_sizes_of_the_ordered_strategy_and_on_no_other():
    demand = {Shape(1.0, 1800): 128}
    types = (*FAMILY, R_LARGE)
    assert chosen("BEST_FIT_PROGRESSIVE_ORDERED", types, demand, "price") == "c6i.32xlarge"
    assert chosen("BEST_FIT_PROGRESSIVE_ORDERED", types, demand, "fit") == "c6i.large"
    for strategy in STRATEGIES.keys() - {"BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED"}:
        assert chosen(strategy, types, demand, "price") == chosen(strategy, types, demand, "fit")


SHAPES = st.builds(Shape, st.integers(1, 16).map(float), st.integers(4, 40_000), st.integers(0, 1))
DEMANDS = st.dictionaries(SHAPES, st.integers(1, 50), min_size=1, max_size=4)
TYPES = st.lists(
    st.builds(
        dict,
        vcpus=st.sampled_from([2, 4, 8, 16, 64]),
        memory_mib=st.sampled_from([3775, 7739, 15_665, 31_514, 63_472, 253_783]),
        price=st.integers(1, 400).map(lambda cents: cents / 100),
        gpus=st.integers(0, 1),
        interruption_bucket=st.integers(0, 4),
        listed=st.integers(0, 3),
    ),
    min_size=2,
    max_size=7,
)
EVERY = [(strategy, reading) for strategy in sorted(STRATEGIES) for reading in READINGS]


def offered(types):
    return [offering(f"t{number}.large", **each) for number, each in enumerate(types)]


@given(
    types=TYPES,
    demand=DEMANDS,
    worse=st.tuples(*(st.integers(0, 2) for _ in range(6))).filter(any),
    place=st.integers(0, 7),
)
def test_a_type_that_is_worse_than_another_changes_nothing(types, demand, worse, place):
    """Dearer, smaller, interrupted more, listed later, in any of these and better in none."""
    types = offered(types)
    better = types[place % len(types)]
    dearer, vcpus, memory, gpus, bucket, listed = worse
    beaten = replace(
        better,
        instance_type="worse.large",
        price_usd_per_hour=better.price_usd_per_hour * (1 + dearer / 10),
        vcpus=max(better.vcpus - vcpus, 1),
        memory_mib=better.memory_mib - 1000 * memory,
        gpus=max(better.gpus - gpus, 0),
        interruption_bucket=min(better.interruption_bucket + bucket, 4),
        listed=better.listed + listed,
    )
    assume(beaten != replace(better, instance_type="worse.large"))
    assume(any(each.holds(next(iter(demand))) for each in types))
    with_it = [*types[: place + 1], beaten, *types[place + 1 :]]
    for strategy, reading in EVERY:
        assert choose(strategy, with_it, demand, reading) == choose(strategy, types, demand, reading)


@given(types=TYPES, demand=DEMANDS)
def test_what_is_not_chosen_does_not_decide(types, demand):
    """Of types none of which is worse than another: the choice is the same without any of the others."""
    types = unbeaten(offered(types))
    assume(any(each.holds(next(iter(demand))) for each in types))
    for strategy, reading in EVERY:
        choice = choose(strategy, types, demand, reading)
        for other in types:
            if other != choice[0].offering:
                rest = [each for each in types if each != other]
                assert choose(strategy, rest, demand, reading) == choice


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
