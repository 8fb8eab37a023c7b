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
