"""batchsim's own columns as CSV or Parquet.

``job_name, submitted_at, runtime_s``, and where known ``vcpus, memory_mib, gpus, job_queue, job_definition, depends_on,
array_size, share_identifier, scheduling_priority, exit_code``. ``depends_on`` holds job names joined by ``;``. A row
with an ``array_size`` stands for that many children. ``exit_code`` is that of every attempt: a trace repeats what was
recorded. An empty cell, null and NaN are "not said".
"""

from __future__ import annotations

import csv
import io
import math
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from batchsim.arrays import Floats
from batchsim.errors import nearest
from batchsim.scenario.document.content import decoded
from batchsim.spec.traces import Trace
from batchsim.units import parse_duration, parse_instant, parse_size_mib
from batchsim.workload.source import Edges, no_edges
from batchsim.workload.traces.common import MOST_FAULTS, Faults, TraceJobs, read_bytes
from batchsim.workload.traces.foreign import OTHER_NAMES, foreign

REQUIRED = ("job_name", "submitted_at", "runtime_s")
COLUMNS = (
    *REQUIRED, "vcpus", "memory_mib", "gpus", "job_queue", "job_definition", "depends_on", "array_size",
    "share_identifier", "scheduling_priority", "exit_code",
)  # fmt: skip

#: How tools write that a number is not there.
_NOT_SAID = ("", "nan", "na", "null", "none")

#: Columns by name, as pyarrow holds them.
Table = dict[str, Any]


def read(path: Path, trace: Trace, faults: Faults) -> TraceJobs:
    """Read a CSV or Parquet file."""
    content = read_bytes(path, faults)
    table = _parquet(content, faults) if trace.format == "parquet" else _csv(content, faults)
    faults.raise_any()
    for name in table:
        if name not in COLUMNS:
            near = nearest(name, COLUMNS) or OTHER_NAMES.get(re.sub(r"\W|_", "", name).lower(), "")
            faults.add(1, f"there is no column {name!r}", near or f"one of {', '.join(COLUMNS)}")
    for name in REQUIRED:
        if name not in table:
            faults.add(1, f"the column {name} is missing")
    faults.raise_any()
    rows = len(table["job_name"])
    if not rows:
        faults.add(0, "no job in it")
    first = 2 if trace.format == "csv" else 1

    def numbers(name: str, least: float, default: float) -> Floats:
        return _numbers(table.get(name), rows, name, least, default, first, faults)

    submitted_at, runtime_s = numbers("submitted_at", 0, math.nan), numbers("runtime_s", 0, math.nan)
    vcpus, memory, gpus = numbers("vcpus", 1e-9, math.nan), numbers("memory_mib", 1, math.nan), numbers("gpus", 0, 0.0)
    priority = numbers("scheduling_priority", 0, math.nan)
    exit_code, size = numbers("exit_code", 0, 0.0), numbers("array_size", 0, 0.0)
    names = _texts(table["job_name"])
    for name, missing in (
        ("job_name", np.array([text is None for text in names], bool)),
        ("submitted_at", np.isnan(submitted_at)),
        ("runtime_s", np.isnan(runtime_s)),
    ):
        for row in np.flatnonzero(missing):
            if not faults.full and not any(finding.line == row + first for finding in faults.findings):
                faults.add(int(row) + first, f"{name} is empty", "a name" if name == "job_name" else "seconds")
    for row in np.flatnonzero((size == 1) | (size > 10_000)):
        faults.add(int(row) + first, f"array_size {size[row]:g}", "2 to 10000, or nothing")
    faults.raise_any()
    counts = np.maximum(size, 1).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    owner = np.repeat(np.arange(rows), counts)
    edges, parents = _edges(table.get("depends_on"), [str(name) for name in names], size > 0, starts, first, faults)
    faults.raise_any()

    def texts(name: str) -> list[str | None] | None:
        cells = _texts(table[name]) if name in table else []
        return [cells[row] for row in owner.tolist()] if any(cells) else None

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
        queues=texts("job_queue"),
        definitions=texts("job_definition"),
        share_identifiers=texts("share_identifier"),
        scheduling_priorities=None if np.isnan(priority).all() else priority[owner],
        edges=edges,
        parents=parents,
    )


def _csv(content: bytes, faults: Faults) -> Table:
    from pyarrow import ArrowInvalid, string
    from pyarrow import csv as arrow

    text = decoded(content, faults.file, "trace")
    header, _, _ = text.partition("\n")
    other, expected = foreign(text)
    if other:
        faults.add(1, other, expected)
        return {}
    names = [name.strip() for name in next(csv.reader([header]), [])]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        faults.add(1, f"the column {name} comes twice")
    if faults.findings:
        return {}
    try:
        table = arrow.read_csv(
            io.BytesIO(text.encode()),
            # Only without threads does a fault come with its row.
            read_options=arrow.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
            convert_options=arrow.ConvertOptions(column_types=dict.fromkeys(names, string())),
        )
    except ArrowInvalid as error:
        row = re.search(r"Row #(\d+)", str(error))
        told = str(error).partition("\n")[0].removeprefix("CSV parse error: ")
        faults.add(int(row[1]) if row else 0, "".join(each if each.isprintable() else "�" for each in told)[:200])
        return {}
    return {name: table.column(name) for name in table.column_names}


def _parquet(content: bytes, faults: Faults) -> Table:
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(io.BytesIO(content))
    except (ArrowException, OSError) as error:
        faults.add(0, f"not a Parquet file: {str(error).partition(chr(10))[0]}")
        return {}
    return {name: table.column(name) for name in table.column_names}


def _texts(column: Any) -> list[str | None]:
    """The texts of a column; None where it says nothing: empty, null, or the NaN that stands for it in pandas."""
    return [None if cell is None or cell == "" or cell != cell else str(cell) for cell in column.to_pylist()]


def _numbers(column: Any, rows: int, name: str, least: float, default: float, first: int, faults: Faults) -> Floats:
    if column is None:
        return np.full(rows, default)
    values = _converted(column)
    if values is None:
        values = np.full(rows, math.nan)
        for row, cell in enumerate(column.to_pylist()):
            if isinstance(cell, str) and cell.strip().lower() in _NOT_SAID and (cell == "" or name not in REQUIRED):
                continue
            try:
                values[row] = math.nan if cell is None else float(cell)
            except (TypeError, ValueError, OverflowError):
                values[row] = -math.inf
            if isinstance(cell, str) and math.isnan(values[row]):
                values[row] = -math.inf
    wrong = np.flatnonzero((values < least) | np.isinf(values))
    expected = f"a finite number of {math.ceil(least) if least >= 1 else 0} or more"
    for row in wrong[:MOST_FAULTS].tolist():
        if not faults.full:
            cell = column[row].as_py()
            faults.add(row + first, f"{name} {cell!r}", _hint(cell, name) or expected)
    values[wrong] = math.nan
    return values if math.isnan(default) else np.where(np.isnan(values), default, values)


def _converted(column: Any) -> Floats | None:
    """A column as numbers in one go, NaN where it is empty; None where a cell is neither."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_temporal(column.type) or pa.types.is_boolean(column.type):
        return None
    try:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            if compute.any(compute.match_substring(column, "n", ignore_case=True)).as_py():
                return None  # NaN and inf are numbers to the library
            column = compute.if_else(compute.equal(column, ""), None, column)
        return np.array(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _hint(cell: Any, name: str) -> str:
    """What is meant and not read: an instant, a clock, a unit, a comma for the point."""
    unit = {"submitted_at": "seconds since the scenario's start", "runtime_s": "seconds", "memory_mib": "MiB"}.get(name)
    if isinstance(cell, date):
        return f"{unit or 'a number'}, not an instant"
    if isinstance(cell, timedelta):
        return f"{unit or 'a number'}, not a duration"
    if not isinstance(cell, str):
        return ""
    if re.fullmatch(r"\s*-?[\d.]+,\d+\s*", cell):
        return f"{unit or 'a number'} with a decimal point and no comma"
    if re.fullmatch(r"\s*(\d+-)?\d+:\d\d(:\d\d)?(\.\d+)?\s*", cell):
        return f"{unit or 'a number'}, not hours, minutes and seconds"
    for meant, parse in (("an instant", parse_instant), ("a unit", parse_duration), ("a unit", parse_size_mib)):
        try:
            parse(cell)
        except ValueError:
            continue
        return f"{unit or 'a number'}, " + ("not an instant" if meant == "an instant" else "without a unit")
    return ""


def _edges(column: Any, names: list[str], is_array: Any, starts: Any, first: int, faults: Faults) -> tuple[Edges, int]:
    """Dependencies by name; an array is waited for, and waits, as a whole."""
    parent = {row: int(starts[-1]) + order for order, row in enumerate(np.flatnonzero(is_array).tolist())}
    edges = [(child, node) for row, node in parent.items() for child in range(starts[row], starts[row + 1])]
    if column is None:
        return np.array(edges, np.int64).reshape(-1, 2), len(parent)
    place: dict[str, int] = {}
    for row, name in enumerate(names):
        place[name] = -1 if name in place else row
    for row, cell in enumerate(column.to_pylist()):
        if cell is None or cell == "" or cell != cell:
            continue
        if not isinstance(cell, (str, list)):
            faults.add(row + first, f"depends_on {cell!r}", "job names")
            return no_edges(), 0
        needed = [part.strip() for part in cell.split(";")] if isinstance(cell, str) else list(cell)
        for name in filter(None, needed):
            other = place.get(name)
            if other is None or other < 0 or other == row:
                reason = (
                    "which is not there" if other is None else "itself" if other == row else "a name that comes twice"
                )
                faults.add(
                    row + first,
                    f"{names[row]!r} waits for {name!r}, {reason}",
                    nearest(name, place) if other is None else "",
                )
                if faults.full:
                    return no_edges(), 0
                continue
            node = parent.get(other, int(starts[other]))
            edges += [(node, child) for child in range(starts[row], starts[row + 1])]
    return np.array(edges, np.int64).reshape(-1, 2), len(parent)
