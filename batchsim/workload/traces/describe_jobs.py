"""What ``aws batch describe-jobs`` prints (API ``JobDetail``), alone, in pages, or in what services wrap it in.

A job's run time is that of its last attempt that ran, or of the job where attempts are not listed; attempts before it
that failed are replayed with their own, and those whose host was taken away are not: in a run the simulated market
decides. The first submission is second 0. Parents of arrays hold no resources and are skipped, their children are not;
multi-node jobs are not read. What never ran, or has not ended, has no run time. All of these are counted.

One reader for two users: the trace format of this name, and `batchsim import jobs`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from batchsim.arrays import Floats
from batchsim.scenario.document.content import Readable
from batchsim.spec.traces import Trace
from batchsim.workload.source import Edges
from batchsim.workload.traces.answers import Answers, job_details
from batchsim.workload.traces.common import Faults, TraceJobs
from batchsim.workload.traces.job_details import (
    MS_PER_S,
    NOT_ENDED,
    DescribedJob,
    Needs,
    array_size,
    described_job,
    instant_ms,
    is_array,
    needs,
    why_skipped,
)

#: As milliseconds since 1970 these are in its first weeks; as seconds, from 2014, when AWS Batch was not there yet.
_SECONDS = (1.4e9, 5e9)


@dataclass(frozen=True)
class DescribedJobs:
    """The jobs of describe-jobs answers.

    Attributes
    ----------
    jobs : tuple of DescribedJob
        Those that ran, in the order of their submission, children of an array by their index.
    arrays : mapping
        What arrays wait for, by the jobId of their parent.
    skipped : mapping
        Jobs that are left out, counted by reason.
    undescribed : int
        Children of arrays that are not among the answers, though their parent is.
    faults : tuple of str
        What can't be right of single jobs, in words.
    """

    jobs: tuple[DescribedJob, ...]
    arrays: Mapping[str, Needs]
    skipped: Mapping[str, int]
    undescribed: int
    faults: tuple[str, ...]

    @property
    def submitted_at(self) -> Floats:
        """Seconds since the first submission."""
        return self.seconds("created_at_ms")

    def seconds(self, member: str) -> Floats:
        """An instant of each job, in seconds since the first submission."""
        instants = np.array([getattr(job, member) for job in self.jobs])
        return np.asarray((instants - self.jobs[0].created_at_ms) / MS_PER_S)

    @property
    def nothing(self) -> tuple[str, str]:
        """That no job ran, and what would be right; empty where some did."""
        if self.jobs or self.faults:
            return "", ""
        counted = ", ".join(f"{count} {reason}" for reason, count in self.skipped.items())
        if "parent of an array" in self.skipped:
            expected = "their children too: `aws batch list-jobs --array-job-id ID` names them"
        else:
            expected = "jobs that have ended, as `aws batch describe-jobs` prints them"
        return f"no job with a run time{f' ({counted})' if counted else ''}", expected


@dataclass(frozen=True)
class DescribedDependencies:
    """What waits for what.

    Attributes
    ----------
    rows : tuple of tuple of int
        For each job the jobs that it waits for.
    arrays : tuple of tuple of str
        For each job the arrays that it waits for as a whole.
    children : mapping
        The jobs of each array, by index.
    lost : int
        Dependencies on what is not there.
    """

    rows: tuple[tuple[int, ...], ...]
    arrays: tuple[tuple[str, ...], ...]
    children: Mapping[str, tuple[int, ...]]
    lost: int


def described_jobs(answers: Answers) -> DescribedJobs:
    """What answers say of jobs that ran; of several about one job the last that says how it ran holds."""
    ran, others = _parted(answers)
    arrays = {job_id: job for (job_id, _), job in others.items() if is_array(job)}
    described = {*ran, *(job_id for job_id, _ in others)}
    faults = {job_id: _fault_of(job) for job_id, job in ran.items()}
    jobs = [described_job(job) for job_id, job in ran.items() if not faults[job_id]]
    return DescribedJobs(
        jobs=tuple(sorted(jobs, key=lambda job: (job.created_at_ms, job.array or job.job_id, job.index))),
        arrays={job_id: needs(job) for job_id, job in arrays.items()},
        skipped=_skipped(answers, ran, others),
        undescribed=_undescribed(arrays, described),
        faults=tuple(filter(None, faults.values())),
    )


def _skipped(answers: Answers, ran: Sized, others: Collection[tuple[str, str]]) -> dict[str, int]:
    """Jobs of which no row is made, counted by reason."""
    skipped = dict(answers.unread)
    again = len(answers.jobs) - len(ran) - len(others)
    if again > 0:
        skipped["described more than once"] = again
    for _, reason in others:
        skipped[reason] = skipped.get(reason, 0) + 1
    return skipped


def _undescribed(arrays: Mapping[str, Mapping[str, Any]], described: Iterable[str]) -> int:
    """How many children of arrays are not described."""
    children = sum(":" in job_id and job_id.rpartition(":")[0] in arrays for job_id in described)
    return max(sum(map(array_size, arrays.values())) - children, 0)


def _parted(answers: Answers) -> tuple[dict[str, dict[str, Any]], dict[tuple[str, str], dict[str, Any]]]:
    """Jobs that ran, by their id, and those that are skipped, by their id and why."""
    ran: dict[str, dict[str, Any]] = {}
    others: dict[tuple[str, str], dict[str, Any]] = {}
    for job in answers.jobs:
        reason = why_skipped(job)
        if reason:
            others[str(job["jobId"]), reason] = job
        else:
            ran[str(job["jobId"])] = job
    # An event of a state that a job has left since says nothing more.
    return ran, {key: job for key, job in others.items() if key[1] != NOT_ENDED or key[0] not in ran}


def _fault_of(job: Mapping[str, Any]) -> str:
    """What can't be right of a job that ran; empty for others."""
    created = instant_ms(job.get("createdAt"))
    if created is None:
        return f"the job {str(job['jobId'])!r} has no createdAt"
    if _SECONDS[0] <= created <= _SECONDS[1]:
        return f"the job {str(job['jobId'])!r} was created at {created:.0f}: seconds, where AWS has milliseconds"
    return ""


class DependentJob(Protocol):
    """What is known of a job that may wait for others."""

    @property
    def job_id(self) -> str: ...  # noqa: D102 (see DescribedJob)
    @property
    def array(self) -> str: ...  # noqa: D102
    @property
    def index(self) -> int: ...  # noqa: D102
    @property
    def depends_on(self) -> Needs: ...  # noqa: D102


def dependencies(jobs: Sequence[DependentJob], arrays: Mapping[str, Needs]) -> DescribedDependencies:
    """The dependencies of jobs, and of arrays those of their parents (User Guide, *Array jobs*).

    Parameters
    ----------
    arrays : mapping
        What arrays wait for, by the jobId of their parent.
    """
    place = {job.job_id: row for row, job in enumerate(jobs)}
    children = _children(jobs)
    lost = 0
    rows, whole = [], []
    for job in jobs:
        needed: dict[int | str | None, None] = {}
        for job_id, kind in dict.fromkeys((*job.depends_on, *arrays.get(job.array, ()))):
            found = place[job_id] if job_id in place else _of_arrays(job, job_id, kind, children)
            needed[found] = None
            lost += found is None and not _is_first_of_sequence(job, job_id)
        rows.append(tuple(each for each in needed if isinstance(each, int)))
        whole.append(tuple(each for each in needed if isinstance(each, str)))
    return DescribedDependencies(tuple(rows), tuple(whole), _in_order(children), lost)


def _is_first_of_sequence(job: DependentJob, job_id: str) -> bool:
    """Whether a SEQUENTIAL dependency is that of the first child, which waits for no other."""
    return not job_id and job.index <= 0


def _children(jobs: Sequence[DependentJob]) -> dict[str, dict[int, int]]:
    """The rows of each array's children, by their index."""
    arrays: dict[str, dict[int, int]] = {}
    for row, job in enumerate(jobs):
        if job.array:
            arrays.setdefault(job.array, {})[job.index] = row
    return arrays


def _in_order(arrays: Mapping[str, Mapping[int, int]]) -> dict[str, tuple[int, ...]]:
    """The rows of each array's children, in the order of their index."""
    return {array: tuple(row for _, row in sorted(members.items())) for array, members in arrays.items()}


def _of_arrays(job: DependentJob, job_id: str, kind: str, arrays: Mapping[str, Mapping[int, int]]) -> int | str | None:
    """The child of an array that a job waits for, or the array that it waits for as a whole; None for what is lost."""
    if not job_id:
        return arrays.get(job.array, {}).get(job.index - 1)  # SEQUENTIAL: child by child
    if kind == "N_TO_N" and job.array:
        return arrays.get(job_id, {}).get(job.index)
    return job_id if job_id in arrays else None


def notes(record: DescribedJobs, needed: DescribedDependencies) -> dict[str, int]:
    """What a replay does not take as it was, counted."""
    counted = {
        "attempts ended with their host (Spot, scale-in): they are not replayed, the simulated market decides": sum(
            job.reclaimed for job in record.jobs
        ),
        "jobs FAILED when their host was taken away: they run as long as they did until then, and succeed": sum(
            job.cut_short for job in record.jobs
        ),
        "attempts never ran, or their times are not said: they are not replayed": sum(
            job.unstarted for job in record.jobs
        ),
        "jobs do not say what they asked for: the job definition's is taken": sum(
            math.isnan(job.vcpus) and math.isnan(job.memory_mib) for job in record.jobs
        ),
        "jobs were pods of EKS: what they asked for is read, where they ran is not": sum(
            job.on_eks for job in record.jobs
        ),
        "dependencies are left out: the jobs waited for are not in the trace": needed.lost,
        "children of arrays are not described: `aws batch list-jobs --array-job-id ID` names them": record.undescribed,
    }
    return {reason: count for reason, count in counted.items() if count}


def read(path: Readable, trace: Trace, faults: Faults) -> TraceJobs:
    """Read describe-jobs output."""
    known = described_jobs(job_details(path, faults.file))
    for fault in known.faults:
        faults.add(0, fault)
    message, expected = known.nothing
    if message:
        faults.add(0, message, expected)
    faults.raise_any()
    needed = dependencies(known.jobs, known.arrays)
    edges, parents = edges_of(needed)
    jobs = known.jobs
    priorities = _column(jobs, "scheduling_priority")
    vcpus, memory_mib = _column(jobs, "vcpus"), _column(jobs, "memory_mib")
    return TraceJobs(
        names=[job.name for job in jobs],
        submitted_at=known.submitted_at,
        runtime_s=_column(jobs, "runtime_s"),
        vcpus=vcpus,
        memory_mib=memory_mib,
        # Of what says what it asked for, none are said where there are none.
        gpus=np.where(np.isnan(vcpus) & np.isnan(memory_mib), np.nan, _column(jobs, "gpus")),
        exit_code=_column(jobs, "exit_code").astype(np.int32),
        # Names of an account are seldom those of the scenario: what the trace's entry says comes first.
        queues=None if trace.job_queue else _said(jobs, "job_queue"),
        definitions=None if trace.job_definition else _said(jobs, "job_definition"),
        share_identifiers=_said(jobs, "share_identifier"),
        scheduling_priorities=None if np.isnan(priorities).all() else priorities,
        started_at=known.seconds("started_at_ms"),
        stopped_at=known.seconds("stopped_at_ms"),
        earlier={row: job.earlier for row, job in enumerate(jobs) if job.earlier},
        edges=edges,
        parents=parents,
        skipped=dict(known.skipped),
        notes=notes(known, needed),
    )


def _column(jobs: Sequence[DescribedJob], member: str) -> Floats:
    return np.array([getattr(job, member) for job in jobs], np.float64)


def _said(jobs: Sequence[DescribedJob], member: str) -> list[str | None] | None:
    """Texts, None where there is none; None where no job has one."""
    said = [getattr(job, member) or None for job in jobs]
    return said if any(said) else None


def edges_of(needed: DescribedDependencies) -> tuple[Edges, int]:
    """The dependency graph; an array that is waited for as a whole is a node of its own, after the rows."""
    first = len(needed.rows)
    asked = dict.fromkeys(array for arrays in needed.arrays for array in arrays)
    node = {array: first + number for number, array in enumerate(asked)}
    edges = [(row, node[array]) for array in asked for row in needed.children[array]]
    edges += [(other, row) for row, others in enumerate(needed.rows) for other in others]
    edges += [(node[array], row) for row, arrays in enumerate(needed.arrays) for array in arrays]
    return np.array(edges, np.int64).reshape(-1, 2), len(node)
