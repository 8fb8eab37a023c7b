"""A user's own catalog: a folder with tables as in ``data`` and a ``catalog.json``, written by ``prices refresh``.

It holds prices of its regions only. What it lacks is told and never taken from the bundled tables.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from batchsim.catalog.catalog import Catalog
from batchsim.errors import Finding, ScenarioError
from batchsim.file_content import file_bytes

#: By which a folder is known as a catalog: date, regions, and the calls that the figures come from.
MARK = "catalog.json"
#: Larger than any table: the bundled ones have less than a tenth of it.
MOST_BYTES = 4_000_000
#: Faults told of one table.
MOST_FAULTS = 20

_Check = tuple[Callable[[str], bool], str]


def _is_figure(cell: str) -> bool:
    try:
        return 0 <= float(cell) < math.inf
    except ValueError:
        return False


_TEXT: _Check = (lambda _: True, "")
_NAME: _Check = (lambda cell: re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", cell) is not None, "a type such as c6i.large")
_REGION: _Check = (lambda cell: re.fullmatch(r"[a-z0-9-]+", cell) is not None, "a region such as us-east-1")
_ARCHITECTURE: _Check = (lambda cell: cell in {"X86_64", "ARM64"}, "X86_64 or ARM64")
_USD: _Check = (lambda cell: _is_figure(cell.removeprefix("~")), "USD, 0 or more")
_COUNT: _Check = (lambda cell: cell.isdecimal(), "a whole number")
_SOME: _Check = (lambda cell: cell.isdecimal() and int(cell) > 0, "a whole number of 1 or more")
_FLAG: _Check = (lambda cell: cell in {"0", "1"}, "0 or 1")
# Marks as in the bundled tables: see `batchsim.catalog.prices`.
_PRICE: _Check = (
    lambda cell: cell in {"", "~"} or _is_figure(re.sub(r"^~(.*?)(:[a-z][a-z0-9-]*)?$", r"\1", cell)),
    "USD per hour, or nothing",
)
_SPOT: _Check = (lambda cell: not cell or _is_figure(cell), "USD per hour, or nothing")
# Where demand is high, Spot costs more than on-demand: savings can be below 0.
_ADVICE: _Check = (
    lambda cell: re.fullmatch(r"(~?[0-4]:(100|[0-9]{1,2}|-[0-9]{1,4})(:[a-z][a-z0-9-]*)?)?", cell) is not None,
    "bucket:savings such as 1:65, or nothing",
)

#: Tables with these columns, and by how many of them a row is known.
LONG: Mapping[str, tuple[int, Mapping[str, _Check]]] = {
    "instance_types.csv": (1, {
        "instance_type": _NAME, "vcpus": _SOME, "memory_mib": _SOME, "gpus": _COUNT, "gpu_model": _TEXT,
        "gpu_memory_mib": _TEXT, "architectures": _TEXT, "current_generation": _FLAG, "burstable": _FLAG,
        "bare_metal": _FLAG, "local_storage_gb": (lambda cell: not cell or _is_figure(cell), "GB, or nothing"),
        "usage_classes": _TEXT,
    }),
    "fargate_prices.csv": (2, {
        "region": _REGION, "architecture": _ARCHITECTURE, "usd_per_vcpu_hour": _USD, "usd_per_gb_hour": _USD,
    }),
    "ebs_prices.csv": (1, {"region": _REGION, "gp3_usd_per_gb_month": _USD}),
}  # fmt: skip
#: Tables with a row per instance type and a column per region.
WIDE: Mapping[str, _Check] = {
    "on_demand_prices.csv": _PRICE,
    "spot_prices.csv": _SPOT,
    "spot_advisor.csv": _ADVICE,
}
TABLES = (*LONG, *WIDE)
#: Without these no scenario can be checked; others are missed when they are needed.
NEEDED = ("instance_types.csv", "on_demand_prices.csv")


def read_catalog(folder: Path) -> Catalog:
    """Read a user's catalog and check all of it.

    Raises
    ------
    ScenarioError
        With every fault, by file and line.
    """
    shown, present = str(folder), _files(folder)
    findings: list[Finding] = []
    contents = {name: _read(folder / name, findings) for name in (MARK, *TABLES) if name in present}
    texts = {name: text for name, text in contents.items() if text is not None}
    mark = texts.pop(MARK, None)
    if mark is not None or MARK not in present:
        findings += _mark_faults(mark, folder)
    findings += _lacking(present, shown)
    for name, text in texts.items():
        findings += _table_findings(folder / name, text)
    if findings:
        raise ScenarioError(findings)
    content = json.dumps(texts, sort_keys=True).encode()
    return Catalog(
        folder=shown,
        digest=hashlib.sha256(content).hexdigest(),
        day=date.fromisoformat(json.loads(mark or "")["date"]),
        texts=texts,
    )


def _files(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in folder.iterdir()}
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        expected = "a folder that `prices refresh` wrote"
        raise ScenarioError([Finding("catalog", "", f"no catalog in {folder}: {reason}", expected)]) from None


def _lacking(present: set[str], shown: str) -> list[Finding]:
    lacking = [name for name in NEEDED if name not in present]
    return [Finding("not-in-catalog", "", f"no table {name} in the catalog {shown}") for name in lacking]


def _read(path: Path, findings: list[Finding]) -> str | None:
    try:
        content = file_bytes(path)
        if len(content) <= MOST_BYTES:
            return content.decode("utf-8-sig")
        findings.append(Finding("catalog", "", f"{len(content):,} bytes", f"{MOST_BYTES:,} at most", file=str(path)))
    except UnicodeDecodeError as error:
        findings.append(Finding("catalog", "", f"not UTF-8 text (byte {error.start})", file=str(path)))
    except OSError as error:
        findings.append(Finding("catalog", "", error.strerror or str(error), file=str(path)))
    return None


def _mark_faults(text: str | None, folder: Path) -> Iterator[Finding]:
    if text is None:
        yield Finding("catalog", "", f"{folder} is no catalog: it has no {MARK}", "what `prices refresh` writes")
        return
    file = str(folder / MARK)
    try:
        content: Any = json.loads(text)
    except json.JSONDecodeError as error:
        yield Finding("catalog", "", f"not JSON: {error.msg}", file=file, line=error.lineno)
        return
    except (RecursionError, ValueError):
        content = None
    try:
        date.fromisoformat(content["date"])
    except (TypeError, KeyError, ValueError):
        yield Finding("catalog", "", "it does not say of which day the prices are", "date: 2026-11-02", file=file)


@lru_cache(maxsize=64)
def _faults(name: str, text: str) -> tuple[tuple[int, str, str], ...]:
    """Faults of a table: line, message, what was expected."""
    found = []
    for fault in _table_faults(name, text):
        found.append(fault)
        if len(found) == MOST_FAULTS:
            break
    return tuple(found)


def _table_findings(file: Path, text: str) -> list[Finding]:
    return [
        Finding("catalog", "", message, expected, file=str(file), line=line)
        for line, message, expected in _faults(file.name, text)
    ]


def _table_faults(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    reader = csv.reader(text.splitlines())
    try:
        table = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        yield reader.line_num, f"not a CSV table: {error}", ""
        return
    if not table:
        yield 1, "it is empty", "a header and rows"
        return
    fault = _header_fault(name, table[0][1])
    if fault is not None:
        yield fault
    else:
        yield from _row_faults(name, table[0][1], table[1:])


def _header_fault(name: str, header: list[str]) -> tuple[int, str, str] | None:
    if name in LONG:
        columns = list(LONG[name][1])
        return None if header == columns else (1, f"the columns are {', '.join(header)}", ", ".join(columns))
    if header[:1] == ["instance_type"] and len(set(header)) == len(header):
        return None
    return 1, "the columns are not instance_type and then regions, each once", "instance_type,us-east-1,…"


def _row_faults(name: str, header: list[str], rows: list[tuple[int, list[str]]]) -> Iterator[tuple[int, str, str]]:
    """Cells that hold something else than their column, and rows of which there is one already."""
    if name in LONG:
        known, checks = LONG[name][0], list(LONG[name][1].values())
    else:
        known, checks = 1, [_NAME, *([WIDE[name]] * (len(header) - 1))]
    seen: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        if len(row) != len(header):
            yield line, f"{len(row)} columns", f"{len(header)} as in the header"
            continue
        for column, cell, (fits, expected) in zip(header, row, checks, strict=True):
            if not fits(cell):
                yield line, f"{column} {cell!r}", expected
        key = tuple(row[:known])
        if key in seen:
            yield line, f"{' '.join(key)} comes twice, first in line {seen[key]}", ""
        seen.setdefault(key, line)
