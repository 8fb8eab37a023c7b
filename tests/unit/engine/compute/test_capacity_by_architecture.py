"""Placement where an environment has instances of both architectures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.engine.changes import Changes
from batchsim.engine.compute.capacity_by_architecture import (
    CapacityByArchitecture,
    architectures_of,
    free_capacity,
)
from batchsim.engine.compute.free_capacity import FreeCapacity, Node
from batchsim.spec.configuration import Offering, Shape
from tests.worlds import LARGE, fleet, offering

GRAVITON = offering("c7g.large", 2, 3775, 0.0725, architecture="arm64")
INTEL_JOB, ARM_JOB, NO_JOB = (
    Shape(1.0, 1000, architecture="x86_64"),
    Shape(1.0, 1000, architecture="arm64"),
    Shape(1.0, 1000),
)
#: By request.
INTEL, ARM, NEITHER = 0, 1, 2


def node(number: int, kind: Offering) -> Node:
    """An instance of a type."""
    return Node(number, kind.vcpus, kind.memory_mib, kind.gpus, kind.instance_type)


def capacity(strategy: str = "binpack") -> CapacityByArchitecture:
    """One instance of each."""
    made = CapacityByArchitecture(
        strategy, (INTEL_JOB, ARM_JOB, NO_JOB), Changes(), architectures_of([LARGE, GRAVITON])
    )
    for number, each in enumerate((LARGE, GRAVITON)):
        made.add(node(number, each))
    return made


def test_a_job_runs_on_what_it_is_built_for():
    free = capacity()
    assert [free.take(INTEL, 0.0).instance_type for _ in range(2)] == ["c6i.large"] * 2
    assert free.take(INTEL, 0.0) is None  # though the other has room
    assert free.has(ARM)
    assert free.take(ARM, 0.0).instance_type == "c7g.large"


def test_what_names_no_architecture_has_no_room():
    free = capacity()
    assert not free.has(NEITHER)
    assert free.take(NEITHER, 0.0) is None
    assert free.fitting([INTEL, ARM, NEITHER]) == {INTEL, ARM}
    assert [free.places(request) for request in (INTEL, ARM, NEITHER)] == [2, 2, 0]


def test_what_is_given_back_is_there_for_its_kind_again():
    free = capacity()
    nodes = [free.take(ARM, 0.0) for _ in range(2)]
    assert not free.has(ARM)
    free.give(nodes[0], ARM, 5.0)
    assert free.places(ARM) == 1
    free.discard(nodes[0])
    assert not free.has(ARM)


def test_nodes_with_a_free_vcpu_come_in_the_order_of_their_launch():
    free = capacity()
    free.add(node(2, LARGE))
    assert [node.number for node in free.nodes()] == [0, 1, 2]
    free.take(ARM, 0.0)
    free.take(ARM, 0.0)
    assert [node.number for node in free.nodes()] == [0, 2]


@pytest.mark.parametrize("strategy", ["binpack", "spread"])
def test_a_copy_is_planned_with_and_leaves_the_original_as_it_is(strategy):
    free = capacity(strategy)
    copy = free.copy([node(7, GRAVITON)])
    assert copy.places(ARM) == 4
    while copy.take(ARM, 0.0) is not None:
        pass
    assert free.places(ARM) == 2


def test_only_managed_instances_with_jobs_of_both_need_it():
    both, one = (INTEL_JOB, ARM_JOB), (INTEL_JOB, INTEL_JOB)
    managed = fleet(purchase_option="MANAGED_INSTANCES", offerings=(LARGE, GRAVITON), allocation_strategy="")
    assert isinstance(free_capacity("binpack", both, Changes(), managed), CapacityByArchitecture)
    for requests, spec in ((one, managed), (both, replace(managed, purchase_option="EC2"))):
        assert type(free_capacity("binpack", requests, Changes(), spec)) is FreeCapacity
