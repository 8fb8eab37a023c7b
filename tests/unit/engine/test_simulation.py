"""A run as a whole: what it leaves behind in the process that made it."""

from __future__ import annotations

import gc
import weakref

import pytest

from batchsim.engine.attempt import RunningAttempts
from batchsim.engine.simulation import Simulation
from tests.unit.engine.parts import simulation
from tests.worlds import jobs, run, servers


@pytest.fixture
def collects(monkeypatch):
    """Whether Python's collector was at work whenever a job was placed."""
    found, begin = [], RunningAttempts.begin

    def look(*arguments, **named):
        found.append(gc.isenabled())
        return begin(*arguments, **named)

    monkeypatch.setattr(RunningAttempts, "begin", look)
    return found


def test_the_collector_rests_while_the_engine_runs_and_not_afterwards(collects):
    run(jobs([0, 10], 60), servers(4))
    assert collects == [False, False]
    assert gc.isenabled()


def test_a_process_beside_the_engine_may_make_cycles(collects):
    made = simulation(jobs([0], 60), servers(4))
    made.clock.start(made.clock.timeout(delay) for delay in (5.0,))
    made.run()
    assert collects == [True]


def test_whoever_does_without_the_collector_goes_on_without_it():
    gc.disable()
    try:
        run(jobs([0], 60), servers(4))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_collector_is_at_work_again_after_an_error(monkeypatch):
    def fails(*_arguments, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(RunningAttempts, "begin", fails)
    with pytest.raises(ZeroDivisionError):
        run(jobs([0], 60), servers(4))
    assert gc.isenabled()


def test_a_simulation_that_is_over_is_gone(monkeypatch):
    """Its parts know each other; were they not in the youngest generation, those of many runs would pile up."""
    made, whole_run = [], Simulation.run

    def remembered(simulated):
        made.append(weakref.ref(simulated))
        return whole_run(simulated)

    monkeypatch.setattr(Simulation, "run", remembered)
    for _ in range(3):
        run(jobs([0, 10], 60), servers(4))
    assert [each() for each in made] == [None] * 3
