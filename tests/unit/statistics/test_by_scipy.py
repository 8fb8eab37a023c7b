"""Procedures against scipy's and numpy's own, where these have them, and against tables where they do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from batchsim.statistics.comparison import holm, paired_difference
from batchsim.statistics.fitting import FAMILIES, best_fit, fitted, kaplan_meier, strata
from batchsim.statistics.intervals import mean_of, prediction_interval, skewness, student, t_quantile, variance
from batchsim.statistics.proportions import at_least, clopper_pearson
from batchsim.statistics.rates import clustered_rate, rate

FIGURES = st.lists(st.integers(-10_000, 10_000).map(lambda n: n / 8), min_size=3, max_size=30)
LEVELS = st.sampled_from([0.8, 0.9, 0.95, 0.99])
FEW = settings(max_examples=20)


@given(FIGURES, LEVELS)
@FEW
def test_students_interval_is_scipys(values, level):
    assume(len(set(values)) > 1)
    low, high = stats.t.interval(level, len(values) - 1, np.mean(values), stats.sem(values))
    assert student(values, level) == pytest.approx((low, high), rel=1e-9, abs=1e-9)
    # One more value has its own scatter besides that of the mean: sqrt(1 + 1/n) of the deviation, instead of sqrt(1/n).
    wider = math.sqrt(len(values) + 1)
    centre = np.mean(values)
    assert prediction_interval(values, level) == pytest.approx(
        (centre - wider * (centre - low), centre + wider * (high - centre)), rel=1e-9, abs=1e-6
    )


@given(FIGURES)
@FEW
def test_moments_are_numpys(values):
    assume(len(set(values)) > 1)
    assert mean_of(values) == pytest.approx(np.mean(values), abs=1e-9)
    assert variance(values) == pytest.approx(np.var(values, ddof=1))
    assert skewness(values) == pytest.approx(stats.skew(values), abs=1e-9)


@pytest.mark.parametrize(
    ("probability", "degrees", "printed"),
    [(0.975, 1, 12.706), (0.975, 4, 2.776), (0.95, 10, 1.812), (0.995, 29, 2.756), (0.975, 100_000, 1.960)],
)
def test_a_quantile_of_t_is_that_of_a_printed_table(probability, degrees, printed):
    assert t_quantile(probability, degrees) == pytest.approx(printed, abs=6e-4)
    assert t_quantile(1 - probability, degrees) == pytest.approx(-printed, abs=6e-4)


@given(st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=3, max_size=20), LEVELS)
@FEW
def test_a_paired_difference_is_scipys_test_of_related_samples(pairs, level):
    first, second = ([float(each) for each in column] for column in zip(*pairs, strict=True))
    assume(len({two - one for one, two in zip(first, second, strict=True)}) > 1)
    found = paired_difference(first, second, level)
    scipys = stats.ttest_rel(second, first)
    assert found.p == pytest.approx(scipys.pvalue, rel=1e-7)
    interval = scipys.confidence_interval(level)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-7, abs=1e-7)
    assert found.n == len(pairs)


@given(FIGURES, st.randoms())
@FEW
def test_who_is_held_against_whom_changes_the_sign_alone(values, rng):
    other = [value + rng.randint(-10, 10) / 4 for value in values]
    one, back = paired_difference(values, other), paired_difference(other, values)
    assert (one.mean, one.low, one.high) == (-back.mean, -back.high, -back.low)
    assert (one.p, one.width) == (back.p, back.width)


def test_what_pairing_saves_is_worked_by_hand():
    # 10, 20, 30 have the variance 100, and 11, 22, 33 have 121: not paired, the error is sqrt((100 + 121) / 3). The
    # differences 1, 2, 3 have the variance 1 and the error sqrt(1 / 3).
    found = paired_difference([10.0, 20.0, 30.0], [11.0, 22.0, 33.0])
    assert found.width == pytest.approx(math.sqrt(1 / (100 + 121)))
    assert found.mean == 2.0
    # t with two degrees of freedom at 97.5 % is 4.303.
    assert found.high == pytest.approx(2 + 4.3027 * math.sqrt(1 / 3), rel=1e-4)


@pytest.mark.parametrize(
    ("first", "second", "p", "width"),
    [
        ([1.0, 5.0, 9.0], [1.0, 5.0, 9.0], 1.0, 0.0),  # no difference at all
        ([1.0, 5.0, 9.0], [3.0, 7.0, 11.0], 0.0, 0.0),  # always the same one
        ([4.0, 4.0], [4.0, 4.0], 1.0, None),  # nothing varies: there is no interval to be narrower than
        ([4.0, 4.0], [7.0, 7.0], 0.0, None),
    ],
)
def test_differences_without_scatter_are_sure(first, second, p, width):
    found = paired_difference(first, second)
    assert (found.p, found.width) == (p, width)
    assert found.low == found.mean == found.high == second[0] - first[0]


def test_one_pair_says_nothing_of_how_sure_it_is():
    found = paired_difference([3.0], [5.0])
    assert found.as_interval() == {"mean": 2.0, "low": None, "high": None, "n": 1}
    assert found.p is None
    with pytest.raises(ValueError, match="zip"):
        paired_difference([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([], []),
        ([0.04], [0.04]),
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),  # 4 x 0.01, 3 x 0.02, 2 x 0.03 and 1 x 0.04 less than it
        ([0.5, 0.001, 0.4], [0.8, 0.003, 0.8]),  # 3 x 0.001, 2 x 0.4, and 0.5 no less than that before it
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.02, 0.02], [0.04, 0.04]),
    ],
)
def test_holms_steps_are_worked_by_hand(p, adjusted):
    assert holm(p) == pytest.approx(adjusted)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
@FEW
def test_holms_is_between_no_adjustment_and_bonferronis_and_keeps_the_order(p):
    adjusted = holm(p)
    for own, value in zip(p, adjusted, strict=True):
        assert own <= value <= min(1.0, len(p) * own) + 1e-12
    order = sorted(range(len(p)), key=p.__getitem__)
    assert [adjusted[place] for place in order] == sorted(adjusted)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), LEVELS)
@FEW
def test_a_share_is_held_by_scipys_exact_interval(counted, level):
    held, n = counted
    exact = stats.binomtest(held, n).proportion_ci(level, "exact")
    found = clopper_pearson(held, n, level=level)
    assert (found["low"], found["high"]) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert found["mean"] == held / n
    one_sided = stats.binomtest(held, n, alternative="greater").proportion_ci(level, "exact")
    assert at_least(held, n, level) == pytest.approx(one_sided.low, abs=1e-9)


@pytest.mark.parametrize(("held", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_a_share_of_what_can_t_be_is_refused(held, n):
    with pytest.raises(ValueError, match="expected 0 to n of n replications"):
        at_least(held, n)


@given(st.integers(1, 500), st.floats(0.1, 1e4), LEVELS)
@FEW
def test_a_rate_is_held_where_poisson_counts_are_as_unlikely_as_said(events, exposure, level):
    found = rate(events, exposure, level=level)
    # At the low end so many or more are a matter of the tail, at the high end so many or fewer.
    tail = (1 - level) / 2
    assert stats.poisson(found.low * exposure).sf(events - 1) == pytest.approx(tail, rel=1e-6)
    assert stats.poisson(found.high * exposure).cdf(events) == pytest.approx(tail, rel=1e-6)
    # The same in any unit of time: in hours 3,600 times as much a second.
    hours = rate(events, exposure / 3600, level=level)
    assert (hours.low, hours.high) == pytest.approx((found.low * 3600, found.high * 3600))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(2, 5))
@FEW
def test_events_that_come_together_are_less_sure_and_of_the_same_rate(sizes, times):
    found, alone = clustered_rate(sizes, 10.0), rate(sum(sizes), 10.0)
    assert found.mean == pytest.approx(alone.mean)
    assert found.low <= alone.low + 1e-12
    assert found.high >= alone.high - 1e-12
    # All of them so many times as large: the rate and its interval too.
    larger = clustered_rate([size * times for size in sizes], 10.0)
    assert (larger.low, larger.high) == pytest.approx((times * found.low, times * found.high))


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=40))
@FEW
def test_kaplan_meier_is_scipys(durations):
    whole = [float(value) for value, ended in durations if ended]
    cut = [float(value) for value, ended in durations if not ended]
    assume(whole)
    scipys = stats.ecdf(stats.CensoredData(uncensored=whole, right=cut)).cdf
    found = kaplan_meier(whole, cut)
    ours = [float(found.weights[found.values <= value].sum()) for value in scipys.quantiles]
    assert ours == pytest.approx(scipys.probabilities.tolist(), abs=1e-9)
    assert found.beyond == pytest.approx(1 - float(found.weights.sum()), abs=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fit_is_scipys_and_in_any_unit(family):
    values = np.random.default_rng(7).gamma(3.0, 200.0, 400)
    shape, _, scale = getattr(stats, FAMILIES[family]).fit(values, floc=0)
    found = fitted(family, values)
    assert (found.shape, found.scale) == pytest.approx((shape, scale), rel=2e-3)
    frozen = getattr(stats, FAMILIES[family])(found.shape, scale=found.scale)
    # Two parameters: Akaike's criterion is 4 less twice the logarithm of the likelihood.
    assert found.aic == pytest.approx(4 - 2 * frozen.logpdf(values).sum())
    assert found.distance == pytest.approx(stats.kstest(values, frozen.cdf).statistic, abs=1e-9)
    assert (found.mean(), found.cv()) == pytest.approx((frozen.mean(), frozen.std() / frozen.mean()))
    assert found.p95_error == pytest.approx(frozen.ppf(0.95) / np.quantile(values, 0.95, method="inverted_cdf") - 1)
    minutes = fitted(family, values / 60)
    assert (minutes.shape, minutes.scale * 60) == pytest.approx((found.shape, found.scale), rel=1e-6)


def test_of_families_that_fit_the_likeliest_is_taken_and_of_none_nothing():
    values = np.random.default_rng(3).lognormal(5, 0.3, 500)
    best = best_fit(values)
    assert best is not None
    assert best.aic == min(each.aic for each in (fitted(family, values) for family in FAMILIES) if each.passes)
    assert best_fit([*[10.0] * 200, *[1000.0 + n for n in range(200)]]) is None


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=30), st.integers(1, 30))
@FEW
def test_strata_of_equal_weights_are_means_of_equal_parts_of_the_sorted_sample(values, times):
    # Each value so often that every stratum is a whole number of copies.
    many = np.sort(np.repeat(values, times))
    expected = many.reshape(times, -1).mean(axis=1)
    assert strata(values, [1.0] * len(values), times) == pytest.approx(expected, rel=1e-9)
