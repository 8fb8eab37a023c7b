"""A run as a whole: what it leaves behind in the process that made it."""

from __future__ import annotations

import gc

import pytest

from tests.unit.engine.parts import simulation
from tests.worlds import jobs, servers


@pytest.fixture
def seen(monkeypatch):
    """Whether Python's collector was at work when jobs were placed."""
    found = []

    def looking(made):
        begin = made.lifecycle.attempts.begin

        def look(*arguments, **named):
            found.append(gc.isenabled())
            return begin(*arguments, **named)

        monkeypatch.setattr(made.lifecycle.attempts, "begin", look)
        return made

    return looking, found


def test_the_collector_rests_while_the_engine_runs_and_not_afterwards(seen):
    looking, found = seen
    looking(simulation(jobs([0, 10], 60), servers(4))).run()
    assert found == [False, False]
    assert gc.isenabled()


def test_a_process_beside_the_engine_may_make_cycles(seen):
    looking, found = seen
    made = looking(simulation(jobs([0], 60), servers(4)))
    made.clock.start(made.clock.timeout(delay) for delay in (5.0,))
    made.run()
    assert found == [True]


def test_whoever_does_without_the_collector_goes_on_without_it():
    gc.disable()
    try:
        simulation(jobs([0], 60), servers(4)).run()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_collector_is_at_work_again_after_an_error(monkeypatch):
    made = simulation(jobs([0], 60), servers(4))

    def fails(*_arguments, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(made.lifecycle.attempts, "begin", fails)
    with pytest.raises(ZeroDivisionError):
        made.run()
    assert gc.isenabled()
