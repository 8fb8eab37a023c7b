"""What durations that were seen say of those to come: their own distribution, or a family that fits them.

Values are right-censored where the end was not seen (a timeout, an instance that was taken away, a job that still
runs): the duration is at least that long. They are never dropped, and never taken as complete: of lognormal values of
which a tenth is censored, the one puts the p95 8.6 % too low, the other 6.5 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from batchsim.arrays import Floats

#: Families by their name here and in `scipy.stats`.
FAMILIES = {"lognormal": "lognorm", "gamma": "gamma", "weibull": "weibull_min"}

#: From so many complete values on they are their own distribution.
LEAST_FOR_EMPIRICAL = 50

#: With fewer complete values no family is told from another.
LEAST_FOR_FAMILY = 10

#: Kolmogorov's distance that a sample of the distribution itself exceeds in 1 % of cases, times the root of its size.
KS_1_PERCENT = 1.63

#: How far the p95 of a family may be from the sample's.
P95_TOLERANCE = 0.05

#: No clock of a history is finer.
_SHORTEST_S = 1e-3


@dataclass(frozen=True)
class KaplanMeier:
    """What censored values say of their distribution without a family (Kaplan and Meier 1958).

    Attributes
    ----------
    values, weights : array of float
        Complete values, ascending, and how likely each is.
    beyond : float
        The share that is longer than the last complete value; nothing is known of how much longer.
    """

    values: Floats
    weights: Floats
    beyond: float

    def quantile(self, share: float) -> float:
        """The value that a share does not exceed; NaN where that lies beyond the last complete one."""
        # A hair of rounding is not a higher value.
        place = int(np.searchsorted(np.cumsum(self.weights), share * (1 - 1e-12)))
        return float(self.values[place]) if place < len(self.values) else math.nan


@dataclass(frozen=True)
class FittedFamily:
    """A family fitted to durations.

    Attributes
    ----------
    family : str
        One of `FAMILIES`.
    shape, scale : float
        As `scipy.stats` has them, with location 0.
    aic : float
        Akaike's criterion; the smallest of several families is the best.
    distance : float
        The largest difference between the family's and the sample's distribution.
    p95_error : float
        How far the family's p95, or the highest quantile that the sample still has, is from the sample's.
    n : int
        Complete values.
    """

    family: str
    shape: float
    scale: float
    aic: float
    distance: float
    p95_error: float
    n: int

    @property
    def passes(self) -> bool:
        """Whether the sample may be of this family: by Kolmogorov's distance, and by the p95."""
        return self.distance < KS_1_PERCENT / math.sqrt(self.n) and abs(self.p95_error) <= P95_TOLERANCE

    def mean(self) -> float:
        """The mean."""
        return float(_scipy(self.family).mean(self.shape, scale=self.scale))

    def cv(self) -> float:
        """The standard deviation over the mean."""
        return float(_scipy(self.family).std(self.shape, scale=self.scale)) / self.mean()

    def quantile(self, share: float) -> float:
        """The value that a share does not exceed."""
        return float(_scipy(self.family).ppf(share, self.shape, scale=self.scale))


@lru_cache(maxsize=len(FAMILIES))
def _scipy(family: str) -> Any:
    from scipy import stats

    return getattr(stats, FAMILIES[family])


def kaplan_meier(values: Sequence[float] | Floats, censored: Sequence[float] | Floats = ()) -> KaplanMeier:
    """The distribution of durations of which some are only known to be longer.

    Parameters
    ----------
    values : sequence of float
        Complete ones; at least one.
    censored : sequence of float
        Durations that were longer than this. One that is censored at a complete value is longer than that.

    Examples
    --------
    Of four, one was cut off after 2 s: what it had left is shared by those that lasted longer.

    >>> kaplan_meier([1, 3, 4], [2]).weights.tolist()
    [0.25, 0.375, 0.375]
    """
    distinct, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
    if not len(distinct):
        raise ValueError("expected at least one complete value")
    cut = np.sort(np.asarray(censored, np.float64))
    total = int(counts.sum())
    at_risk = total - np.concatenate(([0], np.cumsum(counts)[:-1])) + len(cut) - np.searchsorted(cut, distinct, "left")
    surviving = np.cumprod(1 - counts / at_risk)
    weights = np.concatenate(([1.0], surviving[:-1])) - surviving
    beyond = float(surviving[-1])
    return KaplanMeier(distinct, weights, beyond if beyond > 1e-12 else 0.0)


def fitted(family: str, values: Sequence[float] | Floats, censored: Sequence[float] | Floats = ()) -> FittedFamily:
    """A family fitted by maximum likelihood, censored values as such.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    values : sequence of float
        Complete durations, at least two that differ.
    censored : sequence of float
        Durations that were longer than this.

    Raises
    ------
    ValueError
        If all complete values are the same: no family with two parameters can be told.
    """
    from scipy import stats

    whole = np.maximum(np.asarray(values, np.float64), _SHORTEST_S)
    cut = np.maximum(np.asarray(censored, np.float64), _SHORTEST_S)
    if len(whole) < 2 or whole.min() == whole.max():
        raise ValueError("expected at least two complete values that differ")
    # Near 1 the optimiser's first guess and its tolerances fit whatever the unit was.
    unit = float(np.median(whole))
    if family == "lognormal":
        logs = stats.CensoredData(uncensored=np.log(whole / unit), right=np.log(cut / unit))
        centre, shape = stats.norm.fit(logs)
        scale = math.exp(centre)
    else:
        data = stats.CensoredData(uncensored=whole / unit, right=cut / unit)
        shape, _, scale = _scipy(family).fit(data, floc=0)
    distribution = _scipy(family)(shape, scale=scale * unit)
    likelihood = float(np.sum(distribution.logpdf(whole)) + np.sum(distribution.logsf(cut)))
    sample = kaplan_meier(whole, cut)
    reached = np.cumsum(sample.weights)
    model = distribution.cdf(sample.values)
    distance = float(np.max(np.maximum(reached - model, model - (reached - sample.weights))))
    share = 0.95 if reached[-1] >= 0.95 else float(reached[-1])
    seen = sample.quantile(share)
    error = float(distribution.ppf(share)) / seen - 1 if share < 1 else math.inf
    return FittedFamily(family, float(shape), float(scale * unit), 4 - 2 * likelihood, distance, error, len(whole))


def best_fit(values: Sequence[float] | Floats, censored: Sequence[float] | Floats = ()) -> FittedFamily | None:
    """Of the families that the values may be of the one with the least AIC; None where they are of none."""
    fits = [fitted(family, values, censored) for family in FAMILIES]
    return min((each for each in fits if each.passes), key=lambda each: each.aic, default=None)


def strata(values: Sequence[float] | Floats, weights: Sequence[float] | Floats, most: int) -> Floats:
    """As many values as `most`, equally likely, with the mean and nearly the quantiles of more that are weighted.

    Each is the mean of its share of the distribution: the first of the lowest 1/most, and so on.

    Examples
    --------
    >>> strata([1.0, 2.0, 10.0, 20.0], [1, 1, 1, 1], 2).tolist()
    [1.5, 15.0]
    """
    order = np.argsort(np.asarray(values, np.float64), kind="stable")
    ascending, likely = np.asarray(values, np.float64)[order], np.asarray(weights, np.float64)[order]
    reached = np.concatenate(([0.0], np.cumsum(likely)))
    reached /= reached[-1]
    # The integral of the quantile function, which is linear between the shares reached.
    integral = np.concatenate(([0.0], np.cumsum(ascending * np.diff(reached))))
    return np.asarray(np.diff(np.interp(np.linspace(0, 1, most + 1), reached, integral)) * most)
