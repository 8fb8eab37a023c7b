"""How many replications: as many as it takes until the figures that decide are known closely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchsim.results.summary_type import Summary
from batchsim.statistics.stopping import Precision

#: Of the objectives' values those in these units: counts and shares may be nearly none, close to which nothing is.
AMOUNTS = ("s", "USD")


def rule(replications: int | None, precision: float | None) -> Precision | None:
    """The rule that stops an experiment, where its replications are not counted beforehand.

    Raises
    ------
    ValueError
        If both are given, or one is out of its range.
    """
    if replications is not None and replications < 1:
        raise ValueError(f"replications must be 1 or more, not {replications}")
    if precision is None:
        return None
    if replications is not None:
        raise ValueError("give replications, or the precision that they are to reach, not both")
    if not 0 < precision < 1:
        raise ValueError(f"precision must be above 0 and below 1, such as 0.05, not {precision}")
    return Precision(precision)


def watched(summaries: Sequence[Summary]) -> dict[str, list[float]]:
    """The figures that are to be precise, each with its value of every replication.

    They are the bill, and the values of objectives in seconds and dollars, but for a time of day: midnight is no zero.
    Where there are no such objectives, it is the p95 of queue time. A figure that some replication does not know has no
    interval, and is left out.
    """
    figures: dict[str, list[Any]] = {"cost_usd.total": [summary["cost_usd"]["total"] for summary in summaries]}
    for number, objective in enumerate(summaries[0]["objectives"]):
        if _is_an_amount(objective):
            values = [summary["objectives"][number]["value"] for summary in summaries]
            figures[objective["expression"]] = values
    if len(figures) == 1:
        figures["queue_time_s.p95"] = [summary["queue_time_s"]["p95"] for summary in summaries]
    return {name: values for name, values in figures.items() if None not in values}


def _is_an_amount(objective: Mapping[str, Any]) -> bool:
    """Whether an objective's value is known to be of seconds or dollars, and no time of day."""
    return objective["kept"] is not None and objective["unit"] in AMOUNTS and objective["timezone"] is None


def outcome(stopping: Precision, several: Sequence[Sequence[Summary]]) -> dict[str, Any]:
    """What a summary says of the rule by which its replications ended; of several variants they ended together.

    Returns
    -------
    dict
        ``precision``, ``of`` (the figures), ``reached``.
    """
    figures = [watched(summaries) for summaries in several]
    reached = all(stopping.reached(values) for each in figures for values in each.values())
    return {"precision": stopping.relative, "of": list(figures[0]), "reached": reached}


def enough(stopping: Precision, several: Mapping[str, Sequence[Summary]]) -> bool:
    """Whether all figures of all variants are precise, or there have been as many replications as there may be."""
    done = min(map(len, several.values()))
    if not stopping.least <= done < stopping.most:
        return done >= stopping.most
    return all(stopping.reached(values) for each in several.values() for values in watched(each).values())
