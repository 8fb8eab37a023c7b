"""The results folder: written whole or not at all, and the same bytes for the same run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, TIMELINE, Column
from batchsim.errors import OutputError
from batchsim.results import frames
from batchsim.results.timeline import timeline_of

if TYPE_CHECKING:
    import pandas as pd

    from batchsim.results.result import Result

#: Every table of a result: its columns, and its rows in slices.
TABLES: dict[str, tuple[Sequence[Column], Callable[[Result], Iterator[pa.RecordBatch]]]] = {
    "jobs": (JOBS, lambda result: frames.jobs(result.facts, result.waits, result.costs)),
    "attempts": (ATTEMPTS, lambda result: frames.attempts(result.facts, result.costs)),
    "instances": (INSTANCES, lambda result: frames.instances(result.facts, result.costs)),
    "timeline": (TIMELINE, lambda result: frames.timeline(timeline_of(result.facts, result.costs))),
}
SUMMARY, SCENARIO = "summary.json", "scenario.yaml"
#: Files that batchsim writes into a results folder; a folder with others in it is not replaced.
OURS = frozenset(
    {SUMMARY, SCENARIO, "queue.png", "report.html", "trace.json", *(f"{name}.parquet" for name in TABLES)}
)

Extra = Mapping[str, Callable[[Path], Any]]


def check_writable(folder: Path | str) -> None:
    """Find out before a long run whether its results can be written.

    Raises
    ------
    OutputError
        If the folder, or the nearest one above it that exists, is not a folder that may be written to, or if the folder
        is there and holds what batchsim did not write.
    """
    folder = Path(folder)
    target = _resolved(folder)
    if target.exists():
        if not target.is_dir():
            raise OutputError(str(folder), "it is a file")
        others = sorted(entry.name for entry in _listed(target) if entry.name not in OURS)
        if others:
            raise OutputError(str(folder), f"the folder is there and holds other files, such as {others[0]}")
    above = target.parent
    while not above.exists():
        above = above.parent
    if not above.is_dir():
        raise OutputError(str(folder), f"{above.name} is a file")
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError(str(folder), "permission denied")


def write(result: Result, folder: Path | str, extra: Extra | None = None) -> None:
    """Write summary, tables and scenario into a folder, replacing an earlier results folder.

    Parameters
    ----------
    result : Result
        What to write.
    folder : path
        Made when it is not there.
    extra : mapping of str to callable, optional
        File name → what writes that file, given its path; names of `OURS`.

    Raises
    ------
    OutputError
        If it can't be written; an earlier results folder is then still as it was.
    """
    check_writable(folder)
    target = _resolved(Path(folder))
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    replaced = target.with_name(f".{target.name}.{os.getpid()}.replaced")
    try:
        partial.mkdir(parents=True)
        _write_files(result, partial, target, extra or {})
        if target.exists():
            target.rename(replaced)
        partial.rename(target)
    except OSError as error:
        if replaced.exists():
            replaced.rename(target)
        raise OutputError(str(folder), error.strerror or str(error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)


def _write_files(result: Result, folder: Path, target: Path, extra: Extra) -> None:
    from pyarrow import parquet

    for name, (columns, batches) in TABLES.items():
        schema = frames.schema(columns)
        # Neither time nor place is written, and slices are the row groups: equal tables are equal bytes.
        with parquet.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as writer:
            for batch in batches(result):
                writer.write_batch(batch)
    (folder / SUMMARY).write_text(result.summary_json(), encoding="utf-8")
    (folder / SCENARIO).write_text(result.scenario.to_yaml(relative_to=target, seed=result.seed), encoding="utf-8")
    for name, write_file in extra.items():
        write_file(folder / name)


def _resolved(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError) as error:
        raise OutputError(str(folder), str(error)) from error


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise OutputError(str(folder), error.strerror or str(error)) from error


@dataclass(frozen=True)
class StoredResult:
    """A results folder, read back: the summary and the tables of the run that wrote it.

    Attributes
    ----------
    folder : Path
        Where it is.
    summary : dict
        What ``summary.json`` holds.
    """

    folder: Path
    summary: dict[str, Any]

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """One row per job."""
        return self._frame("jobs")

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """One row per attempt."""
        return self._frame("attempts")

    @cached_property
    def instances(self) -> pd.DataFrame:
        """One row per instance or Fargate task."""
        return self._frame("instances")

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Step functions over time."""
        return self._frame("timeline")

    def _frame(self, name: str) -> pd.DataFrame:
        from pyarrow import parquet

        return frames.frame_of(parquet.read_table(self.folder / f"{name}.parquet").unify_dictionaries())


def read(folder: Path | str) -> StoredResult:
    """Read a results folder.

    Raises
    ------
    FileNotFoundError
        If it is not a results folder.
    """
    folder = Path(folder)
    return StoredResult(folder, json.loads((folder / SUMMARY).read_text(encoding="utf-8")))
