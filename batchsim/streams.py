"""Named random streams: what is drawn belongs to its owner, not to the moment the engine came by.

A stream is addressed by what it is for (seed, replication, name); adding a stream moves no other. Inside a stream a
draw is addressed by the index of its owner (this job, that instance), so the order in which a simulation asks changes
nothing, and two variants of a scenario see the same draws.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Sampler = Callable[[np.random.Generator, int], NDArray[np.float64]]

#: Draws of a block: a power of two.
_BITS: Final = 10
_BLOCK: Final = 1 << _BITS
_OFFSET: Final = _BLOCK - 1
#: Blocks of a stream that are kept at a time: a million draws, whatever the order in which they are asked for.
_KEPT = 1024


def stream(seed: int, replication: int, *name: str | int) -> np.random.Generator:
    """The generator of one named stream.

    The name enters by a digest, so that it is the same in every process whatever ``PYTHONHASHSEED`` says.

    Examples
    --------
    >>> float(stream(1, 0, "runtime").random()) == float(stream(1, 0, "runtime").random())
    True
    """
    digest = hashlib.sha256("\x1f".join(map(str, name)).encode()).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, replication, *words])))


class Draws:
    """The values of one stream by the index of their owner, drawn in blocks when first asked for.

    Parameters
    ----------
    sampler : callable
        ``sampler(generator, n)`` gives `n` values.
    seed, replication, *name
        Address of the stream.
    """

    def __init__(self, sampler: Sampler, seed: int, replication: int, *name: str | int) -> None:
        self._sampler = sampler
        self._address = (seed, replication, *name)
        self._blocks: dict[int, array[float]] = {}

    def _block(self, number: int) -> NDArray[np.float64]:
        seed, replication, *name = self._address
        return self._sampler(stream(int(seed), int(replication), *name, number), _BLOCK)

    def __getitem__(self, index: int) -> float:
        try:
            return self._blocks[index >> _BITS][index & _OFFSET]
        except KeyError:
            return self._drawn(index >> _BITS)[index & _OFFSET]

    def _drawn(self, number: int) -> array[float]:
        if len(self._blocks) == _KEPT:
            del self._blocks[next(iter(self._blocks))]
        block = self._blocks[number] = array("d", self._block(number).tobytes())
        return block

    def column(self, n: int) -> NDArray[np.float64]:
        """The values of owners 0 … n-1 as one array; equal to asking for each."""
        if n == 0:
            return np.empty(0)
        return np.concatenate([self._block(number) for number in range(-(-n // _BLOCK))])[:n]
