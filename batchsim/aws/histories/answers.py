"""Histories from what an account, a run or a table says: each file is told by what is in it, not by its name.

AWS Batch's answers of DescribeJobs and *Batch Job State Change* events both hold job details (API ``JobDetail``),
wrapped in pages, logs or queues. An event says besides when the job came into the state that it is in: events alone
know when a job was RUNNABLE and STARTING (User Guide, *AWS Batch events*). Other kinds are read elsewhere and joined
here: what jobs ran on (`machines`), tables (`tables`), the folder of a run's results (`results_folder`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchsim.aws.histories.details import instant, is_multi_node, recorded_job
from batchsim.aws.histories.known_jobs import EARLIEST_S, LATEST_S, NO_SUBMISSION, WITHOUT_ZONE, KnownJobs
from batchsim.aws.histories.machines import Machines
from batchsim.aws.histories.records import History
from batchsim.aws.histories.results_folder import read_results_folder
from batchsim.aws.histories.tables import is_table, read_table
from batchsim.aws.histories.values import mappings_in
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.access import dig, entries
from batchsim.scenario.document.content import decoded, kind_of_binary, read_content
from batchsim.workload.traces.answers import Answers, found_in, none_in, values_in

_ACCOUNT = "<account>"

MULTI_NODE = "descriptions of multi-node jobs: left out"


@dataclass
class _Reading:
    """What has been read so far."""

    jobs: KnownJobs = field(default_factory=KnownJobs)
    machines: Machines = field(default_factory=Machines)
    regions: Counter[str] = field(default_factory=Counter)
    events: int = 0


def read_history(sources: Sequence[Path], asked: Sequence[Any] = ()) -> History:
    """The jobs in files of answers, events and tables, and in folders of results; ``.gz`` is read as it is.

    Parameters
    ----------
    asked : sequence
        Answers that an account gave now (`live_answers`).

    Raises
    ------
    ScenarioError
        With the faults of all files, or if no job of them ran.
    """
    reading = _Reading()
    findings: list[Finding] = list(_read_values(list(asked), _ACCOUNT, reading)) if asked else []
    for source in sources:
        try:
            findings += _read(source, reading)
        except ScenarioError as error:
            findings += error.findings
    jobs = reading.jobs.jobs()
    if not findings and not any(job.attempts for job in jobs):
        findings.append(_nothing_ran(reading.jobs, len(jobs), ", ".join(map(str, sources)) or _ACCOUNT))
    if findings:
        raise ScenarioError(findings)
    machines, regions = reading.machines, reading.regions
    return History(
        jobs=jobs,
        notes={**reading.jobs.told(), **machines.notes},
        events=reading.events,
        region=min(regions, key=lambda name: (-regions[name], name), default=""),
        tasks=tuple(machines.tasks.values()),
        instances=tuple(machines.instances.values()),
        activities=tuple(machines.activities.values()),
    )


def _nothing_ran(known: KnownJobs, jobs: int, shown: str) -> Finding:
    """What to say of a history in which no job ran: with what was left out, since that may be why."""
    odd = "; ".join(f"{count:,} {reason}" for reason, count in known.told().items() if count)
    message = f"none of {jobs:,} {'job' if jobs == 1 else 'jobs'} in it ran" if jobs else "no job in it"
    expected = "jobs that ran"
    if jobs:
        expected += "; of arrays the children, which `aws batch list-jobs --array-job-id ID` names"
    return Finding("history", "", f"{message} ({odd})" if odd else message, expected, file=shown)


def is_history(source: Path) -> bool:
    """Whether a file or a folder holds jobs that ran, or what they ran on; not, where it can't be read."""
    if source.is_dir():
        return (source / "attempts.parquet").is_file()
    shown = str(source)
    try:
        content = read_content(source, shown, "history")
        if kind_of_binary(content) == "Parquet" or is_table(text := decoded(content, shown, "history")):
            return True
        values = values_in(text, shown)
    except ScenarioError:
        return False
    return bool(found_in(values).jobs) or Machines().take(mappings_in(values)) > 0


def _read(source: Path, reading: _Reading) -> Sequence[Finding]:
    """Add what is in a file or a folder; what is wrong with single jobs of it."""
    shown = str(source)
    if source.is_dir():
        found = read_results_folder(source, reading.jobs, reading.machines)
        reading.events += found.events
        reading.regions[found.region] += 1
        return ()
    content = read_content(source, shown, "history")
    if kind_of_binary(content) == "Parquet" or is_table(text := decoded(content, shown, "history")):
        reading.events += read_table(content, shown, reading.jobs)
        return ()
    return _read_values(values_in(text, shown), shown, reading)


def _read_values(values: Any, shown: str, reading: _Reading) -> Sequence[Finding]:
    """Add what is in values."""
    answers = found_in(values)
    machines = reading.machines.take(mappings_in(values))
    if not answers.jobs and not machines and shown != _ACCOUNT:
        raise ScenarioError([none_in(values, answers, shown)])
    reading.regions.update(filter(None, map(_region, answers.jobs)))
    reading.jobs.notes.update({f"{name}: no detail in them": count for name, count in answers.unread.items()})
    findings = list(_take(answers, shown, reading.jobs))
    for event in _events(values):
        reading.jobs.came(*event)
        reading.events += 1
    return findings


def _region(detail: Mapping[str, Any]) -> str:
    """The region in a job's ARNs; empty where it has none."""
    arns = (str(detail.get(name) or "").split(":") for name in ("jobQueue", "jobArn", "jobDefinition"))
    return next((parts[3] for parts in arns if parts[0] == "arn" and len(parts) > 3), "")


def _take(answers: Answers, shown: str, known: KnownJobs) -> Iterator[Finding]:
    """Add the jobs of one file; a finding for each job whose times can't be milliseconds."""
    last_s = max(filter(None, map(_last_instant, answers.jobs)), default=math.nan)
    for detail in answers.jobs:
        if is_multi_node(detail):
            known.notes[MULTI_NODE] += 1
            continue
        created = instant(detail.get("createdAt"))
        if math.isnan(created):
            known.notes[NO_SUBMISSION] += 1
            continue
        if not EARLIEST_S <= created < LATEST_S:
            message = f"the job {str(detail['jobId'])!r} was created at {detail['createdAt']}"
            yield Finding("history", "", message, "milliseconds since 1970, as AWS has them", file=shown)
            continue
        times = (detail.get(name) for name in ("createdAt", "startedAt", "stoppedAt"))
        known.notes[WITHOUT_ZONE] += sum(map(_is_zoneless, times))
        known.add(*recorded_job(detail, last_s))


def _last_instant(detail: Mapping[str, Any]) -> float | None:
    """The latest instant that a description holds: it was made no earlier."""
    each_told = (detail, *(attempt for attempt in entries(detail, "attempts") if isinstance(attempt, dict)))
    told = [instant(each.get(name)) for each in each_told for name in ("createdAt", "startedAt", "stoppedAt")]
    return max((each for each in told if each > 0), default=None)


def _is_zoneless(value: Any) -> bool:
    return isinstance(value, str) and ":" in value and re.search(r"(Z|[+-]\d\d:?\d\d)\s*$", value) is None


def _events(values: Any) -> Iterator[tuple[str, str, float]]:
    """The state changes in a file: of which job, to which state, when."""
    for value in mappings_in(values):
        job_id, at = dig(value, "detail", "jobId"), instant(value.get("time"))
        if job_id is not None and not math.isnan(at):
            yield str(job_id), str(dig(value, "detail", "status")).upper(), at
