"""Shares: of how many replications something holds."""

from __future__ import annotations

from typing import Any


def clopper_pearson(held: int, n: int, *, level: float = 0.95) -> dict[str, Any]:
    """The share of replications in which something held, and its exact interval.

    C. J. Clopper and E. S. Pearson (1934), "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26(4): 404-413, by the quantiles of the beta distribution. It covers at least `level`,
    whatever the true share.

    Parameters
    ----------
    held, n : int
        In how many, of how many.

    Returns
    -------
    dict
        ``mean, low, high, n`` and ``by``.

    Raises
    ------
    ValueError
        If `held` is not one of 0 to `n`, or `n` is none.

    Examples
    --------
    Ten of ten show no more than this:

    >>> round(clopper_pearson(10, 10)["low"], 3)
    0.692
    """
    tail = (1 - level) / 2
    low, high = at_least(held, n, 1 - tail), 1 - at_least(n - held, n, 1 - tail)
    return {"mean": held / n, "low": low, "high": high, "n": n, "by": "clopper-pearson"}


def at_least(held: int, n: int, confidence: float = 0.95) -> float:
    """What share is shown at least, asked for nothing else: Clopper and Pearson's lower bound.

    Examples
    --------
    >>> round(at_least(10, 10), 3)
    0.741
    """
    if not 0 <= held <= n or n < 1:
        raise ValueError(f"expected 0 to n of n replications, not {held} of {n}")
    if held == 0:
        return 0.0
    from scipy.special import betaincinv

    return float(betaincinv(held, n - held + 1, 1 - confidence))
