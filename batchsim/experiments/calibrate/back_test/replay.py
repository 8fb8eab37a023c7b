"""Jobs of a history as a trace: submitted when they were, with the run times and the failed attempts that they had."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from batchsim.arrays import Floats
from batchsim.aws.histories.records import History, RecordedAttempt, RecordedJob
from batchsim.experiments.calibrate.attempts import outcome
from batchsim.experiments.calibrate.back_test.split import Split, in_system_from
from batchsim.spec.workload import Attempts as Tries
from batchsim.units import DAY
from batchsim.workload.traces.common import FAILED_EXIT_CODE, TraceJobs
from batchsim.workload.traces.describe_jobs import dependencies, edges_of

LEFT_OUT = "jobs that ended without having run: not replayed"
PROLONGED = "jobs whose run time the record cuts off: replayed with the mean of those that ran longer"
UNKNOWN = "jobs that never ran, of a kind of which no run time is known: not replayed"
RECLAIMED = "attempts ended with their host or Fargate Spot task: not replayed, the simulated market decides"
NOT_STARTED = "attempts never started: not replayed"


@dataclass(frozen=True)
class Replay:
    """What is replayed.

    Attributes
    ----------
    records : tuple of RecordedJob
        The jobs in the order of the trace's rows.
    trace : TraceJobs
        The same as a trace, in seconds since `zero`.
    zero : float
        Second 0 of the simulation, in seconds since 1970: a midnight.
    notes : mapping
        What is not replayed as it was, counted.
    """

    records: tuple[RecordedJob, ...]
    trace: TraceJobs
    zero: float
    notes: Mapping[str, int] = field(default_factory=dict)


def replay_of(history: History, where: Split, lengths: Mapping[str, Floats]) -> Replay:
    """The jobs that are in the system when the replay begins, or come later.

    Parameters
    ----------
    lengths : mapping
        Run times that are known to their end, ascending, of jobs of the same kind as each, by job id.
    """
    notes: Counter[str] = Counter()
    rows: list[tuple[RecordedJob, _Ran]] = []
    jobs = in_system_from(history.jobs, where.replayed_from)
    # An array's children are submitted by their index; as texts, 10 comes before 2.
    for job in sorted(jobs, key=lambda job: (job.created_at, job.array or job.job_id, job.index)):
        ran = _ran(job, lengths[job.job_id], notes)
        if ran is not None:
            rows.append((job, ran))
    records = tuple(job for job, _ in rows)
    zero = math.floor(min(job.created_at for job in records) / DAY) * DAY if records else where.cut
    arrays = {job.job_id: job.depends_on for job in history.jobs if job.size}
    edges, parents = edges_of(dependencies(records, arrays))
    columns = {
        name: np.array([getattr(job.asked, name) for job in records], np.float64)
        for name in ("vcpus", "memory_mib", "gpus", "priority")
    }
    shares = [job.asked.share_identifier or None for job in records]
    # A priority is of a job in a share; queues without shares have none.
    priority = np.where([share is not None for share in shares], columns["priority"], math.nan)
    trace = TraceJobs(
        names=[job.job_id for job in records],
        submitted_at=np.array([job.created_at for job in records]) - zero,
        runtime_s=np.array([ran.runtime_s for _, ran in rows]),
        vcpus=columns["vcpus"],
        memory_mib=columns["memory_mib"],
        gpus=columns["gpus"],
        exit_code=np.array([ran.exit_code for _, ran in rows], np.int32),
        queues=[job.queue for job in records],
        definitions=[job.definition for job in records],
        share_identifiers=shares if any(shares) else None,
        scheduling_priorities=None if np.isnan(priority).all() else priority,
        final=np.array([ran.final for _, ran in rows], bool),
        earlier={row: ran.earlier for row, (_, ran) in enumerate(rows) if ran.earlier},
        edges=edges,
        parents=parents,
    )
    return Replay(records, trace, zero, {reason: count for reason, count in notes.items() if count})


@dataclass(frozen=True)
class _Ran:
    """How a job is replayed; the run time is of its last attempt, `earlier` are those before it that failed."""

    runtime_s: float
    exit_code: int = 0
    final: bool = False
    earlier: Tries = ()


def _ran(job: RecordedJob, known: Floats, notes: Counter[str]) -> _Ran | None:
    """How a job is replayed; None where it is not."""
    ended = [(outcome(each), each) for each in job.attempts]
    notes[RECLAIMED] += sum(how == "interrupted" for how, _ in ended)
    notes[NOT_STARTED] += sum(how == "not started" for how, _ in ended)
    own = [(how, each) for how, each in ended if how not in ("interrupted", "not started")]
    finished = job.status in ("SUCCEEDED", "FAILED")
    cut_off = ended[-1][0] in ("interrupted", "running") if ended else not finished
    if not own and not cut_off:
        notes[LEFT_OUT] += 1
        return None
    if cut_off or not finished:
        seen = ended[-1][1].length_s if ended and ended[-1][0] in ("interrupted", "running") else 0.0
        length = _longer(0.0 if math.isnan(seen) else seen, known)
        if length <= 0:
            notes[UNKNOWN] += 1
            return None
        notes[PROLONGED] += 1
        return _Ran(length, earlier=_failed(each for how, each in own if how == "failed"))
    how, last = own[-1]
    earlier = _failed(each for before, each in own[:-1] if before == "failed")
    if how == "succeeded":
        return _Ran(last.length_s, earlier=earlier)
    if how == "stopped":
        return _Ran(last.length_s, FAILED_EXIT_CODE, final=not earlier, earlier=earlier)
    return _Ran(last.length_s, _code(last), earlier=earlier)


def _failed(attempts: Iterable[RecordedAttempt]) -> Tries:
    return tuple((each.length_s, _code(each)) for each in attempts)


def _code(attempt: RecordedAttempt) -> int:
    code = attempt.exit_code or FAILED_EXIT_CODE
    return code if 1 <= code <= 255 else FAILED_EXIT_CODE


def _longer(seen_s: float, known: Floats) -> float:
    """The mean of run times that are longer than one that was cut off; that itself where none is."""
    place = int(np.searchsorted(known, seen_s, "right"))
    return float(np.mean(known[place:])) if place < len(known) else seen_s
