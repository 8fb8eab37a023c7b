"""What room costs that nothing used while it was stranded, instance by instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from batchsim.arrays import Floats
from batchsim.recording import InstanceColumns, Recording
from batchsim.results.cost.instance_shares import Tenancies
from batchsim.results.cost.rates import Rate
from batchsim.results.step_functions import integrator, product
from batchsim.results.window import Window


@dataclass(frozen=True)
class _Part:
    """A rate of an environment's instances while its room was stranded.

    Attributes
    ----------
    usd_per_s : ndarray of float, shape (instances,)
        0 for those of other environments.
    stranded_until : callable
        How often the rate counted until an instant, while room was stranded.
    used : ndarray of float, shape (instances,)
        How much of that attempts had.
    """

    usd_per_s: Floats
    stranded_until: Callable[[Floats], Floats]
    used: Floats


class StrandedRoom:
    """Adds up, stretch by stretch of attempts, how much of stranded instances they used; the rest is stranded.

    Parameters
    ----------
    rates : tuple of Rate
        Of instances.
    """

    def __init__(self, recording: Recording, rates: tuple[Rate, ...], window: Window) -> None:
        self._window = window
        self._instances: InstanceColumns = recording.instances
        self._parts: list[_Part] = []
        noted = recording.stranded
        for environment in np.unique(noted.environment).tolist():
            rows = noted.environment == environment
            at, level = noted.at[rows], noted.stranded[rows].astype(np.float64)
            here = self._instances.environment == environment
            for rate in rates:
                usd_per_s = np.where(here, rate.usd_per_s, 0.0)
                if level.any() and usd_per_s.any():
                    curve = (at, level) if rate.curve is None else product(at, level, *rate.curve)
                    self._parts.append(_Part(usd_per_s, integrator(*curve), np.zeros(len(here))))

    def use(self, tenancies: Tenancies, start: Floats, stop: Floats) -> None:
        """Note what attempts had, each from its start to its stop."""
        for part in self._parts:
            here = np.flatnonzero(part.usd_per_s[tenancies.instance])
            attempt = tenancies.attempt[here]
            stranded = part.stranded_until(stop[attempt]) - part.stranded_until(start[attempt])
            np.add.at(part.used, tenancies.instance[here], tenancies.share[here] * stranded)

    def usd(self) -> Floats:
        """What the rest of each instance cost."""
        instances, usd = self._instances, np.zeros(len(self._instances.environment))
        since, until = (self._window.clipped(at) for at in (instances.usable_from, instances.terminated_at))
        for part in self._parts:
            whole = part.stranded_until(until) - part.stranded_until(since)
            usd += part.usd_per_s * np.maximum(whole - part.used, 0.0)
        return usd
