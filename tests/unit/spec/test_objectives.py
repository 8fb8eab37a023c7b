"""What may be promised: of what, against what, in whose time."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.errors import ExpressionError, pointed_out
from batchsim.spec.objectives import parse_objective
from tests.builders import scenario, workflow

HOUR = 3600


@pytest.mark.parametrize(
    ("text", "metric", "where", "limit", "unit"),
    [
        ("failed <= 0", "failed", (), 0, "jobs"),
        ("failed(jobQueue=x) <= 0", "failed", (("jobQueue", "x"),), 0, "jobs"),
        ("failed( jobQueue = x , workflow=w ) <= 2%", "failed", (("jobQueue", "x"), ("workflow", "w")), 0.02, "share"),
        ("unfinished(jobName=j) < 1", "unfinished", (("jobName", "j"),), 1, "jobs"),
        ("makespan(jobDefinition=d) <= 2h", "makespan", (("jobDefinition", "d"),), 2 * HOUR, "s"),
        ("cost(workflow=w) <= $50", "cost", (("workflow", "w"),), 50, "USD"),
        ("utilisation >= 60%", "utilisation", (), 0.6, "share"),
        ("minimise cost(jobQueue=x)", "cost", (("jobQueue", "x"),), 0, "USD"),
        ("minimise p95(turnaround, workflow=w)", "turnaround", (("workflow", "w"),), 0, "s"),
        ("minimise queue_time(workflow=w)", "queue_time", (("workflow", "w"),), 0, "s"),
    ],
)
def test_single_figures_take_filters_too(text, metric, where, limit, unit):
    objective = parse_objective(text)
    assert (objective.metric, objective.where, objective.limit, objective.unit) == (metric, where, limit, unit)


@pytest.mark.parametrize(
    ("text", "clock", "timezone"),
    [
        ("max(finished_at) <= 04:00 Europe/Berlin", True, "Europe/Berlin"),
        ("max(finished_at) <= 4:00   UTC", True, "UTC"),
        ("max(finished_at) <= 04:00", True, ""),
        ("max(finished_at) <= 4h", False, ""),
    ],
)
def test_a_time_of_day_may_name_its_zone(text, clock, timezone):
    objective = parse_objective(text)
    assert (objective.limit, objective.clock, objective.timezone) == (4 * HOUR, clock, timezone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max(finished_at) <= 04:00 Europe/Berlim", "'Europe/Berlim' is not a time zone.*did you mean Europe/Berlin"),
        ("max(finished_at) <= 04:00 europe/berlin", "did you mean Europe/Berlin"),
        ("max(finished_at) <= 04:00 ../passwd", "is not a time zone"),
        ("max(finished_at) <= 24:30", "'24:30' is not a time of day; expected such as 04:00, or 04:00 Europe/Berlin"),
        ("p95(finished_at) <= 04:30Z", "'04:30Z' is not a time of day"),
        ("max(finished_at) <= 04:00 Europe", "is not a time zone"),
        ("max(finished_at) <= 4h Europe/Berlin", "is not a duration"),
        ("cost(jobName=a) <= 5", "cost can't be asked of a jobName; expected one of jobQueue, workflow"),
        ("cost(jobQueue=a, workflow=b) <= 5", "cost can't be asked of both"),
        ("cost <= 5%", "'5%' is not a limit for cost; expected an amount of USD"),
        ("cost <= -5", "'-5' is not a limit for cost; expected 0 or more"),
        ("cost <= inf", "'inf' is not a limit for cost; expected a finite number"),
        ("failed <= -1", "'-1' is not a limit for failed; expected 0 or more"),
        ("failed <= 150%", "'150%' is not a limit for failed; expected 0% to 100%"),
        # 60 for 60% could never be kept, whatever is bought for it.
        ("utilisation >= 60", "'60' is not a limit for utilisation; expected 0 to 1, or 0% to 100%"),
        ("utilisation >= 101%", "'101%' is not a limit for utilisation"),
        ("utilisation(jobQueue=a) >= 0.5", "utilisation can't be asked of a jobQueue; expected utilisation alone"),
        ("failed(jobQueue=a, jobQueue=b) <= 0", "jobQueue comes twice"),
        ("failed(jobQueu=a) <= 0", "did you mean jobQueue"),
        ("failed(a) <= 0", "'a' is not a filter"),
        ("max(failed) <= 0", "failed is one figure; expected failed without max"),
        ("queue_time <= 5m", r"expected a statistic of it, such as p95\(queue_time\)"),
        ("p96(queue_time) <= 5m", "no statistic 'p96'.*did you mean p9"),
        ("p95(queu_time) <= 5m", "did you mean queue_time"),
        ("p95 <= 5m", "no metric ''"),
        ("faild <= 0", "did you mean failed"),
        ("minimise costs", "did you mean cost"),
    ],
)
def test_what_is_no_objective_is_refused_with_the_near_miss(text, expected):
    with pytest.raises(ValueError, match=expected):
        parse_objective(text)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("utilisation >= 100%", 1),
        ("utilisation < 1", 1),
        ("utilisation > 0", 0),
        ("failed <= 100%", 1),
        ("failed <= 0%", 0),
        ("failed <= 2000", 2000),
        ("cost <= 0", 0),
        ("cost <= $12.50", 12.5),
        ("unfinished <= 0.5%", 0.005),
    ],
)
def test_a_limit_may_be_all_or_nothing_and_a_count_whatever_it_is(text, limit):
    assert parse_objective(text).limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [("<=", True, True, False), ("<", True, False, False), (">=", False, True, True), (">", False, False, True)],
)
def test_a_limit_is_kept_at_itself_where_it_says_so(comparison, below, at, above):
    objective = parse_objective(f"cost {comparison} 10")
    assert [objective.holds(value) for value in (9.999, 10.0, 10.001)] == [below, at, above]
    assert not objective.holds(float("nan"))  # what is not known keeps no promise


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("p95(queu_time) <= 5m", "    ^^^^^^^^^"),
        ("p96(queue_time) <= 5m", "^^^"),
        ("p95 <= 5m", "^^^"),
        ("p95( ) <= 5m", "^^^"),
        ("max(failed) <= 0", "    ^^^^^^"),
        ("failed(a) <= 0", "       ^"),
        ("failed(jobQueue=a, jobQueu=b) <= 0", "                   ^^^^^^^"),
        ("failed(jobQueue=a, jobQueue=b) <= 0", "                   ^^^^^^^^^^"),
        ("cost(jobName=a) <= 0", "     ^^^^^^^"),
        ("cost(jobQueue=a, workflow=b) <= 0", "                 ^^^^^^^^^^"),
        ("p95(queue_time) <=  5 apples", "                    ^^^^^^^^"),
        ("max(finished_at) <= 06:00 Europe/Berlim", "                    ^^^^^^^^^^^^^^^^^^^"),
        ("p95(queue_time <= 5m", "   ^"),
        ("p95(queue_time) 5m", "                ^"),
        ("p95(queue_time) <=", "                  ^"),
        ("minimise costs", "         ^^^^^"),
        ("", "^"),
    ],
)
def test_the_part_that_is_wrong_is_known(text, marks):
    with pytest.raises(ExpressionError) as error:
        parse_objective(text)
    assert pointed_out(text, error.value.at, error.value.length) == f"    {text}\n    {marks}"


def test_an_unknown_zone_of_arrivals_has_a_near_miss_too():
    with pytest.raises(bs.ScenarioError, match=r"timezone: 'Europe/Berlim' is not a time zone.*mean Europe/Berlin\?"):
        scenario(workflow(arrivals={"cron": "0 2 * * *", "timezone": "Europe/Berlim"}), duration="1d")
