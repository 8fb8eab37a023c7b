"""Arrivals and dependencies: when a job becomes RUNNABLE, and what its end means for those that wait for it.

AWS Batch User Guide, *Job states*, *Job dependencies*, *Array jobs*.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from batchsim.engine.agenda import Agenda
from batchsim.engine.attempt import DEPENDENCY_FAILED
from batchsim.engine.event import Event
from batchsim.engine.job_table import FAILED, NAN, PENDING, RUNNABLE, SUCCEEDED, JobTable
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.recorder import Recorder

INFINITE: Final = float("inf")


class JobArrivals:
    """Takes jobs in, makes them RUNNABLE, and ends them.

    Parameters
    ----------
    queues : sequence of FifoQueue
        The queue of each group of jobs.

    Attributes
    ----------
    made_runnable : int
        How often a job became RUNNABLE.
    """

    def __init__(self, table: JobTable, agenda: Agenda, recorder: Recorder, queues: Sequence[FifoQueue]) -> None:
        self.made_runnable = 0
        self._table = table
        self._agenda = agenda
        self._recorder = recorder
        self._queues = list(queues)
        # Whether a queue has to know of every job that arrives and ends.
        self.counted = any(queue.counts_jobs for queue in queues)
        self._broken: dict[int, bool] = {}  # nodes with a failed dependency
        self._thought_at: dict[int, float] = {}  # when jobs that have not arrived have done their thinking
        self._cancelled: dict[int, int] = {}  # why jobs fail that are to be RUNNABLE, by reason
        self._closed: dict[int, tuple[int, list[tuple[float, bool]]]] = {}  # see `refuse`
        self._dependency_failed = recorder.reasons.code(DEPENDENCY_FAILED)

    def expect(self) -> None:
        """Have the agenda wait for the first job."""
        if self._table.listed:
            self._agenda.reasons += 1
            self._expect(0)

    def expect_more(self, place: int, rows: int) -> None:
        """So many rows were put into the table before jobs that have not arrived: what is known of these moves."""
        table, listed = self._table, self._table.listed - rows  # of those that move
        self._broken = {node + rows * (place <= node < listed): True for node in self._broken}
        self._cancelled = {job + rows * (place <= job): reason for job, reason in self._cancelled.items()}
        self._thought_at = {job + rows * (place <= job): at for job, at in self._thought_at.items()}
        if table.admitted == listed:
            self._agenda.reasons += 1
        if table.admitted == place:
            self._expect(place)

    def admit(self, now: float) -> None:
        """Take in the jobs that have arrived."""
        table, agenda = self._table, self._agenda
        if table.any_dependencies or self.counted or self._cancelled or self._closed:
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
            self.made_runnable += job - first
            table.admitted = job
        if table.admitted == table.listed:
            agenda.reasons -= 1
            agenda.expect(INFINITE)
        elif table.any_dependencies:
            self._expect(table.admitted)
        else:
            agenda.expect(table.arrives_at[table.admitted])

    def _admit_one_by_one(self, now: float) -> None:
        table = self._table
        exact = self._agenda.arrival_is_exact
        while table.admitted < table.listed:
            job = table.admitted
            at = table.arrives_at[job]
            if at > now:
                break
            # Failing or completing cascades look at `admitted`, so it is moved before each job is looked at.
            table.admitted = job + 1
            queue = self._queues[table.group[job]]
            if self.counted:
                queue.submitted(job)
            if self._broken and job in self._broken:
                self._fail_dependent(job, at)
            elif self._closed and self._is_refused(queue, at):
                self._fail(job, self._closed[queue.index][0], at)
            elif self._cancelled and job in self._cancelled and table.open[job] == 0:
                self._fail(job, self._cancelled.pop(job), at)
            elif table.open[job] != 0:
                pass  # PENDING
            elif self._thought_at and job in self._thought_at:
                self._released(job, self._thought_at.pop(job), now)
            else:
                if table.status[job] == PENDING:
                    table.status[job] = RUNNABLE
                    table.runnable_at[job] = at
                self.made_runnable += 1
                queue.add(job, table.request[job], False)
                if exact:
                    self._agenda.became_runnable(at)  # else a pass follows: the job was expected

    def _expect(self, job: int) -> None:
        """Have the agenda wait for a job."""
        if self._table.open[job] or job in self._broken or job in self._thought_at:
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

    def _fail(self, job: int, reason: int, at: float) -> None:
        """End a job that never is RUNNABLE."""
        self._table.runnable_at[job] = NAN
        self._table.explain(job, reason)
        self.finish(job, FAILED, at)

    def cancel_later(self, job: int, status_reason: str) -> None:
        """End a job that is SUBMITTED or PENDING, when what it depends on has ended (API CancelJob)."""
        self._cancelled.setdefault(job, self._recorder.reasons.code(status_reason))

    def _released(self, job: int, at: float, now: float) -> None:
        """Make a job that waits for no other any more RUNNABLE, at an instant that may have passed."""
        if self._cancelled and job in self._cancelled:
            self._fail(job, self._cancelled.pop(job), now)
        elif at <= now:
            self._runnable(job, max(at, self._table.arrives_at[job]))
        else:
            self._table.status[job] = PENDING
            self._agenda.at(at, self._thought, job)

    def _thought(self, event: Event) -> None:
        self._runnable(event.subject, event.at)

    def _thinks(self, node: int) -> float:
        """How long a node thinks after what it follows, whatever became of that; below 0 for AWS Batch's own."""
        think_s = self._table.think_s
        return think_s[node] if think_s is not None and node < self._table.rows else -1.0

    def _runnable(self, job: int, at: float) -> None:
        table = self._table
        table.status[job] = RUNNABLE
        table.runnable_at[job] = at
        self.enqueue(job, at, False)

    def enqueue(self, job: int, at: float, retried: bool) -> None:
        """Have a RUNNABLE job wait in its queue."""
        self.made_runnable += 1
        self._queues[self._table.group[job]].add(job, self._table.request[job], retried)
        self._agenda.became_runnable(at)

    def _fail_dependent(self, job: int, at: float) -> None:
        self._table.explain(job, self._dependency_failed)
        self.finish(job, FAILED, at)

    def cancel(self, job: int, status_reason: str, now: float) -> None:
        """End a RUNNABLE job; it is not retried (API CancelJob)."""
        self._table.explain(job, self._recorder.reasons.code(status_reason))
        self.finish(job, FAILED, now)

    def finish(self, job: int, status: int, now: float) -> None:
        """Enter a final state, and tell the nodes that wait for this one (a cascade, at one instant)."""
        table = self._table
        ended = [(job, status)]
        while ended:
            node, outcome = ended.pop()
            if node < table.rows:
                if outcome == SUCCEEDED:
                    table.status[node] = SUCCEEDED
                else:
                    table.fail(node, now)
                if self.counted:
                    self._queues[table.group[node]].finished(node, now)
            first, last = table.dependents_start[node], table.dependents_start[node + 1]
            for position in range(first, last):
                self._depended_on(table.dependents[position], outcome, now, ended)

    def _depended_on(self, dependent: int, outcome: int, now: float, ended: list[tuple[int, int]]) -> None:
        """A node that another waited for has ended; what ends by that is added to `ended`."""
        table = self._table
        table.open[dependent] -= 1
        if outcome == FAILED and self._thinks(dependent) < 0:
            self._broken[dependent] = True
        if dependent >= table.rows:
            # The parent of an array ends when all its children have (User Guide, *Array jobs*).
            if table.open[dependent] == 0:
                ended.append((dependent, FAILED if dependent in self._broken else SUCCEEDED))
        elif dependent >= table.admitted or table.status[dependent] != PENDING:
            if self._thinks(dependent) > 0:
                self._thought_at[dependent] = now + self._thinks(dependent)
        elif dependent in self._broken:
            table.explain(dependent, self._dependency_failed)
            # Marked now, so that a second failed dependency does not end it twice.
            table.status[dependent] = FAILED
            ended.append((dependent, FAILED))
        elif table.open[dependent] == 0:
            self._released(dependent, now + max(self._thinks(dependent), 0.0), now)

    def admit_until(self, ended_at: float) -> None:
        """Take in what arrived since anything happened, before the run's end."""
        if ended_at >= self._agenda.next_arrival_at:
            self.admit(ended_at)
