"""Objectives: the promise, and what to spend least of, as one-line expressions.

``p95(queue_time, jobQueue=nightly) <= 10m``, ``p99(finished_at, workflow=etl) <= 06:00``, ``cost <= 500``,
``minimise cost``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from batchsim.errors import nearest
from batchsim.units import HOUR, MINUTE, parse_duration

STATISTICS = ("mean", "p50", "p90", "p95", "p99", "max", "min")
#: Metrics that are a distribution over jobs (or workflow runs), in seconds.
DISTRIBUTED = ("queue_time", "turnaround", "finished_at")
#: Metrics that are one figure of the run.
PLAIN = ("cost", "makespan", "utilisation", "failed", "unfinished")
FILTERS = ("jobQueue", "workflow", "jobName", "jobDefinition")

_MINIMISE = re.compile(r"minimi[sz]e\s+(\w+)")
_PROMISE = re.compile(r"(?:(\w+)\(\s*(\w+)\s*((?:,[^,()]+)*)\)|(\w+))\s*(<=|>=|<|>)\s*(.+)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective.

    Attributes
    ----------
    expression : str
        As it was written.
    goal : str
        ``keep`` a limit, or ``minimise``.
    statistic, metric : str
        Of what; the statistic is empty for figures of the whole run.
    where : tuple of pairs
        Filters such as ``("jobQueue", "nightly")``.
    comparison, limit
        Against what: seconds, US dollars, a share or a count.
    clock : bool
        The limit is a time of day in seconds after midnight UTC.
    """

    expression: str
    goal: Literal["keep", "minimise"]
    metric: str
    statistic: str = ""
    where: tuple[tuple[str, str], ...] = ()
    comparison: str = ""
    limit: float = 0.0
    clock: bool = False


def parse_objective(text: str) -> Objective:
    """Read one objective.

    Raises
    ------
    ValueError
        Saying what is wrong with it.
    """
    text = text.strip()
    if match := _MINIMISE.fullmatch(text):
        return Objective(text, "minimise", _known(match[1], (*PLAIN, *DISTRIBUTED), "metric"))
    match = _PROMISE.fullmatch(text)
    if not match:
        raise ValueError(
            f"{text!r} is not an objective; expected such as p95(queue_time, jobQueue=NAME) <= 10m or minimise cost"
        )
    statistic, inner, filters, plain, comparison, limit = match.groups()
    if plain:
        metric = _known(plain, PLAIN, "metric")
        statistic = ""
    else:
        _known(statistic, STATISTICS, "statistic")
        metric = _known(inner, DISTRIBUTED, "metric")
    where = tuple(_filter(part) for part in (filters or "").split(",") if part.strip())
    value, clock = _limit(metric, limit.strip())
    return Objective(text, "keep", metric, statistic, where, comparison, value, clock)


def _known(word: str, words: tuple[str, ...], what: str) -> str:
    if word not in words:
        near = nearest(word, words)
        hint = f"; did you mean {near}?" if near else ""
        raise ValueError(f"no {what} {word!r}; expected one of {', '.join(words)}{hint}")
    return word


def _filter(text: str) -> tuple[str, str]:
    key, separator, value = (part.strip() for part in text.partition("="))
    if not separator or not value:
        raise ValueError(f"{text.strip()!r} is not a filter; expected such as jobQueue=NAME")
    return _known(key, FILTERS, "filter"), value


def _limit(metric: str, text: str) -> tuple[float, bool]:
    if metric == "finished_at" and (match := _CLOCK.fullmatch(text)):
        return int(match[1]) * HOUR + int(match[2]) * MINUTE, True
    if metric in {"queue_time", "turnaround", "finished_at", "makespan"}:
        return parse_duration(text), False
    number = text.removeprefix("$")
    share = number.endswith("%")
    try:
        value = float(number.removesuffix("%"))
    except ValueError:
        raise ValueError(f"{text!r} is not a limit for {metric}; expected a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a limit for {metric}; expected a finite number")
    return (value / 100 if share else value), False
