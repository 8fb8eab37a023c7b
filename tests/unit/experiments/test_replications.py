"""Several summaries as one, kind by kind, worked by hand."""

from __future__ import annotations

import pytest

from batchsim.experiments import replications

#: Student's t at 97.5 % with one degree of freedom, over which two values have their interval.
T1 = 12.706204736


def combine(summaries):
    """Without what is said of all intervals."""
    return {key: value for key, value in replications.combine(summaries).items() if key != "intervals"}


def figure(*values):
    """Of two values: half their distance, times t."""
    mean = sum(values) / 2
    half = T1 * abs(values[0] - values[1]) / 2
    return {"mean": mean, "low": pytest.approx(mean - half), "high": pytest.approx(mean + half), "n": 2}


def test_a_figure_gets_its_interval():
    assert combine([{"makespan_s": 10.0}, {"makespan_s": 20.0}]) == {"makespan_s": figure(10, 20)}


def test_of_one_there_is_no_interval():
    assert combine([{"makespan_s": 10.0}]) == {"makespan_s": {"mean": 10, "low": None, "high": None, "n": 1}}


def test_a_figure_that_some_lack_is_taken_over_the_others():
    several = [{"makespan_s": None}, {"makespan_s": 10.0}, {"makespan_s": 20.0}]
    assert combine(several) == {"makespan_s": figure(10, 20)}
    assert combine([{"makespan_s": None}, {"makespan_s": None}]) == {"makespan_s": None}


def test_what_is_the_same_stays_and_counts_of_runs_add_up():
    several = [{"scenario": "a", "seed": 7, "replications": 1}] * 3
    assert combine(several) == {"scenario": "a", "seed": 7, "replications": 3}


def test_groups_and_names_are_combined_inside():
    several = [
        {"job_queues": {"a": {"jobs": {"failed": 0}}, "b": {"jobs": {"failed": 2}}}},
        {"job_queues": {"a": {"jobs": {"failed": 4}}}},
    ]
    found = combine(several)["job_queues"]
    assert found["a"]["jobs"]["failed"] == figure(0, 4)
    # One that came in one replication only speaks for that one.
    assert found["b"]["jobs"]["failed"] == {"mean": 2, "low": None, "high": None, "n": 1}


def test_named_counts_that_are_absent_count_as_none():
    assert combine([{"skipped": {"late": 4}}, {"skipped": {}}])["skipped"] == {"late": figure(4, 0)}


def test_a_bound_takes_the_place_of_what_is_unknown_in_one():
    several = [
        {"queue_time_s": {"p95": 60.0, "at_least": {}}},
        {"queue_time_s": {"p95": None, "at_least": {"p95": 100.0}}},
    ]
    # At least: 60 is known, and the other is 100 or more.
    assert combine(several)["queue_time_s"] == {"p95": None, "at_least": {"p95": figure(60, 100)}}


def objective(**members):
    return {"expression": "cost <= 1", "kept": True, "kept_in": 1, "n": 1, "value": 0.5, "at_least": None, **members}


def test_an_objective_is_met_when_it_is_met_in_all():
    met, missed = objective(), objective(kept=False, kept_in=0, value=1.5)
    (found,) = combine([{"objectives": [met]}, {"objectives": [missed]}])["objectives"]
    assert (found["kept"], found["kept_in"], found["n"]) == (False, 1, 2)
    assert found["value"] == figure(0.5, 1.5)
    (found,) = combine([{"objectives": [met]}, {"objectives": [met]}])["objectives"]
    assert (found["kept"], found["kept_in"]) == (True, 2)
    # Of two, none missed: 0.025 ** (1/2).
    share = {"mean": 1, "low": pytest.approx(0.025**0.5), "high": 1, "n": 2, "by": "clopper-pearson"}
    assert found["kept_share"] == share


def test_what_is_minimised_is_neither_met_nor_missed():
    least = objective(expression="minimise cost", kept=None, kept_in=None)
    (found,) = combine([{"objectives": [least]}] * 2)["objectives"]
    assert (found["kept"], found["kept_in"], found["n"]) == (None, None, 2)
    assert "kept_share" not in found


def test_two_objectives_alike_stay_two():
    several = [{"objectives": [objective(value=1.0), objective(value=2.0)]}] * 2
    assert [each["value"]["mean"] for each in combine(several)["objectives"]] == [1.0, 2.0]


def test_intervals_say_what_they_are_of():
    together = replications.combine([{"makespan_s": 10.0}, {"makespan_s": 20.0}])
    said = together["intervals"]
    assert said["of"].startswith("the mean over replications; of a quantile")
    assert (said["level"], said["stopping"]) == (0.95, None)


def test_a_skewed_figure_says_by_what_its_interval_is():
    values = [2.0**power for power in range(10)]
    figure = replications.combine([{"makespan_s": value} for value in values])["makespan_s"]
    assert (figure["by"], figure["n"], figure["mean"]) == ("cox", 10, 102.3)
