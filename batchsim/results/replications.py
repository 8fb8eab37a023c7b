"""Summaries of several replications as one: every figure with its confidence interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchsim.results.statistics import confidence_interval

#: What is the same in every replication, or names it.
_PLAIN = {"scenario", "region", "seed", "batchsim_version", "expression", "limit", "unplaceable"}


def combine(summaries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One summary of many: each figure becomes ``{mean, low, high, n}``, a 95 % interval by Student's t.

    Parameters
    ----------
    summaries : sequence of dict
        Summaries of the same scenario, in the order of their replications; at least one.

    Returns
    -------
    dict
        With the keys of one summary. A figure that some replications lack (a quantile of no jobs) is taken over those
        that have it; one that none has is null. An objective is kept when it is kept in every replication.
    """
    combined = _combine(list(summaries))
    combined["replications"] = len(summaries)
    return dict(combined)


def _combine(values: list[Any], key: str = "") -> Any:
    present = [value for value in values if value is not None]
    if not present or key in _PLAIN:
        return present[0] if present else None
    first = present[0]
    if isinstance(first, dict):
        keys = list(dict.fromkeys(name for value in present for name in value))
        return {name: _combine([value.get(name) for value in present], name) for name in keys}
    if isinstance(first, list):
        return [_combine(list(items)) for items in zip(*present, strict=True)]
    if isinstance(first, bool):
        return all(present)
    if isinstance(first, (int, float)):
        return confidence_interval([float(value) for value in present])
    return first
