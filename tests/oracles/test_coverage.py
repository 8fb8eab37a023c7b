"""Experiments whose intervals are counted are those that a user runs, and a mistake in intervals is told."""

from __future__ import annotations

import math

import pytest

import batchsim as bs
from batchsim.statistics import intervals
from tools.validation import coverage
from tools.validation.cases import cases


def test_figures_are_of_a_scenario_each_and_of_different_kinds():
    named = [figure.case for figure in coverage.FIGURES]
    assert len(named) == len(set(named)) >= 12
    assert {figure.of.runs for figure in coverage.FIGURES} <= {case.runs for case in cases()}
    assert len({figure.kind for figure in coverage.FIGURES}) >= 4


def test_theory_is_of_the_period_where_the_figure_is():
    # M/D/∞: a task every 30 s, each of 90 s: of the price of an hour of three tasks, 1,000 * 30 s.
    figure = next(each for each in coverage.FIGURES if each.key == "cost_usd.total" and "M/D/∞" in each.case)
    assert figure.period_s == 30_000
    assert figure.theory == pytest.approx(figure.of.theory() * 30_000 / 3600)


def test_an_experiment_is_a_run_of_a_steady_scenario(monkeypatch):
    seen = []

    def run(scenario, *, seed, replications):
        seen.append((scenario.document.values["warmUp"], scenario.duration_s, seed, replications))
        return type("Result", (), {"summary": {"utilisation": {"vcpu": {"mean": 2.0, "low": 1.0, "high": 4.0}}}})

    monkeypatch.setattr(bs, "run", run)
    figure = coverage.Figure("M/M/2, load 0.8", "utilisation", "utilisation.vcpu", lambda *_: 0.8)
    assert coverage.experiment(figure, 0) == (2.0, 1.0, 4.0)
    coverage.experiment(figure, 1)
    (warm_up_s, duration_s, seed, replications), (*_, other, _) = seen
    assert replications == coverage.REPLICATIONS
    assert warm_up_s == math.ceil(figure.of.warm_up / figure.of.jobs_per_s)
    assert duration_s == pytest.approx(warm_up_s + coverage.JOBS / figure.of.jobs_per_s)
    assert seed != other


def test_held_counts_intervals_at_a_part_of_their_width():
    some = [(10.0, 8.0, 14.0), (10.0, 9.0, 11.0), (20.0, 19.0, 21.0)]
    # 13 is in the first alone: 14 is its end, and 12 when it is half as wide.
    assert (coverage.held(some, 13).held, coverage.held(some, 13, 0.5).held) == (1, 0)
    assert (coverage.held(some, 9.5).held, coverage.held(some, 9.5, 0.5).held) == (2, 2)
    assert coverage.held(some, 13).of == 3


@pytest.mark.slow
def test_a_planted_mistake_in_intervals_is_told(monkeypatch):
    figure = coverage.Figure("M/M/2, load 0.8", "utilisation", "utilisation.vcpu", lambda *_: 0.8, part=0.2)
    right = coverage.held([coverage.experiment(figure, number) for number in range(40)], figure.theory)
    assert right.is_as_asked
    student, cox = intervals.student, intervals.cox

    def narrow(procedure):
        def half(values, level):
            low, high = procedure(values, level)
            return low + (high - low) / 4, high - (high - low) / 4

        return half

    monkeypatch.setattr(intervals, "student", narrow(student))
    monkeypatch.setattr(intervals, "cox", narrow(cox))
    wrong = coverage.held([coverage.experiment(figure, number) for number in range(40)], figure.theory)
    assert wrong.share["mean"] < 0.9
    assert not wrong.is_as_asked
