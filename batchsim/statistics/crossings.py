"""Where one curve crosses another, of which some points are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a difference changes its sign.

    Attributes
    ----------
    at : float
        Between the two points by a straight line; a point where there is none, the first of several.
    below, above : int
        The points before and after, of those at which there is a difference.
    """

    at: float
    below: int
    above: int


def crossings(at: Sequence[float], differences: Sequence[float]) -> list[Crossing]:
    """Each place between known points at which a difference changes its sign.

    Parameters
    ----------
    at : sequence of float
        Rising.
    differences : sequence of float
        How much more one is than the other there.

    Examples
    --------
    >>> [each.at for each in crossings([100, 200, 400], [-9, -3, 9])]
    [250.0]
    """
    found = []
    known = [number for number, difference in enumerate(differences) if difference]
    for below, above in pairwise(known):
        one, other = differences[below], differences[above]
        if (one > 0) == (other > 0):
            continue
        # Where points between them have no difference, the first is where it ends.
        between = at[below] + (at[above] - at[below]) * one / (one - other)
        found.append(Crossing(between if above == below + 1 else float(at[below + 1]), below, above))
    return found
