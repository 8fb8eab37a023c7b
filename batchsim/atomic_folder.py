"""Folders and files that are written whole or not at all.

What is being written has a name of the moment beside its place, ``.unfinished-NAME-…``, and is locked as long as its
process lives. What a process that was killed has left is removed by the next one that writes to the same place.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from batchsim.errors import OutputError

if sys.platform != "win32":
    import fcntl


#: Within what is unfinished: the folder that is replaced, from its removal until the new one has its place.
_BEFORE = "before"


def check_folder(folder: Path, ours: Collection[str]) -> None:
    """Find out whether a folder can be written that may hold these files and no others.

    Raises
    ------
    OutputError
        If it can't be made, or holds other files.
    """
    try:
        if folder.exists():
            _refuse_foreign(folder, ours)
        above = folder.parent
        while not above.exists():
            above = above.parent
        if not above.is_dir():
            raise OutputError(str(folder), f"{above} is not a folder")
        if not os.access(above, os.W_OK):
            raise OutputError(str(folder), f"no permission to write in {above}")
    except OSError as error:
        raise OutputError(str(folder), error.strerror or str(error)) from None


def _refuse_foreign(folder: Path, ours: Collection[str]) -> None:
    """Refuse what is no folder, and a folder with other files than these."""
    if not folder.is_dir():
        raise OutputError(str(folder), "it exists and is not a folder")
    foreign = min((entry.name for entry in folder.iterdir() if entry.name not in ours), default=None)
    if foreign is not None:
        raise OutputError(str(folder), f"it holds other files, such as {foreign}, that would be lost")


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where there is none.

    Raises
    ------
    OutputError
        If it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(str(folder), error.strerror or str(error)) from None


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `folder` when the block ends without an error.

    Raises
    ------
    OutputError
        If it can't be written; `folder` is then as it was.
    """
    folder = folder.resolve()  # a link is followed, not replaced
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _unfinished(folder) as beside:
            made, before = beside / "new", beside / _BEFORE
            made.mkdir()
            yield made
            if folder.exists():
                folder.rename(before)
            made.rename(folder)
    except OSError as error:
        raise OutputError(str(folder), error.strerror or str(error)) from None


@contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """Give a path beside a file; what is written there takes its place when the block ends without an error.

    A link is followed. What is no file, such as ``/dev/null``, is given itself. Its folder has to be there: a name that
    is misspelt would be made otherwise.

    Raises
    ------
    OutputError
        If it can't be written; the file is then as it was.
    """
    place = file.resolve()
    try:
        if place.exists() and not place.is_file():
            yield place
            return
        with _unfinished(place) as beside:
            made = beside / place.name
            yield made
            made.replace(place)
    except OSError as error:
        raise OutputError(str(file), error.strerror or str(error)) from None


def write_whole(file: Path, text: str) -> None:
    """Write a text to a file, which is whole then or as it was; an older one is replaced.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    with replaced(file) as made:
        made.write_text(text, encoding="utf-8", errors="replace")


@contextmanager
def _unfinished(place: Path) -> Iterator[Path]:
    """Give a folder beside a place, locked by this process, and remove it; what killed processes left goes too."""
    _remove_left_behind(place)
    handle: int | None = None
    while handle is None:
        beside = Path(tempfile.mkdtemp(prefix=_prefix(place), dir=place.parent))
        handle = _lock(beside)
        if beside.exists():
            break
        _unlock(handle)  # another process has just taken it for one that was left behind
        handle = None
    try:
        yield beside
    finally:
        _remove(beside, place)
        _unlock(handle)


def _lock(folder: Path, *, waits: bool = True) -> int | None:
    """Lock a folder until the handle is closed or this process ends; None where that can't be, as on Windows."""
    if sys.platform == "win32":
        return None
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except OSError:
        os.close(handle)
        return None
    return handle


def _unlock(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)


def _prefix(place: Path) -> str:
    return f".unfinished-{place.name}-"


def _remove_left_behind(place: Path) -> None:
    """Remove what processes that were killed left of their attempts at a place; what they moved away comes back."""
    for beside in place.parent.glob(f"{escape(_prefix(place))}*"):
        handle = _lock(beside, waits=False)
        if handle is not None:  # else a living process has it
            _remove(beside, place)
            _unlock(handle)


def _remove(beside: Path, place: Path) -> None:
    """Remove an attempt; what it had moved away takes its place again where nothing else has."""
    with suppress(OSError):
        if (beside / _BEFORE).exists() and not place.exists():
            (beside / _BEFORE).rename(place)
        shutil.rmtree(beside)
