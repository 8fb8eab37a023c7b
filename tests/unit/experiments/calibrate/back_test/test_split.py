"""Where a history is cut, what was known there, and from when on the rest is replayed."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.aws.histories.records import RecordedInstance, RecordedTask, ScalingActivity
from batchsim.errors import ScenarioError
from batchsim.experiments.calibrate.back_test.split import in_system_from, known_until, split
from batchsim.units import DAY, HOUR
from tests.unit.experiments.calibrate.records import MONDAY, attempt, history, job, running


def daily(days, **more):
    return history(*(job(f"j{day}", at=day * DAY + 6 * HOUR, **more) for day in range(days)))


@pytest.mark.parametrize(
    ("days", "share", "learnt"), [(30, 2 / 3, 20), (4, 0.75, 3), (5, 0.75, 4), (2, 0.01, 1), (2, 0.99, 1)]
)
def test_days_are_cut_in_time(days, share, learnt):
    where = split(daily(days), share)
    assert (where.begin, where.cut) == (MONDAY, MONDAY + learnt * DAY)
    assert (where.learnt_days, where.predicted_days, where.days) == (learnt, days - learnt, days)
    assert where.end == MONDAY + (days - 1) * DAY + 6 * HOUR + 100


@given(days=st.integers(2, 40), share=st.floats(0.001, 0.999))
def test_there_is_a_day_on_either_side(days, share):
    where = split(daily(days), share)
    assert where.learnt_days >= 1
    assert where.predicted_days >= 1
    assert where.begin <= where.replayed_from <= where.cut


def test_one_day_can_not_be_cut():
    with pytest.raises(ScenarioError, match="of one day"):
        split(daily(1), 0.75)


@pytest.mark.parametrize("share", [0, 1, -0.5, 75, math.nan])
def test_a_share_is_between_nothing_and_all(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        split(daily(4), share)


def test_a_replay_begins_when_nothing_was_there():
    # Cut at day 8; a day before, at day 7, the job of 6:00 of day 6 is over: nothing is there from then on.
    assert split(daily(10), 0.8).replayed_from == MONDAY + 7 * DAY
    # One that runs from day 3 to day 7 and 1 h is in the way; before it came, nothing was there.
    long = job("long", attempt(3 * DAY, 7 * DAY + HOUR, succeeded=True), at=3 * DAY)
    assert split(history(*daily(10).jobs, long), 0.8).replayed_from == MONDAY + 3 * DAY


def test_where_something_was_always_there_it_begins_a_week_before():
    always = job("always", attempt(0, 19 * DAY, succeeded=True), at=0)
    assert split(history(*daily(20).jobs, always), 0.8).replayed_from == MONDAY + 9 * DAY
    assert split(history(*daily(4).jobs, always), 0.75).replayed_from == MONDAY


def test_who_is_in_the_system_is_replayed():
    jobs = [
        job("over", attempt(0, 10, succeeded=True), at=0),
        job("across", attempt(5, 2000, succeeded=True), at=5),
        replace(job("waits", at=50), attempts=(), status="RUNNABLE"),
        job("later", at=3000),
        job("array", at=3000, size=2),
    ]
    assert [each.job_id for each in in_system_from(jobs, MONDAY + 1000)] == ["across", "waits", "later"]


def test_what_was_not_known_then_is_not_there():
    cut = MONDAY + DAY
    retried = job(
        "retried",
        attempt(DAY - 300, DAY - 200, exit_code=1, status_reason="Essential container in task exited"),
        attempt(DAY - 100, DAY + 50, succeeded=True, instance="i-1"),
        attempt(DAY + 60, DAY + 90, succeeded=True),
        at=DAY - 400,
        runnable=(cut - 400, cut - 150, cut + 55),
        starting=(cut - 350, cut - 120, cut + 56),
    )
    waited = job("waited", attempt(DAY + 10, DAY + 20, succeeded=True), at=DAY - 5, runnable=(cut - 5,))
    ended = job("ended", attempt(10, 20, succeeded=True))
    found = known_until(history(retried, waited, ended, job("new", at=DAY), events=9), cut)
    assert found.events == 2 + 2 + 1
    by_id = {each.job_id: each for each in found.jobs}
    assert list(by_id) == ["ended", "retried", "waited"]
    assert by_id["ended"] is ended
    assert by_id["waited"].attempts == ()
    assert by_id["waited"].status == "RUNNABLE"
    known = by_id["retried"]
    assert known.status == "RUNNING"
    assert known.attempts[0] == retried.attempts[0]
    (_, cut_off) = known.attempts
    assert math.isnan(cut_off.stopped_at)
    assert (cut_off.length_s, cut_off.succeeded, cut_off.exit_code, cut_off.instance) == (100.0, False, None, "i-1")
    assert known.runnable == (cut - 400, cut - 150)
    assert known.starting == (cut - 350, cut - 120)


def test_what_still_ran_at_the_records_end_is_cut_off_earlier():
    known = known_until(history(job("a", running(0, 2 * DAY))), MONDAY + DAY)
    assert known.jobs[0].attempts[0].length_s == DAY


def test_what_ecs_and_auto_scaling_say_later_is_not_known():
    task = RecordedTask("t", "", "image", MONDAY, MONDAY + 10, MONDAY + 20, MONDAY + 30)
    later = replace(task, task="later", started_at=MONDAY + DAY + 1)
    unknown = replace(task, task="unknown", pull_stopped_at=math.nan, started_at=math.nan)
    machine = RecordedInstance("arn", "i-1", registered_at=MONDAY)
    undated = RecordedInstance("undated", "i-2")
    new = RecordedInstance("new", "i-3", registered_at=MONDAY + DAY)
    launch = ScalingActivity("a", "i-1", True, "", MONDAY, MONDAY + 60, "")
    termination = ScalingActivity("b", "i-1", False, "", MONDAY + DAY - 1, MONDAY + DAY + 60, "")
    record = history(
        job(), tasks=(task, later, unknown), instances=(machine, undated, new), activities=(launch, termination)
    )
    known = known_until(record, MONDAY + DAY)
    assert known.tasks == (task,)
    assert known.instances == (machine, undated)
    assert known.activities == (launch,)
