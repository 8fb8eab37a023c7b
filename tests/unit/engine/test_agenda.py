"""What happens when: phases of an instant, passes and ticks, arrivals before all else."""

from __future__ import annotations

import math

import pytest

from batchsim.engine.clock import Clock, Phase
from batchsim.errors import SimulationError
from tests.unit.engine.parts import agenda

INTERVAL = {"dispatchInterval": 5.0}


class Log:
    """An agenda that writes down what it has done, and when."""

    def __init__(self, **scheduler: float) -> None:
        self.clock = Clock()
        self.agenda = agenda(clock=self.clock, **scheduler)
        self.seen: list[tuple[str, float]] = []
        self.arrivals: list[float] = []
        self.agenda.on_pass = lambda now: self.seen.append(("pass", now))
        self.agenda.on_scale_out = lambda now: self.seen.append(("scale out", now))
        self.agenda.on_arrivals = self._arrive

    def _arrive(self, now: float) -> None:
        """As jobs do: all that have come, and then the next is expected."""
        while self.arrivals and self.arrivals[0] <= now:
            self.seen.append(("arrival", self.arrivals.pop(0)))
        self.agenda.expect(self.arrivals[0] if self.arrivals else math.inf)

    def expect(self, *arrivals: float) -> None:
        self.arrivals += arrivals
        self.agenda.expect(self.arrivals[0])

    def at(self, instant: float, name: str = "event", *, due: bool = False, phase: Phase = Phase.CHANGE) -> None:
        """An event that is written down, and may have a pass held."""

        def action(event) -> None:
            self.seen.append((name, event.at))
            self.agenda.pass_due = self.agenda.pass_due or due

        self.agenda.at(instant, action, phase=int(phase))

    def run(self) -> list[tuple[str, float]]:
        self.agenda.finish(0.0)
        self.clock.run_until_stopped()
        return self.seen


def test_events_of_one_instant_happen_phase_by_phase_and_in_a_phase_as_they_were_set():
    log = Log()
    for phase in (Phase.SCALE_IN, Phase.SCALE_OUT, Phase.CHANGE, Phase.DISPATCH, Phase.CHANGE):
        log.at(10.0, phase.name, phase=phase)
    log.at(3.0, "earlier", phase=Phase.SCALE_IN)
    assert [name for name, _ in log.run()] == ["earlier", "CHANGE", "CHANGE", "DISPATCH", "SCALE_OUT", "SCALE_IN"]


def test_one_pass_follows_all_changes_of_an_instant():
    log = Log()
    log.at(10.0, due=True)
    log.at(10.0, due=True)
    log.at(10.0, due=False)
    log.at(10.0, "scale in", phase=Phase.SCALE_IN)
    assert log.run() == [*[("event", 10.0)] * 3, ("pass", 10.0), ("scale in", 10.0)]


def test_no_pass_where_nothing_asks_for_one():
    log = Log()
    log.at(10.0)
    assert log.run() == [("event", 10.0)]


def test_a_pass_that_makes_another_due_is_followed_by_it():
    log, again = Log(), [True, False]

    def hold(now: float) -> None:
        log.seen.append(("pass", now))
        log.agenda.pass_due = again.pop(0)

    log.agenda.on_pass = hold
    log.at(10.0, due=True)
    assert log.run() == [("event", 10.0), ("pass", 10.0), ("pass", 10.0)]


def runnable(log: Log, *instants: float) -> None:
    for instant in instants:
        log.agenda.at(instant, lambda event: log.agenda.became_runnable(event.at))


def test_jobs_that_become_runnable_share_the_next_tick():
    log = Log(**INTERVAL)
    runnable(log, 11.0, 12.0, 15.0, 15.5)
    assert log.run() == [("pass", 15.0), ("pass", 20.0)]


def test_of_several_ticks_that_are_wanted_the_first_is_held():
    log = Log(**INTERVAL)
    for instant in (15.0, 20.0, 10.0, 10.0):
        log.agenda.tick_by(instant)
    assert log.agenda.reasons == 1
    assert log.run() == [("pass", 10.0)]


def test_without_an_interval_a_job_is_looked_at_when_it_becomes_runnable():
    log = Log()
    runnable(log, 11.0, 11.0, 12.5)
    assert log.run() == [("pass", 11.0), ("pass", 12.5)]


def test_a_tick_is_forgotten_when_a_pass_came_before_it():
    log = Log(**INTERVAL)
    runnable(log, 11.0)
    log.at(13.0, due=True)
    assert log.run() == [("event", 13.0), ("pass", 13.0)]
    assert log.agenda.reasons == 0


def test_a_tick_for_a_job_that_arrives_after_that_pass_is_held():
    log = Log(**INTERVAL)
    runnable(log, 11.0)
    log.expect(14.0)
    log.at(13.0, due=True)
    assert log.run() == [("event", 13.0), ("pass", 13.0), ("arrival", 14.0), ("pass", 15.0)]


def test_arrivals_are_no_events_and_one_tick_looks_at_many():
    log = Log(**INTERVAL)
    log.expect(1.0, 2.0, 3.0, 4.0, 11.0)
    assert log.run() == [
        *[("arrival", at) for at in (1.0, 2.0, 3.0, 4.0)],
        ("pass", 5.0),
        ("arrival", 11.0),
        ("pass", 15.0),
    ]


def test_what_has_arrived_comes_before_whatever_else_happens():
    log = Log(**INTERVAL)
    log.expect(7.0, 8.0, 8.5)
    log.at(8.0, due=True)
    assert log.run() == [
        ("arrival", 7.0),
        ("arrival", 8.0),
        ("event", 8.0),
        ("pass", 8.0),
        ("arrival", 8.5),
        ("pass", 10.0),
    ]


def test_an_arrival_that_no_pass_need_follow_happens_at_its_instant():
    log = Log(**INTERVAL)
    log.arrivals.append(7.0)
    log.agenda.expect_exactly(7.0)
    assert log.agenda.arrival_is_exact
    assert log.run() == [("arrival", 7.0)]
    assert log.clock.now == 7.0


def test_the_past_is_refused():
    log = Log()
    log.agenda.at(10.0, lambda event: log.agenda.at(9.0, lambda event: None))
    with pytest.raises(SimulationError, match=r"set for 9.0 s.*at 10.0 s"):
        log.run()


def test_a_cancelled_event_does_nothing_and_keeps_no_run_going():
    log = Log()
    event = log.agenda.at(50.0, lambda event: log.seen.append(("cancelled", event.at)))
    log.at(10.0)
    log.agenda.cancel(event)
    log.agenda.cancel(event)  # twice is once
    assert log.agenda.reasons == 1
    assert log.run() == [("event", 10.0)]
    assert log.clock.now == 10.0


def test_whether_the_run_goes_on_is_asked_at_the_end_of_an_instant_without_reasons():
    log, asked = Log(), []

    def settled(now: float) -> None:
        asked.append(now)
        log.clock.stop()

    log.agenda.on_settled = settled
    log.agenda.at(5.0, lambda event: None)
    log.agenda.at(7.0, lambda event: None)
    log.agenda.at(99.0, lambda event: None, essential=False)
    log.run()
    assert asked == [7.0]


#: Capacity is asked for every minute, or 10 s after it is first wanted.
SCALE_OUT = {"scaleUpInterval": 60.0, "scaleUpReaction": 10.0}


@pytest.mark.parametrize(
    ("asked", "evaluated"),
    [
        # When, and whether something is on its way.
        ([(5.0, False)], [15.0]),
        ([(5.0, True)], [60.0]),
        # The next regular instant is nearer.
        ([(55.0, False)], [60.0]),
        # Asked for twice it is evaluated once, at the earlier of the two instants.
        ([(5.0, False), (7.0, False)], [15.0]),
        ([(5.0, True), (7.0, False)], [17.0]),
        ([(5.0, False), (20.0, False)], [15.0, 30.0]),
    ],
)
def test_when_capacity_is_asked_for(asked, evaluated):
    log = Log(**SCALE_OUT)
    for instant, booting in asked:
        log.agenda.at(instant, lambda event, booting=booting: log.agenda.scale_out_soon(event.at, booting))
    assert log.run() == [("scale out", at) for at in evaluated]


def test_an_evaluation_that_a_job_waits_for_keeps_the_run_going():
    log = Log(**SCALE_OUT)
    log.agenda.scale_out_soon(0.5, False, essential=False)
    assert log.agenda.reasons == 0
    log.agenda.scale_out_soon(0.5, True)
    # At the instant of the first, and essential as the second.
    assert log.agenda.reasons == 1
    assert log.run() == [("scale out", 10.5)]
