"""The life of jobs: SUBMITTED → PENDING → RUNNABLE → STARTING → RUNNING → SUCCEEDED | FAILED, attempt by attempt.

AWS Batch User Guide, *Job states*, *Job dependencies*, *Array jobs*, *Automated job retries*, *Job timeouts*. One event
per attempt: when an attempt is placed, its pull, start and end are known, unless its host is taken away first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from batchsim.engine.attempt import DEPENDENCY_FAILED, KILLED, NO_EXIT_CODE, TIMED_OUT, Attempt
from batchsim.engine.clock import Alarm, Clock
from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.recorder import NAN, Recorder
from batchsim.engine.retries import is_retried
from batchsim.recording import EXITED, FAILED_TO_START, Status
from batchsim.spec.workload import Workload

# As plain integers, which cost less to store and compare than members of an enumeration.
PENDING: Final = int(Status.PENDING)
RUNNABLE: Final = int(Status.RUNNABLE)
STARTING: Final = int(Status.STARTING)
RUNNING: Final = int(Status.RUNNING)
SUCCEEDED: Final = int(Status.SUCCEEDED)
FAILED: Final = int(Status.FAILED)


def _floats(column: NDArray[np.float64]) -> memoryview[float]:
    """A column as Python floats: a memory view gives scalars several times faster than an array does."""
    return cast("memoryview[float]", memoryview(cast("Any", np.asarray(column, np.float64))))


def _ints(column: NDArray[Any], dtype: type[np.signedinteger[Any]] = np.int32) -> memoryview[int]:
    """A column as Python integers."""
    return cast("memoryview[int]", memoryview(cast("Any", np.asarray(column, dtype))))


class Jobs:
    """State of every job, and what moves it on.

    Parameters
    ----------
    workload : Workload
        What is submitted when.
    clock, recorder
        Where it happens and where it is noted.
    admit_s : float
        Time in SUBMITTED before the scheduler looks at a job.
    stop_s : float
        Time from SIGTERM to the container's end, if SIGKILL does not come before.
    """

    def __init__(self, workload: Workload, clock: Clock, recorder: Recorder, *, admit_s: float, stop_s: float) -> None:
        self._workload = workload
        self._clock = clock
        self._recorder = recorder
        self._admit_s = admit_s
        self._stop_s = stop_s
        #: Called with a job that became RUNNABLE, and whether it is a retry; set by the scheduler.
        self.on_runnable: Callable[[int, bool], None]
        #: Called with a job that was submitted, whose attempt ended, that is in a final state: only where a queue or a
        #: resource has to know.
        self.on_submitted: Callable[[int], None] | None = None
        self.on_stopped: Callable[[int], None] | None = None
        self.on_finished: Callable[[int], None] | None = None
        #: Called with an environment in which an attempt ended; set by the scheduler.
        self.on_freed: Callable[[SimulatedEnvironment], None]
        self._rows = len(workload)
        self._submitted_at = _floats(workload.submitted_at)
        self._runtime_s = _floats(workload.runtime_s)
        self._exit_code = _ints(workload.exit_code)
        self.group = _ints(workload.group)
        self.shape = _ints(workload.shape)
        self._open = _ints(workload.open_dependencies.copy())
        self._dependents = _ints(workload.dependents)
        self._dependents_start = _ints(workload.dependents_start, np.int64)
        self._broken: dict[int, bool] = {}  # nodes with a failed dependency
        self._think_s = None if workload.think_s is None else _floats(workload.think_s)
        self._thought_at: dict[int, float] = {}  # when jobs that are not yet admitted have done their thinking
        self._admitted = 0
        self._runnable_since: dict[int, float] = {}  # only of jobs on a later attempt
        self._attempts: dict[int, int] = {}  # attempts ended, only of jobs that were retried
        self.running: dict[int, Attempt] = {}
        #: When an attempt was last begun.
        self.last_start_at = 0.0
        #: How many attempts have been begun.
        self.starts = 0
        self._exited = recorder.reasons.code(EXITED)
        self._timed_out = recorder.reasons.code(TIMED_OUT)
        self._failed_to_start = recorder.reasons.code(FAILED_TO_START)
        self._dependency_failed = recorder.reasons.code(DEPENDENCY_FAILED)

    # Submission and dependencies

    def submit(self) -> None:
        """Set the clock for the first submission."""
        if self._rows:
            self._clock.at(self._submitted_at[0] + self._admit_s, self._admit)

    def _admit(self, alarm: Alarm) -> None:
        now, job = self._clock.now, self._admitted
        submitted_at, admit_s = self._submitted_at, self._admit_s
        while True:
            # Failing or completing cascades look at `_admitted`, so it is moved before each job is looked at.
            self._admitted = job + 1
            if self.on_submitted is not None:
                self.on_submitted(job)
            if self._open[job] == 0 and job not in self._broken:
                if self._thought_at:
                    self._released(job, self._thought_at.pop(job, now))
                else:
                    self._runnable(job)
            elif job in self._broken:
                self._fail_dependent(job)
            else:
                self._recorder.status[job] = PENDING
            job += 1
            if job == self._rows:
                break
            upcoming = submitted_at[job] + admit_s
            if upcoming > now:
                alarm.action = self._admit
                self._clock.set(alarm, upcoming)
                break

    def _released(self, job: int, at: float) -> None:
        """Make a job that waits for no other any more RUNNABLE, at an instant that may have passed."""
        if at <= self._clock.now:
            self._runnable(job)
        else:
            self._recorder.status[job] = PENDING
            self._clock.at(at, self._thought, job)

    def _thought(self, alarm: Alarm) -> None:
        self._runnable(alarm.subject)

    def _thinks(self, node: int) -> float:
        """How long a node thinks after what it follows, whatever became of that; below 0 for AWS Batch's own."""
        return self._think_s[node] if self._think_s is not None and node < self._rows else -1.0

    def _runnable(self, job: int) -> None:
        self._recorder.status[job] = RUNNABLE
        self._recorder.runnable_at[job] = self._clock.now
        self.on_runnable(job, False)

    def _fail_dependent(self, job: int) -> None:
        self._recorder.reason[job] = self._dependency_failed
        self._finish(job, FAILED)

    def cancel(self, job: int, status_reason: str) -> None:
        """End a RUNNABLE job; it is not retried (API CancelJob)."""
        self._recorder.reason[job] = self._recorder.reasons.code(status_reason)
        self._finish(job, FAILED)

    def _finish(self, job: int, status: int) -> None:
        """Enter a final state, and tell the nodes that wait for this one (a cascade, at one instant)."""
        recorder, now = self._recorder, self._clock.now
        ended = [(job, status)]
        while ended:
            node, outcome = ended.pop()
            if node < self._rows:
                recorder.status[node] = outcome
                recorder.stopped_at[node] = now
                if self.on_finished is not None:
                    self.on_finished(node)
            for position in range(self._dependents_start[node], self._dependents_start[node + 1]):
                dependent = self._dependents[position]
                self._open[dependent] -= 1
                if outcome == FAILED and self._thinks(dependent) < 0:
                    self._broken[dependent] = True
                if dependent >= self._rows:
                    # The parent of an array ends when all its children have (User Guide, *Array jobs*).
                    if self._open[dependent] == 0:
                        ended.append((dependent, FAILED if dependent in self._broken else SUCCEEDED))
                elif dependent >= self._admitted or recorder.status[dependent] != PENDING:
                    if self._thinks(dependent) > 0:
                        self._thought_at[dependent] = now + self._thinks(dependent)
                elif dependent in self._broken:
                    recorder.reason[dependent] = self._dependency_failed
                    # Marked now, so that a second failed dependency does not end it twice.
                    recorder.status[dependent] = FAILED
                    ended.append((dependent, FAILED))
                elif self._open[dependent] == 0:
                    self._released(dependent, now + max(self._thinks(dependent), 0.0))

    # Attempts

    def start(
        self,
        job: int,
        station: SimulatedEnvironment,
        instance: int,
        pull_at: float,
        started_at: float,
        nodes: tuple[int, ...] = (),
    ) -> Attempt:
        """Begin the next attempt of a job, placed now."""
        number = self.attempts_begun(job) + 1
        recorder = self._recorder
        if number == 1:
            runtime_s, exit_code = self._runtime_s[job], self._exit_code[job]
            runnable_at = recorder.runnable_at[job]
        else:
            runtime_s, exit_code = self._workload.later_attempt(job, number)
            runnable_at = self._runnable_since.pop(job)
        group = self._workload.groups[self.group[job]]
        timeout_s = group.timeout_s
        timed_out = timeout_s is not None and runtime_s > timeout_s
        reason = self._exited
        if exit_code and group.fails_to_start:
            stopped_at, started_at = started_at, NAN
            exit_code, timed_out, reason = NO_EXIT_CODE, False, self._failed_to_start
        elif timeout_s is not None and timed_out:
            stopped_at = started_at + timeout_s + self.stop_s(job)
            exit_code, reason = KILLED, self._timed_out
        else:
            stopped_at = started_at + runtime_s
        now = self._clock.now
        attempt = Attempt(
            self._stopped,
            job,
            number,
            station,
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
        self._clock.set(attempt, stopped_at)
        recorder.status[job] = STARTING
        self.running[job] = attempt
        self.last_start_at = now
        self.starts += 1
        return attempt

    def _stopped(self, alarm: Alarm) -> None:
        attempt = cast("Attempt", alarm)
        attempt.station.release(attempt)
        self._end(attempt, None)
        self.on_freed(attempt.station)

    def stop_s(self, job: int) -> float:
        """From SIGTERM to the end of a job's containers: as long as they take, until SIGKILL (API stopTimeout)."""
        return min(self._stop_s, self._workload.groups[self.group[job]].stop_timeout_s)

    def interrupt(self, attempt: Attempt, status_reason: str, exit_code: int) -> None:
        """End an attempt because its host is taken away, with `exit_code` or NO_EXIT_CODE.

        The host's environment tells the scheduler what that changes.
        """
        self._clock.cancel(attempt)
        attempt.timed_out = False  # it would have, later
        attempt.exit_code = exit_code
        attempt.reason = self._recorder.reasons.code(status_reason)
        self._end(attempt, status_reason)

    def _end(self, attempt: Attempt, interruption: str | None) -> None:
        job, now = attempt.job, self._clock.now
        del self.running[job]
        if self.on_stopped is not None:
            self.on_stopped(job)
        succeeded = attempt.exit_code == 0 and not attempt.timed_out and interruption is None
        self._recorder.attempt(attempt, SUCCEEDED if succeeded else FAILED, now)
        self._recorder.reason[job] = attempt.reason
        if succeeded:
            self._finish(job, SUCCEEDED)
            return
        group = self._workload.groups[self.group[job]]
        # A job that its timeout ended is never retried (API RegisterJobDefinitionRequest.retryStrategy).
        if (
            not attempt.timed_out
            and attempt.number < group.attempts
            and is_retried(
                group.evaluate_on_exit,
                exit_code=attempt.exit_code if attempt.exit_code >= 0 else None,
                reason=None if interruption else group.failure_reason,
                status_reason=interruption or (FAILED_TO_START if group.fails_to_start else EXITED),
            )
        ):
            self._attempts[job] = attempt.number
            self._runnable_since[job] = now
            self._recorder.status[job] = RUNNABLE
            self.on_runnable(job, True)
        else:
            self._finish(job, FAILED)

    def close(self, ended_at: float) -> None:
        """Record the attempts that the end of the run cut off, and the state that their jobs were in."""
        for job in sorted(self.running):
            attempt = self.running[job]
            status = RUNNING if attempt.started_at <= ended_at else STARTING
            self._recorder.status[job] = status
            self._recorder.cut_off(attempt, status, ended_at)

    def attempts_begun(self, job: int) -> int:
        """How many attempts a waiting job has behind it."""
        return self._attempts.get(job, 0)
