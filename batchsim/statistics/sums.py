"""Sums that are rounded once, as `math.fsum` rounds them: the same in any order, and from any parts.

Numbers are cut into *pieces* at powers of two. Where the power is large enough against how many there are, pieces of
one power add up without rounding, by NumPy and in any order; the exact sum of these few sums is that of the numbers
(S. M. Rump, T. Ogita, S. Oishi (2008), "Accurate Floating-Point Summation Part I: Faithful Rounding", SIAM J. Sci.
Comput. 31(1): extraction by a power of two).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats

#: Numbers that are cut together: more need more pieces, and leave the cache.
CHUNK = 8192
#: Twice as many can be added to a power of two, and none of their pieces' sums passes it.
SPREAD = 4.0 * CHUNK
#: So few are faster added as they are.
FEW = 64
#: Beyond this a power of two that is large enough is no float.
LARGEST = 2.0**1000


def added(*columns: Floats) -> float:
    """The exactly rounded sum of columns.

    Examples
    --------
    >>> added(np.full(10, 0.1), np.array([1e16, -1e16]))
    1.0
    """
    sums: list[float] = []
    for column in columns:
        if len(column) <= FEW:
            sums += column.tolist()
            continue
        for start in range(0, len(column), CHUNK):
            sums += [float(piece.sum()) for piece in _pieces(column[start : start + CHUNK])]
    return math.fsum(sums)


def added_by(owner: NDArray[np.signedinteger], values: Floats, owners: int) -> list[list[float]]:
    """Numbers by owner, few of them, whose exact sum is that of the owner's values.

    Parameters
    ----------
    owner : ndarray of int, shape (n,)
        Whose each value is, from 0.
    """
    sums: list[list[float]] = [[] for _ in range(owners)]
    if len(values) <= FEW:
        for number, value in zip(owner.tolist(), values.tolist(), strict=True):
            sums[number].append(value)
        return sums
    for start in range(0, len(values), CHUNK):
        whose = owner[start : start + CHUNK].astype(np.intp, copy=False)
        for piece in _pieces(values[start : start + CHUNK]):
            totals = np.bincount(whose, weights=piece, minlength=owners)
            for number in np.flatnonzero(totals).tolist():
                sums[number].append(float(totals[number]))
    return sums


def _pieces(values: Floats) -> Iterator[Floats]:
    """Columns whose sum is a column's, row by row; any sum of one of them is exact. Each holds until the next."""
    rest, piece = values.copy(), np.empty(len(values))
    while largest := max(float(rest.max()), -float(rest.min())):
        if not largest < LARGEST:
            raise OverflowError(f"{largest} can't be added up exactly")
        power = SPREAD * 2.0 ** math.frexp(largest)[1]
        np.add(rest, power, out=piece)
        piece -= power
        rest -= piece
        yield piece
