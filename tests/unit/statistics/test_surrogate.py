"""The surrogate: known posteriors, slopes of the likelihood, what an improvement is worth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import check_grad
from scipy.stats import norm

from batchsim.statistics import surrogate
from batchsim.statistics.surrogate import (
    Features,
    GaussianProcess,
    Kernel,
    expected_improvement,
    fit,
    probability_within,
)


def points(numbers: list[list[float]], categories: list[list[int]] | None = None) -> Features:
    numeric = np.array(numbers, float).reshape(len(numbers), -1)
    return Features(numeric, np.array(categories or [[] for _ in numbers], np.intp).reshape(len(numbers), -1))


def kernel(*lengths: float, correlations: tuple[float, ...] = (), signal: float = 1.0, noise: float = 1e-9) -> Kernel:
    return Kernel(np.array(lengths), np.array(correlations), signal, noise)


def test_the_covariance_is_matern_times_correlation_plus_a_linear_mean():
    covariance = kernel(0.5, correlations=(0.3,), signal=2.0).covariance(points([[0.0]], [[0]]), points([[1.0]], [[1]]))
    scaled = math.sqrt(5) * 1.0 / 0.5
    matern = (1 + scaled + scaled**2 / 3) * math.exp(-scaled)
    assert covariance[0, 0] == pytest.approx(surrogate._SLOPES * (1 + 0.0 * 1.0) + 2.0 * matern * 0.3)


def test_one_value_is_known_where_it_was_seen_and_hardly_far_away():
    process = GaussianProcess(points([[0.0]]), np.array([7.0]), kernel(0.1))
    mean, deviation = process.predict(points([[0.0], [1.0]]))
    assert mean[0] == pytest.approx(7.0)
    assert deviation[0] == pytest.approx(0.0, abs=1e-3)
    # Of one value the slope is unknown: wide is the prior's own width there.
    assert deviation[1] > 1.0


def test_the_posterior_of_two_values_is_that_of_a_two_by_two_inverse():
    seen, at = points([[0.0], [1.0]]), points([[0.25]])
    values, shape = np.array([1.0, 3.0]), kernel(0.7, signal=1.5, noise=0.01)
    mean, deviation = GaussianProcess(seen, values, shape).predict(at)

    def k(x: float, y: float) -> float:
        scaled = math.sqrt(5) * abs(x - y) / 0.7
        return surrogate._SLOPES * (1 + x * y) + 1.5 * (1 + scaled + scaled**2 / 3) * math.exp(-scaled)

    a, b, c = k(0, 0) + 0.01, k(0, 1), k(1, 1) + 0.01
    inverse = np.array([[c, -b], [-b, a]]) / (a * c - b * b)
    across = np.array([k(0, 0.25), k(1, 0.25)])
    standard = (values - 2.0) / 1.0  # their mean is 2, their standard deviation 1
    assert mean[0] == pytest.approx(2.0 + 1.0 * across @ inverse @ standard)
    assert deviation[0] == pytest.approx(math.sqrt(k(0.25, 0.25) - across @ inverse @ across))


def test_a_line_is_extended_and_a_smooth_function_learnt():
    x = np.linspace(0, 0.5, 8)
    mean, _ = fit(points([[each] for each in x]), 3.0 + 2.0 * x).predict(points([[1.0]]))
    assert mean[0] == pytest.approx(5.0, abs=0.05)
    x = np.linspace(0, 1, 12)
    mean, _ = fit(points([[each] for each in x]), np.sin(4 * x)).predict(points([[0.33], [0.71]]))
    assert mean == pytest.approx(np.sin(4 * np.array([0.33, 0.71])), abs=0.01)


def test_alike_categories_are_learnt_from_one_another():
    # The second category is the first one, 5 higher: one value of it places the rest.
    x = np.linspace(0, 1, 8)
    numbers = [[each] for each in x] + [[0.5]]
    values = np.concatenate([np.sin(3 * x), [np.sin(1.5) + 5.0]])
    process = fit(points(numbers, [[0]] * 8 + [[1]]), values)
    mean, deviation = process.predict(points([[0.5], [0.9]], [[1], [1]]))
    assert mean[0] == pytest.approx(np.sin(1.5) + 5.0, abs=0.1)
    assert deviation[1] > deviation[0]


def test_values_that_are_all_the_same_are_expected_everywhere():
    mean, _ = fit(points([[0.0], [0.3], [1.0]]), np.full(3, 4.0)).predict(points([[0.6]]))
    assert mean[0] == pytest.approx(4.0)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(2, 9),
)
def test_the_slopes_of_the_likelihood_are_its_differences(seed: int, numbers: int, axes: int, n: int):
    random = np.random.default_rng(seed)
    seen = Features(random.random((n, numbers)), random.integers(0, 3, (n, axes)))
    squared, differ = surrogate._apart(seen, seen)
    linear, values = surrogate._linear(seen, seen), random.standard_normal(n)
    parameters = np.concatenate([random.uniform(-1, 1, numbers + axes), [0.2, -2.0]])

    def part(number: int):
        def value(at: np.ndarray):
            return surrogate._improbable(Kernel.of(at, numbers), linear, squared, differ, values)[number]

        return value

    size = 1.0 + np.abs(part(1)(parameters)).max()
    assert check_grad(part(0), part(1), parameters) / size < 1e-4


def test_fitting_makes_the_values_more_probable():
    random = np.random.default_rng(5)
    seen = Features(random.random((20, 2)), random.integers(0, 3, (20, 1)))
    values = np.sin(5 * seen.numeric[:, 0]) + 0.2 * seen.categories[:, 0]
    squared, differ = surrogate._apart(seen, seen)
    standard = (values - values.mean()) / values.std()

    def improbable(shape: Kernel) -> float:
        return surrogate._improbable(shape, surrogate._linear(seen, seen), squared, differ, standard)[0]

    found = fit(seen, values).kernel
    assert improbable(found) < improbable(kernel(0.6, 0.6, correlations=(0.5,), noise=math.exp(-8)))
    # The axis that does not matter is seen to reach far.
    assert found.lengths[1] > 2 * found.lengths[0]


@given(st.floats(-3, 3), st.floats(0.05, 3), st.floats(-3, 3))
def test_expected_improvement_is_the_integral_of_what_falls_below_the_best(mean: float, deviation: float, best: float):
    integral, _ = quad(lambda x: (best - x) * norm.pdf(x, mean, deviation), mean - 12 * deviation, best)
    found = expected_improvement(np.array([mean]), np.array([deviation]), best)[0]
    assert found == pytest.approx(max(integral, 0.0), abs=1e-6)


def test_the_probability_to_be_within_a_limit_is_the_normal_distribution():
    assert probability_within(np.array([0.0, 1.0]), np.array([1.0, 0.5])) == pytest.approx([0.5, norm.cdf(-2.0)])
    assert probability_within(np.array([0.0]), np.array([1.0]), limit=1.0)[0] == pytest.approx(norm.cdf(1.0))
