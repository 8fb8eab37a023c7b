"""Finished runs kept in a file: what is in it need not be run again.

The file is SQLite's, in WAL mode, and only this process writes it. A run is in the file when `FinishedRuns.add`
returns: it survives the death of this process by whatever cause. With ``synchronous = NORMAL`` the last runs may be
lost when the machine itself goes down, never more than these; the file is then as it was before them, and they are run
again. WAL needs a file system that is not shared over a network (SQLite, *Write-Ahead Logging*).

SQLite has no checksums: a disk that gives other bytes back gives other figures. So each row has a digest of what it
holds; one that is not as it was written is as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from batchsim._version import __version__
from batchsim.errors import OutputError
from batchsim.experiments.tasks import Finished, Task

#: Of the tables below; a file of another is left alone.
FORMAT = "2"

_TABLES = """
BEGIN;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (
    key TEXT PRIMARY KEY, status TEXT NOT NULL, summary TEXT, error TEXT,
    labels TEXT NOT NULL, seed INTEGER NOT NULL, replication INTEGER NOT NULL, digest TEXT NOT NULL
);
"""

#: What is done stays as it is: equal keys have equal results.
_ADD = """
INSERT INTO runs (key, status, summary, error, labels, seed, replication, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET status = excluded.status, summary = excluded.summary, error = excluded.error,
    labels = excluded.labels, seed = excluded.seed, replication = excluded.replication, digest = excluded.digest
WHERE runs.status = 'failed'
"""
_ALL = "SELECT key, status, summary, error, labels, seed, replication, digest FROM runs"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A row: what came of a run, and what it was.

    Attributes
    ----------
    labels : dict of str to str
        Those of the task that was executed; another with the same key may have others.
    seed, replication : int
        Of its random numbers.
    """

    finished: Finished
    labels: Mapping[str, str]
    seed: int
    replication: int


class FinishedRuns:
    """The finished runs of a file, one row each; a context manager, which lets go of the file.

    While it is open no other process can open it: the lock, of an empty file beside it, ends with the process.

    Parameters
    ----------
    path : Path
        The file; it is made where there is none, and the folders it is in.

    Raises
    ------
    OutputError
        If the file can't be made, is in use, is none of ours, or holds runs of another batchsim: these are kept, and
        not mixed with this one's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self._locked()
            try:
                self._file = sqlite3.connect(path, isolation_level=None)
                self._file.text_factory = _decoded
                self._open()
            except BaseException:
                self._lock.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def __len__(self) -> int:
        with self._told():
            return int(self._file.execute("SELECT count(*) FROM runs").fetchone()[0])

    def __iter__(self) -> Iterator[StoredRun]:
        """All runs that are as they were written, by key."""
        with self._told():
            for *row, digest in self._file.execute(f"{_ALL} ORDER BY key"):
                if digest == _digest(*row):
                    yield StoredRun(Finished(*row[:4]), json.loads(row[4]), *row[5:])

    def get(self, key: str) -> Finished | None:
        """The run of a key, or None where it is not finished; a row that is not as it was written is removed."""
        with self._told():
            found = self._file.execute(f"{_ALL} WHERE key = ?", (key,)).fetchone()
            if found is None:
                return None
            *row, digest = found
            if digest == _digest(*row):
                return Finished(*row[:4])
            self._file.execute("DELETE FROM runs WHERE key = ?", (key,))
        return None

    def add(self, task: Task, finished: Finished) -> None:
        """Keep what came of a task; it is in the file when this returns, instead of an earlier failure of its key.

        Raises
        ------
        OutputError
            If it can't be written: the disk is full.
        """
        came_of_it = (finished.key, finished.status, finished.summary, finished.error)
        row = (*came_of_it, json.dumps(dict(task.labels)), task.seed, task.replication)
        with self._told():
            self._file.execute(_ADD, (*row, _digest(*row)))

    def close(self) -> None:
        """Let go of the file; all of it is then in one."""
        self._file.close()
        self._lock.close()

    def _locked(self) -> sqlite3.Connection:
        """A lock that only one process has, of the kind that SQLite has on every system."""
        lock = sqlite3.connect(self.path.with_name(f"{self.path.name}-lock"), isolation_level=None, timeout=0)
        try:
            lock.execute("PRAGMA journal_mode = MEMORY")
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            reason = "another process writes it: wait until it has ended, or give another folder"
            raise OutputError(str(self.path), reason) from None
        return lock

    def _open(self) -> None:
        """Make the tables, or see whether those that are there are this batchsim's."""
        ours = {"format": FORMAT, "batchsim": __version__}
        try:
            found = self._meta()
            if not found:
                self._file.execute("PRAGMA journal_mode = WAL")
                self._file.executescript(_TABLES)
                self._file.executemany("INSERT INTO meta VALUES (?, ?)", ours.items())
                self._file.execute("COMMIT")
            self._file.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.DatabaseError as error:
            self._file.close()
            is_none = isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_ERROR
            if not is_none and error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                raise
            raise OutputError(str(self.path), f"it is no store of finished runs ({error})") from None
        if found not in ({}, ours):
            self._file.close()
            version, form = found.get("batchsim", "?"), found.get("format", "?")
            theirs = f"batchsim {version}" if form == FORMAT else f"batchsim {version} (format {form})"
            told = f"it holds runs of {theirs}, whose figures may differ from those of this batchsim {__version__}"
            raise OutputError(str(self.path), f"{told}: they are kept; give another folder, or remove the file")

    def _meta(self) -> dict[str, str]:
        """What the file says of itself; empty of an empty file."""
        if not self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return {}
        return dict(self._file.execute("SELECT name, value FROM meta"))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite or the system finds wrong, as the user is told."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            told = getattr(error, "strerror", None) or str(error)
            is_damaged = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF == sqlite3.SQLITE_CORRUPT
            if is_damaged:
                told = f"it is damaged ({told}): remove the file, and its runs are executed again"
            raise OutputError(str(self.path), told, is_damaged) from error


def _digest(*row: Any) -> str:
    """What tells whether a row is as it was written."""
    return hashlib.sha256(json.dumps(row, default=repr).encode()).hexdigest()  # a damaged text may come as bytes


def _decoded(text: bytes) -> str:
    """A text; one that is damaged is another, which its row's digest tells."""
    return text.decode("utf-8", "replace")
