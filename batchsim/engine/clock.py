"""The clock: SimPy's environment, with alarms at exact instants, in phases, that can be cancelled.

What happens at one instant happens in phases, so that a scheduling cycle sees everything that ended or arrived at that
instant, and an instance is not scaled in before the cycle had a chance to use it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from typing import Any

import simpy


class Phase(IntEnum):
    """The order of what happens at one instant."""

    CHANGE = 1  # jobs arrive and end, instances register and are reclaimed
    DISPATCH = 2
    SCALE_OUT = 3
    SCALE_IN = 4


class Alarm(simpy.Event):
    """One call of one function at one instant."""

    __slots__ = ("essential", "subject")

    env: Clock

    def __init__(self, clock: Clock, action: Callable[[Alarm], None], subject: Any, essential: bool) -> None:
        # As simpy.Timeout does, and for its reason: this is the hottest constructor of a run.
        self.env = clock
        self.callbacks = [action]
        self._value = None
        self._ok = True
        self._defused = False
        self.subject = subject
        self.essential = essential

    def cancel(self) -> None:
        """Make the alarm do nothing; it no longer keeps the run going."""
        if self.callbacks:
            self.callbacks.clear()
            self.subject = None  # which may know the alarm: no circle is left for the garbage collector
            if self.essential:
                self.env.essential -= 1


class Clock(simpy.Environment):
    """SimPy's environment with absolute alarms, and the notion of a run that has nothing left to do.

    An *essential* alarm keeps the run going; others (the reclaim of a Spot instance that may never matter) do not.
    """

    #: The simulated time; SimPy's is a property, and asked for several times per event.
    now: float = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.essential = 0
        #: Whether the run may go on though nothing essential is left: jobs wait for capacity that will come.
        self.hopeful: Callable[[], bool] = lambda: False
        self._after_changes: Callable[[], None] | None = None

    def at(
        self,
        instant: float,
        action: Callable[[Alarm], None],
        subject: Any = None,
        *,
        phase: int = Phase.CHANGE,
        essential: bool = True,
    ) -> Alarm:
        """Call ``action(alarm)`` at an absolute instant, with ``alarm.subject`` as given.

        SimPy schedules by delay, and ``now + (instant - now)`` may miss `instant` by a rounding error; what must
        coincide would not.
        """
        alarm = Alarm(self, action, subject, essential)
        if essential:
            self.essential += 1
        entry: tuple[float, Any, int, simpy.Event] = (instant, phase, next(self._eid), alarm)
        heappush(self._queue, entry)
        return alarm

    def after_changes(self, action: Callable[[], None]) -> None:
        """Call ``action()`` in the phase DISPATCH of this instant, without an alarm: it is the same one for all."""
        self._after_changes = action

    def step(self) -> None:
        """SimPy's step, for alarms: each has one callback, none fails, and the essential ones are counted."""
        instant, _, _, alarm = heappop(self._queue)
        self.now = self._now = instant
        callbacks, alarm.callbacks = alarm.callbacks, None  # type: ignore[assignment]  # as SimPy marks it
        if callbacks:
            if alarm.essential:  # type: ignore[attr-defined]
                self.essential -= 1
            callbacks[0](alarm)

    def run_until_settled(self, floor: float, horizon: float) -> float:
        """Run until nothing essential is left, not before `floor` and not past `horizon`; return the end."""
        queue = self._queue
        while queue or self._after_changes is not None:
            if self._after_changes is not None and not (
                queue and queue[0][0] == self.now and queue[0][1] < Phase.DISPATCH
            ):
                action, self._after_changes = self._after_changes, None
                action()
                continue
            upcoming = queue[0][0]
            if upcoming > horizon or (self.essential == 0 and upcoming > floor and not self.hopeful()):
                break
            self.step()
        if self.essential:
            return horizon
        return min(max(self.now, floor), horizon)


def next_tick(now: float, interval: float) -> float:
    """The first multiple of `interval` at or after `now`; `now` itself when the interval is 0."""
    if interval <= 0:
        return now
    ticks = now // interval
    return now if ticks * interval == now else (ticks + 1) * interval
