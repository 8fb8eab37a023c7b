"""Attempts seen from their jobs: which was first and last, when a job waited, what it held."""

from __future__ import annotations

import numpy as np
import pytest

from batchsim.recording import Cause, Status
from batchsim.results.attempts import held_spans, pick, runnable_spans, waits_still
from batchsim.results.waits.totals import WaitsByPart
from tests.unit.results.recorded import NAN, attempt, cause, outcome
from tests.worlds import jobs, servers

#: Three jobs: the first fails and is tried again, the second is tried once, the third never.
TWICE = [
    attempt(0, 0, 10, 12, 20, status=Status.FAILED),
    attempt(1, 5, 15, 16, 30, environment=1),
    attempt(0, 20, 40, 41, 60, number=2, environment=1),
]


def made(attempts=TWICE, ended_at=100.0, **members):
    return outcome(
        jobs([0, 5, 8], 60), servers(4), servers(4, "other"), attempts=attempts, ended_at=ended_at, **members
    )


def spans(start, stop) -> list[tuple[float, float]]:
    return sorted((low, high) for low, high in zip(start.tolist(), stop.tolist(), strict=True) if low < high)


def test_the_first_and_the_last_attempt_of_each_job():
    found = made().attempts_of_jobs
    assert found.first.tolist() == [0, 1, -1]
    assert found.last.tolist() == [2, 1, -1]
    assert found.count.tolist() == [2, 1, 0]
    np.testing.assert_equal(found.first_starting_at, [10, 15, np.nan])
    assert made().last_environment.tolist() == [1, 1, -1]


def test_where_each_has_one_the_first_is_the_last():
    found = made(TWICE[:2]).attempts_of_jobs
    assert found.first.tolist() == found.last.tolist() == [0, 1, -1]
    none = made([]).attempts_of_jobs
    assert none.first.tolist() == none.last.tolist() == [-1, -1, -1]
    assert np.isnan(none.first_starting_at).all()


def test_values_of_no_row_are_none():
    np.testing.assert_equal(pick(np.array([5.0, 7.0]), np.array([1, -1, 0])), [7, np.nan, 5])
    np.testing.assert_equal(pick(np.empty(0), np.array([-1, -1])), [np.nan, np.nan])


def test_a_job_is_runnable_before_each_attempt_and_while_it_waits_for_another():
    # The first waited from 0 to 10 and, after it had failed, from 20 to 40; the third from 8 s on.
    found, all_ = made(), np.ones(3, bool)
    assert spans(*runnable_spans(found.recording, found.attempts_of_jobs, all_)) == [
        (0, 10),
        (5, 15),
        (8, 100),
        (20, 40),
    ]
    some = np.array([False, False, True])
    assert spans(*runnable_spans(found.recording, found.attempts_of_jobs, some)) == [(8, 100)]


@pytest.mark.parametrize(
    ("stopped_at", "status", "until"),
    [(NAN, Status.RUNNABLE, 100), (70, Status.FAILED, 70)],
    ids=["to the end of the run", "until it is cancelled"],
)
def test_one_that_failed_waits_for_its_next_attempt(stopped_at, status, until):
    found = made(TWICE[:2], stopped_at=[stopped_at, 30, NAN], status=[status, Status.SUCCEEDED, Status.RUNNABLE])
    start, stop = waits_still(found.recording, found.attempts_of_jobs, np.array([0, 1]))
    assert spans(start, stop) == [(20, until)]
    # All of it, from the first STARTING on, is for a retry.
    assert found.waits.of(np.array([0]))["retry"].tolist() == [until - 10]


def test_one_that_ended_with_its_attempt_waits_no_more():
    failed = made(TWICE[:2], stopped_at=[20, 30, NAN], status=[Status.FAILED, Status.SUCCEEDED, Status.RUNNABLE])
    assert spans(*waits_still(failed.recording, failed.attempts_of_jobs, np.array([0, 1]))) == []
    assert failed.waits.of(np.array([0]))["retry"].tolist() == [0]


def test_what_runs_holds_its_size_until_it_ends_or_the_run_does():
    cut = [*TWICE[:2], attempt(2, 8, 50, 55, NAN, status=Status.RUNNING)]
    start, stop, size = held_spans(made(cut).recording, np.array([True, False, True]), np.array([1.0, 2.0, 4.0]))
    assert list(zip(start.tolist(), stop.tolist(), size.tolist(), strict=True)) == [(10, 20, 1), (50, 100, 4)]


def test_what_a_queue_s_jobs_wait_for_at_the_end():
    causes = [
        cause(0, Cause.BOOT),
        cause(5, Cause.CAPACITY, shape=0),
        cause(6, Cause.LIMIT, queue=1),
        cause(7, Cause.RESERVATION, place=1, shape=0),
    ]
    waits = made(causes=causes).waits
    # Of its shape the last word; of an outer limit, or of another queue, nothing.
    assert [waits.cause_at_end(0, 0), waits.cause_at_end(0, 1), waits.cause_at_end(1, 0)] == [
        Cause.CAPACITY, Cause.BOOT, Cause.LIMIT,
    ]  # fmt: skip
    assert made().waits.cause_at_end(0, 0) is Cause.BLOCKED


def test_sums_are_of_the_jobs_that_count(monkeypatch):
    causes = [cause(0, Cause.BOOT), cause(12, Cause.LIMIT)]
    found = made(causes=causes)
    counted = np.array([True, False, True])
    for size in (65_536, 2):
        monkeypatch.setattr("batchsim.results.waits.totals.SLICE", size)
        totals = WaitsByPart(found.waits, found.workload.group, found.last_environment, counted)
        # The first waits 10 s and 30 more for its retry; the third 4 s for a boot and 88 s for the limit.
        assert {name: seconds for name, seconds in totals.causes().items() if seconds} == {
            "boot": 10 + 4, "limit": 88, "retry": 30,
        }  # fmt: skip
        assert totals.causes(environment=1)["retry"] == 30
        assert totals.causes(environment=0)["boot"] == 0
        assert totals.limits() == {"maxvCpus": 88, "consumableResources": 0, "computeReservation": 0}
