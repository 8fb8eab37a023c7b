"""batchsim's own columns as CSV or Parquet.

``job_name, submitted_at, runtime_s``, and where known ``vcpus, memory_mib, gpus, job_queue, job_definition, depends_on,
array_size, share_identifier, scheduling_priority, exit_code``. ``depends_on`` holds job names joined by ``;``. A row
with an ``array_size`` stands for that many children. ``runtime_s`` and ``exit_code`` are of the last attempt, and of
every other that is not told of: a trace repeats what was recorded. ``earlier_runtimes_s, earlier_exit_codes`` are those
of the failed attempts before it, joined by ``;``. ``started_at, stopped_at`` are when the job ran. An empty cell, null
and NaN are "not said".
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.errors import nearest
from batchsim.scenario.document.content import Readable
from batchsim.spec.traces import Trace
from batchsim.spec.workload import Attempts
from batchsim.workload import limits
from batchsim.workload.source import Edges, pairs
from batchsim.workload.traces.common import Faults, TraceJobs, read_bytes
from batchsim.workload.traces.foreign import OTHER_NAMES
from batchsim.workload.traces.table import Columns, Table, columns_of, is_empty, listed_names, number_in

REQUIRED = ("job_name", "submitted_at", "runtime_s")
#: Of the failed attempts before the last; both, or none.
EARLIER = ("earlier_runtimes_s", "earlier_exit_codes")
COLUMNS = (
    *REQUIRED, "vcpus", "memory_mib", "gpus", "job_queue", "job_definition", "depends_on", "array_size",
    "share_identifier", "scheduling_priority", "exit_code", "started_at", "stopped_at", *EARLIER,
)  # fmt: skip

#: API SubmitJobRequest.schedulingPriorityOverride.
_HIGHEST_PRIORITY = 9999

#: Larger than any system's; results hold them in 32 bits.
_LARGEST_EXIT_CODE = 2**31 - 1

#: Exit codes of attempts that failed.
_FAILURES = range(1, 256)

#: An array of AWS Batch has so many children at most (User Guide, Array jobs).
LARGEST_ARRAY = 10_000


def read(path: Readable, trace: Trace, faults: Faults) -> TraceJobs:
    """Read a CSV or Parquet file."""
    table = _table(path, trace, faults)
    submitted_at, runtime_s = table.numbers("submitted_at", 0, math.nan), table.numbers("runtime_s", 0, math.nan)
    # A MiB that is begun is asked for, and not one that only rounding began: memory is counted in whole ones.
    vcpus, memory = table.numbers("vcpus", 1e-9, math.nan), np.ceil(table.numbers("memory_mib", 1, math.nan) - 1e-6)
    gpus, size = table.whole_numbers("gpus", math.nan), table.whole_numbers("array_size", 0.0)
    priority = table.whole_numbers("scheduling_priority", math.nan, _HIGHEST_PRIORITY)
    exit_code = table.whole_numbers("exit_code", 0.0, _LARGEST_EXIT_CODE)
    names = table.texts("job_name")
    table.refuse_empty("job_name", np.array([text is None for text in names], bool), "a name")
    table.refuse_empty("submitted_at", np.isnan(submitted_at), "seconds")
    table.refuse_empty("runtime_s", np.isnan(runtime_s), "seconds")
    _refuse_sizes(table, size)
    faults.raise_any()
    counts = np.maximum(size, 1).astype(np.int64)
    if counts.sum() > limits.MOST_JOBS:
        message = f"arrays and jobs come to more than {limits.MOST_JOBS:,} jobs"
        faults.add(0, message, "several traces, each run by itself")
        faults.raise_any()
    starts = np.concatenate([[0], np.cumsum(counts)])
    owner = np.repeat(np.arange(table.rows), counts)
    earlier = _earlier(table)
    started_at, stopped_at = _ran(table, "started_at", owner), _ran(table, "stopped_at", owner)
    edges, parents = _edges(table, [str(name) for name in names], size > 0, starts)
    faults.raise_any()

    index = np.arange(starts[-1]) - starts[owner]
    return TraceJobs(
        names=[str(names[row]) for row in owner.tolist()],
        submitted_at=submitted_at[owner],
        runtime_s=runtime_s[owner],
        vcpus=vcpus[owner],
        memory_mib=memory[owner],
        gpus=gpus[owner],
        exit_code=exit_code[owner].astype(np.int32),
        array_index=np.where(size[owner] > 0, index, -1).astype(np.int32),
        queues=_said(table, "job_queue", owner),
        definitions=_said(table, "job_definition", owner),
        share_identifiers=_said(table, "share_identifier", owner),
        scheduling_priorities=None if np.isnan(priority).all() else priority[owner],
        started_at=started_at,
        stopped_at=stopped_at,
        earlier={row: earlier[own] for row, own in enumerate(owner.tolist()) if own in earlier} if earlier else {},
        edges=edges,
        parents=parents,
    )


def _table(path: Readable, trace: Trace, faults: Faults) -> Table:
    """The cells of a file; a fault for each column that is missing or not known, and where there is no row."""
    content = read_bytes(path, faults)
    columns, line_of = columns_of(content, faults, is_parquet=trace.format == "parquet")
    faults.raise_any()
    _refuse_columns(columns, faults)
    faults.raise_any()
    table = Table(columns, REQUIRED, line_of, faults)
    if not table.rows:
        faults.add(0, "no job in it")
    return table


def _refuse_sizes(table: Table, size: Floats) -> None:
    """A fault for each array of a size that AWS Batch does not take."""
    for row in np.flatnonzero((size == 1) | (size > LARGEST_ARRAY)):
        table.fault(int(row), f"array_size {size[row]:g}", f"2 to {LARGEST_ARRAY}, or nothing")


def _said(table: Table, name: str, owner: NDArray[np.intp]) -> list[str | None] | None:
    """What a column of texts says of each job; None where it says nothing of any."""
    cells = table.texts(name)
    return [cells[row] for row in owner.tolist()] if any(cells) else None


def _ran(table: Table, name: str, owner: NDArray[np.intp]) -> Floats | None:
    """When jobs started or stopped; None where there is no such column."""
    return table.numbers(name, 0, math.nan)[owner] if name in table.columns else None


def _refuse_columns(columns: Columns, faults: Faults) -> None:
    """A fault for each column that there is not, and for each that is missing."""
    for name in columns:
        if name not in COLUMNS:
            near = nearest(name, COLUMNS) or OTHER_NAMES.get(re.sub(r"\W|_", "", name).lower(), "")
            faults.add(1, f"there is no column {name!r}", near or f"one of {', '.join(COLUMNS)}")
    for name in REQUIRED:
        if name not in columns:
            faults.add(1, f"the column {name} is missing")


def _earlier(table: Table) -> dict[int, Attempts]:
    """The failed attempts before the last of the rows that have some; a fault for each that can't be read."""
    if not any(name in table.columns for name in EARLIER):
        return {}
    columns = [table.columns[name].to_pylist() if name in table.columns else [None] * table.rows for name in EARLIER]
    found: dict[int, Attempts] = {}
    for row, (times, codes) in enumerate(zip(*columns, strict=True)):
        try:
            attempts = _failed_attempts(times, codes)
        except _AttemptsError as fault:
            table.fault(row, *fault.args)
            continue
        if attempts:
            found[row] = attempts
    return found


class _AttemptsError(Exception):
    """What a row says that can't be read, and what is expected."""


def _failed_attempts(times: Any, codes: Any) -> Attempts:
    """Run times and exit codes of two cells."""
    seconds, exits = _listed_numbers(times), _listed_numbers(codes)
    if seconds is None or exits is None or min(seconds, default=0.0) < 0:
        raise _AttemptsError(f"{', '.join(EARLIER)} {times!r}, {codes!r}", "numbers joined by ;")
    if len(seconds) != len(exits):
        raise _AttemptsError(f"{len(seconds)} {EARLIER[0]} and {len(exits)} {EARLIER[1]}", "as many of each")
    if not all(code in _FAILURES for code in exits):
        expected = "1 to 255: attempts that were followed by another failed"
        raise _AttemptsError(f"{EARLIER[1]} {codes!r}", expected)
    return tuple((time, int(code)) for time, code in zip(seconds, exits, strict=True))


def _listed_numbers(cell: Any) -> list[float] | None:
    """The finite numbers in a cell, in a list or separated by semicolons; None where it holds something else."""
    listed = [cell] if isinstance(cell, (int, float)) and not is_empty(cell) else listed_names(cell)
    if listed is None:
        return None
    numbers = [number_in(each, is_needed=True) for each in listed]
    return numbers if np.isfinite(numbers).all() else None


def _edges(table: Table, names: list[str], is_array: Any, starts: Any) -> tuple[Edges, int]:
    """Dependencies by name; an array is waited for, and waits, as a whole."""
    rows = np.flatnonzero(is_array)
    parent = {row: int(starts[-1]) + order for order, row in enumerate(rows.tolist())}
    pieces = [pairs(np.arange(starts[row], starts[row + 1]), parent[row]) for row in rows.tolist()]
    single = array("q")  # a needed and a waiting node in turns: of millions a list of pairs would take gigabytes
    for row, other in _dependencies(table, names):
        node, first = parent.get(other, int(starts[other])), int(starts[row])
        if row in parent:
            pieces.append(pairs(node, np.arange(first, starts[row + 1])))
        else:
            single.extend((node, first))
    return np.concatenate([*pieces, np.array(single, np.int64).reshape(-1, 2)]), len(parent)


def _dependencies(table: Table, names: list[str]) -> Iterator[tuple[int, int]]:
    """Rows and the rows that they wait for; a fault for each name that leads to none."""
    if "depends_on" not in table.columns:
        return
    places: dict[str, int] = {}
    for row, name in enumerate(names):
        places[name] = -1 if name in places else row
    for row, cell in enumerate(table.columns["depends_on"].to_pylist()):
        needed = listed_names(cell)
        if needed is None:
            table.fault(row, f"depends_on {cell!r}", "job names")
            return
        for name in needed:
            reason = _why_no_dependency(row, places.get(name))
            if not reason:
                yield row, places[name]
                continue
            near = nearest(name, places) if name not in places else ""
            table.fault(row, f"{names[row]!r} waits for {name!r}, {reason}", near)
            if table.faults.full:
                return


def _why_no_dependency(row: int, other: int | None) -> str:
    """Why a row can't wait for another; empty where it can."""
    if other is None:
        return "which is not there"
    if other == row:
        return "itself"
    return "a name that comes twice" if other < 0 else ""
