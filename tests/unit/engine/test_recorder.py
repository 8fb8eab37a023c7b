"""What is recorded becomes columns, attempts so many at a time: no column knows of it."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest

from batchsim.engine.attempt import Attempt
from batchsim.engine.recorder import Recorder
from batchsim.recording import Status


def attempt(job: int, *, pull_at: float = 0.0, started_at: float = 1.0, stopped_at: float = 2.0, nodes=()) -> Attempt:
    made = Attempt(stopped_at, (), job, 1, 3, job % 7, nodes, 0.0, 0.0, pull_at, started_at, 0, 0, False)
    made.status = int(Status.SUCCEEDED)
    return made


def recorded(attempts: Iterable[Attempt], *, at_a_time: int = 1000) -> Recorder:
    """Attempts that ended in this order, put into columns so many at a time."""
    recorder = Recorder()
    for each in attempts:
        recorder.ended.append(each)
        if len(recorder.ended) == at_a_time:
            recorder.flush()
    return recorder


@pytest.mark.parametrize("at_a_time", [1, 4, 10, 1000])
def test_columns_are_the_same_however_many_attempts_are_put_in_at_a_time(at_a_time):
    late, wide = {2, 4, 9}, {3, 8}
    columns, nodes = recorded(
        (
            attempt(job, pull_at=0.5 if job in late else 0.0, nodes=(100 + job, 200 + job) if job in wide else ())
            for job in range(10)
        ),
        at_a_time=at_a_time,
    ).attempts(0)
    assert columns.job.tolist() == list(range(10))
    assert columns.instance.tolist() == [job % 7 for job in range(10)]
    assert columns.pull_at.tolist() == [0.5 if job in late else 0.0 for job in range(10)]
    assert columns.starting_at.tolist() == [0.0] * 10
    assert nodes.attempt.tolist() == [3, 3, 8, 8]
    assert nodes.instance.tolist() == [103, 203, 108, 208]


def test_a_run_without_attempts_has_empty_columns():
    columns, nodes = Recorder().attempts(0)
    assert len(columns.job) == len(columns.stopped_at) == len(nodes.attempt) == 0


def test_what_an_attempt_never_reached_has_no_instant():
    attempts = [
        attempt(0, pull_at=3.0, started_at=5.0, stopped_at=9.0),  # interrupted before its pull
        attempt(1, pull_at=1.0, started_at=5.0, stopped_at=9.0),  # before it ran
        attempt(2, pull_at=1.0, started_at=2.0, stopped_at=9.0),  # as it began to
    ]
    for each in attempts:
        each.cut_short(2.0)
    columns, _ = recorded(attempts).attempts(0)
    assert columns.stopped_at.tolist() == [2.0] * 3
    assert [math.isnan(at) for at in columns.pull_at] == [True, False, False]
    assert [math.isnan(at) for at in columns.started_at] == [True, True, False]


def test_the_end_of_the_run_cuts_the_last_attempts_off():
    recorder = Recorder()
    code = recorder.reasons.code("it ended")
    for job in range(3):
        made = attempt(job)
        made.reason, made.exit_code = code, 137
        recorder.ended.append(made)
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
