"""Who is served next among the shares in which jobs wait: the lowest score, then the earliest job.

Two ways to the same answer: Python's numbers for a few shares, columns for many.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np

from batchsim.arrays import Floats

INFINITE: Final = float("inf")
NOBODY: Final = -1


class ShareRanking(Protocol):
    """The scores of the shares in which jobs wait, while a cycle or a plan goes through them."""

    def lowest(self) -> int:
        """The share that is served next; NOBODY when none is left."""

    def served(self, share: int, more: float, first: int, shape: int) -> None:
        """A share used so much more, and this is its first job now."""

    def pass_over(self, share: int) -> None:
        """Leave a share out."""

    def pass_over_shape(self, shape: int) -> None:
        """Leave out all shares whose first job is of this shape."""


class ScalarRanking:
    """A few shares.

    Parameters
    ----------
    scores : dict of int to float
        By share; it is used up.
    first, shapes : mapping
        The first job of each share, and its shape.
    """

    def __init__(self, scores: dict[int, float], first: Mapping[int, int], shapes: Mapping[int, int]) -> None:
        self._scores = scores
        self._first = dict(first)
        self._shapes = dict(shapes)

    def lowest(self) -> int:
        """The share that is served next; NOBODY when none is left."""
        best, lowest, earliest = NOBODY, INFINITE, 0
        for share, score in self._scores.items():
            if score < lowest or (score == lowest and self._first[share] < earliest):
                best, lowest, earliest = share, score, self._first[share]
        return best

    def served(self, share: int, more: float, first: int, shape: int) -> None:
        """A share used so much more, and this is its first job now."""
        self._scores[share] += more
        self._first[share], self._shapes[share] = first, shape

    def pass_over(self, share: int) -> None:
        """Leave a share out."""
        del self._scores[share]

    def pass_over_shape(self, shape: int) -> None:
        """Leave out all shares whose first job is of this shape."""
        for share in [share for share in self._scores if self._shapes[share] == shape]:
            del self._scores[share]


class VectorRanking:
    """VectorRanking shares, as columns by their number.

    Parameters
    ----------
    scores : ndarray of float
        Infinite where no job waits.
    first, shapes : ndarray of float
        The first job of each share, and its shape. All three are used up.
    """

    def __init__(self, scores: Floats, first: Floats, shapes: Floats) -> None:
        self._scores = scores
        self._first = first
        self._shapes = shapes

    def lowest(self) -> int:
        """The share that is served next; NOBODY when none is left."""
        lowest = int(self._scores.argmin())
        if self._scores[lowest] == INFINITE:
            return NOBODY
        equal = self._scores == self._scores[lowest]
        if np.count_nonzero(equal) > 1:
            ties = equal.nonzero()[0]
            return int(ties[self._first[ties].argmin()])
        return lowest

    def served(self, share: int, more: float, first: int, shape: int) -> None:
        """A share used so much more, and this is its first job now."""
        self._scores[share] += more
        self._first[share], self._shapes[share] = first, shape

    def pass_over(self, share: int) -> None:
        """Leave a share out."""
        self._scores[share] = INFINITE

    def pass_over_shape(self, shape: int) -> None:
        """Leave out all shares whose first job is of this shape."""
        self._scores[self._shapes == shape] = INFINITE
