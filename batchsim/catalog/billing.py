"""Billing rules: how many seconds are paid for, and what a root volume costs.

All functions take floats or arrays.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from batchsim.catalog.catalog import BUNDLED, Catalog, rows
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


def billed_volume_s(seconds: ArrayLike) -> NDArray[np.float64]:
    """Paid seconds of a root volume from launch to termination: per second, 60 s at the least.

    Amazon EBS pricing page, *General Purpose SSD (gp3) Volumes*: "per-second increments, with a 60-second minimum".
    """
    return np.maximum(np.asarray(seconds, np.float64), MINUTE)


#: Amazon VPC pricing page, *Public IPv4 Address*: in use or idle, in every region; from this day on (AWS News Blog,
#: *New – AWS Public IPv4 Address Charge + Public IP Insights*).
PUBLIC_IPV4_USD_PER_HOUR = 0.005
PUBLIC_IPV4_SINCE = datetime(2024, 2, 1, tzinfo=UTC)


def public_ipv4_usd_per_hour(start: datetime) -> float:
    """Price of a public IPv4 address for a run that starts then; nothing before it was charged for."""
    return PUBLIC_IPV4_USD_PER_HOUR if start >= PUBLIC_IPV4_SINCE else 0.0


@cache
def _gp3(catalog: Catalog) -> dict[str, float]:
    table = rows("ebs_prices.csv", catalog)
    next(table)
    return {region: float(price.removeprefix("~")) for region, price in table}


def root_volume_usd_per_hour(region: str, gib: float, catalog: Catalog = BUNDLED) -> float:
    """Price of a gp3 volume per hour.

    Raises
    ------
    NotInCatalogError
        If the catalog has no price of the region.

    Examples
    --------
    >>> round(root_volume_usd_per_hour("us-east-1", 30), 5)
    0.00329
    """
    prices = _gp3(catalog)
    if region not in prices:
        raise catalog.lacks(f"no price of gp3 volumes for {region}")
    return prices[region] * gib / HOURS_PER_MONTH
