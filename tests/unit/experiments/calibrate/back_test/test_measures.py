"""The figures that a record and its replay are compared by, against plain loops and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.experiments.calibrate.back_test.measures import (
    QUEUE_TIME,
    TO_STARTED,
    FigureKey,
    Groups,
    Times,
    VcpusHeld,
    makespans,
    waiting,
)

NAN = float("nan")


def held(*attempts: tuple[float, float, float]) -> VcpusHeld:
    return VcpusHeld(*(np.array(column, float) for column in zip(*attempts, strict=True)))


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10), st.integers(1, 8)), min_size=1, max_size=12),
    st.integers(0, 10),
    st.integers(11, 30),
)
def test_the_peak_is_the_most_that_any_instant_of_a_stretch_has(attempts, begin, end):
    spans = [(start, start + length, vcpus) for start, length, vcpus in attempts]
    expected = max(
        sum(vcpus for start, stop, vcpus in spans if start <= at < stop) for at in np.arange(begin, end, 0.5).tolist()
    )
    found = held(*spans).peak(begin, end)
    assert (0 if np.isnan(found) else found) == expected


def test_what_ends_when_another_begins_is_not_held_beside_it():
    assert held((0, 10, 4), (10, 20, 4)).peak(0, 20) == 4
    assert held((0, 11, 4), (10, 20, 4)).peak(0, 20) == 8


def test_of_attempts_of_which_something_is_not_known_nothing_is_counted():
    assert held((0, 10, 4), (NAN, 10, 8), (0, NAN, 8), (0, 10, NAN)).peak(0, 20) == 4
    assert np.isnan(held((NAN, 10, 8)).peak(0, 20))


def times(**columns) -> Times:
    n = len(next(iter(columns.values())))
    nothing = [NAN] * n
    made = {name: columns.get(name, nothing) for name in ("submitted_at", "stopped_at", QUEUE_TIME, TO_STARTED)}
    return Times(**{name: np.array(column, float) for name, column in made.items()})


def groups(day: list[int], **rows: list[int]) -> Groups:
    scopes = {("", ""): np.arange(len(day))}
    scopes |= {tuple(name.split("__")): np.array(each) for name, each in rows.items()}
    return Groups(scopes, np.array(day), {})


def test_quantiles_are_of_all_days_and_of_each_and_of_definitions_of_all_days_alone():
    waits = [0.0, 10.0, 20.0, 30.0, 100.0]
    there = groups([0, 0, 0, 2, 2], job_queues__high=[1, 2, 3], job_definitions__etl=[0, 4])
    found = dict(waiting(times(**{QUEUE_TIME: waits}), {QUEUE_TIME: np.ones(5, bool)}, there))

    def of(scope, name, statistic, day=-1):
        return found.pop(FigureKey(scope, name, QUEUE_TIME, statistic, day))

    for statistic, share in (("p50", 0.5), ("p95", 0.95)):
        assert of("", "", statistic) == pytest.approx(np.quantile(waits, share))
        assert of("", "", statistic, 0) == pytest.approx(np.quantile(waits[:3], share))
        assert of("", "", statistic, 2) == pytest.approx(np.quantile(waits[3:], share))
        assert of("job_queues", "high", statistic) == pytest.approx(np.quantile(waits[1:4], share))
        assert of("job_queues", "high", statistic, 0) == pytest.approx(np.quantile(waits[1:3], share))
        assert of("job_queues", "high", statistic, 2) == 30
        assert of("job_definitions", "etl", statistic) == pytest.approx(np.quantile([0, 100], share))
    assert found == {}  # no figure of a day without jobs


def test_the_same_jobs_are_looked_at_in_both_those_of_which_the_record_says_it():
    known = np.array([True, False, True])
    found = dict(waiting(times(**{QUEUE_TIME: [10.0, 5000.0, 20.0]}), {QUEUE_TIME: known}, groups([0, 0, 0])))
    assert found[FigureKey("", "", QUEUE_TIME, "p50")] == 15


def test_who_never_started_waits_longest_and_a_quantile_among_those_is_no_figure():
    waits = [10.0, 20.0, 30.0, NAN]
    found = dict(waiting(times(**{QUEUE_TIME: waits}), {QUEUE_TIME: np.ones(4, bool)}, groups([0] * 4)))
    # Of 10, 20, 30 and for ever: half-way between 20 and 30.
    assert found[FigureKey("", "", QUEUE_TIME, "p50")] == 25
    assert FigureKey("", "", QUEUE_TIME, "p95") not in found


def test_makespans_are_of_whole_submissions_on_the_average():
    there = Groups({}, np.zeros(7, int), {
        "etl": [np.array([0, 1]), np.array([2, 3]), np.array([4, 5])],
        "alone": [np.array([6])],
    })  # fmt: skip
    of = times(
        submitted_at=[0.0, 5.0, 100.0, 90.0, 500.0, 500.0, 1000.0],
        stopped_at=[50.0, 60.0, 130.0, 110.0, 900.0, NAN, 1007.0],
    )
    ended = np.array([True] * 5 + [False, True])
    found = dict(makespans(of, ended, there))
    # 60 from 0 on, 40 from 90 on; the third has not ended as far as the record knows.
    assert found == {
        FigureKey("workflows", "etl", "makespan_s"): 50.0,
        FigureKey("workflows", "alone", "makespan_s"): 7.0,
        FigureKey("", "", "makespan_s"): 50.0,  # of those of several jobs alone
    }
    nothing = dict(makespans(of, np.zeros(7, bool), there))
    assert nothing == {}
