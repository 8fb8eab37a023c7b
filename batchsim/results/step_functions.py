"""Step functions: made from intervals, integrated, thinned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Floats

#: From its instants on (strictly increasing) a step function has its levels; it is 0 before.
Curve = tuple[Floats, Floats]

#: So few are found by bisection.
FEW = 1024
#: After so many looks the rest are found by bisection too.
MOST_LOOKS = 4


def steps(start: Floats, stop: Floats, size: Floats | None = None) -> Curve:
    """How much is held over time, from intervals ``[start, stop)`` that each hold `size`, or one.

    Returns
    -------
    at, level : ndarray of float, shape (m,)
        From ``at[i]`` on the level is ``level[i]``; strictly increasing instants, the level before the first is 0.
    """
    held: NDArray[np.bool_] = stop > start
    if not held.all():
        start, stop, size = start[held], stop[held], None if size is None else size[held]
    if not len(start):
        return start, stop
    (start, on), (stop, off) = _ascending(start, size), _ascending(stop, size)
    parts = [(start, stop, on, off)] if 2 * len(start) <= SLICE else _stretches(start, stop, on, off)
    stretches = [_added(np.concatenate([on, off]), np.concatenate([more, -less])) for on, off, more, less in parts]
    at, level = (np.concatenate(column) for column in zip(*stretches, strict=True))
    return _kept(at, np.cumsum(level, out=level))


def _stretches(start: Floats, stop: Floats, on: Floats, off: Floats) -> list[tuple[Floats, ...]]:
    """Starts, stops and their sizes by stretches of time.

    Sorting all changes of a long run at once takes several times their memory.
    """
    edges = np.linspace(start[0], stop[-1], 2 * len(start) // SLICE + 2)[1:-1]
    columns = [np.split(column, np.searchsorted(start, edges)) for column in (start, on)]
    columns += [np.split(column, np.searchsorted(stop, edges)) for column in (stop, off)]
    starts, ons, stops, offs = columns
    return list(zip(starts, stops, ons, offs, strict=True))


def _ascending(at: Floats, size: Floats | None) -> tuple[Floats, Floats]:
    """Instants and their sizes in the order of time, those of an instant in their order."""
    if size is None or size.min() == size.max():
        return np.sort(at), np.broadcast_to(1.0 if size is None else size[0], len(at))
    order = np.argsort(at, kind="stable")
    return at[order], size[order]


def _added(at: Floats, change: Floats) -> Curve:
    """The distinct instants of changes, ascending, and the sum of the changes at each, added up in their order."""
    if not len(at):
        return at, change
    order = np.argsort(at, kind="stable")
    at, change = at[order], change[order]
    first = np.concatenate([[True], at[1:] != at[:-1]])
    if first.all():
        return at, change
    return at[first], np.bincount(np.cumsum(first) - 1, weights=change).astype(np.float64, copy=False)


def integral(at: Floats, level: Floats, until: Floats) -> Floats:
    """Area under a step function from its first instant to each of `until`; 0 before the first."""
    return integrator(at, level)(until)


def integrator(at: Floats, level: Floats) -> Callable[[Floats], Floats]:
    """`integral` of one step function, for many instants asked one after the other."""
    if not len(at):
        return lambda until: np.zeros(len(until))
    areas, located = areas_before(at, level), Locator(at)

    def integrated(until: Floats) -> Floats:
        place = located(until)
        before = place < 0
        place[before] = 0
        result: Floats = until - at[place]
        result *= level[place]
        result += areas[place]
        result[before] = 0.0
        return result

    return integrated


def areas_before(at: Floats, level: Floats) -> Floats:
    """Area under a step function from its first instant to each of them."""
    areas = np.zeros(len(at))
    np.subtract(at[1:], at[:-1], out=areas[1:])
    areas[1:] *= level[:-1]
    return np.cumsum(areas, out=areas)


class Locator:
    """Finds which step holds at an instant; -1 before the first.

    Of many steps a table says how many come before each of as many equal cells of time, which takes few looks instead
    of a bisection.

    Parameters
    ----------
    at : ndarray of float, shape (m,)
        Increasing.
    """

    def __init__(self, at: Floats) -> None:
        self._at = at

    def __call__(self, instants: Floats) -> NDArray[np.intp]:
        """The step that holds at each of some instants."""
        if len(instants) < FEW or len(self._at) < FEW:
            return np.searchsorted(self._at, instants, side="right") - 1
        at, before = self._at, self._before
        next_one = before[self._cells(instants)]
        behind = np.append(at, np.inf)
        for _ in range(MOST_LOOKS):
            more = behind[next_one] <= instants
            if not more.any():
                return next_one - 1
            next_one += more
        left = np.flatnonzero(behind[next_one] <= instants)
        next_one[left] = np.searchsorted(at, instants[left], side="right")
        return next_one - 1

    def _cells(self, instants: Floats) -> NDArray[np.intp]:
        low, high, cells = self._at[0], self._at[-1], len(self._at)
        cell: NDArray[np.intp] = np.clip((instants - low) * (cells / (high - low)), -1.0, cells).astype(np.intp)
        return cell + 1

    @cached_property
    def _before(self) -> NDArray[np.intp]:
        """Steps in the cells before each."""
        counts = np.bincount(self._cells(self._at), minlength=len(self._at) + 2)
        return np.concatenate([[0], np.cumsum(counts)[:-1]])


def product(at: Floats, level: Floats, other_at: Floats, other_level: Floats) -> tuple[Floats, Floats]:
    """Two step functions multiplied; each is 0 before its first instant.

    Examples
    --------
    >>> product(np.array([0.0]), np.array([2.0]), np.array([0.0, 5.0]), np.array([3.0, 0.0]))
    (array([0., 5.]), array([6., 0.]))
    """
    if not len(at) or not len(other_at):
        return np.empty(0), np.empty(0)
    instants = np.union1d(at, other_at)
    return instants, sample(at, level, instants) * sample(other_at, other_level, instants)


def sample(at: Floats, level: Floats, instants: Floats) -> Floats:
    """What a step function is at some instants; 0 before its first."""
    if not len(at):
        return np.zeros(len(instants))
    place = Locator(at)(instants)
    return np.where(place < 0, 0.0, level[np.maximum(place, 0)])


def total(parts: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """The sum of step functions; each is 0 before its first instant.

    Examples
    --------
    >>> total([(np.array([0.0, 5.0]), np.array([2.0, 0.0])), (np.array([3.0]), np.array([1.0]))])
    (array([0., 3., 5.]), array([2., 3., 1.]))
    """
    if not parts:
        return np.empty(0), np.empty(0)
    changes = np.concatenate([np.diff(level, prepend=0.0) for _, level in parts])
    at, level = _added(np.concatenate([at for at, _ in parts]), changes)
    return _kept(at, np.cumsum(level))


def _kept(instants: Floats, level: Floats) -> tuple[Floats, Floats]:
    """A step function without steps that change nothing."""
    # What was added and taken away again leaves rounding error behind, not a level.
    level[(level > -1e-9) & (level < 1e-9)] = 0.0
    kept = np.concatenate([[True], level[1:] != level[:-1]])[: len(level)]
    return (instants, level) if kept.all() else (instants[kept], level[kept])


def thin(at: Floats, level: Floats, most: int) -> tuple[Floats, Floats]:
    """A step function of at most `most` steps: as it is, or its means over equal intervals, the area kept."""
    if len(at) <= most:
        return at, level
    edges = np.linspace(at[0], at[-1], most + 1)
    means = np.diff(integral(at, level, edges)) / np.diff(edges)
    return edges, np.concatenate([means, level[-1:]])
