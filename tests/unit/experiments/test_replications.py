"""Several summaries as one, kind by kind, worked by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from scipy import stats

import batchsim as bs
from batchsim.experiments import replications
from tests.builders import environment, job, scenario, workflow

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


def test_jobs_that_are_left_in_some_replications_count_as_none_in_the_others():
    # One leaves 4 jobs of a, one none, and of b one leaves 2: the rest of what is said is of the one that did.
    several = [{"left_waiting": {"a": {"jobs": 4, "waits": "for room"}}}, {}]
    assert combine(several) == {"left_waiting": {"a": {"jobs": figure(4, 0), "waits": "for room"}}}
    (first, second) = {"a": {"jobs": 4, "waits": "for room"}}, {"b": {"jobs": 2, "waits": "for capacity"}}
    assert combine([{"left_waiting": first}, {"left_waiting": second}])["left_waiting"] == {
        "a": {"jobs": figure(4, 0), "waits": "for room"},
        "b": {"jobs": figure(0, 2), "waits": "for capacity"},
    }
    assert combine([{"left_waiting": None}, {}]) == {"left_waiting": None}


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


def growth(difference, emptied, grows=None):
    return {"job_queues": {"a": {"growth": {"difference_s": difference, "emptied": emptied, "grows": grows}}}}


@pytest.mark.parametrize(
    ("several", "grows"),
    [
        # Of 100 and 101 s the interval is 100.5 - 6.4 … : above none. Of 10 and 100 it is not.
        ([growth(100.0, 0.0), growth(101.0, 0.0)], True),
        ([growth(10.0, 0.0), growth(100.0, 0.0)], False),
        ([growth(-100.0, 0.0), growth(-101.0, 0.0)], False),
        # Where it was empty in half of them or more, those that waited are no trend.
        ([growth(100.0, 1.0), growth(101.0, 0.0)], False),
        ([growth(100.0, 1.0), growth(101.0, 0.0), growth(102.0, 0.0)], True),
        # One alone has what it said itself, and so has one whose arrivals do not go on.
        ([growth(5.0, 0.0, grows=True)], True),
        ([growth(5.0, 0.0, grows=False)], False),
        ([growth(None, 0.0), growth(None, 0.0)], None),
    ],
)
def test_a_queue_grows_by_the_interval_over_replications(several, grows):
    assert combine(several)["job_queues"]["a"]["growth"]["grows"] is grows


def test_entries_of_a_list_are_told_apart_by_what_is_the_same_of_them():
    def updates(*entries):
        return {"updates": [{"name": name, "applied": times, "refused": refused} for name, times, refused in entries]}

    night, day = "night", "day"
    found = combine([updates((night, 2.0, {}), (day, 1.0, {"busy": 1})), updates((day, 3.0, {}), (night, 4.0, {}))])
    assert [(each["name"], each["applied"]) for each in found["updates"]] == [
        (night, figure(2, 4)),
        (day, figure(1, 3)),
    ]
    assert found["updates"][1]["refused"] == {"busy": figure(1, 0)}


def test_a_key_that_no_field_names_is_no_figure_that_is_silently_lost():
    with pytest.raises(KeyError, match="unheard_of"):
        replications.combine([{"unheard_of": 1.0}])


def test_an_unknown_objective_is_bounded_by_what_each_replication_knows():
    known, unknown = objective(value=30.0), objective(value=None, at_least=50.0, kept=False, kept_in=0)
    (found,) = combine([{"objectives": [known]}, {"objectives": [unknown]}])["objectives"]
    assert (found["value"], found["at_least"]) == (None, figure(30, 50))
    assert found["kept_share"]["mean"] == 0.5


def test_figures_of_a_run_are_the_means_of_its_replications():
    made = scenario(
        workflow(job(runtime={"exponential": {"mean": 600}}, arrayProperties={"size": 9})),
        environments=[environment(maxvCpus=4)],
        ideal=False,
    )
    result = bs.run(made, replications=4)
    flat = pd.json_normalize(list(result.summaries))
    for name in ("makespan_s", "cost_usd.total", "queue_time_s.p95", "utilisation.vcpu", "cost_usd.by_purpose.idle"):
        values = flat[name]
        told: Any = result.summary
        for step in name.split("."):
            told = told[step]
        assert told["mean"] == pytest.approx(values.mean())
        assert told["n"] == 4
        assert (told["high"] - told["low"]) / 2 == pytest.approx(stats.t.ppf(0.975, 3) * values.sem())
