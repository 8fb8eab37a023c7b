"""Delays: of the first jobs after a pause, and from STARTING to RUNNING."""

from __future__ import annotations

import pytest

from batchsim.experiments.calibrate.delays import learn_delays
from tests.unit.experiments.calibrate.records import MONDAY, attempt, job


def with_events(job_id, at, boot, pull, length=100.0):
    starting = at + boot
    ran = attempt(starting + pull, starting + pull + length, succeeded=True)
    return job(job_id, ran, at=at, runnable=(MONDAY + at,), starting=(MONDAY + starting,))


def test_only_the_first_after_a_pause_waits_for_an_instance():
    jobs = [
        with_events("before", 0, 1, 5),  # what ran before the record begins, nobody knows
        with_events("warm", 600, 1, 2),
        with_events("cold", 600 + 103 + 1800 + 60, 120, 30),
        with_events("with it", 600 + 103 + 1800 + 61, 130, 30),
    ]
    boot, pull = learn_delays(jobs, events=True)
    assert (boot.n, boot.p50_s) == (1, 120.0)
    assert (pull.n, pull.p50_s) == (4, pytest.approx(17.5))


def test_each_attempt_has_its_own_starting():
    twice = job(
        "a", attempt(10, 20, exit_code=1), attempt(50, 60), starting=(MONDAY + 4, MONDAY + 41), runnable=(MONDAY,)
    )
    assert learn_delays([twice], events=True)[1].n == 2
    lost = job("a", attempt(10, 20, exit_code=1), attempt(50, 60), starting=(MONDAY + 4,), runnable=(MONDAY,))
    assert learn_delays([lost], events=True)[1].n == 1  # an event that got lost is no long pull


def test_without_events_it_is_the_whole_way():
    jobs = [job("a"), job("b", attempt(10_090, 10_200), at=10_000)]
    whole, boot = learn_delays(jobs, events=False)
    assert (whole.n, whole.p50_s) == (1, 90.0)
    assert boot.n == 0
    assert "only state change events" in boot.why


def test_clocks_that_go_back_are_counted():
    jobs = [with_events("before", 0, 1, 5), with_events("back", 10_000, -3, 5), with_events("cold", 20_000, 90, 5)]
    boot, _ = learn_delays(jobs, events=True)
    assert (boot.n, boot.p50_s) == (1, 90.0)
    assert "1 in which the clock went back" in boot.why
