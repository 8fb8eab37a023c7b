"""What a user holds: one run's tables, the summary of one or of several, advice beside it."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.experiments.run import run_once
from batchsim.results.advice import Advice, Figures
from tests.builders import job, scenario, workflow

RANDOM = {"lognormal": {"median": 60, "p95": 300}}


@pytest.fixture(scope="module")
def made():
    return scenario(workflow(job(runtime=RANDOM)), objectives=["makespan <= 1s", "failed <= 0"])


def test_tables_are_the_first_replication_s_and_the_summary_is_of_all(made):
    alone, several = bs.run(made), bs.run(made, replications=2)
    assert several.jobs.equals(alone.jobs)
    runs = [run_once(made, made.seed, replication) for replication in (0, 1)]
    assert several.summaries == tuple(run.summary for run in runs)
    assert several.summary["makespan_s"]["mean"] == sum(run.summary["makespan_s"] for run in runs) / 2
    assert alone.summaries == (alone.summary,)


def test_advice_stands_in_the_summary_and_an_interruption_stays(made):
    result = bs.run(made)
    assert "advice" not in result.summary
    figures = Figures(1.0, 2.0, 3.0, 4.0)
    advice = Advice("less", "because", {"seed": 1}, figures, figures)
    assert result.with_advice([advice]).summary["advice"] == [advice.as_json()]
    stopped = result.with_replications(result.summaries, interrupted=True)
    assert stopped.with_advice(()).interrupted


def test_objectives_that_were_missed_are_named(made):
    assert bs.run(made).objectives_missed == ["makespan <= 1s"]


def test_it_says_itself(made):
    result = bs.run(made)
    assert repr(result).startswith("<Result test: 1 of 1 jobs succeeded, 0.")
    assert repr(bs.run(made, replications=2)) == "<Result test: 2 replications>"
    assert "<table" in result._repr_html_()
    assert "1 of 1 jobs succeeded" in result._repr_html_()


def test_pictures_are_matplotlib_s(made):
    result = bs.run(made)
    assert len(result.plot().axes) == 5  # four, and the rate of spending behind the spend
    figure = result.plot()
    assert figure.axes[0].get_title(loc="left") == "Jobs by state"
    plot = result.plot
    for draw in (plot.queue, plot.queue_time, plot.vcpus, plot.spend, plot.waits, plot.cost, plot.instances):
        ax = figure.add_subplot()
        assert draw(ax) is ax
        assert draw().get_figure() is not figure
