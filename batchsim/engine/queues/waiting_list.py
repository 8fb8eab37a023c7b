"""Waiting jobs in the order of a key."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import Any

from sortedcontainers import SortedList


class WaitingList:
    """Integers in ascending order, most of which come in that order.

    What comes in order goes to the end of a deque, which costs next to nothing; only the rest is sorted in.
    """

    def __init__(self) -> None:
        self._in_order: deque[int] = deque()
        self._others: Any = SortedList()
        self._sorted_in = 0

    def add(self, key: int) -> None:
        """Put a key in its place."""
        in_order = self._in_order
        if not in_order or key > in_order[-1]:
            in_order.append(key)
        else:
            self._others.add(key)
            self._sorted_in += 1

    def first(self) -> int:
        """The smallest key; the list must not be empty."""
        in_order = self._in_order
        if not self._sorted_in:
            return in_order[0]
        other = int(self._others[0])
        return min(in_order[0], other) if in_order else other

    def remove(self, key: int) -> None:
        """Take a key out that is in it; cheap near the front."""
        in_order = self._in_order
        if in_order and in_order[0] == key:
            in_order.popleft()
        elif self._sorted_in and key in self._others:
            self._others.remove(key)
            self._sorted_in -= 1
        else:
            in_order.remove(key)

    def leave(self, keys: Iterable[int]) -> None:
        """Take keys out that are in it, in their order."""
        in_order = self._in_order
        for key in keys:
            if in_order and in_order[0] == key:
                in_order.popleft()
            else:
                self.remove(key)

    def __iter__(self) -> Iterator[int]:
        return merge(self._in_order, self._others) if self._sorted_in else iter(self._in_order)

    def head(self, most: int) -> list[int]:
        """The first keys, so many at most."""
        return list(islice(iter(self), most))
