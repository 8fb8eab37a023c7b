"""From the parameters that people know (mean, median, p95, cv) to those of a distribution."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

#: The standard normal's 95 % quantile.
Z95 = 1.6448536269514722


class Known(NamedTuple):
    """What is known of a positive distribution: one of mean and median, one of p95 and cv."""

    mean: float | None
    median: float | None
    p95: float | None
    cv: float | None


def lognormal(known: Known) -> tuple[float, float]:
    """Solve for mu and sigma, the mean and standard deviation of the logarithm.

    With a median m, ``sigma = ln(p95 / m) / z95``. With a mean M and p95, ``ln M = mu + sigma² / 2`` and
    ``ln p95 = mu + z95 sigma`` make a quadratic in sigma, of which the smaller root is taken. With a cv,
    ``sigma² = ln(1 + cv²)``.

    Raises
    ------
    ValueError
        If no lognormal has such a mean and p95.
    """
    spread = math.sqrt(math.log1p((known.cv or 0.0) ** 2))
    if known.median is not None:
        return math.log(known.median), spread if known.p95 is None else math.log(known.p95 / known.median) / Z95
    centre = known.mean or 0.0
    if known.p95 is not None:
        discriminant = Z95**2 - 2 * math.log(known.p95 / centre)
        if discriminant < 0:
            raise ValueError(
                f"no lognormal has a mean of {centre:g} s and a p95 of {known.p95:g} s; expected a p95 nearer to it"
            )
        spread = Z95 - math.sqrt(discriminant)
    return math.log(centre) - spread**2 / 2, spread


def gamma(known: Known) -> tuple[float, float]:
    """Solve for shape and scale of a gamma distribution.

    Raises
    ------
    ValueError
        If there is none.
    """
    return _shape_and_scale("gamma", known)


def weibull(known: Known) -> tuple[float, float]:
    """Solve for shape and scale of a Weibull distribution.

    Raises
    ------
    ValueError
        If there is none.
    """
    return _shape_and_scale("weibull_min", known)


@cache
def _shape_and_scale(name: str, known: Known) -> tuple[float, float]:
    """Find the root in the logarithm of the shape; the scale follows from the mean or median."""
    from scipy import stats
    from scipy.optimize import brentq

    family: Any = getattr(stats, name)
    wanted = known.mean if known.mean is not None else known.median
    assert wanted is not None  # noqa: S101 (the model has checked it)

    def centre(shape: float) -> float:
        return float(family.mean(shape) if known.mean is not None else family.median(shape))

    def miss(log_shape: float) -> float:
        shape = math.exp(log_shape)
        if known.cv is not None:
            return float(family.std(shape) / family.mean(shape)) - known.cv
        return float(family.ppf(0.95, shape)) / centre(shape) - (known.p95 or 0.0) / wanted

    shape = math.exp(brentq(miss, *_bracket(miss, name.partition("_")[0]), xtol=1e-12))
    return shape, wanted / centre(shape)


def _bracket(miss: Callable[[float], float], name: str) -> tuple[float, float]:
    """Two logarithms of the shape between which the sign changes; the largest shape first, the tamest curve.

    Where that is wider than wanted already there is none: a sign that changes later is of a curve so wild that its p95
    is below its mean again.
    """
    steps = [step / 4 for step in range(24, -13, -1)]
    for high, low in pairwise(steps) if miss(steps[0]) <= 0 else ():
        if miss(low) * miss(high) <= 0:
            return low, high
    raise ValueError(f"no {name} distribution is so wide or so narrow; expected a spread nearer to the centre")
