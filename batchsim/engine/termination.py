"""When a run is over: the one rule, and what it is made of.

A run goes on while something keeps it going: a job that is to arrive, an attempt that runs, an event that is essential
(an instance that boots or is to be scaled in, a pass that is due). Then it goes on only while a job waits for capacity
that is coming, or that may come by itself: a recorded market or a schedule of capacity has a change ahead, a price may
fall below the bid, a scheduled update may let it start. It lasts for the scenario's duration at least, and to its
horizon at most.
"""

from __future__ import annotations

from typing import Final

from batchsim.engine.agenda import SETTLE, Agenda
from batchsim.engine.clock import Clock, Phase
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.event import Event
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.scheduling.waiting import WaitingJobs
from batchsim.engine.updates.updates_to_come import UpdatesToCome

LATE: Final = int(Phase.LATE)
#: So often in a row what is in motion is waited for, and no job starts or comes: instances that are taken back and
#: launched again, pools that open and close, would otherwise come and go for ever.
MOST_HOPES: Final = 100_000


class Termination:
    """Ends a run.

    Parameters
    ----------
    floor, horizon : float
        The run does not end before, and not after.

    Attributes
    ----------
    ended_at : float
        When it ended.
    updates : UpdatesToCome or None
        What is updated later, which may be waited for.
    """

    def __init__(
        self, clock: Clock, agenda: Agenda, lifecycle: JobLifecycle, waiting: WaitingJobs, floor: float, horizon: float
    ) -> None:
        self.ended_at = floor
        self._clock = clock
        self._agenda = agenda
        self._lifecycle = lifecycle
        self._waiting = waiting
        self._floor = floor
        self._hopes = self._progress = 0
        self.updates: UpdatesToCome | None = None
        self._horizon_event = Event(horizon, [self._at_horizon], None, None, False)
        if horizon < float("inf"):
            clock.schedule_at(self._horizon_event, horizon, int(Phase.HORIZON))

    def settle(self, now: float) -> None:
        """Asked at the end of an instant at which nothing essential was left: end the run, or ask again later."""
        if not self._agenda.is_over:
            return
        if now < self._floor:
            self._agenda.settle_at(self._floor)
            return
        upcoming = self._clock.next_at(self._horizon_event)
        if upcoming < float("inf") and (self.capacity_may_come(now) or self._update_may_help(now)):
            self._agenda.settle_at(upcoming, LATE if upcoming == now else SETTLE)
        else:
            self._end(now)

    def capacity_may_come(self, now: float) -> bool:
        """Whether a job waits for capacity that comes, or may yet come."""
        waited_s = now - self._lifecycle.last_progress_at
        asked_for = [
            (environment, request)
            for queue in self._agenda.queues
            for request in self._waiting.startable(queue, now)
            for environment in queue.environments
            if isinstance(environment, Ec2Environment)
        ]
        if any(environment.may_recover(request, waited_s, now) for environment, request in asked_for):
            return True
        if not any(environment.is_in_motion(request, now) for environment, request in asked_for):
            return False
        progress = self._lifecycle.progress
        self._hopes = self._hopes + 1 if progress == self._progress else 1
        self._progress = progress
        return self._hopes <= MOST_HOPES

    def _update_may_help(self, now: float) -> bool:
        """Whether a job waits that an update ahead may let start."""
        return self.updates is not None and self.updates.may_help(now)

    def _at_horizon(self, event: Event) -> None:
        self._end(event.at)

    def _end(self, now: float) -> None:
        self.ended_at = now
        self._clock.stop()
