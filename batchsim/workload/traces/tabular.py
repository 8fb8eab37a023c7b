"""batchsim's own columns as CSV or Parquet.

``job_name, submitted_at, runtime_s``, and where known ``vcpus, memory_mib, gpus, job_queue, job_definition, depends_on,
array_size, share_identifier, scheduling_priority, exit_code``. ``depends_on`` holds job names joined by ``;``. A row
with an ``array_size`` stands for that many children. ``exit_code`` is that of every attempt: a trace repeats what was
recorded.
"""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from batchsim.columns import Floats
from batchsim.errors import nearest
from batchsim.scenario.model import Trace
from batchsim.workload.parts import Edges, no_edges
from batchsim.workload.traces.common import Faults, Jobs, read_bytes

REQUIRED = ("job_name", "submitted_at", "runtime_s")
COLUMNS = (
    *REQUIRED, "vcpus", "memory_mib", "gpus", "job_queue", "job_definition", "depends_on", "array_size",
    "share_identifier", "scheduling_priority", "exit_code",
)  # fmt: skip


def read(path: Path, trace: Trace, faults: Faults) -> Jobs:
    """Read a CSV or Parquet file."""
    content = read_bytes(path, faults)
    table = _parquet(content, faults) if trace.format == "parquet" else _csv(content, faults)
    faults.raise_any()
    for name in table:
        if name not in COLUMNS:
            faults.add(1, f"there is no column {name!r}", nearest(name, COLUMNS) or f"one of {', '.join(COLUMNS)}")
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
    priority = numbers("scheduling_priority", 0, 0.0) if "scheduling_priority" in table else None
    exit_code, size = numbers("exit_code", 0, 0.0), numbers("array_size", 0, 0.0)
    for name, column in (("submitted_at", submitted_at), ("runtime_s", runtime_s)):
        for row in np.flatnonzero(np.isnan(column)):
            if not faults.full and not any(finding.line == row + first for finding in faults.findings):
                faults.add(int(row) + first, f"{name} is empty", "seconds")
    for row in np.flatnonzero((size == 1) | (size > 10_000)):
        faults.add(int(row) + first, f"array_size {size[row]:g}", "2 to 10000, or nothing")
    faults.raise_any()
    names = [str(name) for name in table["job_name"]]
    counts = np.maximum(size, 1).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    owner = np.repeat(np.arange(rows), counts)
    edges, parents = _edges(table.get("depends_on"), names, size > 0, starts, first, faults)
    faults.raise_any()

    def texts(name: str) -> list[str | None] | None:
        column = table.get(name)
        return None if column is None else [str(column[row]) if column[row] else None for row in owner]

    index = np.arange(starts[-1]) - starts[owner]
    return Jobs(
        names=[names[row] for row in owner],
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
        scheduling_priorities=None if priority is None else priority[owner].astype(np.int32),
        edges=edges,
        parents=parents,
    )


def _csv(content: bytes, faults: Faults) -> dict[str, list[Any]]:
    from pyarrow import ArrowInvalid, csv, string

    try:
        header = content[: content.find(b"\n") + 1 or None].decode("utf-8").strip().split(",")
        names = [name.strip().strip('"') for name in header]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            faults.add(1, f"the column {name} comes twice")
        if faults.findings:
            return {}
        types = {name: string() for name in names}
        table = csv.read_csv(
            io.BytesIO(content),
            read_options=csv.ReadOptions(use_threads=False),  # only so does a fault come with its row
            convert_options=csv.ConvertOptions(column_types=types),
        )
    except ArrowInvalid as error:
        row = re.search(r"Row #(\d+)", str(error))
        told = str(error).partition("\n")[0].removeprefix("CSV parse error: ")
        faults.add(int(row[1]) if row else 0, "".join(each if each.isprintable() else "�" for each in told)[:200])
        return {}
    except UnicodeDecodeError as error:
        faults.add(1, f"not UTF-8 text (byte {error.start})")
        return {}
    return {name: table.column(name).to_pylist() for name in table.column_names}


def _parquet(content: bytes, faults: Faults) -> dict[str, list[Any]]:
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(io.BytesIO(content))
    except (ArrowException, OSError) as error:
        faults.add(0, f"not a Parquet file: {str(error).partition(chr(10))[0]}")
        return {}
    return {name: table.column(name).to_pylist() for name in table.column_names}


def _numbers(
    column: list[Any] | None, rows: int, name: str, least: float, default: float, first: int, faults: Faults
) -> Floats:
    if column is None:
        return np.full(rows, default)
    values = np.empty(rows)
    for row, cell in enumerate(column):
        if cell is None or cell == "":
            values[row] = default
            continue
        try:
            values[row] = float(cell)
        except (TypeError, ValueError):
            values[row] = math.nan
        if not (values[row] >= least and math.isfinite(values[row])):
            if not faults.full:
                faults.add(
                    row + first,
                    f"{name} {cell!r}",
                    f"a finite number of {math.ceil(least) if least >= 1 else 0} or more",
                )
            values[row] = math.nan
    return values


def _edges(
    column: list[Any] | None, names: list[str], is_array: Any, starts: Any, first: int, faults: Faults
) -> tuple[Edges, int]:
    """Dependencies by name; an array is waited for, and waits, as a whole."""
    rows = len(names)
    parent = {row: int(starts[-1]) + order for order, row in enumerate(np.flatnonzero(is_array).tolist())}
    edges = [(child, node) for row, node in parent.items() for child in range(starts[row], starts[row + 1])]
    place: dict[str, int] = {}
    for row, name in enumerate(names):
        place[name] = -1 if name in place else row
    for row in range(rows) if column is not None else ():
        assert column is not None  # noqa: S101 (for the type checker)
        cell = column[row]
        if cell is not None and not isinstance(cell, (str, list)):
            faults.add(row + first, f"depends_on {cell!r}", "job names")
            return no_edges(), 0
        needed = [part.strip() for part in cell.split(";")] if isinstance(cell, str) else list(cell or ())
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
