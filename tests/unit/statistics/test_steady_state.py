"""What to cut of a run that starts empty, and whether its end is like its beginning."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.statistics.intervals import t_quantile
from batchsim.statistics.steady_state import BatchedMean, batched_mean, least_rise, mser_5

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


def test_the_last_means_are_not_cut_down_to_few():
    # The last two are the same: of them alone the statistic would be 0.
    assert mser_5(fives(*[0, 1] * 6, 7, 7)) <= 5 * (14 - 5)


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
    assert 0 <= cut <= max(len(values) - 25, 0)


def test_a_mean_of_batches_is_that_of_all_values():
    # Sums 10 and 30 of 5 values each: mean 4, residuals -10 and 10, error sqrt(200 * 2 / 1) / 10.
    assert batched_mean([10.0, 30.0], [5, 5]) == BatchedMean(4.0, math.sqrt(400) / 10, 2)


def test_batches_without_values_are_none():
    assert batched_mean([10.0, 0.0, 30.0], [5, 0, 5]) == batched_mean([10.0, 30.0], [5, 5])
    with pytest.raises(ValueError, match="1 batches"):
        batched_mean([10.0, 0.0], [5, 0])


def test_a_rise_is_as_large_as_its_interval_leaves_it():
    first, last = BatchedMean(100.0, 3.0, 4), BatchedMean(150.0, 4.0, 5)
    assert least_rise(first, last, level=0.95) == pytest.approx(50 - t_quantile(0.975, 7) * 5)
    assert least_rise(first, last) < least_rise(first, last, level=0.95)
