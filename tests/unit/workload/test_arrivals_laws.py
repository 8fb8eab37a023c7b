"""Arrivals at random against what scipy says of their distribution, and the laws of their random streams.

Seeds are fixed: a p value below 1e-4 is a fault, and no chance of a run.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from batchsim.spec.arrivals import Arrivals
from batchsim.streams import Draws, stream
from batchsim.workload.arrivals import instants

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
HOUR, DAY = 3600, 86_400
LEAST_P = 1e-4


def arrivals(seed=1, replication=0, name="work", duration=7 * DAY, **spec):
    return instants(
        Arrivals.model_validate(spec), start=START, duration_s=duration, seed=seed, replication=replication, name=name
    )


@pytest.mark.parametrize(("rate", "mean_gap_s"), [("120/h", 30), ("2/m", 30), ("0.5/s", 2), ("1000/d", 86.4), (60, 60)])
def test_gaps_of_a_poisson_process_are_exponential_of_its_rate(rate, mean_gap_s):
    times = arrivals(poisson={"rate": rate}, count=5000, duration=30 * DAY)
    gaps = np.diff(times, prepend=0.0)
    assert stats.kstest(gaps, "expon", (0, mean_gap_s)).pvalue > LEAST_P
    # What came before says nothing of what comes next: the correlation of neighbours is within four of its deviations.
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 4 / np.sqrt(len(gaps))


def test_counts_of_a_poisson_process_vary_as_much_as_their_mean():
    # 2,000 hours of 25 each: the sum of squares over the mean is chi-squared with 1,999 degrees of freedom.
    counts = np.bincount((arrivals(poisson={"rate": 25}, duration=2000 * HOUR) // HOUR).astype(int), minlength=2000)
    square = ((counts - counts.mean()) ** 2).sum() / counts.mean()
    assert 0.001 < stats.chi2(1999).cdf(square) < 0.999
    assert counts.mean() == pytest.approx(25, abs=4 * np.sqrt(25 / 2000))


def test_within_a_profile_each_hour_of_the_week_has_its_product_of_factors():
    hours = [float(hour % 5) for hour in range(24)]
    days = [1.0, 0.5, 2.0, 0.0, 1.0, 3.0, 0.25]
    weeks = 20
    profile = {"hourOfDay": hours, "dayOfWeek": days}
    times = arrivals(poisson={"rate": 40, "profile": profile}, duration=weeks * 7 * DAY)
    week_hours = (times // HOUR % 168).astype(int)
    seen = np.bincount(week_hours, minlength=168)
    expected = np.array([40 * weeks * hours[hour % 24] * days[hour // 24] for hour in range(168)])
    assert not seen[expected == 0].any()
    some = expected > 0
    square = ((seen[some] - expected[some]) ** 2 / expected[some]).sum()
    assert LEAST_P < stats.chi2(some.sum()).sf(square) < 1 - LEAST_P
    # Where in its hour an arrival is, is uniform.
    assert stats.kstest(times % HOUR / HOUR, "uniform").pvalue > LEAST_P


@given(st.integers(1, 50), st.floats(0.1, 4))
def test_factors_and_rate_are_one_product(rate, factor):
    # Twice the rate with half the factors is the same process, arrival by arrival.
    flat = arrivals(poisson={"rate": rate * factor}, count=30, duration=None)
    shaped = arrivals(poisson={"rate": rate, "profile": {"hourOfDay": [factor] * 24}}, count=30, duration=None)
    assert shaped == pytest.approx(flat)


@given(st.integers(2, 1000))
def test_a_rate_that_is_so_many_times_as_high_comes_so_many_times_as_soon(times):
    slow, fast = (
        arrivals(poisson={"rate": 1}, count=20, duration=None),
        arrivals(poisson={"rate": times}, count=20, duration=None),
    )
    assert fast * times == pytest.approx(slow)


def test_a_jitter_of_a_duration_is_uniform_and_independent_of_the_plan():
    plan = arrivals(every="1m")
    delays = arrivals(every="1m", jitter="90s") - plan
    assert stats.kstest(delays, "uniform", (0, 90)).pvalue > LEAST_P
    assert abs(np.corrcoef(delays[:-1], delays[1:])[0, 1]) < 4 / np.sqrt(len(delays))
    # Of a Poisson plan the arrivals stay where they were, and only the delays come to them.
    bare, late = arrivals(poisson={"rate": 100}), arrivals(poisson={"rate": 100}, jitter="90s")
    assert len(bare) == len(late)
    assert ((late - bare >= 0) & (late - bare < 90)).all()


OTHERS = {"replication": {"replication": 1}, "seed": {"seed": 2}, "workflow": {"name": "other"}}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize(
    "spec", [{"poisson": {"rate": 200}}, {"every": "18s", "jitter": "18s"}], ids=["plan", "jitter"]
)
def test_arrivals_of_another_owner_are_independent(spec, other):
    one, two = arrivals(**spec), arrivals(**spec, **other)
    n = min(len(one), len(two), 5000)
    gaps = [np.diff(each[:n]) for each in (one, two)]
    assert abs(np.corrcoef(*gaps)[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.parametrize(
    "names",
    [
        [("runtime", "work", "a", 1), ("runtime", "work", "a", 2)],
        [("runtime", "work", "a", 1), ("failure", "work", "a", 1)],
        [("runtime", "work", "ab"), ("runtime", "worka", "b")],
        [("arrivals", "1"), ("arrivals", "2")],
    ],
    ids=["attempts", "purposes", "names that are cut elsewhere", "neighbours"],
)
def test_streams_of_two_names_are_independent_and_each_is_uniform(names):
    one, two = (stream(1, 0, *name).random(20_000) for name in names)
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(20_000)
    for drawn in (one, two):
        assert stats.kstest(drawn, "uniform").pvalue > LEAST_P
    # No value comes twice, as it would if one stream were a part of the other.
    assert not np.intersect1d(one, two).size


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=30), st.integers(1, 3000))
def test_a_draw_is_the_same_whenever_it_is_asked_for(indices, n):
    def uniform(generator, count):
        return generator.random(count)

    asked = Draws(uniform, 7, 3, "runtime", "work")
    whole = Draws(uniform, 7, 3, "runtime", "work").column(5001)
    assert [asked[index] for index in indices] == whole[indices].tolist()
    # A shorter column is the beginning of a longer one.
    assert np.array_equal(asked.column(n), whole[:n])


def test_blocks_of_a_stream_do_not_repeat():
    # Draws come in blocks of 1,024; those at the same place of two blocks are as independent as any others.
    blocks = Draws(lambda generator, n: generator.random(n), 1, 0, "x").column(20 * 1024).reshape(20, 1024)
    correlations = np.corrcoef(blocks)[np.triu_indices(20, 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(1024)
    assert len(np.unique(blocks)) == blocks.size
