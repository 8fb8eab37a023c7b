"""What a key of ``summary.json`` is: its kind, its unit, its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value is, and what it becomes with replications."""

    #: A number, or null; with replications its mean and interval.
    FIGURE = "figure"
    #: The same in every replication.
    PLAIN = "plain"
    #: A whole number that is added up over replications.
    TOTAL = "total"
    #: True, false, or null; true of replications when it is true of all.
    ALL = "all"
    #: An object whose keys are known.
    GROUP = "group"
    #: An object whose keys are names: of figures, or where it has fields of objects.
    NAMED = "named"
    #: A list of objects, told apart by their plain fields.
    LIST = "list"
    #: What figures beside it are at least, where they are null because the run ended before they were known: of one
    #: figure, or where it has fields of each by its name.
    BOUND = "bound"


@dataclass(frozen=True, slots=True)
class Field:
    """One key.

    Attributes
    ----------
    key : str
        Its name.
    kind : Kind
        What it holds.
    unit : str
        Of a figure; empty for shares.
    meaning : str
        For the page on results; what it holds is said after it.
    fields : tuple of Field
        Of the object, of each named object, or of each object of the list.
    types : tuple of str
        JSON Schema's types of a plain value; empty for any.
    bound : str
        The key of the `Kind.BOUND` of a figure that may be unknown.
    absent : float, optional
        What a replication without such an entry counts as; without it, it counts for nothing.
    optional : bool
        Whether it may be missing.
    """

    key: str
    kind: Kind
    unit: str = ""
    meaning: str = ""
    fields: tuple[Field, ...] = ()
    types: tuple[str, ...] = ()
    bound: str = ""
    absent: float | None = None
    optional: bool = False


def figure(key: str, unit: str, meaning: str = "", absent: float | None = None) -> Field:
    """A number."""
    return Field(key, Kind.FIGURE, unit, meaning, absent=absent)


def plain(key: str, types: str, meaning: str = "", unit: str = "") -> Field:
    """What is the same in every replication, of JSON Schema's types, separated by spaces."""
    return Field(key, Kind.PLAIN, unit, meaning, types=tuple(types.split()))


def group(key: str, meaning: str, *fields: Field) -> Field:
    """An object whose keys are known."""
    return Field(key, Kind.GROUP, "", meaning, fields)


def named(key: str, meaning: str, *fields: Field, unit: str = "", absent: float | None = None) -> Field:
    """An object whose keys are names."""
    return Field(key, Kind.NAMED, unit, meaning, fields, absent=absent)


def listed(key: str, meaning: str, *fields: Field) -> Field:
    """A list of objects."""
    return Field(key, Kind.LIST, "", meaning, fields)
