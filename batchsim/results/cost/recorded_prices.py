"""Spot prices that change while instances run: each pays, second by second, the price of its type at that moment.

EC2 User Guide, *Spot Instances*: the price in effect is paid, per second. Prices come from a recording in the form of
EC2's DescribeSpotPriceHistory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.recording import Recording
from batchsim.results.step_functions import integral
from batchsim.spec.configuration import Configuration
from batchsim.units import HOUR


@dataclass(frozen=True)
class Recorded:
    """The instances whose price changes.

    Attributes
    ----------
    curve : ndarray of int, shape (instances,)
        Which curve an instance's price follows; -1 where it has a fixed price, or cost nothing.
    curves : tuple of (ndarray, ndarray)
        From when on how many US dollars per second.
    """

    curve: NDArray[np.int64]
    curves: tuple[tuple[Floats, Floats], ...]

    def paid(self, instance: NDArray[np.int64], start: Floats, stop: Floats) -> Floats:
        """What each of `instance` is paid between two instants; 0 where its price is fixed."""
        usd = np.zeros(len(instance))
        curve = self.curve[instance]
        for number, (at, price) in enumerate(self.curves):
            mine = curve == number
            if mine.any():
                area = integral(at, price, stop[mine]) - integral(at, price, start[mine])
                usd[mine] = np.maximum(area, 0.0)
        return usd


def recorded(configuration: Configuration, recording: Recording, free: NDArray[np.bool_]) -> Recorded | None:
    """The instances with recorded prices, without those that were `free`; None where no price was recorded."""
    curve = np.full(len(recording.instances.environment), -1, np.int64)
    curves: list[tuple[Floats, Floats]] = []
    for index, environment in enumerate(configuration.environments):
        for number, offering in enumerate(environment.offerings):
            if offering.price_steps:
                mine = (recording.instances.environment == index) & (recording.instances.offering == number)
                curve[mine & ~free] = len(curves)
                at, usd_per_hour = np.array(offering.price_steps).T
                curves.append((at, usd_per_hour / HOUR))
    return Recorded(curve, tuple(curves)) if curves else None
