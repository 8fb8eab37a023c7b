"""When scheduled updates come due, and what cron expressions say in time zones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

import pytest

from batchsim.spec.configuration import Configuration
from batchsim.spec.cron import cron_occurrences, parse_cron
from batchsim.spec.updates import NO_UPDATES, EnvironmentState, EnvironmentUpdates, Update, Updates
from tests.worlds import LARGE, XLARGE, fleet

HOUR = 3600.0
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def first(
    count: int, expression: str, timezone: str = "UTC", start: datetime = MONDAY, since: float = 0.0
) -> list[float]:
    """The first occurrences in hours since the start."""
    return [each / HOUR for each in islice(cron_occurrences(expression, timezone, start, since), count)]


class TestCron:
    """Five fields in a time zone."""

    def test_it_comes_every_day_at_its_time(self):
        assert first(3, "0 20 * * *") == [20, 44, 68]

    def test_an_occurrence_at_the_start_is_one(self):
        assert first(2, "0 0 * * *") == [0, 24]

    def test_its_time_is_that_of_its_zone(self):
        # Berlin is an hour ahead of UTC in November, New York five behind.
        assert first(1, "0 8 * * *", "Europe/Berlin") == [7]
        assert first(1, "0 8 * * *", "America/New_York") == [13]

    def test_where_clocks_go_back_a_day_has_25_hours(self):
        # 1 November 2026, 02:00 in New York. 8:00 of the day before is 12:00 UTC, of that day 13:00 UTC.
        start = datetime(2026, 10, 31, tzinfo=UTC)
        assert first(2, "0 8 * * *", "America/New_York", start) == [12, 37]

    def test_on_working_days_the_weekend_is_left_out(self):
        friday = datetime(2026, 11, 6, tzinfo=UTC)
        assert first(3, "30 6 * * MON-FRI", start=friday) == [6.5, 6.5 + 72, 6.5 + 96]

    def test_it_may_be_asked_for_from_a_second_on(self):
        assert first(1, "0 20 * * *", since=20 * HOUR) == [20]
        assert first(1, "0 20 * * *", since=20 * HOUR + 1) == [44]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("0 0 2 * * *", "six fields: neither seconds nor years are read"),
            ("0 25 * * *", "expected five fields such as 0 2 * * *"),
            ("daily", "expected five fields such as 0 2 * * *"),
            ("* * * * MOONDAY", "expected five fields such as 0 2 * * *"),
        ],
    )
    def test_what_is_none_is_refused_with_an_example(self, text, message):
        with pytest.raises(ValueError, match=message.replace("*", r"\*")) as told:
            parse_cron(text)
        assert repr(text) in str(told.value)


class TestOccurrences:
    """Instants of all entries."""

    def test_equal_instants_come_in_the_order_of_the_list(self):
        nightly = Update("nightly", cron="0 1 * * *")
        updates = Updates((nightly, Update("once", at=HOUR), Update("early", at=0.0)), start=MONDAY)
        assert list(islice(updates.occurrences(), 4)) == [(0.0, 2), (HOUR, 0), (HOUR, 1), (25 * HOUR, 0)]

    def test_what_would_have_been_before_the_start_is_not(self):
        assert list(Updates((Update("past", at=-1.0),)).occurrences()) == []

    def test_none_is_nothing(self):
        assert not NO_UPDATES
        assert list(NO_UPDATES.occurrences()) == []
        assert Updates((Update("one", at=0.0),))


def test_recordings_number_all_types_that_some_state_launches():
    # The first state's types first, each once, whatever order a later state has them in.
    states = (EnvironmentState(fleet(offerings=(XLARGE,))), EnvironmentState(fleet(offerings=(LARGE, XLARGE))))
    updates = Updates(environments=(EnvironmentUpdates("fleet", states, ((0, 0, 1),)),))
    before = Configuration("us-east-1", (fleet(offerings=(XLARGE,)), fleet("other")), (), ())
    recorded = updates.recorded(before)
    assert recorded.environments[0].offerings == (XLARGE, LARGE)
    assert recorded.environments[1] == before.environments[1]
    assert replace(recorded, environments=before.environments) == before
