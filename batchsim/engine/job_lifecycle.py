"""The life of jobs: SUBMITTED → PENDING → RUNNABLE → STARTING → RUNNING → SUCCEEDED | FAILED, attempt by attempt.

What the end of an attempt means for its job, and the end of a job for those that wait for it. AWS Batch User Guide,
*Job states*, *Job dependencies*, *Array jobs*, *Automated job retries*, *Job timeouts*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchsim.engine.agenda import CHANGE, Agenda
from batchsim.engine.attempt import DEPENDENCY_FAILED, KILLED, NO_EXIT_CODE, Attempt, RunningAttempts
from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.event import Event
from batchsim.engine.job_table import FAILED, NAN, PENDING, RUNNABLE, SUCCEEDED, JobTable
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.recorder import FLUSHED, Recorder
from batchsim.engine.retries import is_retried
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.recording import EXITED, FAILED_TO_START
from batchsim.spec.workload import Workload


class JobStates:
    """Makes jobs RUNNABLE, and ends them, with what that means for those that wait for them.

    Parameters
    ----------
    queues : sequence of FifoQueue
        The queue of each group of jobs.

    Attributes
    ----------
    made_runnable : int
        How often a job became RUNNABLE.
    last_runnable_at : float
        When one last did.
    counted : bool
        Whether a queue has to know of every job that arrives and ends.
    broken : dict of int to bool
        Nodes with a failed dependency.
    thought_at : dict of int to float
        When jobs that have not arrived have done their thinking.
    cancelled : dict of int to int
        Why jobs fail that are to be RUNNABLE, by reason.
    """

    def __init__(self, table: JobTable, agenda: Agenda, recorder: Recorder, queues: Sequence[FifoQueue]) -> None:
        self.made_runnable = 0
        self.last_runnable_at = 0.0
        self.counted = any(queue.counts_jobs for queue in queues)
        self.broken: dict[int, bool] = {}
        self.thought_at: dict[int, float] = {}
        self.cancelled: dict[int, int] = {}
        self._thinking: dict[int, Event] = {}  # when they are RUNNABLE whose dependencies have ended, by job
        self._table = table
        self._agenda = agenda
        self._recorder = recorder
        self._queues = list(queues)
        self._dependency_failed = recorder.reasons.code(DEPENDENCY_FAILED)

    def cancel_later(self, jobs: Sequence[int], status_reason: str, now: float) -> None:
        """End jobs that are SUBMITTED or PENDING, when what they depend on has ended (API CancelJob)."""
        if not jobs:
            return
        reason = self._recorder.reasons.code(status_reason)
        # Those that wait for others first: what waits for nothing more ends now, and they with it.
        for job in jobs:
            if job not in self._thinking:
                self.cancelled.setdefault(job, reason)
        for job in jobs:
            if job in self._thinking:
                self._agenda.cancel(self._thinking.pop(job))
                self.fail(job, reason, now)

    def release(self, job: int, at: float, now: float) -> None:
        """Make a job that waits for no other any more RUNNABLE, at an instant that may have passed."""
        if self.cancelled and job in self.cancelled:
            self.fail(job, self.cancelled.pop(job), now)
        elif at <= now:
            self._runnable(job, max(at, self._table.arrives_at[job]))
        else:
            self._table.status[job] = PENDING
            self._thinking[job] = self._agenda.at(at, self._thought, job)

    def _thought(self, event: Event) -> None:
        del self._thinking[event.subject]
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
        self.last_runnable_at = at
        self._queues[self._table.group[job]].add(job, self._table.request[job], retried)
        if not self._agenda.room_comes:
            self._agenda.became_runnable(at)

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
            self.broken[dependent] = True
        if dependent >= table.rows:
            # The parent of an array ends when all its children have (User Guide, *Array jobs*).
            if table.open[dependent] == 0:
                ended.append((dependent, FAILED if dependent in self.broken else SUCCEEDED))
        elif dependent >= table.admitted or table.status[dependent] != PENDING:
            if self._thinks(dependent) > 0:
                self.thought_at[dependent] = now + self._thinks(dependent)
        elif dependent in self.broken:
            table.explain(dependent, self._dependency_failed)
            # Marked now, so that a second failed dependency does not end it twice.
            table.status[dependent] = FAILED
            ended.append((dependent, FAILED))
        elif table.open[dependent] == 0:
            self.release(dependent, now + max(self._thinks(dependent), 0.0), now)

    def fail(self, job: int, reason: int, at: float) -> None:
        """End a job that never is RUNNABLE."""
        self._table.runnable_at[job] = NAN
        self._table.explain(job, reason)
        self.finish(job, FAILED, at)

    def fail_dependent(self, job: int, at: float) -> None:
        """End a job because one that it depends on failed."""
        self._table.explain(job, self._dependency_failed)
        self.finish(job, FAILED, at)

    def moved(self, place: int, listed: int, rows: int) -> None:
        """So many rows were put into the table before others: what is known of these moves.

        Parameters
        ----------
        place, listed : int
            From which row on, and to which, rows move.
        """
        self.broken = {node + rows * (place <= node < listed): True for node in self.broken}
        self.cancelled = {job + rows * (place <= job): reason for job, reason in self.cancelled.items()}
        self.thought_at = {job + rows * (place <= job): at for job, at in self.thought_at.items()}


class JobLifecycle:
    """What the end of an attempt means for its job.

    Parameters
    ----------
    states : JobStates
        What makes jobs RUNNABLE, and ends them.
    queues : sequence of FifoQueue
        The queue of each group of jobs.
    resources : ConsumableResources
        What jobs lock while they run.
    stop_s : float
        Time from SIGTERM to the container's end, if SIGKILL does not come before.

    Attributes
    ----------
    attempts : RunningAttempts
        Those that run.
    environments : list of SimulatedEnvironment
        By their place in the configuration; they are added when they are made.
    running : dict of int to Attempt
        The attempts that have begun and not ended, by job.
    """

    def __init__(
        self,
        workload: Workload,
        table: JobTable,
        agenda: Agenda,
        recorder: Recorder,
        states: JobStates,
        queues: Sequence[FifoQueue],
        resources: ConsumableResources,
        stop_s: float,
    ) -> None:
        code = recorder.reasons.code
        self.table = table
        self.states = states
        self.attempts = RunningAttempts(
            workload, table, agenda.upcoming, agenda.numbers, self._attempt_ended, code, CHANGE, stop_s
        )
        self.running = agenda.running = self.attempts.running
        self.environments: list[SimulatedEnvironment] = []
        self._workload = workload
        self._agenda = agenda
        self._recorder = recorder
        self._ended = recorder.ended
        self._resources = resources
        self._queues = list(queues)
        self._wanted = [group.consumables for group in workload.groups]
        # Whether anybody has to know that an attempt ended; and whether the end of a job is nobody else's matter.
        self._told = any(queue.counts_use for queue in queues) or any(self._wanted)
        self._independent = not states.counted and not table.any_dependencies
        self._stopping: dict[int, Event] = {}  # when attempts end that were terminated, by job

    # Attempts

    def _attempt_ended(self, event: Any) -> None:
        attempt: Attempt = event
        now, agenda, environment = attempt.at, self._agenda, attempt.environment
        # As `Agenda.begin`, and below as `room_freed`, but without a call for every attempt.
        agenda.now = now
        if now >= agenda.next_arrival_at:
            agenda.on_arrivals(now)
        self.environments[environment].stop(attempt, now)
        # Jobs that follow are looked at now, if this environment is for them, and need no regular pass.
        runnable = self.states.made_runnable
        agenda.room_comes = True
        self._end(attempt, now, "")
        agenda.room_comes = False
        for queue in agenda.attached[environment]:
            if queue.requests:
                queue.changed = agenda.pass_due = True
        if not agenda.pass_due and self.states.made_runnable != runnable:
            agenda.became_runnable(now)
        if agenda.pass_due or not (self.running or agenda.reasons):
            agenda.finish(now)

    def interrupt(self, attempt: Attempt, status_reason: str, exit_code: int, now: float) -> None:
        """End an attempt because its host is taken away, with `exit_code` or NO_EXIT_CODE."""
        attempt.cut_short(now)
        if self._stopping and attempt.job in self._stopping:
            self._agenda.cancel(self._stopping[attempt.job])
            self._end(attempt, now, status_reason)
            return
        self._agenda.cancel(attempt)
        attempt.timed_out = False  # it would have, later
        attempt.exit_code = exit_code
        attempt.reason = self._recorder.reasons.code(status_reason)
        self._end(attempt, now, status_reason)

    def terminate(self, attempt: Attempt, status_reason: str, now: float) -> None:
        """Have an attempt end, whose job is not retried (API TerminateJob).

        A container that runs gets SIGTERM, and ends as it does then, or is killed after its ``stopTimeout``; one that
        has not begun is not started. An attempt that ends by itself now does so.
        """
        if attempt.at <= now or attempt.job in self._stopping:
            return
        runs = attempt.started_at <= now
        stop_at = min(attempt.at, now + self.attempts.stop_s(attempt.job)) if runs else now
        self._agenda.cancel(attempt)
        attempt.timed_out = False
        attempt.exit_code = KILLED if runs else NO_EXIT_CODE
        attempt.reason = self._recorder.reasons.code(status_reason)
        self._stopping[attempt.job] = self._agenda.at(stop_at, self._stopped, attempt)

    def _stopped(self, event: Event) -> None:
        attempt: Attempt = event.subject
        attempt.cut_short(event.at)
        self.environments[attempt.environment].stop(attempt, event.at)
        self._end(attempt, event.at, "")
        self._agenda.room_freed(attempt.environment)

    def _end(self, attempt: Attempt, now: float, interruption: str) -> None:
        job = attempt.job
        del self.running[job]
        table = self.table
        if self._told:
            self._tell(table.group[job], job, now)
        succeeded = attempt.exit_code == 0 and not attempt.timed_out and not interruption
        attempt.status = SUCCEEDED if succeeded else FAILED
        self._ended.append(attempt)
        if len(self._ended) >= FLUSHED:
            self._recorder.flush()
        if succeeded:
            if self._independent:
                table.status[job] = SUCCEEDED
            else:
                self.states.finish(job, SUCCEEDED, now)
            return
        table.explain(job, attempt.reason)
        if self._retries(attempt, interruption):
            self.attempts.retried(attempt, now)
            table.status[job] = RUNNABLE
            self.states.enqueue(job, now, True)
        else:
            self.states.finish(job, FAILED, now)

    def _tell(self, group: int, job: int, now: float) -> None:
        """A job runs no more: its queue has to know, and what it locked is free."""
        self._queues[group].stopped(job, now)
        wanted = self._wanted[group]
        if wanted and self._resources.release(wanted):
            self._agenda.resources_freed()

    def _retries(self, attempt: Attempt, interruption: str) -> bool:
        """Whether a failed attempt is followed by another.

        A job that its timeout ended, or TerminateJob, is never retried (API RegisterJobDefinitionRequest.retryStrategy,
        TerminateJob).
        """
        if self._stopping and self._stopping.pop(attempt.job, None) is not None:
            return False
        group = self._workload.groups[self.table.group[attempt.job]]
        if attempt.timed_out or attempt.number >= group.attempts:
            return False
        return is_retried(
            group.evaluate_on_exit,
            exit_code=attempt.exit_code if attempt.exit_code >= 0 else None,
            reason=None if interruption else group.failure_reason,
            status_reason=interruption or (FAILED_TO_START if group.fails_to_start else EXITED),
        )

    @property
    def progress(self) -> int:
        """How often a job has become RUNNABLE, or begun an attempt."""
        return self.states.made_runnable + self.attempts.starts

    @property
    def last_progress_at(self) -> float:
        """When a job last did one of these."""
        return max(self.states.last_runnable_at, self.attempts.last_start_at)
