"""What is to happen, and what the next scheduling pass has to look at.

The engine's events are set here: the end of an attempt, a launch that registers, an idle instance that is due. Each is
told its instant, so that nothing asks the clock. Arrivals and scheduling passes are no events of their own:

- *arrivals* are taken from the workload's sorted column before anything else happens at or after their instant;
- a *pass* at this instant is held when the last change of the instant is over, and one at the next regular tick (every
  ``scheduler.dispatchInterval``) is one event, whatever arrives before.

`reasons` counts what keeps the run going, besides attempts (`engine/termination.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappush
from typing import Any, Final

from batchsim.engine.attempt import Attempt
from batchsim.engine.clock import Clock, Phase, next_tick
from batchsim.engine.event import Callbacks, Event
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.errors import SimulationError
from batchsim.spec.assumptions import SchedulerSettings as Settings
from batchsim.spec.ids import EnvironmentId

CHANGE: Final = int(Phase.CHANGE)
DISPATCH: Final = int(Phase.DISPATCH)
SCALE_OUT: Final = int(Phase.SCALE_OUT)
SETTLE: Final = int(Phase.SETTLE)
INFINITE: Final = float("inf")


class Agenda:
    """Sets events, admits arrivals in time, and has scheduling passes held when they are due.

    Parameters
    ----------
    settings : SchedulerSettings
        Its `dispatch_interval`: the regular ticks on which jobs that became RUNNABLE are looked at; and when capacity
        is asked for, `scale_up_interval` and `scale_up_reaction`.

    Attributes
    ----------
    reasons : int
        How many things keep the run going: jobs that are to arrive, essential events.
    running : mapping of int to Attempt
        The attempts that run, which keep it going as well.
    next_arrival_at : float
        When the next job arrives at the scheduler; infinite without one.
    pass_due : bool
        Whether a pass is to be held at this instant.
    room_comes : bool
        Whether an attempt is ending: if anything waits for its room, a pass follows at this instant.
    on_arrivals, on_pass, on_scale_out, on_settled : callable
        Told the instant: to take in what has arrived, to hold a pass, to ask for capacity, to say whether the run goes
        on.
    """

    def __init__(self, clock: Clock, settings: Settings, environments: int) -> None:
        self._schedule_at: Callable[[Any, float, int], None] = clock.schedule_at
        #: SimPy's queue and its numbers of events: an event of each job is set without a call.
        self.upcoming = clock.upcoming
        self.numbers = clock.numbers
        self._interval_s: float = settings.dispatch_interval
        self._scale_out_interval_s: float = settings.scale_up_interval
        self._scale_out_reaction_s: float = settings.scale_up_reaction
        self.now = 0.0  # the instant of what happens
        self.reasons = 0
        self.running: Mapping[int, Attempt] = {}
        self.next_arrival_at = INFINITE
        self._looked_at = INFINITE  # the arrival that a regular pass follows
        self.pass_due = False
        self.room_comes = False
        self._pass_set = False
        self._tick: Event | None = None
        self._spent_tick: Event | None = None  # which has happened, to be set again
        self._tick_at = INFINITE
        self._settling: Event | None = None
        self._callbacks: Callbacks = [self._happen]
        self._tick_callbacks: Callbacks = [self._ticked]
        #: All queues in descending priority; by environment, those that it is for.
        self.queues: list[FifoQueue] = []
        self.attached: list[list[FifoQueue]] = [[] for _ in range(environments)]
        self.on_arrivals: Callable[[float], None]
        self.on_pass: Callable[[float], None]
        self.on_scale_out: Callable[[float], None]
        self.on_settled: Callable[[float], None]
        self._scale_out: Event | None = None

    # Events

    def at(
        self,
        instant: float,
        action: Callable[[Event], None],
        subject: Any = None,
        *,
        phase: int = CHANGE,
        essential: bool = True,
    ) -> Event:
        """Call ``action(event)`` at an instant.

        Raises
        ------
        SimulationError
            If the instant has passed.
        """
        if instant < self.now:
            raise SimulationError(f"an event is set for {instant} s, which has passed", self.now)
        event = Event(instant, self._callbacks, action, subject, essential)
        if essential:
            self.reasons += 1
        self._schedule_at(event, instant, phase)
        return event

    def cancel(self, event: Event) -> None:
        """Make an event do nothing; it no longer keeps the run going."""
        if event.callbacks:
            event.callbacks = ()
            if event.essential:
                self.reasons -= 1

    def _happen(self, event: Any) -> None:
        happening: Event = event
        self.begin(happening.at)
        if happening.essential:
            self.reasons -= 1
        action = happening.action
        if action is not None:
            action(happening)
        self.finish(happening.at)

    def begin(self, now: float) -> None:
        """Whatever happens now: what has arrived before comes first."""
        self.now = now
        if now >= self.next_arrival_at:
            self.on_arrivals(now)

    def finish(self, now: float) -> None:
        """What happened now is over: hold the pass that is due, unless something else is to happen before it."""
        while self.pass_due and not self._pass_set:
            upcoming = self.upcoming
            if upcoming and upcoming[0][0] == now and upcoming[0][1] < DISPATCH:
                self._pass_set = True
                self.at(now, self._pass, phase=DISPATCH)
                return
            self.pass_due = False
            self.on_pass(now)
            if self._tick_at < self._looked_at:
                self._forget_tick()  # it was to look at what this pass has looked at
        if not (self.reasons or self.running or self._settling):
            self.settle_at(now)

    @property
    def is_over(self) -> bool:
        """Whether nothing keeps the run going."""
        return not (self.reasons or self.running)

    def settle_at(self, instant: float, phase: int = SETTLE) -> None:
        """Ask at an instant, when its last pass was held, whether the run goes on."""
        self._settling = event = Event(instant, [self._settle], None, None, False)
        self._schedule_at(event, instant, phase)

    def unsettle(self) -> None:
        """Something was done from outside: whether the run goes on is not asked when it was to be, but anew."""
        if self._settling is not None:
            self.cancel(self._settling)
            self._settling = None

    def _settle(self, event: Any) -> None:
        happening: Event = event
        self._settling = None
        self.begin(happening.at)
        self.on_settled(happening.at)

    # Scheduling passes

    def _pass(self, _event: Event) -> None:
        self._pass_set = False  # `finish` holds it

    def room_freed(self, environment: EnvironmentId) -> None:
        """An environment has more room: a pass follows at once if anything waits for it."""
        for queue in self.attached[environment]:
            if queue.requests:
                queue.changed = True
                self.pass_due = True

    def capacity_changed(self, environment: EnvironmentId) -> None:
        """Instances came or went, or may be launched again."""
        for queue in self.attached[environment]:
            queue.needs_capacity = True
        self.room_freed(environment)

    def resources_freed(self) -> None:
        """Consumable resources were given back: whatever waits in any queue may want them."""
        for queue in self.queues:
            if queue.requests:
                queue.changed = queue.needs_capacity = True
                self.pass_due = True

    def became_runnable(self, now: float) -> None:
        """A queue has one job more: it is looked at in the next regular pass."""
        if not (self.pass_due or self.room_comes):
            self.tick_by(next_tick(now, self._interval_s))

    @property
    def arrival_is_exact(self) -> bool:
        """Whether no pass need follow the next arrival."""
        return self._looked_at == INFINITE

    def tick_by(self, instant: float) -> None:
        """Have a regular pass at an instant, unless one is before."""
        if instant >= self._tick_at:
            return
        if self._tick is not None:
            self.cancel(self._tick)
        tick, self._spent_tick = self._spent_tick, None
        if tick is None:
            tick = Event(instant, self._tick_callbacks, None, None, True)
        else:
            tick.at, tick.callbacks = instant, self._tick_callbacks
        self._tick, self._tick_at = tick, instant
        self.reasons += 1
        heappush(self.upcoming, (instant, DISPATCH, next(self.numbers), tick))

    def _ticked(self, event: Any) -> None:
        tick: Event = event
        now = self.now = tick.at
        self.reasons -= 1
        self._tick, self._spent_tick = None, tick
        self._tick_at = INFINITE
        self.pass_due = True
        if now >= self.next_arrival_at:
            self.on_arrivals(now)
        else:
            self._tick_for_arrival()
        self.finish(now)

    def _forget_tick(self) -> None:
        if self._tick is not None:
            self.cancel(self._tick)
        self._tick = None
        self._tick_at = INFINITE
        self._tick_for_arrival()

    def expect(self, arrival_at: float) -> None:
        """The next job arrives then, and is looked at in the regular pass that follows."""
        self.next_arrival_at = self._looked_at = arrival_at
        if arrival_at <= self._tick_at and arrival_at < INFINITE:
            self.tick_by(next_tick(arrival_at, self._interval_s) if self._interval_s else arrival_at)

    def _tick_for_arrival(self) -> None:
        if self._looked_at < INFINITE:
            self.tick_by(next_tick(self._looked_at, self._interval_s))

    def expect_exactly(self, arrival_at: float) -> None:
        """The next job arrives then, and no pass need follow: it may wait for others, or fail because one did."""
        self.next_arrival_at = arrival_at
        self._looked_at = INFINITE
        self.at(arrival_at, self._arrived)

    def _arrived(self, _event: Event) -> None:
        """What has arrived was taken in before."""

    # Asking for capacity

    def scale_out_soon(self, now: float, booting: bool, *, essential: bool = True) -> None:
        """Have capacity asked for: soon when nothing is on its way, else at the next regular instant."""
        instant = next_tick(now, self._scale_out_interval_s)
        if not booting:
            instant = min(instant, now + self._scale_out_reaction_s)
        pending = self._scale_out
        if pending is not None:
            if pending.at <= instant and (pending.essential or not essential):
                return
            instant, essential = min(instant, pending.at), essential or pending.essential
            self.cancel(pending)
        self._scale_out = self.at(instant, self._on_scale_out, phase=SCALE_OUT, essential=essential)

    def _on_scale_out(self, event: Event) -> None:
        self._scale_out = None
        self.on_scale_out(event.at)
