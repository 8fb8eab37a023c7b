"""Attempts are put into columns so many at a time: no column knows of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from batchsim.engine.attempt import Attempt
from batchsim.engine.recorder import FLUSHED, Recorder
from batchsim.recording import Status


def attempt(job: int, *, pull_at: float = 0.0, started_at: float = 1.0, stopped_at: float = 2.0, nodes=()) -> Attempt:
    made = Attempt(9e9, (), job, 1, 3, job % 7, nodes, 0.0, 0.0, pull_at, started_at, 0, 0, False)
    made.status, made.stopped_at = int(Status.SUCCEEDED), stopped_at
    return made


@pytest.mark.parametrize("count", [0, 1, FLUSHED - 1, FLUSHED, FLUSHED + 1, 2 * FLUSHED + 5])
def test_one_entry_for_each_attempt_in_the_order_of_their_ends(count):
    recorder = Recorder()
    for job in range(count):
        recorder.attempt(attempt(job))
    columns, nodes = recorder.attempts(0)
    assert columns.job.tolist() == list(range(count))
    assert columns.instance.tolist() == [job % 7 for job in range(count)]
    assert len(columns.stopped_at) == len(columns.status) == count
    assert len(nodes.attempt) == 0


def test_nodes_and_late_pulls_are_those_of_their_attempt_beyond_a_flush():
    recorder, late, wide = Recorder(), {3, FLUSHED, FLUSHED + 4}, {5, FLUSHED - 1, FLUSHED + 2}
    for job in range(FLUSHED + 9):
        nodes = (100 + job, 200 + job) if job in wide else ()
        recorder.attempt(attempt(job, pull_at=0.5 if job in late else 0.0, nodes=nodes))
    columns, nodes = recorder.attempts(0)
    assert np.flatnonzero(columns.pull_at == 0.5).tolist() == sorted(late)
    assert columns.starting_at.max() == 0.0
    assert nodes.attempt.tolist() == [job for job in sorted(wide) for _ in range(2)]
    assert nodes.instance.tolist() == [number for job in sorted(wide) for number in (100 + job, 200 + job)]


def test_what_an_attempt_never_reached_has_no_instant():
    recorder = Recorder()
    recorder.attempt(attempt(0, pull_at=3.0, started_at=5.0, stopped_at=2.0))  # interrupted before its pull
    recorder.attempt(attempt(1, pull_at=1.0, started_at=5.0, stopped_at=2.0))  # before it ran
    recorder.attempt(attempt(2, pull_at=1.0, started_at=2.0, stopped_at=2.0))  # as it began to
    columns, _ = recorder.attempts(0)
    assert [math.isnan(at) for at in columns.pull_at] == [True, False, False]
    assert [math.isnan(at) for at in columns.started_at] == [True, True, False]


def test_the_end_of_the_run_cuts_the_last_attempts_off():
    recorder = Recorder()
    code = recorder.reasons.code("it ended")
    for job in range(3):
        made = attempt(job)
        made.reason, made.exit_code = code, 137
        recorder.attempt(made)
    columns, _ = recorder.attempts(2)
    assert columns.stopped_at[0] == 2.0
    assert np.isnan(columns.stopped_at[1:]).all()
    assert [recorder.reasons.texts()[number] for number in columns.reason] == ["it ended", "", ""]
    assert columns.exit_code.tolist() == [137, -1, -1]


def test_an_instance_that_is_still_there_ends_with_the_run():
    recorder = Recorder()
    first, second, third = (recorder.instance(0, 0, 0, at, at + 30) for at in (0.0, 10.0, 90.0))
    recorder.registered(first, 40.0)
    recorder.terminated(first, 70.0, "scaled in", False)
    columns = recorder.instances(100.0)
    assert columns.terminated_at.tolist() == [70, 100, 100]
    texts = [recorder.reasons.texts()[number] for number in columns.reason]
    assert texts == ["scaled in", *["still there at the end of the run"] * 2]
    # The third would have been running at 120.
    assert columns.running_at[:2].tolist() == [30, 40]
    assert math.isnan(columns.running_at[third])
    assert math.isnan(columns.registered_at[second])


def test_texts_are_kept_once():
    recorder = Recorder()
    codes = [recorder.reasons.code(text) for text in ("", "a", "b", "a")]
    assert codes == [0, 1, 2, 1]
    assert recorder.reasons.texts() == ("", "a", "b")
