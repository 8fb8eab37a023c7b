"""How durations that were recorded are written into a scenario, and why so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from batchsim.arrays import Floats
from batchsim.spec.distributions import as_distribution
from batchsim.statistics.fitting import (
    FAMILIES,
    LEAST_FOR_EMPIRICAL,
    LEAST_FOR_FAMILY,
    FittedFamily,
    KaplanMeier,
    best_fit,
    kaplan_meier,
    strata,
)

#: So many values of an empirical distribution are written at most.
MOST_VALUES = 200

#: Of shapes that are pooled, so many a kind of job.
_RATIOS = 50

#: A share that outlasts every complete run is neglected up to this, and set to the longest that was seen.
_NEGLIGIBLE = 0.01

#: Values that differ by no more than this part are one and the same: clocks are as coarse.
SAME = 1e-3

#: So many equal values are a constant.
_LEAST_FOR_CONSTANT = 3


@dataclass(frozen=True)
class LearntDurations:
    """What was learnt of durations of one kind.

    Attributes
    ----------
    by : str
        ``constant``, ``empirical``, a family, ``pooled``, or ``bound`` where none was complete.
    written : object
        As a scenario has it: seconds, or a distribution.
    mean_s, p50_s, p95_s : float
        Of what is written.
    n, censored : int
        Complete durations, and those that are only known to be longer.
    why : str
        Why it is written so.
    """

    by: str
    written: Any
    mean_s: float
    p50_s: float
    p95_s: float
    n: int
    censored: int
    why: str


def rounded(seconds: float) -> float:
    """Five digits, which is finer than any history is sure of."""
    return float(f"{seconds:.5g}")


def learn(
    values: Sequence[float], censored: Sequence[float] = (), ratios: Sequence[float] | Floats = ()
) -> LearntDurations:
    """Choose what stands for durations.

    From 50 complete ones on they are their own distribution; from 10 on a family that they may be of; fewer have the
    shape of others.

    Parameters
    ----------
    values : sequence of float
        Complete ones, in seconds.
    censored : sequence of float
        Those that are only known to be longer.
    ratios : sequence of float
        What durations of other kinds are of their own mean: the shape of those that are few. May be empty.

    Raises
    ------
    ValueError
        If there are neither complete ones nor others.
    """
    n = len(values)
    if n == 0:
        return _bound(censored)
    if n >= _LEAST_FOR_CONSTANT and not censored and max(values) - min(values) <= SAME * max(values):
        mean = rounded(float(np.mean(values)))
        return LearntDurations("constant", mean, mean, mean, mean, n, 0, f"all {n} are the same")
    if n < LEAST_FOR_FAMILY:
        return _pooled(values, censored, ratios)
    sample = kaplan_meier(values, censored)
    if n >= LEAST_FOR_EMPIRICAL and sample.beyond <= _NEGLIGIBLE:
        why = f"from {LEAST_FOR_EMPIRICAL} values on they are their own distribution"
        return _empirical(sample, values, censored, f"{why}{_cut(censored)}")
    fit = _writable_fit(values, censored)
    if fit is not None:
        return _family(fit, sample, len(censored))
    why = f"none of {', '.join(FAMILIES)} fits: the values themselves"
    return _empirical(sample, values, censored, f"{why}{_cut(censored)}{_beyond(sample, values, censored)}")


def shapes(of: Iterable[tuple[Sequence[float], Sequence[float]]]) -> Floats:
    """What durations of several kinds are of their mean, each kind alike; of kinds with ten complete ones or more.

    Parameters
    ----------
    of : iterable of (values, censored)
        By kind.
    """
    found = []
    for values, censored in of:
        if len(values) < LEAST_FOR_FAMILY or max(values) - min(values) <= SAME * max(values):
            continue
        known, likely = _closed(kaplan_meier(values, censored), values, censored)
        made = strata(known, likely, _RATIOS)
        found.append(made / made.mean())
    return np.concatenate(found) if found else np.empty(0)


def _bound(censored: Sequence[float]) -> LearntDurations:
    if not censored:
        raise ValueError("expected at least one duration")
    longest = rounded(max(censored))
    why = f"none of {len(censored)} was seen to its end: the longest time that one ran, which is too short"
    return LearntDurations("bound", longest, longest, longest, longest, 0, len(censored), why)


def _pooled(values: Sequence[float], censored: Sequence[float], ratios: Sequence[float] | Floats) -> LearntDurations:
    """The time in all over those that ended (of exponential ones the likeliest mean), in the shape of others."""
    n = len(values)
    mean = (math.fsum(values) + math.fsum(censored)) / n
    few = f"{n} of the {LEAST_FOR_FAMILY} values that a shape of their own takes"
    if not len(ratios):
        mean = rounded(mean)
        why = f"{few}, and no others to have it of: the mean alone{_cut(censored)}"
        return LearntDurations("constant", mean, mean, mean, mean, n, len(censored), why)
    made = strata(np.asarray(ratios), np.ones(len(ratios)), min(_RATIOS, len(ratios))) * mean
    why = f"{few}: their mean, and the shape of the other jobs{_cut(censored)}"
    return LearntDurations("pooled", _values(made), mean, *_two(made), n, len(censored), why)


def _two(values: Floats) -> tuple[float, float]:
    return float(np.quantile(values, 0.5)), float(np.quantile(values, 0.95))


def _values(values: Floats) -> Any:
    return {"empirical": {"values": [rounded(max(each, 0.0)) for each in values.tolist()]}}


def _closed(sample: KaplanMeier, values: Sequence[float], censored: Sequence[float]) -> tuple[Floats, Floats]:
    """Values and weights; what lies beyond the last complete value is set to the longest that was seen."""
    if not sample.beyond:
        return sample.values, sample.weights
    longest = max(*values, *censored)
    return np.append(sample.values, longest), np.append(sample.weights, sample.beyond)


def _empirical(sample: KaplanMeier, values: Sequence[float], censored: Sequence[float], why: str) -> LearntDurations:
    known, likely = _closed(sample, values, censored)
    made = strata(known, likely, MOST_VALUES) if censored or len(values) > MOST_VALUES else np.sort(np.array(values))
    whole = KaplanMeier(known, likely, 0.0)
    mean = float(np.sum(known * likely))
    quantiles = whole.quantile(0.5), whole.quantile(0.95)
    return LearntDurations("empirical", _values(made), mean, *quantiles, len(values), len(censored), why)


def _given(fit: FittedFamily) -> dict[str, Any]:
    """A family as a scenario writes it."""
    if fit.family == "lognormal":
        return {fit.family: {"median": rounded(fit.quantile(0.5)), "p95": rounded(fit.quantile(0.95))}}
    return {fit.family: {"mean": rounded(fit.mean()), "cv": rounded(fit.cv())}}


def _writable_fit(values: Sequence[float], censored: Sequence[float]) -> FittedFamily | None:
    """The family that fits best; None where none does, or a scenario does not take it."""
    fit = best_fit(values, censored) if min(values) < max(values) else None
    return fit if fit is not None and _can_be_written(fit) else None


def _can_be_written(fit: FittedFamily) -> bool:
    """Whether a scenario takes it: some are too narrow."""
    try:
        as_distribution(_given(fit))
    except ValueError:
        return False
    return True


def _family(fit: FittedFamily, sample: KaplanMeier, censored: int) -> LearntDurations:
    why = f"the best of those that fit by AIC; its p95 is {fit.p95_error:+.1%} from the sample's"
    if sample.beyond > _NEGLIGIBLE:
        why += f"; {sample.beyond:.0%} ran longer than any that ended: how much, the family says and nothing recorded"
    quantiles = fit.quantile(0.5), fit.quantile(0.95)
    return LearntDurations(fit.family, _given(fit), fit.mean(), *quantiles, fit.n, censored, why)


def _cut(censored: Sequence[float]) -> str:
    return f"; {len(censored)} cut off, taken as longer than they ran" if censored else ""


def _beyond(sample: KaplanMeier, values: Sequence[float], censored: Sequence[float]) -> str:
    if not sample.beyond:
        return ""
    longest = max(*values, *censored)
    return f"; {sample.beyond:.0%} ran longer than any that ended, and are written as {rounded(longest):g} s: too short"
