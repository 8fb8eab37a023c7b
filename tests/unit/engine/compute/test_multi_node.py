"""What one environment has for multi-node jobs: an instance for each node, all of one type (User Guide)."""

from __future__ import annotations

import pytest

from batchsim.engine.compute.multi_node import MultiNodeJobs
from batchsim.spec.configuration import Shape
from tests.unit.engine.compute.instances import ONE, Instances
from tests.worlds import LARGE, XLARGE, fleet

THREE = Shape(3.0, 3000, nodes=(ONE, ONE, ONE))
JOB = 0


class Nodes(Instances):
    """An environment for jobs of three nodes."""

    def __init__(self, **changes):
        super().__init__(fleet(**changes), (THREE,))
        self.nodes = MultiNodeJobs(0, self.spec, (THREE,), self.ledger, self.launchable, None, None, "price")


def test_types_are_those_of_which_all_nodes_can_be_had_under_the_limit():
    # Three of 2 vCPUs are 6, three of 4 are 12.
    for most, types in ((5, []), (6, ["c6i.large"]), (11, ["c6i.large"]), (12, ["c6i.large", "c6i.xlarge"])):
        assert Nodes(offerings=(LARGE, XLARGE), max_vcpus=most).nodes.types_for(JOB) == types


def test_what_boots_is_not_missing_and_what_holds_a_job_is():
    made = Nodes(max_vcpus=64)
    assert made.nodes.missing(JOB, LARGE) == 3
    made.launch()
    made.active()
    assert made.nodes.missing(JOB, LARGE) == 1
    made.ledger.take_whole([made.ledger.instances[1]])
    assert made.nodes.missing(JOB, LARGE) == 2
    assert not made.nodes.is_coming(JOB)


def test_it_is_coming_when_there_are_as_many_as_nodes():
    made = Nodes(max_vcpus=6)
    for _ in range(3):
        made.launch()
    assert made.nodes.is_coming(JOB)
    assert made.nodes.nodes_for(made.ledger.free, JOB) is None  # until all are there


def test_all_that_lacks_is_launched_or_nothing():
    made = Nodes(max_vcpus=6)
    made.active()
    order = made.nodes.plan(JOB, made.ledger.free.copy([]), 4.0, 0.0)
    assert (order.offering, order.instances) == (LARGE, 2)
    assert made.nodes.plan(JOB, made.ledger.free.copy([]), 3.0, 0.0) is None  # two are 4 vCPUs


def test_what_a_job_has_of_planned_room_is_not_planned_for_another():
    made = Nodes(max_vcpus=64)
    made.active()
    planned = made.ledger.free.copy([])
    assert made.nodes.plan(JOB, planned, 64.0, 0.0).instances == 2
    assert made.nodes.plan(JOB, planned, 64.0, 0.0).instances == 3


@pytest.mark.parametrize(("idle", "kept"), [(1, True), (3, True), (4, False)])
def test_an_idle_instance_is_kept_for_a_job_that_waits_as_long_as_it_has_a_use_for_it(idle, kept):
    # Three nodes; a fourth idle instance is one too many.
    made = Nodes(max_vcpus=64)
    instances = [made.active() for _ in range(idle)]
    assert made.nodes.have_use_for(instances[0], [JOB], 0.0) is kept
    assert not made.nodes.have_use_for(instances[0], [], 0.0)


def test_an_instance_of_a_type_that_it_can_not_have_is_kept_for_none():
    made = Nodes(offerings=(LARGE, XLARGE), max_vcpus=11)
    assert not made.nodes.have_use_for(made.active(XLARGE), [JOB], 0.0)
