"""Values of a template that may have holes: pieces that only AWS, or a parameter, can fill.

A text with a hole is still worth something: the ARN of a job queue names the queue although the account is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from batchsim.scenario.document.document import Where

#: A text that grows longer than this in evaluation is no configuration (a template may have 1 MB).
MOST_CHARACTERS = 1_000_000


class Absent(Enum):
    """The type of `NO_VALUE`."""

    NO_VALUE = "AWS::NoValue"


#: What ``AWS::NoValue`` is: the member or the list item is left out.
NO_VALUE: Final = Absent.NO_VALUE


@dataclass(frozen=True)
class Hole:
    """A piece that can't be known offline.

    Attributes
    ----------
    why : str
        What is not known: ``parameter Name has no default``.
    remedy : str
        What would fill it; empty when nothing given to batchsim would.
    where : tuple
        Where in the template it came from.
    digits : bool
        Whether it is surely a run of digits, so that a text around it can be split.
    reported : bool
        Whether a finding says so already: the hole is a fault of the template.
    resource : (str, str)
        The resource that would fill it, and its attribute; empty where none would.
    """

    why: str
    remedy: str = ""
    where: Where = ()
    digits: bool = False
    reported: bool = False
    resource: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Unresolved:
    """A value with at least one hole; all of it may be one."""

    parts: tuple[str | Hole, ...]

    @property
    def holes(self) -> tuple[Hole, ...]:
        """What is missing, each once."""
        return tuple(dict.fromkeys(part for part in self.parts if isinstance(part, Hole)))

    @property
    def reported(self) -> bool:
        """Whether a finding says so already."""
        return any(hole.reported for hole in self.holes)

    @property
    def why(self) -> str:
        """What is not known."""
        return "; ".join(dict.fromkeys(hole.why for hole in self.holes if hole.why))

    @property
    def remedy(self) -> str:
        """What would fill it."""
        return " ".join(dict.fromkeys(hole.remedy for hole in self.holes if hole.remedy))

    def at(self, where: Where) -> Unresolved:
        """The same, missed at another place: where it is used."""
        return Unresolved(tuple(replace(each, where=where) if isinstance(each, Hole) else each for each in self.parts))


def hole(
    why: str, remedy: str = "", where: Where = (), *, digits: bool = False, resource: tuple[str, str] = ("", "")
) -> Unresolved:
    """A value of which nothing is known."""
    return Unresolved((Hole(why, remedy, where, digits=digits, resource=resource),))


#: Stands for a value that a finding has been made about.
FAULTY = Unresolved((Hole("", reported=True),))


class TooLongError(ValueError):
    """A text grew beyond `MOST_CHARACTERS`."""


def text_of(value: Any) -> str | None:
    """The text that CloudFormation makes of a number or a truth value; None for what has none.

    Examples
    --------
    >>> text_of(True), text_of(600), text_of(0.5), text_of([])
    ('true', '600', '0.5', None)
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float)) else None


def joined(pieces: Iterable[str | Unresolved]) -> str | Unresolved:
    """One text of several.

    Raises
    ------
    TooLongError
        If it would be longer than `MOST_CHARACTERS`.
    """
    parts: list[str | Hole] = []
    size = 0
    for piece in pieces:
        if isinstance(piece, Unresolved) and piece.reported:
            return piece
        for part in piece.parts if isinstance(piece, Unresolved) else (piece,):
            size += len(part) if isinstance(part, str) else 1
            if size > MOST_CHARACTERS:
                raise TooLongError
            parts.append(part)
    return _merged(parts)


def _merged(parts: Sequence[str | Hole]) -> str | Unresolved:
    """Parts as a value, neighbouring texts in one."""
    merged: list[str | Hole] = []
    run: list[str] = []
    for part in parts:
        if isinstance(part, str):
            run.append(part)
            continue
        if any(run):
            merged.append("".join(run))
        run = []
        merged.append(part)
    if not merged:
        return "".join(run)
    if any(run):
        merged.append("".join(run))
    return Unresolved(tuple(merged))


def split(delimiter: str, value: str | Unresolved) -> list[str | Unresolved] | Unresolved:
    """The pieces between the delimiters; unresolved when a hole may hide one.

    Examples
    --------
    >>> split("/", "a/b")
    ['a', 'b']
    """
    if isinstance(value, str):
        return list(value.split(delimiter))
    if any(character.isalnum() for character in delimiter) or not all(each.digits for each in value.holes):
        return value
    pieces: list[list[str | Hole]] = [[]]
    for part in value.parts:
        if isinstance(part, Hole):
            pieces[-1].append(part)
            continue
        first, *others = part.split(delimiter)
        pieces[-1].append(first)
        pieces += [[other] for other in others]
    return [_merged(piece) for piece in pieces]
