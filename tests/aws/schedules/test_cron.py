"""Five fields of cron and EventBridge Scheduler's six mean the same instants.

The dialect of the six is held against pyawscron, which knows nothing of ours.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, given
from hypothesis import strategies as st
from pyawscron import AWSCron

from batchsim.aws.schedules.cron import UntranslatableError, from_scheduler, to_scheduler

START = datetime(2026, 1, 1, tzinfo=UTC)


def first(expression: str, number: int = 6) -> list[datetime]:
    return list(islice(CronSim(expression, START), number))


def first_of_scheduler(expression: str, number: int = 6) -> list[datetime]:
    instants, last = [], START
    for _ in range(number):
        last = AWSCron(expression.removeprefix("cron(").removesuffix(")")).occurrence(last).next()
        instants.append(last)
    return instants


@pytest.mark.parametrize(
    ("five", "six"),
    [
        ("0 20 * * *", "cron(0 20 * * ? *)"),
        ("*/15 18-20 * * 1-5", "cron(0,15,30,45 18-20 ? * MON-FRI *)"),  # Monday is 1 in cron, and 2 in EventBridge
        ("0 6 1,15 * *", "cron(0 6 1,15 * ? *)"),
        ("0 6 L * *", "cron(0 6 L * ? *)"),
        ("0 6 * * 5L", "cron(0 6 ? * 6L *)"),
        ("0 6 * * 2#1", "cron(0 6 ? * 3#1 *)"),
        ("0 6 * * 7", "cron(0 6 ? * SUN *)"),
        ("0 6 * * 0-7", "cron(0 6 * * ? *)"),
        ("30 6 * JAN,mar-may 0,6", "cron(30 6 ? 1,3-5 SUN,SAT *)"),
        # One of the two fields of days takes every day, and either is enough: every day.
        ("0 6 1-31 * MON", "cron(0 6 * * ? *)"),
    ],
)
def test_five_fields_as_six(five, six):
    assert to_scheduler(five) == six
    assert first(from_scheduler(six)) == first(five)


@pytest.mark.parametrize(
    ("five", "what"),
    [
        ("0 6 1 * MON", "a day of the month or a day of the week"),
        ("0 6 */2 * MON", "a day of the month and a day of the week"),
        ("0 6 LW * *", "last weekday of the month"),
        ("0 6 1,L * *", "a last day"),
        ("0 6 * * 1#1,2#1", "an nth day of the week among others"),
    ],
)
def test_what_six_fields_can_t_say_is_refused_by_name(five, what):
    with pytest.raises(UntranslatableError, match=what):
        to_scheduler(five)


@pytest.mark.parametrize(
    ("six", "five"),
    [
        ("cron(0/5 8-17 ? * MON-FRI *)", "*/5 8-17 * * MON-FRI"),
        ("cron(1/10 * * * ? *)", "1/10 * * * *"),
        ("cron(0 0 1/7 * ? *)", "0 0 */7 * *"),
        ("cron(0 0 ? * 2,4-6,7 *)", "0 0 * * MON,WED-FRI,SAT"),
        ("cron(15 10 ? * 6L *)", "15 10 * * 5L"),
    ],
)
def test_six_fields_as_five(six, five):
    assert from_scheduler(six) == five
    assert first(five) == first_of_scheduler(six)


@pytest.mark.parametrize(
    ("six", "what"),
    [
        ("cron(0 2 1 * ? 2027)", "the year 2027"),
        ("cron(0 2 3W * ? *)", "the weekday nearest to a day"),
        ("cron(0 2 * * *)", "no cron of six fields"),
        ("rate(5 minutes)", "no cron of six fields"),
        ("cron(0 99 * * ? *)", "Bad hour"),
    ],
)
def test_what_five_fields_can_t_say_is_refused_by_name(six, what):
    with pytest.raises(UntranslatableError, match=what):
        from_scheduler(six)


def fields(least: int, most: int):
    """A field: a star, steps, a list or a range."""
    value = st.integers(least, most)
    pair = st.tuples(value, value).map(sorted)
    return st.one_of(
        st.just("*"),
        st.integers(1, most).map("*/{}".format),
        st.lists(value, min_size=1, max_size=3, unique=True).map(lambda each: ",".join(map(str, each))),
        pair.map(lambda each: f"{each[0]}-{each[1]}"),
    )


# 29 February is none of pyawscron's days.
@given(minute=fields(0, 59), hour=fields(0, 23), day=fields(1, 28), month=fields(1, 12), weekday=fields(0, 7))
def test_a_translation_is_due_at_the_same_instants(minute, hour, day, month, weekday):
    five = f"{minute} {hour} {day} {month} {weekday}"
    try:
        CronSim(five, START)
        six = to_scheduler(five)
    except (CronSimError, UntranslatableError):
        assume(False)
    assert first_of_scheduler(six, 4) == first(five, 4)
    assert first(from_scheduler(six), 4) == first(five, 4)
    assert all(one < other for one, other in pairwise(first(five, 4)))
