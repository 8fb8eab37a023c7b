"""What ``aws batch describe-jobs`` prints: one object or a list of pages (API ``JobDetail``).

A job's run time is that of its last attempt, or of the job where attempts are not listed. The first submission is
second 0. Parents of arrays hold no resources and are skipped, their children are not; multi-node jobs are not simulated
yet. What never ran, or has not stopped, has no run time. All of these are counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from batchsim.columns import Floats
from batchsim.scenario.model import Trace
from batchsim.scenario.reading import base_name, dig, figure, requirement
from batchsim.workload.traces.common import Faults, Jobs
from batchsim.workload.traces.wfformat import load_json

MS_PER_S = 1000.0

#: What a job waits for: (jobId, type); in an array's SEQUENTIAL dependency on itself the jobId is empty.
Needs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One job that ran, as AWS Batch remembers it; NaN stands for what it does not say.

    Attributes
    ----------
    array, index : str, int
        The jobId of the array that it is a child of, and which; empty and -1 for other jobs.
    created_at_ms, stopped_at_ms : float
        Milliseconds since 1970.
    runtime_s : float
        Of the last attempt.
    exit_code : int
        Of the last attempt; 1 for a failed job that has none.
    """

    job_id: str
    name: str
    array: str
    index: int
    created_at_ms: float
    stopped_at_ms: float
    runtime_s: float
    attempts: int
    exit_code: int
    vcpus: float
    memory_mib: float
    gpus: float
    job_queue: str
    job_definition: str
    depends_on: Needs
    share_identifier: str
    scheduling_priority: float


@dataclass(frozen=True)
class Recording:
    """The jobs of describe-jobs answers.

    Attributes
    ----------
    jobs : tuple of Recorded
        Those that ran, in the order of their submission.
    arrays : mapping
        What arrays wait for, by the jobId of their parent.
    skipped : mapping
        Jobs that are left out, counted by reason.
    undated : tuple of str
        The jobIds of those that were never submitted by what is said of them.
    """

    jobs: tuple[Recorded, ...]
    arrays: Mapping[str, Needs]
    skipped: Mapping[str, int]
    undated: tuple[str, ...]

    @property
    def submitted_at(self) -> Floats:
        """Seconds since the first submission."""
        created = np.array([job.created_at_ms for job in self.jobs])
        return np.asarray((created - created[0]) / MS_PER_S)

    @property
    def counted(self) -> str:
        """What was left out, in words."""
        return ", ".join(f"{count} {reason}" for reason, count in self.skipped.items())


def details(content: Any) -> Iterator[dict[str, Any]]:
    """Job details of one answer, a list of answers, or a list of details."""
    if isinstance(content, list):
        for item in content:
            yield from details(item)
    elif isinstance(content, dict) and isinstance(content.get("jobs"), list):
        yield from details(content["jobs"])
    elif isinstance(content, dict) and "jobId" in content:
        yield content


def recording(content: Any) -> Recording:
    """What describe-jobs says of jobs that ran."""
    skipped: dict[str, int] = {}
    arrays: dict[str, Needs] = {}
    undated = []
    jobs = []
    for job in details(content):
        reason = _skip(job)
        if _is_array(job):
            arrays[str(job["jobId"])] = _needs(job)
        if reason:
            skipped[reason] = skipped.get(reason, 0) + 1
        elif figure(job.get("createdAt")) is None:
            undated.append(str(job.get("jobId")))
        else:
            jobs.append(_recorded(job))
    jobs.sort(key=lambda job: (job.created_at_ms, job.job_id))
    return Recording(tuple(jobs), arrays, skipped, tuple(undated))


def _is_array(job: dict[str, Any]) -> bool:
    return dig(job, "arrayProperties", "size") is not None and dig(job, "arrayProperties", "index") is None


def _skip(job: dict[str, Any]) -> str:
    if "nodeProperties" in job or "#" in str(job.get("jobId")):
        return "multi-node job"
    if _is_array(job):
        return "parent of an array"
    started, stopped = _ran(job)
    if started is None or stopped is None or stopped < started:
        return "no run time"
    return ""


def _attempts(job: dict[str, Any]) -> list[Any]:
    attempts = job.get("attempts")
    return attempts if isinstance(attempts, list) else []


def _ran(job: dict[str, Any]) -> tuple[float | None, float | None]:
    attempts = _attempts(job)
    last = attempts[-1] if attempts else {}
    started = figure(dig(last, "startedAt")) or figure(job.get("startedAt")) or None
    return started, figure(dig(last, "stoppedAt")) or figure(job.get("stoppedAt"))


def _needs(job: dict[str, Any]) -> Needs:
    listed = job.get("dependsOn")
    entries = [entry for entry in (listed if isinstance(listed, list) else ()) if isinstance(entry, dict)]
    return tuple((str(entry.get("jobId") or ""), str(entry.get("type") or "")) for entry in entries)


def _recorded(job: dict[str, Any]) -> Recorded:
    started, stopped = _ran(job)
    container = job.get("container") or {}
    index = figure(dig(job, "arrayProperties", "index"))
    job_id = str(job["jobId"])

    def asked(kind: str, default: float) -> float:
        value = requirement(container, kind)
        return default if value is None else value

    priority = figure(job.get("schedulingPriority"))
    return Recorded(
        job_id=job_id,
        name=str(job.get("jobName") or job_id),
        array="" if index is None else job_id.rpartition(":")[0],
        index=-1 if index is None else int(index),
        created_at_ms=float(job["createdAt"]),
        stopped_at_ms=stopped or 0.0,
        runtime_s=((stopped or 0) - (started or 0)) / MS_PER_S,
        attempts=len(_attempts(job)),
        exit_code=_exit_code(job),
        vcpus=asked("VCPU", math.nan),
        memory_mib=asked("MEMORY", math.nan),
        gpus=asked("GPU", 0.0),
        job_queue=base_name(job.get("jobQueue") or ""),
        job_definition=base_name(job.get("jobDefinition") or ""),
        depends_on=_needs(job),
        share_identifier=str(job.get("shareIdentifier") or ""),
        scheduling_priority=math.nan if priority is None else priority,
    )


def _exit_code(job: dict[str, Any]) -> int:
    code = figure(dig(job, "container", "exitCode"))
    if code is None:
        return 1 if job.get("status") == "FAILED" else 0
    return int(code) if 0 <= code <= 255 else 1


def read(path: Path, trace: Trace, faults: Faults) -> Jobs:
    """Read describe-jobs output."""
    known = recording(load_json(path, faults))
    for job_id in known.undated:
        faults.add(0, f"the job {job_id!r} has no createdAt")
    jobs = known.jobs
    if not jobs and not faults.findings:
        left_out = f" ({known.counted})" if known.skipped else ""
        faults.add(0, f"no job with a run time{left_out}", "what describe-jobs prints")
    faults.raise_any()
    place = {job.job_id: row for row, job in enumerate(jobs)}
    edges = [(place[needed], row) for row, job in enumerate(jobs) for needed, _ in job.depends_on if needed in place]
    return Jobs(
        names=[job.name for job in jobs],
        submitted_at=known.submitted_at,
        runtime_s=np.array([job.runtime_s for job in jobs]),
        vcpus=np.array([job.vcpus for job in jobs]),
        memory_mib=np.array([job.memory_mib for job in jobs]),
        gpus=np.array([job.gpus for job in jobs]),
        exit_code=np.array([job.exit_code for job in jobs], np.int32),
        # Names of an account are seldom those of the scenario: what the trace's entry says comes first.
        queues=None if trace.job_queue else [job.job_queue for job in jobs],
        definitions=None if trace.job_definition else [job.job_definition for job in jobs],
        edges=np.array(edges, np.int64).reshape(-1, 2),
        skipped=dict(known.skipped),
    )
