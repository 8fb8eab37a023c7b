"""batchsim's own columns as CSV or Parquet.

``job_name, submitted_at, runtime_s``, and where known ``vcpus, memory_mib, gpus, job_queue, job_definition, depends_on,
array_size, share_identifier, scheduling_priority, exit_code``. ``depends_on`` holds job names joined by ``;``. A row
with an ``array_size`` stands for that many children. ``runtime_s`` and ``exit_code`` are of the last attempt, and of
every other that is not told of: a trace repeats what was recorded. ``earlier_runtimes_s, earlier_exit_codes`` are those
of the failed attempts before it, joined by ``;``. ``started_at, stopped_at`` are when the job ran. An empty cell, null
and NaN are "not said".
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.errors import nearest
from batchsim.scenario.document.content import Readable, decoded
from batchsim.spec.traces import Trace
from batchsim.spec.workload import Attempts
from batchsim.units import parse_duration, parse_instant, parse_size_mib
from batchsim.workload.source import Edges
from batchsim.workload.traces.common import MOST_FAULTS, Faults, TraceJobs, read_bytes
from batchsim.workload.traces.foreign import OTHER_NAMES, foreign

REQUIRED = ("job_name", "submitted_at", "runtime_s")
#: Of the failed attempts before the last; both, or none.
EARLIER = ("earlier_runtimes_s", "earlier_exit_codes")
COLUMNS = (
    *REQUIRED, "vcpus", "memory_mib", "gpus", "job_queue", "job_definition", "depends_on", "array_size",
    "share_identifier", "scheduling_priority", "exit_code", "started_at", "stopped_at", *EARLIER,
)  # fmt: skip

#: How tools write that a number is not there.
_NOT_SAID = ("", "nan", "na", "null", "none")

#: Exit codes of attempts that failed.
_FAILURES = range(1, 256)

#: An array of AWS Batch has so many children at most (User Guide, Array jobs).
LARGEST_ARRAY = 10_000

#: Columns by name, as pyarrow holds them.
Columns = dict[str, Any]


def read(path: Readable, trace: Trace, faults: Faults) -> TraceJobs:
    """Read a CSV or Parquet file."""
    content = read_bytes(path, faults)
    columns = _parquet(content, faults) if trace.format == "parquet" else _csv(content, faults)
    faults.raise_any()
    _refuse_columns(columns, faults)
    faults.raise_any()
    table = _Table(columns, 2 if trace.format == "csv" else 1, faults)
    if not table.rows:
        faults.add(0, "no job in it")
    submitted_at, runtime_s = table.numbers("submitted_at", 0, math.nan), table.numbers("runtime_s", 0, math.nan)
    vcpus, memory = table.numbers("vcpus", 1e-9, math.nan), table.numbers("memory_mib", 1, math.nan)
    gpus, priority = table.numbers("gpus", 0, 0.0), table.numbers("scheduling_priority", 0, math.nan)
    exit_code, size = table.numbers("exit_code", 0, 0.0), table.numbers("array_size", 0, 0.0)
    names = table.texts("job_name")
    table.refuse_empty("job_name", np.array([text is None for text in names], bool), "a name")
    table.refuse_empty("submitted_at", np.isnan(submitted_at), "seconds")
    table.refuse_empty("runtime_s", np.isnan(runtime_s), "seconds")
    for row in np.flatnonzero((size == 1) | (size > LARGEST_ARRAY)):
        table.fault(int(row), f"array_size {size[row]:g}", f"2 to {LARGEST_ARRAY}, or nothing")
    faults.raise_any()
    counts = np.maximum(size, 1).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    owner = np.repeat(np.arange(table.rows), counts)
    earlier = _earlier(table)
    started_at, stopped_at = (
        table.numbers(name, 0, math.nan) if name in columns else None for name in ("started_at", "stopped_at")
    )
    edges, parents = _edges(table, [str(name) for name in names], size > 0, starts)
    faults.raise_any()

    def texts(name: str) -> list[str | None] | None:
        cells = table.texts(name)
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
        started_at=None if started_at is None else started_at[owner],
        stopped_at=None if stopped_at is None else stopped_at[owner],
        earlier={row: earlier[own] for row, own in enumerate(owner.tolist()) if own in earlier} if earlier else {},
        edges=edges,
        parents=parents,
    )


def _refuse_columns(columns: Columns, faults: Faults) -> None:
    """A fault for each column that there is not, and for each that is missing."""
    for name in columns:
        if name not in COLUMNS:
            near = nearest(name, COLUMNS) or OTHER_NAMES.get(re.sub(r"\W|_", "", name).lower(), "")
            faults.add(1, f"there is no column {name!r}", near or f"one of {', '.join(COLUMNS)}")
    for name in REQUIRED:
        if name not in columns:
            faults.add(1, f"the column {name} is missing")


@dataclass(frozen=True)
class _Table:
    """The columns of a file, read cell by cell where they are not all alike.

    Attributes
    ----------
    first : int
        The line of the first row.
    """

    columns: Columns
    first: int
    faults: Faults

    @property
    def rows(self) -> int:
        """How many jobs or arrays there are."""
        return len(self.columns["job_name"])

    def fault(self, row: int, message: str, expected: str = "") -> None:
        """Note a fault of a row, unless there are enough."""
        if not self.faults.full:
            self.faults.add(row + self.first, message, expected)

    def refuse_empty(self, name: str, missing: NDArray[np.bool_], expected: str) -> None:
        """A fault for each row whose cell is missing, unless another is told of it."""
        for row in np.flatnonzero(missing).tolist():
            if not any(finding.line == row + self.first for finding in self.faults.findings):
                self.fault(row, f"{name} is empty", expected)

    def texts(self, name: str) -> list[str | None]:
        """The texts of a column; None where it says nothing: empty, null, or the NaN that stands for it in pandas."""
        cells = self.columns[name].to_pylist() if name in self.columns else []
        return [None if _is_empty(cell) else str(cell) for cell in cells]

    def numbers(self, name: str, least: float, default: float) -> Floats:
        """The numbers of a column, `default` where it says nothing; a fault for each that is none or below `least`."""
        column = self.columns.get(name)
        if column is None:
            return np.full(self.rows, default)
        values = _converted(column)
        if values is None:
            values = np.array([_number(cell, is_needed=name in REQUIRED) for cell in column.to_pylist()], np.float64)
        wrong = np.flatnonzero((values < least) | np.isinf(values))
        expected = f"a finite number of {math.ceil(least) if least >= 1 else 0} or more"
        for row in wrong[:MOST_FAULTS].tolist():
            cell = column[row].as_py()
            self.fault(row, f"{name} {cell!r}", _hint(cell, name) or expected)
        values[wrong] = math.nan
        return values if math.isnan(default) else np.where(np.isnan(values), default, values)


def _is_empty(cell: Any) -> bool:
    return cell is None or bool(cell == "") or bool(cell != cell)


def _number(cell: Any, *, is_needed: bool) -> float:
    """The number in a cell; NaN where it says nothing, minus infinity where it says something else."""
    is_text = isinstance(cell, str)
    if cell is None or cell == "" or (is_text and not is_needed and cell.strip().lower() in _NOT_SAID):
        return math.nan
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        return -math.inf
    return -math.inf if is_text and math.isnan(number) else number


def _csv(content: bytes, faults: Faults) -> Columns:
    from pyarrow import ArrowInvalid, string
    from pyarrow import csv as arrow

    text = decoded(content, faults.file, "trace")
    header, _, _ = text.partition("\n")
    other, expected = foreign(text)
    if other:
        faults.add(1, other, expected)
        return {}
    names = [name.strip() for name in next(csv.reader([header]), [])]
    for name, count in Counter(names).items():
        if count > 1:
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
        faults.add(*_told(error))
        return {}
    return {name: table.column(name) for name in table.column_names}


def _told(error: Exception) -> tuple[int, str]:
    """The line and the words of a fault of the library's."""
    row = re.search(r"Row #(\d+)", str(error))
    told = str(error).partition("\n")[0].removeprefix("CSV parse error: ")
    return int(row[1]) if row else 0, "".join(each if each.isprintable() else "�" for each in told)[:200]


def _parquet(content: bytes, faults: Faults) -> Columns:
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(io.BytesIO(content))
    except (ArrowException, OSError) as error:
        faults.add(0, f"not a Parquet file: {str(error).partition(chr(10))[0]}")
        return {}
    return {name: table.column(name) for name in table.column_names}


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


#: What a column holds, for who wrote something else.
_UNITS = {"submitted_at": "seconds since the scenario's start", "runtime_s": "seconds", "memory_mib": "MiB"}

#: How texts look that are no numbers, and what is wrong with them.
_FORMS = (
    (re.compile(r"\s*-?[\d.]+,\d+\s*"), " with a decimal point and no comma"),
    (re.compile(r"\s*(\d+-)?\d+:\d\d(:\d\d)?(\.\d+)?\s*"), ", not hours, minutes and seconds"),
)

#: Who reads what is no number, and what it is then.
_PARSERS: tuple[tuple[Callable[[str], object], str], ...] = (
    (parse_instant, ", not an instant"),
    (parse_duration, ", without a unit"),
    (parse_size_mib, ", without a unit"),
)


def _hint(cell: Any, name: str) -> str:
    """What is meant and not read: an instant, a clock, a unit, a comma for the point."""
    unit = _UNITS.get(name, "a number")
    if isinstance(cell, date):
        return f"{unit}, not an instant"
    if isinstance(cell, timedelta):
        return f"{unit}, not a duration"
    return f"{unit}{_not_a_number(cell)}" if isinstance(cell, str) and _not_a_number(cell) else ""


def _not_a_number(cell: str) -> str:
    """What is wrong with a text, as far as its form tells."""
    for form, told in _FORMS:
        if form.fullmatch(cell):
            return told
    for parse, told in _PARSERS:
        try:
            parse(cell)
        except ValueError:
            continue
        return told
    return ""


def _earlier(table: _Table) -> dict[int, Attempts]:
    """The failed attempts before the last of the rows that have some; a fault for each that can't be read."""
    if not any(name in table.columns for name in EARLIER):
        return {}
    columns = [table.columns[name].to_pylist() if name in table.columns else [None] * table.rows for name in EARLIER]
    found: dict[int, Attempts] = {}
    for row, cells in enumerate(zip(*columns, strict=True)):
        times, codes = (_listed_numbers(cell) for cell in cells)
        if times is None or codes is None or not all(time >= 0 for time in times):
            table.fault(row, f"{', '.join(EARLIER)} {cells[0]!r}, {cells[1]!r}", "numbers joined by ;")
        elif len(times) != len(codes):
            table.fault(row, f"{len(times)} {EARLIER[0]} and {len(codes)} {EARLIER[1]}", "as many of each")
        elif not all(code in _FAILURES for code in codes):
            table.fault(row, f"{EARLIER[1]} {cells[1]!r}", "1 to 255: attempts that were followed by another failed")
        elif times:
            found[row] = tuple((time, int(code)) for time, code in zip(times, codes, strict=True))
    return found


def _listed_numbers(cell: Any) -> list[float] | None:
    """The finite numbers in a cell, in a list or separated by semicolons; None where it holds something else."""
    listed = [cell] if isinstance(cell, (int, float)) and not _is_empty(cell) else _listed_names(cell)
    if listed is None:
        return None
    numbers = [_number(each, is_needed=True) for each in listed]
    return numbers if np.isfinite(numbers).all() else None


def _edges(table: _Table, names: list[str], is_array: Any, starts: Any) -> tuple[Edges, int]:
    """Dependencies by name; an array is waited for, and waits, as a whole."""
    parent = {row: int(starts[-1]) + order for order, row in enumerate(np.flatnonzero(is_array).tolist())}
    edges = [(child, node) for row, node in parent.items() for child in range(starts[row], starts[row + 1])]
    for row, other in _dependencies(table, names):
        node = parent.get(other, int(starts[other]))
        edges += [(node, child) for child in range(starts[row], starts[row + 1])]
    return np.array(edges, np.int64).reshape(-1, 2), len(parent)


def _dependencies(table: _Table, names: list[str]) -> Iterator[tuple[int, int]]:
    """Rows and the rows that they wait for; a fault for each name that leads to none."""
    if "depends_on" not in table.columns:
        return
    places: dict[str, int] = {}
    for row, name in enumerate(names):
        places[name] = -1 if name in places else row
    for row, cell in enumerate(table.columns["depends_on"].to_pylist()):
        needed = _listed_names(cell)
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


def _listed_names(cell: Any) -> list[str] | None:
    """The names in a cell, in a list or separated by semicolons; None where it holds something else."""
    if isinstance(cell, (str, list)):
        parts = [part.strip() for part in cell.split(";")] if isinstance(cell, str) else cell
        return [part for part in parts if part]
    return [] if _is_empty(cell) else None


def _why_no_dependency(row: int, other: int | None) -> str:
    """Why a row can't wait for another; empty where it can."""
    if other is None:
        return "which is not there"
    if other == row:
        return "itself"
    return "a name that comes twice" if other < 0 else ""
