"""A surrogate of an expensive function on a grid: a Gaussian process, and what evaluating it at a point promises.

Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006), chapters 2 (regression; 2.7 explicit basis
functions) and 5 (marginal likelihood); expected improvement: Jones, Schonlau and Welch, *Efficient Global Optimization
of Expensive Black-Box Functions* (1998), section 4; with constraints: Schonlau, Welch and Jones (1998).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats

#: Prior variance of each coefficient of the linear mean, values having been standardised: wide.
_SLOPES = 10.0
#: Priors of the logarithms of lengths, of signal and noise variance, and of the logit of correlations: mean, deviation.
_LENGTH, _SIGNAL, _NOISE, _CORRELATION = (-0.5, 1.0), (0.0, 1.0), (-8.0, 2.0), (0.0, 1.5)
_BOUNDS = {_LENGTH: (-3.0, 3.0), _SIGNAL: (-5.0, 4.0), _NOISE: (-13.0, 0.0), _CORRELATION: (-5.0, 5.0)}
#: Points that are predicted at a time, so that memory does not grow with the grid.
_AT_ONCE = 4096
_ROOT5 = math.sqrt(5.0)


@dataclass(frozen=True, eq=False)
class Features:
    """The points of a grid as a surrogate sees them.

    Attributes
    ----------
    numeric : ndarray of float, shape (n, p)
        A column for each axis of numbers, scaled to 0 … 1.
    categories : ndarray of int, shape (n, q)
        A column for each axis of things that have no order.
    """

    numeric: Floats
    categories: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.numeric)

    def __getitem__(self, rows: NDArray[np.intp]) -> Features:
        return Features(self.numeric[rows], self.categories[rows])


@dataclass(frozen=True, eq=False)
class Kernel:
    """Covariance: Matérn 5/2 in the numbers, one correlation between the categories of each axis, a linear mean, noise.

    Attributes
    ----------
    lengths : ndarray of float, shape (p,)
        Over which values of an axis of numbers resemble each other.
    correlations : ndarray of float, shape (q,)
        Between two categories of an axis, 0 … 1.
    signal, noise : float
        Variances.
    """

    lengths: Floats
    correlations: Floats
    signal: float
    noise: float

    @classmethod
    def of(cls, parameters: Floats, numbers: int) -> Kernel:
        """The kernel of unbounded parameters: logarithms, and logits of the correlations."""
        correlations = 1.0 / (1.0 + np.exp(-parameters[numbers:-2]))
        signal, noise = np.exp(parameters[-2:])
        return cls(np.exp(parameters[:numbers]), correlations, float(signal), float(noise))

    def covariance(self, one: Features, other: Features) -> Floats:
        """Between the points of two sets, noise left out."""
        squared, differ = _apart(one, other)
        return np.asarray(_linear(one, other) + self.signal * self._likeness(self._distance(squared), differ))

    def variance(self, points: Features) -> Floats:
        """Of each point before anything is known, noise left out."""
        size = np.einsum("ij,ij->i", points.numeric, points.numeric)
        return np.asarray(_SLOPES * (1.0 + size) + self.signal)

    def _distance(self, squared: Floats) -> Floats:
        return np.asarray(np.sqrt(np.tensordot(1.0 / self.lengths**2, squared, 1)))

    def _likeness(self, distance: Floats, differ: NDArray[np.bool_]) -> Floats:
        scaled = _ROOT5 * distance
        matern = (1.0 + scaled + scaled**2 / 3.0) * np.exp(-scaled)
        return np.asarray(matern * np.exp(np.tensordot(np.log(self.correlations), differ, 1)))

    def slopes(self, squared: Floats, differ: NDArray[np.bool_]) -> tuple[Floats, list[Floats]]:
        """The covariance without its linear part, and its derivatives by each of the unbounded parameters."""
        distance = self._distance(squared)
        scaled = _ROOT5 * distance
        categories = np.exp(np.tensordot(np.log(self.correlations), differ, 1))
        base = self.signal * categories * (1.0 + scaled) * np.exp(-scaled) * (5.0 / 3.0)
        smooth = self.signal * self._likeness(distance, differ)
        by_length = [base * each / length**2 for each, length in zip(squared, self.lengths, strict=True)]
        by_correlation = [smooth * each * (1.0 - known) for each, known in zip(differ, self.correlations, strict=True)]
        noise = self.noise * np.eye(len(smooth))
        return smooth + noise, [*by_length, *by_correlation, smooth, noise]


def _apart(one: Features, other: Features) -> tuple[Floats, NDArray[np.bool_]]:
    """Squared differences by axis of numbers, and whether categories differ by axis: shape (axes, n, m)."""
    squared = (one.numeric.T[:, :, None] - other.numeric.T[:, None, :]) ** 2
    return squared, one.categories.T[:, :, None] != other.categories.T[:, None, :]


def _linear(one: Features, other: Features) -> Floats:
    return np.asarray(_SLOPES * (1.0 + one.numeric @ other.numeric.T))


@dataclass(frozen=True, eq=False)
class GaussianProcess:
    """What is known of a function after some of its values were seen.

    Attributes
    ----------
    points : Features
        Where it was seen.
    values : ndarray of float, shape (n,)
        What was seen there.
    kernel : Kernel
        Of the values, standardised.
    """

    points: Features
    values: Floats
    kernel: Kernel

    @cached_property
    def _scale(self) -> tuple[float, float]:
        return _standard(self.values)

    @cached_property
    def _solved(self) -> tuple[Floats, Floats]:
        """The Cholesky factor of the covariance of what was seen, and the weights of the values."""
        from scipy.linalg import cho_solve, cholesky

        mean, deviation = self._scale
        noise = self.kernel.noise * np.eye(len(self.values))
        factor = cholesky(self.kernel.covariance(self.points, self.points) + noise, lower=True)
        return factor, cho_solve((factor, True), (self.values - mean) / deviation)

    def predict(self, at: Features) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the function's values at some points, noise left out."""
        from scipy.linalg import solve_triangular

        mean, deviation = self._scale
        factor, weights = self._solved
        means, deviations = np.empty(len(at)), np.empty(len(at))
        for start in range(0, len(at), _AT_ONCE):
            these = slice(start, start + _AT_ONCE)
            part = Features(at.numeric[these], at.categories[these])
            across = self.kernel.covariance(self.points, part)
            explained = solve_triangular(factor, across, lower=True)
            left = np.maximum(self.kernel.variance(part) - np.einsum("ij,ij->j", explained, explained), 1e-12)
            means[these], deviations[these] = mean + deviation * (across.T @ weights), deviation * np.sqrt(left)
        return means, deviations


def fit(points: Features, values: Floats, start: Kernel | None = None) -> GaussianProcess:
    """The Gaussian process whose kernel is the most probable one, given values and priors of its parameters.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Finite; at least one.
    start : Kernel, optional
        Where the search for it begins besides the middle of the priors: that of the process before.
    """
    from scipy.optimize import minimize

    numbers, axes = points.numeric.shape[1], points.categories.shape[1]
    priors = [*[_LENGTH] * numbers, *[_CORRELATION] * axes, _SIGNAL, _NOISE]
    middle = np.array([mean for mean, _ in priors])
    mean, deviation = _standard(values)
    squared, differ = _apart(points, points)
    linear, seen = _linear(points, points), (values - mean) / deviation

    def improbable(parameters: Floats) -> tuple[float, Floats]:
        return _improbable(Kernel.of(parameters, numbers), linear, squared, differ, seen)

    def with_prior(parameters: Floats) -> tuple[float, Floats]:
        off = (parameters - middle) / np.array([spread for _, spread in priors])
        value, slope = improbable(parameters)
        return value + 0.5 * float(off @ off), slope + off / np.array([spread for _, spread in priors])

    starts = [middle] if start is None else [middle, _parameters(start)]
    bounds = [_BOUNDS[prior] for prior in priors]
    found = [minimize(with_prior, each, jac=True, method="L-BFGS-B", bounds=bounds) for each in starts]
    best = min(found, key=lambda each: round(float(each.fun), 6))
    return GaussianProcess(points, values, Kernel.of(best.x, numbers))


def _parameters(kernel: Kernel) -> Floats:
    logit = np.log(kernel.correlations / (1.0 - kernel.correlations))
    return np.concatenate([np.log(kernel.lengths), logit, np.log([kernel.signal, kernel.noise])])


def _improbable(
    kernel: Kernel, linear: Floats, squared: Floats, differ: NDArray[np.bool_], seen: Floats
) -> tuple[float, Floats]:
    """Minus the logarithm of the marginal likelihood, and its slopes (Rasmussen and Williams, 5.8 and 5.9)."""
    from scipy.linalg import cho_solve, cholesky

    rest, slopes = kernel.slopes(squared, differ)
    factor = cholesky(linear + rest, lower=True)
    weights = cho_solve((factor, True), seen)
    inverse = cho_solve((factor, True), np.eye(len(seen)))
    gap = inverse - np.outer(weights, weights)
    value = 0.5 * float(seen @ weights) + float(np.log(np.diag(factor)).sum())
    return value, np.array([0.5 * float(np.sum(gap * slope)) for slope in slopes])


def _standard(values: Floats) -> tuple[float, float]:
    """Mean and standard deviation; 1 where all are the same."""
    deviation = float(values.std())
    return float(values.mean()), deviation if deviation > 1e-9 else 1.0


def expected_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """By how much a normal value is expected to fall below the best one so far (Jones et al. 1998, equation 15)."""
    from scipy.special import ndtr

    gain = (best - mean) / deviation
    density = np.exp(-0.5 * gain**2) / math.sqrt(2.0 * math.pi)
    return np.asarray((best - mean) * ndtr(gain) + deviation * density)


def probability_within(mean: Floats, deviation: Floats, limit: float = 0.0) -> Floats:
    """How probable it is that a normal value is at most a limit."""
    from scipy.special import ndtr

    return np.asarray(ndtr((limit - mean) / deviation))
