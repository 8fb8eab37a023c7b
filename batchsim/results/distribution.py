"""Distributions as a few figures: mean, quantiles, extremes."""

from __future__ import annotations

import math

import numpy as np

from batchsim.columns import Floats

#: The figures of a distribution in the summary.
STATISTICS = ("mean", "p50", "p90", "p95", "p99", "max")
_QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


def describe(values: Floats) -> dict[str, float | None]:
    """``{mean, p50, p90, p95, p99, max}``; all None without values. Quantiles interpolate linearly."""
    if not len(values):
        return dict.fromkeys(STATISTICS)
    quantiles = np.quantile(values, list(_QUANTILES.values()))
    return {
        "mean": float(values.mean()),
        **dict(zip(_QUANTILES, (float(value) for value in quantiles), strict=True)),
        "max": float(values.max()),
    }


def statistic(name: str, values: Floats) -> float | None:
    """One figure of a distribution, in which infinite values (what never happened) may occur.

    Returns
    -------
    float or None
        Infinite when the figure rests on an infinite value; None without values.
    """
    if not len(values):
        return None
    if name == "mean":
        return float(values.mean())
    if name in {"min", "max"}:
        return float(getattr(values, name)())
    ordered = np.sort(values)
    place = (len(ordered) - 1) * _QUANTILES[name]
    below = math.floor(place)
    # A quantile that leans on an infinite value is infinite; numpy's own would be NaN between two of them.
    if math.isinf(ordered[math.ceil(place)]):
        return math.inf
    above = min(below + 1, len(ordered) - 1)
    part = place - below
    return float(ordered[below] + part * (ordered[above] - ordered[below])) if part else float(ordered[below])
