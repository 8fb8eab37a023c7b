"""Delays: how they are written, and those that jobs tell by themselves, which no key of a scenario is."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from batchsim.aws.histories.records import RecordedJob
from batchsim.experiments.calibrate.durations import learn, rounded
from batchsim.statistics.fitting import LEAST_FOR_FAMILY
from batchsim.units import MINUTE

#: When nothing has run for so long, instances that were idle are gone (`environment.scheduler.scaleDownIdle`: 95 % in
#: 10 minutes).
NOTHING_RAN_S = 30 * MINUTE


#: A delay is written from so many on.
LEAST_TO_WRITE = LEAST_FOR_FAMILY

#: Events of EventBridge know whole seconds.
HALF_S = 0.5

SCHEDULERS = "not written: the scheduler's part is in it"

_COLD = f"jobs that came when none had been there for {NOTHING_RAN_S / MINUTE:g} minutes"
_OF_COLD, _TAKES_COLD = f"of {_COLD}; {SCHEDULERS}", f"it takes {_COLD}"


@dataclass(frozen=True)
class DelayLearned:
    """What was learnt of a delay.

    Attributes
    ----------
    p50_s, p95_s : float
        Of the delays; NaN where there are none.
    n, censored : int
        How many there are, and how many more are only known to be longer.
    why : str
        Which they are and why they are written so or not, or why there are none.
    key : tuple of str
        Its place in a scenario's ``environment:``; empty where it has none.
    written : object
        What is written there; None for nothing.
    """

    delay: str
    p50_s: float
    p95_s: float
    n: int
    why: str
    key: tuple[str, ...] = ()
    written: Any = None
    censored: int = 0


def measured(
    name: str,
    key: tuple[str, ...],
    seconds: Sequence[float],
    why: str,
    *,
    censored: Sequence[float] = (),
    is_distribution: bool = True,
    not_written: str = "",
) -> DelayLearned:
    """A delay that was measured directly: written where there are enough, a family or the values themselves.

    Parameters
    ----------
    is_distribution : bool
        Whether its key takes one; else it is the median.
    not_written : str
        Why it is not written though there may be enough.
    """
    n = len(seconds)
    if n == 0 or n < LEAST_TO_WRITE or not_written:
        few = f"{n} of the {LEAST_TO_WRITE} that it takes"
        return _told(name, seconds, f"{why}; not written: {not_written or few}", censored=len(censored), key=key)
    if not is_distribution:
        median = rounded(float(np.quantile(seconds, 0.5)))
        return _told(name, seconds, f"{why}; written as their median", key=key, written=median)
    found = learn(seconds, censored)
    return DelayLearned(
        name, found.p50_s, found.p95_s, n, f"{why}; {found.by}: {found.why}", key, found.written, len(censored)
    )


def learn_delays(jobs: Sequence[RecordedJob], *, events: bool) -> tuple[DelayLearned, ...]:
    """The delays that jobs tell by themselves: without events only from submission to RUNNING."""
    cold = list(_first_of_all(jobs))
    return _by_events(jobs, cold) if events else _by_submissions(cold)


def _by_submissions(cold: Sequence[RecordedJob]) -> tuple[DelayLearned, ...]:
    waits = [first - job.created_at for job in cold if (first := _first_start(job)) < math.inf and not job.depends_on]
    # What started in the very moment of its submission is a table's that does not say when it started.
    later = [each for each in waits if each > 0]
    return (
        _told("SUBMITTED to RUNNING, with nothing there", later, _OF_COLD if later else _TAKES_COLD),
        _told("RUNNABLE to STARTING", [], "only state change events tell it"),
    )


def _by_events(jobs: Sequence[RecordedJob], cold: Sequence[RecordedJob]) -> tuple[DelayLearned, ...]:
    boots = [job.starting[0] - job.runnable[0] for job in cold if job.runnable and job.starting]
    pulls = [pull for job in jobs for pull in starting_times(job)]
    forwards = [each for each in boots if each >= 0]
    left_out = len(boots) - len(forwards)
    why = _OF_COLD if forwards else _TAKES_COLD
    told = f"{why} ({left_out} in which the clock went back are left out)" if left_out else why
    return (
        _told("RUNNABLE to STARTING, with nothing there", forwards, told),
        _told("STARTING to RUNNING", pulls, "image pull and start of the container, of all attempts; not written: "
              "which of them found the image there only tasks of ECS tell"),
    )  # fmt: skip


def _told(name: str, seconds: Sequence[float], why: str, **more: Any) -> DelayLearned:
    if not seconds:
        return DelayLearned(name, math.nan, math.nan, 0, why, **more)
    p50_s, p95_s = (float(np.quantile(seconds, share)) for share in (0.5, 0.95))
    return DelayLearned(name, p50_s, p95_s, len(seconds), why, **more)


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


def starting_times(job: RecordedJob) -> Iterator[float]:
    """Of each attempt the time since the STARTING before it; what events round down is half a second on the average."""
    starts = sorted(each.started_at for each in job.attempts if not math.isnan(each.started_at))
    before = -math.inf
    for started in starts:
        place = bisect_right(job.starting, started) - 1
        if place >= 0 and job.starting[place] > before:
            rounded_down = job.starting[place].is_integer() and not started.is_integer()
            yield started - job.starting[place] - (HALF_S if rounded_down else 0.0)
        before = started
