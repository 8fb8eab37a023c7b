"""Arrays: what columns are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.int8]

#: Rows that are looked at together, and of a row group in the files: a million need no more memory than these.
SLICE = 65_536


def zeros_view(n: int) -> Floats:
    """So many zeros that take no memory, and can't be written to."""
    return np.broadcast_to(np.float64(0.0), n)


def filled(column: Floats, other: Floats | float) -> Floats:
    """A column, and something else where it has no value."""
    missing = np.isnan(column)
    return np.where(missing, other, column) if missing.any() else column
