"""Statistics of replications."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
#: What is said of a distribution.
STATISTICS = ("mean", *QUANTILES, "max")


def confidence_interval(values: Sequence[float], *, level: float = 0.95) -> dict[str, Any]:
    """Mean and its confidence interval by Student's t.

    Parameters
    ----------
    values : sequence of float
        One figure per replication, independent of each other.

    Returns
    -------
    dict
        ``mean, low, high, n``; with one value the interval is open: low and high are null.

    Examples
    --------
    >>> confidence_interval([1.0, 2.0, 3.0])["mean"]
    2.0
    """
    n = len(values)
    mean = math.fsum(values) / n
    if n == 1:
        return {"mean": mean, "low": None, "high": None, "n": n}
    from scipy.stats import t

    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(t.ppf((1 + level) / 2, n - 1)) * deviation / math.sqrt(n)
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": n}
