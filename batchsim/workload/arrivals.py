"""When workflows are submitted: instants in seconds since the scenario's start."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from itertools import count

import numpy as np

from batchsim.arrays import Floats
from batchsim.spec.arrivals import Arrivals, Days, Poisson
from batchsim.spec.cron import cron_occurrences
from batchsim.spec.distributions import Constant, Uniform
from batchsim.spec.sampling import sampler
from batchsim.streams import Draws, stream
from batchsim.units import DAY, HOUR, seconds_after
from batchsim.workload.limits import MOST_ARRIVALS, refuse_drawn, refuse_too_many, too_many_arrivals

_BLOCK = 1024
_ROUNDING = 1e-9


def instants(
    arrivals: Arrivals | None, *, start: datetime, duration_s: float | None, seed: int, replication: int, name: str
) -> Floats:
    """The arrivals of one workflow in the order of their plan; jitter may make a later one overtake.

    What was due before second 0 is left out; what comes every so often goes on from when it began.

    Parameters
    ----------
    arrivals : Arrivals or None
        None stands for one arrival at second 0.
    duration_s : float or None
        Arrivals are planned before this second; without it only by their own end.
    name : str
        Whose arrivals they are: the address of their random numbers.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    ScenarioError
        If there are more than `MOST_ARRIVALS`, or a jitter is longer than a hundred years.
    """
    if arrivals is None:
        return np.zeros(1)
    end = math.inf if duration_s is None else duration_s
    if arrivals.until is not None:
        end = min(end, seconds_after(arrivals.until, start))
    first = 0.0 if arrivals.from_ is None else seconds_after(arrivals.from_, start)
    path = f"workload.{name}.arrivals"
    refuse_too_many(arrivals, start, max(first, 0.0), end, path)
    ahead = _planned(arrivals, first, end, start, seed, replication, name)
    planned = np.fromiter(_until(ahead, end, arrivals.count, path), dtype=np.float64)
    if arrivals.jitter is None or not len(planned):
        return planned
    spread = arrivals.jitter
    drawn = Uniform(min=0.0, max=spread.value) if isinstance(spread, Constant) else spread
    delays = Draws(sampler(drawn), seed, replication, "jitter", name).column(len(planned))
    refuse_drawn(delays, "a jitter", f"{path}.jitter")
    return planned + delays


def _until(planned: Iterator[float], end: float, count: int | None, path: str) -> Iterator[float]:
    for number, instant in enumerate(planned):
        if instant >= end or (count is not None and number >= count):
            return
        if number >= MOST_ARRIVALS:
            raise too_many_arrivals(path)
        yield instant


def _planned(
    arrivals: Arrivals, first: float, end: float, start: datetime, seed: int, replication: int, name: str
) -> Iterator[float]:
    listed = arrivals.at or arrivals.trace
    if listed is not None:
        return iter(sorted(at for instant in listed if (at := seconds_after(instant, start)) >= max(first, 0.0)))
    if arrivals.every is not None:
        every = arrivals.every
        # Of what comes at second 0, sums of fractions may be just before it.
        return (max(first + number * every, 0.0) for number in count(max(math.ceil(-first / every - _ROUNDING), 0)))
    first = max(first, 0.0)
    if arrivals.cron is not None:
        return cron_occurrences(arrivals.cron, arrivals.timezone, start, first)
    if arrivals.days is not None:
        return _days(arrivals.days, start, first, seed, replication)
    assert arrivals.poisson is not None  # noqa: S101 (the model allows nothing else)
    return _poisson(arrivals.poisson, start, first, end, seed, replication, name)


def _days(days: Days, start: datetime, first: float, seed: int, replication: int) -> Iterator[float]:
    """Whole days drawn with replacement: a block bootstrap, which keeps bursts and what comes together within a day.

    What is drawn belongs to the day and not to the workflow: workflows that are recorded on the same dates arrive as on
    the same day, since what came together then may do so again.
    """
    by_weekday = _drawn_from(days)
    draws = stream(seed, replication, "arrival-days")
    midnight = -(start - start.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    for number in count():
        among = by_weekday[(start.weekday() + number) % 7]
        chosen = among[int(draws.random() * len(among))]
        yield from (at for time in chosen if (at := midnight + number * DAY + time) >= first)


def _drawn_from(days: Days) -> list[list[list[float]]]:
    """Of each day of the week, from Monday, the recorded days that may be drawn: its own, or all where it has none."""
    recorded = [(date.fromisoformat(name).weekday(), sorted(times)) for name, times in sorted(days.record.items())]
    every = [times for _, times in recorded]
    if days.draw != "weekday":
        return [every] * 7
    return [[times for of, times in recorded if of == weekday] or every for weekday in range(7)]


def _poisson(
    poisson: Poisson, start: datetime, first: float, end: float, seed: int, replication: int, name: str
) -> Iterator[float]:
    """A Poisson process by thinning (Lewis and Shedler 1979): candidates at the highest rate, kept by the profile."""
    hours, days = np.array(poisson.profile.hour_of_day), np.array(poisson.profile.day_of_week)
    peak = hours.max() * days.max()
    gap_s = HOUR / (poisson.rate * peak)
    # Seconds from the Monday before the start, so that hour and day follow from arithmetic.
    offset = start.weekday() * DAY + start.hour * HOUR + start.minute * 60 + start.second
    generator = stream(seed, replication, "arrivals", name)
    at = first
    while at < end:  # also where the profile leaves nothing before it
        candidates = at + np.cumsum(generator.exponential(gap_s, _BLOCK))
        kept = generator.random(_BLOCK) * peak
        clock = offset + candidates
        factors = hours[(clock // HOUR % 24).astype(int)] * days[(clock // DAY % 7).astype(int)]
        yield from candidates[kept < factors].tolist()
        at = float(candidates[-1])
