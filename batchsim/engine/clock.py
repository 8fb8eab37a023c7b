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


class Alarm:
    """One call of one function at one instant: an entry of SimPy's queue, with no more than a run needs of an event.

    Attributes
    ----------
    action : callable or None
        What is called with the alarm; None when it was, or is not to be any more.
    subject : object
        What it is about.
    essential : bool
        Whether it keeps the run going.
    """

    __slots__ = ("action", "essential", "subject")

    def __init__(self, action: Callable[[Alarm], None], subject: Any = None, essential: bool = True) -> None:
        self.action: Callable[[Alarm], None] | None = action
        self.subject = subject
        self.essential = essential


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
        """Call ``action(alarm)`` at an absolute instant, with ``alarm.subject`` as given."""
        alarm = Alarm(action, subject, essential)
        self.set(alarm, instant, phase)
        return alarm

    def set(self, alarm: Alarm, instant: float, phase: int = 1) -> None:
        """Set an alarm, in the phase CHANGE unless stated.

        SimPy schedules by delay, and ``now + (instant - now)`` may miss `instant` by a rounding error; what must
        coincide would not.
        """
        if alarm.essential:
            self.essential += 1
        entry: Any = (instant, phase, next(self._eid), alarm)
        heappush(self._queue, entry)

    def cancel(self, alarm: Alarm) -> None:
        """Make an alarm do nothing; it no longer keeps the run going."""
        if alarm.action is not None:
            alarm.action = alarm.subject = None
            if alarm.essential:
                self.essential -= 1

    def after_changes(self, action: Callable[[], None]) -> None:
        """Call ``action()`` in the phase DISPATCH of this instant, without an alarm: it is the same one for all."""
        self._after_changes = action

    def run_until_settled(self, floor: float, horizon: float) -> float:
        """Run until nothing essential is left, not before `floor` and not past `horizon`; return the end."""
        queue: list[tuple[float, int, int, Any]] = self._queue  # type: ignore[assignment]
        while True:
            if self._after_changes is not None and not (
                queue and queue[0][0] == self.now and queue[0][1] < Phase.DISPATCH
            ):
                due, self._after_changes = self._after_changes, None
                due()
                continue
            if not queue:
                break
            upcoming = queue[0][0]
            if self._after_changes is None and (
                upcoming > horizon or (self.essential == 0 and upcoming > floor and not self.hopeful())
            ):
                break
            # As SimPy's step; an alarm has one callback, and can't fail.
            alarm: Alarm = heappop(queue)[3]
            self.now = upcoming
            action = alarm.action
            if action is not None:
                alarm.action = None
                if alarm.essential:
                    self.essential -= 1
                action(alarm)
        if self.essential:
            return horizon
        return min(max(self.now, floor), horizon)


def next_tick(now: float, interval: float) -> float:
    """The first multiple of `interval` at or after `now`; `now` itself when the interval is 0."""
    if interval <= 0:
        return now
    ticks = now // interval
    return now if ticks * interval == now else (ticks + 1) * interval
