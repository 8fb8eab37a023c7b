"""How attempts ended, and what of it is a job's own doing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from batchsim.experiments.calibrate.attempts import Attempts, failures, outcome
from batchsim.spec.distributions import as_distribution
from batchsim.spec.sampling import sampler
from tests.unit.experiments.calibrate.records import attempt, running

EXITED = "Essential container in task exited"
FAILED = attempt(0, 30, exit_code=3, status_reason=EXITED)
UNSTARTED = replace(
    attempt(exit_code=None, status_reason="Task failed to start", reason="CannotPull"), started_at=math.nan
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (attempt(succeeded=True), "succeeded"),
        (attempt(status_reason=EXITED), "succeeded"),
        (FAILED, "failed"),
        (attempt(exit_code=137, status_reason=EXITED, reason="OutOfMemoryError"), "failed"),
        (attempt(exit_code=137, status_reason="stopped by Ada"), "stopped"),
        (attempt(exit_code=None), "stopped"),
        (attempt(exit_code=137, status_reason="Job attempt duration exceeded timeout"), "timed out"),
        (attempt(exit_code=None, status_reason="Host EC2 (instance i-0ab) terminated."), "interrupted"),
        (attempt(exit_code=None, status_reason="Your Spot Task was interrupted."), "interrupted"),
        (running(), "running"),
        (UNSTARTED, "not started"),
    ],
)
def test_outcomes(given, expected):
    assert outcome(given) == expected


def of(*attempts):
    found = Attempts()
    found.add(attempts)
    return found


def test_what_cuts_an_attempt_off_is_neither_a_run_time_nor_a_failure():
    found = of(
        attempt(0, 10, succeeded=True),
        attempt(0, 20, exit_code=None, status_reason="Host EC2 x"),
        running(0, 50),
        FAILED,
    )
    assert (found.complete, found.censored, found.until_failure) == ([10.0], [20.0, 50.0], [30.0])
    assert (found.own, found.failed) == (2, 1)


def test_failures_by_hand():
    fine, other = attempt(succeeded=True), replace(FAILED, exit_code=1)
    found = failures(of(*[fine] * 97, FAILED, FAILED, other))
    assert found.probability["mean"] == pytest.approx(0.03)
    assert found.written == {"probability": 0.03, "exitCode": 3, "after": 30.0}
    assert "of which 1 had others" in found.why


def fails_after(drawn, runs):
    """Attempts of a scenario whose failures come after so long, or at the end of the run."""
    lengths = np.minimum(drawn, runs[: len(drawn)])
    failed = [attempt(0, each, exit_code=3, status_reason=EXITED) for each in lengths]
    return of(*[attempt(0, each, succeeded=True) for each in runs], *failed), lengths


@pytest.mark.parametrize("draw", [lambda rng: np.full(800, 20.0), lambda rng: rng.gamma(4, 10, 800)])
def test_failures_last_in_the_scenario_as_long_as_they_did(draw):
    rng = np.random.default_rng(4)
    runs = rng.lognormal(np.log(40), 0.66, 5000)
    attempts, lengths = fails_after(draw(rng), runs)
    found = failures(attempts)
    again = as_distribution(found.written["after"])
    drawn = np.minimum(sampler(again)(rng, 20_000), rng.choice(runs, 20_000))
    assert drawn.mean() == pytest.approx(lengths.mean(), rel=0.03)
    assert np.quantile(drawn, 0.9) == pytest.approx(np.quantile(lengths, 0.9), rel=0.06)


def test_what_fails_at_its_end_says_no_more():
    runs = np.random.default_rng(5).lognormal(np.log(40), 0.66, 5000)
    found = failures(fails_after(np.full(300, np.inf), runs)[0])
    assert "after" not in found.written
    assert "as long as run times" in found.why


def test_what_fails_later_than_runs_end_is_told():
    attempts = of(*[attempt(0, 10 + n / 100, succeeded=True) for n in range(100)], *[attempt(0, 500, exit_code=3)] * 50)
    assert "they took 500 s on the average, and take 10.49 s in the scenario" in failures(attempts).why


def test_none_failed():
    found = failures(of(*[attempt(succeeded=True)] * 100))
    assert found.written is None
    assert "at most 3.6%" in found.why  # Clopper and Pearson of 0 of 100, two-sided


def test_what_never_started():
    found = failures(of(attempt(succeeded=True), UNSTARTED, UNSTARTED, FAILED))
    assert found.written == {"probability": 0.75, "toStart": True, "reason": "CannotPull"}
    assert "1 that ran and failed are written as not started" in found.why


def test_the_reason_of_most_is_kept():
    out_of_memory = replace(FAILED, exit_code=137, reason="OutOfMemoryError")
    assert failures(of(out_of_memory, out_of_memory, FAILED)).written["reason"] == "OutOfMemoryError"


def test_nothing_ended_by_itself():
    assert failures(of(running())).probability is None
