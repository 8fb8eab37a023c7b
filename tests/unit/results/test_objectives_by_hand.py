"""What each objective looks at, whom it counts as missing, and whose clock a deadline is on: by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.recording import Status
from batchsim.results.durations import queue_times, turnarounds
from batchsim.results.objectives import ObjectiveEntries, chosen, deadlines, finished_at, first_shown
from batchsim.results.window import WHOLE, Window
from batchsim.spec.arrivals import Arrivals
from batchsim.spec.objectives import parse_objective
from batchsim.spec.workload import JobGroup
from tests.unit.results.recorded import NAN, attempt, outcome
from tests.worlds import jobs, servers

HOUR, DAY = 3600.0, 86_400.0
#: Five jobs: done, failed, running, one that waits for its first attempt, and one that was cancelled while it waited.
GROUPS = [JobGroup("a", "queue", "one"), JobGroup("b", "queue", "two")]
ATTEMPTS = [
    attempt(0, 0, 10, 10, 100),
    attempt(1, 0, 20, 20, 50, status=Status.FAILED),
    attempt(2, 0, 30, 30, NAN, status=Status.RUNNING),
]
STATES = [Status.SUCCEEDED, Status.FAILED, Status.RUNNING, Status.RUNNABLE, Status.FAILED]


def arriving(*zones: str) -> list[SimpleNamespace]:
    """Workflows a and b, each in a time zone of its own."""
    return [
        SimpleNamespace(name=name, arrivals=Arrivals(at=["0"], timezone=zone))
        for name, zone in zip("ab", zones, strict=True)
    ]


def entries(
    *expressions: str, attempts=ATTEMPTS, states=STATES, group=0, window=WHOLE, zones=("UTC", "UTC"), **members
):
    """What is said of objectives over those five, which came at 0 s; the run ended at 200 s."""
    made = outcome(
        jobs([0, 0, 0, 0, 0], 60, groups=GROUPS, group=group),
        servers(4),
        attempts=attempts,
        status=states,
        stopped_at=[100, 50, NAN, NAN, 80],
        ended_at=200,
    )
    made = SimpleNamespace(
        workload=made.workload,
        recording=made.recording,
        window=window,
        attempts_of_jobs=made.attempts_of_jobs,
    )
    scenario = SimpleNamespace(
        objectives=[parse_objective(each) for each in expressions],
        sources=arriving(*zones),
        warm_up_s=None,
        start=datetime(2026, 11, 2, tzinfo=UTC),
    )
    summary = {"utilisation": {"vcpu": 0.5}, "cost_usd": {"total": 9.0}, **members}
    return ObjectiveEntries(scenario, made, queue_times(made), turnarounds(made), summary).entries()


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("max(queue_time) <= 1d", {"never_ran": 2, "unfinished": 0, "failed": 0}),
        ("max(turnaround) <= 1d", {"never_ran": 2, "unfinished": 1, "failed": 1}),
        ("max(finished_at) <= 1d", {"never_ran": 2, "unfinished": 1, "failed": 1}),
        ("makespan <= 1d", {"never_ran": 2, "unfinished": 1, "failed": 1}),
        ("cost <= 100", {"never_ran": 2, "unfinished": 1, "failed": 1}),
        ("failed <= 5", {"never_ran": 1, "unfinished": 1, "failed": 0}),
        ("utilisation >= 1%", {"never_ran": 1, "unfinished": 1, "failed": 0}),
        ("unfinished <= 5", {"never_ran": 0, "unfinished": 0, "failed": 0}),
    ],
)
def test_who_did_not_get_as_far_as_it_needs(expression, missing):
    (entry,) = entries(expression)
    assert entry["missing_by"] == missing
    assert entry["missing"] == sum(missing.values())
    assert entry["kept"] is (entry["missing"] == 0)
    assert (entry["jobs"], entry["kept_in"]) == (5, int(entry["kept"]))


@pytest.mark.parametrize(
    ("expression", "value", "at_least"),
    [
        ("failed <= 2", 2, None),
        ("failed <= 40%", 0.4, None),
        ("unfinished <= 2", 2, None),
        ("unfinished <= 39%", 0.4, None),
        ("utilisation >= 50%", 0.5, None),
        ("cost <= 9", 9.0, None),
        ("min(queue_time) >= 10s", 10, None),
        ("p50(queue_time) <= 1h", 30, None),
        ("max(queue_time) <= 1h", None, 200),
        ("makespan <= 1h", None, 200),
        ("p50(finished_at) <= 1h", 100, None),
        ("p90(finished_at) <= 1h", None, 200),
    ],
)
def test_what_it_looks_at(expression, value, at_least):
    # 10, 20 and 30 s until the three that began; the others waited 200 and 80 s. Each is a run of its own, and
    # three of these ended: at 50, 80 and 100 s.
    (entry,) = entries(expression)
    assert (entry["value"], entry["at_least"]) == (value, at_least)


@pytest.mark.parametrize(
    ("metric", "of_a", "of_b"),
    [
        ("max(queue_time, {}) <= 1d", (0, 0, 0), (2, 0, 0)),
        ("max(turnaround, {}) <= 1d", (0, 0, 1), (2, 1, 0)),
        ("failed({}) <= 5", (0, 0, 0), (1, 1, 0)),
        ("unfinished({}) <= 5", (0, 0, 0), (0, 0, 0)),
    ],
)
def test_jobs_of_others_are_not_missing(metric, of_a, of_b):
    # The first two are of workflow a.
    asked = [metric.format(f"workflow={name}") for name in "ab"]
    found = entries(*asked, group=[0, 0, 1, 1, 1])
    assert [tuple(entry["missing_by"].values()) for entry in found] == [of_a, of_b]
    assert [entry["jobs"] for entry in found] == [2, 3]


def test_of_a_minimised_figure_nothing_is_kept():
    (entry,) = entries("minimise cost")
    assert (entry["value"], entry["limit"], entry["kept"], entry["kept_in"]) == (9.0, None, None, None)


def test_an_empty_share_is_nothing_and_no_division():
    (entry,) = entries("failed(workflow=b) <= 1%")
    assert (entry["value"], entry["jobs"], entry["kept"]) == (0.0, 0, True)
    (none,) = entries("max(turnaround, workflow=b) <= 1h")
    assert (none["value"], none["kept"]) == (None, False)


def test_a_part_s_cost_is_the_summary_s_and_nothing_of_a_part_without_jobs():
    parts = {"job_queues": {"queue": {"cost_usd": {"total": 3.0}}}, "workflows": {"b": {"cost_usd": {"total": 4.0}}}}
    found = entries("cost(jobQueue=queue) <= 3", "cost(workflow=b) <= 3", "cost(workflow=gone) <= 0", **parts)
    assert [entry["value"] for entry in found] == [3.0, 4.0, 0.0]
    assert [entry["limit"] for entry in found] == [3.0, 3.0, 0.0]


@pytest.mark.parametrize(
    ("allowance", "allowed"),
    [
        ("failed <= 2", True),
        ("failed <= 1", False),
        ("failed(workflow=a) <= 2", True),
        ("failed(workflow=b) <= 2", False),
        ("failed >= 0", False),
        ("unfinished <= 2", False),
    ],
)
def test_who_may_fail_is_not_missing(allowance, allowed):
    # All five are of workflow a, and all have ended: two failed.
    ended = [attempt(n, 0, 10, 10, 50) for n in range(4)]
    ended[1]["status"] = Status.FAILED
    states = [Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED]
    promise, _ = entries("max(turnaround, workflow=a) <= 1d", allowance, attempts=ended, states=states)
    assert promise["missing_by"]["failed"] == (0 if allowed else 1)
    # One that never began is not among them: it failed by a cancellation, and is allowed as well.
    assert promise["missing_by"]["never_ran"] == (0 if allowed else 1)


def test_jobs_of_a_warm_up_are_not_looked_at():
    work = jobs([0, 99, 100, 300], 60)
    assert chosen(parse_objective("failed <= 0"), work, 100.0).tolist() == [False, False, True, True]
    # All five came at 0 s, before the window.
    (entry,) = entries("failed <= 0", window=Window(50.0, 200.0))
    assert (entry["jobs"], entry["value"], entry["kept"]) == (0, 0.0, True)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("start", "clock", "after", "expected"),
    [
        # Clocks go from 02:00 to 03:00 on 29 March 2026: 04:00 is three hours after midnight.
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 4 * HOUR, 0.0, 3 * HOUR),
        # 02:30 does not come that night: by the offset before it is 03:30, two and a half hours after midnight.
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 2.5 * HOUR, 0.0, 2.5 * HOUR),
        # They go back from 03:00 to 02:00 on 25 October 2026: 04:00 is five hours after midnight, 02:30 comes twice.
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 4 * HOUR, 0.0, 5 * HOUR),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 2.5 * HOUR, 2 * HOUR, 2.5 * HOUR),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 2.5 * HOUR, 2.5 * HOUR, 3.5 * HOUR),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 2.5 * HOUR, 3.5 * HOUR, 25 * HOUR + 2.5 * HOUR),
        # Midnight itself, of a run that starts then: the next one.
        (datetime(2026, 11, 1, 23, tzinfo=UTC), 0.0, 0.0, DAY),
        (datetime(2026, 11, 1, 23, tzinfo=UTC), 0.0, DAY - 1, DAY),
    ],
    ids=["spring", "skipped", "autumn", "first of two", "second of two", "after both", "at midnight", "just before"],
)
def test_a_time_of_day_is_what_clocks_show(start, clock, after, expected):
    assert first_shown(clock, BERLIN, start, np.array([after])).tolist() == [expected]


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
AFTER = st.lists(st.integers(0, 30 * 86_400), min_size=1, max_size=2)


@settings(max_examples=25)
@given(ZONES, st.integers(0, 23), st.integers(0, 59), st.integers(0, 364), AFTER)
def test_it_is_the_first_minute_at_which_they_do(zone, hour, minute, day, after):
    start, local = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day), ZoneInfo(zone)
    found = first_shown(hour * HOUR + minute * 60.0, local, start, np.array(after, float))
    for since, at in zip(after, found.tolist(), strict=True):
        shown = (start + timedelta(seconds=at)).astimezone(local)
        assert since < at <= since + 2 * DAY
        if (shown.hour, shown.minute) != (hour, minute):  # clocks were put forward over it
            before = (start + timedelta(seconds=at - 2 * HOUR)).astimezone(local).utcoffset()
            assert before != shown.utcoffset()
            continue
        # No minute since shows it, looked at one by one.
        first = (start + timedelta(seconds=since)).replace(second=0) + timedelta(minutes=1)
        minutes = int((start + timedelta(seconds=at) - first).total_seconds() // 60)
        times = ((first + timedelta(minutes=n)).astimezone(local) for n in range(0, minutes, 1))
        assert not any((each.hour, each.minute) == (hour, minute) for each in times)


def deadline_world(expression: str, *zones: str):
    """Workflows a and b with two runs each: a's of two jobs; they come at 0 and 30 h, from 22:00 UTC on."""
    work = jobs([0, HOUR, 0, 30 * HOUR, 30 * HOUR], 60, groups=GROUPS, group=[0, 0, 1, 0, 1])
    work.run[:] = [0, 0, 0, 1, 1]
    scenario = SimpleNamespace(sources=arriving(*zones), warm_up_s=None, start=datetime(2026, 11, 1, 22, tzinfo=UTC))
    return parse_objective(expression), work, scenario


@pytest.mark.parametrize(
    ("expression", "zones", "told"),
    [
        ("max(finished_at) <= 04:00", ("Europe/Berlin", "Europe/Berlin"), "Europe/Berlin"),
        ("max(finished_at) <= 04:00", ("Europe/Berlin", "UTC"), "Europe/Berlin, UTC"),
        ("max(finished_at, workflow=b) <= 04:00", ("Europe/Berlin", "Asia/Tokyo"), "Asia/Tokyo"),
        ("max(finished_at, jobDefinition=one) <= 04:00", ("Europe/Berlin", "Asia/Tokyo"), "Europe/Berlin"),
        ("max(finished_at, workflow=a, jobDefinition=two) <= 04:00", ("Europe/Berlin", "Asia/Tokyo"), "UTC"),
        ("max(finished_at) <= 04:00 Asia/Tokyo", ("Europe/Berlin", "UTC"), "Asia/Tokyo"),
        ("max(finished_at) <= 4h", ("Europe/Berlin", "Europe/Berlin"), None),
    ],
)
def test_whose_time_of_day_it_is(expression, zones, told):
    (entry,) = entries(expression, zones=zones)
    assert (entry["timezone"], entry["n"]) == (told, 1)


def test_each_run_has_a_deadline_of_its_own():
    # 04:00 UTC is six hours after the start, and 04:00 in Berlin five; 30 h later it is 04:00 UTC exactly.
    objective, work, scenario = deadline_world("max(finished_at) <= 04:00", "UTC", "Europe/Berlin")
    assert (deadlines(objective, work, scenario) / HOUR).tolist() == [6, 54, 5, 53]
    objective, *others = deadline_world("max(finished_at) <= 04:00 Europe/Berlin", "UTC", "UTC")
    assert (deadlines(objective, *others) / HOUR).tolist() == [5, 53, 5, 53]
    objective, *others = deadline_world("max(finished_at, workflow=b) <= 10h", "UTC", "UTC")
    assert (deadlines(objective, *others) / HOUR).tolist() == [10, 10]


def test_a_run_ends_with_its_last_job_and_the_latest_of_all_counts():
    objective, work, scenario = deadline_world("max(finished_at) <= 04:00", "UTC", "UTC")
    # a's first run ends at 5 and 7 h, an hour late; the others two hours before 04:00.
    ends = np.array([5, 7, 4, 52, 52]) * HOUR
    assert finished_at(objective, work, ends, scenario) == (5 * HOUR, None)
    censored = np.array([False, True, False, False, False])
    assert finished_at(objective, work, ends, scenario, censored=censored) == (None, 5 * HOUR)
    mean = parse_objective("mean(finished_at) <= 04:00")
    assert finished_at(mean, work, ends, scenario)[0] == pytest.approx((4 + (1 - 2 - 2 - 2) / 4) * HOUR)
    least = parse_objective("min(finished_at, workflow=b) <= 40h")
    assert finished_at(least, work, ends, scenario) == (4 * HOUR, None)
