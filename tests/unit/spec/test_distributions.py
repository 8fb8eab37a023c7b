"""Means and quantiles of distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from batchsim.spec.distributions import as_distribution
from batchsim.spec.sampling import sampler

GIVEN = [
    "8m",
    {"lognormal": {"median": 480, "p95": 1200}},
    {"lognormal": {"mean": 480, "cv": 0.5}},
    {"gamma": {"mean": 480, "p95": 1200}},
    {"weibull": {"mean": 480, "p95": 1200}},
    {"exponential": {"median": 480}},
    {"uniform": {"min": 60, "max": 600}},
    {"triangular": {"min": 60, "mode": 120, "max": 600}},
    {"triangular": {"min": 60, "mode": 600, "max": 600}},
    {"empirical": {"values": [600, 60, 120], "weights": [1, 2, 5]}},
    {"empirical": {"values": [3, 1, 2]}},
]


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_mean_is_that_of_what_is_drawn(given):
    distribution = as_distribution(given)
    drawn = sampler(distribution)(np.random.default_rng(1), 200_000)
    # Five standard errors of a mean.
    assert distribution.mean_s() == pytest.approx(drawn.mean(), abs=5 * drawn.std() / math.sqrt(len(drawn)) + 1e-9)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_mean_is_the_mean_of_the_quantiles(given):
    distribution = as_distribution(given)
    steps = 20_000
    quantiles = [distribution.quantile_s((step + 0.5) / steps) for step in range(steps)]
    assert quantiles == sorted(quantiles)
    assert math.fsum(quantiles) / steps == pytest.approx(distribution.mean_s(), rel=2e-3)


def test_quantiles_that_are_known():
    for name in ("lognormal", "gamma", "weibull"):
        assert as_distribution({name: {"median": 480, "p95": 1200}}).quantile_s(0.95) == pytest.approx(1200)
        assert as_distribution({name: {"median": 480, "p95": 1200}}).quantile_s(0.5) == pytest.approx(480)
    assert as_distribution({"uniform": {"min": 0, "max": 100}}).quantile_s(0.95) == pytest.approx(95)
    assert as_distribution({"exponential": {"mean": 1}}).quantile_s(1 - math.exp(-3)) == pytest.approx(3)
    weighted = as_distribution({"empirical": {"values": [600, 60, 120], "weights": [1, 2, 5]}})
    assert [weighted.quantile_s(share) for share in (0.25, 0.26, 0.875, 0.876)] == [60, 120, 120, 600]
