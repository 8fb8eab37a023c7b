"""How jobs pack onto instances, and what would pack."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchsim.scenario.batch.packing import (
    MOST_REDUCTION,
    cheapest_fit,
    fit,
    memory_that_packs,
    relative,
    sibling,
    types_of,
)
from batchsim.spec.configuration import Shape
from tests.worlds import offering

EIGHT = offering("c6i.2xlarge", 8, 15_663, 0.34)
SIXTEEN = offering("c6i.4xlarge", 16, 31_514, 0.68)


def test_what_an_instance_is_bound_by():
    memory = fit(Shape(4.0, 8192), EIGHT)
    # Half of 15,663 MiB is less than 8,192: one job, where eight vCPUs are enough for two.
    assert (memory.count, memory.bound, memory.by_vcpus, memory.spare, memory.stranded) == (
        1,
        "memory",
        2,
        "vCPUs",
        0.5,
    )
    vcpus = fit(Shape(2.0, 1000), EIGHT)
    assert (vcpus.count, vcpus.bound, vcpus.by_memory, vcpus.spare) == (4, "vCPUs", 15, "memory")
    assert vcpus.stranded == 1 - 4 / 15
    gpus = fit(Shape(1.0, 1000, 1), offering("g5.xlarge", 4, 15_000, 1.0, gpus=1))
    assert (gpus.count, gpus.bound, gpus.stranded) == (1, "GPUs", 3 / 4)
    # A quarter of a vCPU thirty-two times is eight, whatever floating point makes of it.
    assert fit(Shape(0.25, 64), EIGHT).by_vcpus == 32


def test_what_does_not_fit_has_no_fit():
    assert fit(Shape(9.0, 1000), EIGHT) is None
    assert fit(Shape(1.0, 1000, 1), EIGHT) is None
    assert fit(Shape(8.0, 2000, nodes=(Shape(4.0, 1000), Shape(4.0, 1000))), EIGHT) is None
    assert cheapest_fit(Shape(17.0, 1000), [EIGHT, SIXTEEN]) is None


def test_the_cheapest_is_that_of_a_job_and_not_of_an_instance():
    # One job of 8,192 MiB for 0.34 USD, or three for 0.68.
    found = cheapest_fit(Shape(4.0, 8192), [EIGHT, SIXTEEN])
    assert (found.offering.instance_type, found.usd_per_job_hour) == ("c6i.4xlarge", 0.68 / 3)


def test_a_little_less_memory_packs():
    # Two on eight vCPUs: 99 % of 15,663 MiB by two is 7,753, in hundreds 7,700; four on sixteen may take a little more.
    assert memory_that_packs(Shape(4.0, 8192), [EIGHT, SIXTEEN]) == 7700
    # Three of 7,500 would need 5,168 each: another job.
    assert memory_that_packs(Shape(2.0, 7500), [EIGHT]) is None
    # What is bound by vCPUs, or by GPUs, needs no less memory.
    assert memory_that_packs(Shape(2.0, 1000), [EIGHT]) is None
    assert memory_that_packs(Shape(1.0, 9000, 1), [offering("g5.xlarge", 4, 15_000, 1.0, gpus=1)]) is None
    # A type that it misses by a little is one that it could have; one that is far too small is none.
    large, small = offering("c6i.large", 2, 3775, 0.085), offering("c6i.small", 2, 1800, 0.04)
    assert memory_that_packs(Shape(2.0, 4096), [EIGHT, large, small]) == 3700


@given(
    vcpus=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    memory=st.integers(64, 15_000),
    host=st.tuples(st.integers(4, 96), st.integers(15_000, 400_000)),
)
def test_what_packs_is_a_little_less_and_lets_more_fit(vcpus, memory, host):
    made, shape = offering("type", *host, 1.0), Shape(vcpus, memory)
    lower = memory_that_packs(shape, [made])
    if lower is not None:
        assert (1 - MOST_REDUCTION) * memory <= lower < memory
        assert fit(Shape(vcpus, lower), made).count > fit(shape, made).count


def test_relatives_have_other_memory_for_the_same_vcpus():
    assert [relative("c6i.4xlarge", letter) for letter in "cmr"] == ["c6i.4xlarge", "m6i.4xlarge", "r6i.4xlarge"]
    assert relative("m7g", "r") == "r7g"
    # Neither a GPU family, nor a set of AWS's, nor a size that the other family lacks.
    assert relative("g5.xlarge", "m") is None
    assert relative("optimal", "m") is None
    assert relative("c6i.9xlarge", "m") is None
    assert sibling("c6i") == "c6a"


def test_relatives_reserve_as_much_for_the_agent():
    default = types_of(["m6i.large"], offering("c6i.large", 2, 3775, 0.085), "us-east-1")
    more = types_of(["m6i.large"], offering("c6i.large", 2, 3775 - 100, 0.085), "us-east-1")
    assert default[0].memory_mib - more[0].memory_mib == 100
    assert default[0].on_demand_usd_per_hour == 0.096
