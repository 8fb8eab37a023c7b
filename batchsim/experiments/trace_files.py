"""Trace files of runs that are executed elsewhere: known by the digest of their content, and read once a process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath

from batchsim.errors import Finding, ScenarioError
from batchsim.file_content import file_bytes
from batchsim.spec.traces import Trace
from batchsim.workload.traces import read_as
from batchsim.workload.traces.common import TraceJobs

#: Traces that a process keeps as they were read: a scenario seldom replays more, and a long one takes much memory.
KEPT = 4


@dataclass(frozen=True, slots=True)
class TraceFile:
    """A file and the SHA-256 of its content."""

    path: Path
    digest: str

    @classmethod
    def of(cls, path: Path) -> TraceFile:
        """The file as it is now; it is read again only where it was written since.

        Raises
        ------
        ScenarioError
            If it can't be read.
        """
        try:
            known = path.stat()
            return cls(path, _digest(path, known.st_mtime_ns, known.st_size, known.st_ino))
        except OSError as error:
            message = error.strerror or str(error)
            raise ScenarioError([Finding("trace", "", message, file=str(path))]) from None

    def content(self) -> bytes:
        """What is in it.

        Raises
        ------
        ScenarioError
            If it can't be read, or is another than it was.
        """
        try:
            content = file_bytes(self.path)
        except OSError as error:
            message = error.strerror or str(error)
            raise ScenarioError([Finding("trace", "", message, file=str(self.path))]) from None
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise self.changed()
        return content

    def changed(self) -> ScenarioError:
        """The error for a file that is written while runs are made of it."""
        return ScenarioError(
            [Finding("trace", "", "changed while runs were made of it", "the same until all are", file=str(self.path))]
        )


@lru_cache(maxsize=1024)
def _digest(path: Path, *_: int) -> str:
    """Of a file's content; what else is given tells whether the file is still the same."""
    return hashlib.sha256(file_bytes(path)).hexdigest()


@dataclass(frozen=True, slots=True)
class _Content:
    """A file's content without the file."""

    suffix: str
    content: bytes

    def read_bytes(self) -> bytes:
        return self.content


class ReadTraces:
    """The jobs of traces by what their files hold, each read once; at most `KEPT` at a time."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], TraceJobs] = {}

    def jobs(self, trace: Trace, file: TraceFile, contents: Mapping[str, bytes]) -> TraceJobs:
        """The jobs of a trace.

        Parameters
        ----------
        contents : mapping of str to bytes
            What was sent along, by its digest; other files are read.

        Raises
        ------
        ScenarioError
            If the file can't be read, is no such trace, or is another than it was.
        """
        key = (file.digest, trace.model_dump_json())
        jobs = self._kept.get(key)
        if jobs is None:
            content = contents[file.digest] if file.digest in contents else file.content()
            jobs = read_as(trace, _Content(PurePath(trace.path).suffix, content), str(file.path))
            while len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)), None)
            self._kept[key] = jobs
        return jobs
