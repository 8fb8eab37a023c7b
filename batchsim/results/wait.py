"""Why jobs waited: every second between submission and STARTING has one cause.

=============  =========================================================================================
dependency     from submission to RUNNABLE, for a job that waits for others
retry          from the first attempt's STARTING to the last's
limit          RUNNABLE while its queue's environments are at maxvCpus (or unmanagedvCpus)
boot           RUNNABLE while capacity for it is being decided on, launched, or registered
capacity       RUNNABLE while no environment can provide what it needs: no type that fits, launch rate used up
blocked        the rest: behind a head that waits while there would be room for it, in SUBMITTED, or until the
               scheduler's next cycle
=============  =========================================================================================

The engine decides cause by cause at every scheduling cycle, for each shape of job in each queue (`CauseColumns`); here
each job's time is integrated over those steps. A job that never started is accounted for up to its end, or the run's.
"""

from __future__ import annotations

import numpy as np

from batchsim.columns import Cause, Floats, Recording
from batchsim.results.attempts import JobAttempts
from batchsim.results.steps import integral
from batchsim.workload.table import Workload


def waits(
    workload: Workload, recording: Recording, attempts: JobAttempts, queue_of_group: list[int]
) -> dict[str, Floats]:
    """Seconds that each job waited, by cause; the causes of a job sum to its wait.

    Returns
    -------
    dict of str to ndarray of float, shape (n,)
        In the order of `columns.WAIT_CAUSES`.
    """
    submitted_at = workload.submitted_at
    end = np.where(np.isnan(recording.stopped_at), recording.ended_at, recording.stopped_at)
    end = np.maximum(end, submitted_at)  # a horizon may come before a job is submitted: it has not waited
    first, last = attempts.first_starting_at, attempts.last_starting_at
    until = np.where(np.isnan(first), end, first)
    runnable_at = recording.runnable_at
    waited_for_others = workload.open_dependencies[: len(workload)] > 0
    dependency = np.where(waited_for_others, np.where(np.isnan(runnable_at), end, runnable_at) - submitted_at, 0.0)
    retry = np.where(np.isnan(first), 0.0, last - first)
    decided = _decided(workload, recording, until, np.asarray(queue_of_group, np.int32))
    total = np.where(np.isnan(last), end, last) - submitted_at
    blocked = total - dependency - retry - sum(decided.values())
    return {
        "dependency": dependency,
        "limit": decided[Cause.LIMIT],
        "boot": decided[Cause.BOOT],
        "capacity": decided[Cause.CAPACITY],
        "blocked": np.where(np.abs(blocked) < 1e-6, 0.0, blocked),
        "retry": retry,
    }


def _decided(
    workload: Workload, recording: Recording, until: Floats, queue_of_group: np.ndarray
) -> dict[Cause, Floats]:
    """Time in the causes that the engine decides, from RUNNABLE to the first STARTING."""
    decided = {cause: np.zeros(len(workload)) for cause in (Cause.LIMIT, Cause.BOOT, Cause.CAPACITY)}
    waiting = np.flatnonzero(until > recording.runnable_at)  # False for jobs that never were RUNNABLE
    queue, shape = queue_of_group[workload.group[waiting]], workload.shape[waiting]
    causes = recording.causes
    for pair in np.unique(np.column_stack([queue, shape]), axis=0):
        jobs = waiting[(queue == pair[0]) & (shape == pair[1])]
        mine = (causes.queue == pair[0]) & ((causes.shape == pair[1]) | (causes.shape == -1))
        at = causes.at[mine]
        for cause, column in decided.items():
            level = (causes.cause[mine] == cause).astype(np.float64)
            if level.any():
                column[jobs] = integral(at, level, until[jobs]) - integral(at, level, recording.runnable_at[jobs])
    return decided
