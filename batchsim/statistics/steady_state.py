"""What a run that starts empty says of the long run: how much of it to cut, whether its end is like its beginning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    shortest. The last means are not cut down to a few, whose spread is small by chance: five are left at least.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Of one run, or means over replications, in the order of time; those after the last whole five are left out.

    Returns
    -------
    int
        0 of fewer than 50 values, of which nothing can be told. A cut beyond half of the values says that they are too
        few.

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
    return BATCH * int(np.argmin((about / left.astype(np.float64) ** 2)[: -BATCH + 1]))


@dataclass(frozen=True, slots=True)
class BatchedMean:
    """A mean of values that depend on those near them, with its standard error by batch means.

    Attributes
    ----------
    mean, error : float
        Of all values, whatever batch they are in; the error is that of a ratio, the values over their number.
    batches : int
        How many there are with values.
    """

    mean: float
    error: float
    batches: int


def batched_mean(sums: Sequence[float], counts: Sequence[int]) -> BatchedMean:
    """The mean of values that stand in batches, by their sums and numbers.

    Batches that are long against the time for which values depend on each other are nearly independent, however
    dependent values are within one (A. M. Law (2015), "Simulation Modeling and Analysis", 5th ed., 9.5.3).

    Parameters
    ----------
    sums, counts : sequence
        Of each batch; those without values are left out. Two at least have some.

    Examples
    --------
    >>> batched_mean([10.0, 0.0, 30.0], [10, 0, 10])
    BatchedMean(mean=2.0, error=1.0, batches=2)
    """
    known = [(total, count) for total, count in zip(sums, counts, strict=True) if count]
    n, k = sum(count for _, count in known), len(known)
    if k < 2:
        raise ValueError(f"{k} batches with values; two at least are needed")
    mean = math.fsum(total for total, _ in known) / n
    squares = math.fsum((total - count * mean) ** 2 for total, count in known)
    return BatchedMean(mean, math.sqrt(squares * k / (k - 1)) / n, k)


def least_rise(first: BatchedMean, last: BatchedMean, *, level: float = 0.99) -> float:
    """The lower end of the interval of a rise from one mean to a later one, by Student's t of two samples.

    At 99 % by default: batches of a short run do depend on each other, and 95 % would not hold what it says.

    Examples
    --------
    >>> low, high = BatchedMean(2.0, 1.0, 5), BatchedMean(12.0, 1.0, 5)
    >>> round(least_rise(low, high), 2)
    5.25
    """
    half = t_quantile((1 + level) / 2, first.batches + last.batches - 2) * math.hypot(first.error, last.error)
    return last.mean - first.mean - half
