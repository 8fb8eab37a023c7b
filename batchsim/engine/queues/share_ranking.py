"""Who is served next among the shares in which jobs wait: the lowest score, then the earliest job.

Two ways to the same answer: Python's numbers for a few shares, columns for many.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from batchsim.arrays import Floats
from batchsim.spec.ids import ShapeId

INFINITE: Final = float("inf")
NOBODY: Final = -1


class ShareRanking:
    """The scores of the shares in which jobs wait, while a pass goes through them."""

    def lowest(self) -> int:
        """The share that is served next; NOBODY when none is left."""
        raise NotImplementedError

    def served(self, share: int, more: float, first: int, request: ShapeId) -> None:
        """A share used so much more, and this is its first job now."""
        raise NotImplementedError

    def pass_over(self, share: int) -> None:
        """Leave a share out."""
        raise NotImplementedError

    def pass_over_request(self, request: ShapeId) -> None:
        """Leave out all shares whose first job asks for this."""
        raise NotImplementedError


class ScalarRanking(ShareRanking):
    """A few shares.

    Parameters
    ----------
    scores : dict of int to float
        By share; it is used up.
    first, requests : mapping
        The first job of each share, and what it asks for.
    """

    def __init__(self, scores: dict[int, float], first: Mapping[int, int], requests: Mapping[int, int]) -> None:
        self._scores = scores
        self._first = dict(first)
        self._requests = dict(requests)

    def lowest(self) -> int:
        """The share that is served next; NOBODY when none is left."""
        best, lowest, earliest = NOBODY, INFINITE, 0
        for share, score in self._scores.items():
            if score < lowest or (score == lowest and self._first[share] < earliest):
                best, lowest, earliest = share, score, self._first[share]
        return best

    def served(self, share: int, more: float, first: int, request: ShapeId) -> None:
        """A share used so much more, and this is its first job now."""
        self._scores[share] += more
        self._first[share], self._requests[share] = first, request

    def pass_over(self, share: int) -> None:
        """Leave a share out."""
        del self._scores[share]

    def pass_over_request(self, request: ShapeId) -> None:
        """Leave out all shares whose first job asks for this."""
        for share in [share for share in self._scores if self._requests[share] == request]:
            del self._scores[share]


class VectorRanking(ShareRanking):
    """Many shares, as columns by their number.

    Parameters
    ----------
    scores : ndarray of float
        Infinite where no job waits.
    first, requests : ndarray of float
        The first job of each share, and what it asks for. All three are used up.
    """

    def __init__(self, scores: Floats, first: Floats, requests: Floats) -> None:
        self._scores = scores
        self._first = first
        self._requests = requests

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

    def served(self, share: int, more: float, first: int, request: ShapeId) -> None:
        """A share used so much more, and this is its first job now."""
        self._scores[share] += more
        self._first[share], self._requests[share] = first, request

    def pass_over(self, share: int) -> None:
        """Leave a share out."""
        self._scores[share] = INFINITE

    def pass_over_request(self, request: ShapeId) -> None:
        """Leave out all shares whose first job asks for this."""
        self._scores[self._requests == request] = INFINITE
