"""Statistics of durations of which some are known only to be longer than something."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.experiments.replications import combine
from batchsim.results.durations import Durations
from batchsim.statistics.intervals import QUANTILES, STATISTICS
from tests.builders import job, scenario, unmanaged, workflow

SECONDS = st.floats(0, 1e6)


def durations(known, censored=()):
    return Durations(np.array([*known, *censored], float), np.array([False] * len(known) + [True] * len(censored)))


@given(st.lists(SECONDS, min_size=1, max_size=30))
def test_without_one_that_is_cut_off_they_are_the_usual_ones(seconds):
    figures = durations(seconds).figures()
    assert (figures["missing"], figures["at_least"]) == (0, {})
    assert figures["mean"] == pytest.approx(np.mean(seconds))
    assert figures["max"] == max(seconds)
    for name, share in QUANTILES.items():
        assert figures[name] == np.quantile(seconds, share)


@given(st.lists(SECONDS, max_size=30), st.lists(SECONDS, min_size=1, max_size=30), st.data())
def test_what_is_said_holds_however_long_the_others_take(known, censored, data):
    figures = durations(known, censored).figures()
    assert figures["missing"] == len(censored)
    assert figures["mean"] is None
    assert figures["max"] is None
    # They rank above all: whatever they come to beyond the longest that is known, a figure stays.
    longest = max([*known, *censored])
    full = [*known, *(longest + data.draw(SECONDS) for _ in censored)]
    # And as long as each takes as long as it had, a bound holds.
    grown = [*known, *(seconds + data.draw(SECONDS) for seconds in censored)]
    for name, share in QUANTILES.items():
        if figures[name] is not None:
            assert name not in figures["at_least"]
            assert figures[name] == pytest.approx(np.quantile(full, share))
        else:
            assert figures["at_least"][name] <= np.quantile(grown, share) * (1 + 1e-12)
    assert figures["at_least"]["mean"] <= np.mean(grown) * (1 + 1e-9)
    assert figures["at_least"]["max"] <= max(grown)


def test_a_quantile_is_unknown_from_the_rank_on_at_which_it_falls_among_the_unknown():
    # Of 101 the median is the 51st. Fifty that never started leave it known, 51 do not.
    assert durations(range(51), [7] * 50).statistic("p50") == (50, None)
    assert durations(range(50), [7] * 51).statistic("p50") == (None, 7)
    # Between the 10th and the 11th of twenty it is made of both.
    assert durations(range(11), [99] * 9).statistic("p50") == (9.5, None)
    assert durations(range(10), [99] * 10).statistic("p50") == (None, (9 + 99) / 2)


def test_of_none_nothing_is_said():
    figures = durations([]).figures()
    assert figures == {**dict.fromkeys(STATISTICS), "missing": 0, "at_least": {}}


def test_replications_know_a_figure_only_if_each_of_them_does():
    from batchsim.experiments.run import run

    one = run(scenario(workflow(job("a"), job("b")), environments=[unmanaged(1)])).summary
    # One of the two never started: 95 % within 57 s in one replication, over 95 s in the other.
    cut = run(scenario(workflow(job("a"), job("b", 60)), environments=[unmanaged(1)], horizon=50)).summary
    assert one["queue_time_s"]["p95"] == pytest.approx(57)
    assert cut["queue_time_s"]["at_least"]["p95"] == pytest.approx(0.95 * 50)
    together = combine([one, cut])["queue_time_s"]
    assert together["p95"] is None
    assert together["at_least"]["p95"]["mean"] == pytest.approx((57 + 0.95 * 50) / 2)
    assert together["missing"]["mean"] == 0.5
