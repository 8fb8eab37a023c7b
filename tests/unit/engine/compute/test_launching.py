"""What is launched for what waits: the type, how many, and what becomes of a launch that finds no capacity."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.spec.configuration import Shape
from tests.worlds import LARGE, XLARGE, by_job, fleet, jobs, run

TYPES = (LARGE, replace(XLARGE, listed=1))


def launched(recording) -> list[str]:
    """The types of the instances in the order of their launch."""
    return [TYPES[number].instance_type for number in recording.instances.offering]


def test_where_its_type_is_short_best_fit_waits_for_it_and_the_others_take_another():
    # Two jobs of 2 vCPUs: c6i.large is chosen for both, and there is one of it.
    short = {"capacity": {"pools": [{"instanceTypes": ["c6i.large"], "vcpus": 2}], "backoff": 50}}
    waits = run(jobs([0, 0], 100, 2), fleet(offerings=TYPES, allocation_strategy="BEST_FIT"), **short)
    assert launched(waits) == ["c6i.large"]  # which the second job has when the first is over
    assert by_job(waits, "starting_at") == [0, 100]
    takes = run(
        jobs([0, 0], 100, 2),
        fleet(offerings=TYPES),
        scheduler={"bestFitProgressive": "fit"},
        **short,
    )
    assert launched(takes) == ["c6i.large", "c6i.xlarge"]
    assert by_job(takes, "starting_at") == [0, 0]


@pytest.mark.parametrize(("backoff", "again_at"), [(5, 20), (50, 50)])
def test_a_type_that_was_short_is_not_asked_for_until_its_back_off_is_over(backoff, again_at):
    # One instance can be had at 0 where two are wanted, and two from 20 s on.
    pool = {"pools": [{"vcpus": 2, "schedule": [{"at": 20, "vcpus": 4}]}], "backoff": backoff}
    recording = run(jobs([0, 0], 1000, 2), fleet(), capacity=pool)
    assert recording.instances.requested_at.tolist() == [0, again_at]


@pytest.mark.parametrize(
    ("members", "instances"),
    [
        ({"desired_vcpus": 5}, ["c6i.large"] * 3),  # 3 × 0.085 cost less than 2 × 0.17
        ({"min_vcpus": 4}, ["c6i.large"] * 2),
        ({"min_vcpus": 3, "desired_vcpus": 6}, ["c6i.large"] * 3),
        # BEST_FIT on demand never passes its limit.
        ({"min_vcpus": 3, "max_vcpus": 3, "allocation_strategy": "BEST_FIT"}, ["c6i.large"]),
    ],
)
def test_what_stands_for_the_minimum_costs_least(members, instances):
    assert launched(run(jobs([], []), fleet(offerings=TYPES, **members))) == instances


def test_zones_take_turns():
    recording = run(jobs([0] * 5, 10, 2), fleet(zones=("a", "b", "c")))
    assert recording.instances.zone.tolist() == [0, 1, 2, 0, 1]


def multi_node(nodes: int) -> dict:
    return {"nodes": {9.0: Shape(2.0 * nodes, 1000 * nodes, nodes=(Shape(2.0, 1000),) * nodes)}}


@pytest.mark.parametrize(("there", "more"), [(0, 3), (1, 2), (2, 1), (3, 0)])
def test_of_a_multi_node_jobs_instances_only_those_that_it_lacks_are_launched(there, more):
    recording = run(jobs([0], 10, 9, **multi_node(3)), fleet(min_vcpus=2 * there))
    assert len(recording.instances.environment) == there + more
    assert by_job(recording, "starting_at") == [0]


def test_all_of_a_multi_node_jobs_instances_or_none():
    # Three are needed, two can be had: none is launched, and an ordinary job behind it waits.
    recording = run(jobs([0, 0], 10, [9, 1], **multi_node(3)), fleet(), capacity={"pools": [{"vcpus": 5}]})
    assert len(recording.instances.environment) == 0


def test_two_multi_node_jobs_do_not_share_what_is_there():
    # Two instances are there, which the first needs; two more are launched for the second.
    recording = run(jobs([0, 0], 10, 9, **multi_node(2)), fleet(min_vcpus=4))
    assert len(recording.instances.environment) == 4
    assert by_job(recording, "starting_at") == [0, 0]


@pytest.mark.parametrize(("option", "later_s"), [("EC2", 0), ("SPOT", 25)])
def test_a_spot_request_is_fulfilled_first(option, later_s):
    # Asked for at 0; the request takes 25 s, the launch 40 and the registration, a boot factor of 2, 2 · 60 and 7 s.
    slow = replace(LARGE, boot_factor=2.0, boot_delay_s=7.0)
    delays = {"launch": 40.0, "register": 60.0, "spotFulfilment": 25.0}
    recording = run(jobs([0], 10), fleet(purchase_option=option, offerings=(slow,)), ec2=delays)
    assert recording.instances.running_at.tolist() == [40 + later_s]
    assert recording.instances.registered_at.tolist() == [40 + later_s + 127]
