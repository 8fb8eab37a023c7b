"""The life of jobs: SUBMITTED → PENDING → RUNNABLE → STARTING → RUNNING → SUCCEEDED | FAILED, attempt by attempt.

AWS Batch User Guide, *Job states*, *Job dependencies*, *Array jobs*, *Automated job retries*, *Job timeouts*. One event
per attempt: when an attempt is placed, its pull, start and end are known, unless its host is taken away first.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappush
from typing import Any, Final

from batchsim.engine.agenda import CHANGE, Agenda
from batchsim.engine.attempt import KILLED, NO_EXIT_CODE, TIMED_OUT, Attempt
from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.event import Callbacks, Event
from batchsim.engine.job_arrivals import JobArrivals
from batchsim.engine.job_table import FAILED, RUNNABLE, SUCCEEDED, JobTable
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.recorder import FLUSHED, NAN, Recorder
from batchsim.engine.retries import is_retried
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.recording import EXITED, FAILED_TO_START
from batchsim.spec.ids import EnvironmentId
from batchsim.spec.workload import Workload

INFINITE: Final = float("inf")


class JobLifecycle:
    """What becomes of a job that is started, until its last attempt has ended.

    Parameters
    ----------
    arrivals : JobArrivals
        What makes jobs RUNNABLE, and ends them.
    queues : sequence of FifoQueue
        The queue of each group of jobs.
    resources : ConsumableResources
        What jobs lock while they run.
    stop_s : float
        Time from SIGTERM to the container's end, if SIGKILL does not come before.

    Attributes
    ----------
    environments : list of SimulatedEnvironment
        By their place in the configuration; they are added when they are made.
    running : dict of int to Attempt
        The attempts that have begun and not ended, by job.
    last_start_at : float
        When an attempt was last begun.
    starts : int
        How many attempts have been begun.
    ended_attempts : dict of int to int
        How many attempts a job has behind it, where it is one that was retried.
    """

    def __init__(
        self,
        workload: Workload,
        table: JobTable,
        agenda: Agenda,
        recorder: Recorder,
        arrivals: JobArrivals,
        queues: Sequence[FifoQueue],
        resources: ConsumableResources,
        stop_s: float,
    ) -> None:
        self.table = table
        self.environments: list[SimulatedEnvironment] = []
        self.running: dict[int, Attempt] = {}
        self.last_start_at = 0.0
        self.starts = 0
        self._workload = workload
        self._agenda = agenda
        self._arrivals = arrivals
        self._recorder = recorder
        self._ended = recorder.ended
        self._resources = resources
        self._upcoming, self._numbers = agenda.upcoming, agenda.numbers
        self._ended_callbacks: Callbacks = [self._attempt_ended]
        # By group, in columns that are looked at for every attempt.
        groups = workload.groups
        self._queues = list(queues)
        self._timeout_s = [INFINITE if group.timeout_s is None else group.timeout_s for group in groups]
        self._stop_s = [min(stop_s, group.stop_timeout_s) for group in groups]
        self._fails_to_start = [group.fails_to_start for group in groups]
        self._wanted = [group.consumables for group in groups]
        self._counted = arrivals.counted
        # Whether the end of a job is nobody else's matter.
        self._independent = not arrivals.counted and not table.any_dependencies
        self._runnable_since: dict[int, float] = {}  # only of jobs on a later attempt
        self.ended_attempts: dict[int, int] = {}
        self._stopping: dict[int, Event] = {}  # when attempts end that were terminated, by job
        code = recorder.reasons.code
        self._exited, self._timed_out = code(EXITED), code(TIMED_OUT)
        self._failed_to_start = code(FAILED_TO_START)

    # Attempts

    def begin(
        self,
        job: int,
        environment: EnvironmentId,
        instance: int,
        now: float,
        pull_at: float,
        started_at: float,
        nodes: tuple[int, ...] = (),
    ) -> Attempt:
        """Begin the next attempt of a job, placed now."""
        table, number = self.table, 1
        group = table.group[job]
        if self.ended_attempts and job in self.ended_attempts:
            number += self.ended_attempts[job]
            row = job if table.origin is None else table.origin[job]
            runtime_s, exit_code = self._workload.later_attempt(row, number)
            runnable_at = self._runnable_since.pop(job)
        else:
            runtime_s, exit_code = table.runtime_s[job], table.exit_code[job]
            runnable_at = table.runnable_at[job]
        timeout_s = self._timeout_s[group]
        timed_out, reason = False, self._exited
        if exit_code and self._fails_to_start[group]:
            stopped_at, started_at = started_at, NAN
            exit_code, reason = NO_EXIT_CODE, self._failed_to_start
        elif runtime_s > timeout_s:
            stopped_at = started_at + timeout_s + self._stop_s[group]
            exit_code, reason, timed_out = KILLED, self._timed_out, True
        else:
            stopped_at = started_at + runtime_s
        attempt = Attempt(
            stopped_at,
            self._ended_callbacks,
            job,
            number,
            environment,
            instance,
            nodes,
            runnable_at,
            now,
            pull_at,
            started_at,
            exit_code,
            reason,
            timed_out,
        )
        self._agenda.reasons += 1
        heappush(self._upcoming, (stopped_at, CHANGE, next(self._numbers), attempt))
        self.running[job] = attempt
        self.last_start_at = now
        self.starts += 1
        return attempt

    def _attempt_ended(self, event: Any) -> None:
        attempt: Attempt = event
        now, agenda, environment = attempt.at, self._agenda, attempt.environment
        # As `Agenda.begin`, and below as `room_freed`, but without a call for every attempt.
        agenda.now = now
        if now >= agenda.next_arrival_at:
            self._arrivals.admit(now)
        agenda.reasons -= 1
        self.environments[environment].stop(attempt, now)
        # Jobs that follow are looked at now, if this environment is for them, and need no regular pass.
        runnable = self._arrivals.made_runnable
        agenda.room_comes = True
        self._end(attempt, now, "")
        agenda.room_comes = False
        for queue in agenda.attached[environment]:
            if queue.requests:
                queue.changed = agenda.pass_due = True
        if not agenda.pass_due and self._arrivals.made_runnable != runnable:
            agenda.became_runnable(now)
        if agenda.pass_due or not agenda.reasons:
            agenda.finish(now)

    def stop_s(self, job: int) -> float:
        """From SIGTERM to the end of a job's containers: as long as they take, until SIGKILL (API stopTimeout)."""
        return self._stop_s[self.table.group[job]]

    def interrupt(self, attempt: Attempt, status_reason: str, exit_code: int, now: float) -> None:
        """End an attempt because its host is taken away, with `exit_code` or NO_EXIT_CODE."""
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
        stop_at = min(attempt.at, now + self.stop_s(attempt.job)) if runs else now
        self._agenda.cancel(attempt)
        attempt.timed_out = False
        attempt.exit_code = KILLED if runs else NO_EXIT_CODE
        attempt.reason = self._recorder.reasons.code(status_reason)
        self._stopping[attempt.job] = self._agenda.at(stop_at, self._stopped, attempt)

    def _stopped(self, event: Event) -> None:
        attempt: Attempt = event.subject
        self.environments[attempt.environment].stop(attempt, event.at)
        self._end(attempt, event.at, "")
        self._agenda.room_freed(attempt.environment)

    def _end(self, attempt: Attempt, now: float, interruption: str) -> None:
        job = attempt.job
        del self.running[job]
        attempt.stopped_at = now
        table = self.table
        group = table.group[job]
        if self._counted:
            self._queues[group].stopped(job, now)
        wanted = self._wanted[group]
        if wanted and self._resources.release(wanted):
            self._agenda.resources_freed()
        succeeded = attempt.exit_code == 0 and not attempt.timed_out and not interruption
        attempt.status = SUCCEEDED if succeeded else FAILED
        self._ended.append(attempt)
        if len(self._ended) >= FLUSHED:
            self._recorder.flush()
        if succeeded:
            if self._independent:
                table.status[job] = SUCCEEDED
            else:
                self._arrivals.finish(job, SUCCEEDED, now)
            return
        table.explain(job, attempt.reason)
        if self._retries(attempt, interruption):
            self.ended_attempts[job] = attempt.number
            self._runnable_since[job] = now
            table.status[job] = RUNNABLE
            self._arrivals.enqueue(job, now, True)
        else:
            self._arrivals.finish(job, FAILED, now)

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
        return self._arrivals.made_runnable + self.starts
