"""Instants, counts and what is told of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from batchsim.units import format_count, format_instant, seconds_after

START = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "seconds"),
    [
        ("2026-11-02T00:00:00Z", 0),
        ("2026-11-02T01:00:00+01:00", 0),  # the same instant, an hour ahead
        ("2026-11-03", 86_400),  # without an offset it is UTC
        ("2026-11-01T23:59:59Z", -1),
        (90.5, 90.5),
    ],
)
def test_an_instant_is_so_many_seconds_after_the_start(instant, seconds):
    assert seconds_after(instant, START) == seconds


def test_a_text_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'tomorrow' is not an instant; expected ISO 8601"):
        seconds_after("tomorrow", START)


def test_an_instant_is_written_as_it_may_be_read():
    assert format_instant(START) == format_instant(START.timestamp()) == "2026-11-02T00:00:00Z"
    assert format_instant(0.0) == "1970-01-01T00:00:00Z"
    assert seconds_after(format_instant(START + timedelta(hours=30)), START) == 30 * 3600


@pytest.mark.parametrize(("number", "told"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (12_345, "12,345 jobs")])
def test_one_is_said_in_the_singular(number, told):
    assert format_count(number, "job") == told
