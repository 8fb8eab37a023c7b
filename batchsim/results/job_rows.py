"""The rows of the jobs of some groups, which are ordered once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Ints


class JobRows:
    """Finds the jobs of groups without a look at all of them.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
        Of each job.
    groups : int
        How many groups there are.
    """

    def __init__(self, group: Ints, groups: int) -> None:
        # Small numbers are sorted by radix, in time linear in their number.
        small = group.astype(np.int16) if groups < 2**15 else group
        self._order = np.argsort(small, kind="stable").astype(np.int32)
        self._begin = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=groups))])

    @property
    def present(self) -> list[int]:
        """The groups that have jobs."""
        return np.flatnonzero(np.diff(self._begin)).tolist()

    def of_group(self, group: int) -> Ints:
        """The jobs of a group."""
        return self._order[self._begin[group] : self._begin[group + 1]]

    def of(self, groups: NDArray[np.bool_]) -> Ints | slice:
        """The jobs of some groups; all as a slice, which needs no copies."""
        if groups.all():
            return slice(None)
        parts = [self.of_group(group) for group in np.flatnonzero(groups).tolist()]
        return np.concatenate(parts) if parts else np.empty(0, np.int32)
