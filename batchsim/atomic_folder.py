"""Folders and files that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from batchsim.errors import OutputError


def check_folder(folder: Path, ours: Collection[str]) -> None:
    """Find out whether a folder can be written that may hold these files and no others.

    Raises
    ------
    OutputError
        If it can't be made, or holds other files.
    """
    try:
        if folder.exists():
            if not folder.is_dir():
                raise OutputError(str(folder), "it exists and is not a folder")
            foreign = min((entry.name for entry in folder.iterdir() if entry.name not in ours), default=None)
            if foreign is not None:
                raise OutputError(str(folder), f"it holds other files, such as {foreign}, that would be lost")
        above = folder.parent
        while not above.exists():
            above = above.parent
        if not above.is_dir():
            raise OutputError(str(folder), f"{above} is not a folder")
        if not os.access(above, os.W_OK):
            raise OutputError(str(folder), f"no permission to write in {above}")
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
    made: Path | None = None
    replaced: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        yield made
        made.chmod(0o755)
        if folder.exists():
            replaced = folder.rename(made.with_name(made.name + "-replaced"))
        made.rename(folder)
        made = None
        if replaced is not None:
            shutil.rmtree(replaced, ignore_errors=True)
    except BaseException as error:  # an interrupt between the two renames too
        if made is not None and replaced is not None:
            replaced.rename(folder)
        if isinstance(error, OSError):
            raise OutputError(str(folder), error.strerror or str(error)) from None
        raise
    finally:
        if made is not None:
            with suppress(OSError):
                shutil.rmtree(made)


@contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """Give a path beside a file; what is written there takes its place when the block ends without an error.

    Raises
    ------
    OutputError
        If it can't be written; the file is then as it was.
    """
    made: Path | None = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.stem}-", suffix=file.suffix, dir=file.parent)
        os.close(handle)
        made = Path(name)
        yield made
        made.chmod(0o644)
        made.replace(file)
    except OSError as error:
        raise OutputError(str(file), error.strerror or str(error)) from None
    finally:
        if made is not None:
            made.unlink(missing_ok=True)
