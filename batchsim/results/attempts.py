"""Attempts seen from their jobs: the first and the last of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints
from batchsim.recording import Recording


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


def runnable_spans(recording: Recording, attempts: JobAttempts, jobs: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """From when to when jobs were RUNNABLE: before each attempt, and after the last where they wait still.

    Parameters
    ----------
    jobs : ndarray of bool, shape (n,)
        Which jobs.
    """
    begun, ended = recording.attempts, recording.stopped_at
    of_attempts = jobs[begun.job]
    # Those that were cancelled waited until then.
    ended = np.where(np.isnan(ended), recording.ended_at, ended)
    since = np.where(attempts.last < 0, recording.runnable_at, pick(begun.stopped_at, attempts.last))
    waits = np.flatnonzero(jobs & (since < ended))
    return (
        np.concatenate([begun.runnable_at[of_attempts], since[waits]]),
        np.concatenate([begun.starting_at[of_attempts], ended[waits]]),
    )


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
    return np.where(index < 0, np.nan, column[index])
