"""When workflows were submitted, and how that is written into a scenario."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from batchsim.statistics.rates import HourlyProfile, hourly_profile
from batchsim.units import DAY, HOUR, WEEK

#: Fewer submissions say nothing of the hours of a day.
LEAST_FOR_POISSON = 50

#: Hourly counts that vary more than this are no Poisson process's.
MOST_DISPERSED = 1.5

#: Of so many whole days, two of each weekday, one may be drawn for another.
LEAST_DAYS = 14

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class ArrivalsLearned:
    """What was learnt of the submissions of one workflow.

    Attributes
    ----------
    by : str
        ``poisson``, ``days`` of the record drawn by weekday, or ``replay`` of the recorded instants.
    written : mapping
        A scenario's ``arrivals:``.
    n : int
        Submissions.
    dispersion : float
        Of hourly counts, 1 for a Poisson process; NaN where there are too few.
    why : str
        Why it is written so.
    """

    by: str
    written: dict[str, Any]
    n: int
    dispersion: float
    why: str


def learn_arrivals(
    submitted_at: Sequence[float], *, start: datetime, first: float, last: float, replay: bool = False
) -> ArrivalsLearned:
    """Choose how a workflow's submissions are written: a Poisson process where they may be one, else whole days or all.

    Parameters
    ----------
    submitted_at : sequence of float
        Seconds since 1970, in order; at least one.
    start : datetime
        Second 0 of the scenario.
    first, last : float
        The first and the last submission of the whole history: what was seen.
    replay : bool
        Whether the recorded instants are wanted in any case.
    """
    n, zero = len(submitted_at), start.timestamp()
    recorded = {"trace": [round(instant - zero, 3) for instant in submitted_at]}
    if n < LEAST_FOR_POISSON:
        why = f"as recorded: {n} of the {LEAST_FOR_POISSON} submissions that a rate takes"
        return ArrivalsLearned("replay", recorded, n, math.nan, why)
    profile = _profile(submitted_at, first, last)
    told = f"hourly counts vary {profile.dispersion:.2f} times as a Poisson process's"
    if replay:
        why = "as recorded: so asked"
    elif math.isnan(profile.dispersion):
        why = "as recorded: too few hours to tell whether they come at random"
    elif profile.dispersion < MOST_DISPERSED and not profile.regular:
        why = f"{told}{_unseen(first, last)}"
        return ArrivalsLearned("poisson", {"poisson": _written(profile)}, n, profile.dispersion, why)
    else:
        bursts = f"{told}, more than {MOST_DISPERSED:g}: they come in bursts"
        why = f"{told}: they come more regularly than at random" if profile.regular else bursts
        days = _whole_days(submitted_at, first, last)
        if len(days) >= LEAST_DAYS and any(days.values()):
            why = f"whole days, drawn by weekday of the {len(days)} that the record has: {why}"
            return ArrivalsLearned("days", {"days": {"record": days}}, n, profile.dispersion, why)
        why = f"as recorded: {why}; {len(days)} of the {LEAST_DAYS} whole days that it takes to draw from them"
    return ArrivalsLearned("replay", recorded, n, profile.dispersion, why)


def _whole_days(submitted_at: Sequence[float], first: float, last: float) -> dict[str, list[float]]:
    """The times of day (UTC) of submissions by date; days on which the record begins or ends are not whole."""
    numbers = range(math.floor(first / DAY) + 1, math.floor(last / DAY))
    days: dict[int, list[float]] = {number: [] for number in numbers}
    for instant in submitted_at:
        number = math.floor(instant / DAY)
        if number in days:
            days[number].append(math.floor((instant - number * DAY) * 1000) / 1000)
    return {f"{datetime.fromtimestamp(number * DAY, UTC):%Y-%m-%d}": times for number, times in days.items()}


def _profile(submitted_at: Sequence[float], first: float, last: float) -> HourlyProfile:
    begin, end = math.floor(first / HOUR), math.floor(last / HOUR) + 1
    edges = np.arange(begin, end + 1) * HOUR
    counts, _ = np.histogram(np.array(submitted_at), edges)
    seen = np.clip((np.minimum(edges[1:], last) - np.maximum(edges[:-1], first)) / HOUR, 0.0, 1.0)
    # 1970 began on a Thursday.
    return hourly_profile(counts.astype(np.float64), seen, (begin + 3 * 24) % (7 * 24))


def _written(profile: HourlyProfile) -> dict[str, Any]:
    """A scenario's `poisson`; the rate is that of an average hour, factors have three digits."""
    factors: dict[str, Any] = {"hourOfDay": [float(f"{each:.3g}") for each in profile.hours]}
    if any(each != 1 for each in profile.days):
        factors["dayOfWeek"] = [float(f"{each:.3g}") for each in profile.days]
    return {"rate": float(f"{profile.rate:.5g}"), "profile": factors}


def _unseen(first: float, last: float) -> str:
    """What days of the week the record does not have, or how few weeks it is."""
    days = {int(second // DAY + 3) % 7 for second in np.arange(first, last + DAY, DAY) if second // DAY <= last // DAY}
    missing = [name for number, name in enumerate(_WEEKDAYS) if number not in days]
    if missing:
        return f"; no {' or '.join(missing)} is in the record: like the average of the others"
    if last - first < 4 * WEEK:
        return f"; of {(last - first) / DAY:.0f} days, so factors of hours and of days, each by itself"
    return "; factors of hours and of days"


def day_of(instant: float) -> datetime:
    """The midnight (UTC) before an instant."""
    return datetime.fromtimestamp(instant, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
