"""Axes: round values, at their places, up to what is drawn."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.report.page import scales
from batchsim.units import HOUR


def labels(scale):
    return [tick.label for tick in scale.ticks]


def test_counts_go_to_a_round_value_that_is_not_below_the_highest():
    assert labels(scales.counts(402)) == ["0", "100", "200", "300", "400", "500"]
    assert labels(scales.counts(400)) == ["0", "100", "200", "300", "400"]
    assert labels(scales.counts(0)) == ["0", "0.2", "0.4", "0.6", "0.8", "1"]


def test_money_has_cents_only_where_it_needs_them():
    assert labels(scales.money(37.06)) == ["$0", "$10", "$20", "$30", "$40"]
    assert labels(scales.money(0.9)) == ["$0", "$0.20", "$0.40", "$0.60", "$0.80", "$1"]


def test_durations_are_counted_as_people_do():
    assert labels(scales.durations(2 * HOUR)) == ["0", "30 min", "60 min", "90 min", "120 min"]
    assert labels(scales.durations(5 * HOUR)) == ["0", "1 h", "2 h", "3 h", "4 h", "5 h"]
    assert labels(scales.along_durations(70.0)) == ["0", "15 s", "30 s", "45 s", "60 s"]


@given(st.floats(1e-6, 1e12))
def test_nothing_is_drawn_beyond_an_axis_and_half_of_it_is_used(highest):
    for scale in (scales.counts(highest), scales.money(highest), scales.durations(highest)):
        assert scale.high >= highest * (1 - 1e-9)
        assert [tick.place for tick in scale.ticks] == sorted(tick.place for tick in scale.ticks)
        assert (scale.ticks[0].place, scale.ticks[-1].place) == (0, 1)


def test_ticks_of_a_night_are_at_full_half_hours_whenever_the_scenario_starts():
    scale = scales.clock(datetime(2026, 11, 2, 23, 10, tzinfo=UTC), (0.0, 2 * HOUR))
    assert labels(scale) == ["23:15", "23:30", "23:45", "3 Nov", "00:15", "00:30", "00:45", "01:00"]
    assert scale.ticks[3].place == pytest.approx(50 / 120)


def test_over_ten_years_each_tick_says_its_year():
    scale = scales.clock(datetime(2026, 11, 2, tzinfo=UTC), (0.0, 3650 * 24 * HOUR))
    # 3,650 days / 8 is more than 364 and less than 1,820: every five years, here of 364 days each.
    assert labels(scale) == ["2 Nov 2026", "27 Oct 2031", "20 Oct 2036"]


def test_days_apart_ticks_are_at_midnight():
    scale = scales.clock(datetime(2026, 11, 2, 12, tzinfo=UTC), (0.0, 72 * HOUR))
    assert labels(scale) == ["12:00", "3 Nov", "12:00", "4 Nov", "12:00", "5 Nov", "12:00"]
