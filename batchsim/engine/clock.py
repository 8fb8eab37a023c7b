"""The clock: SimPy's environment, its events and its loop, and a way to schedule at an exact instant.

Everything that happens in a run is an event of this environment, so that an ordinary SimPy process runs beside the
engine (`batchsim.engine.processes`). The engine's own events are `engine/agenda.py`'s, of which there is about one a
job: SimPy's loop asks of an event no more than its callbacks and whether it failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from enum import IntEnum
from heapq import heappush
from itertools import repeat
from typing import Any, Final

import simpy

from batchsim.engine.event import Event
from batchsim.errors import StandstillError

#: After so many events it is looked at whether the run gets on.
WATCHED: Final = 1_000_000
#: More events than this at one instant have no end, where processes beside the engine make them.
MOST_AT_AN_INSTANT = 1_000_000


class Phase(IntEnum):
    """The order of what happens at one instant, as priorities of SimPy; its own events are of the phase CHANGE.

    A scheduling pass sees everything that ended or arrived at its instant, and an instance is not scaled in before the
    pass had a chance to use it.
    """

    CHANGE = simpy.events.NORMAL  # jobs end, instances register and are reclaimed
    DISPATCH = 2
    SETTLE = 3  # whether the run goes on, if nothing essential is left
    SCALE_OUT = 4
    SCALE_IN = 5
    LATE = 6  # whether the run goes on, when all else is over
    HORIZON = 7


class Clock(simpy.Environment):
    """SimPy's environment, on which events can be scheduled at an instant, and a run can be stopped.

    SimPy schedules by delay, and ``now + (instant - now)`` may miss `instant` by a rounding error; what must coincide
    would not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stop = self.event()
        self._alone = True  # no other events than the engine's
        self._instant = -math.inf
        self._at_instant = 0  # events of others that were processed at it

    def schedule_at(self, event: Any, instant: float, phase: int) -> None:
        """Put an event into SimPy's queue at an absolute instant; a phase is a priority of SimPy."""
        heappush(self._queue, (instant, phase, next(self._eid), event))  # type: ignore[misc]

    @property
    def upcoming(self) -> list[Any]:
        """SimPy's queue: a heap of (instant, phase, number, event)."""
        return self._queue

    @property
    def numbers(self) -> Iterator[int]:
        """SimPy's numbers of events, which put those of one instant and phase into the order in which they were set."""
        return self._eid

    def next_at(self, horizon: Any) -> float:
        """When the next event of the engine is, but for the one that marks the horizon; infinite without one."""
        if self._alone:
            return math.inf if self._queue and self._queue[0][3] is horizon else self.peek()
        entry = min((entry for entry in self.upcoming if isinstance(entry[3], Event)), default=None)
        return math.inf if entry is None or entry[3] is horizon else float(entry[0])

    def start(self, generator: Generator[Any, Any, Any]) -> None:
        """Start a process; when it fails, its error ends the run as it is."""
        if self._alone:
            self._alone = False
            self.step = self._watched_step  # type: ignore[method-assign]  # a run of the engine alone pays nothing
        process = self.process(generator)
        process.callbacks.append(_raise_error)

    def run_until_stopped(self, look: Callable[[], None] = lambda: None) -> None:
        """Run SimPy's loop until `stop` is called.

        Parameters
        ----------
        look : callable, optional
            Called after each `WATCHED` events; it raises an error where the run does not get on. Between two looks the
            loop is SimPy's own: what is watched costs an event nothing.
        """
        self._stop.callbacks.append(simpy.core.StopSimulation.callback)
        try:
            while True:
                step = self.step
                for _ in repeat(None, WATCHED):
                    step()
                look()
        except simpy.core.StopSimulation:
            return

    def keeps_going(self) -> str:
        """What happens next that is none of the engine's, in words; empty where nothing is."""
        others = (entry for entry in self.upcoming if not isinstance(entry[3], Event) and entry[3] is not self._stop)
        entry = min(others, default=None)
        return "" if entry is None else _resumed_by(entry[3])

    def _watched_step(self) -> None:
        """One step of SimPy's loop; processes that let no time pass are told from those that do much at one instant.

        Raises
        ------
        StandstillError
            If others than the engine have more than `MOST_AT_AN_INSTANT` events at one instant.
        """
        if self._queue:
            instant, _, _, event = self.upcoming[0]
            if instant > self._instant:
                self._instant, self._at_instant = instant, 0
            if not isinstance(event, Event):
                self._at_instant += 1
                if self._at_instant > MOST_AT_AN_INSTANT:
                    again = f"{_resumed_by(event)} again and again, {MOST_AT_AN_INSTANT:,} times at this instant"
                    raise StandstillError(f"no time passes: {again}", instant)
        super().step()

    @property
    def stopped(self) -> bool:
        """Whether the run is over."""
        return bool(self._stop.triggered)

    def stop(self) -> None:
        """End the run; what is due at the same instant in an earlier phase has happened."""
        if not self._stop.triggered:
            self._stop.succeed()


def _resumed_by(event: simpy.Event) -> str:
    """Which processes wait for an event, in words."""
    waiting = [getattr(callback, "__self__", None) for callback in event.callbacks or ()]
    names = [process.name for process in waiting if isinstance(process, simpy.Process)]
    return f"the process {' and '.join(names)} waits" if names else f"{event!r} happens"


def _raise_error(process: Any) -> None:
    """SimPy itself raises a copy of the error that a process ended with."""
    if not process.ok:
        raise process.value


def next_tick(now: float, interval: float) -> float:
    """The first multiple of `interval` at or after `now`; `now` itself when the interval is 0."""
    if interval <= 0:
        return now
    ticks = now // interval
    return now if ticks * interval == now else (ticks + 1) * interval
