from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.spec.distributions import Constant, Empirical, Exponential, Gamma, Lognormal, Triangular, Uniform, Weibull
from batchsim.spec.sampling import sampler

N = 200_000


def drawn(distribution):
    return sampler(distribution)(np.random.default_rng(1), N)


def test_lognormal_by_median_and_p95():
    # 480 s and 1,200 s: sigma = ln(2.5) / 1.6449.
    mu, sigma = Lognormal.solve(Lognormal(median=480.0, p95=1200.0).known)
    assert (mu, sigma) == (math.log(480), pytest.approx(math.log(2.5) / 1.6448536269514722))


def test_lognormal_by_mean_and_cv():
    # cv 1: sigma² = ln 2, and the mean of exp(mu + sigma² / 2) is 100.
    mu, sigma = Lognormal.solve(Lognormal(mean=100.0, cv=1.0).known)
    assert sigma**2 == pytest.approx(math.log(2))
    assert math.exp(mu + sigma**2 / 2) == pytest.approx(100)


@pytest.mark.parametrize("family", [Lognormal, Gamma, Weibull])
@pytest.mark.parametrize(
    "given_",
    [
        {"median": 480.0, "p95": 1200.0},
        {"mean": 600.0, "cv": 0.5},
        {"mean": 600.0, "p95": 1300.0},
        {"median": 480.0, "cv": 0.7},
    ],
)
def test_samples_have_the_stated_parameters(family, given_):
    values = drawn(family(**given_))
    spread = values.std() / math.sqrt(N)
    stated = {
        "mean": (values.mean(), 5 * spread),
        "median": (np.median(values), 8 * spread),
        "p95": (np.quantile(values, 0.95), 15 * spread),
        "cv": (values.std() / values.mean(), 0.03),
    }
    for name, wanted in given_.items():
        value, tolerance = stated[name]
        assert value == pytest.approx(wanted, abs=tolerance), name


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (Constant(value=7.0), 7),
        (Exponential(mean=60.0), 60),
        (Exponential(median=60.0), 60 / math.log(2)),
        (Uniform(min=10.0, max=30.0), 20),
        (Triangular(min=0.0, mode=3.0, max=9.0), 4),
        (Empirical(values=(10.0, 20.0)), 15),
        (Empirical(values=(10.0, 20.0), weights=(3.0, 1.0)), 12.5),
    ],
)
def test_means(distribution, expected):
    assert distribution.mean_s() == pytest.approx(expected)
    values = drawn(distribution)
    assert values.mean() == pytest.approx(expected, abs=5 * values.std() / math.sqrt(N) + 1e-9)


@given(median=st.floats(1, 1e5), ratio=st.floats(1.01, 50))
def test_lognormal_quantiles_are_exact(median, ratio):
    mu, sigma = Lognormal.solve(Lognormal(median=median, p95=median * ratio).known)
    assert math.exp(mu) == pytest.approx(median)
    assert math.exp(mu + 1.6448536269514722 * sigma) == pytest.approx(median * ratio)


def test_what_no_lognormal_has_is_refused_when_the_scenario_is_read():
    import batchsim as bs
    from tests.builders import job, scenario, workflow

    with pytest.raises(bs.ScenarioError, match="no lognormal has a mean of 1 s and a p95 of 1000 s"):
        scenario(workflow(job(runtime={"lognormal": {"mean": 1, "p95": 1000}})))
