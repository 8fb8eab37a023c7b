"""Statistics of replications, and averages over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from batchsim.columns import Floats
from batchsim.results.steps import Steps, area

CONFIDENCE = 0.95


def confidence_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> dict[str, float | int | None]:
    """Mean of independent replications with its confidence interval by Student's t.

    Parameters
    ----------
    values : sequence of float
        One figure per replication; at least one.

    Returns
    -------
    dict
        ``{mean, low, high, n}``. One replication says nothing about the spread: `low` and `high` are then None.

    Raises
    ------
    ValueError
        If there are no values.

    Examples
    --------
    >>> interval = confidence_interval([1.0, 2.0, 3.0])
    >>> round(interval["low"], 3), interval["mean"], round(interval["high"], 3)
    (-0.484, 2.0, 4.484)
    """
    n = len(values)
    if not n:
        raise ValueError("a confidence interval needs at least one value")
    mean = float(np.mean(values))
    if n == 1:
        return {"mean": mean, "low": None, "high": None, "n": n}
    from scipy.stats import t

    half = float(t.ppf((1 + confidence) / 2, n - 1)) * float(np.std(values, ddof=1)) / n**0.5
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": n}


def paired_difference(
    values: Sequence[float], reference: Sequence[float], confidence: float = CONFIDENCE
) -> dict[str, float | int | None]:
    """Mean difference of two scenarios over replications that saw the same random numbers, with its interval.

    Raises
    ------
    ValueError
        If there are not as many of one as of the other, or none.
    """
    if len(values) != len(reference):
        raise ValueError(f"replications are paired: {len(values)} can't be held against {len(reference)}")
    return confidence_interval([a - b for a, b in zip(values, reference, strict=True)], confidence)


def time_average(level: Floats, at: Floats, start: float, end: float) -> float:
    """Average of a step function over a window.

    Parameters
    ----------
    level : ndarray of float, shape (n,)
        Value from ``at[i]`` on; 0 before ``at[0]``.
    at : ndarray of float, shape (n,)
        Instants in seconds since the scenario's start, not decreasing.
    start, end : float
        The window ``[start, end)`` in seconds.

    Returns
    -------
    float
        Same unit as `level`; 0.0 without steps.

    Raises
    ------
    ValueError
        If the window is empty or `at` decreases.

    Notes
    -----
    Area under the curve over the window's length; with the number of jobs as `level` it is the L of Little's law,
    L = λW (J. D. C. Little, 1961, Operations Research 9(3)).

    Examples
    --------
    >>> time_average(np.array([2.0, 0.0]), np.array([0.0, 30.0]), 0.0, 60.0)
    1.0
    """
    if not end > start:
        raise ValueError(f"the window from {start} s to {end} s is empty")
    if (np.diff(at) < 0).any():
        raise ValueError("the instants of a step function must not decrease")
    first, last = area(Steps(at, level), np.array([start, end]))
    return float(last - first) / (end - start)
