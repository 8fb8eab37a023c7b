"""Step functions: made from intervals, integrated, thinned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Floats

#: From its instants on (strictly increasing) a step function has its levels; it is 0 before.
Curve = tuple[Floats, Floats]

#: So few are found as they are.
FEW = 1024

#: Each stretch is found by a look at all intervals.
MOST_STRETCHES = 64


def steps(start: Floats, stop: Floats, size: Floats | None = None) -> tuple[Floats, Floats]:
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
    if size is None:
        size = np.broadcast_to(1.0, len(start))
    # Stretch by stretch of time, since sorting all changes of a long run at once takes several times their memory.
    edges = np.linspace(start.min(), stop.max(), min(2 * len(start) // SLICE, MOST_STRETCHES) + 2)
    edges[-1] = np.inf
    stretches = []
    for begin, end in pairwise(edges):
        on, off = (start >= begin) & (start < end), (stop >= begin) & (stop < end)
        stretches.append(_added(np.concatenate([start[on], stop[off]]), np.concatenate([size[on], -size[off]])))
    at, level = (np.concatenate(column) for column in zip(*stretches, strict=True))
    return _kept(at, np.cumsum(level, out=level))


def _added(at: Floats, change: Floats) -> tuple[Floats, Floats]:
    """The distinct instants of changes, ascending, and the sum of the changes at each, added up in their order."""
    if not len(at):
        return at, change
    order = np.argsort(at, kind="stable")
    at, change = at[order], change[order]
    first = np.concatenate([[True], at[1:] != at[:-1]])
    return at[first], np.bincount(np.cumsum(first) - 1, weights=change).astype(np.float64, copy=False)


def integral(at: Floats, level: Floats, until: Floats) -> Floats:
    """Area under a step function from its first instant to each of `until`; 0 before the first."""
    return integrator(at, level)(until)


def integrator(at: Floats, level: Floats) -> Callable[[Floats], Floats]:
    """`integral` of one step function, for many instants asked one after the other."""
    if not len(at):
        return lambda until: np.zeros(len(until))
    areas = areas_before(at, level)

    def integrated(until: Floats) -> Floats:
        place = located(at, until)
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


def located(at: Floats, instants: Floats) -> NDArray[np.intp]:
    """Which step of a step function holds at some instants; -1 before the first."""
    if len(instants) < FEW or len(at) < FEW:
        return np.searchsorted(at, instants, side="right") - 1
    # Of a long run's steps only those that come into question are looked at: they stay in the cache.
    first = max(int(np.searchsorted(at, instants.min(), side="right")) - 1, 0)
    last = int(np.searchsorted(at, instants.max(), side="right"))
    place = np.searchsorted(at[first:last], instants, side="right")
    place += first - 1
    return place


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
    place = located(at, instants)
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


def time_average(at: Floats, level: Floats, start: float, end: float) -> float:
    """Average of a step function over a window ``[start, end)``.

    Raises
    ------
    ValueError
        If the window is empty.

    Examples
    --------
    >>> time_average(np.array([0.0, 30.0]), np.array([2.0, 0.0]), 0.0, 60.0)
    1.0
    """
    if end <= start:
        raise ValueError(f"the window from {start} to {end} is empty")
    area = integral(at, level, np.array([start, end]))
    return float(area[1] - area[0]) / (end - start)


def thin(at: Floats, level: Floats, most: int) -> tuple[Floats, Floats]:
    """A step function of at most `most` steps: as it is, or its means over equal intervals, the area kept."""
    if len(at) <= most:
        return at, level
    edges = np.linspace(at[0], at[-1], most + 1)
    means = np.diff(integral(at, level, edges)) / np.diff(edges)
    return edges, np.concatenate([means, level[-1:]])
