"""Waiting jobs in the order of a key."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Set
from heapq import merge
from itertools import islice
from typing import Any

from sortedcontainers import SortedList


class WaitingList:
    """Integers in ascending order, most of which come in that order.

    What comes in order goes to the end of a deque, which costs next to nothing; only the rest is sorted in.

    Attributes
    ----------
    in_order : deque of int
        Those that came in order.
    sorted_in : int
        How many did not.
    """

    def __init__(self) -> None:
        self.in_order: deque[int] = deque()
        self._others: Any = SortedList()
        self.sorted_in = 0

    def add(self, key: int) -> None:
        """Put a key in its place."""
        in_order = self.in_order
        if not in_order or key > in_order[-1]:
            in_order.append(key)
        else:
            self._others.add(key)
            self.sorted_in += 1

    def first(self) -> int:
        """The smallest key; the list must not be empty."""
        in_order = self.in_order
        if not self.sorted_in:
            return in_order[0]
        other = int(self._others[0])
        return min(in_order[0], other) if in_order else other

    def remove(self, key: int) -> None:
        """Take a key out that is in it; cheap near the front."""
        in_order = self.in_order
        if in_order and in_order[0] == key:
            in_order.popleft()
        elif self.sorted_in and key in self._others:
            self._others.remove(key)
            self.sorted_in -= 1
        else:
            in_order.remove(key)

    def discard(self, keys: Set[int]) -> None:
        """Take out many keys at once, those that are in it."""
        self.in_order = deque(key for key in self.in_order if key not in keys)
        self._others = SortedList(key for key in self._others if key not in keys)
        self.sorted_in = len(self._others)

    def __iter__(self) -> Iterator[int]:
        return merge(self.in_order, self._others) if self.sorted_in else iter(self.in_order)

    def head(self, most: int) -> list[int]:
        """The first keys, so many at most."""
        return list(islice(iter(self), most))
