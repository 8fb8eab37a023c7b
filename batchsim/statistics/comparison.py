"""What differs: paired differences under common random numbers, and many of them judged at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from batchsim.statistics.intervals import mean_of, student, variance


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The mean of differences, pair by pair.

    Attributes
    ----------
    mean, low, high : float
        The mean and its interval; the latter open with one pair.
    n : int
        How many pairs.
    p : float, optional
        How likely a mean so far from none is where there is no difference; unknown with one pair.
    width : float, optional
        The interval's width in parts of what it is when values are not paired: what common random numbers saved.
        Unknown with one pair, and where values do not vary.
    """

    mean: float
    low: float | None
    high: float | None
    n: int
    p: float | None
    width: float | None

    def as_interval(self) -> dict[str, float | None]:
        """``mean, low, high, n``, as of any figure."""
        return {"mean": self.mean, "low": self.low, "high": self.high, "n": self.n}


def paired_difference(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> PairedDifference:
    """How much more the second is than the first, by Student's t on the differences of pairs.

    Under common random numbers the pairs are the replications: both saw the same jobs, and what these did to both is
    in no difference. A. M. Law (2015), "Simulation Modeling and Analysis", 5th ed., 10.2.1 (paired-t) and 11.2.
    Values that are equal differ by exactly none, with the interval [0, 0] and p = 1.

    Parameters
    ----------
    first, second : sequence of float, of one length
        Values of replications, in one order; at least one each.

    Examples
    --------
    >>> paired_difference([1.0, 2.0], [2.0, 3.0]).mean
    1.0
    """
    differences = [two - one for one, two in zip(first, second, strict=True)]
    n = len(differences)
    if n == 1:
        return PairedDifference(differences[0], None, None, 1, None, None)
    low, high = student(differences, level)
    paired, apart = math.sqrt(variance(differences) / n), math.sqrt((variance(first) + variance(second)) / n)
    mean = mean_of(differences)
    return PairedDifference(mean, low, high, n, _p(mean, paired, n - 1), paired / apart if apart else None)


def _p(mean: float, error: float, degrees: int) -> float:
    """Of a mean with its standard error, two-sided."""
    if not error:
        return 0.0 if mean else 1.0
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(mean) / error))


def holm(p: Sequence[float]) -> list[float]:
    """Adjust p values for how many there are: each is below α with a chance of at most α that any is so wrongly.

    S. Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2):
    65-70. It holds whatever the dependence between them.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted, worst = [0.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        worst = max(worst, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = worst
    return adjusted
