"""A watchdog on simulated progress: a run in which much happens and no job moves is ended, by name.

A run ends when nothing is left that anybody waits for (`engine/termination.py`). What would never end is something that
keeps it going for ever: a process with timeouts that say ``keep_going``, capacity that comes and goes, a clock that
stands still. A look after each million events finds it: jobs are finite, and so is what becomes of each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchsim.engine.clock import WATCHED, Clock
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.scheduling.wait_causes import WaitAttribution
from batchsim.errors import StandstillError
from batchsim.recording import NOWHERE, WAITS_FOR
from batchsim.spec.workload import Workload

#: A run that has a time to go gets there if it would at this pace within so many looks.
MOST_LOOKS: Final = 1000


class Watchdog:
    """Looks whether a run gets on.

    Parameters
    ----------
    attribution : sequence of WaitAttribution
        Of each queue.
    until : float
        The time that the run has to go in any case: to the scenario's duration, and to its horizon.
    """

    def __init__(
        self,
        clock: Clock,
        workload: Workload,
        lifecycle: JobLifecycle,
        queues: Sequence[FifoQueue],
        attribution: Sequence[WaitAttribution],
        until: float,
    ) -> None:
        self._clock = clock
        self._workload = workload
        self._lifecycle = lifecycle
        self._queues = queues
        self._attribution = attribution
        self._until = until
        self._at = 0.0
        self._moved = self._moves()

    def _moves(self) -> tuple[int, int, int, int]:
        """Another one whenever a job came, waits, starts or ends."""
        lifecycle = self._lifecycle
        waiting = sum(queue.generation for queue in self._queues)
        return lifecycle.attempts.starts, len(lifecycle.running), lifecycle.table.admitted, waiting

    def look(self) -> None:
        """Look, after so many events as `WATCHED`, whether any of them moved a job.

        Raises
        ------
        StandstillError
            If none did, and the run has no time to go, or hardly gets on.
        """
        now, before, moves = self._clock.now, self._at, self._moves()
        moved, self._at, self._moved = moves != self._moved, now, moves
        left = self._until - now
        if moved or 0 < left <= MOST_LOOKS * (now - before):
            return
        passed = "no time passes" if now == before else f"nothing but time passes, since {before} s"
        what = self._clock.keeps_going()
        keeps = f": {what}, and the run is kept going" if what else ""
        raise StandstillError(f"no job has moved in {WATCHED:,} events, {passed}{keeps}", now, self._waiting(now))

    def _waiting(self, now: float) -> list[str]:
        """By queue which job can't move, why, and what would have to be different."""
        told = []
        for queue, attribution in zip(self._queues, self._attribution, strict=True):
            if queue.requests:
                job = queue.head(now)
                request = self._lifecycle.table.request[job]
                held = any(environment.can_hold[request] for environment in queue.environments)
                why, change = WAITS_FOR[attribution.cause_of_head] if held else NOWHERE
                told.append(f"{queue.name}: {self._job(job)} waits {why}; {change}")
        return told

    def _job(self, job: int) -> str:
        """A job's id."""
        work, table = self._workload, self._lifecycle.table
        row = job if table.origin is None else table.origin[job]
        name = f"{work.groups[work.group[row]].workflow}/{work.run[row]}/{work.job_names[work.job_name[row]]}"
        return name if work.array_index[row] < 0 else f"{name}:{work.array_index[row]}"
