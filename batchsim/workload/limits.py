"""How much can be asked for: arrivals, jobs, times; what goes beyond is refused before memory or a calendar ends."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.errors import Finding, ScenarioError
from batchsim.spec.arrivals import Arrivals, Poisson
from batchsim.spec.cron import daily_cron_occurrences
from batchsim.units import DAY, HOUR, MOST_SECONDS, WEEK, format_duration

#: More than memory is planned for: of one workflow or trace, and of a whole scenario.
MOST_ARRIVALS, MOST_JOBS = 20_000_000, 50_000_000
#: A plan that comes to so many times more is refused without counting it out.
_SURELY = 1.1
#: So many times as many may be drawn as are kept.
_THINNED = 25


def too_many_arrivals(path: str, planned: float = math.inf) -> ScenarioError:
    """What is said of more arrivals than `MOST_ARRIVALS`; `planned` is how many they come to, as far as it is known."""
    about = f"about {planned:,.0f} arrivals are " if math.isfinite(planned) else ""
    message, expected = f"{about}more than {MOST_ARRIVALS:,} arrivals", "a lower rate, a count, or a shorter duration"
    return ScenarioError([Finding("too-large", path, message, expected)])


def refuse_too_many(arrivals: Arrivals, start: datetime, first: float, end: float, path: str) -> None:
    """Refuse a plan that surely has more arrivals than `MOST_ARRIVALS`, before they are counted one by one.

    Raises
    ------
    ScenarioError
        If it has.
    """
    planned = min(_planned(arrivals, start, max(end - first, 0.0)), arrivals.count or math.inf)
    if planned > MOST_ARRIVALS * _SURELY:
        raise too_many_arrivals(path, planned)


def _planned(arrivals: Arrivals, start: datetime, seconds: float) -> float:
    """About how many arrivals there are in so many seconds; 0 where that is not known beforehand."""
    if arrivals.every is not None:
        return seconds / arrivals.every
    if arrivals.cron is not None:
        return daily_cron_occurrences(arrivals.cron, start) * seconds / DAY
    if arrivals.poisson is not None:
        return _candidates(arrivals.poisson, seconds)
    return 0.0


def _candidates(poisson: Poisson, seconds: float) -> float:
    """The arrivals of so many seconds at the mean rate of a profile; or at its highest, where the mean is far below.

    Arrivals are drawn at the highest rate and thinned, so that each drawn one takes time, also those that are not kept.
    """
    hours, days = poisson.profile.hour_of_day, poisson.profile.day_of_week
    highest = max(hours) * max(days)
    mean = float(np.mean(hours) * np.mean(days))
    # Of less than a week, the profile may leave more than its mean says, or nothing.
    factor = max(mean if seconds >= WEEK else 0.0, highest / _THINNED) if mean < highest else highest
    return poisson.rate * factor * seconds / HOUR


class JobCount:
    """How many jobs the sources of a scenario come to, counted before they are made."""

    def __init__(self) -> None:
        self._jobs = 0

    def add(self, jobs: int, path: str) -> None:
        """Count those of one more source.

        Raises
        ------
        ScenarioError
            If it and those before it come to more than `MOST_JOBS`.
        """
        self._jobs += jobs
        if self._jobs > MOST_JOBS:
            before = self._jobs - jobs
            message = f"{jobs:,} jobs{f' beside {before:,} others' if before else ''} are more than {MOST_JOBS:,}"
            raise ScenarioError([Finding("too-large", path, message, "fewer arrivals or children, or several runs")])


def beyond(times: Floats) -> NDArray[np.intp]:
    """The places of times that no run is meant to have: longer than `MOST_SECONDS`, or no number."""
    return np.flatnonzero(~(times <= MOST_SECONDS))


def refuse_drawn(times: Floats, what: str, path: str) -> None:
    """Refuse times that were drawn of a distribution and are longer than `MOST_SECONDS`.

    Parameters
    ----------
    what : str
        What they are, such as ``a run time``.
    path : str
        Where in the scenario their distribution stands.

    Raises
    ------
    ScenarioError
        If there are any.
    """
    found = beyond(times)
    if len(found):
        longest = float(times[found].max())
        drawn = format_duration(longest) if math.isfinite(longest) else "a time without end"
        count = f"{len(found):,} of {len(times):,}"
        message = f"{what} of {drawn} is drawn, and {count} are longer than a hundred years"
        expected = "a distribution whose draws are a hundred years at most"
        raise ScenarioError([Finding("too-long", path, message, expected)])
