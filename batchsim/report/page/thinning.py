"""Step functions thinned to what a drawing can show: of every pixel column the least and the greatest level stay.

What is kept are steps as they are, at their own instants. Means over intervals would hide the peak that a reader looks
for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.results.series import Window
from batchsim.results.step_functions import Curve

#: Columns of a drawing: as many as it has pixels where it is widest.
COLUMNS = 960


def thinned(at: Floats, level: Floats, window: Window, columns: int = COLUMNS) -> Curve:
    """The steps of a step function in a window that can be told apart in so many columns.

    Of each column the first and the last step stay, and the steps to its least and greatest level; the level that
    holds when the window begins is a step at its beginning.
    """
    low, high = window
    first = int(np.searchsorted(at, low, side="right"))
    last = int(np.searchsorted(at, high, side="right"))
    begin = level[first - 1] if first else 0.0
    at, level = np.concatenate([[low], at[first:last]]), np.concatenate([[begin], level[first:last]])
    kept = _kept(column_of(at, window, columns), level)
    return at[kept], level[kept]


def column_of(at: Floats, window: Window, columns: int) -> NDArray[np.intp]:
    """The column in which each instant of a window is drawn, from 0."""
    low, high = window
    place: NDArray[np.intp] = ((at - low) * (columns / max(high - low, 1e-9))).astype(np.intp)
    return np.clip(place, 0, columns - 1)


def _kept(column: NDArray[np.intp], level: Floats) -> NDArray[np.intp]:
    """Of steps in the order of time: the first and last of each column, its least and its greatest."""
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    ends = np.append(starts[1:], len(column)) - 1
    ranked = np.lexsort((level, column))
    return np.unique(np.concatenate([starts, ends, ranked[starts], ranked[ends]]))
