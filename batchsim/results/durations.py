"""Durations of which some had not ended when the run did, and statistics that say so.

A job that waits when the run ends has waited at least until then: its duration is *censored*. It ranks above all that
are known, so that a quantile is a figure where it falls among those that are known, and unknown where it falls among
the others. What is certain then is a bound: the same statistic of what each had come to. A mean of which one part is
unknown, is unknown too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.recording import Status
from batchsim.results.outcome import Outcome
from batchsim.statistics.intervals import QUANTILES, STATISTICS
from batchsim.statistics.sums import added

Mask = NDArray[np.bool_]
#: Some jobs: which they are, or their numbers, or all.
Rows = Mask | NDArray[np.signedinteger] | slice
#: A figure and what it is at least; of the two one at most is known.
Bounded = tuple[float | None, float | None]


@dataclass(frozen=True)
class Durations:
    """One duration per job, or per whatever it is that takes time.

    Attributes
    ----------
    seconds : ndarray of float, shape (n,)
        How long it took, or how long it had taken when the run ended; NaN where there is none to speak of.
    censored : ndarray of bool, shape (n,)
        Whether it had not ended.
    """

    seconds: Floats
    censored: Mask

    def of(self, jobs: Rows) -> Durations:
        """Those of some jobs that have one."""
        seconds, censored = self.seconds[jobs], self.censored[jobs]
        known = ~np.isnan(seconds)
        return Durations(seconds, censored) if known.all() else Durations(seconds[known], censored[known])

    @cached_property
    def missing(self) -> int:
        """How many had not ended."""
        return int(np.count_nonzero(self.censored))

    def statistic(self, name: str) -> Bounded:
        """A mean (also without a name), a minimum, a maximum or a quantile; of all, so `of` comes first.

        Examples
        --------
        Of five, two still wait: the median is known, and 95 % waited for more than one could see.

        >>> waits = Durations(np.array([1.0, 2.0, 3.0, 0.5, 9.0]), np.array([0, 0, 0, 1, 1], bool))
        >>> waits.statistic("p50"), waits.statistic("max")
        ((3.0, None), (None, 9.0))
        """
        n, known = len(self.seconds), len(self.seconds) - self.missing
        if not n:
            return None, None
        if name in QUANTILES:
            # The last rank that the quantile is made of, from 0; rounding is no rank.
            seen = math.ceil(QUANTILES[name] * (n - 1) - 1e-9) < known
        else:
            seen = known > 0 if name == "min" else known == n
        value = self._statistic(name, self._ranked if seen else self._as_long_as_seen)
        return (value, None) if seen else (None, value)

    def _statistic(self, name: str, ascending: Floats) -> float:
        if name in QUANTILES:
            return _quantile(ascending, QUANTILES[name])
        if name in {"max", "min"}:
            return float(ascending[-1 if name == "max" else 0])
        return added(self.seconds) / len(self.seconds)

    @cached_property
    def _as_long_as_seen(self) -> Floats:
        """All, ascending, those that had not ended as long as they had taken."""
        return np.sort(self.seconds)

    @cached_property
    def _ranked(self) -> Floats:
        """All, ascending, those that had not ended above those that had; not as infinite, which makes quantiles NaN."""
        if not self.missing:
            return self._as_long_as_seen
        known = np.sort(self.seconds[~self.censored])
        return np.concatenate([known, np.full(self.missing, known[-1])])

    def figures(self) -> dict[str, Any]:
        """Mean, quantiles and maximum; null where unknown, and then in ``at_least``."""
        found = {name: self.statistic(name) for name in STATISTICS}
        return {
            **{name: value for name, (value, _) in found.items()},
            "missing": self.missing,
            "at_least": {name: bound for name, (_, bound) in found.items() if bound is not None},
        }


def _quantile(ascending: Floats, share: float) -> float:
    """The quantile, interpolated as `numpy.quantile` does by default (Hyndman and Fan's seventh)."""
    place = (len(ascending) - 1) * share
    below = math.floor(place)
    low, high = float(ascending[below]), float(ascending[min(below + 1, len(ascending) - 1)])
    part, between = place - below, high - low
    return high - between * (1 - part) if part >= 0.5 else low + between * part


def queue_times(outcome: Outcome) -> Durations:
    """From RUNNABLE to STARTING of the first attempt, of each job that became RUNNABLE."""
    recording, starting_at = outcome.recording, outcome.attempts_of_jobs.first_starting_at
    never = np.isnan(starting_at)
    until = np.where(never, _until(outcome), starting_at)
    return Durations(until - recording.runnable_at, never)


def turnarounds(outcome: Outcome) -> Durations:
    """From SubmitJob to the end, of each job that was submitted, but for those that failed with one they depend on.

    One that was cancelled while it waited has not got through: it took at least so long.
    """
    recording, submitted_at = outcome.recording, outcome.workload.submitted_at
    began = outcome.attempts_of_jobs.count > 0
    queued = ~np.isnan(recording.runnable_at)
    spoken_of = (began | queued | (recording.status < Status.SUCCEEDED)) & (submitted_at <= recording.ended_at)
    seconds = np.where(spoken_of, _until(outcome) - submitted_at, np.nan)
    return Durations(seconds, np.isnan(recording.stopped_at) | ~began)


def _until(outcome: Outcome) -> Floats:
    """Each job's end, or the run's."""
    recording = outcome.recording
    return np.where(np.isnan(recording.stopped_at), recording.ended_at, recording.stopped_at)
