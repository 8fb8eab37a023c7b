"""Cancelling and terminating jobs.

CancelJob ends what is SUBMITTED, PENDING or RUNNABLE, the second when what it depends on has ended, and leaves alone
what is STARTING or RUNNING; TerminateJob ends that as well (API CancelJob, TerminateJob). Neither is retried, and what
depends on one of them fails.
"""

from __future__ import annotations

import numpy as np

from batchsim.arrays import Ints
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.job_table import PENDING, RUNNABLE
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.spec.updates import JobAction
from batchsim.spec.workload import Workload


class JobActions:
    """Ends the jobs that updates name.

    Parameters
    ----------
    admit_s : float
        From a job's submission to when the scheduler first looks at it; it is SUBMITTED meanwhile.
    """

    def __init__(
        self,
        workload: Workload,
        lifecycle: JobLifecycle,
        queues: dict[str, FifoQueue],
        admit_s: float,
    ) -> None:
        self._workload = workload
        self._lifecycle = lifecycle
        self._table = lifecycle.table
        self._queues = queues
        self._admit_s = admit_s

    def take(self, action: JobAction, now: float) -> int:
        """Cancel or terminate jobs; say how many."""
        table, lifecycle = self._table, self._lifecycle
        # All that were submitted by now: rows are in the order of submission.
        submitted = int(
            np.searchsorted(np.asarray(table.arrives_at)[: table.listed], now + self._admit_s, side="right")
        )
        concerned = self._matching(action, submitted)
        status = np.frombuffer(table.status, np.int8)[concerned]
        runs = np.array([job in lifecycle.running for job in concerned.tolist()], bool)
        arrived = concerned < table.admitted
        waiting = concerned[(status == RUNNABLE) & ~runs & arrived].tolist()
        later = concerned[((status == PENDING) & arrived) | ~arrived].tolist()
        lifecycle.states.cancel_later(later, action.reason, now)
        by_queue: dict[str, set[int]] = {}
        for job in waiting:
            by_queue.setdefault(self._workload.groups[table.group[job]].job_queue, set()).add(job)
        for queue, jobs in by_queue.items():
            self._queues[queue].cancel(jobs)
        for job in waiting:
            lifecycle.states.cancel(job, action.reason, now)
        if action.call == "CancelJob":
            return len(waiting) + len(later)
        running = concerned[runs].tolist()
        for job in running:
            lifecycle.terminate(lifecycle.running[job], action.reason, now)
        return len(waiting) + len(later) + len(running)

    def _matching(self, action: JobAction, submitted: int) -> Ints:
        """The rows of jobs that are named, of the first so many."""
        workload, table = self._workload, self._table
        named = [
            action.job_queue in ("", group.job_queue) and action.workflow in ("", group.workflow)
            for group in workload.groups
        ]
        chosen = np.array(named, bool)[np.array(table.group[:submitted], np.int64)]
        if action.job_name:
            rows = np.arange(submitted) if table.origin is None else np.asarray(table.origin)[:submitted]
            names = np.array([name == action.job_name for name in workload.job_names], bool)
            chosen &= names[workload.job_name[rows]]
        return np.flatnonzero(chosen).astype(np.int64)
