"""What stands for durations: themselves, a family, the shape of others; and what is cut off."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from batchsim.experiments.calibrate.durations import MOST_VALUES, learn, shapes
from batchsim.spec.distributions import as_distribution
from batchsim.statistics.fitting import FAMILIES

RNG = np.random.default_rng(5)
LOGNORMAL = RNG.lognormal(6, 0.5, 2000)


def mean_written(found):
    return as_distribution(found.written).mean_s()


def test_equal_ones_are_a_constant():
    found = learn([300.0, 300.0, 300.1])
    assert (found.by, found.written) == ("constant", 300.03)


def test_many_are_their_own_distribution():
    found = learn(LOGNORMAL.tolist())
    assert found.by == "empirical"
    assert len(found.written["empirical"]["values"]) == MOST_VALUES
    assert mean_written(found) == pytest.approx(LOGNORMAL.mean(), rel=1e-4)
    written = as_distribution(found.written)
    for share in (0.1, 0.5, 0.95):
        assert written.quantile_s(share) == pytest.approx(np.quantile(LOGNORMAL, share), rel=0.02)
    assert found.p95_s == pytest.approx(np.quantile(LOGNORMAL, 0.95), rel=0.005)


def test_two_kinds_of_runs_stay_two():
    both = [5.0 + number / 100 for number in range(30)] + [1000.0 + number for number in range(70)]
    found = learn(both)
    assert found.by == "empirical"
    values = found.written["empirical"]["values"]
    assert sum(value < 10 for value in values) == 30
    assert not any(10 < value < 1000 for value in values)


def test_two_kinds_of_runs_stay_two_though_they_are_few():
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values = np.concatenate([rng.exponential(5, 9), rng.lognormal(7, 0.5, 21)])
        found.append(learn(values.tolist()).by)
    assert found.count("empirical") >= 18


def test_fewer_are_of_a_family_that_fits():
    quantiles = [
        float(each)
        for each in np.exp(6 + 0.5 * np.array([-1.6, -1.1, -0.8, -0.5, -0.2, 0.1, 0.3, 0.6, 0.9, 1.2, 1.65]))
    ]
    found = learn(quantiles)
    assert found.by in ("lognormal", "gamma", "weibull")
    assert found.n == 11
    assert mean_written(found) == pytest.approx(np.mean(quantiles), rel=0.03)
    assert "AIC" in found.why


def test_where_none_fits_they_stand_for_themselves():
    found = learn([5.0] * 8 + [1000.0] * 8)
    assert found.by == "empirical"
    assert "none of lognormal, gamma, weibull fits" in found.why


def test_few_have_their_mean_and_the_shape_of_others():
    ratios = shapes([(LOGNORMAL.tolist(), []), ([7.0] * 20, []), ([1.0, 2.0], [])])
    assert len(ratios) == 50  # neither the constant nor the two
    found = learn([10.0, 20.0, 30.0], [], ratios)
    assert found.by == "pooled"
    assert mean_written(found) == pytest.approx(20.0, rel=1e-3)
    assert found.p95_s / found.p50_s == pytest.approx(np.quantile(LOGNORMAL, 0.95) / np.median(LOGNORMAL), rel=0.05)
    assert "3 of the 10 values" in found.why


def test_few_without_others_are_their_mean():
    found = learn([10.0, 20.0])
    assert (found.by, found.written) == ("constant", 15.0)
    assert "the mean alone" in found.why


def test_what_is_cut_off_is_longer():
    # Of exponential ones that a timeout ends at 2 the mean is 1 (the time in all over those that ended).
    drawn = np.random.default_rng(3).exponential(1.0, 40)
    ended, cut = drawn[drawn < 2].tolist(), [2.0] * int((drawn >= 2).sum())
    few = learn(ended[:5], cut[:2])
    assert few.written == pytest.approx((sum(ended[:5]) + 4.0) / 5, rel=1e-4)
    assert "2 cut off" in few.why


def test_a_timeout_does_not_shorten_the_tail():
    ended, cut = LOGNORMAL[LOGNORMAL < 700].tolist(), [700.0] * int((LOGNORMAL >= 700).sum())
    found = learn(ended, cut)
    assert found.by == "lognormal"  # what lies beyond the timeout only a family says
    assert found.p95_s == pytest.approx(np.quantile(LOGNORMAL, 0.95), rel=0.05)
    assert "ran longer than any that ended" in found.why


def test_beyond_all_that_ended_without_a_family_is_said():
    found = learn([5.0] * 20 + [1000.0] * 20, [1500.0] * 20)
    assert found.by == "empirical"
    assert "33% ran longer than any that ended" in found.why
    assert max(found.written["empirical"]["values"]) == 1500.0


def test_nothing_seen_to_its_end_is_a_bound():
    found = learn([], [3.0, 9.0])
    assert (found.by, found.written, found.n) == ("bound", 9.0, 0)
    assert "too short" in found.why
    with pytest.raises(ValueError, match="at least one"):
        learn([])


@pytest.mark.parametrize("spread", [1e-2, 3e-3, 1.5e-3])
def test_what_is_nearly_constant_is_written_so_that_it_is_read(spread):
    quantiles = (np.arange(20) + 0.5) / 20
    found = learn([1000 * (1 + spread * float(each)) for each in stats.norm.ppf(quantiles)])
    assert mean_written(found) == pytest.approx(1000, rel=1e-3)


@pytest.mark.parametrize(
    ("n", "by"),
    [(1, "constant"), (2, "constant"), (9, "pooled"), (10, "their own"), (49, "family"), (50, "empirical")],
)
def test_how_many_there_are_decides_what_stands_for_them(n, by):
    """Quantiles of a lognormal: ten are enough for a family, fifty for themselves."""
    values = np.exp(5 + 0.6 * stats.norm.ppf((np.arange(n) + 0.5) / n)).tolist()
    ratios = shapes([(LOGNORMAL.tolist(), [])]) if by == "pooled" else ()
    found = learn(values, [], ratios)
    # Of ten a family may not fit: then they stand for themselves.
    assert found.by in {"family": FAMILIES, "their own": {*FAMILIES, "empirical"}}.get(by, {by})
    assert (found.n, found.censored) == (n, 0)
    assert found.mean_s == pytest.approx(np.mean(values), rel=0.05)


def test_three_that_are_alike_are_a_constant_unless_one_was_cut_off():
    assert learn([300.0] * 3).why == "all 3 are the same"
    assert "the mean alone" in learn([300.0] * 2).why
    assert learn([300.0] * 3, [200.0]).written == pytest.approx(
        1100 / 3, rel=1e-4
    )  # all the time over those that ended
    for spread, alike in ((0.99e-3, True), (1.01e-3, False)):
        assert ("are the same" in learn([300.0 * (1 - spread), 300.0, 300.0]).why) is alike


@pytest.mark.parametrize("n", [5, 20, 60])
@pytest.mark.parametrize("cut_off", [0, 4], ids=["all seen", "four cut off"])
def test_minutes_or_seconds_are_the_same_durations(n, cut_off):
    drawn = np.random.default_rng(n).lognormal(5, 0.5, n)
    ended, censored = drawn[cut_off:].tolist(), (drawn[:cut_off] / 2).tolist()
    ratios = shapes([(LOGNORMAL.tolist(), [])])
    one = learn(ended, censored, ratios)
    sixty = learn([60 * each for each in ended], [60 * each for each in censored], ratios)
    assert sixty.by == one.by
    assert [sixty.mean_s, sixty.p50_s, sixty.p95_s] == pytest.approx(
        [60 * each for each in (one.mean_s, one.p50_s, one.p95_s)], rel=1e-3
    )
    assert mean_written(sixty) == pytest.approx(60 * mean_written(one), rel=1e-3)


@pytest.mark.parametrize("n", [9, 30, 120, 400])
def test_what_is_told_is_what_is_written(n):
    values = np.random.default_rng(n).gamma(2.0, 100, n).tolist()
    found = learn(values, [], shapes([(LOGNORMAL.tolist(), [])]))
    written = as_distribution(found.written)
    assert written.mean_s() == pytest.approx(found.mean_s, rel=2e-3)
    # Of so many values quantiles lie between two of them, here and there.
    assert written.quantile_s(0.5) == pytest.approx(found.p50_s, rel=0.05)
    assert written.quantile_s(0.95) == pytest.approx(found.p95_s, rel=0.08)


def test_what_is_cut_off_counts_as_kaplan_and_meier_say():
    """Fifty that ended at 1 … 50 s and fifty that were cut off at 25.5 s: of those half ended later."""
    ended = [float(number) for number in range(1, 51)]
    found = learn(ended, [25.5] * 50)
    # Up to 25 each step is a hundredth; the 75 left at 25.5 are the 25 that end later: of these each is three.
    assert found.mean_s == pytest.approx((sum(range(1, 26)) + 3 * sum(range(26, 51))) / 100)
    assert (found.by, found.n, found.censored) == ("empirical", 50, 50)
    # A quarter by 25, and three hundredths with each second from there: a half at 34.
    assert found.p50_s == 34
    assert "50 cut off" in found.why
