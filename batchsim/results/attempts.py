"""Attempts seen from their jobs: the first and the last of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from batchsim.columns import Floats, Recording


@dataclass(frozen=True)
class JobAttempts:
    """Per job, its attempts; index -1 and NaN where it never began one.

    Attributes
    ----------
    last : ndarray of int, shape (n,)
        Index of the last attempt.
    count : ndarray of int, shape (n,)
        Attempts begun.
    """

    last: np.ndarray
    count: np.ndarray
    first_starting_at: Floats
    last_starting_at: Floats


def job_attempts(recording: Recording) -> JobAttempts:
    """Look up each job's attempts."""
    attempts, n = recording.attempts, len(recording.status)
    last = np.full(n, -1, np.int32)
    last[attempts.job] = np.arange(len(attempts.job), dtype=np.int32)  # recorded in order: the last one stays
    first_starting_at = np.full(n, np.nan)
    first = attempts.number == 1
    first_starting_at[attempts.job[first]] = attempts.starting_at[first]
    return JobAttempts(
        last=last,
        count=np.bincount(attempts.job, minlength=n).astype(np.int32),
        first_starting_at=first_starting_at,
        last_starting_at=pick(attempts.starting_at, last),
    )


def pick(column: Floats, index: np.ndarray) -> Floats:
    """Values by index; NaN for an index of -1."""
    if not len(column):
        return np.full(len(index), np.nan)
    return np.where(index < 0, np.nan, column[index])
