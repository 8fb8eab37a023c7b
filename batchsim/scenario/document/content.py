"""The content of files as shells and services leave it: packed by gzip or not, in UTF-8 or UTF-16, one JSON or several.

Windows PowerShell 5 writes ``>`` in UTF-16 with a byte order mark, editors put one before UTF-8, and a loop that
appends page after page leaves several JSON documents in one file.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from batchsim.errors import Finding, ScenarioError
from batchsim.file_content import file_bytes, unpacked

_GZIP = b"\x1f\x8b"

#: What a file is called that is packed by zip, as saved plans of Terraform are too.
ZIP = "a zip archive, or an Excel workbook"

#: First bytes of files that are no text, and what they are.
_BINARY = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": ZIP,
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ": "packed by xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
    b"SQLite format 3": "an SQLite database",
    b"Obj\x01": "Avro",
}

#: Byte order marks, the longer first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)

#: What may stand between JSON documents: the mark of a second piece of UTF-16, the control character of JSON text
#: sequences (RFC 7464), a comma of who joined them by hand.
_BETWEEN = re.compile(r"[\s\ufeff\x1e,]*")


#: Halves of characters (surrogates), and how JSON and YAML write one.
_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class Readable(Protocol):
    """What has a content: a file by its path, or one whose content was sent from elsewhere."""

    @property
    def suffix(self) -> str:
        """The end of its name, such as ``.gz``."""

    def read_bytes(self) -> bytes:
        """All of it; an OSError says why there is none."""


def read_content(path: Readable, shown: str, code: str = "unreadable") -> bytes:
    """The bytes of a file, unpacked where they are gzip's.

    Parameters
    ----------
    shown : str
        The file's name as the user gave it, for findings.
    code : str
        Of the findings.

    Raises
    ------
    ScenarioError
        If the file can't be read or is damaged.
    """
    try:
        content = file_bytes(path) if isinstance(path, Path) else path.read_bytes()
        return unpacked(content) if content.startswith(_GZIP) or path.suffix == ".gz" else content
    except (EOFError, zlib.error) as error:
        finding = Finding(code, "", f"truncated or damaged: {error}", "a complete gzip file", file=shown)
    except gzip.BadGzipFile as error:
        finding = Finding(code, "", str(error), "a gzip file", file=shown)
    except OSError as error:
        finding = Finding(code, "", error.strerror or str(error), file=shown)
    raise ScenarioError([finding])


def decoded(content: bytes, shown: str, code: str = "unreadable") -> str:
    """The text in some bytes, without a mark: UTF-8, or UTF-16 and UTF-32 by their byte order mark or zero bytes.

    Raises
    ------
    ScenarioError
        If there is none.
    """
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "")
    if not encoding and b"\0" in content[:4]:
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    binary = kind_of_binary(content)
    try:
        if not binary:
            return content.decode(encoding or "utf-8").removeprefix("\ufeff")
        message = f"not text: {binary}"
    except UnicodeDecodeError as error:
        message = f"not {(encoding or 'utf-8').upper().removesuffix('-SIG')} text (byte {error.start})"
    raise ScenarioError([Finding(code, "", message, "text in UTF-8, or in UTF-16 with a byte order mark", file=shown)])


def refuse_longer(text: str, most: int, shown: str, about: str = "") -> None:
    """Refuse a text of more characters, which would be read for many seconds; `about` is added to what is expected.

    Raises
    ------
    ScenarioError
        If it is longer.
    """
    if len(text) > most:
        message, expected = f"{len(text):,} characters", f"{most:,} at most{about}"
        raise ScenarioError([Finding("too-large", "", message, expected, file=shown)])


def kind_of_binary(content: bytes) -> str:
    """What a file is that is no text, as far as its first bytes tell; empty for any other."""
    return next((kind for start, kind in _BINARY.items() if content.startswith(start)), "")


#: Makes a mapping of its members.
Members = Callable[[list[tuple[str, Any]]], dict[str, Any]]


def documents(text: str, shown: str, code: str = "unreadable", *, members: Members | None = None) -> list[Any]:
    """The JSON documents in a text, one after the other: one, JSON Lines, or what a loop appended.

    Parameters
    ----------
    members : callable, optional
        Makes a mapping of its members; without it the last one of a name holds.

    Raises
    ------
    ScenarioError
        If there is none, or something else between them.
    """
    return [value for value, _, _ in placed_documents(text, shown, code, members=members)]


def placed_documents(
    text: str, shown: str, code: str = "unreadable", *, members: Members | None = None
) -> list[tuple[Any, int, int]]:
    """The JSON documents in a text as `documents` has them, each with where it begins and ends.

    Raises
    ------
    ScenarioError
        As `documents`.
    """
    decoder, escaped = json.JSONDecoder(object_pairs_hook=members), _ESCAPED_HALF.search(text) is not None
    found: list[tuple[Any, int, int]] = []
    at = _skip(text, 0)
    try:
        while at < len(text):
            value, end = decoder.raw_decode(text, at)
            found.append((sound(value) if escaped else value, at, end))
            at = _skip(text, end)
    except json.JSONDecodeError as error:
        after = f" after {len(found)} complete {'answers' if len(found) > 1 else 'answer'}" if found else ""
        # Answers are often one long line, and some of Python's messages end in "at".
        why = f"{error.msg.removesuffix(' at')} at column {error.colno}"
        message, line = f"not JSON{after}: {why}{_instead(text)}", error.lineno
        raise ScenarioError([Finding(code, "", message, file=shown, line=line)]) from None
    except (RecursionError, ValueError):
        message = "JSON that is nested too deeply, or has too long a number"
        raise ScenarioError([Finding(code, "", message, file=shown)]) from None
    if not found:
        raise ScenarioError([Finding(code, "", "the file is empty", "JSON", file=shown)])
    return found


def sound(value: Any) -> Any:
    """The same without halves of characters, which JSON can escape and no file can hold: U+FFFD stands for each."""
    if isinstance(value, dict):
        return {sound(key): sound(content) for key, content in value.items()}
    if isinstance(value, list):
        return [sound(item) for item in value]
    return whole(value) if isinstance(value, str) else value


def whole(text: str) -> str:
    """A text whose characters are whole: two halves that belong together are one, U+FFFD stands for any other."""
    if not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _skip(text: str, at: int) -> int:
    between = _BETWEEN.match(text, at)
    return between.end() if between else at


#: How a text begins that is something else, and what it is.
_ELSE = (
    (re.compile(r"\{'|\[\{'"), "it is Python's print of an answer; json.dumps(answer) makes JSON of it"),
    (re.compile(r"\+?-{5,}|\|\s"), "it is a table; --output json makes JSON of it"),
    (re.compile(r"[A-Z]+\t"), "it is the AWS CLI's text; --output json makes JSON of it"),
    (re.compile(r"<"), "it is XML or HTML"),
    (re.compile(r";|\s*(-?\d+(\.\d+)?\s+){17}"), "it is a log in the Standard Workload Format"),
    (re.compile(r"[\w\"@]+([,;|\t][\w\"@. /-]*)+\r?\n"), "it is a table of columns; jobs are replayed from one as csv"),
    (re.compile(r"\w+\(\w+="), "it is a program's print of an answer"),
    (re.compile(r"[$>#] ?aws |(An error|Unable|usage|Could not|\S+: error)\b"), "it is a shell's output"),
)


#: Characters of a text that tell what it is: patterns take long for a line of 100 MB.
_TELLING = 100_000


def _instead(text: str) -> str:
    """What a text is instead of JSON, as far as its first line tells."""
    start = text[:_TELLING].lstrip()
    return next((f" ({kind})" for pattern, kind in _ELSE if pattern.match(start)), "")
