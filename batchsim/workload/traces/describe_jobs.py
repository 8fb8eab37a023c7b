"""What ``aws batch describe-jobs`` prints: one object or a list of pages (API ``JobDetail``).

A job's run time is that of its last attempt, or of the job where attempts are not listed. The first submission is
second 0. Parents of arrays hold no resources and are skipped, their children are not; multi-node jobs are not simulated
yet. What never ran, or has not stopped, has no run time. All of these are counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from batchsim.scenario.model import Trace
from batchsim.scenario.rules.context import base_name, dig, figure, requirement
from batchsim.workload.traces.common import Faults, Jobs
from batchsim.workload.traces.wfformat import load_json

MS_PER_S = 1000.0


def details(content: Any) -> Iterator[dict[str, Any]]:
    """Job details of one answer, a list of answers, or a list of details."""
    if isinstance(content, list):
        for item in content:
            yield from details(item)
    elif isinstance(content, dict) and isinstance(content.get("jobs"), list):
        yield from details(content["jobs"])
    elif isinstance(content, dict) and "jobId" in content:
        yield content


def _skip(job: dict[str, Any]) -> str:
    if "nodeProperties" in job or "#" in str(job.get("jobId")):
        return "multi-node job"
    if dig(job, "arrayProperties", "size") is not None and dig(job, "arrayProperties", "index") is None:
        return "parent of an array"
    started, stopped = _ran(job)
    if started is None or stopped is None or stopped < started:
        return "no run time"
    return ""


def _ran(job: dict[str, Any]) -> tuple[float | None, float | None]:
    attempts = job.get("attempts")
    last = attempts[-1] if isinstance(attempts, list) and attempts else {}
    started = figure(dig(last, "startedAt")) or figure(job.get("startedAt")) or None
    return started, figure(dig(last, "stoppedAt")) or figure(job.get("stoppedAt"))


def read(path: Path, trace: Trace, faults: Faults) -> Jobs:
    """Read describe-jobs output."""
    skipped: dict[str, int] = {}
    jobs = []
    for job in details(load_json(path, faults)):
        reason = _skip(job)
        if reason:
            skipped[reason] = skipped.get(reason, 0) + 1
        elif figure(job.get("createdAt")) is None:
            faults.add(0, f"the job {job.get('jobId')!r} has no createdAt")
        else:
            jobs.append(job)
    if not jobs and not faults.findings:
        counted = ", ".join(f"{count} {reason}" for reason, count in skipped.items())
        faults.add(0, "no job with a run time" + (f" ({counted})" if counted else ""), "what describe-jobs prints")
    faults.raise_any()
    jobs.sort(key=lambda job: (float(job["createdAt"]), str(job["jobId"])))
    place = {str(job["jobId"]): row for row, job in enumerate(jobs)}
    first = float(jobs[0]["createdAt"])
    containers = [job.get("container") or {} for job in jobs]
    edges = [
        (place[str(dig(entry, "jobId"))], row)
        for row, job in enumerate(jobs)
        for entry in (job["dependsOn"] if isinstance(job.get("dependsOn"), list) else ())
        if str(dig(entry, "jobId")) in place
    ]

    def asked(kind: str, default: float) -> np.ndarray:
        found = [requirement(container, kind) for container in containers]
        return np.array([default if value is None else value for value in found], float)

    times = [_ran(job) for job in jobs]
    return Jobs(
        names=[str(job.get("jobName") or job["jobId"]) for job in jobs],
        submitted_at=np.array([(float(job["createdAt"]) - first) / MS_PER_S for job in jobs]),
        runtime_s=np.array([((stopped or 0) - (started or 0)) / MS_PER_S for started, stopped in times]),
        vcpus=asked("VCPU", math.nan),
        memory_mib=asked("MEMORY", math.nan),
        gpus=asked("GPU", 0.0),
        exit_code=np.array([_exit_code(job) for job in jobs], np.int32),
        # Names of an account are seldom those of the scenario: what the trace's entry says comes first.
        queues=None if trace.job_queue else [base_name(job.get("jobQueue", "")) for job in jobs],
        definitions=None if trace.job_definition else [base_name(job.get("jobDefinition", "")) for job in jobs],
        edges=np.array(edges, np.int64).reshape(-1, 2),
        skipped=skipped,
    )


def _exit_code(job: dict[str, Any]) -> int:
    code = figure(dig(job, "container", "exitCode"))
    if code is None:
        return 1 if job.get("status") == "FAILED" else 0
    return int(code) if 0 <= code <= 255 else 1
