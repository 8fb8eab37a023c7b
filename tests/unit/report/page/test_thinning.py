"""Thinning: of every pixel column the least and the greatest level stay."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from batchsim.report.page.thinning import thinned
from batchsim.results.step_functions import sample

COLUMNS = 7
WINDOW = (10.0, 80.0)


def levels_in_columns(at, level):
    """Of each column of ten seconds, the levels that hold at some time in it, worked out one by one."""
    held = []
    for column in range(COLUMNS):
        begin, end = 10.0 + 10 * column, 20.0 + 10 * column
        inside = (at > begin) & ((at < end) | ((column == COLUMNS - 1) & (at == end)))
        held.append({*sample(at, level, np.array([begin])).tolist(), *level[inside].tolist()})
    return held


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=80, unique=True),
    hnp.arrays(np.float64, 80, elements=st.integers(-50, 50)),
)
def test_the_least_and_greatest_of_every_column_stay(instants, levels):
    at, level = np.sort(np.array(instants)) / 10, levels[: len(instants)]
    kept = thinned(at, level, WINDOW, COLUMNS)
    for before, after in zip(levels_in_columns(at, level), levels_in_columns(*kept), strict=True):
        assert (min(after), max(after)) == (min(before), max(before))


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=80, unique=True),
    hnp.arrays(np.float64, 80, elements=st.integers(-50, 50)),
)
def test_what_is_kept_are_steps_as_they_were(instants, levels):
    at, level = np.sort(np.array(instants)) / 10, levels[: len(instants)]
    kept_at, kept_level = thinned(at, level, WINDOW, COLUMNS)
    assert (np.diff(kept_at) > 0).all()
    assert (kept_at[0], kept_at[-1] <= WINDOW[1]) == (WINDOW[0], True)
    assert len(kept_at) <= 4 * COLUMNS
    np.testing.assert_array_equal(sample(at, level, kept_at), kept_level)


def test_a_peak_of_a_millisecond_among_a_million_steps_is_there():
    at = np.arange(1_000_000.0)
    level = at % 2
    level[123_456] = 99.0
    kept_at, kept_level = thinned(at, level, (0.0, 1e6), 100)
    assert len(kept_at) <= 400
    assert (kept_level.max(), kept_at[kept_level.argmax()]) == (99.0, 123_456.0)


def test_a_function_that_begins_in_the_window_is_zero_before():
    at, level = thinned(np.array([30.0]), np.array([5.0]), WINDOW, COLUMNS)
    assert (at.tolist(), level.tolist()) == ([10.0, 30.0], [0.0, 5.0])
