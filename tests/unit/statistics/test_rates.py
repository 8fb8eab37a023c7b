"""Rates: exact intervals, and whether counts by the hour are those of a Poisson process."""

from __future__ import annotations

import math

import numpy as np
import pytest

from batchsim.statistics.rates import clustered_rate, hourly_profile, rate


def test_nothing_happened_in_a_hundred_hours():
    found = rate(0, 100.0)
    assert (found.mean, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(-math.log(0.05) / 100)
    assert found.high == pytest.approx(3 / 100, rel=0.002)  # the rule of three


def test_the_interval_is_garwoods():
    # Of 10 events: 4.795 to 18.390 (Garwood 1936, table).
    found = rate(10, 1.0)
    assert (found.low, found.high) == (pytest.approx(4.795, abs=1e-3), pytest.approx(18.390, abs=1e-3))


@pytest.mark.parametrize("expected", [0.5, 3.0, 40.0])
def test_it_holds_the_rate(expected):
    events = np.random.default_rng(1).poisson(expected, 2000)
    held = [found.low <= expected / 7 <= found.high for found in (rate(int(each), 7.0) for each in events)]
    # Where nothing happened the bound is one-sided: just above 3 a twentieth of cases is below it.
    assert np.mean(held) >= 0.93


@pytest.mark.parametrize(("events", "exposure"), [(-1, 1.0), (1, 0.0), (1, math.inf), (1, math.nan)])
def test_what_is_no_rate(events, exposure):
    with pytest.raises(ValueError, match="expected"):
        rate(events, exposure)


def test_what_comes_alone_is_no_cluster():
    assert clustered_rate([1] * 10, 3.0) == rate(10, 3.0)
    assert clustered_rate([], 3.0) == rate(0, 3.0)


def test_what_comes_in_clusters_is_less_sure_and_still_held():
    rng = np.random.default_rng(6)
    held, narrow = [], []
    for _ in range(1000):
        sizes = (1 + rng.poisson(9, rng.poisson(20))).tolist()
        found, single = clustered_rate(sizes, 20.0), rate(sum(sizes), 20.0)
        held.append(found.low <= 10.0 <= found.high)
        narrow.append(single.low <= 10.0 <= single.high)
    assert np.mean(held) >= 0.93
    assert np.mean(narrow) < 0.6


HOURS = np.array([0.2] * 8 + [1.5] * 10 + [1.125] * 6)
DAYS = np.array([1.3] * 5 + [0.25] * 2)


def expected(weeks, per_hour=20.0):
    hour = np.arange(168 * weeks)
    return per_hour * HOURS[hour % 24] * DAYS[hour // 24 % 7]


def test_a_poisson_process_is_found_as_it_was():
    found = [hourly_profile(np.random.default_rng(seed).poisson(expected(4)), np.ones(672), 0) for seed in range(20)]
    assert np.mean([each.dispersion for each in found]) == pytest.approx(1, abs=0.05)
    assert sum(each.regular for each in found) <= 1
    assert found[0].rate * found[0].hours[12] * found[0].days[2] == pytest.approx(20 * 1.5 * 1.3, rel=0.1)
    assert found[0].rate * found[0].hours[3] * found[0].days[6] == pytest.approx(20 * 0.2 * 0.25, rel=0.2)


def test_bursts_disperse():
    rng = np.random.default_rng(2)
    counts = rng.poisson(expected(4) * rng.gamma(1 / 0.3, 0.3, 672))
    assert hourly_profile(counts, np.ones(672), 0).dispersion > 3


def test_once_a_day_at_two_is_more_regular_than_chance():
    counts = np.tile(np.arange(24) == 14, 10)
    found = hourly_profile(counts, np.ones(240), 0)
    assert found.regular
    assert found.dispersion == pytest.approx(0, abs=1e-9)


def test_half_an_hour_counts_half():
    found = hourly_profile(np.array([2.0, 1.0]), np.array([1.0, 0.5]), 24 * 7 - 1)
    assert found.rate == pytest.approx(2.0)
    assert math.isnan(found.dispersion)
    assert not found.regular


def test_the_total_is_kept():
    counts, exposure = np.random.default_rng(3).poisson(expected(2)), np.full(336, 0.9)
    found = hourly_profile(counts, exposure, 50)
    hour = 50 + np.arange(336)
    fitted = found.rate * exposure * found.hours[hour % 24] * found.days[hour // 24 % 7]
    assert fitted.sum() == pytest.approx(counts.sum())
