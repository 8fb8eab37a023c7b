"""The part of a run that its figures are of: all of it, or of the long run what is between warm-up and drain.

In steady state time counts from the end of the warm-up to the scenario's ``duration``, when arrivals stop and the
system begins to drain: what is paid and held in it is what each hour of such a queue pays and holds. Of jobs count
those that are submitted in it, however long they then take.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.spec.resolved_scenario import ResolvedScenario


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when, in seconds since the start; of everything nothing is changed, not by rounding either."""

    start: float = -math.inf
    end: float = math.inf

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut."""
        return self.start == -math.inf

    @property
    def since(self) -> float:
        """From when on jobs that are submitted count."""
        return 0.0 if self.is_whole else self.start

    def clipped(self, at: Floats) -> Floats:
        """Instants, those before and after moved to its ends."""
        return at if self.is_whole else np.clip(at, self.start, self.end)

    def part(self, start: Floats, seconds: Floats) -> Floats:
        """Of so many seconds from some instants on, those within."""
        return seconds if self.is_whole else self.clipped(start + seconds) - self.clipped(start)

    def holds(self, at: Floats) -> NDArray[np.bool_]:
        """Which instants are within."""
        within: NDArray[np.bool_] = (at >= self.start) & (at < self.end)
        return within

    def length(self, ended_at: float) -> float:
        """How long it is of a run that ended then."""
        return ended_at if self.is_whole else self.end - self.start


WHOLE = Window()


def window_of(scenario: ResolvedScenario, ended_at: float) -> Window:
    """Of a run of a scenario that ended then; one that ended in its warm-up has none."""
    if scenario.warm_up_s is None:
        return WHOLE
    end = ended_at if scenario.duration_s is None else min(scenario.duration_s, ended_at)
    return Window(scenario.warm_up_s, max(end, scenario.warm_up_s))
