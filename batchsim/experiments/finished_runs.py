"""Finished runs kept in a file: what is in it need not be run again."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

from batchsim.experiments.tasks import Finished, Task

_TABLE = """
CREATE TABLE IF NOT EXISTS runs (
    key TEXT PRIMARY KEY, labels TEXT NOT NULL, seed INTEGER NOT NULL, replication INTEGER NOT NULL,
    status TEXT NOT NULL, summary TEXT, error TEXT
)
"""


class FinishedRuns:
    """Finished runs by key, one row each.

    Parameters
    ----------
    path : Path
        The file, made where there is none; its folder too.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(_TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return int(self._file.execute("SELECT count(*) FROM runs").fetchone()[0])

    def get(self, key: str) -> Finished | None:
        """The finished run of a key, or None."""
        row = self._file.execute("SELECT key, status, summary, error FROM runs WHERE key = ?", (key,)).fetchone()
        return None if row is None else Finished(*row)

    def add(self, task: Task, finished: Finished) -> None:
        """Keep a finished run; it is in the file when this returns."""
        row = (
            *(finished.key, json.dumps(dict(task.labels)), task.seed, task.replication),
            *(finished.status, finished.summary, finished.error),
        )
        self._file.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
