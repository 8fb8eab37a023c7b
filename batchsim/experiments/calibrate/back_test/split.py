"""A history cut in two at a midnight: what was known then, and which jobs the rest of it is replayed with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from batchsim.aws.histories.records import History, RecordedAttempt, RecordedJob
from batchsim.errors import Finding, ScenarioError
from batchsim.units import DAY

#: A replay begins so long before what is compared, at least and at most.
LEAST_LEAD_S, MOST_LEAD_S = 1.0 * DAY, 7.0 * DAY


@dataclass(frozen=True)
class Split:
    """Where a history is cut; instants are seconds since 1970.

    Attributes
    ----------
    begin : float
        The midnight (UTC) before the first submission.
    cut : float
        The midnight from which on submissions are predicted.
    replayed_from : float
        From when on jobs are replayed, so that those which the cut finds in the system are there.
    end : float
        The last instant that the history tells of.
    days : int
        From `begin` to the end of the last submission's day.
    """

    begin: float
    cut: float
    replayed_from: float
    end: float
    days: int

    @property
    def learnt_days(self) -> int:
        """Days before the cut."""
        return round((self.cut - self.begin) / DAY)

    @property
    def predicted_days(self) -> int:
        """Days after it."""
        return self.days - self.learnt_days

    def day_of(self, instant: float) -> int:
        """The number of a day after the cut, from 0."""
        return math.floor((instant - self.cut) / DAY)


def split(history: History, share: float) -> Split:
    """Cut a history after a share of its days, one day at least on either side.

    Raises
    ------
    ScenarioError
        If it has no two days.
    ValueError
        If the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share of days to learn from must be between 0 and 1, not {share:g}")
    created = [job.created_at for job in history.jobs if not job.size]
    begin = math.floor(min(created) / DAY) * DAY
    days = math.floor((max(created) - begin) / DAY) + 1
    if days < 2:
        message = "a back-test learns from some days and predicts others: the history's submissions are of one day"
        raise ScenarioError([Finding("history", "--back-test", message, "two days or more (UTC)")])
    cut = begin + min(max(round(share * days), 1), days - 1) * DAY
    end = max(last_seen(job) for job in history.jobs)
    return Split(begin, cut, _replayed_from(history.jobs, begin, cut), end, days)


def last_seen(job: RecordedJob) -> float:
    """The last instant that is told of a job."""
    told = (each for attempt in job.attempts for each in (attempt.started_at, attempt.stopped_at, attempt.seen_at))
    return max([job.created_at, *job.runnable, *job.starting, *(each for each in told if not math.isnan(each))])


def gone_at(job: RecordedJob) -> float:
    """When a job had left the system; infinite where the history does not tell it."""
    return last_seen(job) if job.status in ("SUCCEEDED", "FAILED") else math.inf


def _replayed_from(jobs: Sequence[RecordedJob], begin: float, cut: float) -> float:
    """The last instant, a day or more before the cut, at which the record has no job in the system.

    What runs and waits at the cut can't be put there: a simulation has it when it has come to it by itself. Where there
    is no such instant within a week, jobs are replayed from a week before the cut on.
    """
    least, most = max(cut - LEAST_LEAD_S, begin), max(cut - MOST_LEAD_S, begin)
    busy_until = found = most
    for job in sorted((job for job in jobs if not job.size), key=lambda job: job.created_at):
        if job.created_at > busy_until and busy_until <= least:
            found = min(job.created_at, least)
        if job.created_at > least:
            break
        busy_until = max(busy_until, gone_at(job))
    return found


def in_system_from(jobs: Iterable[RecordedJob], instant: float) -> list[RecordedJob]:
    """Jobs (not the parents of arrays) that were in the system at an instant or came later."""
    return [job for job in jobs if not job.size and (job.created_at >= instant or gone_at(job) > instant)]


def _events(jobs: Iterable[RecordedJob]) -> int:
    """How many state changes are told of jobs."""
    return sum(len(job.runnable) + len(job.starting) for job in jobs)


def known_until(history: History, instant: float) -> History:
    """What would have been known at an instant: nothing later is in it.

    Attempts that still ran are cut off there, those that had not begun are not there, and events neither.
    """
    jobs = tuple(_job_until(job, instant) for job in history.jobs if job.created_at < instant)
    return replace(
        history,
        jobs=jobs,
        events=_events(jobs) if history.events else 0,
        tasks=tuple(each for each in history.tasks if _latest(each.started_at, each.pull_stopped_at) < instant),
        instances=tuple(each for each in history.instances if not each.registered_at >= instant),
        activities=tuple(each for each in history.activities if each.ended_at < instant),
    )


def _latest(*instants: float) -> float:
    """The latest of those that are known; infinite where none is."""
    return max((each for each in instants if not math.isnan(each)), default=math.inf)


def _job_until(job: RecordedJob, instant: float) -> RecordedJob:
    if last_seen(job) < instant:
        return job
    attempts = tuple(_attempt_until(each, instant) for each in job.attempts if _began(each) < instant)
    runs = any(math.isnan(each.stopped_at) for each in attempts)
    return replace(
        job,
        status="RUNNING" if runs else "RUNNABLE",
        attempts=attempts,
        runnable=tuple(each for each in job.runnable if each < instant),
        starting=tuple(each for each in job.starting if each < instant),
    )


def _began(attempt: RecordedAttempt) -> float:
    """When an attempt began; when it ended where it never ran."""
    return attempt.stopped_at if math.isnan(attempt.started_at) else attempt.started_at


def _attempt_until(attempt: RecordedAttempt, instant: float) -> RecordedAttempt:
    if attempt.stopped_at < instant:
        return attempt
    return RecordedAttempt(attempt.started_at, math.nan, instant, instance=attempt.instance)
