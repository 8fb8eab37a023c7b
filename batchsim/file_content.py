"""The bytes of files that users name, which may be pipes, devices, or packed so that they stand for any amount."""

from __future__ import annotations

import errno
import gzip
import io
import os
import select
import stat
from pathlib import Path

#: More of one file is not read, unpacked: a few MB can be packed so that they stand for any amount.
MOST_BYTES = 512 * 2**20
#: More of a device, which may never end.
MOST_BYTES_OF_DEVICE = 16 * 2**20
#: How long a pipe is waited for into which nobody writes.
MOST_WAIT_MS = 3000


def file_bytes(path: Path) -> bytes:
    """The bytes of a file as they are, or of a pipe that somebody writes into.

    Raises
    ------
    OSError
        If it can't be read, has more than `MOST_BYTES`, or is a pipe that nobody writes into.
    """
    # Without O_NONBLOCK the opening of a named pipe would wait for who writes, for ever.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:  # noqa: PTH123 (by its handle)
        known = os.fstat(handle)
        if stat.S_ISDIR(known.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        most = MOST_BYTES_OF_DEVICE if stat.S_ISCHR(known.st_mode) else MOST_BYTES
        begun = _begun(handle) if stat.S_ISFIFO(known.st_mode) else b""
        if known.st_size > most:
            raise _too_large(most)
        content = begun + (file.read() if stat.S_ISREG(known.st_mode) else file.read(most + 1))
    if len(content) > most:
        raise _too_large(most)
    return content


def _begun(handle: int) -> bytes:
    """What first comes out of a pipe; while it has no writer, that is waited for a few seconds."""
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    ready = waiting.poll(MOST_WAIT_MS)
    try:
        begun = os.read(handle, 1)
    except BlockingIOError:
        begun = b""  # there is a writer, who has not begun
    else:
        if not begun and not ready:
            raise OSError(errno.EPIPE, "a pipe that nobody writes into")
    os.set_blocking(handle, True)
    return begun


def unpacked(content: bytes) -> bytes:
    """What gzip packed.

    Raises
    ------
    OSError
        If it is damaged (also EOFError, zlib.error), or more than `MOST_BYTES`.
    """
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise _too_large(MOST_BYTES)
    return found


def _too_large(most: int) -> OSError:
    return OSError(errno.EFBIG, f"more than {most // 2**20} MiB, unpacked")
