"""Since when an answer holds."""

from __future__ import annotations


class Changes:
    """Counts the changes of what an environment has, so that answers can be kept until the next one.

    Attributes
    ----------
    generation : int
        Grows whenever an answer of `availability` may be another.
    outlook_generation : int
        Grows whenever one of `outlook` may be.
    """

    __slots__ = ("generation", "outlook_generation")

    def __init__(self) -> None:
        self.generation = 0
        self.outlook_generation = 0

    def all(self) -> None:
        """Every answer may be another."""
        self.generation += 1
        self.outlook_generation += 1
