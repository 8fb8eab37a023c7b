"""What a command left: whether it is whole, what is litter, and which runs are stored."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pyarrow import ArrowInvalid, parquet

from batchsim.experiments.finished_runs import FinishedRuns
from tools.reliability.commands import Command

#: Digest of each file of a whole, by its path below it; of a file alone by the empty path. None of what is not there.
Content = Mapping[str, str] | None

#: How files end of which not all is there.
_ENDS = {".html": b"</html>\n", ".png": b"IEND\xaeB`\x82", ".yaml": b"\n"}


def wholes(command: Command, writes: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each whole that a command writes, of files in a folder those that are there."""
    for name in command.wholes:
        if name.endswith("/*"):
            folder = writes / name[:-2]
            files = sorted(folder.iterdir()) if folder.is_dir() else []
            yield from ((f"{folder.name}/{each.name}", each) for each in files if not _is_store(each))
        else:
            yield name, writes / name


def _is_store(path: Path) -> bool:
    return path.name.startswith(("sweep.sqlite", "."))


def content(path: Path) -> Content:
    """What is in a file or a folder."""
    if path.is_file():
        return {"": _digest(path)}
    if not path.is_dir():
        return None
    return {str(each.relative_to(path)): _digest(each) for each in sorted(path.rglob("*")) if each.is_file()}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def contents(command: Command, writes: Path) -> dict[str, Content]:
    """What is in all that a command writes; what is not there is left out."""
    return {name: found for name, path in wholes(command, writes) if (found := content(path)) is not None}


def partial(path: Path, files: Content) -> list[str]:
    """Which files of a whole are missing or are not whole themselves.

    Parameters
    ----------
    files : mapping
        Those that it has when all is done.
    """
    missing = [name for name in files or {} if not (path / name if name else path).is_file()]
    there = [each for each in sorted(path.rglob("*")) if each.is_file()] if path.is_dir() else [path]
    return [*missing, *(str(each) for each in there if not _is_readable(each))]


def _is_readable(path: Path) -> bool:
    """Whether a file is all there, as far as its kind can tell."""
    try:
        if path.suffix == ".json":
            json.loads(path.read_text("utf-8"))
        elif path.suffix == ".parquet":
            parquet.read_table(path)
    except (ValueError, OSError, ArrowInvalid):
        return False
    return path.read_bytes().endswith(_ENDS.get(path.suffix, b""))


def litter(writes: Path) -> list[str]:
    """Files and folders that nobody asked for: those under names of a moment."""
    found = [each for each in writes.rglob(".*") if not any(part.startswith(".") for part in each.parts[:-1])]
    return sorted(str(each.relative_to(writes)) for each in found)


def stored(command: Command, writes: Path) -> frozenset[str]:
    """The keys of the runs that are kept, of a copy: SQLite opens no file on a disk that is full."""
    path = writes / command.resumes
    if not command.resumes or not path.exists():
        return frozenset()
    with tempfile.TemporaryDirectory() as folder:
        for each in path.parent.glob(f"{path.name}*"):  # beside it what is not in it yet
            shutil.copyfile(each, Path(folder) / each.name)
        with FinishedRuns(Path(folder) / path.name) as store:
            return frozenset(run.finished.key for run in store)
