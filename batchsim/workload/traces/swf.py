"""Standard Workload Format (Feitelson, Parallel Workloads Archive): 18 fields a line, ``;`` begins a comment.

Processors become vCPUs, run time the run time, submit time the arrival. Status (field 11): 0 and 5, failed and
cancelled, end FAILED after their run time and are not retried, as the record says how they ended in the end; 2, 3 and 4
are pieces of a job that was swapped out, whose own line has 0 or 1, and are no jobs. A job that names a preceding job
(field 17) starts after it, whatever became of that, and after the think time (field 18). Jobs without a run time or
processors are skipped and counted.

What can't have happened is counted: jobs wider than the machine (``MaxProcs`` of the header), jobs that ran more than
twice as long as they asked for (logs of machines that end jobs at their request have some whose end was not noted), and
jobs at whose recorded start more than the machine would have been in use. They are kept unless ``leaveOut`` names them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.scenario.document.content import Readable, decoded
from batchsim.spec.traces import Trace
from batchsim.workload.source import Edges
from batchsim.workload.traces.common import FAILED_EXIT_CODE, Faults, TraceJobs, read_bytes

FIELDS = 18
KIB_PER_MIB = 1024

#: Columns of the table, from 0.
NUMBER, SUBMIT, WAIT, RUN, ALLOCATED, REQUESTED, REQUESTED_TIME, MEMORY, STATUS, QUEUE, PRECEDING, THINK = (
    0, 1, 2, 3, 4, 7, 8, 9, 10, 14, 16, 17,
)  # fmt: skip

#: Of the status field.
_NOT_DONE, _PIECES = (0, 5), (2, 3, 4)

_MACHINE = re.compile(r"^;\s*MaxProcs:\s*(\d+)", re.MULTILINE | re.IGNORECASE)

#: What ``leaveOut`` names, and what it says of a job.
DOUBTS = {
    "tooWide": "have more processors than the machine (MaxProcs)",
    "overrun": "ran more than twice as long as they asked for",
    "overlap": "started while more than the machine (MaxProcs) would have been in use",
}

_SIGN = re.compile(r"\S")
#: No line of 18 numbers, nor a comment, is longer.
LONGEST = 10_000
_LONG = re.compile(rf"[^\n]{{{LONGEST}}}")

Mask = NDArray[np.bool_]


def read(path: Readable, trace: Trace, faults: Faults) -> TraceJobs:
    """Read an SWF file."""
    text = decoded(read_bytes(path, faults), faults.file, "trace")
    table = _table(text, faults)
    processors = np.where(table[:, ALLOCATED] > 0, table[:, ALLOCATED], table[:, REQUESTED])
    left_out = dict(_left_out(table, processors))
    usable = ~np.logical_or.reduce(list(left_out.values()))
    _refuse_times(text, table, usable, faults)
    skipped = {reason: int(mask.sum()) for reason, mask in left_out.items() if mask.any()}
    table, processors = table[usable], processors[usable]
    notes: dict[str, int] = {}
    kept = _believed(_doubts(table, processors, _MACHINE.search(text)), trace, skipped, notes)
    table, processors = table[kept], processors[kept]
    if not len(table):
        told = ", ".join(f"{count} {reason}" for reason, count in skipped.items())
        faults.add(0, f"no job in it{f' ({told})' if told else ''}", "lines of 18 numbers")
        faults.raise_any()
    edges, lost = _edges(table)
    if lost:
        notes["jobs follow one that is not in the trace, or was left out: they can start when they are submitted"] = (
            lost
        )
    failed = np.isin(table[:, STATUS], _NOT_DONE)
    think_s = np.full(len(table), -1.0)
    think_s[edges[:, 1]] = np.maximum(table[edges[:, 1], THINK], 0)
    started_at = np.where(table[:, WAIT] >= 0, table[:, SUBMIT] + table[:, WAIT], np.nan)
    return TraceJobs(
        names=[f"job-{number}" for number in table[:, NUMBER].astype(np.int64).tolist()],
        submitted_at=table[:, SUBMIT],
        runtime_s=table[:, RUN],
        vcpus=processors,
        memory_mib=_memory(table, processors, trace.memory_per_vcpu),
        gpus=np.full(len(table), np.nan),
        exit_code=np.where(failed, FAILED_EXIT_CODE, 0).astype(np.int32),
        queues=_queues(table, trace.queues),
        final=failed if failed.any() else None,
        think_s=think_s if len(edges) else None,
        started_at=started_at,
        stopped_at=started_at + table[:, RUN],
        edges=edges,
        skipped=skipped,
        notes=notes,
    )


def _believed(doubts: Mapping[str, Mask], trace: Trace, skipped: dict[str, int], notes: dict[str, int]) -> Mask:
    """Which jobs stay: those that the trace's entry leaves out for a doubt are counted as skipped, others are noted."""
    kept = np.ones(len(next(iter(doubts.values()))), bool)
    for name, mask in doubts.items():
        count = int(mask.sum())
        if count and name in trace.leave_out:
            skipped[f"{name}: they {DOUBTS[name]}"] = count
            kept &= ~mask
        elif count:
            notes[f"jobs {DOUBTS[name]}; they are kept: leaveOut: [{name}] leaves them out"] = count
    return kept


def _memory(table: Floats, processors: Floats, per_vcpu: float | None) -> Floats:
    """Memory in MiB, as the scenario says for each processor, or as the log does; NaN where neither says."""
    if per_vcpu is not None:
        return np.asarray(np.ceil(processors * per_vcpu))
    return np.where(table[:, MEMORY] > 0, np.ceil(processors * table[:, MEMORY] / KIB_PER_MIB), np.nan)


def _queues(table: Floats, queues: Mapping[str, str]) -> list[str | None] | None:
    """The queue of each job by the log's number; None where the scenario names none by number."""
    return [queues.get(str(number)) for number in table[:, QUEUE].astype(np.int64).tolist()] if queues else None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are no comments, with their numbers; one after the other, for there may be millions of empty ones."""
    number, begin, end = 1, 0, 0
    while sign := _SIGN.search(text, end):
        number += text.count("\n", begin, sign.start())
        begin = sign.start()
        end = text.find("\n", begin)
        end = len(text) if end < 0 else end
        if text[begin] != ";":
            yield number, text[begin:end].strip()


def _table(text: str, faults: Faults) -> Floats:
    """The numbers of all lines."""
    import pandas as pd

    if long := _LONG.search(text):
        faults.add(
            text.count("\n", 0, long.start()) + 1, f"a line of more than {LONGEST:,} characters", f"{FIELDS} numbers"
        )
        faults.raise_any()
    try:
        frame = pd.read_csv(io.StringIO(text), sep=r"\s+", header=None, comment=";", dtype=np.float64)
        table = frame.to_numpy()
    except (ValueError, pd.errors.ParserError):
        table = np.empty((0, 0))
    if table.shape[1] == FIELDS and np.isfinite(table).all():
        return table
    for number, line in _lines(text):
        fault = _fault_of(line)
        if fault:
            faults.add(number, fault, f"{FIELDS} numbers")
        if faults.full:
            break
    if not faults.findings:
        faults.add(0, "no job in it", "lines of 18 numbers")
    faults.raise_any()
    return table


def _fault_of(line: str) -> str:
    """What is wrong with a line; empty for a job."""
    try:
        values = [float(field) for field in line.split(";")[0].split()]
    except ValueError:
        return f"not a job: {line[:40]!r}"
    return "" if len(values) == FIELDS and np.isfinite(values).all() else f"{len(values)} fields"


def _left_out(table: Floats, processors: Floats) -> Iterator[tuple[str, Mask]]:
    """Lines that no job is made of, each once, by reason."""
    piece = np.isin(table[:, STATUS], _PIECES)
    whole = np.isin(table[:, NUMBER], table[~piece, NUMBER])
    yield "partial execution", piece & whole
    yield "partial execution of a job that has no line of its own", piece & ~whole
    unrun = ~piece & (table[:, RUN] <= 0)
    yield "no run time", unrun
    yield "no processors", ~piece & ~unrun & (processors <= 0)


def _refuse_times(text: str, table: Floats, usable: Mask, faults: Faults) -> None:
    """A fault for each job that was submitted before the log began."""
    wrong = np.flatnonzero(usable & (table[:, SUBMIT] < 0))
    if len(wrong):
        numbers = [number for number, _ in _lines(text)]
        for row in wrong:
            if not faults.full:
                faults.add(numbers[row], f"submitted at {table[row, SUBMIT]:g}", "a time of 0 or more")
    faults.raise_any()


def _doubts(table: Floats, processors: Floats, header: re.Match[str] | None) -> dict[str, Mask]:
    """Jobs that can't have been as the log says, each under its first doubt."""
    machine = (float(header[1]) if header else 0.0) or np.inf
    wide = processors > machine
    overrun = ~wide & (table[:, REQUESTED_TIME] > 0) & (table[:, RUN] > 2 * table[:, REQUESTED_TIME])
    known = np.flatnonzero(~wide & ~overrun & (table[:, WAIT] >= 0))
    overlap = np.zeros(len(table), bool)
    starts = table[known, SUBMIT] + table[known, WAIT]
    overlap[known] = _without_room(starts, starts + table[known, RUN], processors[known], machine)
    return {"tooWide": wide, "overrun": overrun, "overlap": overlap}


def _without_room(starts: Floats, ends: Floats, processors: Floats, machine: float) -> Mask:
    """Which jobs find less than their processors free at their start, those left out that found less before."""
    crowded = np.zeros(len(starts), bool)
    at = np.concatenate([ends, starts])
    # At one instant jobs end before others start.
    order = np.lexsort((np.repeat([0, 1], len(starts)), at))
    in_use = np.cumsum(np.concatenate([-processors, processors])[order])
    if not len(starts) or in_use.max() <= machine:
        return crowded
    used, running = 0.0, list[tuple[float, float]]()
    for row in np.argsort(starts, kind="stable").tolist():
        while running and running[0][0] <= starts[row]:
            used -= heappop(running)[1]
        if used + processors[row] > machine:
            crowded[row] = True
        else:
            used += processors[row]
            heappush(running, (float(ends[row]), float(processors[row])))
    return crowded


def _edges(table: Floats) -> tuple[Edges, int]:
    """Jobs and those that they follow, and how many follow one that is not there."""
    follows = np.flatnonzero(table[:, PRECEDING] > 0)
    place = {number: row for row, number in enumerate(table[:, NUMBER].tolist())} if len(follows) else {}
    numbers = table[follows, PRECEDING].tolist()
    pairs = [(place[number], row) for row, number in zip(follows.tolist(), numbers, strict=True) if number in place]
    return np.array(pairs, np.int64).reshape(-1, 2), len(follows) - len(pairs)
