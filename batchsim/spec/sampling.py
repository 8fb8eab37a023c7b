"""How durations that vary are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from batchsim.spec.distributions import (
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


def sampler(distribution: Distribution) -> Sampler:
    """Return what draws from a distribution: ``sampler(generator, n)`` gives `n` durations in seconds."""
    match distribution:
        case Constant(value=value):
            return lambda _generator, n: np.full(n, value)
        case Exponential():
            scale = distribution.mean_s()
            return lambda generator, n: generator.exponential(scale, n)
        case Lognormal():
            mu, sigma = distribution.solve(distribution.known)
            return lambda generator, n: generator.lognormal(mu, sigma, n)
        case Gamma():
            shape, scale = distribution.solve(distribution.known)
            return lambda generator, n: generator.gamma(shape, scale, n)
        case Weibull():
            shape, scale = distribution.solve(distribution.known)
            return lambda generator, n: scale * generator.weibull(shape, n)
        case Uniform(min=low, max=high):
            return lambda generator, n: generator.uniform(low, high, n)
        case Triangular(min=low, mode=mode, max=high):
            return lambda generator, n: generator.triangular(low, mode, high, n)
        case Empirical(values=values):
            weights = _weights(distribution)
            return lambda generator, n: generator.choice(np.array(values), n, p=weights)


def _weights(distribution: Empirical) -> Any:
    weights = np.array(distribution.weights or [1.0] * len(distribution.values))
    return weights / weights.sum()
