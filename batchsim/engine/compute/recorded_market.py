"""A recorded Spot market: how many instances could be had, over time.

The run goes through the recording from its beginning, again and again where it is longer. When fewer can be had than an
environment holds, those launched last are reclaimed; while no more can be had, launches fail.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import count

from batchsim.spec.configuration import SpotTrace


class RecordedMarket:
    """A recording replayed for one compute environment."""

    def __init__(self, trace: SpotTrace) -> None:
        self._trace = trace

    def steps(self) -> Iterator[tuple[float, int]]:
        """From when on how many can be had, without end; the first is the beginning of the run."""
        for round_ in count():
            for at, available in zip(self._trace.at, self._trace.available, strict=True):
                yield round_ * self._trace.length_s + at, available

    def available(self, now: float) -> int:
        """How many instances can be had now."""
        place = bisect_right(self._trace.at, now % self._trace.length_s) - 1
        return self._trace.available[place]

    @property
    def length_s(self) -> float:
        """How long the recording is; 0 when nothing can ever be had."""
        return self._trace.length_s if any(self._trace.available) else 0.0
