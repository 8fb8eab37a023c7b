"""When an idle instance goes: idle for long enough, on the next tick, and not while something keeps it.

Each case is one small run; an instance is idle from the end of its last job.
"""

from __future__ import annotations

import pytest

from batchsim.spec.configuration import Shape
from tests.worlds import LARGE, fleet, jobs, run

#: Idle for 50 s, looked at every minute.
SETTINGS = {"scaleDownIdle": 50.0, "scaleDownInterval": 60.0}


def ends(workload, environment, *, scheduler=SETTINGS, **more) -> list[float]:
    """When the instances go, in the order of their launch."""
    return run(workload, environment, scheduler=scheduler, **more).instances.terminated_at.tolist()


def test_an_idle_instance_goes_on_the_first_tick_after_it_was_idle_for_long_enough():
    # Its job ends at 100, it is due at 150.
    assert ends(jobs([0], 100), fleet()) == [180]
    assert ends(jobs([0], 100), fleet(), scheduler={**SETTINGS, "scaleDownInterval": 0.0}) == [150]
    # A tick that falls on the instant is that tick.
    assert ends(jobs([0], 70), fleet()) == [120]


def test_a_job_before_that_makes_it_idle_anew():
    # The second job runs from 140 to 150: due at 200, and no longer at 150.
    assert ends(jobs([0, 140], [100, 10]), fleet()) == [240]


def test_an_instance_that_runs_a_job_is_never_ended():
    # Two vCPUs: the second job starts beside the first, and ends long after it.
    assert ends(jobs([0, 10], [20, 1000]), fleet()) == [1080]  # 1,010 + 50


@pytest.mark.parametrize(("delay_s", "gone_at"), [(40, 180), (300, 420), (320, 420), (321, 480)])
def test_min_scale_down_delay_holds_from_the_end_of_the_last_job(delay_s, gone_at):
    # 100 + max(50, delay), then the next tick.
    assert ends(jobs([0], 100), fleet(min_scale_down_delay_s=delay_s)) == [gone_at]


def test_min_scale_down_delay_is_not_for_instances_that_never_held_a_job():
    # Two are there from the beginning, the job is on the first: the other is due at 50.
    wanted = fleet(desired_vcpus=4, min_scale_down_delay_s=600)
    assert ends(jobs([0], 10), wanted) == [660, 60]  # 10 + 600, and 50


def test_what_makes_up_the_minimum_is_kept():
    # Two of 2 vCPUs, minvCpus 2: one goes, the other is there when the run ends with it.
    recording = run(jobs([0, 0], [100, 100], 2), fleet(min_vcpus=2), scheduler=SETTINGS)
    assert recording.instances.terminated_at.tolist() == [180, 180]
    reasons = [recording.reasons[number] for number in recording.instances.reason]
    assert reasons == ["scaled in", "still there at the end of the run"]


def test_one_that_was_kept_goes_when_another_takes_its_place():
    # minvCpus 1 is one instance. At 400 a job of 2 vCPUs takes it and one more is launched for the other job: when
    # both are over, one is too many.
    recording = run(jobs([0, 400, 400], 100, 2), fleet(min_vcpus=1), scheduler=SETTINGS)
    assert len(recording.instances.environment) == 2
    assert sorted(recording.instances.terminated_at.tolist()) == [600, 600]  # 500 + 50, and the end of the run
    assert recording.ended_at == 600


NODES = {"nodes": {4.0: Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)}}
#: Instances register between 10 and 500 s after their launch, each at its own time.
SLOW = {"register": {"uniform": {"min": 10.0, "max": 500.0}}}


def test_instances_that_a_multi_node_job_waits_for_are_kept_until_the_last_is_there():
    # Nothing is idle for longer than it takes to look: without the job the first would be gone before the second.
    recording = run(
        jobs([0], 100, 4, **NODES), fleet(), scheduler={"scaleDownIdle": 0.0, "scaleDownInterval": 0.0}, ec2=SLOW
    )
    first, last = sorted(recording.instances.registered_at)
    assert first < last
    assert recording.attempts.starting_at.tolist() == [last]
    assert recording.instances.terminated_at.tolist() == [last + 100] * 2


def test_more_than_a_multi_node_job_needs_are_not_kept_for_it():
    # Three are wanted, two are its nodes. Of equal instances those launched first take it.
    recording = run(
        jobs([0], 100, 4, **NODES),
        fleet(desired_vcpus=6, offerings=(LARGE,)),
        scheduler={"scaleDownIdle": 50.0, "scaleDownInterval": 0.0},
    )
    assert recording.instances.terminated_at.tolist() == [150, 150, 50]
