"""The results folder: written whole or not at all, read back as it was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.arrays import SLICE
from batchsim.atomic_folder import check_folder, written_whole
from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, TIMELINE, Column
from batchsim.errors import OutputError
from batchsim.results.arrow import schema
from batchsim.results.run import Run
from batchsim.results.timeline import timeline

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: The file by which a folder is known as ours.
MARK = "summary.json"
#: The scenario as it was run.
SCENARIO = "scenario.yaml"
#: The page that shows it.
PAGE = "report.html"
#: All that batchsim writes into a results folder; one that holds anything else is not replaced.
OURS = frozenset(
    {
        *(MARK, SCENARIO, "queue.png", PAGE, "trace.pftrace"),
        *(f"{table}.parquet" for table in ("jobs", "attempts", "instances", "timeline")),
    }
)


def is_results_folder(folder: Path) -> bool:
    """Whether a folder holds results and nothing else."""
    return (folder / MARK).is_file() and all(entry.name in OURS for entry in folder.iterdir())


def as_text(summary: Mapping[str, Any]) -> str:
    """A summary as it is written."""
    return json.dumps(summary, indent=2, allow_nan=False) + "\n"


def write(run: Run, summary: Mapping[str, Any], folder: Path) -> None:
    """Write the tables, the summary and the scenario of a run; an older folder of ours is replaced.

    Parameters
    ----------
    run : Run
        Whose tables.
    summary : mapping
        Its own, or that of several replications of which it is the first.

    Raises
    ------
    OutputError
        If it can't be written; the folder is then as it was.
    """
    check_folder(folder, OURS)
    with written_whole(folder) as made:
        write_files(run, summary, made, folder)


def write_files(run: Run, summary: Mapping[str, Any], made: Path, folder: Path) -> None:
    """Write the files of a results folder to an empty one that will be `folder`, from where the paths in it work."""
    _parquet(made / "jobs.parquet", JOBS, run.tables.jobs())
    _parquet(made / "attempts.parquet", ATTEMPTS, run.tables.attempts())
    _parquet(made / "instances.parquet", INSTANCES, run.tables.instances())
    _parquet(made / "timeline.parquet", TIMELINE, timeline(run.outcome).to_batches(SLICE))
    (made / MARK).write_text(as_text(summary), encoding="utf-8")
    text = run.scenario.to_yaml(relative_to=folder.resolve(), seed=run.seed, public=True)
    (made / SCENARIO).write_text(text, encoding="utf-8")


def _parquet(path: Path, columns: Sequence[Column], batches: Iterable[pa.RecordBatch]) -> None:
    from pyarrow import parquet

    wanted = schema(columns)
    # Only texts repeat; a dictionary of times is as large as they are, and takes as long again to make.
    texts = [column.name for column in columns if column.dtype == "text"]
    # Least and greatest of each slice are for what is looked up: by time.
    times = [column.name for column in columns if column.name.endswith("_at")]
    # Without checksums a bit that flips on the disk is read as another figure.
    with parquet.ParquetWriter(
        path, wanted, compression="zstd", use_dictionary=texts, write_statistics=times, write_page_checksum=True
    ) as writer:
        for batch in batches:
            writer.write_batch(batch)


@dataclass(frozen=True)
class StoredResult:
    """A results folder read back.

    A file that can't be read, and a table that is not as it was written, is an `OutputError` when it is asked for.
    """

    folder: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of ``summary.json``."""
        path = self.folder / MARK
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(path, error) from None
        if not isinstance(content, dict):
            raise _damaged(path, ValueError("no mapping of figures"))
        return content

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd
        from pyarrow import ArrowException, OSFile

        path = self.folder / f"{name}.parquet"
        try:
            # pandas opens a path with Python, and pyarrow's threads may outlive it (apache/arrow, issue 50482).
            with OSFile(str(path)) as file:
                return pd.read_parquet(file, engine="pyarrow", page_checksum_verification=True)
        except MemoryError:  # pyarrow's is an ArrowException too
            raise
        except (OSError, ValueError, ArrowException) as error:
            raise _damaged(path, error) from None

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """One row per job."""
        return self._table("jobs")

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """One row per attempt."""
        return self._table("attempts")

    @cached_property
    def instances(self) -> pd.DataFrame:
        """One row per instance or Fargate task."""
        return self._table("instances")

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Step functions over time."""
        return self._table("timeline")


def _damaged(path: Path, error: Exception) -> OutputError:
    told = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    if isinstance(error, PermissionError):
        return OutputError(str(path), told, read=True)
    return OutputError(
        str(path), f"it is missing, or not as it was written ({told}); run the scenario again", read=True
    )


def read(folder: str | Path) -> StoredResult:
    """Read a results folder.

    Raises
    ------
    OutputError
        If it is not one.
    """
    folder = Path(folder)
    if not (folder / MARK).is_file():
        raise OutputError(str(folder), "it is not a results folder: there is no summary.json", read=True)
    return StoredResult(folder)
