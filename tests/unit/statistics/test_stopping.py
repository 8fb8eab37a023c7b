"""When it may be stopped: the bound at a planned look, and an interval that is narrow enough, worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from batchsim.statistics.intervals import cox, mean_of, student
from batchsim.statistics.stopping import LOOKS, Precision, bound_at_look

#: Mean 10, deviation 1: -1, 0, 1 about it.
FIVE = [9.0, 9.0, 10.0, 11.0, 11.0]


@pytest.mark.parametrize(
    ("looks", "level"),
    # One-sided 5 % at one look; at three looks a third of it each, 1.67 %.
    [([5], 0.95), ([5, 10], 0.975), (LOOKS, 1 - 0.05 / 3), ([5, 5, 10, 10], 0.975)],
    ids=["one", "two", "three", "twice named"],
)
def test_looks_share_what_may_go_wrong(looks, level):
    half = stats.t(4).ppf(level) / math.sqrt(5)  # variance 4 / 4 = 1
    assert bound_at_look(FIVE, looks, side="lower") == pytest.approx(10 - half)


def test_an_upper_bound_of_what_looks_lognormal_is_the_further_of_two():
    values = [1.0, 2.0, 4.0, 8.0, 16.0]
    assert bound_at_look(values, [5]) == pytest.approx(max(student(values, 0.9)[1], cox(values, 0.9)[1]))
    assert cox(values, 0.9)[1] > student(values, 0.9)[1]
    # The lower one is Student's all the same: it is on the safe side.
    assert bound_at_look(values, [5], side="lower") == pytest.approx(student(values, 0.9)[0])


@pytest.mark.parametrize(
    "values",
    [
        [-1.0, 2.0, 4.0, 8.0, 16.0],  # not all positive
        [0.0, 2.0, 4.0, 8.0, 16.0],
        [1.0, 1.0, 1.0, 1.0, 100.0],  # logarithms skewed by 1.5
    ],
)
def test_an_upper_bound_of_others_is_students(values):
    assert bound_at_look(values, [5]) == pytest.approx(student(values, 0.9)[1])


@given(st.lists(st.floats(1, 1000), min_size=5, max_size=5), st.floats(0.8, 0.98))
def test_who_wants_to_be_surer_has_a_further_bound_and_more_looks_cost_something(values, confidence):
    for side, sign in (("upper", 1), ("lower", -1)):
        bound = [
            sign * bound_at_look(values, looks, sure, side)
            for looks, sure in (([5], confidence), ([5], confidence + 0.01), (LOOKS, confidence + 0.01))
        ]
        assert sign * mean_of(values) - 1e-9 <= bound[0]
        assert bound[0] <= bound[1] + 1e-9
        assert bound[1] <= bound[2] + 1e-9


@pytest.mark.parametrize(("count", "looks"), [(4, LOOKS), (6, LOOKS), (0, LOOKS), (1, [1]), (20, [5, 10])])
def test_a_look_that_was_not_planned_is_refused(count, looks):
    with pytest.raises(ValueError, match=f"{count} values, and the planned looks are after"):
        bound_at_look([1.0] * count, looks)


def spread(n, half):
    """So many values of mean 100 whose interval reaches so far to either side."""
    signs = np.where(np.arange(n) % 2, 1.0, -1.0)
    deviation = half * math.sqrt(n) / stats.t(n - 1).ppf(0.975)
    return (100 + signs * deviation * math.sqrt((n - 1) / n)).tolist()


def test_half_the_interval_may_be_so_much_of_the_mean():
    # Of ten values about 100 the interval is ± 5, or a hair more.
    assert Precision(0.05).reached(spread(10, 4.999))
    assert not Precision(0.05).reached(spread(10, 5.001))


def test_there_are_as_many_as_were_asked_for_at_least():
    assert not Precision(0.05).reached(spread(8, 0.1))
    assert Precision(0.05, least=8).reached(spread(8, 0.1))
    assert not Precision(0.05, least=8).reached([])


def test_precision_is_of_the_size_of_the_mean_whatever_its_sign():
    values = spread(10, 4.9)
    assert Precision(0.05).reached([-value for value in values])
    assert not Precision(0.05).reached([value - 100 for value in values])  # ± 4.9 about none is never narrow
    assert Precision(0.05).reached([0.0] * 10)  # unless nothing varies
