"""How durations that vary are drawn: the parameters people know, solved for those of the distribution."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from batchsim.scenario.distributions import (
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    Lognormal,
    Triangular,
    Uniform,
    Weibull,
)
from batchsim.streams import Sampler

#: The standard normal's 95 % quantile.
Z95 = 1.6448536269514722


def sampler(distribution: Distribution) -> Sampler:
    """Return what draws from a distribution: ``sampler(generator, n)`` gives `n` durations in seconds."""
    match distribution:
        case Constant(value=value):
            return lambda _generator, n: np.full(n, value)
        case Exponential():
            scale = mean(distribution)
            return lambda generator, n: generator.exponential(scale, n)
        case Lognormal():
            mu, sigma = lognormal_parameters(distribution)
            return lambda generator, n: generator.lognormal(mu, sigma, n)
        case Gamma():
            shape, scale = _solved(distribution)
            return lambda generator, n: generator.gamma(shape, scale, n)
        case Weibull():
            shape, scale = _solved(distribution)
            return lambda generator, n: scale * generator.weibull(shape, n)
        case Uniform(min=low, max=high):
            return lambda generator, n: generator.uniform(low, high, n)
        case Triangular(min=low, mode=mode, max=high):
            return lambda generator, n: generator.triangular(low, mode, high, n)
        case Empirical(values=values):
            weights = _weights(distribution)
            return lambda generator, n: generator.choice(np.array(values), n, p=weights)


def mean(distribution: Distribution) -> float:
    """Mean of a distribution in seconds."""
    match distribution:
        case Constant(value=value):
            return value
        case Exponential(mean=mean_s, median=median_s):
            return mean_s if mean_s is not None else (median_s or 0.0) / math.log(2)
        case Lognormal():
            mu, sigma = lognormal_parameters(distribution)
            return math.exp(mu + sigma**2 / 2)
        case Gamma():
            shape, scale = _solved(distribution)
            return shape * scale
        case Weibull():
            shape, scale = _solved(distribution)
            return scale * math.gamma(1 + 1 / shape)
        case Uniform(min=low, max=high):
            return (low + high) / 2
        case Triangular(min=low, mode=mode, max=high):
            return (low + mode + high) / 3
        case Empirical(values=values):
            return float(np.dot(_weights(distribution), values))


def _weights(distribution: Empirical) -> Any:
    weights = np.array(distribution.weights or [1.0] * len(distribution.values))
    return weights / weights.sum()


def lognormal_parameters(distribution: Lognormal) -> tuple[float, float]:
    """Solve for mu and sigma, the mean and standard deviation of the logarithm.

    With a median m, ``sigma = ln(p95 / m) / z95``. With a mean M and p95, ``ln M = mu + sigma² / 2`` and
    ``ln p95 = mu + z95 sigma`` make a quadratic in sigma, of which the smaller root is taken. With a cv,
    ``sigma² = ln(1 + cv²)``.

    Raises
    ------
    ValueError
        If no lognormal has such a mean and p95.
    """
    p95, cv = distribution.p95, distribution.cv
    if distribution.median is not None:
        mu = math.log(distribution.median)
        sigma = math.log(p95 / distribution.median) / Z95 if p95 is not None else math.sqrt(math.log1p((cv or 0) ** 2))
        return mu, sigma
    centre = distribution.mean or 0.0
    if p95 is not None:
        discriminant = Z95**2 - 2 * math.log(p95 / centre)
        if discriminant < 0:
            raise ValueError(f"no lognormal has a mean of {centre:g} s and a p95 of {p95:g} s: too far apart")
        sigma = Z95 - math.sqrt(discriminant)
    else:
        sigma = math.sqrt(math.log1p((cv or 0) ** 2))
    return math.log(centre) - sigma**2 / 2, sigma


@cache
def _solved(distribution: Gamma | Weibull) -> tuple[float, float]:
    """Shape and scale of a gamma or Weibull, by root finding on the shape."""
    from scipy import stats
    from scipy.optimize import brentq

    family: Any = stats.gamma if isinstance(distribution, Gamma) else stats.weibull_min

    def centre(shape: float) -> float:
        return float(family.mean(shape) if distribution.mean is not None else family.median(shape))

    wanted = distribution.mean if distribution.mean is not None else distribution.median
    assert wanted is not None  # noqa: S101 (the model has checked it)

    def miss(log_shape: float) -> float:
        shape = math.exp(log_shape)
        if distribution.cv is not None:
            return float(family.std(shape) / family.mean(shape)) - distribution.cv
        return float(family.ppf(0.95, shape)) / centre(shape) - (distribution.p95 or 0.0) / wanted

    low, high = _bracket(miss)
    shape = math.exp(brentq(miss, low, high, xtol=1e-12))
    return shape, wanted / centre(shape)


def _bracket(miss: Any) -> tuple[float, float]:
    """Two logarithms of the shape between which the sign changes; the largest shape first, the tamest curve."""
    grid = [step / 4 for step in range(24, -13, -1)]
    for high, low in pairwise(grid):
        if miss(low) * miss(high) <= 0:
            return low, high
    raise ValueError("no such distribution: its centre and its spread are too far apart")
