"""What a trace says beyond its jobs' demands: when they ran, and what came of attempts before the last.

When they ran bears on nothing in the simulation; it is what a replay is held against. Attempts that failed are replayed
in their order, as far as the job definition's retry strategy has another attempt follow them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from batchsim.arrays import Ints
from batchsim.engine.retries import is_retried
from batchsim.recording import EXITED
from batchsim.spec.workload import Attempts, JobGroup, RecordedTimes
from batchsim.workload.traces.common import TraceJobs

UNTRIED = "failed attempts are not replayed: the job definition's retryStrategy has no attempt follow them"
DOUBTED = "jobs started before they were submitted, or stopped before they started: when they ran is left out"


def replayed_attempts(
    jobs: TraceJobs, groups: Sequence[JobGroup], group: Ints
) -> tuple[dict[int, Attempts], dict[str, int]]:
    """All attempts of the jobs that have several, by row, and how many are not replayed.

    Where the retry strategy would end a job before its last attempt, the attempts that it does not allow are left out
    from the first on: how the job ended stays as it was.

    Parameters
    ----------
    groups : sequence of JobGroup
        The groups of the jobs.
    group : ndarray of int, shape (n,)
        The group of each job.
    """
    kept: dict[int, Attempts] = {}
    untried = 0
    for row, earlier in jobs.earlier.items():
        allowed = _allowed(earlier, groups[int(group[row])])
        untried += len(earlier) - len(allowed)
        if allowed:
            kept[row] = (*allowed, (float(jobs.runtime_s[row]), int(jobs.exit_code[row])))
    return kept, {UNTRIED: untried} if untried else {}


def _allowed(earlier: Attempts, group: JobGroup) -> Attempts:
    """The last of some failed attempts, of which each is followed by another."""
    first = len(earlier)
    fewest = max(len(earlier) + 1 - group.attempts, 0)
    while first > fewest and _is_followed(*earlier[first - 1], group):
        first -= 1
    return earlier[first:]


def _is_followed(runtime_s: float, exit_code: int, group: JobGroup) -> bool:
    """Whether the simulated job would be retried after such an attempt; one that times out is not (User Guide)."""
    if group.timeout_s is not None and runtime_s > group.timeout_s:
        return False
    return is_retried(group.evaluate_on_exit, exit_code=exit_code, reason=group.failure_reason, status_reason=EXITED)


def recorded_times(jobs: TraceJobs) -> tuple[RecordedTimes | None, dict[str, int]]:
    """When the jobs ran, None where the trace says it of none; and how many have times that can't be, which go."""
    if jobs.started_at is None and jobs.stopped_at is None:
        return None, {}
    nothing = np.full(len(jobs.names), np.nan)
    started = nothing if jobs.started_at is None else jobs.started_at
    stopped = nothing if jobs.stopped_at is None else jobs.stopped_at
    wrong = (started < jobs.submitted_at) | (stopped < started) | (stopped < jobs.submitted_at)
    started, stopped = np.where(wrong, np.nan, started), np.where(wrong, np.nan, stopped)
    told = {DOUBTED: int(wrong.sum())} if wrong.any() else {}
    if np.isnan(started).all() and np.isnan(stopped).all():
        return None, told
    return RecordedTimes(started, stopped), told
