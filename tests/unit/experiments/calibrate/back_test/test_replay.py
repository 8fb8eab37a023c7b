"""The jobs of a history as a trace: what is replayed as it was, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.aws.histories.records import Asked
from batchsim.experiments.calibrate.back_test.replay import (
    LEFT_OUT,
    NOT_STARTED,
    PROLONGED,
    RECLAIMED,
    UNKNOWN,
    replay_of,
)
from batchsim.experiments.calibrate.back_test.split import split
from batchsim.units import DAY
from tests.unit.experiments.calibrate.records import MONDAY, attempt, history, job, running

EXITED = "Essential container in task exited"
HOST = "Host EC2 (instance i-0) terminated."
FIRST = job("first", at=0)
KNOWN = np.array([100.0, 200.0, 600.0])


def replayed(*jobs, known=KNOWN):
    """Jobs of the second of two days, and the first day's only job."""
    record = history(FIRST, *jobs)
    return replay_of(record, split(record, 0.5), {each.job_id: known for each in record.jobs})


def only(*jobs, known=KNOWN):
    found = replayed(*jobs, known=known)
    return found.trace, [each.job_id for each in found.records].index(jobs[0].job_id), found.notes


def failed(started, stopped, code=7):
    return attempt(started, stopped, exit_code=code, status_reason=EXITED)


def test_instants_are_from_a_midnight_and_run_times_of_the_last_attempt():
    trace, row, notes = only(job("a", attempt(DAY + 30, DAY + 130.5, succeeded=True), at=DAY + 20.25))
    assert trace.submitted_at[row] == DAY + 20.25
    assert (trace.runtime_s[row], trace.exit_code[row], trace.earlier) == (100.5, 0, {})
    assert notes == {}


def test_failed_attempts_are_replayed_in_their_order():
    tries = failed(DAY, DAY + 10, 3), failed(DAY + 20, DAY + 35, 1), attempt(DAY + 40, DAY + 100, succeeded=True)
    trace, row, _ = only(job("a", *tries, at=DAY))
    assert trace.earlier[row] == ((10.0, 3), (15.0, 1))
    assert (trace.runtime_s[row], trace.exit_code[row]) == (60.0, 0)


def test_a_job_that_failed_ends_as_it_did():
    trace, row, _ = only(replace(job("a", failed(DAY, DAY + 10), at=DAY), status="FAILED"))
    assert (trace.runtime_s[row], trace.exit_code[row], trace.final[row]) == (10.0, 7, False)
    stopped = attempt(DAY, DAY + 10, exit_code=None, status_reason="Terminated by me")
    trace, row, _ = only(replace(job("a", stopped, at=DAY), status="FAILED"))
    # A user ended it: whatever the retry strategy says, no attempt follows.
    assert (trace.runtime_s[row], trace.exit_code[row], trace.final[row]) == (10.0, 1, True)


def test_attempts_that_aws_ended_are_the_simulated_markets():
    lost = attempt(DAY, DAY + 50, exit_code=None, status_reason=HOST)
    trace, row, notes = only(job("a", lost, attempt(DAY + 60, DAY + 160, succeeded=True), at=DAY))
    assert (trace.runtime_s[row], trace.earlier) == (100.0, {})
    assert notes == {RECLAIMED: 1}


@pytest.mark.parametrize(
    ("attempts", "status", "mean"),
    [
        # Of 100, 200 and 600 s those that are longer than it ran.
        ((attempt(DAY, DAY + 150, exit_code=None, status_reason=HOST),), "FAILED", 400.0),
        ((running(DAY, DAY + 199),), "RUNNING", 400.0),
        ((running(DAY, DAY + 700),), "RUNNING", 700.0),
        ((), "RUNNABLE", 300.0),
    ],
)
def test_what_the_record_cuts_off_runs_longer(attempts, status, mean):
    trace, row, notes = only(replace(job("a", at=DAY), attempts=attempts, status=status))
    assert trace.runtime_s[row] == pytest.approx(mean)
    assert notes[PROLONGED] == 1


def test_who_never_ran_is_left_out_and_counted():
    cancelled = replace(job("a", at=DAY), attempts=(), status="FAILED")
    waits = replace(job("b", at=DAY), attempts=(), status="RUNNABLE")
    never = attempt(np.nan, DAY + 5, exit_code=None, status_reason="Task failed to start")
    unstarted = replace(job("c", never, at=DAY), status="FAILED")
    found = replayed(cancelled, waits, unstarted, job("d", at=DAY), known=np.empty(0))
    assert [each.job_id for each in found.records if each.created_at >= MONDAY + DAY] == ["d"]
    assert found.notes == {LEFT_OUT: 2, UNKNOWN: 1, NOT_STARTED: 1}


def test_children_are_submitted_by_their_index():
    children = [job(f"p:{index}", at=DAY, array="p", index=index) for index in range(12)]
    found = replayed(job("p", at=DAY, size=12), *children)
    assert [each.index for each in found.records if each.array] == list(range(12))


def test_dependencies_on_arrays_and_jobs_are_kept():
    found = replayed(
        job("p", at=DAY, size=2),
        *(job(f"p:{index}", at=DAY, array="p", index=index) for index in range(2)),
        job("after", at=DAY, depends_on=(("p", ""), ("gone", ""))),
    )
    rows = {each.job_id: row for row, each in enumerate(found.records)}
    array = len(found.records)
    edges = {tuple(edge) for edge in found.trace.edges.tolist()}
    assert edges == {(rows["p:0"], array), (rows["p:1"], array), (array, rows["after"])}
    assert found.trace.parents == 1


def test_what_jobs_ask_for_is_kept():
    asked = Asked(vcpus=2, memory_mib=512, share_identifier="team", priority=5)
    trace, row, _ = only(job("a", at=DAY, asked=asked), job("b", at=DAY, asked=Asked(priority=3)))
    assert (trace.vcpus[row], trace.memory_mib[row], trace.share_identifiers[row]) == (2, 512, "team")
    assert trace.scheduling_priorities[row] == 5
    other = 1 + row
    # A priority is of a job in a share.
    assert trace.share_identifiers[other] is None
    assert np.isnan(trace.scheduling_priorities[other])
