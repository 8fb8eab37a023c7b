"""Confidence intervals of replications, worked by hand; how often they hold what they should: test_coverage."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.statistics.intervals import (
    confidence_interval,
    cox,
    prediction_interval,
    skewness,
    student,
    t_quantile,
    variance,
)

#: Student's t at 97.5 % with 2 and with 9 degrees of freedom, from a printed table.
T2, T9 = 4.3027, 2.2622


def test_confidence_interval_is_students():
    # n = 3, mean 2, deviation 1.
    assert confidence_interval([1.0, 2.0, 3.0])["high"] - 2 == pytest.approx(T2 / math.sqrt(3), rel=1e-4)
    assert confidence_interval([5.0]) == {"mean": 5.0, "low": None, "high": None, "n": 1}


def test_without_scatter_it_is_a_point():
    # Three times 0.1 is not three tenths in floats: the mean of equal values is theirs all the same.
    for values in ([2.0, 2.0], [0.1] * 3, [0.0] * 10, [0.1] * 12):
        interval = confidence_interval(values)
        assert interval == {"mean": values[0], "low": values[0], "high": values[0], "n": len(values)}


def test_coxs_is_worked_by_hand():
    # Logarithms -1, 0, 1: mean 0, variance 1; centre 1/2, half t (1/3 + 1/4)^(1/2).
    half = T2 * math.sqrt(1 / 3 + 1 / 4)
    low, high = cox([math.exp(-1), 1.0, math.exp(1)], 0.95)
    assert math.log(low) == pytest.approx(0.5 - half, rel=1e-4)
    assert math.log(high) == pytest.approx(0.5 + half, rel=1e-4)


def lognormal(n=10, deviation=1.0):
    """Values whose logarithms are symmetric."""
    return [math.exp(deviation * (2 * i / (n - 1) - 1)) for i in range(n)]


def test_skewed_values_whose_logarithms_are_symmetric_have_coxs():
    values = lognormal()
    interval = confidence_interval(values)
    assert interval["by"] == "cox"
    assert (interval["low"], interval["high"]) == cox(values, 0.95)
    assert interval["mean"] == pytest.approx(sum(values) / 10)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(lognormal(9), id="too few to tell a shape"),
        pytest.param([0.0, *lognormal()], id="not all positive"),
        pytest.param([1.0] * 16 + [9.0] * 4, id="two kinds of days: two values are as skewed in logarithms"),
        pytest.param([-math.log(value) + 2 for value in lognormal()], id="symmetric"),
        pytest.param([1e-100, *[1.0] * 8, 1e100], id="spread too wide for floats"),
    ],
)
def test_all_others_have_students(values):
    interval = confidence_interval(values)
    assert "by" not in interval
    assert (interval["low"], interval["high"]) == student(values, 0.95)


def test_a_quantile_is_that_of_the_table():
    assert (round(t_quantile(0.975, 2), 4), round(t_quantile(0.975, 9), 4)) == (T2, T9)


def test_skewness_is_worked_by_hand():
    # 0, 0, 3: deviations -1, -1, 2; third moment 6/3 = 2, second 6/3 = 2.
    assert skewness([0.0, 0.0, 3.0]) == pytest.approx(2 / 2**1.5)
    assert skewness([1.0, 2.0, 3.0]) == skewness([0.1] * 3) == 0


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30), st.floats(0.5, 0.99))
def test_it_holds_the_mean_and_grows_with_confidence(values, level):
    interval, wider = confidence_interval(values, level=level), confidence_interval(values, level=0.995)
    assert interval["low"] <= interval["mean"] <= interval["high"]
    if interval.get("by") == wider.get("by"):
        assert wider["high"] - wider["low"] >= interval["high"] - interval["low"]
    assert variance(values) >= 0


def test_one_more_value_worked_by_hand():
    # n = 3, mean 2, deviation 1: t (1 + 1/3)^(1/2) on either side.
    low, high = prediction_interval([1.0, 2.0, 3.0], 0.95)
    assert (low, high) == (
        pytest.approx(2 - T2 * math.sqrt(4 / 3), rel=1e-4),
        pytest.approx(2 + T2 * math.sqrt(4 / 3), rel=1e-4),
    )
    assert prediction_interval([0.1] * 3, 0.9) == (0.1, 0.1)
