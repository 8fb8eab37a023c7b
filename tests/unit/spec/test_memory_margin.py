"""Jobs that ask for a little more memory than their instance is known to have, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.spec.configuration import Shape
from batchsim.spec.memory_margin import as_asked, at_the_edge, margin_mib
from tests.worlds import LARGE, XLARGE, fleet

#: 3,775 MiB, or up to 2 % more: 3,850.
EDGE = replace(LARGE, memory_margin_mib=75)
WIDE = replace(XLARGE, memory_margin_mib=154)


@pytest.mark.parametrize(
    ("usable", "installed", "margin"),
    # 2 % of what is known, rounded down, and never more than there is.
    [(3775, 4096, 75), (3775, 3800, 25), (4096, 4096, 0), (4100, 4096, 0), (49, 64, 0), (50, 64, 1)],
)
def test_the_margin_is_two_percent_within_what_is_installed(usable, installed, margin):
    assert margin_mib(usable, installed) == margin


def test_a_job_within_the_margin_is_placed_as_if_it_asked_for_all_there_is():
    shape, offering = at_the_edge(Shape(2.0, 3850), [fleet(offerings=(EDGE,))])
    assert offering is EDGE
    assert (shape.memory_mib, shape.beyond_mib, shape.asked_memory_mib) == (3775, 75, 3850)
    assert as_asked(shape) == Shape(2.0, 3850)


@pytest.mark.parametrize(
    "asked",
    [
        Shape(2.0, 3775),  # it fits
        Shape(2.0, 3851),  # a MiB beyond the margin
        Shape(2.5, 3850),  # too many vCPUs besides
        Shape(2.0, 3850, gpus=1),
    ],
)
def test_others_are_placed_as_they_ask(asked):
    assert at_the_edge(asked, [fleet(offerings=(EDGE,))]) is None


def test_where_another_environment_of_the_queue_holds_it_nothing_is_doubted():
    job = Shape(2.0, 3850)
    assert at_the_edge(job, [fleet(offerings=(EDGE,)), fleet("large", offerings=(XLARGE,))]) is None
    off = fleet("large", offerings=(XLARGE,), enabled=False)
    assert at_the_edge(job, [fleet(offerings=(EDGE,)), off]) is not None


def test_of_several_types_that_with_the_most_memory_has_to_be_wrong_by_least():
    other = replace(EDGE, instance_type="c5.large", memory_mib=3800, price_usd_per_hour=0.2)
    shape, offering = at_the_edge(Shape(2.0, 3850), [fleet(offerings=(EDGE, other))])
    assert (offering.instance_type, shape.beyond_mib) == ("c5.large", 50)
    # Where they have the same, the cheaper.
    same = replace(EDGE, instance_type="c6a.large", price_usd_per_hour=0.07)
    assert at_the_edge(Shape(2.0, 3850), [fleet(offerings=(EDGE, same))])[1].instance_type == "c6a.large"


def test_each_node_of_a_multi_node_job_is_taken_by_itself():
    pair = Shape(3.0, 5850, nodes=(Shape(2.0, 3850), Shape(1.0, 2000)))
    shape, _ = at_the_edge(pair, [fleet(offerings=(EDGE,))])
    assert [node.beyond_mib for node in shape.nodes] == [75, 0]
    assert (shape.memory_mib, shape.beyond_mib) == (5775, 75)
    assert as_asked(shape) == pair
    # One node beyond the margin, and the job is placed nowhere.
    assert at_the_edge(replace(pair, nodes=(Shape(2.0, 3900), Shape(1.0, 2000))), [fleet(offerings=(EDGE,))]) is None


def test_the_limit_holds_all_the_same():
    assert at_the_edge(Shape(4.0, 7800), [fleet(offerings=(WIDE,), max_vcpus=3)]) is None
    assert at_the_edge(Shape(4.0, 7800), [fleet(offerings=(WIDE,), max_vcpus=4)]) is not None
