"""How long jobs waited for an instance where none was there, and how long from STARTING to RUNNING."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from batchsim.aws.histories.records import RecordedJob
from batchsim.units import MINUTE

#: When nothing has run for so long, instances that were idle are gone (`environment.scheduler.scaleDownIdle`: 95 % in
#: 10 minutes).
NOTHING_RAN_S = 30 * MINUTE


@dataclass(frozen=True)
class DelayLearned:
    """What was learnt of a delay.

    Attributes
    ----------
    p50_s, p95_s : float
        Of the delays; NaN where there are none.
    n : int
        How many there are.
    why : str
        Which they are, or why there are none.
    """

    delay: str
    p50_s: float
    p95_s: float
    n: int
    why: str


def learn_delays(jobs: Sequence[RecordedJob], *, events: bool) -> tuple[DelayLearned, ...]:
    """The delays that a history tells: without events only from submission to RUNNING."""
    cold = list(_first_of_all(jobs))
    after = f"of jobs that came when none had been there for {NOTHING_RAN_S / MINUTE:g} minutes"
    if not events:
        waits = [
            first - job.created_at for job in cold if (first := _first_start(job)) < math.inf and not job.depends_on
        ]
        return (
            _delay("SUBMITTED to RUNNING, with nothing there", waits, after),
            _delay("RUNNABLE to STARTING", [], "only state change events tell it"),
        )  # fmt: skip
    boots = [job.starting[0] - job.runnable[0] for job in cold if job.runnable and job.starting]
    pulls = [pull for job in jobs for pull in _pulls(job)]
    return (
        _delay("RUNNABLE to STARTING, with nothing there", [each for each in boots if each >= 0], after),
        _delay("STARTING to RUNNING", pulls, "image pull and start of the container, of all attempts"),
    )


def _delay(name: str, seconds: Sequence[float], why: str) -> DelayLearned:
    if not seconds:
        return DelayLearned(name, math.nan, math.nan, 0, why)
    return DelayLearned(name, float(np.quantile(seconds, 0.5)), float(np.quantile(seconds, 0.95)), len(seconds), why)


def _first_start(job: RecordedJob) -> float:
    return min((each.started_at for each in job.attempts if not math.isnan(each.started_at)), default=math.inf)


def _first_of_all(jobs: Sequence[RecordedJob]) -> Iterator[RecordedJob]:
    """Jobs that became RUNNABLE when no other had waited or run for a while, so that no instance was there."""
    came = sorted((_since(job), _until(job), number) for number, job in enumerate(jobs) if not job.size)
    busy_until = -math.inf
    for number, (since, until, row) in enumerate(came):
        # Before the record begins something may have run.
        if number and since - busy_until >= NOTHING_RAN_S:
            yield jobs[row]
        busy_until = max(busy_until, until)


def _since(job: RecordedJob) -> float:
    return job.runnable[0] if job.runnable else job.created_at


def _until(job: RecordedJob) -> float:
    """When a job was last known to be there."""
    ends = (attempt.started_at + attempt.length_s for attempt in job.attempts)
    return max([*(end for end in ends if not math.isnan(end)), *job.runnable, *job.starting, job.created_at])


def _pulls(job: RecordedJob) -> Iterator[float]:
    """Of each attempt the time since the STARTING before it."""
    starts = sorted(each.started_at for each in job.attempts if not math.isnan(each.started_at))
    before = -math.inf
    for started in starts:
        place = bisect_right(job.starting, started) - 1
        if place >= 0 and job.starting[place] > before:
            yield started - job.starting[place]
        before = started
