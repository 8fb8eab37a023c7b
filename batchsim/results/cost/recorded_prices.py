"""Spot prices that change while instances run: each pays, second by second, the price of its type at that moment.

EC2 User Guide, *Spot Instances*: the price in effect is paid, per second. Prices come from a recording in the form of
EC2's DescribeSpotPriceHistory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchsim.recording import Recording
from batchsim.results.cost.rates import Rate
from batchsim.spec.configuration import Configuration
from batchsim.units import HOUR


def recorded_rates(
    configuration: Configuration, recording: Recording, free: NDArray[np.bool_]
) -> tuple[tuple[Rate, ...], NDArray[np.bool_]]:
    """A rate for each recorded price, and which instances have one; those that were `free` pay nothing."""
    instances, rates = recording.instances, []
    recorded = np.zeros(len(instances.environment), bool)
    for index, environment in enumerate(configuration.environments):
        for number, offering in enumerate(environment.offerings):
            if offering.price_steps:
                those = (instances.environment == index) & (instances.offering == number)
                recorded |= those
                at, usd_per_hour = np.array(offering.price_steps).T
                rates.append(Rate(np.where(those & ~free, 1.0, 0.0), (at, usd_per_hour / HOUR)))
    return tuple(rates), recorded
