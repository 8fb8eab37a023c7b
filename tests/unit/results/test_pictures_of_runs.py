"""What a picture shows of a run, by hand: the stretch that is worth it, shares that started, types, money over time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.recording import Status
from batchsim.results import series
from batchsim.results.durations import Durations
from batchsim.results.outcome import Outcome
from batchsim.results.spending import idle_commitment, spend_rate, spent
from batchsim.results.step_functions import integral, sample
from batchsim.results.timeline import timeline
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices, SavingsPlan
from tests.unit.results.recorded import NAN, attempt, instance, outcome
from tests.worlds import LARGE, XLARGE, fleet, jobs, offering, servers

HOUR, DAY = 3600.0, 86_400.0
TASKS = ComputeEnvironment("tasks", "FARGATE", True, 64, fargate={"X86_64": FargatePrices(0.36, 0.0, 0.0)})


def busy(*stretches: tuple[float, float, int], ended_at: float) -> Outcome:
    """So many jobs each from an instant to another; NaN for those that had not ended."""
    rows = [(start, stop) for start, stop, count in stretches for _ in range(count)]
    stopped = [stop for _, stop in rows]
    return outcome(jobs([start for start, _ in rows], 60), servers(9), stopped_at=stopped, ended_at=ended_at)


def test_a_run_that_is_busy_is_shown_whole():
    # For more than 40 % of the time; at just so much the stretch is shown, with 6 % beside it and 10 minutes after.
    assert series.busiest(busy((0, 4001, 1), ended_at=10_000)) == (0, 10_000)
    assert series.busiest(busy((0, 4000, 1), ended_at=10_000)) == pytest.approx((0, 4000 + 240 + 600))
    assert series.busiest(busy(ended_at=1000)) == (0, 1000)


def test_of_a_quiet_run_the_stretch_with_the_most_jobs_is_shown():
    # Three stretches, days apart, of 2, 5 and 3 jobs; each an hour: 2 minutes before, 2 and 10 after, at the least.
    made = busy((DAY, DAY + HOUR, 2), (3 * DAY, 3 * DAY + HOUR, 5), (6 * DAY, 6 * DAY + HOUR, 3), ended_at=9 * DAY)
    margin = 0.06 * HOUR
    assert series.busiest(made) == pytest.approx((3 * DAY - margin, 3 * DAY + HOUR + margin + 600))
    short = busy((DAY, DAY + 60, 2), ended_at=9 * DAY)
    assert series.busiest(short) == pytest.approx((DAY - 120, DAY + 60 + 120 + 600))


def test_stretches_that_are_close_are_one():
    # Six hours apart they are, and a second more they are not; of a run of ten hours 12 minutes are far.
    near = busy((DAY, DAY + HOUR, 2), (DAY + 7 * HOUR, DAY + 8 * HOUR, 1), ended_at=20 * DAY)
    low, high = series.busiest(near)
    assert low < DAY
    assert high > DAY + 8 * HOUR
    far = busy((DAY, DAY + HOUR, 2), (DAY + 7 * HOUR + 1, DAY + 8 * HOUR, 1), ended_at=20 * DAY)
    assert series.busiest(far)[1] < DAY + 2 * HOUR
    for apart, until in ((721, HOUR + 60 + 120 + 600), (720, HOUR + 60 + 720 + 60 + 120 + 600)):
        second = HOUR + 60 + apart
        made = busy((HOUR, HOUR + 60, 2), (second, second + 60, 1), ended_at=10 * HOUR)
        assert series.busiest(made) == pytest.approx((HOUR - 120, until))


def test_a_window_stays_within_the_run():
    assert series.busiest(busy((0, 60, 1), ended_at=DAY))[0] == 0
    low, high = series.busiest(busy((DAY - 60, NAN, 1), ended_at=DAY))
    assert (low, high) == (DAY - 180, DAY)


TIMES = st.lists(st.tuples(st.integers(0, 99), st.booleans()), min_size=1, max_size=30)


@given(TIMES)
def test_the_share_that_started_within_a_time_is_counted(rows):
    seconds, censored = np.array([s for s, _ in rows], float), np.array([c for _, c in rows])
    ranked = series.ranked(Durations(seconds, censored))
    assert sorted(ranked.seconds.tolist()) == sorted(seconds.tolist())
    assert (np.diff(ranked.censored.astype(int)) >= 0).all()
    at, shares = series.share_started(ranked)
    for instant in range(0, 100, 9):
        place = np.searchsorted(at, instant, side="right") - 1
        assert shares[place] == pytest.approx(np.count_nonzero((seconds <= instant) & ~censored) / len(rows))


def test_of_many_jobs_the_curve_has_no_more_points_than_a_picture(monkeypatch):
    monkeypatch.setattr(series, "MOST_POINTS", 5)
    at, shares = series.share_started(Durations(np.arange(100.0), np.zeros(100, bool)))
    assert len(at) == 6
    assert (at[0], at[-1], shares[0], shares[-1]) == (0.0, 99.0, 0.0, 1.0)
    assert shares[1:] == pytest.approx((at[1:] + 1) / 100)


def test_types_are_those_of_all_environments_and_the_most_come_first():
    other = fleet("other", offerings=(XLARGE, LARGE))
    instances = [
        instance(0, 10, 20, 100),
        instance(0, 10, 20, 300, environment=1),
        instance(50, 60, 70, 150, environment=1, offering=1),
    ]
    made = outcome(jobs([0], 60), fleet(), other, instances=instances)
    curves = series.instances_by_type(made)
    assert list(curves) == ["c6i.xlarge", "c6i.large"]
    at, level = curves["c6i.large"]
    assert (at.tolist(), level.tolist()) == ([0, 50, 100, 150], [1, 2, 1, 0])
    assert series.instances_by_type(outcome(jobs([0], 60), servers(1))) == {}


def test_jobs_in_all_are_those_that_had_come_and_not_gone():
    at, level = series.jobs_in_all(busy((0, 100, 2), (50, NAN, 1), (300, NAN, 1), ended_at=200))
    assert (at.tolist(), level.tolist()) == ([0, 50, 100, 200], [2, 3, 1, 0])


#: A tenth of a cent a second for an instance; a hundredth for each vCPU of a task.
CENTS = offering("cents", 2, 0, 3.6)


@pytest.fixture(scope="module")
def paid() -> Outcome:
    """An instance from 100 to 700 s, a task from 200 to 230 s, one from 900 s on that the run cuts off at 3,600."""
    tasks = [
        attempt(0, 0, 190, 210, 230, pull_at=200.0, environment=1),
        attempt(1, 0, 900, 900, NAN, environment=1, status=Status.RUNNING),
    ]
    return outcome(
        jobs([0, 0], 60, memory_mib=0), fleet(offerings=(CENTS,)), TASKS, attempts=tasks,
        instances=[instance(0, 100, 150, 700)], ended_at=HOUR,
    )  # fmt: skip


def test_the_rate_is_what_is_paid_an_hour(paid):
    assert [column.tolist() for column in spend_rate(paid, 0)] == [[100, 700], [3.6, 0]]
    at, level = spend_rate(paid, 1)
    assert at.tolist() == [200, 230, 900, HOUR]
    assert level == pytest.approx([0.36, 0, 0.36, 0])
    rows = [row for row in timeline(paid).to_pylist() if row["measure"] == "usd_per_hour"]
    assert [(row["name"], row["state"], row["at"]) for row in rows] == [
        ("fleet", "", 100), ("fleet", "", 700), ("tasks", "", 200), ("tasks", "", 230), ("tasks", "", 900),
        ("tasks", "", HOUR),
    ]  # fmt: skip


def test_the_minimum_of_a_task_is_spent_when_it_ends(paid):
    at = np.array([0, 150, 229, 230, 700, 900, HOUR], float)
    cents = [0, 50 * 10, 129 * 10 + 29, 130 * 10 + 60, 600 * 10 + 60, 600 * 10 + 60, 600 * 10 + 60 + 2700]
    assert spent(paid, at) == pytest.approx(np.array(cents) / 10_000)
    assert spent(paid, at[-1:])[0] == pytest.approx(paid.costs.total)


def test_a_plan_lowers_the_rate_hour_by_hour_and_what_it_loses_stands_beside_it(paid):
    # Half off: of 0.60 USD for the instance and 0.006 + 0.27 for the tasks 0.30 an hour covers 0.60.
    used = 0.6 + 0.006 + 0.27
    made = replace(paid, configuration=replace(paid.configuration, savings_plan=SavingsPlan(0.3, 0.5)))
    discount = 0.5 * 0.6 / used
    at = np.array([99.0, 100.0, 699.0, 700.0])
    assert sample(*spend_rate(made, 0), at) == pytest.approx([0, 3.6 * (1 - discount), 3.6 * (1 - discount), 0])
    assert idle_commitment(made, np.array([10.0, 3000.0])) == pytest.approx([0, 0])
    assert made.costs.total == pytest.approx(0.3 + (used - 0.6))
    # A commitment of 2 USD buys all of it, and loses the rest evenly over the hour.
    large = replace(paid, configuration=replace(paid.configuration, savings_plan=SavingsPlan(2.0, 0.5)))
    assert sample(*spend_rate(large, 0), at) == pytest.approx([0, 1.8, 1.8, 0])
    assert idle_commitment(large, np.array([10.0, 3000.0])) == pytest.approx([2 - used / 2] * 2)
    shown = series.spend(large)
    assert (shown.bill, shown.spent[-1]) == (pytest.approx(2.0), pytest.approx(2.0))
    assert sample(shown.at, shown.rate, np.array([300.0])) == pytest.approx([1.8 + 2 - used / 2])


def test_what_is_paid_ends_with_the_run_also_where_it_is_drawn_coarsely(paid, monkeypatch):
    monkeypatch.setattr(series, "MOST_POINTS", 3)
    shown = series.spend(paid)
    assert shown.at[-1] == HOUR
    assert len(shown.at) == 5
    area = integral(shown.at, shown.rate, np.array([HOUR]))[0] / HOUR
    # The minimum, 30 s of a task, is in no rate.
    assert area == pytest.approx(paid.costs.total - 0.003)
