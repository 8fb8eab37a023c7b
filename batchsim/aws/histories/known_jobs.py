"""The jobs of a history while it is read: descriptions that come again are joined, and what is odd is counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from batchsim.aws.histories.records import RecordedJob

#: AWS Batch began in December 2016: what says that a job was created earlier has another unit or another zero.
EARLIEST_S = 1.4e9

#: The year 2200.
LATEST_S = 7_258_118_400.0

#: States in the order in which a job comes through them.
STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "FAILED", "SUCCEEDED")
FINISHED = ("SUCCEEDED", "FAILED")

AGAIN = "descriptions of jobs that others describe too (pages that overlap, events)"
CONTRADICTS = "jobs are described with different submissions: the last description is taken"
BACKWARDS = "attempts stopped before they started: left out"
BEFORE_CREATED = "attempts started before their job was submitted (clocks differ): their run times are taken"
NEVER_RAN = "jobs ended without having run"
NOT_YET = "jobs had not run when they were described: they count as submissions alone"
ENDLESS = "attempts ended and nothing says when: how long they ran is not known"
NO_SUBMISSION = "jobs without the time of their submission: left out"
WITHOUT_ZONE = "times without a zone: taken as UTC"
AMONG_ZONED = (
    "times without a zone in columns in which others have one: taken as UTC, and hours off where they are local"
)


@dataclass(slots=True)
class _Known:
    """What is known of a job so far: the description that says most, and when it was in which state, in any order."""

    job: RecordedJob
    runnable: Sequence[float]
    starting: Sequence[float]

    def told(self) -> RecordedJob:
        """The job with all that is known of it."""
        runnable, starting = (tuple(sorted(set(each))) for each in (self.runnable, self.starting))
        if (runnable, starting) == (self.job.runnable, self.job.starting):
            return self.job
        return replace(self.job, runnable=runnable, starting=starting)


@dataclass
class KnownJobs:
    """Jobs by their id.

    Attributes
    ----------
    notes : counter
        What is odd, or left out.
    """

    notes: Counter[str] = field(default_factory=Counter)
    _known: dict[str, _Known] = field(default_factory=dict)

    def add(self, job: RecordedJob, backwards: int = 0) -> None:
        """Add a description; `backwards` are attempts that were left out of it."""
        before = self._known.get(job.job_id)
        if before is None:
            self._known[job.job_id] = _Known(job, job.runnable, job.starting)
            self.notes[BACKWARDS] += backwards
            return
        self.notes[AGAIN] += 1
        self.notes[CONTRADICTS] += before.job.created_at != job.created_at
        before.runnable = _with(before.runnable, *job.runnable)
        before.starting = _with(before.starting, *job.starting)
        if _says(job) >= _says(before.job):
            before.job = job

    def came(self, job_id: str, status: str, at: float) -> None:
        """Note when a job came into a state."""
        of = self._known.get(job_id)
        if of is not None and status == "RUNNABLE":
            of.runnable = _with(of.runnable, at)
        elif of is not None and status == "STARTING":
            of.starting = _with(of.starting, at)

    def jobs(self) -> tuple[RecordedJob, ...]:
        """All jobs in the order of their submission."""
        found = (each.told() for each in self._known.values())
        return tuple(sorted(found, key=lambda job: (job.created_at, job.job_id)))

    def told(self) -> Mapping[str, int]:
        """What is odd of the jobs as they are now, each with its count."""
        notes = Counter(self.notes)
        for each in self._known.values():
            job = each.job
            has_run, has_ended = bool(job.attempts or job.size), job.status in FINISHED
            notes[NEVER_RAN] += has_ended and not has_run
            notes[NOT_YET] += not has_ended and not has_run
            notes[ENDLESS] += sum(
                not math.isnan(each.started_at) and math.isnan(each.length_s) for each in job.attempts
            )
            notes[BEFORE_CREATED] += sum(attempt.started_at < job.created_at for attempt in job.attempts)
        return {reason: count for reason, count in notes.items() if count}


def _with(times: Sequence[float], *more: float) -> Sequence[float]:
    """Times and some more; of most jobs there are never more, and what they have is not copied."""
    if not more:
        return times
    found: list[float] = times if isinstance(times, list) else list(times)
    found.extend(more)
    return found


def _says(job: RecordedJob) -> tuple[int, int, float]:
    """How much a description says: of two the one with more attempts, or of a later state."""
    state = STATES.index(job.status) if job.status in STATES else -1
    ended = [attempt for attempt in job.attempts if not math.isnan(attempt.stopped_at)]
    seen = max((attempt.seen_at for attempt in job.attempts if not math.isnan(attempt.seen_at)), default=0.0)
    return len(ended) + (job.status in FINISHED), state, seen
