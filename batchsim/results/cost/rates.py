"""Rates: what instances and Fargate tasks cost by the second.

A bill is a sum of rates. A fixed price is one; a price that changes is one for each curve that it follows; what a
Savings Plan takes off is a negative one. The bill integrates them, the timeline shows their steps: so both agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from batchsim.arrays import Floats
from batchsim.results.step_functions import Curve, integrator, product, steps


@dataclass(frozen=True)
class Rate:
    """US dollars per second of some rows: so much for each of them, times a step function that they share.

    Attributes
    ----------
    usd_per_s : ndarray of float, shape (n,)
        Of each row; 0 for rows that this rate is not for.
    curve : (ndarray, ndarray), optional
        From which instant on it counts how often, 0 before the first; always once without.

    Examples
    --------
    A cent a second, and half of it from the tenth second on:

    >>> rate = Rate(np.array([0.01]), (np.array([0.0, 10.0]), np.array([1.0, 0.5])))
    >>> rate.between(np.array([5.0]), np.array([15.0]))
    array([0.075])
    """

    usd_per_s: Floats
    curve: Curve | None = None

    def of(self, usd_per_s: Floats) -> Rate:
        """The same step function for other rows."""
        other = Rate(usd_per_s, self.curve)
        if self.curve is not None:
            other.__dict__["_seconds_until"] = self._seconds_until
        return other

    @cached_property
    def _seconds_until(self) -> Callable[[Floats], Floats]:
        assert self.curve is not None  # noqa: S101 (for the type checker)
        return integrator(*self.curve)

    def between(self, start: Floats, stop: Floats) -> Floats:
        """US dollars of each row between two instants of its own."""
        if self.curve is None:
            return self.usd_per_s * (stop - start)
        paid = np.flatnonzero(self.usd_per_s)
        counted = self._seconds_until(stop[paid]) - self._seconds_until(start[paid])
        usd = np.zeros(len(self.usd_per_s))
        usd[paid] = self.usd_per_s[paid] * np.maximum(counted, 0.0)
        return usd

    def steps(self, start: Floats, stop: Floats, *, per_s: float = 1.0) -> Curve:
        """US dollars per so many seconds of all rows together over time, each from its start to its stop."""
        held = steps(start, stop, self.usd_per_s * per_s)
        return held if self.curve is None else product(*held, *self.curve)


def summed(rates: tuple[Rate, ...], start: Floats, stop: Floats) -> Floats:
    """What the rows of several rates cost between two instants of each row."""
    usd = np.zeros(len(start))
    for number, rate in enumerate(rates):
        part = rate.between(start, stop)
        usd = part if number == 0 else usd + part
    return usd
