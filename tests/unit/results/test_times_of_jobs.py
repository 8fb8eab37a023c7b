"""Queue times and turnarounds of jobs in every state, by hand; and quantiles of what is cut off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.recording import Status
from batchsim.results.durations import Durations, queue_times, turnarounds
from batchsim.statistics.intervals import QUANTILES
from tests.unit.results.recorded import NAN, attempt, outcome
from tests.worlds import jobs, servers

#: One job of each kind; all but the last come at 10 s, and the run ends at 500 s.
KINDS = [
    "succeeded", "failed", "tried again", "running", "waits again", "never started", "cancelled while it waited",
    "waits for another", "failed with the one that it needed", "comes after the end",
]  # fmt: skip
ATTEMPTS = [
    attempt(0, 10, 30, 40, 100),
    attempt(1, 10, 50, NAN, 60, status=Status.FAILED),
    attempt(2, 10, 70, 70, 80, status=Status.FAILED),
    attempt(4, 10, 20, 20, 90, status=Status.FAILED),
    attempt(2, 80, 200, 200, 300, number=2),
    attempt(3, 10, 40, 40, NAN, status=Status.RUNNING),
]
RUNNABLE = [10, 10, 10, 10, 10, 10, 10, NAN, NAN, NAN]
STOPPED = [100, 60, 300, NAN, NAN, NAN, 250, NAN, 120, NAN]
STATES = [
    Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED, Status.RUNNING, Status.RUNNABLE, Status.RUNNABLE,
    Status.FAILED, Status.PENDING, Status.FAILED, Status.SUBMITTED,
]  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return outcome(
        jobs([10] * 9 + [600], 60),
        servers(9),
        attempts=ATTEMPTS,
        runnable_at=RUNNABLE,
        stopped_at=STOPPED,
        status=STATES,
        ended_at=500,
    )


def listed(durations: Durations) -> dict[str, tuple[float | None, bool]]:
    seconds = [None if np.isnan(each) else each for each in durations.seconds.tolist()]
    known = zip(seconds, durations.censored.tolist(), strict=True)
    return {name: each for name, each in zip(KINDS, known, strict=True) if each[0] is not None}


def test_a_job_waits_from_runnable_to_its_first_start(made):
    # A retry's wait is no part of it; one that never started waited to its end, or to the run's, at the least.
    assert listed(queue_times(made)) == {
        "succeeded": (20, False),
        "failed": (40, False),
        "tried again": (60, False),
        "running": (30, False),
        "waits again": (10, False),
        "never started": (490, True),
        "cancelled while it waited": (240, True),
    }


def test_a_turnaround_is_from_submission_to_the_end(made):
    # Of one that failed with the job that it needed nothing is said, nor of one that the run never saw.
    assert listed(turnarounds(made)) == {
        "succeeded": (90, False),
        "failed": (50, False),
        "tried again": (290, False),
        "running": (490, True),
        "waits again": (490, True),
        "never started": (490, True),
        "cancelled while it waited": (240, True),
        "waits for another": (490, True),
    }


def test_of_some_jobs_only_those_count_that_have_one(made):
    times = queue_times(made)
    assert times.of(np.array([0, 8, 9])).seconds.tolist() == [20]
    assert times.of(np.arange(10) >= 5).censored.tolist() == [True, True]
    assert times.of(slice(7, 10)).figures()["mean"] is None
    assert times.of(slice(None)).missing == 2


SECONDS = st.lists(st.integers(0, 50), min_size=1, max_size=25)


@given(SECONDS, st.lists(st.integers(0, 50), max_size=10))
def test_a_quantile_is_known_just_where_it_would_be_the_same_however_long_the_others_took(known, censored):
    seconds, cut = np.array([*known, *censored], float), np.arange(len(known) + len(censored)) >= len(known)
    durations = Durations(seconds, cut)
    longest = seconds.max()
    short, long = (np.concatenate([known, np.full(len(censored), longest + more)]) for more in (0, 1000))
    for name, share in QUANTILES.items():
        value, bound = durations.statistic(name)
        if np.quantile(short, share) == pytest.approx(np.quantile(long, share), abs=1e-6):
            assert (value, bound) == (pytest.approx(np.quantile(long, share)), None)
        else:
            assert (value, bound) == (None, pytest.approx(np.quantile(seconds, share)))


@given(SECONDS, st.permutations(range(25)))
def test_figures_are_the_same_in_any_order(seconds, order):
    columns = np.array(seconds, float), np.arange(len(seconds)) % 3 == 0
    place = [number for number in order if number < len(seconds)]
    assert Durations(*columns).figures() == Durations(*(column[place] for column in columns)).figures()


def test_a_minimum_is_known_as_soon_as_one_is_and_a_mean_when_all_are():
    some = Durations(np.array([8.0, 3.0, 1.0]), np.array([False, False, True]))
    assert (some.statistic("min"), some.statistic("mean")) == ((3.0, None), (None, 4.0))
    none = Durations(np.array([8.0, 3.0]), np.array([True, True]))
    assert (none.statistic("min"), none.statistic("max")) == ((None, 3.0), (None, 8.0))
