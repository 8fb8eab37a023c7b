"""The part of a run that its figures are of: what it cuts, and that nothing is lost between two of them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.results.window import WHOLE, Window, window_of

TIMES = st.integers(-50, 150)
SPANS = st.lists(st.tuples(TIMES, st.integers(0, 80)), min_size=1, max_size=8)


def array(*values: float) -> np.ndarray:
    return np.array(values, float)


def test_of_a_span_it_has_what_is_within():
    # Ten seconds from 20 on: before the window, over its start, inside, around it, over its end, behind it.
    window = Window(100.0, 110.0)
    starts, seconds = array(20, 95, 102, 90, 108, 110), array(10, 10, 3, 40, 10, 10)
    assert window.part(starts, seconds).tolist() == [0, 5, 3, 10, 2, 0]


def test_an_instant_at_its_start_is_in_it_and_one_at_its_end_is_not():
    window = Window(100.0, 110.0)
    assert window.holds(array(99.9, 100, 109.9, 110, np.nan)).tolist() == [False, True, True, False, False]
    assert window.clipped(array(99.9, 100, 110, 111)).tolist() == [100, 100, 110, 110]


def test_the_whole_run_is_left_as_it_is():
    # Not even rounded: what is paid for a tenth of a second more than a billion is the tenth.
    start, seconds = array(1e9, -3.0), array(0.1, 5.0)
    assert WHOLE.part(start, seconds).tolist() == [0.1, 5.0]
    assert WHOLE.clipped(start).tolist() == [1e9, -3.0]
    assert WHOLE.holds(start).all()
    assert (WHOLE.since, WHOLE.length(77.0)) == (0.0, 77.0)


@given(SPANS, st.tuples(TIMES, TIMES, TIMES))
def test_two_that_follow_each_other_have_what_one_of_both_has(spans, ends):
    first, middle, last = sorted(map(float, ends))
    start, seconds = (np.array(column, float) for column in zip(*spans, strict=True))
    parts = [Window(*between).part(start, seconds) for between in ((first, middle), (middle, last), (first, last))]
    assert (parts[0] + parts[1]).tolist() == parts[2].tolist()
    assert all(((part >= 0) & (part <= seconds)).all() for part in parts)
    held = [Window(*between).holds(start) for between in ((first, middle), (middle, last), (first, last))]
    assert (held[0] ^ held[1]).tolist() == held[2].tolist()


@pytest.mark.parametrize(
    ("warm_up", "duration", "ended_at", "expected", "length"),
    [
        (None, 1000.0, 1200.0, WHOLE, 1200.0),
        (300.0, 1000.0, 1200.0, Window(300.0, 1000.0), 700.0),
        (300.0, 1000.0, 800.0, Window(300.0, 800.0), 500.0),
        (300.0, None, 1200.0, Window(300.0, 1200.0), 900.0),
        (300.0, 1000.0, 200.0, Window(300.0, 300.0), 0.0),
        (0.0, 1000.0, 1200.0, Window(0.0, 1000.0), 1000.0),
    ],
    ids=["no warm-up", "drains", "a horizon", "no duration", "ends in it", "a warm-up of nothing"],
)
def test_it_lies_between_the_warm_up_and_the_drain(warm_up, duration, ended_at, expected, length):
    window = window_of(SimpleNamespace(warm_up_s=warm_up, duration_s=duration), ended_at)
    assert window == expected
    assert window.is_whole == (warm_up is None)
    assert window.length(ended_at) == length
    assert window.since == (warm_up or 0.0)
