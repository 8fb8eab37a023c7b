"""Billing rules: how many seconds are paid for.

All functions take floats or arrays.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from batchsim.units import HOUR, MINUTE


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
    """Paid seconds of an instance's volumes from launch to termination: per second, 60 s at the least.

    Amazon EBS pricing page: "per-second increments, with a 60-second minimum".
    """
    return np.maximum(np.asarray(seconds, np.float64), MINUTE)


#: Amazon VPC pricing page, *Public IPv4 Address*: in use or idle, in every region; from this day on (AWS News Blog,
#: *New – AWS Public IPv4 Address Charge + Public IP Insights*).
PUBLIC_IPV4_USD_PER_HOUR = 0.005
PUBLIC_IPV4_SINCE = datetime(2024, 2, 1, tzinfo=UTC)


def public_ipv4_usd_per_hour(start: datetime) -> float:
    """Price of a public IPv4 address for a run that starts then; nothing before it was charged for."""
    return PUBLIC_IPV4_USD_PER_HOUR if start >= PUBLIC_IPV4_SINCE else 0.0
