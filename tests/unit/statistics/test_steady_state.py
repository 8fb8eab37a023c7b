"""What to cut of a run that starts empty, and whether its end is like its beginning."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.statistics.intervals import t_quantile
from batchsim.statistics.steady_state import Rise, mser_5, rise

ROUGH = [1.0, 2.0, 3.0, 2.0, 1.0]


def fives(*means):
    """Values whose means of five are these."""
    return np.repeat(np.array(means, float), 5)


def test_what_is_alike_is_not_cut():
    assert mser_5(fives(*[4] * 20)) == 0
    assert mser_5(np.zeros(100)) == 0


def test_a_first_part_that_is_unlike_the_rest_is_cut():
    # Ten means of 0 and 1 in turns after three of 9: the statistic of d cut, of what is left.
    means = [9, 9, 9, *[0, 1] * 5]

    def statistic(cut):
        left = means[cut:]
        mean = sum(left) / len(left)
        return sum((each - mean) ** 2 for each in left) / len(left) ** 2

    assert statistic(3) == pytest.approx(10 * 0.25 / 100)
    assert min(range(9), key=statistic) == 3
    assert mser_5(fives(*means)) == 15


def test_half_is_left_whatever_the_end_is_like():
    # The last two are the same: of them alone the statistic would be 0.
    assert mser_5(fives(*[0, 1] * 6, 7, 7)) <= 5 * 14 / 2


def test_what_comes_to_no_level_is_cut_by_half():
    assert mser_5(fives(*range(20))) == 50


def test_values_after_the_last_five_are_left_out():
    whole = fives(9, 9, *[0, 1] * 5)
    assert mser_5(np.append(whole, [1e9] * 4)) == mser_5(whole) == 10


def test_few_values_say_nothing():
    assert mser_5(fives(9, *[0, 1] * 4)) == 0
    assert mser_5(np.empty(0)) == 0


@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), max_size=200),
    st.sampled_from([0.5, 2.0, 1024.0]),
)
def test_the_unit_of_values_bears_on_nothing(values, unit):
    known = np.array(values)
    cut = mser_5(known)
    assert cut == mser_5(known * unit)  # by powers of two: no rounding
    assert cut % 5 == 0
    assert 0 <= cut <= len(values) / 2


def test_an_even_rise_is_no_noise_and_an_uneven_one_is():
    counts = np.full(6, 10)
    found = rise(np.arange(6) * 10.0, counts)
    assert found == Rise(0.5, 4.5, 0.0, 4, 0.99)
    assert found.least == 4.0
    # Means 0, 0, 6, 6, 0, 0: as high at the end. About their mean of 2, level, squares of 10 * (4 * 4 + 2 * 16) = 480
    # on 4 degrees: 120, and of two means of 20 values an error of sqrt(120 / 10).
    level = rise(np.array([0.0, 0, 60, 60, 0, 0]), counts)
    assert (level.first, level.last) == (0.0, 0.0)
    assert level.least == pytest.approx(-t_quantile(0.995, 4) * math.sqrt(12))
    assert rise(np.array([0.0, 0, 60, 60, 0, 0]), counts, level=0.5).least > level.least


def test_a_batch_counts_by_its_values_and_one_without_is_none():
    found = rise(np.array([1.0, 0, 9, 5, 5, 5, 10, 0, 10]), np.array([1, 0, 3, 1, 1, 1, 1, 0, 1]))
    assert (found.first, found.last) == (10 / 4, 10.0)
    assert rise(np.array([1.0, 0, 0, 5, 5, 5, 10, 0, 10]), np.array([1, 0, 0, 1, 1, 1, 1, 0, 1])) is None


@given(st.lists(st.integers(0, 1000), min_size=15, max_size=15), st.integers(-1000, 1000))
def test_what_all_waited_more_bears_on_no_rise(sums, more):
    counts = np.full(15, 8)
    known = rise(np.array(sums, float), counts)
    moved = rise(np.array(sums, float) + more * 8.0, counts)
    assert moved.least == pytest.approx(known.least, abs=1e-6)
    assert moved.first == pytest.approx(known.first + more)
