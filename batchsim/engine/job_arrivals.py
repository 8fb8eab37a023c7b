"""Arrivals: jobs are SUBMITTED, and then RUNNABLE or PENDING (AWS Batch User Guide, *Job states*)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from batchsim.engine.agenda import Agenda
from batchsim.engine.job_lifecycle import JobStates
from batchsim.engine.job_table import PENDING, RUNNABLE, JobTable
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.recorder import Recorder

INFINITE: Final = float("inf")


class JobArrivals:
    """Takes jobs in when they arrive at the scheduler.

    Parameters
    ----------
    queues : sequence of FifoQueue
        The queue of each group of jobs.
    """

    def __init__(
        self,
        table: JobTable,
        agenda: Agenda,
        recorder: Recorder,
        states: JobStates,
        queues: Sequence[FifoQueue],
    ) -> None:
        self._table = table
        self._agenda = agenda
        self._recorder = recorder
        self._states = states
        self._queues = list(queues)
        self._closed: dict[int, tuple[int, list[tuple[float, bool]]]] = {}  # see `refuse`

    def expect(self) -> None:
        """Have the agenda wait for the first job."""
        if self._table.listed:
            self._agenda.reasons += 1
            self._expect(0)

    def expect_more(self, place: int, rows: int) -> None:
        """So many rows were put into the table before jobs that have not arrived: what is known of these moves."""
        table, listed = self._table, self._table.listed - rows  # of those that move
        self._states.moved(place, listed, rows)
        if table.admitted == listed:
            self._agenda.reasons += 1
        if table.admitted == place:
            self._expect(place)

    def admit(self, now: float) -> None:
        """Take in the jobs that have arrived."""
        table, agenda, states = self._table, self._agenda, self._states
        if table.any_dependencies or states.counted or states.cancelled or self._closed:
            self._admit_one_by_one(now)
        else:
            # Jobs that wait for no other are RUNNABLE when they arrive, and the pass was expected that looks at them.
            first = job = table.admitted
            rows, arrives_at, group, request, queues = (
                table.listed,
                table.arrives_at,
                table.group,
                table.request,
                self._queues,
            )
            while job < rows and arrives_at[job] <= now:
                queues[group[job]].add(job, request[job], False)
                job += 1
            states.made_runnable += job - first
            if job > first:
                states.last_runnable_at = arrives_at[job - 1]
            table.admitted = job
        if table.admitted == table.listed:
            agenda.reasons -= 1
            agenda.expect(INFINITE)
        elif table.any_dependencies:
            self._expect(table.admitted)
        else:
            agenda.expect(table.arrives_at[table.admitted])

    def _admit_one_by_one(self, now: float) -> None:
        table, states = self._table, self._states
        exact = self._agenda.arrival_is_exact
        while table.admitted < table.listed:
            job = table.admitted
            at = table.arrives_at[job]
            if at > now:
                break
            # Failing or completing cascades look at `admitted`, so it is moved before each job is looked at.
            table.admitted = job + 1
            queue = self._queues[table.group[job]]
            if states.counted:
                queue.submitted(job)
            if states.broken and job in states.broken:
                states.fail_dependent(job, at)
            elif self._closed and self._is_refused(queue, at):
                states.fail(job, self._closed[queue.index][0], at)
            elif states.cancelled and job in states.cancelled and table.open[job] == 0:
                states.fail(job, states.cancelled.pop(job), at)
            elif table.open[job] != 0:
                pass  # PENDING
            elif states.thought_at and job in states.thought_at:
                states.release(job, states.thought_at.pop(job), now)
            else:
                if table.status[job] == PENDING:
                    table.status[job] = RUNNABLE
                    table.runnable_at[job] = at
                states.made_runnable += 1
                states.last_runnable_at = at
                queue.add(job, table.request[job], False)
                if exact:
                    self._agenda.became_runnable(at)  # else a pass follows: the job was expected

    def _expect(self, job: int) -> None:
        """Have the agenda wait for a job."""
        if self._table.open[job] or job in self._states.broken or job in self._states.thought_at:
            self._agenda.expect_exactly(self._table.arrives_at[job])
        else:
            self._agenda.expect(self._table.arrives_at[job])

    def refuse(self, queue: FifoQueue, reason: str, states: list[tuple[float, bool]]) -> None:
        """Have a queue refuse jobs while it is DISABLED.

        Parameters
        ----------
        states : list of (float, bool)
            From when on jobs that arrive are accepted, or not; what is added to it holds too.
        """
        self._closed[queue.index] = self._recorder.reasons.code(reason), states

    def _is_refused(self, queue: FifoQueue, at: float) -> bool:
        known = self._closed.get(queue.index)
        if known is None:
            return False
        place = bisect_right(known[1], at, key=itemgetter(0)) - 1
        return place >= 0 and not known[1][place][1]

    def admit_until(self, ended_at: float) -> None:
        """Take in what arrived since anything happened, before the run's end."""
        if ended_at >= self._agenda.next_arrival_at:
            self.admit(ended_at)
