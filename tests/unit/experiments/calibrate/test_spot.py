"""Interruptions: of as many hours as instances were there, with what is not known of them."""

from __future__ import annotations

import math

import pytest

from batchsim.aws.histories.records import RecordedInstance, ScalingActivity
from batchsim.experiments.calibrate.instances import lives_of
from batchsim.experiments.calibrate.spot import learn_spot
from tests.unit.experiments.calibrate.records import MONDAY, attempt, history, job

SPOT = {"high": frozenset({"SPOT"})}


def lost(instance, started, stopped):
    return attempt(
        started,
        stopped,
        exit_code=None,
        instance=instance,
        status_reason=f"Host EC2 (instance i-{instance}) terminated.",
    )


def test_by_hand():
    # i-1 for 2 h, then lost with both its jobs; i-2 for 1 h.
    jobs = [
        job("a", attempt(0, 3600, instance="1")),
        job("b", lost("1", 3600, 7200)),
        job("c", lost("1", 5000, 7200)),
        job("d", attempt(0, 3600, instance="2")),
    ]
    (found,) = learn_spot(jobs, SPOT)
    assert (found.of, found.per_hour.events, found.per_hour.exposure) == ("EC2", 1, pytest.approx(3.0))
    assert found.written == {"interruptions": {"ratePerHour": pytest.approx(1 / 3, rel=1e-3)}}
    assert found.together == 0.0


def test_those_within_three_minutes_came_together():
    at = [0, 60, 120, 5000, 9000, 9100, 20_000, 30_000, 40_000, 50_000]
    jobs = [job(str(number), lost(f"{number}a", stopped - 3600.0, stopped)) for number, stopped in enumerate(at)]
    (found,) = learn_spot(jobs, SPOT)
    assert found.written["together"] == 0.5


def test_those_that_came_together_make_less_sure():
    alone = [job(str(n), lost(f"{n}a", n * 7200.0, n * 7200.0 + 3600)) for n in range(10)]
    at_once = [job(str(n), lost(f"{n}a", 0.0, 3600.0 + n)) for n in range(10)]
    (apart,), (one,) = learn_spot(alone, SPOT), learn_spot(at_once, SPOT)
    assert apart.per_hour.mean == pytest.approx(one.per_hour.mean, rel=0.01)
    assert one.per_hour.high > 2 * apart.per_hour.high
    assert "in 1 events" in one.why


def test_none_is_a_bound():
    (found,) = learn_spot([job("a", attempt(0, 36_000, instance="1"))], SPOT)
    assert found.written == {}
    assert found.per_hour.high == pytest.approx(-math.log(0.05) / 10)
    assert "the default stays" in found.why


@pytest.mark.parametrize("environments", [None, {"high": frozenset({"SPOT", "EC2"})}])
def test_where_the_hours_are_not_all_of_spot_nothing_is_written(environments):
    (found,) = learn_spot([job("a", lost("1", 0, 3600))], environments)
    assert found.written == {}
    assert "lower bound" in found.why


def test_on_demand_instances_are_left_out():
    assert list(learn_spot([job("a", attempt(0, 3600, instance="1"))], {"high": frozenset({"EC2"})})) == []


def test_fargate_tasks():
    told = attempt(0, 1800, exit_code=None, status_reason="Your Spot Task was interrupted.")
    jobs = [job("a", told, attempt(1900, 7300))]
    (found,) = learn_spot(jobs, {"high": frozenset({"FARGATE_SPOT"})})
    assert (found.of, found.per_hour.exposure) == ("Fargate", pytest.approx(2.0))
    assert found.written == {"fargateRatePerHour": 0.5}
    (found,) = learn_spot(jobs, {"high": frozenset({"FARGATE_SPOT", "FARGATE"})})
    assert found.written == {}


def test_queues_of_spot_alone_say_more_than_others():
    jobs = [job("a", attempt(0, 3600, instance="1")), job("b", attempt(0, 7200, instance="2"), queue="both")]
    (found,) = learn_spot(jobs, {**SPOT, "both": frozenset({"SPOT", "EC2"})})
    assert found.per_hour.exposure == pytest.approx(1.0)
    assert "the default stays" in found.why


def test_instances_are_there_from_launch_to_end_where_that_is_known():
    # An hour with a job; launched half an hour before, taken back half an hour after it: of the second only the launch.
    machines = tuple(RecordedInstance(name, f"i-{name}") for name in ("1", "2"))
    cause = "an instance was taken out of service in response to an EC2 Spot interruption"
    activities = (
        ScalingActivity("a", "i-1", True, "", MONDAY - 1830, MONDAY - 1800, ""),
        ScalingActivity("b", "i-1", False, "", MONDAY + 5400, MONDAY + 5430, cause),
        ScalingActivity("c", "i-2", True, "", MONDAY - 1830, MONDAY - 1800, ""),
    )
    jobs = [job(name, attempt(0, 3600, instance=name)) for name in ("1", "2", "3")]
    lives = lives_of(history(*jobs, instances=machines, activities=activities), None)
    (found,) = learn_spot(jobs, SPOT, lives)
    assert (found.per_hour.events, found.per_hour.exposure) == (1, pytest.approx(2 + 1.5 + 1))
    assert "3 instances, 1 from launch to end" in found.why


def test_of_a_queue_with_both_options_the_rate_is_of_the_spot_instances_where_they_are_known():
    machines = (
        RecordedInstance("1", "i-1", purchase_option="SPOT"),
        RecordedInstance("2", "i-2", purchase_option="EC2"),
    )
    jobs = [job("a", lost("1", 0, 3600)), job("b", attempt(0, 36_000, instance="2"))]
    both = {"high": frozenset({"SPOT", "EC2"})}
    (found,) = learn_spot(jobs, both, lives_of(history(*jobs, instances=machines), None))
    assert (found.per_hour.events, found.per_hour.exposure) == (1, 1.0)
    assert found.written["interruptions"] == {"ratePerHour": 1.0}
    (found,) = learn_spot(jobs, both)
    assert found.per_hour.exposure == 11.0
    assert found.written == {}


@pytest.mark.parametrize(("apart", "events"), [(180.0, 1), (180.5, 2)], ids=["three minutes", "more"])
def test_one_event_lasts_while_the_next_comes_within_three_minutes(apart, events):
    """A chain of losses, each so long after the one before: the first and the last are further apart than that."""
    jobs = [job(str(number), lost(f"{number}a", 0.0, 3600.0 + number * apart)) for number in range(3)]
    (found,) = learn_spot(jobs, SPOT)
    assert f"in {1 if events == 1 else 3} events" in found.why
    assert found.together == (1.0 if events == 1 else 0.0)


@pytest.mark.parametrize(("n", "is_written"), [(9, False), (10, True)])
def test_what_share_came_together_takes_ten_to_be_written(n, is_written):
    (found,) = learn_spot([job(str(k), lost(f"{k}a", 0.0, 3600.0 + k)) for k in range(n)], SPOT)
    assert found.together == 1.0
    assert ("together" in found.written) is is_written
    # n in n hours and some seconds.
    assert found.written["interruptions"]["ratePerHour"] == pytest.approx(1.0, rel=0.01)


def test_an_instance_is_lost_once_and_there_from_its_first_job_to_its_last():
    jobs = [
        job("a", lost("1", 0, 3600)),
        job("b", lost("1", 0, 3600)),
        job("c", attempt(0, 1800, instance="2"), attempt(9000, 10_800, instance="2")),
    ]
    (found,) = learn_spot(jobs, SPOT)
    assert found.per_hour.events == 1
    assert found.per_hour.exposure == pytest.approx(1 + 3)  # idle in between, and there
    assert found.per_hour.mean == pytest.approx(1 / 4)


def test_what_ran_for_no_time_says_nothing():
    assert list(learn_spot([job("a", attempt(0, 0, instance="1"))], SPOT)) == []
    assert list(learn_spot([], SPOT)) == []


def test_an_instance_that_no_event_names_is_known_by_what_aws_said():
    """Of two jobs without an instance, the reason tells that both were on the same one."""
    told = "Host EC2 (instance i-0abc) terminated."
    jobs = [job(name, attempt(0, 3600, exit_code=None, status_reason=told)) for name in "ab"]
    with_one = [*jobs, job("c", attempt(0, 7200, instance="9"))]
    (found,) = learn_spot(with_one, SPOT)
    assert found.per_hour.events == 1
