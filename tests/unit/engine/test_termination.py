"""When a run is over: while something keeps it going it is not; then hope of capacity, the floor and the horizon."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.recording import Status
from batchsim.spec.configuration import JobQueue, SpotTrace
from batchsim.spec.workload import JobGroup
from tests.worlds import LARGE, fleet, jobs, offering, run, servers

SPOT = {"purchase_option": "SPOT"}
OWN_AND_SPOT = [JobGroup(name, name, "definition") for name in ("own", "spot")]


def test_nothing_to_do_ends_at_once():
    assert run(jobs([], []), servers(1)).ended_at == 0
    assert run(jobs([], []), fleet(min_vcpus=4)).ended_at == 0


def test_a_job_that_is_to_arrive_and_an_attempt_that_runs():
    recording = run(jobs([50, 500], [10, 70]), servers(1))
    assert recording.ended_at == 570
    assert recording.status.tolist() == [Status.SUCCEEDED] * 2


def test_an_instance_that_boots_for_a_job():
    # Launched at 0 and registered at 100.
    assert run(jobs([0], 10), fleet(), ec2={"register": 100.0}).ended_at == 110


IDLE = {"scaleDownIdle": 200.0}


def test_an_instance_that_is_to_be_scaled_in():
    assert run(jobs([0], 10), fleet(), scheduler=IDLE).ended_at == 210
    assert run(jobs([0], 10), servers(1), fleet(desired_vcpus=2), scheduler=IDLE).ended_at == 200


@pytest.mark.parametrize("arrives_at", [0, 150, 300])
def test_what_makes_up_the_minimum_keeps_no_run_going(arrives_at):
    # It is not scaled in: neither one that never held a job, nor one that did, before or after it was idle for long.
    assert run(jobs([arrives_at], 10), servers(1), fleet(min_vcpus=2), scheduler=IDLE).ended_at == arrives_at + 10
    assert run(jobs([arrives_at], 10), fleet(min_vcpus=2), scheduler=IDLE).ended_at == arrives_at + 10
    # One more than the minimum goes first.
    assert run(jobs([arrives_at] * 2, 10, 2), fleet(min_vcpus=2), scheduler=IDLE).ended_at == arrives_at + 210


def test_an_instance_of_the_minimum_that_boots_is_waited_for_by_a_job():
    # It is launched at 0 for minvCpus, which keeps no run going, and registers at 100; the limit allows for no other.
    recording = run(jobs([5], 10), fleet(min_vcpus=2, max_vcpus=2), ec2={"register": 100.0})
    assert recording.attempts.starting_at.tolist() == [100]
    assert run(jobs([5], 10), servers(1), fleet(min_vcpus=2, max_vcpus=2), ec2={"register": 100.0}).ended_at >= 15


def test_a_pass_that_is_due():
    # The job arrives at 1 and is looked at on the tick of 5.
    assert run(jobs([1], 10), servers(1), scheduler={"dispatchInterval": 5.0}).ended_at == 15


def test_a_job_that_can_never_start_keeps_no_run_going():
    recording = run(jobs([3], 10, 99), servers(1))
    assert recording.ended_at == 3
    assert recording.status.tolist() == [Status.RUNNABLE]


@pytest.mark.parametrize(("floor_s", "ended_at"), [(5, 10), (10, 10), (1000, 1000)])
def test_a_run_lasts_for_the_scenarios_duration_at_least(floor_s, ended_at):
    assert run(jobs([0], 10), servers(1), duration_s=floor_s).ended_at == ended_at
    # Also where nothing is to happen before.
    assert run(jobs([], []), servers(1), duration_s=floor_s).ended_at == floor_s


def test_a_run_ends_at_its_horizon():
    recording = run(jobs([0, 4, 6, 9], [3, 100, 10, 10]), servers(1), horizon_s=7)
    assert recording.ended_at == 7
    states = [Status(status).name for status in recording.status]
    assert states == ["SUCCEEDED", "RUNNING", "RUNNABLE", "SUBMITTED"]


def test_what_is_due_at_the_horizon_has_happened():
    recording = run(jobs([0, 7], [7, 10]), servers(1), horizon_s=7)
    assert [Status(status).name for status in recording.status] == ["SUCCEEDED", "RUNNING"]
    assert recording.attempts.starting_at.tolist() == [0, 7]


def test_the_horizon_is_before_the_floor():
    assert run(jobs([0], 10), servers(1), duration_s=1000, horizon_s=60).ended_at == 60


def pool(*steps: tuple[float, int]) -> dict:
    return {"capacity": {"pools": [{"schedule": [{"at": at, "vcpus": vcpus} for at, vcpus in steps]}]}}


def test_a_schedule_of_capacity_with_a_step_ahead_is_waited_for():
    # Nothing is to be had until 1,000.
    recording = run(jobs([0], 10), fleet(), **pool((0, 0), (1000, 2)))
    assert recording.attempts.starting_at.tolist() == [1000]
    assert recording.ended_at == 1010
    # A step that brings nothing is waited for, and no longer.
    recording = run(jobs([0], 10), fleet(), **pool((0, 0), (1000, 1)))
    assert recording.ended_at == 1000
    assert recording.status.tolist() == [Status.RUNNABLE]


def test_nobody_waits_for_a_step_where_no_job_waits():
    assert run(jobs([0], 10), servers(1), fleet(), **pool((0, 0), (1000, 2))).ended_at == 10


def test_a_price_that_falls_below_the_bid_is_waited_for():
    dear = replace(LARGE, above_bid=((0.0, True), (500.0, False)))
    recording = run(jobs([0], 10), fleet(offerings=(dear,), **SPOT))
    assert recording.attempts.starting_at.tolist() == [500]
    always = replace(LARGE, above_bid=((0.0, True),))
    assert run(jobs([3], 10), fleet(offerings=(always,), **SPOT)).ended_at == 3


def test_a_recorded_market_that_has_instances_at_times_is_waited_for():
    # They can be had from 200 on, of 400 s; it repeats.
    market = SpotTrace(at=(0.0, 200.0), available=(0, 1), length_s=400.0)
    assert run(jobs([0, 400], 10), fleet(spot_trace=market, **SPOT)).attempts.starting_at.tolist() == [200, 600]
    # Not for a job that no instance of it would hold, nor where there never is one.
    assert run(jobs([0], 10, 4), fleet(spot_trace=market, **SPOT)).ended_at == 0
    nothing = SpotTrace(at=(0.0,), available=(0,), length_s=400.0)
    assert run(jobs([3], 10), fleet(spot_trace=nothing, **SPOT)).ended_at == 3
    assert run(jobs([0], 10), fleet(spot_trace=nothing, **SPOT)).ended_at == 0


def test_a_recorded_market_is_gone_through_twice_since_the_last_job_came():
    # Another runs until 9,700, long after the market was gone through twice. What came at 9,650 has its own at 9,800.
    market = SpotTrace(at=(0.0, 200.0), available=(0, 1), length_s=400.0)
    recording = run(
        jobs([0, 9_650], [9_700, 10], groups=OWN_AND_SPOT, group=[0, 1]),
        servers(1),
        fleet(spot_trace=market, **SPOT),
        queues=[JobQueue("own", 1, True, ("servers",)), JobQueue("spot", 1, True, ("fleet",))],
    )
    assert recording.attempts.starting_at.tolist() == [0, 9_800]


def test_an_outage_is_waited_for_where_its_end_brings_something():
    # The pool of c6i.large has events again and again, each followed by an outage of ten minutes: as there are no vCPUs
    # to be had outside of outages either, the job hopes for nothing, and the run ends when it has come.
    stormy = fleet(offerings=(replace(LARGE, interruptions_per_hour=60.0),), **SPOT)
    storms = {"spot": {"together": 1, "outage": 600.0}, "horizon_s": 1e5}
    for capacity in ({"pools": [{"vcpus": 0}]}, {"accountvCpus": {"SPOT": 1}}):
        assert run(jobs([1000], 10), stormy, capacity=capacity, **storms).ended_at == 1000
    # Two vCPUs are enough: it starts when the outage is over.
    recording = run(jobs([1000], 10, attempts=9), stormy, capacity={"pools": [{"vcpus": 2}]}, **storms)
    assert recording.status.tolist() == [Status.SUCCEEDED]
    # Nor does it hope for the end of an outage of a type that would not hold it.
    roomy = replace(LARGE, instance_type="m6i.large", memory_mib=7000, interruptions_per_hour=1e-9)
    both = fleet(offerings=(stormy.offerings[0], roomy), **SPOT)
    none_left = {"pools": [{"instanceTypes": ["m6i"], "vcpus": 0}]}
    assert run(jobs([1000], 10, memory_mib=6000), both, capacity=none_left, **storms).ended_at == 1000


def test_instances_that_come_and_go_are_not_waited_for_for_ever(monkeypatch):
    # Two instances make up the minimum and fill the limit, of the cheaper type, which does not hold the job: one is
    # always taken back (60 an hour and notices of two minutes) and another launched.
    monkeypatch.setattr("batchsim.engine.termination.MOST_HOPES", 20)
    roomy = offering("m6i.large", 2, 7000, 0.1, interruptions_per_hour=60.0)
    coming = fleet(offerings=(replace(LARGE, interruptions_per_hour=60.0), roomy), min_vcpus=24, max_vcpus=24, **SPOT)
    recording = run(jobs([0], 10, memory_mib=6000), coming, spot={"together": 0}, horizon_s=1e5)
    assert recording.status.tolist() == [Status.RUNNABLE]
    assert recording.ended_at < 1e5


def test_capacity_that_comes_back_is_waited_for():
    # Two queues with an environment each, and a pool of one instance for both: the first's goes at 10 + 300.
    queues = JobQueue("first", 2, True, ("one",)), JobQueue("second", 1, True, ("two",))
    groups = JobGroup("work", "first", "definition"), JobGroup("work", "second", "definition")
    recording = run(
        jobs([0, 1], 10, group=[0, 1], groups=groups),
        fleet("one"),
        fleet("two"),
        queues=queues,
        scheduler={"scaleDownIdle": 300.0},
        capacity={"pools": [{"vcpus": 2}]},
    )
    assert recording.attempts.starting_at.tolist() == [0, 310]
    assert recording.ended_at == 310 + 10 + 300
