"""Step functions of a run from the spans of its jobs, attempts and instances, made slice by slice.

A step function of few spans is exact. One of many, that change it at more instants than are told, is made from them as
means over equal intervals, without a look at all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Floats
from batchsim.results.step_functions import Curve, Locator, sample, steps, thin

#: From when until when, and how much; None for one each.
Span = tuple[Floats, Floats, Floats | None]
Rows = NDArray[np.signedinteger]
Locate = Callable[[Floats], NDArray[np.intp]]

#: A step function of more is told as its means over so many equal intervals.
MOST_STEPS = 20_000
#: More spans than this are not looked at at once.
MANY = SLICE // 2
#: Spans of no more rows than this are made once; those of more are made again for each look at them.
KEPT = 8 * SLICE
#: Of so many parts of an interval it is noted whether anything changed in them, to know that steps are many.
FINER = 8


@dataclass(frozen=True)
class Spans:
    """Spans of rows: functions that make those of some rows, each with its rows."""

    parts: tuple[tuple[Callable[[Rows], Span], Rows], ...]

    def __iter__(self) -> Iterator[Span]:
        return iter(self._kept) if self._rows <= KEPT else self._made()

    @property
    def _rows(self) -> int:
        return sum(len(rows) for _, rows in self.parts)

    @cached_property
    def _kept(self) -> tuple[Span, ...]:
        return tuple(self._made())

    def _made(self) -> Iterator[Span]:
        for made, rows in self.parts:
            for first in range(0, len(rows), SLICE):
                start, stop, size = made(rows[first : first + SLICE])
                lasts = stop > start
                if not lasts.all():
                    start, stop, size = start[lasts], stop[lasts], None if size is None else size[lasts]
                if len(start):
                    yield start, stop, size

    @cached_property
    def _extent(self) -> tuple[int, float, float]:
        """How many last, the first start, the last stop."""
        known = [(len(start), float(start.min()), float(stop.max())) for start, stop, _ in self]
        counts, starts, stops = zip(*known, strict=True) if known else ((0,), (0.0,), (0.0,))
        return sum(counts), min(starts), max(stops)

    @property
    def are_many(self) -> bool:
        """Whether they are too many to be looked at at once."""
        return self._rows > MANY and self._extent[0] > MANY

    def exact(self) -> Curve:
        """How much is held over time."""
        columns = list(zip(*self, strict=True))
        if not columns:
            return np.empty(0), np.empty(0)
        start, stop, sizes = columns
        known = [each for each in sizes if each is not None]
        return steps(np.concatenate(start), np.concatenate(stop), np.concatenate(known) if known else None)

    def curve(self, most: int = MOST_STEPS) -> Curve:
        """How much is held over time: exact, or its means over equal intervals, the area kept.

        Of more than `most` steps there are as many intervals; of spans that can't be looked at at once `MOST_STEPS`.
        """
        if not self._extent[0]:
            return np.empty(0), np.empty(0)
        if not self.are_many:
            return thin(*self.exact(), most)
        edges = self.edges()
        places = Equal(edges)
        areas = self.areas(edges, places)
        return (edges, means(edges, areas)) if places.instants > MOST_STEPS else thin(*self.exact(), MOST_STEPS)

    def edges(self) -> Floats:
        """The edges of `MOST_STEPS` equal intervals from the first start to the last stop."""
        return np.linspace(*self._extent[1:], MOST_STEPS + 1)

    def areas(self, edges: Floats, located: Locate | None = None) -> Floats:
        """Area between edges that follow each other; `located` finds the one before an instant, and not the last."""
        change, inside, after = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1), edges[1:]
        located = located or Locator(edges[:-1])
        for start, stop, size in self:
            for at, sign in ((start, 1.0), (stop, -1.0)):
                place = located(at)
                more = np.broadcast_to(sign, len(at)) if size is None else sign * size
                np.add.at(change, place, more)
                np.add.at(inside, place, more * (after[place] - at))
        return (np.cumsum(change) - change) * np.diff(edges) + inside


class Equal:
    """Finds the interval of an instant among equal ones, and counts the instants that are apart."""

    def __init__(self, edges: Floats) -> None:
        self._low, self._per_s = edges[0], FINER * (len(edges) - 1) / (edges[-1] - edges[0])
        self._seen = np.zeros(FINER * (len(edges) - 1), bool)

    def __call__(self, at: Floats) -> NDArray[np.intp]:
        """The interval of each of some instants."""
        fine: NDArray[np.intp] = ((at - self._low) * self._per_s).astype(np.intp)
        np.minimum(fine, len(self._seen) - 1, out=fine)
        self._seen[fine] = True
        fine //= FINER
        return fine

    @property
    def instants(self) -> int:
        """At how many different instants something changes, at the least."""
        return int(np.count_nonzero(self._seen))


def means(edges: Floats, areas: Floats) -> Floats:
    """The level in each interval of which the area is known, and 0 from the last edge on."""
    level = np.append(areas / np.diff(edges), 0.0)
    level[np.abs(level) < 1e-9] = 0.0
    return level


def while_on(spans: Spans, curve: Curve, edges: Floats) -> Floats:
    """Area of spans times a step function between edges that follow each other."""
    at = curve[0]
    finer = np.unique(np.concatenate([edges, at[(at > edges[0]) & (at < edges[-1])]]))
    areas = spans.areas(finer)
    place = np.searchsorted(edges, finer[:-1], side="right") - 1
    return np.bincount(place, weights=areas * sample(*curve, finer[:-1]), minlength=len(edges) - 1).astype(np.float64)
