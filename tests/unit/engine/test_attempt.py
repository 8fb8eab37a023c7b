"""How attempts begin, and what each comes to: worked by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from batchsim.engine.attempt import KILLED, NO_EXIT_CODE, TIMED_OUT, RunningAttempts
from batchsim.recording import EXITED, FAILED_TO_START
from tests.unit.engine.parts import simulation
from tests.worlds import jobs, servers

#: Where and when attempts are placed here, on servers that have no instances.
PLACED = {"environment": 0, "instance": -1, "now": 100.0, "pull_at": 110.0, "started_at": 130.0}


def attempts_of(runtime_s: float = 60.0, *, stop: float = 0.0, **members: Any) -> RunningAttempts:
    """Those of a simulation of two jobs that was not started; containers take `stop` seconds to end after SIGTERM."""
    work = jobs([0, 0], runtime_s, exit_code=members.pop("exit_code", 0), **members)
    return simulation(work, servers(4), scheduler={"stop": stop}).lifecycle.attempts


def reason(attempts: RunningAttempts, text: str) -> int:
    return {EXITED: attempts._exited, TIMED_OUT: attempts._timed_out, FAILED_TO_START: attempts._not_started}[text]


def test_an_attempt_ends_its_run_time_after_it_started():
    attempts = attempts_of()
    made = attempts.begin(0, **PLACED)
    assert (made.starting_at, made.pull_at, made.started_at, made.at) == (100.0, 110.0, 130.0, 190.0)
    assert (made.number, made.exit_code, made.timed_out) == (1, 0, False)
    assert made.reason == reason(attempts, EXITED)
    assert attempts.running == {0: made}
    assert (attempts.starts, attempts.last_start_at) == (1, 100.0)


@pytest.mark.parametrize(
    ("stop", "stop_timeout_s", "ends_at"),
    [(0.0, 30.0, 175.0), (12.0, 30.0, 187.0), (50.0, 30.0, 205.0)],
    ids=["at once", "as soon as its containers do", "by SIGKILL"],
)
def test_one_that_runs_into_its_timeout_is_stopped(stop, stop_timeout_s, ends_at):
    # From 130 on for 45 s, then SIGTERM (API JobTimeout.attemptDurationSeconds; ECS stopTimeout).
    attempts = attempts_of(stop=stop, timeout_s=45.0, stop_timeout_s=stop_timeout_s)
    made = attempts.begin(0, **PLACED)
    assert made.at == ends_at
    assert (made.exit_code, made.timed_out) == (KILLED, True)
    assert made.reason == reason(attempts, TIMED_OUT)


def test_one_that_ends_with_its_timeout_is_not_stopped():
    made = attempts_of(timeout_s=60.0).begin(0, **PLACED)
    assert (made.at, made.timed_out) == (190.0, False)


def test_one_that_fails_to_start_never_runs():
    attempts = attempts_of(exit_code=1, fails_to_start=True)
    made = attempts.begin(0, **PLACED)
    assert made.at == 130.0  # when its container would have run
    assert math.isnan(made.started_at)
    assert (made.exit_code, made.reason) == (NO_EXIT_CODE, reason(attempts, FAILED_TO_START))
    # An exit code is one of the container's where the job does start.
    assert attempts_of(exit_code=3).begin(0, **PLACED).exit_code == 3


def test_a_retried_job_is_runnable_from_when_its_attempt_ended():
    attempts = attempts_of(exit_code=1, later_exit_code=0)
    first = attempts.begin(1, **PLACED)
    assert (first.runnable_at, first.exit_code) == (0.0, 1)
    attempts.retried(first, 190.0)
    second = attempts.begin(1, **{**PLACED, "now": 200.0, "started_at": 200.0})
    assert (second.number, second.runnable_at, second.exit_code, second.at) == (2, 190.0, 0, 260.0)
    assert attempts.behind == {1: 1}
    # Another job knows nothing of it.
    assert attempts.begin(0, **PLACED).number == 1


def test_what_was_still_to_come_does_not_happen():
    attempts = attempts_of()
    for at, pulls, runs in ((105.0, False, False), (120.0, True, False), (130.0, True, True), (150.0, True, True)):
        made = attempts.begin(0, **PLACED)
        made.cut_short(at)
        assert made.at == at
        assert (not math.isnan(made.pull_at), not math.isnan(made.started_at)) == (pulls, runs)
