"""Wait by cause: every second between a job's submission and its last start, and why it passed.

The wait before the first attempt is integrated over the step functions in which the scheduler noted why jobs of a
queue and shape did not start. What happened before RUNNABLE is known from the job's own times, as is what was lost
to earlier attempts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from batchsim.columns import Cause, Floats
from batchsim.results.facts import Facts
from batchsim.results.steps import Steps, area, grouped


class Waits(NamedTuple):
    """Seconds of each job's wait by cause, arrays of shape (jobs,) in the order of `columns.WAIT_CAUSES`.

    For a job that started, the six sum to the last attempt's ``starting_at`` less ``submitted_at``. A job that never
    started has waited up to its end or the end of the run: a job that is stuck is the wait that matters most.
    """

    dependency: Floats
    limit: Floats
    boot: Floats
    capacity: Floats
    blocked: Floats
    retry: Floats


def waits_of(facts: Facts) -> Waits:
    """Attribute every job's wait.

    Time before RUNNABLE is `dependency` for a job submitted with dependencies, else `blocked`: the scheduler had not
    looked yet. `blocked` takes what is left, so that nothing is lost to rounding.
    """
    recording, workload = facts.recording, facts.workload
    stopped_at, submitted_at = recording.stopped_at, workload.submitted_at
    until = np.where(np.isnan(stopped_at), facts.ended_at, stopped_at)
    started = facts.first_attempt >= 0
    until[started] = facts.first_starting_at[started]
    # A horizon may end the run before some jobs are submitted: these have not waited.
    np.maximum(until, submitted_at, out=until)
    runnable_at = np.where(np.isnan(recording.runnable_at), until, recording.runnable_at)

    limit, boot, capacity = (np.zeros(len(workload)) for _ in range(3))
    noted = dict(grouped(recording.causes.queue))
    for key, jobs in grouped(facts.queue.astype(np.int64) * len(workload.shapes) + workload.shape):
        queue, shape = divmod(key, len(workload.shapes))
        if queue not in noted:
            continue
        mine = noted[queue]
        mine = mine[(recording.causes.shape[mine] == -1) | (recording.causes.shape[mine] == shape)]
        at, cause = recording.causes.at[mine], recording.causes.cause[mine]
        for wanted, seconds in ((Cause.LIMIT, limit), (Cause.BOOT, boot), (Cause.CAPACITY, capacity)):
            holds = (cause == wanted).astype(np.float64)
            if holds.any():
                steps = Steps(at, holds)
                seconds[jobs] = np.maximum(area(steps, until[jobs]) - area(steps, runnable_at[jobs]), 0.0)

    dependency = np.where(facts.has_dependencies, runnable_at - submitted_at, 0.0)
    blocked = until - submitted_at - dependency - limit - boot - capacity
    retry = np.where(started, facts.last_starting_at - facts.first_starting_at, 0.0)
    return Waits(dependency, limit, boot, capacity, np.maximum(blocked, 0.0), retry)
