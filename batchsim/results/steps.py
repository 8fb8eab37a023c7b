"""Step functions: made from intervals, integrated, thinned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import Floats


def steps(start: Floats, stop: Floats, size: Floats | None = None) -> tuple[Floats, Floats]:
    """How much is held over time, from intervals ``[start, stop)`` that each hold `size`, or one.

    Returns
    -------
    at, level : ndarray of float, shape (m,)
        From ``at[i]`` on the level is ``level[i]``; strictly increasing instants, the level before the first is 0.
    """
    held: NDArray[np.bool_] = stop > start
    at = np.concatenate([start[held], stop[held]])
    if size is None:
        change: Floats = np.ones(len(at))
        change[len(at) // 2 :] = -1.0
    else:
        change = np.concatenate([size[held], -size[held]])
    return _kept(*_added(at, change))


def _added(at: Floats, change: Floats) -> tuple[Floats, Floats]:
    """A step function from its changes, those at one instant added up in their order."""
    if not len(at):
        return at, change
    order = np.argsort(at, kind="stable")
    at, change = at[order], change[order]
    del order
    first = np.concatenate([[True], at[1:] != at[:-1]])
    level = np.bincount(np.cumsum(first) - 1, weights=change).astype(np.float64, copy=False)
    return at[first], np.cumsum(level, out=level)


def integral(at: Floats, level: Floats, until: Floats) -> Floats:
    """Area under a step function from its first instant to each of `until`; 0 before the first."""
    if not len(at):
        return np.zeros(len(until))
    areas = np.concatenate([[0.0], np.cumsum(level[:-1] * np.diff(at))])
    place = np.searchsorted(at, until, side="right") - 1
    inside = np.maximum(place, 0)
    return np.where(place < 0, 0.0, areas[inside] + level[inside] * (until - at[inside]))


def product(at: Floats, level: Floats, other_at: Floats, other_level: Floats) -> tuple[Floats, Floats]:
    """Two step functions multiplied; each is 0 before its first instant.

    Examples
    --------
    >>> product(np.array([0.0]), np.array([2.0]), np.array([0.0, 5.0]), np.array([3.0, 0.0]))
    (array([0., 5.]), array([6., 0.]))
    """
    instants = np.union1d(at, other_at)

    def held(known: Floats, levels: Floats) -> Floats:
        place = np.searchsorted(known, instants, side="right") - 1
        return np.where(place < 0, 0.0, levels[np.maximum(place, 0)])

    return instants, held(at, level) * held(other_at, other_level)


def total(parts: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """The sum of step functions; each is 0 before its first instant.

    Examples
    --------
    >>> total([(np.array([0.0, 5.0]), np.array([2.0, 0.0])), (np.array([3.0]), np.array([1.0]))])
    (array([0., 3., 5.]), array([2., 3., 1.]))
    """
    changes = np.concatenate([np.diff(level, prepend=0.0) for _, level in parts])
    return _kept(*_added(np.concatenate([at for at, _ in parts]), changes))


def _kept(instants: Floats, level: Floats) -> tuple[Floats, Floats]:
    """A step function without steps that change nothing."""
    # What was added and taken away again leaves rounding error behind, not a level.
    level[np.abs(level) < 1e-9] = 0.0
    if len(level):
        kept = np.concatenate([[True], level[1:] != level[:-1]])
        instants, level = instants[kept], level[kept]
    return instants, level


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
