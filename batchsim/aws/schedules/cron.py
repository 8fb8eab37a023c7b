"""Cron in two dialects: the five fields of a scenario, and the six of EventBridge Scheduler.

EventBridge Scheduler User Guide, *Schedule types*: minutes, hours, day of month, month, day of week, year. One of the
two fields of days has to be ``?``, Sunday is 1, and ``L`` and ``#`` belong to a day of the week by that number. A
scenario's five fields are those of cron, in which Sunday is 0 or 7 and both fields of days may be restricted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_EVERY_DAY, _EVERY_WEEKDAY = frozenset(range(1, 32)), frozenset(range(7))
_TWO_ENTRIES = "two updates, one for each field"

#: A day of the week by its number, where no other number may stand: before L and #, in lists, ranges and steps.
_NUMBER_OF_DAY = re.compile(r"(?<![\d#/])[1-7](?!\d)")
_FIELDS = 6
#: The first value of each of the first five fields; a step counts from there.
_FIRST = {0: "0", 1: "0", 2: "1", 3: "1"}


class UntranslatableError(ValueError):
    """What one dialect says and the other can't.

    Attributes
    ----------
    expected : str
        What can be done.
    """

    def __init__(self, message: str, expected: str) -> None:
        super().__init__(message)
        self.expected = expected


def to_scheduler(expression: str) -> str:
    """The ``cron(…)`` of EventBridge Scheduler for five fields.

    Values are written out, steps too, and days of the week by their names: nothing is left to how a dialect counts.

    Raises
    ------
    UntranslatableError
        If it can't say the same: both fields of days restricted, or more than one day of the week with ``L`` or ``#``.

    Examples
    --------
    >>> to_scheduler("*/15 18-20 * * 1-5")
    'cron(0,15,30,45 18-20 ? * MON-FRI *)'
    """
    from cronsim import CronSim

    cron = CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    minutes, hours = (
        _values(field, range(most))
        for field, most in ((cron.minutes, 60), (cron.hours, 24))
    )  # fmt: skip
    months = _values(cron.months, range(1, 13))
    day, weekday = _days(cron)
    return f"cron({minutes} {hours} {day} {months} {weekday} *)"


def _days(cron: object) -> tuple[str, str]:
    """The two fields of days, of which one is ``?``."""
    days: set[int] = cron.days  # type: ignore[attr-defined]
    weekdays = {each if isinstance(each, tuple) else each % 7 for each in cron.weekdays}  # type: ignore[attr-defined]
    any_day, any_weekday = days == _EVERY_DAY, weekdays == _EVERY_WEEKDAY
    both = cron.day_and  # type: ignore[attr-defined]
    # Where days of either field count, one field of every day is enough.
    is_every = (any_day and any_weekday) if both else (any_day or any_weekday)
    if is_every:
        return "*", "?"
    if any_weekday:
        return _day_of_month(days), "?"
    if any_day:
        return "?", _day_of_week(weekdays)
    joined, expected = ("and", "one field") if both else ("or", _TWO_ENTRIES)
    raise UntranslatableError(f"a day of the month {joined} a day of the week", expected)


def _day_of_month(days: set[int]) -> str:
    from cronsim import CronSim

    if days == {CronSim.LAST}:
        return "L"
    if min(days) < 0:
        raise UntranslatableError("a last day or last weekday of the month among others", "L alone, or days by number")
    return _values(days, range(1, 32))


def _day_of_week(weekdays: set[int | tuple[int, int]]) -> str:
    from cronsim import CronSim

    numbered = [each for each in weekdays if isinstance(each, tuple)]
    if not numbered:
        return _values([each for each in weekdays if not isinstance(each, tuple)], range(7), _DAYS)
    if len(weekdays) > 1:
        raise UntranslatableError("an nth day of the week among others", "an update for each of them")
    day, nth = numbered[0]
    return f"{day % 7 + 1}L" if nth == CronSim.LAST else f"{day % 7 + 1}#{nth}"


def _values(values: Iterable[int], every: range, names: Sequence[str] = ()) -> str:
    """Values of a field: ``*`` for all of them, else listed, with ranges of three and more."""
    ordered = sorted(values)
    if ordered == list(every):
        return "*"
    runs: list[list[int]] = []
    for value in ordered:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    shown = [names[value] if names else str(value) for value in range(max(ordered) + 1)]
    return ",".join(
        f"{shown[run[0]]}-{shown[run[-1]]}" if len(run) > 2 else ",".join(shown[value] for value in run) for run in runs
    )


def from_scheduler(expression: str) -> str:
    """The five fields for a ``cron(…)`` of EventBridge Scheduler.

    Raises
    ------
    UntranslatableError
        If five fields can't say the same: some years, or the weekday nearest to a day (``W``).

    Examples
    --------
    >>> from_scheduler("cron(0 20 ? * 2-6 *)")
    '0 20 * * MON-FRI'
    """
    match = re.fullmatch(r"\s*cron\((.*)\)\s*", expression)
    fields = match[1].upper().split() if match else []
    if len(fields) != _FIELDS:
        raise UntranslatableError(
            f"{expression} is no cron of six fields", "cron(minutes hours day month weekday year)"
        )
    *five, year = fields
    if year != "*":
        raise UntranslatableError(f"the year {year}", "every year, *")
    if "W" in five[2]:
        raise UntranslatableError(f"the weekday nearest to a day, {five[2]}", "days by number, or L")
    five[4] = _NUMBER_OF_DAY.sub(_plain_day, five[4])
    shown = [_stepped(field, _FIRST.get(at)) for at, field in enumerate("*" if each == "?" else each for each in five)]
    return _checked(" ".join(shown), expression)


def _plain_day(match: re.Match[str]) -> str:
    """A day of the week as cron has it: by its name, but by its number before L and #, where cron takes no name."""
    number = int(match[0]) - 1
    following = match.string[match.end() : match.end() + 1]
    return str(number) if following in {"L", "#"} else _DAYS[number]


def _stepped(field: str, first: str | None) -> str:
    """A field whose steps over all values are written with a star: ``0/15`` is ``*/15``."""
    start, slash, step = field.partition("/")
    return f"*/{step}" if slash and start == first else field


def _checked(expression: str, given: str) -> str:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise UntranslatableError(f"{given} ({error})", "six fields such as cron(0 2 * * ? *)") from None
    return expression
