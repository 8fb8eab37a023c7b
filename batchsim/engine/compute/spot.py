"""A recorded Spot market: how many instances could be had, over time.

The run goes through the recording from its beginning, again and again where it is longer. When fewer can be had than an
environment holds, those launched last are reclaimed; while no more can be had, launches fail.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import count

from batchsim.engine.clock import Alarm, Clock, Phase
from batchsim.spec.configuration import SpotTrace


class RecordedMarket:
    """A recording replayed for one compute environment.

    Parameters
    ----------
    warn : callable
        ``warn(available)``: in `notice_s` from now only so many can be had.
    changed : callable
        ``changed(available)``: only so many, or so many again, can be had from now on.
    """

    def __init__(
        self,
        trace: SpotTrace,
        clock: Clock,
        notice_s: float,
        warn: Callable[[int], None],
        changed: Callable[[int], None],
    ) -> None:
        self._trace = trace
        self._clock = clock
        self._notice_s = notice_s
        self._warn = warn
        self._changed = changed
        self._steps = iter(self._endless())
        next(self._steps)
        self._next_step()

    def _endless(self) -> Iterator[tuple[float, int]]:
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

    def _next_step(self) -> None:
        at, available = next(self._steps)
        warn_at = max(at - self._notice_s, self._clock.now)
        self._clock.at(warn_at, self._warned, available, essential=False)
        self._clock.at(at, self._stepped, available, phase=Phase.CHANGE, essential=False)

    def _warned(self, alarm: Alarm) -> None:
        self._warn(alarm.subject)

    def _stepped(self, alarm: Alarm) -> None:
        self._changed(alarm.subject)
        self._next_step()
