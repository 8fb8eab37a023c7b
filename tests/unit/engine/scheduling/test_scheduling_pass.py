"""A pass: queues by priority, jobs in their order, environments in theirs; what has no room waits, or goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.spec.configuration import JobQueue, Shape
from batchsim.spec.workload import JobGroup
from tests.worlds import LARGE, by_job, fleet, jobs, run, servers


def hosts(recording) -> list[int]:
    return [int(each) for each in by_job(recording, "environment")]


def test_a_full_environment_is_passed_over_and_the_first_is_tried_first():
    # One server, then two: the fourth job waits for the first to be over.
    recording = run(jobs([0] * 4, [30, 50, 50, 10]), servers(1, "first"), servers(2, "second"))
    assert hosts(recording) == [0, 1, 1, 0]
    assert by_job(recording, "starting_at") == [0, 0, 0, 30]


def test_a_job_waits_for_what_boots_and_does_not_go_on():
    # The first environment's instance registers at 100; the second has a free server all the time.
    recording = run(jobs([0], 10), fleet(), servers(4), ec2={"register": 100.0})
    assert (hosts(recording), by_job(recording, "starting_at")) == ([0], [100])
    # At its limit, nothing more can come: it goes on.
    recording = run(jobs([0, 0], [500, 10], 2), fleet(max_vcpus=2), servers(4), ec2={"register": 100.0})
    assert hosts(recording) == [0, 1]


def test_capacity_that_is_not_to_be_had_is_passed_over():
    none = {"capacity": {"pools": [{"vcpus": 0}]}}
    recording = run(jobs([0], 10), fleet(), servers(4), **none)
    assert (hosts(recording), by_job(recording, "starting_at")) == ([1], [0])


def test_a_multi_node_job_whose_capacity_is_not_to_be_had_blocks_its_queue():
    # User Guide, *Jobs stuck in RUNNABLE*: it does not go on, and nobody passes it.
    nodes = {"nodes": {4.0: Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)}}
    environments = fleet("one"), fleet("two", zones=("us-east-1b",), min_vcpus=4)  # where there is room
    first_zone = {"capacity": {"pools": [{"zones": ["us-east-1a"], "vcpus": 0}]}}
    recording = run(jobs([0, 0], 10, [4, 1], **nodes), *environments, **first_zone)
    assert len(recording.attempts.job) == 0
    # An ordinary job goes on to the second.
    recording = run(jobs([0], 10), *environments, **first_zone)
    assert hosts(recording) == [1]


def test_the_head_that_cannot_start_blocks_those_behind_it():
    # Four servers: 3 are taken until 100; the head needs 2, the one behind it 1.
    work = jobs([0, 1, 2], [100, 10, 10], [3, 2, 1])
    assert by_job(run(work, servers(4)), "starting_at") == [0, 100, 100]
    # Overtaking, what fits starts.
    assert by_job(run(work, servers(4), scheduler={"overtake": "fitting"}), "starting_at") == [0, 100, 2]


@pytest.mark.parametrize(("priorities", "order"), [((1, 2), ["b", "a"]), ((2, 1), ["a", "b"]), ((1, 1), ["a", "b"])])
def test_queues_by_priority_and_by_name_where_that_is_equal(priorities, order):
    groups = tuple(JobGroup("work", name, "definition") for name in "ab")
    # The configuration has them in the other order.
    queues = [
        JobQueue(name, priority, True, ("servers",)) for name, priority in zip("ba", priorities[::-1], strict=True)
    ]
    recording = run(jobs([0, 0], 10, group=[1, 0], groups=groups), servers(1), queues=queues)
    started = dict(zip("ba", by_job(recording, "starting_at"), strict=True))
    assert sorted(started, key=started.get) == order


def test_nothing_is_preempted():
    groups = tuple(JobGroup("work", name, "definition") for name in ("low", "high"))
    queues = [JobQueue("low", 1, True, ("servers",)), JobQueue("high", 9, True, ("servers",))]
    recording = run(jobs([0, 1, 2], [100, 10, 10], group=[0, 0, 1], groups=groups), servers(1), queues=queues)
    assert by_job(recording, "starting_at") == [0, 110, 100]


def stranded(recording, *instants: float) -> list[bool]:
    """Whether unused room is stranded at some instants."""
    places = np.searchsorted(recording.stranded.at, instants, side="right")
    return [bool(place and recording.stranded.stranded[place - 1]) for place in places]


def test_unused_room_is_stranded_while_something_waits_for_it_that_does_not_fit():
    # One instance of 2 vCPUs: 1 is free from 0 on, and nobody waits; from 20 on a job of 2 waits; it runs from 50 on.
    recording = run(jobs([0, 20], [50, 10], [1, 2]), fleet(max_vcpus=2))
    assert stranded(recording, 0, 19, 20, 49, 50, 60) == [False, False, True, True, False, False]


def test_room_is_not_stranded_for_what_could_start_there_or_never_will():
    # The head needs 2 vCPUs; the one behind it, from 30 on, would have room, were it not for the head.
    recording = run(jobs([0, 20, 30], [50, 10, 10], [1, 2, 1]), fleet(max_vcpus=2))
    assert stranded(recording, 20, 29, 30, 49) == [True, True, False, False]
    # A job that this environment never holds does not make its room a waste.
    recording = run(jobs([0, 20], [50, 10], [1, 9]), fleet(max_vcpus=2))
    assert stranded(recording, 20, 49) == [False, False]


def test_capacity_is_asked_for_in_the_order_in_which_jobs_would_start():
    # Two queues share a pool of one instance; the one of the higher priority gets it, though its job came later.
    groups = tuple(JobGroup("work", name, "definition") for name in ("low", "high"))
    queues = [JobQueue("low", 1, True, ("one",)), JobQueue("high", 9, True, ("two",))]
    recording = run(
        jobs([1, 2], 10, group=[0, 1], groups=groups),
        fleet("one"),
        fleet("two", offerings=(replace(LARGE, listed=0),)),
        queues=queues,
        scheduler={"scaleUpReaction": 10.0},
        capacity={"pools": [{"vcpus": 2}]},
    )
    # Asked for at 11, 10 s after the first came; that instance is gone at 21, and the other is asked for 10 s later.
    assert by_job(recording, "starting_at") == [31, 11]
