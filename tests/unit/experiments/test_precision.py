"""Replications until what decides is known closely."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import batchsim as bs
from batchsim.experiments import precision, run
from batchsim.experiments.precision import enough, outcome, watched
from batchsim.report.comparison import markdown
from batchsim.report.narrative import replications_sentence
from batchsim.statistics.intervals import confidence_interval
from batchsim.statistics.stopping import Precision
from tests.builders import environment, job, scenario, unmanaged, workflow


def summary(cost=1.0, p95=60.0, **objectives):
    entries = [
        {"expression": name, "value": value, "unit": "s", "timezone": None, "kept": True, **more}
        for name, (value, more) in objectives.items()
    ]
    return {"cost_usd": {"total": cost}, "queue_time_s": {"p95": p95}, "objectives": entries}


def test_the_bill_and_the_objectives_are_watched():
    one = summary(
        wait=(60.0, {}),
        clock=(3600.0, {"timezone": "UTC"}),
        lost=(1.0, {"unit": "jobs"}),
        least=(5.0, {"kept": None}),
    )
    assert watched([one, one]) == {"cost_usd.total": [1.0, 1.0], "wait": [60.0, 60.0]}


def test_without_objectives_queue_time_is():
    assert watched([summary(), summary(p95=70.0)]) == {"cost_usd.total": [1.0, 1.0], "queue_time_s.p95": [60.0, 70.0]}


def test_what_a_replication_does_not_know_has_no_interval():
    assert list(watched([summary(), summary(p95=None)])) == ["cost_usd.total"]


def test_it_starts_with_ten_and_ends_at_two_hundred():
    rule = Precision(0.05)
    same, other = summary(), summary(cost=100.0)
    assert not enough(rule, {"a": [same] * 9})
    assert enough(rule, {"a": [same] * 10})
    # Of two variants both have to be.
    assert not enough(rule, {"a": [same] * 10, "b": [same, other] * 5})
    assert enough(rule, {"a": [same] * 200, "b": [same, other] * 100})
    assert outcome(rule, [[same, other] * 100])["reached"] is False


def test_a_figure_of_none_is_precise_where_it_is_none_in_all():
    rule = Precision(0.05)
    assert rule.reached([0.0] * 10)
    assert not rule.reached([-1.0, 1.0] * 5)


@pytest.fixture(scope="module")
def busy():
    return scenario(
        workflow(job("j", {"lognormal": {"median": 600, "p95": 3000}}, arrayProperties={"size": 30})),
        environments=[environment()],
        variants={"same": {}, "small": {"batch.computeEnvironments.fleet.computeResources.maxvCpus": 8}},
    )


def test_a_run_stops_when_it_is_precise(busy):
    result = bs.run(busy, precision=0.1)
    n = result.summary["replications"]
    assert 10 <= n < 200
    assert result.summary["intervals"]["stopping"] == {
        "precision": 0.1, "of": ["cost_usd.total", "queue_time_s.p95"], "reached": True,
    }  # fmt: skip
    bill = [each["cost_usd"]["total"] for each in result.summaries]
    assert confidence_interval(bill) == result.summary["cost_usd"]["total"]
    # Not sooner: before the last it was not.
    assert n == 10 or not enough(Precision(0.1), {"": result.summaries[:-1]})
    assert replications_sentence(result.summary).endswith("when the bill and p95 of queue time were within 10 %")
    # The replications are those of a run of as many.
    assert bs.run(busy, replications=n).summaries == result.summaries


def test_variants_are_run_as_often_as_each_other(busy):
    comparison = bs.compare(busy, precision=0.15)
    several = [result.summaries for result in comparison.results.values()]
    n = {len(each) for each in several}
    assert len(n) == 1
    assert enough(Precision(0.15), dict(enumerate(several)))
    assert all(row["cost_usd"]["n"] == n.copy().pop() for row in comparison.rows)
    assert "were within 15 %, in every variant." in markdown(comparison.rows)


def test_interrupted_it_speaks_for_what_is_done(busy, monkeypatch):
    def stop(*arguments):
        if arguments[2] == 4:
            raise KeyboardInterrupt
        return run_once(*arguments)

    run_once = run.run_once
    monkeypatch.setattr(run, "run_once", stop)
    result = bs.run(busy, precision=0.05)
    assert (result.interrupted, result.summary["replications"]) == (True, 4)
    said = result.summary["intervals"]["stopping"]
    assert said["reached"] is False
    assert "stopped at 4 before" in replications_sentence(result.summary)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"replications": 2, "precision": 0.05}, "not both"),
        ({"precision": 0.0}, "above 0 and below 1"),
        ({"precision": 5}, "above 0 and below 1"),
        ({"replications": 0}, "1 or more"),
    ],
)
def test_what_can_not_be_asked_is_refused(arguments, message):
    for run_ in (bs.run, bs.compare):
        with pytest.raises(ValueError, match=message):
            run_(scenario(environments=[unmanaged(1)]), **arguments)
    assert precision.rule(None, None) is None


def scattered(n, spread, seed=3):
    """Values about a hundred."""
    return [float(100 + spread * each) for each in np.random.default_rng(seed).normal(size=n)]


@pytest.mark.parametrize("n", [10, 11, 40])
def test_precise_is_what_scipys_half_interval_is_narrow_enough_for(n):
    # Alike on both sides of their mean: Student's.
    values = [100.0 + 10 * (number - (n - 1) / 2) for number in range(n)]
    half = stats.t.ppf(0.975, n - 1) * stats.sem(values) / np.mean(values)
    assert Precision(half * 1.0001).reached(values)
    assert not Precision(half * 0.9999).reached(values)
    # Below zero it is the same part of what it is.
    assert Precision(half * 1.0001).reached([-each for each in values])


def test_nine_are_never_precise_and_ten_that_are_equal_are():
    assert not Precision(0.5).reached([100.0] * 9)
    assert Precision(0.0001).reached([100.0] * 10)


def test_it_ends_at_the_first_replication_at_which_all_that_is_watched_is_precise():
    bills, waits = scattered(200, 10), scattered(200, 25, seed=4)
    several = [summary(cost, wait) for cost, wait in zip(bills, waits, strict=True)]

    def is_narrow(values):
        interval = confidence_interval(values)
        return interval["high"] - interval["low"] <= 2 * 0.05 * interval["mean"]

    expected = next(n for n in range(10, 201) if is_narrow(bills[:n]) and is_narrow(waits[:n]))
    found = next(n for n in range(1, 201) if enough(Precision(0.05), {"a": several[:n]}))
    assert 10 < found == expected < 200
    alone = next(n for n in range(1, 201) if enough(Precision(0.05), {"a": [summary(cost) for cost in bills[:n]]}))
    assert alone < found  # of the bill alone it would have been sooner


def test_of_variants_the_one_with_the_fewest_replications_decides():
    same, other = summary(), summary(cost=100.0)
    assert not enough(Precision(0.05), {"a": [same] * 12, "b": [same] * 9})
    assert not enough(Precision(0.05), {"a": [same, other] * 100, "b": [same, other] * 99})
    assert enough(Precision(0.05), {"a": [same, other] * 100, "b": [same, other] * 100})
