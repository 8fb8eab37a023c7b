"""Attempts of jobs: how they begin, and what each of them comes to unless its host is taken away first.

AWS Batch User Guide, *Job states*, *Job timeouts*, *Automated job retries*. One event per attempt: when it is placed,
its pull, start and end are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappush
from typing import Any, Final

from batchsim.engine.event import Callbacks, Event
from batchsim.engine.job_table import JobTable
from batchsim.recording import EXITED, FAILED_TO_START
from batchsim.spec.ids import EnvironmentId
from batchsim.spec.workload import Workload

#: Observed wording of AWS Batch; see the reference's section on status reasons.
TIMED_OUT = "Job attempt duration exceeded timeout"
HOST_TERMINATED = "Host EC2 (instance {instance}) terminated."
DEPENDENCY_FAILED = "Dependent Job failed"
#: What a container that is killed exits with: 128 + SIGKILL.
KILLED: Final = 137
NO_EXIT_CODE: Final = -1
NAN: Final = float("nan")
INFINITE: Final = float("inf")


class Attempt(Event):
    """One attempt of a job, from STARTING to its end, and the event that its end is.

    Attributes
    ----------
    at : float
        When it ends, or has ended.
    environment : int
        Its place in the configuration.
    instance : int
        Number of the EC2 instance, -1 where there is none.
    nodes : tuple of int
        Instances of a multi-node job beyond the main node's.
    status : int
        SUCCEEDED or FAILED when it has ended, or the state that the end of the run found it in.
    """

    __slots__ = (
        "environment",
        "exit_code",
        "instance",
        "job",
        "nodes",
        "number",
        "pull_at",
        "reason",
        "runnable_at",
        "started_at",
        "starting_at",
        "status",
        "timed_out",
    )

    def __init__(
        self,
        at: float,
        callbacks: Callbacks,
        job: int,
        number: int,
        environment: EnvironmentId,
        instance: int,
        nodes: tuple[int, ...],
        runnable_at: float,
        starting_at: float,
        pull_at: float,
        started_at: float,
        exit_code: int,
        reason: int,
        timed_out: bool,
    ) -> None:
        self._ok = True
        self.at = at
        self.callbacks = callbacks
        self.action = None
        self.subject = None
        self.essential = False  # that it runs keeps the run going
        self.job = job
        self.number = number
        self.environment = environment
        self.instance = instance
        self.nodes = nodes
        self.runnable_at = runnable_at
        self.starting_at = starting_at
        self.pull_at = pull_at
        self.started_at = started_at
        self.exit_code = exit_code
        self.reason = reason
        self.timed_out = timed_out
        self.status = 0

    def cut_short(self, at: float) -> None:
        """End it before its time: of what was still to come nothing happened."""
        self.at = at
        if self.started_at > at:
            self.started_at = NAN
        if self.pull_at > at:
            self.pull_at = NAN


class RunningAttempts:
    """The attempts that run, and how they begin.

    Parameters
    ----------
    upcoming, numbers
        SimPy's queue, and its numbers of events (`batchsim.engine.clock.Clock`).
    on_end : callable
        Called with each attempt when it ends.
    reason : callable
        The number of a status reason.
    change : int
        The phase of an instant in which attempts end.
    stop_s : float
        Time from SIGTERM to the container's end, if SIGKILL does not come before.

    Attributes
    ----------
    running : dict of int to Attempt
        The attempts that have begun and not ended, by job.
    behind : dict of int to int
        How many attempts a job has behind it, where it was retried.
    last_start_at : float
        When an attempt was last begun.
    starts : int
        How many have been begun.
    """

    def __init__(
        self,
        workload: Workload,
        table: JobTable,
        upcoming: list[Any],
        numbers: Iterator[int],
        on_end: Callable[[Any], None],
        reason: Callable[[str], int],
        change: int,
        stop_s: float,
    ) -> None:
        self.running: dict[int, Attempt] = {}
        self.behind: dict[int, int] = {}
        self.last_start_at = 0.0
        self.starts = 0
        self._workload = workload
        self._table = table
        self._group = table.group
        self._upcoming, self._numbers = upcoming, numbers
        self._callbacks: Callbacks = [on_end]
        self._change = change
        self._exited, self._timed_out, self._not_started = reason(EXITED), reason(TIMED_OUT), reason(FAILED_TO_START)
        self._runnable_since: dict[int, float] = {}  # of jobs that were retried
        # By group, in columns that are looked at for every attempt.
        groups = workload.groups
        self._timeout_s = [INFINITE if group.timeout_s is None else group.timeout_s for group in groups]
        self._stop_s = [min(stop_s, group.stop_timeout_s) for group in groups]
        self._fails_to_start = [group.fails_to_start for group in groups]

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
        table, number = self._table, 1
        group = self._group[job]
        if self.behind and job in self.behind:
            number += self.behind[job]
            row = job if table.origin is None else table.origin[job]
            runtime_s, exit_code = self._workload.later_attempt(row, number)
            runnable_at = self._runnable_since.pop(job)
        else:
            runtime_s, exit_code = table.runtime_s[job], table.exit_code[job]
            runnable_at = table.runnable_at[job]
        at, timed_out, reason = started_at + runtime_s, False, self._exited
        if exit_code and self._fails_to_start[group]:
            at, started_at = started_at, NAN
            exit_code, reason = NO_EXIT_CODE, self._not_started
        elif runtime_s > self._timeout_s[group]:
            at = started_at + self._timeout_s[group] + self._stop_s[group]
            exit_code, reason, timed_out = KILLED, self._timed_out, True
        attempt = Attempt(
            at,
            self._callbacks,
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
        heappush(self._upcoming, (at, self._change, next(self._numbers), attempt))
        self.running[job] = attempt
        self.last_start_at = now
        self.starts += 1
        return attempt

    def stop_s(self, job: int) -> float:
        """From SIGTERM to the end of a job's containers: as long as they take, until SIGKILL (API stopTimeout)."""
        return self._stop_s[self._group[job]]

    def retried(self, attempt: Attempt, now: float) -> None:
        """Note that another attempt follows, and since when its job is RUNNABLE."""
        self.behind[attempt.job] = attempt.number
        self._runnable_since[attempt.job] = now
