"""Margins: on which side of a limit a figure is, and how far."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.experiments.optimize.problem import Measured, Observation
from batchsim.spec.objectives import parse_objective

OBJECTIVES = [
    parse_objective(text)
    for text in (
        "p95(queue_time) <= 10m",
        "max(finished_at) < 06:00",
        "makespan <= 2h",
        "utilisation >= 50%",
        "failed <= 0",
        "failed <= 1%",
        "unfinished <= 3",
        "cost <= 100",
    )
]


@given(st.sampled_from(OBJECTIVES), st.floats(-1e6, 1e6), st.integers(0, 2))
def test_a_margin_is_above_zero_exactly_where_the_objective_is_missed(objective, value, missing):
    if not objective.clock:
        value = abs(value)
    measured = Measured(value, None, missing)
    assert (measured.margin(objective) > 0) == (not measured.kept(objective))


def test_a_margin_is_the_logarithm_of_the_ratio_drawn_in():
    assert Measured(1200.0).margin(OBJECTIVES[0]) == pytest.approx(math.log1p(math.log(2)))
    assert Measured(300.0).margin(OBJECTIVES[0]) == pytest.approx(-math.log1p(math.log(2)))
    assert Measured(0.25).margin(OBJECTIVES[3]) == pytest.approx(math.log1p(math.log(2)))


def test_of_a_time_of_day_hours_count():
    assert Measured(10 * 3600.0).margin(OBJECTIVES[1]) == pytest.approx(math.log1p(1.0))


def test_what_was_never_reached_is_beyond_the_limit_by_half_at_least():
    for measured in (Measured(None, None), Measured(None, 5.0), Measured(5.0, None, 1)):
        assert measured.margin(OBJECTIVES[0]) == pytest.approx(math.log1p(math.log(1.5)))
    assert Measured(None, 6000.0).margin(OBJECTIVES[0]) == pytest.approx(math.log1p(math.log(10)))


def test_a_run_that_failed_keeps_nothing():
    assert not Observation(None, (Measured(1.0),)).kept(OBJECTIVES[:1])
    assert Observation(1.0, (Measured(1.0),)).kept(OBJECTIVES[:1])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # A minute, a dollar, a job and a hundredth stand beside what may be nothing: each is twice its limit.
        ("p95(queue_time) <= 0s", 60.0),
        ("cost <= 0", 1.0),
        ("failed <= 0", 1.0),
        ("unfinished <= 3", 7.0),
        ("failed <= 1%", 0.03),
        # What is never nothing has its ratio as it is.
        ("p95(queue_time) <= 1s", 2.0),
        ("cost <= 0.5", 1.0),
        ("utilisation >= 40%", 0.2),
    ],
)
def test_a_limit_of_nothing_has_a_ratio_too(text, value):
    assert Measured(value).margin(parse_objective(text)) == pytest.approx(math.log1p(math.log(2)))


def test_what_failed_or_costs_nothing_has_a_logarithm():
    assert Observation(0.0, ()).logarithm == Observation(None, ()).logarithm == math.log(0.01)
    assert Observation(5.0, ()).logarithm == math.log(5)
