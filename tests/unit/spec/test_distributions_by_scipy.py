"""Distributions by the parameters that people know, held against scipy's own of the same mean, median, p95 or cv.

Seeds are fixed: a p value below 1e-4 is a fault, and no chance of a run.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

from batchsim.spec.distributions import as_distribution, as_given
from batchsim.spec.sampling import sampler

LEAST_P = 1e-4
N = 20_000
SHARES = (0.001, 0.05, 0.25, 0.5, 0.9, 0.95, 0.999)


def weibull_of_cv(mean, cv):
    """By moments: the variance of a Weibull variable over its squared mean is Γ(1 + 2/k) / Γ(1 + 1/k)² - 1."""
    shape = brentq(lambda k: math.gamma(1 + 2 / k) / math.gamma(1 + 1 / k) ** 2 - 1 - cv**2, 0.3, 50)
    return stats.weibull_min(shape, scale=mean / math.gamma(1 + 1 / shape))


#: What is given, and the same by scipy's parameters.
KNOWN = {
    # A gamma of cv c has the shape 1/c²: 4 here, and 480 / 4 as scale.
    "gamma, mean and cv": ({"gamma": {"mean": 480, "cv": 0.5}}, stats.gamma(4, scale=120)),
    "gamma of cv 1 is exponential": ({"gamma": {"mean": 60, "cv": 1}}, stats.expon(scale=60)),
    "weibull of cv 1 is exponential": ({"weibull": {"mean": 60, "cv": 1}}, stats.expon(scale=60)),
    "weibull, mean and cv": ({"weibull": {"mean": 300, "cv": 0.4}}, weibull_of_cv(300, 0.4)),
    # A Weibull of median m and p95 q: k = ln(ln 20 / ln 2) / ln(q / m).
    "weibull, median and p95": (
        {"weibull": {"median": 100, "p95": 300}},
        stats.weibull_min(k := math.log(math.log(20) / math.log(2)) / math.log(3), scale=100 / math.log(2) ** (1 / k)),
    ),
    "lognormal, mean and cv": (
        {"lognormal": {"mean": 480, "cv": 0.5}},
        stats.lognorm(math.sqrt(math.log(1.25)), scale=480 / math.sqrt(1.25)),
    ),
    "lognormal, median and cv": (
        {"lognormal": {"median": 480, "cv": 2}},
        stats.lognorm(math.sqrt(math.log(5)), scale=480),
    ),
    "lognormal, median and p95": (
        {"lognormal": {"median": "8m", "p95": "20m"}},
        stats.lognorm(math.log(2.5) / stats.norm.ppf(0.95), scale=480),
    ),
    "exponential, median": ({"exponential": {"median": 69.3}}, stats.expon(scale=69.3 / math.log(2))),
    "uniform": ({"uniform": {"min": "1m", "max": "3m"}}, stats.uniform(60, 120)),
    "triangular": ({"triangular": {"min": 10, "mode": 30, "max": 90}}, stats.triang(0.25, 10, 80)),
    "triangular, mode at the least": ({"triangular": {"min": 10, "mode": 10, "max": 90}}, stats.triang(0, 10, 80)),
    "triangular, mode at the most": ({"triangular": {"min": 10, "mode": 90, "max": 90}}, stats.triang(1, 10, 80)),
}
EACH = pytest.mark.parametrize(("written", "scipys"), KNOWN.values(), ids=KNOWN)


@EACH
def test_draws_are_of_the_distribution(written, scipys):
    drawn = sampler(as_distribution(written))(np.random.default_rng(20261102), N)
    assert stats.kstest(drawn, scipys.cdf).pvalue > LEAST_P
    # Four standard errors of the mean.
    assert drawn.mean() == pytest.approx(scipys.mean(), abs=4 * scipys.std() / math.sqrt(N))


@EACH
def test_mean_and_quantiles_are_those_of_the_distribution(written, scipys):
    distribution = as_distribution(written)
    assert distribution.mean_s() == pytest.approx(scipys.mean())
    for share in SHARES:
        assert distribution.quantile_s(share) == pytest.approx(scipys.ppf(share), rel=1e-7), share


@pytest.mark.parametrize("family", ["lognormal", "gamma", "weibull"])
@given(mean=st.floats(1, 1e5), ratio=st.floats(1.1, 3.5))
@settings(max_examples=15)
def test_what_is_given_by_mean_and_p95_has_both(family, mean, ratio):
    # From 1.1 to 3.5 times the mean, which each of them can be; the lognormal's greatest is exp(1.645² / 2) = 3.87.
    distribution = as_distribution({family: {"mean": mean, "p95": mean * ratio}})
    assert distribution.mean_s() == pytest.approx(mean, rel=1e-6)
    assert distribution.quantile_s(0.95) == pytest.approx(mean * ratio, rel=1e-6)


@given(mean=st.floats(1, 1e4), ratio=st.floats(1.05, 3.8))
def test_of_two_lognormals_of_a_mean_and_a_p95_the_narrower_is_taken(mean, ratio):
    # ln ratio = z sigma - sigma²/2 has two roots, z ± sqrt(z² - 2 ln ratio); the wider has a median far below.
    distribution = as_distribution({"lognormal": {"mean": mean, "p95": mean * ratio}})
    sigma = math.log(distribution.quantile_s(0.95) / distribution.quantile_s(0.5)) / stats.norm.ppf(0.95)
    assert sigma <= stats.norm.ppf(0.95) + 1e-9


SCALED = [
    ("lognormal", {"median": 10.0, "p95": 30.0}),
    ("gamma", {"mean": 10.0, "p95": 30.0}),
    ("weibull", {"median": 10.0, "p95": 30.0}),
    ("exponential", {"mean": 10.0}),
    ("uniform", {"min": 2.0, "max": 30.0}),
    ("triangular", {"min": 2.0, "mode": 5.0, "max": 30.0}),
]


@pytest.mark.parametrize(("family", "members"), SCALED, ids=[name for name, _ in SCALED])
@given(factor=st.floats(0.1, 1000))
@settings(max_examples=8)
def test_in_another_unit_every_draw_is_as_much_longer(family, members, factor):
    one = as_distribution({family: members})
    other = as_distribution({family: {name: value * factor for name, value in members.items()}})
    draws = [sampler(each)(np.random.default_rng(5), 20) for each in (one, other)]
    assert draws[1] == pytest.approx(draws[0] * factor, rel=1e-6)
    assert other.quantile_s(0.3) == pytest.approx(one.quantile_s(0.3) * factor, rel=1e-6)


def test_recorded_durations_come_as_often_as_their_weights_say():
    written = {"empirical": {"values": ["1m", "2m", "10m", "20m"], "weights": [5, 0, 3, 2]}}
    drawn = sampler(as_distribution(written))(np.random.default_rng(1), N)
    seen = [int((drawn == value).sum()) for value in (60, 120, 600, 1200)]
    assert sum(seen) == N
    assert seen[1] == 0
    assert stats.chisquare([seen[0], seen[2], seen[3]], [0.5 * N, 0.3 * N, 0.2 * N]).pvalue > LEAST_P


@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=20), st.floats(0.001, 0.999))
def test_quantiles_of_recorded_durations_are_those_of_the_sample(values, share):
    # numpy's inverted_cdf: the least value that at least so many do not exceed.
    distribution = as_distribution({"empirical": {"values": values}})
    reached = [sum(other <= value for other in values) / len(values) for value in sorted(values)]
    if all(abs(each - share) > 1e-9 for each in reached):
        assert distribution.quantile_s(share) == np.quantile(values, share, method="inverted_cdf")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"lognormal": {"mean": 10}}, "one of mean or median, and one of p95 or cv"),
        ({"lognormal": {"mean": 10, "median": 9, "cv": 1}}, "one of mean or median, and one of p95 or cv"),
        ({"gamma": {"mean": 10, "p95": 20, "cv": 1}}, "one of mean or median, and one of p95 or cv"),
        ({"gamma": {"mean": 10, "p95": 10}}, "p95 must be above the mean"),
        ({"weibull": {"median": 10, "p95": 9.99}}, "p95 must be above the median"),
        ({"weibull": {"mean": 10, "p95": 11, "cvv": 1}}, "cvv: unknown parameter; did you mean cv"),
        ({"gamma": {"mean": 10, "cv": 0}}, "cv: .*greater than 0"),
        ({"gamma": {"mean": 10, "cv": 101}}, "cv: .*less than or equal to 100"),
        ({"weibull": {"mean": 1, "p95": 1.0001}}, "no weibull distribution is so wide or so narrow"),
        ({"lognormal": {"mean": 10, "p95": 38.7}}, "no lognormal has a mean of 10 s and a p95 of 38.7 s"),
        ({"exponential": {}}, "one of mean or median"),
        ({"exponential": {"mean": 1, "median": 1}}, "one of mean or median"),
        ({"uniform": {"min": 2, "max": 1}}, "max must not be below min"),
        ({"triangular": {"min": 1, "mode": 0.5, "max": 2}}, "min <= mode <= max"),
        ({"triangular": {"min": 1, "mode": 1, "max": 1}}, "min below max"),
        ({"empirical": {"values": []}}, "values: .*at least 1 item"),
        ({"empirical": {"values": [1, 2], "weights": [1]}}, "one weight per value"),
        ({"empirical": {"values": [1, 2], "weights": [0, 0]}}, "not all of them 0"),
        ({"empirical": {"values": [1, 2], "weights": [1, -1]}}, "greater than or equal to 0"),
        ({"lognormall": {"mean": 1, "cv": 1}}, "did you mean lognormal"),
        ({"gamma": {"mean": 1, "cv": 1}, "weibull": {}}, "expected a duration, or one of lognormal"),
        ({}, "expected a duration, or one of lognormal"),
        ("8 apples", "'8 apples' is not a duration"),
        (True, "True is not a duration"),
    ],
    ids=str,
)
def test_what_is_no_distribution_is_refused_by_its_parameter(written, told):
    with pytest.raises(ValueError, match=told):
        as_distribution(written)


@pytest.mark.parametrize("family", ["gamma", "weibull"])
@pytest.mark.parametrize("ratio", [1.0001, 1.002, 1.02, 1.2])
def test_a_p95_near_the_mean_is_never_taken_for_a_wild_distribution(family, ratio):
    # A Weibull of shape 1/6 has its p95 at its mean as well, and half of its draws below a thousandth of that.
    try:
        distribution = as_distribution({family: {"mean": 100, "p95": 100 * ratio}})
    except ValueError:
        assert ratio < 1.1  # as narrow as no gamma is that is tried; it is said
        return
    assert 0.9 * 100 < distribution.quantile_s(0.5) < 100 * ratio


def test_the_widest_p95_that_a_lognormal_of_a_mean_has_is_taken():
    # z² = 2 ln ratio there, so that sigma = z: exp(1.6449² / 2) = 3.8681.
    most = math.exp(stats.norm.ppf(0.95) ** 2 / 2)
    assert as_distribution({"lognormal": {"mean": 10, "p95": 10 * most * (1 - 1e-9)}}).mean_s() == pytest.approx(10)


@pytest.mark.parametrize("written", [given_ for given_, _ in KNOWN.values()] + ["8m", 0], ids=str)
def test_a_distribution_is_written_as_it_may_be_read(written):
    distribution = as_distribution(written)
    assert as_distribution(as_given(distribution)) == distribution
