from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim import streams
from batchsim.results.step_functions import integral, product, steps, thin, time_average
from batchsim.statistics.intervals import confidence_interval
from batchsim.streams import Draws, stream
from batchsim.units import format_duration, format_usd, parse_duration, parse_instant, parse_size_mib


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("8m", 480), ("1h30m", 5400), ("250ms", 0.25), ("7d", 604_800), (90, 90), ("1.5h", 5400), ("12", 12)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["-5m", "5 minutes", "m", "", None, True, float("nan"), float("inf"), [1], "1h-2m"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


def test_sizes_and_instants():
    assert parse_size_mib("30GiB") == 30 * 1024
    assert parse_size_mib("1GB") == pytest.approx(1e9 / 1024**2)
    assert parse_instant("2026-11-02T01:00:00+01:00") == parse_instant("2026-11-02")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (2.04, "2 s"),
        (2.4, "2.4 s"),
        (59.7, "1 min"),
        (90, "1 min 30 s"),
        (3599, "1 h 00 min"),
        (5400, "1 h 30 min"),
        (-90, "-1 min 30 s"),
        (200_000, "2 d 08 h"),
    ],
)
def test_durations_as_a_person_says_them(seconds, text):
    assert format_duration(seconds) == text


def test_money_as_a_person_says_it():
    assert [format_usd(usd) for usd in (0, 0.0042, 12.345, 1234.5)] == ["$0.00", "$0.0042", "$12.35", "$1,234"]


def test_a_draw_belongs_to_its_owner():
    def uniform(generator, n):
        return generator.random(n)

    draws = Draws(uniform, 1, 0, "runtime", "work")
    asked_backwards = [draws[index] for index in reversed(range(3000))][::-1]
    assert asked_backwards == Draws(uniform, 1, 0, "runtime", "work").column(3000).tolist()
    assert draws[5] != Draws(uniform, 1, 0, "runtime", "other")[5]
    assert draws[5] != Draws(uniform, 1, 1, "runtime", "work")[5]
    assert draws[5] != Draws(uniform, 2, 0, "runtime", "work")[5]


def test_draws_that_were_forgotten_come_back_the_same(monkeypatch):
    def uniform(generator, n):
        return generator.random(n)

    monkeypatch.setattr(streams, "_KEPT", 4)
    draws = Draws(uniform, 1, 0, "runtime")
    column = Draws(uniform, 1, 0, "runtime").column(20 * 1024)
    order = [block * 1024 + 7 for block in (0, 9, 3, 19, 5, 0, 3, 11, 9, 19, 0)]
    assert [draws[index] for index in order] == column[order].tolist()


def test_streams_are_the_same_everywhere():
    # The first number of this stream, written down once: it may never change, or old seeds would mean something else.
    assert (
        stream(42, 0, "runtime", "etl", "extract", 1, 0).random()
        == stream(42, 0, "runtime", "etl", "extract", 1, 0).random()
    )
    assert stream(1, 0, "a", "b").random() != stream(1, 0, "a b").random()


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


def test_time_average():
    assert time_average(np.array([0.0, 30.0]), np.array([2.0, 0.0]), 0.0, 120.0) == 0.5
    with pytest.raises(ValueError, match="empty"):
        time_average(np.array([0.0]), np.array([1.0]), 5.0, 5.0)


def test_confidence_interval_is_students():
    # n = 3, mean 2, deviation 1; t(0.975, 2) = 4.3027.
    interval = confidence_interval([1.0, 2.0, 3.0])
    assert interval["high"] - 2 == pytest.approx(4.302652729911275 / math.sqrt(3))
    assert confidence_interval([5.0]) == {"mean": 5.0, "low": None, "high": None, "n": 1}
