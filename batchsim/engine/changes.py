"""Since when an answer holds."""

from __future__ import annotations

from batchsim.spec.ids import ShapeId


class Changes:
    """Counts the changes of what an environment has, so that answers can be kept until the next one.

    Attributes
    ----------
    generation : int
        Grows whenever an answer of `availability` may be another.
    outlook_generation : int
        Grows whenever one of `outlook` may be.
    outlooks : dict of int to int
        By request, answers of `outlook` that were worked out since.
    """

    __slots__ = ("generation", "outlook_generation", "outlooks")

    def __init__(self) -> None:
        self.generation = 0
        self.outlook_generation = 0
        self.outlooks: dict[ShapeId, int] = {}

    def outlooks_changed(self) -> None:
        """Every answer of `outlook` may be another."""
        self.outlook_generation += 1
        self.outlooks.clear()

    def everything_changed(self) -> None:
        """Every answer may be another."""
        self.generation += 1
        self.outlooks_changed()
