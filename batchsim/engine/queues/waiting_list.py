"""Waiting jobs in the order of a key."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
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

    def add(self, key: int) -> None:
        """Put a key in its place."""
        if not self._in_order or key > self._in_order[-1]:
            self._in_order.append(key)
        else:
            self._others.add(key)

    def first(self) -> int:
        """The smallest key; the line must not be empty."""
        if not self._others:
            return self._in_order[0]
        if not self._in_order:
            return int(self._others[0])
        return min(self._in_order[0], int(self._others[0]))

    def pop(self) -> None:
        """Take the smallest key out."""
        if self._others and (not self._in_order or self._others[0] < self._in_order[0]):
            del self._others[0]
        else:
            self._in_order.popleft()

    def remove(self, key: int) -> None:
        """Take a key out that is in it; cheap near the front."""
        if self._others and key in self._others:
            self._others.remove(key)
        else:
            self._in_order.remove(key)

    def __iter__(self) -> Iterator[int]:
        return merge(self._in_order, self._others) if self._others else iter(self._in_order)

    def head(self, most: int) -> list[int]:
        """The first keys, so many at most."""
        return list(islice(self, most))
