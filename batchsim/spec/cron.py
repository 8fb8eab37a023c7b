"""Cron: five fields in a time zone, as arrivals and scheduled updates have it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

CRON_FIELDS = 5
#: Five words, as JSON Schema says it.
CRON_PATTERN = rf"^\s*\S+(\s+\S+){{{CRON_FIELDS - 1}}}\s*$"


def parse_cron(text: str) -> str:
    """A cron expression, as it was given.

    Raises
    ------
    ValueError
        If it is none of five fields.

    Examples
    --------
    >>> parse_cron("0 20 * * MON-FRI")
    '0 20 * * MON-FRI'
    """
    from cronsim import CronSim, CronSimError

    # The library takes six since 2.7, and reads the first as seconds; the last of EventBridge's is years.
    if len(text.split()) == CRON_FIELDS + 1:
        raise ValueError(
            f"{text!r} is not a cron expression (six fields: neither seconds nor years are read); "
            "expected five fields such as 0 2 * * *"
        )
    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(
            f"{text!r} is not a cron expression ({error}); expected five fields such as 0 2 * * *"
        ) from None
    return text


def cron_occurrences(expression: str, timezone: str, start: datetime, first: float = 0.0) -> Iterator[float]:
    """When a cron expression comes due, in seconds since the start, from second `first` on; without end.

    Examples
    --------
    >>> nightly = cron_occurrences("0 20 * * *", "UTC", datetime(2026, 11, 2, 18, tzinfo=UTC))
    >>> [next(nightly) / 3600, next(nightly) / 3600]
    [2.0, 26.0]
    """
    from zoneinfo import ZoneInfo

    from cronsim import CronSim

    # One second earlier: CronSim begins after the instant it is given.
    begin = (start + timedelta(seconds=first - 1)).astimezone(ZoneInfo(timezone))
    return ((instant - start).total_seconds() for instant in CronSim(expression, begin))


def daily_cron_occurrences(expression: str, start: datetime) -> float:
    """How often a day a cron expression comes due that names no days; 0 for one that does: that is not known so easily.

    Examples
    --------
    >>> daily_cron_occurrences("*/15 * * * *", datetime(2026, 11, 2, tzinfo=UTC))
    96.0
    """
    from cronsim import CronSim

    if expression.split()[2:] != ["*", "*", "*"]:
        return 0.0
    plan = CronSim(expression, start)
    return float(len(plan.minutes) * len(plan.hours))
