"""Billing rules: how many seconds are paid for, and what a root volume costs.

All functions take floats or arrays.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from batchsim.catalog.tables import rows
from batchsim.units import HOUR, HOURS_PER_MONTH, MINUTE


def billed_instance_s(running_s: ArrayLike) -> NDArray[np.float64]:
    """Paid seconds of an EC2 instance: per second, 60 s at the least each time it enters ``running``.

    EC2 *On-demand pricing*, *Instance lifecycle*: only ``running`` is paid.
    """
    return np.maximum(np.asarray(running_s, np.float64), MINUTE)


def is_free_spot(running_s: ArrayLike) -> NDArray[np.bool_]:
    """Whether a Spot instance that AWS interrupted after so long is free: it is in its first hour.

    Later the seconds used are paid (EC2 *Billing for interrupted Spot Instances*).
    """
    return np.asarray(np.asarray(running_s, np.float64) < HOUR)


def billed_task_s(seconds: ArrayLike) -> NDArray[np.float64]:
    """Paid seconds of a Fargate task from image pull to stop: rounded up to whole seconds, one minute at the least.

    AWS Fargate pricing page. A hair above a whole second is rounding error, not a second.
    """
    return np.maximum(np.ceil(np.asarray(seconds, np.float64) - 1e-6), MINUTE)


@cache
def _gp3() -> dict[str, float]:
    table = rows("ebs_prices.csv")
    next(table)
    return {region: float(price) for region, price in table}


def root_volume_usd_per_hour(region: str, gib: float) -> float:
    """Price of a gp3 volume per hour; where a region's price is not known, the dearest known one.

    Examples
    --------
    >>> round(root_volume_usd_per_hour("us-east-1", 30), 5)
    0.00329
    """
    prices = _gp3()
    return prices.get(region, max(prices.values())) * gib / HOURS_PER_MONTH
