"""What a run that starts empty says of the long run: how much of it to cut, whether its end is like its beginning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.statistics.intervals import t_quantile

#: So many values that follow each other are looked at as their mean.
BATCH = 5


def mser_5(values: Floats) -> int:
    """How many of the first values to cut, by MSER-5; a multiple of 5.

    Of means of five, the first d are cut for which the rest's sum of squares about its mean, over the square of how
    many they are, is least (the marginal standard error rule: the interval of the mean of what is left is narrowest).
    K. P. White, M. J. Cobb, S. C. Spratt (2000), "A comparison of five steady-state truncation heuristics for
    simulation", Proceedings of the Winter Simulation Conference, 755-760. Of several cuts that do as well, the
    shortest. Half of the means are left: that of a few the spread is small is chance.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Of one run, or means over replications, in the order of time; those after the last whole five are left out.

    Returns
    -------
    int
        0 of fewer than 50 values, of which nothing can be told. Where as many are cut as may be, half, the values have
        not come to a level: they are too few.

    Examples
    --------
    Of eleven fives, the first is unlike the others:

    >>> mser_5(np.array([50.0] * 5 + [1.0, 2.0, 3.0, 2.0, 1.0] * 10))
    5
    """
    means = values[: len(values) // BATCH * BATCH].reshape(-1, BATCH).mean(axis=1)
    if len(means) < 2 * BATCH:
        return 0
    # From the last on: of each end of the means how many, their mean, and their squares about it.
    left = np.arange(len(means), 0, -1)
    centred = means - means.mean()
    sums, squares = (np.cumsum(column[::-1])[::-1] for column in (centred, centred**2))
    about = np.maximum(squares - sums**2 / left, 0.0)
    # What is nothing but for rounding is nothing.
    about[about < 1e-12 * max(float(squares[0]), math.ulp(1.0))] = 0.0
    return BATCH * int(np.argmin((about / left.astype(np.float64) ** 2)[: len(means) // 2 + 1]))


@dataclass(frozen=True, slots=True)
class Rise:
    """How much higher the last third of some values is than their first.

    Attributes
    ----------
    first, last : float
        The means of both thirds.
    error : float
        The standard error of their difference.
    degrees : int
        Its degrees of freedom.
    level : float
        Of the interval.
    """

    first: float
    last: float
    error: float
    degrees: int
    level: float

    @property
    def least(self) -> float:
        """The lower end of the interval of the difference."""
        return self.last - self.first - t_quantile((1 + self.level) / 2, self.degrees) * self.error


def rise(sums: Floats, counts: NDArray[np.integer], *, level: float = 0.99) -> Rise | None:
    """By how much values rise from the first third of their batches to the last, by batch means.

    Values depend on those near them, means of batches that are long hardly do (A. M. Law (2015), "Simulation Modeling
    and Analysis", 5th ed., 9.5.3). Their spread is that about a straight line through all of them, each weighted by its
    number of values: what rises evenly is no noise. The interval is Student's t, at 99 % by default: batches of a short
    run do depend on each other, and 95 % would not hold what it says.

    Parameters
    ----------
    sums, counts : ndarray, shape (n,)
        The sum and the number of the values of each batch, in the order of time; three thirds of as many batches.

    Returns
    -------
    Rise or None
        None where either third has fewer than two batches with values.

    Examples
    --------
    Batches of ten values, whose means rise by one each, without any noise:

    >>> rise(np.arange(6) * 10.0, np.full(6, 10))
    Rise(first=0.5, last=4.5, error=0.0, degrees=4, level=0.99)
    """
    third = len(sums) // 3
    parts = slice(third), slice(-third, None)
    if not third or any(np.count_nonzero(counts[part]) < 2 for part in parts):
        return None
    numbers = [int(counts[part].sum()) for part in parts]
    first, last = (float(sums[part].sum()) / number for part, number in zip(parts, numbers, strict=True))
    known = np.flatnonzero(counts)
    weight, means = counts[known], sums[known] / counts[known]
    place = known - np.average(known, weights=weight)
    above = means - np.average(means, weights=weight)
    slope = (weight * place * above).sum() / (weight * place**2).sum()
    squares = float((weight * (above - slope * place) ** 2).sum())
    degrees = len(known) - 2
    error = math.sqrt(squares / degrees * sum(1 / number for number in numbers))
    return Rise(first, last, error, degrees, level)
