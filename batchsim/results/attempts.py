"""Attempts seen from their jobs: the first and the last of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints, filled
from batchsim.recording import Recording

Rows = NDArray[np.signedinteger]


@dataclass(frozen=True)
class JobAttempts:
    """Per job, its attempts; index -1 and NaN where it never began one.

    Attributes
    ----------
    starting_at : ndarray of float, shape (attempts,)
        Of all attempts.
    first, last : ndarray of int, shape (n,)
        Index of the first and of the last attempt.
    count : ndarray of int, shape (n,)
        Attempts begun.
    """

    starting_at: Floats
    first: Ints
    last: Ints
    count: Ints

    @property
    def first_starting_at(self) -> Floats:
        """STARTING of each job's first attempt."""
        return pick(self.starting_at, self.first)


def job_attempts(recording: Recording) -> JobAttempts:
    """Look up each job's attempts."""
    attempts, n = recording.attempts, len(recording.status)
    count: Ints = np.zeros(n, np.int32)
    count[attempts.job] = attempts.number  # recorded in order: the last one stays
    index = np.arange(len(attempts.job), dtype=np.int32)
    last: Ints = np.full(n, -1, np.int32)
    last[attempts.job] = index
    if len(index) == np.count_nonzero(count):
        return JobAttempts(attempts.starting_at, last, last, count)
    first = np.full(n, -1, np.int32)
    begun = attempts.number == 1
    first[attempts.job[begun]] = index[begun]
    return JobAttempts(attempts.starting_at, first, last, count)


def waits_before(recording: Recording, attempts: Rows) -> tuple[Floats, Floats]:
    """From when to when jobs were RUNNABLE before some attempts."""
    return recording.attempts.runnable_at[attempts], recording.attempts.starting_at[attempts]


def waits_still(recording: Recording, attempts: JobAttempts, jobs: Rows) -> tuple[Floats, Floats]:
    """From when to when some jobs were RUNNABLE after their last attempt; empty where they wait no more."""
    last = attempts.last[jobs]
    # Those that were cancelled waited until then.
    ended = filled(recording.stopped_at[jobs], recording.ended_at)
    since = np.where(last < 0, recording.runnable_at[jobs], pick(recording.attempts.stopped_at, last))
    return np.where(since < ended, since, ended), ended


def runnable_spans(recording: Recording, attempts: JobAttempts, jobs: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """From when to when jobs were RUNNABLE: before each attempt, and after the last where they wait still.

    Parameters
    ----------
    jobs : ndarray of bool, shape (n,)
        Which jobs.
    """
    before = waits_before(recording, np.flatnonzero(jobs[recording.attempts.job]))
    still = waits_still(recording, attempts, np.flatnonzero(jobs))
    return np.concatenate([before[0], still[0]]), np.concatenate([before[1], still[1]])


def held_spans(recording: Recording, jobs: NDArray[np.bool_], size: Floats) -> tuple[Floats, Floats, Floats]:
    """From when to when attempts of some jobs held what they run on, and the size of each.

    Parameters
    ----------
    jobs : ndarray of bool, shape (n,)
        Which jobs.
    size : ndarray of float, shape (n,)
        Of each job.
    """
    begun = recording.attempts
    of_attempts = np.flatnonzero(jobs[begun.job])
    stop = begun.stopped_at[of_attempts]
    stop = np.where(np.isnan(stop), recording.ended_at, stop)
    return begun.starting_at[of_attempts], stop, size[begun.job[of_attempts]]


def pick(column: Floats, index: np.ndarray) -> Floats:
    """Values by index; NaN for an index of -1."""
    if not len(column):
        return np.full(len(index), np.nan)
    none = index < 0
    return np.where(none, np.nan, column[index]) if none.any() else column[index]
