"""The candidates of a search: an enumerated grid as a surrogate sees it, and which of its axes are capacity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.statistics.surrogate import Features

Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

#: From this ratio of the largest to the smallest value on, an axis of numbers is seen by its logarithms.
_WIDE = 3.0


@dataclass(frozen=True)
class Axis:
    """One parameter.

    Attributes
    ----------
    numbers : tuple of float, optional
        Its values where they are numbers; None for things that have no order.
    size : int
        How many values it has.
    capacity : bool
        More of it is more room for jobs, so that they are expected to wait no longer.
    """

    size: int
    numbers: tuple[float, ...] | None = None
    capacity: bool = False


@dataclass(frozen=True, eq=False)
class Space:
    """The grid of all combinations, the last axis running fastest.

    Attributes
    ----------
    axes : tuple of Axis
        The parameters.
    allowed : ndarray of bool, shape (n,)
        Candidates that no bound excludes.
    """

    axes: tuple[Axis, ...]
    allowed: Mask

    def __len__(self) -> int:
        return len(self.allowed)

    @classmethod
    def of(cls, axes: Sequence[Axis], allowed: Mask | None = None) -> Space:
        """The space of some axes; without `allowed`, of all combinations."""
        size = int(np.prod([axis.size for axis in axes], dtype=np.int64))
        return cls(tuple(axes), np.ones(size, bool) if allowed is None else allowed)

    @cached_property
    def values(self) -> Ints:
        """Which value of each axis a candidate has: shape (n, axes)."""
        return np.stack(np.unravel_index(np.arange(len(self)), [axis.size for axis in self.axes]), axis=1)

    @cached_property
    def features(self) -> Features:
        """The candidates as a surrogate sees them."""
        numeric = [
            scaled(axis.numbers)[self.values[:, column]]
            for column, axis in enumerate(self.axes)
            if axis.numbers is not None
        ]
        others = [column for column, axis in enumerate(self.axes) if axis.numbers is None]
        stacked = np.stack(numeric, axis=1) if numeric else np.zeros((len(self), 0))
        return Features(stacked, self.values[:, others])

    @cached_property
    def _room(self) -> Floats:
        """The value of each axis of capacity: shape (n, axes of capacity)."""
        columns = [
            np.array(axis.numbers)[self.values[:, column]] for column, axis in enumerate(self.axes) if axis.capacity
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self), 0))

    @cached_property
    def _others(self) -> Ints:
        return self.values[:, [column for column, axis in enumerate(self.axes) if not axis.capacity]]

    def no_roomier(self, candidate: int) -> Mask:
        """Candidates that have no more of any capacity than one, and are the same in everything else."""
        less = np.all(self._room <= self._room[candidate], axis=1)
        return np.asarray(less & np.all(self._others == self._others[candidate], axis=1))

    def beside(self, candidate: int) -> Mask:
        """Candidates that are one step of one axis of numbers away from one."""
        steps = np.abs(self._ranks - self._ranks[candidate])
        ordered = [axis.numbers is not None for axis in self.axes]
        return np.asarray((steps.sum(axis=1) == 1) & (steps[:, ordered].sum(axis=1) == 1))

    @cached_property
    def _ranks(self) -> Ints:
        """Which place a candidate's value has on each axis, numbers in their order."""
        columns = []
        for column, axis in enumerate(self.axes):
            order = np.arange(axis.size) if axis.numbers is None else np.argsort(np.argsort(axis.numbers))
            columns.append(order[self.values[:, column]])
        return np.stack(columns, axis=1)

    def roomiest(self) -> Ints:
        """The allowed candidates than which none has more of every capacity, one for each of the other combinations."""
        rank = np.lexsort((*self._room.T, *self._others.T))[::-1]
        rank = rank[self.allowed[rank]]
        _, first = np.unique(self._others[rank], axis=0, return_index=True)
        return np.sort(rank[first])


def scaled(numbers: Sequence[float]) -> Floats:
    """Numbers brought to 0 … 1, by their logarithms where they reach far."""
    values = np.array(numbers, float)
    least, most = float(values.min()), float(values.max())
    if least >= 0 and most >= _WIDE * max(least, 1e-12):
        unit = float(values[values > 0].min()) if least == 0 else 0.0
        values = np.log(values + unit)
    span = float(np.ptp(values))
    return (values - values.min()) / span if span else np.zeros(len(values))
