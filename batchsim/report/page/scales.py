"""Axes: where a value is drawn, and the round values that are written beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from batchsim.report.round_values import round_step
from batchsim.results.series import Window
from batchsim.units import DAY, HOUR, MINUTE, format_usd

#: Durations that people count in.
ROUND = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(MINUTE * each for each in (1, 2, 5, 10, 15, 30)),
    *(HOUR * each for each in (1, 2, 3, 6, 12)),
    *(DAY * each for each in (1, 2, 7, 14, 28, 91, 182, 364, 1820, 3640, 18200)),
)
_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1.0, "s"))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Ticks that are so far apart say their year.
YEARS = 182 * DAY
#: Ticks of an upright axis, and of one along.
FEW, MANY = 5, 8


@dataclass(frozen=True)
class Tick:
    """A round value of an axis.

    Attributes
    ----------
    place : float
        From 0 to 1 along the axis.
    label : str
        What is written there.
    is_minor : bool
        Whether it is left out where there is little room.
    """

    place: float
    label: str
    is_minor: bool = False


@dataclass(frozen=True)
class Scale:
    """Values along an axis.

    Attributes
    ----------
    low, high : float
        The values at its ends.
    ticks : tuple of Tick
        What is written beside it.
    """

    low: float
    high: float
    ticks: tuple[Tick, ...] = ()

    def place(self, value: float) -> float:
        """Where a value is, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def from_zero(highest: float, show: Callable[[float], str]) -> Scale:
    """An axis from 0 to a round value at or above the highest, its ticks 1, 2 or 5 times a power of ten apart."""
    highest = highest if highest > 0 else 1.0
    return _of_steps(highest, round_step(highest / FEW), show)


def _of_steps(highest: float, step: float, show: Callable[[float], str]) -> Scale:
    count = max(math.ceil(highest / step - 1e-9), 1)
    return Scale(0.0, step * count, tuple(Tick(n / count, show(step * n)) for n in range(count + 1)))


def counts(highest: float) -> Scale:
    """An axis of counts."""
    whole = max(highest, 1.0)
    return from_zero(whole, lambda value: f"{value:,.10g}")


def money(highest: float, per: str = "") -> Scale:
    """An axis of US dollars."""
    return from_zero(highest, lambda value: format_usd(value).removesuffix(".00") + per)


def shares() -> Scale:
    """An axis from 0 to 100 %."""
    return Scale(0.0, 1.0, tuple(Tick(each / 4, f"{25 * each} %") for each in range(5)))


def durations(longest: float) -> Scale:
    """An axis of durations."""
    longest = longest if longest > 0 else 1.0
    step = next((each for each in ROUND if longest / each <= FEW), 0.0) or round_step(longest / FEW)
    return _of_steps(longest, step, _in_unit_of(step))


def along_durations(longest: float) -> Scale:
    """An axis of durations that ends with the longest."""
    longest = longest if longest > 0 else 1.0
    step = next((each for each in ROUND if longest / each <= MANY - 2), 0.0) or round_step(longest / FEW)
    values, show = np.arange(0.0, longest * (1 + 1e-9), step).tolist(), _in_unit_of(step)
    return Scale(0.0, longest, tuple(Tick(each / longest, show(each), n % 2 == 1) for n, each in enumerate(values)))


def _in_unit_of(step: float) -> Callable[[float], str]:
    """Durations in the unit in which their distance is a round number: ``90 min``, since a tick is short."""
    size, name = next((size, name) for size, name in _UNITS if step >= size or size == 1)
    return lambda seconds: f"{seconds / size:,.10g} {name}" if seconds else "0"


def clock(start: datetime, window: Window) -> Scale:
    """An axis of wall-clock time over a window in seconds since the start."""
    low, high = window
    step = next((each for each in ROUND if each >= MINUTE and (high - low) / each <= MANY), ROUND[-1])
    # Ticks are at round times of day, and where they are days apart at midnight.
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (start - midnight).total_seconds()
    number = math.ceil((low + offset) / step - 1e-9)
    ticks = []
    while (at := number * step - offset) <= high + 1e-9:
        minor = number % 2 == 1
        ticks.append(Tick((at - low) / (high - low), _clock(start + timedelta(seconds=at), step), minor))
        number += 1
    return Scale(low, high, tuple(ticks))


def _clock(instant: datetime, step: float) -> str:
    if step >= YEARS:
        return f"{day(instant)} {instant.year}"
    if step >= DAY:
        return day(instant)
    return day(instant) if instant.hour == instant.minute == 0 else f"{instant:%H:%M}"


def day(instant: datetime) -> str:
    """A day without its year: ``2 Nov``."""
    return f"{instant.day} {MONTHS[instant.month - 1]}"


def moment(start: datetime, at: float) -> str:
    """An instant in words: ``2 Nov 02:15``."""
    instant = start + timedelta(seconds=round(at))
    return f"{day(instant)} {instant:%H:%M}" + (f":{instant:%S}" if instant.second else "")
