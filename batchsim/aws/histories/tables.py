"""Histories from tables of CSV or Parquet: the columns of csv traces and of a run's results, by the same names.

A row is a job, or one of its attempts where there is a column ``attempt``: rows of one ``job_id`` are then attempts of
one job. ``submitted_at`` and a run time (``started_at`` and ``stopped_at``, or ``runtime_s``) are needed; times are
instants of ISO 8601, seconds since 1970, or seconds since a start that is not known. Columns of a run's results that
say nothing of how a job ran (costs, causes of waiting) are passed over; what is no such column is a fault.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from batchsim.arrays import Floats
from batchsim.aws.histories.known_jobs import (
    AMONG_ZONED,
    EARLIEST_S,
    FINISHED,
    LATEST_S,
    NO_SUBMISSION,
    WITHOUT_ZONE,
    KnownJobs,
)
from batchsim.aws.histories.records import Asked, RecordedAttempt, RecordedJob
from batchsim.columns import ATTEMPTS, JOBS
from batchsim.errors import nearest
from batchsim.scenario.document.content import kind_of_binary
from batchsim.units import parse_instant
from batchsim.workload.traces.common import Faults
from batchsim.workload.traces.foreign import OTHER_NAMES
from batchsim.workload.traces.table import Table, columns_of, is_empty, listed_names, number_in
from batchsim.workload.traces.tabular import COLUMNS, EARLIER

#: What a history's table may hold beside the columns of a trace.
_OWN = ("job_id", "attempt", "status", "status_reason", "reason", "instance_id", "runnable_at", "starting_at")
KNOWN = tuple(dict.fromkeys((*COLUMNS, *_OWN, *(column.name for column in (*JOBS, *ATTEMPTS)))))

#: Second 0 of times that count from a start that is not known: that of a scenario which states none.
UNKNOWN_START = datetime(2026, 1, 1, tzinfo=UTC)

RELATIVE = f"tables of times in seconds from a start that is not known: taken as {UNKNOWN_START:%Y-%m-%d}, a Thursday"
NO_START = "rows with a run time and no start: taken as started when they were submitted"
NAMES_TWICE = "dependencies on names that are not there, or come twice: left out"

#: Above this a number counts milliseconds since 1970.
_MOST_SECONDS = 1e11

_TIMES = ("submitted_at", "runnable_at", "starting_at", "started_at", "stopped_at")
_NUMBERS = (
    "runtime_s", "vcpus", "memory_mib", "gpus", "array_size", "scheduling_priority", "exit_code", "attempt",
    "array_index",
)  # fmt: skip
_TEXTS = (
    "job_id", "job_name", "job_queue", "job_definition", "share_identifier", "status", "status_reason", "reason",
    "instance_id",
)  # fmt: skip

#: A first line of names, separated by what tables are separated by.
_NAMES = re.compile(r'"?[A-Za-z_][\w ."]*([,;|\t][\w ."]*)+\r?')


#: Characters of a first line that are looked at: the pattern takes much memory for one of 100 MB.
_LONGEST_HEAD = 100_000


def is_table(text: str) -> bool:
    """Whether a text's first line names columns, of a history or others; those of a log, which hold JSON, do not."""
    head, _, _ = text[:_LONGEST_HEAD].partition("\n")
    return "@message" not in head and _NAMES.fullmatch(head) is not None


def read_table(content: bytes, shown: str, known: KnownJobs) -> int:
    """Add the jobs of a table; how many instants of RUNNABLE and STARTING there are.

    Raises
    ------
    ScenarioError
        If it has unknown columns, or cells that can't be read.
    """
    faults = Faults(shown)
    columns, line_of = columns_of(content, faults, is_parquet=kind_of_binary(content) == "Parquet")
    faults.raise_any()
    _refuse_columns(columns, faults)
    faults.raise_any()
    table = Table(columns, ("submitted_at",), line_of, faults)
    rows = list(_submitted(_rows(table, known.notes), known.notes))
    faults.raise_any()
    jobs = _joined(rows, is_by_attempt="attempt" in columns)
    for job, backwards in _resolved(jobs, known.notes):
        known.add(job, backwards)
    return sum(len(job.runnable) + len(job.starting) for job, _ in jobs)


def _refuse_columns(columns: Mapping[str, Any], faults: Faults) -> None:
    for name in columns:
        if name not in KNOWN:
            near = nearest(name, KNOWN) or OTHER_NAMES.get(re.sub(r"\W|_", "", name).lower(), "")
            faults.add(1, f"there is no column {name!r}", near or f"one of {', '.join((*COLUMNS, *_OWN))}")
    if "submitted_at" not in columns:
        faults.add(1, "the column submitted_at is missing")
    if "runtime_s" not in columns and not {"started_at", "stopped_at"} <= columns.keys():
        faults.add(1, "run times are missing", "the columns started_at and stopped_at, or runtime_s")


_Row = dict[str, Any]


def _rows(table: Table, notes: Counter[str]) -> Iterator[_Row]:
    """The rows as plain values: NaN and empty where they say nothing."""
    times = {name: _instants(table, name, notes) for name in _present(table, _TIMES)}
    numbers = {name: table.numbers(name, 0, math.nan) for name in _NUMBERS}
    texts = {name: table.texts(name) for name in _present(table, _TEXTS)}
    lists = {name: table.columns[name].to_pylist() for name in _present(table, (*EARLIER, "depends_on"))}
    times = _absolute(times, table, notes)
    for number in range(table.rows):
        row: _Row = {name: float(each[number]) for name, each in (*times.items(), *numbers.items())}
        row |= {name: each[number] or "" for name, each in texts.items()}
        row |= {name: _parts(each[number], table, number, name) for name, each in lists.items()}
        row["row"] = number
        if not row.get("job_id"):
            row["job_id"] = f"{table.faults.file}:{table.line_of(number)}"
        yield row


def _submitted(rows: Iterable[_Row], notes: Counter[str]) -> Iterator[_Row]:
    """The rows that say when their job was submitted."""
    for row in rows:
        if math.isnan(row["submitted_at"]):
            notes[NO_SUBMISSION] += 1
        else:
            yield row


def _present(table: Table, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in table.columns]


def _absolute(times: dict[str, Floats], table: Table, notes: Counter[str]) -> dict[str, Floats]:
    """Seconds since 1970; a fault for each submission that is of no such time, or counts otherwise than the others."""
    submitted = times["submitted_at"]
    absolute = submitted >= EARLIEST_S
    for wrong in np.flatnonzero((submitted < EARLIEST_S) & absolute.any() | (submitted >= LATEST_S)).tolist():
        expected = "in all rows instants of this time, or in all seconds from one start"
        table.fault(wrong, f"submitted_at {table.columns['submitted_at'][wrong].as_py()!r}", expected)
    if not len(submitted) or absolute.any():
        return times
    notes[RELATIVE] += 1
    return {name: each + UNKNOWN_START.timestamp() for name, each in times.items()}


def _instants(table: Table, name: str, notes: Counter[str]) -> Floats:
    """Seconds of a column of instants; a fault for each cell that is none."""
    found = np.full(table.rows, math.nan)
    zoneless = zoned = 0
    for row, cell in enumerate(table.columns[name].to_pylist()):
        if is_empty(cell):
            continue
        try:
            found[row], is_zoneless = _instant(cell)
        except ValueError:
            table.fault(row, f"{name} {cell!r}", "seconds, or an instant such as 2026-11-02T20:00:00Z")
            continue
        zoneless += is_zoneless
        zoned += not is_zoneless
    notes[AMONG_ZONED if zoned else WITHOUT_ZONE] += zoneless
    return found


def _instant(cell: Any) -> tuple[float, bool]:
    if isinstance(cell, datetime):
        zoneless = cell.tzinfo is None
        return (cell.replace(tzinfo=UTC) if zoneless else cell).timestamp(), zoneless
    number = number_in(cell, is_needed=False)
    if math.isfinite(number):
        return (number / 1000 if number > _MOST_SECONDS else number), False
    if math.isnan(number):
        return math.nan, False
    text = str(cell)
    return parse_instant(text).timestamp(), re.search(r"(Z|[+-]\d\d:?\d\d)\s*$", text) is None


def _parts(cell: Any, table: Table, row: int, name: str) -> list[Any]:
    listed = [cell] if isinstance(cell, (int, float)) and not is_empty(cell) else listed_names(cell)
    if listed is None or (name in EARLIER and not all(number_in(each, is_needed=True) >= 0 for each in listed)):
        table.fault(row, f"{name} {cell!r}", "names joined by ;" if name == "depends_on" else "numbers joined by ;")
        return []
    return listed if name == "depends_on" else [float(each) for each in listed]


def _joined(rows: Sequence[_Row], *, is_by_attempt: bool) -> list[tuple[RecordedJob, int]]:
    """Jobs, and how many attempts of each are left out since they stopped before they started."""
    last_s = max((row[name] for row in rows for name in _TIMES if row.get(name, math.nan) > 0), default=math.nan)
    of_job: dict[Any, list[_Row]] = {}
    for row in rows:
        job_id = row["job_id"]
        of_job.setdefault(job_id if is_by_attempt else (job_id, row["row"]), []).append(row)
    return [
        found
        for name, each in of_job.items()
        for found in _jobs(str(name if is_by_attempt else name[0]), each, last_s, is_by_attempt=is_by_attempt)
    ]


def _jobs(job_id: str, rows: list[_Row], last_s: float, *, is_by_attempt: bool) -> Iterator[tuple[RecordedJob, int]]:
    """The job of some rows, or an array with as many children as it says."""
    rows = sorted(rows, key=lambda row: (row["attempt"], row["row"]))
    last = rows[-1]
    told = [each for row in rows for each in _attempts(row, last_s, ends=row is last, is_by_attempt=is_by_attempt)]
    kept = tuple(each for each in told if not each.length_s < 0)
    job, size, backwards = _job(job_id, rows, kept), int(_or(last["array_size"], 0)), len(told) - len(kept)
    if size < 2:
        yield job, backwards
        return
    yield replace(job, attempts=(), size=size), backwards
    for child in range(size):
        yield replace(job, job_id=f"{job_id}:{child}", array=job_id, index=child, depends_on=()), 0


def _job(job_id: str, rows: Sequence[_Row], attempts: tuple[RecordedAttempt, ...]) -> RecordedJob:
    """The job of some rows, of which the last one tells most."""
    last = rows[-1]
    index, is_child = int(_or(last["array_index"], -1)), ":" in job_id
    return RecordedJob(
        job_id=job_id,
        name=last.get("job_name") or last.get("job_definition") or "job",
        definition=last.get("job_definition", ""),
        queue=last.get("job_queue", ""),
        status=_status(last),
        created_at=rows[0]["submitted_at"],
        attempts=attempts,
        asked=Asked(
            vcpus=last["vcpus"],
            memory_mib=last["memory_mib"],
            gpus=_or(last["gpus"], 0.0),
            share_identifier=last.get("share_identifier", ""),
            priority=last["scheduling_priority"],
        ),
        array=job_id.rpartition(":")[0] if is_child and index >= 0 else "",
        index=index if is_child else -1,
        depends_on=tuple((str(name), "") for name in last.get("depends_on", ())),
        runnable=_known(rows, "runnable_at"),
        starting=_known(rows, "starting_at"),
    )


def _or(value: float, default: float) -> float:
    """A figure, or what it is where the table does not say it."""
    return default if math.isnan(value) else value


def _known(rows: Sequence[_Row], name: str) -> tuple[float, ...]:
    return tuple(sorted({row[name] for row in rows if not math.isnan(row.get(name, math.nan))}))


def _status(row: _Row) -> str:
    """A job's state; by its exit code where it is not said, as a trace has it."""
    told = str(row.get("status") or "").upper()
    return told or ("FAILED" if row["exit_code"] > 0 else "SUCCEEDED")


def _attempts(row: _Row, last_s: float, *, ends: bool, is_by_attempt: bool) -> Iterator[RecordedAttempt]:
    """The attempts that a row tells of, the failed ones before the last from their run times."""
    started, stopped, length = row.get("started_at", math.nan), row.get("stopped_at", math.nan), row["runtime_s"]
    status = _status(row)
    at = _or(started, row["submitted_at"])
    for seconds, code in zip(*(row.get(name, ()) for name in EARLIER), strict=False):
        yield RecordedAttempt(at, at + seconds, exit_code=int(code), start_assumed=math.isnan(started))
        at += seconds
    is_assumed = math.isnan(started) and math.isnan(stopped) and not math.isnan(length)
    if not is_by_attempt and not math.isnan(length):
        stopped = _or(stopped, at + length)
        started = stopped - length
    if not _is_told(started, stopped, status):
        return
    yield RecordedAttempt(
        started_at=started,
        stopped_at=stopped,
        seen_at=max(last_s, started) if math.isnan(stopped) else math.nan,
        exit_code=_exit_code(row),
        status_reason=row.get("status_reason", ""),
        reason=row.get("reason", ""),
        instance=row.get("instance_id", ""),
        succeeded=ends and status == "SUCCEEDED",
        start_assumed=is_assumed,
    )


def _exit_code(row: _Row) -> int | None:
    return None if math.isnan(row["exit_code"]) else int(row["exit_code"])


def _is_told(started: float, stopped: float, status: str) -> bool:
    """Whether a row tells enough of an attempt: it ran and ended, is running, or ended without a start."""
    if math.isnan(stopped):
        return status == "RUNNING" and not math.isnan(started)
    return status in FINISHED or not math.isnan(started)


def _resolved(jobs: Sequence[tuple[RecordedJob, int]], notes: Counter[str]) -> Iterator[tuple[RecordedJob, int]]:
    """The jobs, dependencies by name as such by id."""
    ids = {job.job_id for job, _ in jobs}
    named = _ids_by_name(job for job, _ in jobs if not job.array)
    for job, backwards in jobs:
        notes[NO_START] += any(attempt.start_assumed for attempt in job.attempts)
        needs = [name if name in ids else named.get(name, "") for name, _ in job.depends_on]
        notes[NAMES_TWICE] += needs.count("")
        yield replace(job, depends_on=tuple((need, "") for need in needs if need)), backwards


def _ids_by_name(jobs: Iterable[RecordedJob]) -> dict[str, str]:
    """Ids by the names of jobs; empty for a name that several have."""
    named: dict[str, str] = {}
    for job in jobs:
        named[job.name] = job.job_id if named.get(job.name, job.job_id) == job.job_id else ""
    return named
