"""Consumable resources, time limits of queues, multi-node jobs: worked by hand to the second."""

from __future__ import annotations

import math

import pytest

from batchsim.engine.queues.time_limits import CAPACITY, MAX_RESOURCE, REQUIREMENT
from batchsim.recording import Cause, Status
from batchsim.spec.configuration import ComputeEnvironment, Consumable, JobQueue, Shape, SpotTrace, TimeLimit
from batchsim.spec.workload import JobGroup
from tests.worlds import LARGE, XLARGE, by_job, fleet, jobs, run, servers


def licensed(quantity: int = 1, **members) -> JobGroup:
    return JobGroup("work", "queue", "definition", consumables=(("licence", quantity),), **members)


PLAIN = JobGroup("work", "queue", "definition")


def test_a_job_waits_for_its_licence_and_blocks_what_is_behind_it():
    # Two licences: the third job waits for the first to end, and the plain one behind it though there is room.
    workload = jobs([0, 0, 1, 2], [10, 20, 5, 5], groups=[licensed(), PLAIN], group=[0, 0, 0, 1])
    recording = run(workload, servers(8), consumables=[Consumable("licence", 2)])
    assert by_job(recording, "starting_at") == [0, 0, 10, 10]
    at_1 = [Cause(c) for at, c in zip(recording.causes.at, recording.causes.cause, strict=True) if at == 1]
    assert at_1 == [Cause.CONSUMABLE]


def test_what_is_not_replenishable_is_used_up():
    workload = jobs([0, 0, 0], 10, groups=[licensed()])
    recording = run(workload, servers(8), consumables=[Consumable("licence", 2, replenishable=False)])
    assert list(recording.status) == [Status.SUCCEEDED, Status.SUCCEEDED, Status.RUNNABLE]


def test_a_retried_attempt_takes_its_licence_again():
    workload = jobs([0, 0], 10, groups=[licensed(attempts=2)], exit_code=[1, 0], later_exit_code=0)
    recording = run(workload, servers(8), consumables=[Consumable("licence", 1)])
    assert by_job(recording, "starting_at") == [0, 10, 20]


def test_capacity_is_not_launched_for_jobs_without_a_licence():
    workload = jobs([0] * 8, 100, 2, groups=[licensed()])
    recording = run(workload, fleet(), consumables=[Consumable("licence", 3)])
    assert len(recording.instances.environment) == 3
    assert sorted(by_job(recording, "starting_at")) == [0, 0, 0, 100, 100, 100, 200, 200]


def limited(reason: str, seconds: float, *environments: str) -> JobQueue:
    return JobQueue("queue", 1, True, environments, time_limits=(TimeLimit(reason, seconds),))


def test_a_head_that_no_limit_can_hold_is_cancelled_and_the_next_moves_up():
    workload = jobs([0, 0], 10, [99, 1])
    recording = run(workload, servers(4), queues=[limited(MAX_RESOURCE, 600, "servers")])
    assert list(recording.status) == [Status.FAILED, Status.SUCCEEDED]
    assert by_job(recording, "starting_at") == [600]
    reason = recording.reasons[recording.reason[0]]
    assert reason == f"Canceled by JobStateTimeLimit action due to reason: {MAX_RESOURCE}"


def test_a_head_that_no_type_holds_has_another_reason():
    workload = jobs([0], 10, 8)
    cancelled = run(workload, fleet(), queues=[limited(REQUIREMENT, 600, "fleet")])
    assert (list(cancelled.status), list(cancelled.stopped_at)) == ([Status.FAILED], [600])
    left = run(workload, fleet(), queues=[limited(MAX_RESOURCE, 600, "fleet")])
    assert list(left.status) == [Status.RUNNABLE]


def test_a_head_that_waits_for_room_is_not_cancelled():
    workload = jobs([0, 0], 5000, 4)
    for reason in (CAPACITY, MAX_RESOURCE, REQUIREMENT):
        recording = run(workload, servers(4), queues=[limited(reason, 600, "servers")])
        assert list(recording.status) == [Status.SUCCEEDED, Status.SUCCEEDED]


def test_the_time_runs_from_when_the_job_is_head():
    workload = jobs([0, 0], [1000, 10], [4, 99])
    recording = run(workload, servers(4), queues=[limited(MAX_RESOURCE, 600, "servers")])
    # The wide job becomes the head at once, when the first has started.
    assert recording.stopped_at[1] == 600


IDLING = {"scheduler": {"scaleDownIdle": 600}}
GANG = Shape(3.0, 3000, nodes=(Shape(1.0, 1000),) * 3)


def test_a_multi_node_job_takes_an_instance_for_each_node_at_once():
    workload = jobs([0], 100, 3, nodes={3.0: GANG})
    recording = run(workload, fleet(max_vcpus=6), ec2={"launch": 30})
    assert len(recording.instances.environment) == 3
    assert by_job(recording, "starting_at") == [30]
    assert list(recording.nodes.attempt) == [0, 0]
    assert {int(recording.attempts.instance[0]), *recording.nodes.instance} == {0, 1, 2}


def test_nodes_share_their_instances_with_nobody():
    # One vCPU of each two-vCPU instance is left over, and stays so until the multi-node job ends.
    workload = jobs([0, 1], [100, 10], [3, 1], nodes={3.0: GANG})
    recording = run(workload, fleet(max_vcpus=6))
    assert by_job(recording, "starting_at") == [0, 100]


def test_a_multi_node_job_waits_until_enough_instances_are_empty():
    workload = jobs([0, 1], [100, 10], [1, 3], nodes={3.0: GANG})
    recording = run(workload, fleet(max_vcpus=6))
    assert by_job(recording, "starting_at") == [0, 100]
    assert len(recording.instances.environment) <= 3


def test_nothing_is_launched_for_a_part_of_a_multi_node_job():
    # A c6i.xlarge is busy for an hour: of six vCPUs two are left, too few for three nodes.
    workload = jobs([0, 1], [3600, 10], [3, 2], nodes={2.0: Shape(2.0, 3000, nodes=(Shape(1.0, 1000),) * 2)})
    gang_type = fleet(max_vcpus=6, offerings=(LARGE, XLARGE))
    recording = run(workload, gang_type)
    requested = [float(at) for at in recording.instances.requested_at if at < 3600]
    assert requested == [0]
    assert by_job(recording, "starting_at")[1] >= 3600


def test_multi_node_jobs_never_run_on_spot():
    spot = fleet(purchase_option="SPOT")
    recording = run(jobs([0], 100, 3, nodes={3.0: GANG}), spot)
    assert list(recording.status) == [Status.RUNNABLE]
    assert len(recording.instances.environment) == 0
    # Nor on Spot instances that other jobs left empty.
    recording = run(jobs([0, 0, 0, 50], [10, 10, 10, 100], [2, 2, 2, 3], nodes={3.0: GANG}), spot, **IDLING)
    assert list(recording.status) == [Status.SUCCEEDED] * 3 + [Status.RUNNABLE]


def test_a_named_type_is_the_only_one_taken():
    named = Shape(3.0, 3000, nodes=(Shape(1.0, 1000),) * 3, instance_type="c6i.xlarge")
    recording = run(jobs([0], 100, 3, nodes={3.0: named}), fleet(offerings=(LARGE, XLARGE)))
    assert list(recording.instances.offering) == [1, 1, 1]


def test_the_main_node_s_end_ends_the_job_and_frees_all_its_instances():
    workload = jobs([0, 0], 100, 3, nodes={3.0: GANG})
    recording = run(workload, fleet(max_vcpus=6))
    assert by_job(recording, "stopped_at") == [100, 200]
    assert len(recording.instances.environment) == 3
    assert not math.isnan(recording.stopped_at[1])
    assert recording.instances.terminated_at == pytest.approx([200] * 3)


def test_only_environments_that_could_hold_the_head_have_to_be_out_of_capacity():
    # The second one is DISABLED; a Spot one never holds a multi-node job (User Guide, Jobs stuck in RUNNABLE).
    empty = {"capacity": {"pools": [{"instanceTypes": ["c6i"], "vcpus": 0}]}}
    disabled = fleet("second", enabled=False)
    recording = run(jobs([0], 10, 2), fleet(), disabled, queues=[limited(CAPACITY, 600, "fleet", "second")], **empty)
    assert (list(recording.status), list(recording.stopped_at)) == ([Status.FAILED], [600])
    spot = fleet("spot", purchase_option="SPOT")
    workload = jobs([0], 100, 3, nodes={3.0: GANG})
    recording = run(workload, spot, fleet(), queues=[limited(CAPACITY, 600, "spot", "fleet")], **empty)
    assert (list(recording.status), list(recording.stopped_at)) == ([Status.FAILED], [600])


def test_a_head_for_which_an_instance_boots_is_not_short_of_capacity():
    # The market has one instance, which is launched for the job at 0 and boots until 1,000. No second one is to be had
    # meanwhile, but the head lacks nothing: the limit of 600 s for missing capacity does not end it.
    one = fleet(purchase_option="SPOT", spot_trace=SpotTrace((0.0,), (1,), 1e6))
    patient = JobQueue("queue", 1, True, ("fleet",), time_limits=(TimeLimit(CAPACITY, 600.0),))
    recording = run(jobs([0], [10], [2]), one, queues=[patient], ec2={"register": 1000})
    assert by_job(recording, "starting_at") == [1000]
    assert recording.status.tolist() == [Status.SUCCEEDED]


def test_a_job_that_starts_behind_the_head_may_send_it_to_the_next_environment():
    """By hand: a head of 4 vCPUs waits for the first environment, whose limit of 4 leaves room for one more instance.

    Job 0 brings an instance of 2 vCPUs until 500, which is kept. At 1000 the head may be launched for, and waits; the
    small job behind it starts on that instance, so that 3 vCPUs are left for the head: it is at the limit, and goes on
    to the servers at the next pass, which the job that comes at 1100 brings about.
    """
    kept = {"zones": ("us-east-1a",), "scale_in_after_s": math.inf}
    managed = ComputeEnvironment("managed", "MANAGED_INSTANCES", True, 4, offerings=(LARGE, XLARGE), **kept)
    recording = run(
        jobs([0, 1000, 1000, 1100], [500, 300, 5000, 300], [1, 4, 1, 4]),
        managed,
        servers(8),
        queues=[JobQueue("queue", 1, True, ("managed", "servers"))],
        scheduler={"overtake": "fitting", "scaleUpReaction": 10, "scaleUpInterval": 60},
    )
    assert by_job(recording, "starting_at") == [0, 1100, 1000, 1100]
    assert by_job(recording, "environment") == [0, 1, 0, 1]


def test_a_launch_token_is_there_at_the_instant_at_which_it_is_complete():
    """By hand: one task at once, then one every 50 ms; passes at whole seconds find what is complete by then."""
    recording = run(
        jobs([0] * 50 + [1.5], 1, [1, 2] * 25 + [1]),
        ComputeEnvironment("tasks", "FARGATE", True, 64),
        fargate={"launchBurst": 1, "launchesPerSecond": 20},
        scheduler={"dispatchInterval": 1},
    )
    started = by_job(recording, "starting_at")
    assert started == pytest.approx([0.05 * number for number in range(51)])
    assert started[40] == 2.0  # and not a rounding error later, whatever was set for it
    assert recording.causes.cause.tolist() == [Cause.CAPACITY, Cause.BLOCKED]
