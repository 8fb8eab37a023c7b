"""A table of CSV or Parquet, as columns whose cells are read one by one where they are not all alike."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.scenario.document.content import decoded
from batchsim.units import parse_duration, parse_instant, parse_size_mib
from batchsim.workload.traces.common import MOST_FAULTS, Faults
from batchsim.workload.traces.foreign import foreign

#: How tools write that a number is not there.
_NOT_SAID = ("", "nan", "na", "null", "none")

#: Columns by name, as pyarrow holds them.
Columns = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """The columns of a file, read cell by cell where they are not all alike.

    Attributes
    ----------
    needed : tuple of str
        Columns of which no cell may be empty; the first has as many cells as there are rows.
    line_of : callable
        The line on which a row begins.
    """

    columns: Columns
    needed: tuple[str, ...]
    line_of: Callable[[int], int]
    faults: Faults

    @property
    def rows(self) -> int:
        """How many jobs or arrays there are."""
        return len(self.columns[self.needed[0]])

    def fault(self, row: int, message: str, expected: str = "") -> None:
        """Note a fault of a row, unless there are enough."""
        if not self.faults.full:
            self.faults.add(self.line_of(row), message, expected)

    def refuse_empty(self, name: str, missing: NDArray[np.bool_], expected: str) -> None:
        """A fault for each row whose cell is missing, unless another is told of it."""
        for row in np.flatnonzero(missing).tolist():
            if not any(finding.line == self.line_of(row) for finding in self.faults.findings):
                self.fault(row, f"{name} is empty", expected)

    def texts(self, name: str) -> list[str | None]:
        """The texts of a column; None where it says nothing: empty, null, or the NaN that stands for it in pandas."""
        cells = self.columns[name].to_pylist() if name in self.columns else []
        return [None if is_empty(cell) else str(cell) for cell in cells]

    def numbers(self, name: str, least: float, default: float) -> Floats:
        """The numbers of a column, `default` where it says nothing; a fault for each that is none or below `least`."""
        column = self.columns.get(name)
        if column is None:
            return np.full(self.rows, default)
        values = _converted(column)
        if values is None:
            values = np.array(
                [number_in(cell, is_needed=name in self.needed) for cell in column.to_pylist()], np.float64
            )
        wrong = np.flatnonzero((values < least) | np.isinf(values))
        expected = f"a finite number {'above 0' if 0 < least < 1 else f'of {math.ceil(least)} or more'}"
        for row in wrong[:MOST_FAULTS].tolist():
            cell = column[row].as_py()
            self.fault(row, f"{name} {cell!r}", _hint(cell, name) or expected)
        values[wrong] = math.nan
        return values if math.isnan(default) else np.where(np.isnan(values), default, values)

    def whole_numbers(self, name: str, default: float, most: float = math.inf) -> Floats:
        """As `numbers`, of 0 or more; a fault, too, for each that is a fraction or above `most`."""
        values = self.numbers(name, 0, default)
        expected = f"a whole number of 0 {'or more' if math.isinf(most) else f'to {most:.0f}'}"
        for row in np.flatnonzero((values > most) | (values % 1 > 0))[:MOST_FAULTS].tolist():
            self.fault(row, f"{name} {self.columns[name][row].as_py()!r}", expected)
        return values


def is_empty(cell: Any) -> bool:
    """Whether a cell says nothing: empty, null, or NaN."""
    return cell is None or bool(cell == "") or bool(cell != cell)


def number_in(cell: Any, *, is_needed: bool) -> float:
    """The number in a cell; NaN where it says nothing, minus infinity where it says something else."""
    is_text = isinstance(cell, str)
    if cell is None or cell == "" or (is_text and not is_needed and cell.strip().lower() in _NOT_SAID):
        return math.nan
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        return -math.inf
    return -math.inf if is_text and math.isnan(number) else number


#: The names of columns are shorter, all together; a single field of the library's may have 131,072 characters.
_LONGEST_HEADER = 100_000


class CsvLines:
    """The lines on which the rows of a CSV begin: blank ones are passed over, and a quoted text may go over several.

    They are looked for when a fault is told of one.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content

    def of(self, row: int) -> int:
        """The line of a row."""
        return self._lines[row] if row < len(self._lines) else row + 2

    @cached_property
    def _lines(self) -> list[int]:
        reader = csv.reader(StringIO(decoded(self._content, ""), newline=""))
        lines, before = [], 0
        with suppress(csv.Error):  # the faults of a text are those of another reader
            for cells in reader:
                if cells:
                    lines.append(before + 1)
                before = reader.line_num
        return lines[1:]


def columns_of(content: bytes, faults: Faults, *, is_parquet: bool) -> tuple[Columns, Callable[[int], int]]:
    """The columns of a file, none where it is faulty; and what line a row of it is, or its number where there are none.

    Raises
    ------
    ScenarioError
        If a CSV is no text.
    """
    if is_parquet:
        return _parquet_columns(content, faults), lambda row: row + 1
    return _csv_columns(content, faults), CsvLines(content).of


def _csv_columns(content: bytes, faults: Faults) -> Columns:
    """The columns of a CSV, as texts; nothing where there are faults."""
    from pyarrow import ArrowInvalid, BufferReader, string
    from pyarrow import csv as arrow

    text = decoded(content, faults.file, "trace")
    header, _, _ = text.partition("\n")
    if len(header) > _LONGEST_HEADER:
        faults.add(1, f"a first line of {len(header):,} characters", "the names of columns")
        return {}
    other, expected = foreign(text)
    if other:
        faults.add(1, other, expected)
        return {}
    try:
        names = [name.strip() for name in next(csv.reader([header]), [])]
    except csv.Error:
        faults.add(1, "no line of the names of columns", "lines that end with a line feed")
        return {}
    for name, count in Counter(names).items():
        if count > 1:
            faults.add(1, f"the column {name} comes twice")
    if faults.findings:
        return {}
    try:
        table = arrow.read_csv(
            BufferReader(text.encode()),
            # Only without threads does a fault come with its row.
            read_options=arrow.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
            convert_options=arrow.ConvertOptions(column_types=dict.fromkeys(names, string())),
        )
    except ArrowInvalid as error:
        row, told = _told(error)
        faults.add(CsvLines(content).of(row - 2) if row > 1 else row, told)
        return {}
    return {name: table.column(name) for name in table.column_names}


def _told(error: Exception) -> tuple[int, str]:
    """The row, counted from that of names, and the words of a fault of the library's."""
    row = re.search(r"Row #(\d+)", str(error))
    told = str(error).partition("\n")[0].removeprefix("CSV parse error: ")
    return int(row[1]) if row else 0, "".join(each if each.isprintable() else "�" for each in told)[:200]


def _parquet_columns(content: bytes, faults: Faults) -> Columns:
    """The columns of a Parquet file; nothing where there are faults."""
    from pyarrow import ArrowException, BufferReader, parquet

    try:
        # Of a file of Python's, threads may outlive the interpreter (apache/arrow, issue 50482): it would not end.
        table = parquet.read_table(BufferReader(content), page_checksum_verification=True)
        return {name: table.column(name) for name in table.column_names}
    except MemoryError:  # pyarrow's is an ArrowException too
        raise
    except (ArrowException, OSError, ValueError) as error:
        faults.add(0, f"not a Parquet file, or damaged: {str(error).partition(chr(10))[0]}")
        return {}


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
    if not isinstance(cell, str) or not math.isinf(number_in(cell, is_needed=True)):
        return ""  # a number, and the wrong one
    return f"{unit}{_not_a_number(cell)}" if _not_a_number(cell) else ""


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


def listed_names(cell: Any) -> list[str] | None:
    """The names in a cell, in a list or separated by semicolons; None where it holds something else."""
    if isinstance(cell, (str, list)):
        parts = [part.strip() for part in cell.split(";")] if isinstance(cell, str) else cell
        return [part for part in parts if part]
    return [] if is_empty(cell) else None
