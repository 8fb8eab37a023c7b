"""Step functions: made from intervals, integrated, multiplied, thinned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.results.step_functions import integral, integrator, product, sample, steps, thin, total

INTERVALS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 5)), max_size=20)


@given(INTERVALS, st.integers(0, 50))
def test_a_step_function_holds_what_is_held(intervals, instant):
    start, stop, size = (
        (np.array(column, float) for column in zip(*intervals, strict=True)) if intervals else [np.empty(0)] * 3
    )
    at, level = steps(start, stop, size)
    held = sum(s for low, high, s in intervals if low <= instant < high)
    place = np.searchsorted(at, instant, side="right") - 1
    assert (level[place] if place >= 0 else 0) == held
    area = sum(s * max(0, min(high, instant) - low) for low, high, s in intervals if low < high)
    assert integral(at, level, np.array([float(instant)]))[0] == pytest.approx(area)


@given(INTERVALS)
def test_a_step_function_is_the_same_whatever_is_looked_at_together(intervals):
    start, stop, size = (
        (np.array(column, float) for column in zip(*intervals, strict=True)) if intervals else [np.empty(0)] * 3
    )
    whole = steps(start, stop, size)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("batchsim.results.step_functions.SLICE", 3)
        parts = steps(start, stop, size)
    assert [column.tolist() for column in parts] == [column.tolist() for column in whole]


def test_nothing_multiplied_is_nothing():
    nothing, one = (np.empty(0), np.empty(0)), (np.array([0.0]), np.array([1.0]))
    for pair in ((nothing, one), (one, nothing)):
        assert [len(column) for column in product(*pair[0], *pair[1])] == [0, 0]


def test_thinning_keeps_the_area():
    generator = np.random.default_rng(1)
    at, level = np.sort(generator.random(5000)), generator.integers(0, 9, 5000).astype(float)
    thinned_at, thinned = thin(at, level, 100)
    assert len(thinned_at) == 101
    end = np.array([at[-1]])
    assert integral(thinned_at, thinned, end)[0] == pytest.approx(integral(at, level, end)[0])


def test_steps_by_hand():
    # Two of 3 and 2: from 0 to 10, from 5 to 20; one that ends where another of its size begins is no step.
    at, level = steps(np.array([0.0, 5.0]), np.array([10.0, 20.0]), np.array([3.0, 2.0]))
    assert (at.tolist(), level.tolist()) == ([0, 5, 10, 20], [3, 5, 2, 0])
    at, level = steps(np.array([0.0, 10.0]), np.array([10.0, 20.0]))
    assert (at.tolist(), level.tolist()) == ([0, 20], [1, 0])


def test_a_level_holds_from_its_instant_on():
    at, level = np.array([5.0, 9.0]), np.array([2.0, 0.0])
    assert sample(at, level, np.array([4.9, 5.0, 8.9, 9.0])).tolist() == [0, 2, 2, 0]
    assert sample(np.empty(0), np.empty(0), np.array([1.0])).tolist() == [0]


def test_areas_by_hand():
    area = integrator(np.array([5.0, 9.0]), np.array([2.0, 1.0]))
    assert area(np.array([0.0, 5.0, 7.0, 9.0, 12.0])).tolist() == [0, 0, 4, 8, 11]
    assert integrator(np.empty(0), np.empty(0))(np.array([3.0])).tolist() == [0]


def test_a_sum_of_step_functions():
    one = np.array([0.0, 10.0]), np.array([1.0, 0.0])
    other = np.array([5.0, 10.0]), np.array([2.0, 1.0])
    assert [column.tolist() for column in total([one, other])] == [[0, 5, 10], [1, 3, 1]]
    assert [len(column) for column in total([])] == [0, 0]


def test_a_short_one_is_not_thinned():
    at, level = np.array([0.0, 1.0]), np.array([2.0, 0.0])
    assert [column.tolist() for column in thin(at, level, 2)] == [[0, 1], [2, 0]]
