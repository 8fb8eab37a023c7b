"""Jobs of a history as a trace: submitted when they were, with the run times and the failed attempts that they had."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from batchsim.workload.traces.job_details import Needs

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
    rows = list(_rows(in_system_from(history.jobs, where.replayed_from), lengths, notes))
    records = tuple(job for job, _ in rows)
    zero = math.floor(min(job.created_at for job in records) / DAY) * DAY if records else where.cut
    arrays = {job.job_id: job.depends_on for job in history.jobs if job.size}
    trace = _trace(rows, arrays, zero)
    return Replay(records, trace, zero, {reason: count for reason, count in notes.items() if count})


def _rows(
    jobs: Iterable[RecordedJob], lengths: Mapping[str, Floats], notes: Counter[str]
) -> Iterator[tuple[RecordedJob, _Ran]]:
    """The jobs that are replayed, in the order of their submission."""
    # An array's children are submitted by their index; as texts, 10 comes before 2.
    for job in sorted(jobs, key=lambda job: (job.created_at, job.array or job.job_id, job.index)):
        ran = _ran(job, lengths[job.job_id], notes)
        if ran is not None:
            yield job, ran


def _trace(rows: Sequence[tuple[RecordedJob, _Ran]], arrays: Mapping[str, Needs], zero: float) -> TraceJobs:
    records = [job for job, _ in rows]
    edges, parents = edges_of(dependencies(records, arrays))
    shares, priorities = _shares(records)

    def asked(name: str) -> Floats:
        return np.array([getattr(job.asked, name) for job in records], np.float64)

    return TraceJobs(
        names=[job.job_id for job in records],
        submitted_at=np.array([job.created_at for job in records]) - zero,
        runtime_s=np.array([ran.runtime_s for _, ran in rows]),
        vcpus=asked("vcpus"),
        memory_mib=asked("memory_mib"),
        gpus=asked("gpus"),
        exit_code=np.array([ran.exit_code for _, ran in rows], np.int32),
        queues=[job.queue for job in records],
        definitions=[job.definition for job in records],
        share_identifiers=shares,
        scheduling_priorities=priorities,
        final=np.array([ran.final for _, ran in rows], bool),
        earlier={row: ran.earlier for row, (_, ran) in enumerate(rows) if ran.earlier},
        edges=edges,
        parents=parents,
    )


def _shares(records: Sequence[RecordedJob]) -> tuple[list[str | None] | None, Floats | None]:
    """Share identifiers and priorities; None where no job has one."""
    shares = [job.asked.share_identifier or None for job in records]
    # A priority is of a job in a share; queues without shares have none.
    priority = np.array([job.asked.priority if job.asked.share_identifier else math.nan for job in records], np.float64)
    return shares if any(shares) else None, None if np.isnan(priority).all() else priority


@dataclass(frozen=True)
class _Ran:
    """How a job is replayed; the run time is of its last attempt, `earlier` are those before it that failed."""

    runtime_s: float
    exit_code: int = 0
    final: bool = False
    earlier: Tries = ()


#: Attempts with how each ended, in their order.
_Ended = Sequence[tuple[str, RecordedAttempt]]
#: How attempts end whose run time is not known to its end.
_CUT_OFF = ("interrupted", "running")


def _ran(job: RecordedJob, known: Floats, notes: Counter[str]) -> _Ran | None:
    """How a job is replayed; None where it is not."""
    ended = [(outcome(each), each) for each in job.attempts]
    ends = Counter(how for how, _ in ended)
    notes[RECLAIMED] += ends["interrupted"]
    notes[NOT_STARTED] += ends["not started"]
    own = [(how, each) for how, each in ended if how not in ("interrupted", "not started")]
    finished = job.status in ("SUCCEEDED", "FAILED")
    cut_off = _is_cut_off(ended, finished)
    if not own and not cut_off:
        notes[LEFT_OUT] += 1
        return None
    if finished and not cut_off:
        return _as_recorded(own)
    length = _longer(_cut_off_s(ended), known)
    if length <= 0:
        notes[UNKNOWN] += 1
        return None
    notes[PROLONGED] += 1
    return _Ran(length, earlier=_failed(own))


def _is_cut_off(ended: _Ended, finished: bool) -> bool:
    """Whether a job's run time is not known to its end; of one that never ran, whether it still may."""
    return ended[-1][0] in _CUT_OFF if ended else not finished


def _cut_off_s(ended: _Ended) -> float:
    """How long the last attempt is known to have run where it was cut off; else 0."""
    if not ended or ended[-1][0] not in _CUT_OFF:
        return 0.0
    seen = ended[-1][1].length_s
    return 0.0 if math.isnan(seen) else seen


def _as_recorded(own: _Ended) -> _Ran:
    """The last attempt of a job that ended, after those before it that failed."""
    how, last = own[-1]
    earlier = _failed(own[:-1])
    if how == "succeeded":
        return _Ran(last.length_s, earlier=earlier)
    if how == "stopped":
        return _Ran(last.length_s, FAILED_EXIT_CODE, final=not earlier, earlier=earlier)
    return _Ran(last.length_s, _code(last), earlier=earlier)


def _failed(ended: _Ended) -> Tries:
    return tuple((each.length_s, _code(each)) for how, each in ended if how == "failed")


def _code(attempt: RecordedAttempt) -> int:
    code = attempt.exit_code or FAILED_EXIT_CODE
    return code if 1 <= code <= 255 else FAILED_EXIT_CODE


def _longer(seen_s: float, known: Floats) -> float:
    """The mean of run times that are longer than one that was cut off; that itself where none is."""
    place = int(np.searchsorted(known, seen_s, "right"))
    return float(np.mean(known[place:])) if place < len(known) else seen_s
