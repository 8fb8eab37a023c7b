"""Durations, sizes and instants: parsed once at the edge, formatted once at the edge.

Inside the program every duration is seconds, every size MiB, every rate of money US dollars per hour.
The factors between units are written here and nowhere else.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TypeGuard

from batchsim.errors import nearest

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
WEEK = 7 * DAY
#: Hours in an average month, as AWS's price calculator and the Spot Instance Advisor's month are read.
HOURS_PER_MONTH = 730.0
MIB_PER_GIB = 1024
#: Beyond these a figure is a slip, and calendars and memories end.
MOST_SECONDS = 100 * 366 * DAY
MOST_MIB = 1024.0**3
#: A run that is not over by then is not meant; a float still tells 4 µs apart there.
MOST_SIMULATED_S = 10 * MOST_SECONDS

_SECONDS = {"ms": 0.001, "s": 1.0, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
#: How durations with units are written, and sizes.
DURATION = re.compile(rf"\s*(?:{_DURATION_PART.pattern}\s*)+")
SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(KiB|MiB|GiB|TiB|KB|MB|GB|TB)\s*")
_MIB = {
    "KiB": 1 / 1024,
    "MiB": 1.0,
    "GiB": 1024.0,
    "TiB": 1024.0 * 1024,
    "KB": 1e3 / 1024**2,
    "MB": 1e6 / 1024**2,
    "GB": 1e9 / 1024**2,
    "TB": 1e12 / 1024**2,
}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _float(value: float) -> float:
    """A number as a float, one beyond all floats as infinity."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def parse_duration(value: object) -> float:
    """Seconds of a duration such as ``8m``, ``1h30m``, ``250ms`` or a plain number of seconds.

    Raises
    ------
    ValueError
        If `value` is not a duration, is negative, or is not finite.

    Examples
    --------
    >>> parse_duration("1h30m")
    5400.0
    """
    if _is_number(value):
        seconds = _float(value)
    elif isinstance(value, str) and DURATION.fullmatch(value):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(value))
    elif isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        seconds = float(value)
    else:
        raise ValueError(f"{value!r} is not a duration; expected seconds or a text such as 30s, 8m, 1h30m, 7d")
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{value!r} is not a duration; expected a finite time of 0 s or more")
    if seconds > MOST_SECONDS:
        raise ValueError(f"{value!r} is not a duration; expected a hundred years at most")
    return seconds


def parse_size_mib(value: object) -> float:
    """MiB of a size such as ``500MiB``, ``30GiB`` or a plain number of MiB.

    Raises
    ------
    ValueError
        If `value` is not a size, is negative, or is not finite.
    """
    if _is_number(value):
        mib = _float(value)
    elif isinstance(value, str) and (match := SIZE.fullmatch(value)):
        mib = float(match[1]) * _MIB[match[2]]
    else:
        raise ValueError(f"{value!r} is not a size; expected MiB or a text such as 500MiB or 30GiB")
    if not math.isfinite(mib) or mib < 0:
        raise ValueError(f"{value!r} is not a size; expected a finite size of 0 MiB or more")
    if mib > MOST_MIB:
        raise ValueError(f"{value!r} is not a size; expected a pebibyte at most")
    return mib


def parse_rate_mib_per_s(value: object) -> float:
    """MiB per second of a rate such as ``45MiB/s`` or a plain number of MiB per second.

    Raises
    ------
    ValueError
        If `value` is not a rate above zero.
    """
    rate = parse_size_mib(value.strip().removesuffix("/s") if isinstance(value, str) else value)
    if rate <= 0:
        raise ValueError(f"{value!r} is not a rate; expected more than 0 MiB/s")
    return rate


def parse_instant(value: object) -> datetime:
    """UTC instant of an ISO 8601 text; a text without an offset is taken as UTC.

    Raises
    ------
    ValueError
        If `value` is not an instant.
    """
    if isinstance(value, datetime):
        instant = value
    elif isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"{value!r} is not an instant; expected ISO 8601 such as 2026-11-02T00:00:00Z") from None
    else:
        raise ValueError(f"{value!r} is not an instant; expected ISO 8601 such as 2026-11-02T00:00:00Z")
    # Calendars end on both sides; what lies outside these years is a slip.
    if not 1900 <= instant.year <= 2200:
        raise ValueError(f"{value!r} is not an instant; expected a year from 1900 to 2200")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def seconds_after(instant: str | float, start: datetime) -> float:
    """Seconds from a start to an instant, which may be given as such already."""
    return (parse_instant(instant) - start).total_seconds() if isinstance(instant, str) else instant


def format_instant(instant: datetime | float) -> str:
    """An instant of UTC, or seconds since 1970, in ISO 8601 to the second: ``2026-11-02T08:30:00Z``."""
    utc = instant if isinstance(instant, datetime) else datetime.fromtimestamp(instant, UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_timezone(name: str) -> str:
    """A time zone's name, such as ``Europe/Berlin``, that the tz database has.

    Raises
    ------
    ValueError
        If it has none of that name.
    """
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder's name, a path, an unknown name
        near = nearest(name, available_timezones())
        hint = f"; did you mean {near}?" if near else ""
        raise ValueError(f"{name!r} is not a time zone; expected a name such as Europe/Berlin{hint}") from None
    return name


def format_duration(seconds: float) -> str:
    """A duration as a person says it: ``45 s``, ``12 min``, ``3 h 05 min``, ``2 d 04 h``."""
    if math.isnan(seconds):
        return "–"
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    if round(seconds) < MINUTE:
        return f"{seconds:.0f} s"
    if round(seconds) < 10 * MINUTE:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    if seconds < HOUR - 30:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < DAY - 30:
        hours, minutes = divmod(round(seconds / MINUTE), 60)
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(round(seconds / HOUR), 24)
    return f"{days} d {hours:02d} h"


def format_count(number: int, noun: str) -> str:
    """So many of something: ``1 job``, ``1,024 jobs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def format_usd(usd: float) -> str:
    """Money with as many decimals as it needs to be read: ``$1,234``, ``$12.34``, ``$0.0042``."""
    if math.isnan(usd):
        return "–"
    if usd < 0:
        return "-" + format_usd(-usd)
    if usd >= 1000:
        return f"${usd:,.0f}"
    if usd >= 0.1 or usd == 0:
        return f"${usd:,.2f}"
    return f"${usd:.4f}"


def format_clock(seconds: float, timezone: str = "") -> str:
    """A time of day, given in seconds after midnight, its time zone, and how many days off it is of another day."""
    days, minutes = divmod(round(seconds / MINUTE), round(DAY / MINUTE))
    shown = f"{minutes // 60:02d}:{minutes % 60:02d} {timezone}".rstrip()
    if not days:
        return shown
    count = "the day" if abs(days) == 1 else f"{abs(days)} days"
    return f"{shown} {count} {'after' if days > 0 else 'before'}"


def format_amount(value: float, unit: str) -> str:
    """A figure of a unit as a person says it: ``s``, ``USD``, ``share``, else a plain number."""
    if unit == "share":
        return f"{100 * value:.3g} %"
    return {"s": format_duration, "USD": format_usd}.get(unit, "{:,.6g}".format)(value)
