"""Histories from what AWS Batch itself says: answers of DescribeJobs, and *Batch Job State Change* events.

Both hold job details (API ``JobDetail``), wrapped in pages, logs or queues. An event says besides when the job came
into the state that it is in: events alone know when a job was RUNNABLE and STARTING (User Guide, *AWS Batch events*).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batchsim.aws.histories.details import instant, is_multi_node, recorded_job
from batchsim.aws.histories.records import History, RecordedJob
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.access import dig, entries
from batchsim.scenario.document.content import decoded, documents, read_content
from batchsim.workload.traces.answers import Answers, job_details

#: AWS Batch began in December 2016: what says that a job was created earlier counts seconds, not milliseconds.
_EARLIEST_S = 1.4e9

_JSON = re.compile(r"\s*[\[{]")

#: States in the order in which a job comes through them.
_STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "FAILED", "SUCCEEDED")
FINISHED = ("SUCCEEDED", "FAILED")

AGAIN = "descriptions of jobs that others describe too (pages that overlap, events)"
CONTRADICTS = "jobs are described with different submissions: the last description is taken"
BACKWARDS = "attempts stopped before they started: left out"
BEFORE_CREATED = "attempts started before their job was submitted (clocks differ): their run times are taken"
NEVER_RAN = "jobs ended without having run"
NO_SUBMISSION = "jobs without createdAt: left out"
MULTI_NODE = "descriptions of multi-node jobs: left out"
UNTIMED = "state changes in files that are not JSON: when they came is not read"
WITHOUT_ZONE = "times without a zone: taken as UTC"


@dataclass
class _Known:
    """What is known of a job so far: the description that says most, and what events say."""

    job: RecordedJob
    runnable: set[float] = field(default_factory=set)
    starting: set[float] = field(default_factory=set)


def read_history(sources: Sequence[Path]) -> History:
    """The jobs in files of answers and events; ``.gz`` is read as it is.

    Raises
    ------
    ScenarioError
        With the faults of all files, or if no job of them ran.
    """
    notes: Counter[str] = Counter()
    known: dict[str, _Known] = {}
    findings: list[Finding] = []
    regions: Counter[str] = Counter()
    events = 0
    for source in sources:
        try:
            answers = job_details(source, str(source))
            told = list(_events(source, notes))
        except ScenarioError as error:
            findings += error.findings
            continue
        findings += _take(answers, str(source), known, notes)
        events += _take_events(told, known)
        regions.update(filter(None, map(_region, answers.jobs)))
        notes.update({f"{name}: no detail in them": count for name, count in answers.unread.items()})
    if not findings and not any(each.job.attempts for each in known.values()):
        message = f"none of {len(known)} jobs in it ran"
        expected = "jobs that ran; of arrays the children, which `aws batch list-jobs --array-job-id ID` names"
        findings.append(Finding("history", "", message, expected, file=", ".join(map(str, sources))))
    if findings:
        raise ScenarioError(findings)
    jobs = [
        replace(each.job, runnable=tuple(sorted(each.runnable)), starting=tuple(sorted(each.starting)))
        for each in known.values()
    ]
    notes[NEVER_RAN] += sum(not job.attempts and not job.size and job.status in FINISHED for job in jobs)
    for job in jobs:
        notes[BEFORE_CREATED] += sum(attempt.started_at < job.created_at for attempt in job.attempts)
    return History(
        jobs=tuple(sorted(jobs, key=lambda job: (job.created_at, job.job_id))),
        notes={reason: count for reason, count in notes.items() if count},
        events=events,
        region=min(regions, key=lambda name: (-regions[name], name), default=""),
    )


def _region(detail: Mapping[str, Any]) -> str:
    """The region in a job's ARNs; empty where it has none."""
    arns = (str(detail.get(name) or "").split(":") for name in ("jobQueue", "jobArn", "jobDefinition"))
    return next((parts[3] for parts in arns if parts[0] == "arn" and len(parts) > 3), "")


def _take(answers: Answers, shown: str, known: dict[str, _Known], notes: Counter[str]) -> Iterator[Finding]:
    """Add the jobs of one file; a finding for each job whose times can't be milliseconds."""
    last_s = max(filter(None, map(_last_instant, answers.jobs)), default=math.nan)
    for detail in answers.jobs:
        if is_multi_node(detail):
            notes[MULTI_NODE] += 1
            continue
        created = instant(detail.get("createdAt"))
        if math.isnan(created):
            notes[NO_SUBMISSION] += 1
            continue
        if created < _EARLIEST_S:
            message = f"the job {str(detail['jobId'])!r} was created at {detail['createdAt']}"
            yield Finding("history", "", message, "milliseconds since 1970, as AWS has them", file=shown)
            continue
        notes[WITHOUT_ZONE] += sum(_is_zoneless(detail.get(name)) for name in ("createdAt", "startedAt", "stoppedAt"))
        job, backwards = recorded_job(detail, last_s)
        before = known.get(job.job_id)
        if before is None:
            known[job.job_id] = _Known(job)
            notes[BACKWARDS] += backwards
            continue
        notes[AGAIN] += 1
        notes[CONTRADICTS] += before.job.created_at != job.created_at
        if _says(job) >= _says(before.job):
            before.job = job


def _says(job: RecordedJob) -> tuple[int, int, float]:
    """How much a description says: of two the one with more attempts, or of a later state."""
    state = _STATES.index(job.status) if job.status in _STATES else -1
    ended = [attempt for attempt in job.attempts if not math.isnan(attempt.stopped_at)]
    seen = max((attempt.seen_at for attempt in job.attempts if not math.isnan(attempt.seen_at)), default=0.0)
    return len(ended) + (job.status in FINISHED), state, seen


def _last_instant(detail: Mapping[str, Any]) -> float | None:
    """The latest instant that a description holds: it was made no earlier."""
    each_told = (detail, *(attempt for attempt in entries(detail, "attempts") if isinstance(attempt, dict)))
    told = [instant(each.get(name)) for each in each_told for name in ("createdAt", "startedAt", "stoppedAt")]
    return max((each for each in told if each > 0), default=None)


def _is_zoneless(value: Any) -> bool:
    return isinstance(value, str) and ":" in value and re.search(r"(Z|[+-]\d\d:?\d\d)\s*$", value) is None


@dataclass(frozen=True, slots=True)
class _Event:
    job_id: str
    status: str
    at: float


def _events(path: Path, notes: Counter[str]) -> Iterator[_Event]:
    """The state changes in a file."""
    text = decoded(read_content(path, str(path), "history"), str(path), "history")
    if not _JSON.match(text):
        notes[UNTIMED] += text.count("Batch Job State Change")
    waiting: list[Any] = documents(text, str(path), "history") if _JSON.match(text) else []
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and _JSON.match(value):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                continue
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            job_id, at = dig(value, "detail", "jobId"), instant(value.get("time"))
            if job_id is not None and not math.isnan(at):
                yield _Event(str(job_id), str(dig(value, "detail", "status")).upper(), at)
            elif "jobId" not in value:
                waiting += value.values()


def _take_events(events: Sequence[_Event], known: Mapping[str, _Known]) -> int:
    """Note when jobs were RUNNABLE and STARTING; how many events there are."""
    for event in events:
        of = known.get(event.job_id)
        if of is not None and event.status == "RUNNABLE":
            of.runnable.add(event.at)
        elif of is not None and event.status == "STARTING":
            of.starting.add(event.at)
    return len(events)
