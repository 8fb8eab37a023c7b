"""The clock is SimPy's: its processes and the engine's events run in one environment, at exact instants."""

from __future__ import annotations

import math

import pytest
import simpy

from batchsim.engine.clock import Clock, next_tick
from batchsim.engine.event import Event
from batchsim.errors import SimulationError, StandstillError
from tests.unit.engine.parts import agenda, simulation
from tests.worlds import jobs, servers


@pytest.mark.parametrize(
    ("now", "interval", "tick"),
    [(0.0, 60.0, 0.0), (0.1, 60.0, 60.0), (60.0, 60.0, 60.0), (60.5, 60.0, 120.0), (12.3, 0.0, 12.3), (0.3, 0.1, 0.3)],
)
def test_a_tick_is_the_first_multiple_from_now_on(now, interval, tick):
    found = next_tick(now, interval)
    assert found == pytest.approx(tick, abs=1e-12)
    assert found >= now


def test_instants_are_exact_where_simpys_delays_miss_them():
    clock, seen = Clock(), []
    by_delay = clock.timeout(0.3)
    by_delay.callbacks.append(
        lambda _: clock.timeout(0.9 - clock.now).callbacks.append(lambda _: seen.append(clock.now))
    )
    clock.schedule_at(Event(0.9, [lambda event: seen.append((clock.now, event.at))], None, None, True), 0.9, 1)
    clock.run()
    # SimPy's `now + (0.9 - now)` is not 0.9; see findings/simpy-run-until.sh.
    assert seen == [(0.9, 0.9), 0.9000000000000001]


def test_a_process_and_the_engines_events_share_one_clock():
    clock = Clock()
    engine, seen = agenda(clock=clock), []

    def process():
        for _ in range(2):
            yield clock.timeout(10)
            seen.append(("process", clock.now))
        # It may set events of the engine's.
        engine.at(25.0, lambda event: seen.append(("engine", event.at)))
        yield clock.timeout(100)
        seen.append(("process", clock.now))

    clock.process(process())
    for instant in (5.0, 10.0, 15.0):
        engine.at(instant, lambda event: seen.append(("engine", event.at)), essential=False)
    clock.run(until=60)
    assert seen == [
        ("engine", 5.0),
        # At one instant as they were set: SimPy's timeout of 10 s came after the engine's event.
        ("engine", 10.0),
        ("process", 10),
        ("engine", 15.0),
        ("process", 20),
        ("engine", 25.0),
    ]


def test_a_process_runs_beside_a_simulation():
    made, seen = simulation(jobs([0, 0, 30], 10), servers(1)), []

    def probe():
        while True:
            yield made.clock.timeout(4)
            seen.append((made.clock.now, len(made.lifecycle.running)))

    made.clock.process(probe())
    recording = made.run()
    # One server: jobs run from 0 to 10, 10 to 20 and 30 to 40, and the run ends with the last; what is due at its last
    # instant has happened.
    assert seen == [(at, int(at < 20 or 30 <= at < 40)) for at in range(4, 41, 4)]
    assert recording.ended_at == 40
    assert recording.attempts.stopped_at.tolist() == [10, 20, 40]


def test_an_error_of_a_process_is_not_swallowed():
    made = simulation(jobs([0], 10), servers(1))

    def fails():
        yield made.clock.timeout(3)
        raise SimulationError("it broke", made.clock.now)

    made.clock.process(fails())
    with pytest.raises(SimulationError, match=r"it broke \(at 3 s"):
        made.run()


def test_stopping_leaves_what_is_later_undone():
    clock, seen = Clock(), []
    engine = agenda(clock=clock)
    engine.at(5.0, lambda event: seen.append("now"))
    engine.at(5.0, lambda event: clock.stop())
    engine.at(5.0, lambda event: clock.stop())  # twice is once
    engine.at(6.0, lambda event: seen.append("later"))
    clock.run_until_stopped(lambda: None)
    assert seen == ["now"]
    assert clock.now == 5.0


def test_the_next_event_is_not_the_one_that_marks_the_horizon():
    clock = Clock()
    horizon = Event(10.0, [], None, None, False)
    assert clock.next_at(horizon) == math.inf
    clock.schedule_at(horizon, 10.0, 7)
    assert clock.next_at(horizon) == math.inf
    clock.schedule_at(Event(4.0, [], None, None, False), 4.0, 1)
    assert clock.next_at(horizon) == 4.0


def endless(env):
    """It waits for no time at all, for ever."""
    while True:
        yield env.timeout(0)


def test_a_process_that_lets_no_time_pass_is_named(monkeypatch):
    monkeypatch.setattr("batchsim.engine.clock.MOST_AT_AN_INSTANT", 100)
    running = Clock()
    running.start(waits_then(running, 5.0, endless(running)))
    with pytest.raises(StandstillError, match=r"no time passes: the process waits_then waits again .* \(at 5\.0 s"):
        running.run_until_stopped(lambda: None)


def test_processes_that_wake_each_other_without_end_are_named(monkeypatch):
    monkeypatch.setattr("batchsim.engine.clock.MOST_AT_AN_INSTANT", 100)
    running = Clock()
    ball = simpy.Store(running)
    ball.put(1)

    def player(env):
        while True:
            yield ball.get()
            yield ball.put(1)

    running.start(player(running))
    with pytest.raises(StandstillError, match="the process player waits again"):
        running.run_until_stopped(lambda: None)


def test_what_is_much_at_each_instant_and_goes_on_is_no_standstill(monkeypatch):
    monkeypatch.setattr("batchsim.engine.clock.MOST_AT_AN_INSTANT", 100)
    running = Clock()

    def busy(env):
        for _ in range(10):
            for _ in range(90):
                yield env.timeout(0)
            yield env.timeout(1)
        running.stop()

    running.start(busy(running))
    running.run_until_stopped(lambda: None)
    assert running.now == 10


def waits_then(env, seconds, then):
    yield env.timeout(seconds)
    yield from then
