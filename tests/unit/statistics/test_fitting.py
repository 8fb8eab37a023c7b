"""Fitting durations: families by maximum likelihood, censored values, and when none of the families holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.statistics.fitting import FAMILIES, best_fit, fitted, kaplan_meier, strata

SEEDS = 20
#: Median 18 min, p95 40 min.
MU, SIGMA = math.log(1080), math.log(40 / 18) / 1.6448536269514722
DRAWN = {
    "lognormal": (lambda rng, n: rng.lognormal(MU, SIGMA, n), SIGMA, 1080.0),
    "gamma": (lambda rng, n: rng.gamma(2.0, 300.0, n), 2.0, 300.0),
    "weibull": (lambda rng, n: 600.0 * rng.weibull(1.5, n), 1.5, 600.0),
}


def censored_lognormal(seed, n=1000):
    """Values of which a tenth is cut off, at an instant that has nothing to do with them."""
    rng = np.random.default_rng(seed)
    whole, cut = rng.lognormal(MU, SIGMA, n), rng.uniform(900, 4000, n)
    return whole[whole <= cut], cut[whole > cut]


@pytest.mark.parametrize("family", FAMILIES)
def test_known_parameters_are_recovered(family):
    draw, shape, scale = DRAWN[family]
    fits = [fitted(family, draw(np.random.default_rng(seed), 3000)) for seed in range(5)]
    assert np.mean([fit.shape for fit in fits]) == pytest.approx(shape, rel=0.03)
    assert np.mean([fit.scale for fit in fits]) == pytest.approx(scale, rel=0.03)
    assert all(fit.shape == pytest.approx(shape, rel=0.05 if family != "gamma" else 0.1) for fit in fits)
    assert all(fit.passes for fit in fits)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_family_is_the_one_it_was_drawn_from(family):
    best = best_fit(DRAWN[family][0](np.random.default_rng(1), 3000))
    assert best is not None
    assert best.family == family


def test_the_p95_is_right_though_a_tenth_is_cut_off():
    errors, kept = [], []
    for seed in range(SEEDS):
        values, cut = censored_lognormal(seed)
        assert 0.05 < len(cut) / 1000 < 0.15
        errors.append(fitted("lognormal", values, cut).quantile(0.95) / 2400 - 1)
        kept.append(fitted("lognormal", values).quantile(0.95) / 2400 - 1)
    assert abs(np.mean(errors)) < 0.015  # three of its standard errors; over 200 seeds it is -0.2 %
    assert np.mean(np.abs(errors)) < 0.03
    assert np.mean(kept) < -0.05  # dropped, they would be missed


def test_kaplan_meier_has_the_p95_too():
    errors = [kaplan_meier(*censored_lognormal(seed)).quantile(0.95) / 2400 - 1 for seed in range(SEEDS)]
    assert abs(np.mean(errors)) < 0.03


@pytest.mark.parametrize("seed", range(3))
def test_two_kinds_of_runs_are_of_no_family(seed):
    rng = np.random.default_rng(seed)
    skipped, real = rng.exponential(5, 300), rng.lognormal(MU, SIGMA, 700)
    both = np.concatenate([skipped, real])
    assert best_fit(both) is None
    assert fitted("lognormal", both).quantile(0.95) > 4 * np.quantile(both, 0.95)


def test_kaplan_meier_by_hand():
    # 5 at risk at 2 s: 4/5 survive; one is cut at 2 s, so 3 at risk at 4 s: 2/3 of them; nothing ends after that.
    sample = kaplan_meier([2.0, 4.0], [2.0, 5.0, 6.0])
    assert sample.weights.tolist() == pytest.approx([1 / 5, 4 / 5 / 3])
    assert sample.beyond == pytest.approx(8 / 15)
    assert sample.quantile(0.2) == 2.0
    assert math.isnan(sample.quantile(0.95))


@given(st.lists(st.floats(0.1, 1e5), min_size=1, max_size=50))
def test_without_censoring_it_is_the_sample(values):
    sample = kaplan_meier(values)
    assert sample.beyond == 0.0
    assert float(np.sum(sample.weights * sample.values)) == pytest.approx(np.mean(values))
    assert sample.quantile(1.0) == max(values)


@given(st.lists(st.tuples(st.floats(0.1, 1e5), st.floats(0.1, 5)), min_size=1, max_size=60), st.integers(1, 40))
def test_strata_keep_the_mean_and_the_order(pairs, most):
    values, weights = zip(*pairs, strict=True)
    made = strata(values, weights, most)
    assert len(made) == most
    assert float(made.mean()) == pytest.approx(float(np.average(values, weights=weights)))
    assert (np.diff(made) >= -1e-6 * max(values)).all()


def test_equal_values_are_of_no_family():
    with pytest.raises(ValueError, match="differ"):
        fitted("gamma", [5.0, 5.0, 5.0])
    with pytest.raises(ValueError, match="at least one"):
        kaplan_meier([], [3.0])
