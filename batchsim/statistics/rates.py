"""Rates of what happens at random: how sure one is, and whether it is at random at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from batchsim.arrays import Floats, Ints


@dataclass(frozen=True)
class EventRate:
    """So many events in a time.

    Attributes
    ----------
    mean, low, high : float
        Per unit of the exposure, with the ends of the interval.
    events : int
        How often it happened.
    exposure : float
        How long it could have.
    """

    mean: float
    low: float
    high: float
    events: int
    exposure: float


def rate(events: int, exposure: float, *, level: float = 0.95) -> EventRate:
    """A rate and its exact interval, by the quantiles of the gamma distribution.

    F. Garwood (1936), "Fiducial limits for the Poisson distribution", Biometrika 28: 437-442. Where nothing happened,
    the upper end is one-sided: -ln(1 - level) over the exposure, the rule of three.

    Parameters
    ----------
    events : int
        How often it happened, 0 or more.
    exposure : float
        How long it could have, above 0, such as instance-hours.

    Examples
    --------
    >>> round(rate(0, 100.0).high, 4)
    0.03
    """
    if events < 0 or not 0 < exposure < math.inf:
        raise ValueError(f"expected events of 0 or more in a time above 0, not {events} in {exposure}")
    if events == 0:
        return EventRate(0.0, 0.0, -math.log(1 - level) / exposure, 0, exposure)
    from scipy.special import gammaincinv

    tail = (1 - level) / 2
    low, high = float(gammaincinv(events, tail)), float(gammaincinv(events + 1, 1 - tail))
    return EventRate(events / exposure, low / exposure, high / exposure, events, exposure)


def clustered_rate(sizes: Sequence[int], exposure: float, *, level: float = 0.95) -> EventRate:
    """A rate of events of which several come at once, and an interval that knows it.

    Of events that come together one is not sure as of as many that come alone: they count as (sum of sizes)² / (sum of
    squared sizes) events, the variance of a compound Poisson sum told as one of single events (as Kish's effective
    sample size), in Garwood's interval.

    Parameters
    ----------
    sizes : sequence of int
        How many came together, each time.
    exposure : float
        As in `rate`.

    Examples
    --------
    Two times five are as sure as two:

    >>> clustered_rate([5, 5], 1.0).high / 5 == rate(2, 1.0).high
    True
    """
    events = sum(sizes)
    if not events:
        return rate(0, exposure, level=level)
    from scipy.special import gammaincinv

    alone = events**2 / sum(size**2 for size in sizes)
    tail, scale = (1 - level) / 2, events / alone / exposure
    low, high = float(gammaincinv(alone, tail)), float(gammaincinv(alone + 1, 1 - tail))
    return EventRate(events / exposure, low * scale, high * scale, events, exposure)


@dataclass(frozen=True)
class HourlyProfile:
    """A rate that varies by the hour of the day and the day of the week, one factor times the other.

    Attributes
    ----------
    rate : float
        Per hour, on the average of the hours that were seen.
    hours, days : array of float
        Factors, from midnight and from Monday; 1 for what was not seen.
    dispersion : float
        Pearson's chi-squared over its degrees of freedom: 1 for a Poisson process, above for bursts, below for what is
        more regular than chance; NaN where there are no degrees of freedom.
    degrees : int
        Degrees of freedom.
    regular : bool
        Whether counts are so even as those of a Poisson process are in less than 1 % of cases.
    """

    rate: float
    hours: Floats
    days: Floats
    dispersion: float
    degrees: int
    regular: bool


def hourly_profile(counts: Floats, exposure: Floats, first_hour: int) -> HourlyProfile:
    """The profile by maximum likelihood for Poisson counts, and how far the counts stray from it.

    The likelihood of a product of factors has its maximum where the sums over each hour of the day and each day of the
    week are those that were counted: proportional fitting, in turns (Deming and Stephan 1940).

    Parameters
    ----------
    counts, exposure : array of float
        Of consecutive hours: how often it happened, and how much of the hour was seen, 0 to 1.
    first_hour : int
        The hour of the week of the first, from Monday's midnight.
    """
    counts, exposure = np.asarray(counts, np.float64), np.asarray(exposure, np.float64)
    if counts.sum() <= 0 or exposure.sum() <= 0:
        raise ValueError("expected at least one event in a time above 0")
    week_hour = first_hour + np.arange(len(counts))
    hour, day = (each.astype(np.int32) for each in (week_hour % 24, week_hour // 24 % 7))
    average = counts.sum() / exposure.sum()
    hours, days = np.ones(24), np.ones(7)
    for _ in range(200):
        before = hours.copy()
        hours = _factors(hour, counts, exposure * days[day] * average, 24)
        days = _factors(day, counts, exposure * hours[hour] * average, 7)
        if np.allclose(before, hours, rtol=1e-10, atol=0):
            break
    expected = average * exposure * hours[hour] * days[day]
    some = expected > 0
    free = len(set(hour[some].tolist())) + len(set(day[some].tolist())) - 1
    degrees = int(some.sum()) - free
    square = float(np.sum((counts[some] - expected[some]) ** 2 / expected[some]))
    dispersion = square / degrees if degrees > 0 else math.nan
    return HourlyProfile(average, hours, days, dispersion, degrees, degrees > 0 and _left_tail(square, degrees) < 0.01)


def _factors(group: Ints, counts: Floats, expected: Floats, groups: int) -> Floats:
    """What the expected counts of each group must be multiplied by; 1 for a group that was not seen."""
    seen = np.bincount(group, counts, groups)
    wanted = np.bincount(group, expected, groups)
    return np.divide(seen, wanted, out=np.ones(groups), where=wanted > 0)


def _left_tail(square: float, degrees: int) -> float:
    """How likely chi-squared is no more than this."""
    from scipy.special import gammainc

    return float(gammainc(degrees / 2, square / 2))
