"""Objectives: the promise, and what to spend least of, as one-line expressions.

``p95(queue_time, jobQueue=nightly) <= 10m``, ``p99(finished_at, workflow=etl) <= 06:00 Europe/Berlin``,
``failed(workflow=etl) <= 1%``, ``cost <= 500``, ``minimise cost``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from batchsim.errors import did_you_mean
from batchsim.units import HOUR, MINUTE, parse_duration, parse_timezone

STATISTICS = ("mean", "p50", "p90", "p95", "p99", "max", "min")
#: Metrics that are a distribution over jobs (or workflow runs), in seconds.
DISTRIBUTED = ("queue_time", "turnaround", "finished_at")
FILTERS = ("jobQueue", "workflow", "jobName", "jobDefinition")
#: Metrics that are one figure, and what they may be asked of instead of the whole run.
PLAIN = {
    "cost": ("jobQueue", "workflow"),
    "makespan": FILTERS,
    "utilisation": (),
    "failed": FILTERS,
    "unfinished": FILTERS,
}
#: Counts of jobs, whose limit may be a share of the jobs they are asked of.
COUNTS = ("failed", "unfinished")

_MINIMISE = re.compile(r"minimi[sz]e\s+(\w+)\s*(?:\(([^()]*)\))?")
_PROMISE = re.compile(r"(\w+)\s*(?:\(([^()]*)\))?\s*(<=|>=|<|>)\s*(.+)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?")


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
        Of what; the statistic is empty for figures that are no distribution.
    where : tuple of pairs
        Filters such as ``("jobQueue", "nightly")``.
    comparison, limit
        Against what: seconds, US dollars, a share or a count.
    clock : bool
        The limit is a time of day, in seconds after midnight.
    timezone : str
        Whose time of day; empty for that of the workflow's arrivals.
    share : bool
        The limit of a count is a share of the jobs.
    """

    expression: str
    goal: Literal["keep", "minimise"]
    metric: str
    statistic: str = ""
    where: tuple[tuple[str, str], ...] = ()
    comparison: str = ""
    limit: float = 0.0
    clock: bool = False
    timezone: str = ""
    share: bool = False

    @property
    def unit(self) -> str:
        """Of its limit and its value: ``s``, ``USD``, ``share`` or ``jobs``."""
        if self.metric in COUNTS:
            return "share" if self.share else "jobs"
        return {"cost": "USD", "utilisation": "share"}.get(self.metric, "s")

    def holds(self, value: float) -> bool:
        """Whether a value is within the limit."""
        return {
            "<=": value <= self.limit,
            ">=": value >= self.limit,
            "<": value < self.limit,
            ">": value > self.limit,
        }[self.comparison]


def parse_objective(text: str) -> Objective:
    """Read one objective.

    Raises
    ------
    ValueError
        Saying what is wrong with it.
    """
    text = text.strip()
    if match := _MINIMISE.fullmatch(text):
        statistic, metric, where = _asked(match[1], match[2], bare=True)
        return Objective(text, "minimise", metric, statistic, where)
    match = _PROMISE.fullmatch(text)
    if not match:
        raise ValueError(
            f"{text!r} is not an objective; expected such as p95(queue_time, jobQueue=NAME) <= 10m or minimise cost"
        )
    statistic, metric, where = _asked(match[1], match[2], bare=False)
    limit, comparison = match[4].strip(), match[3]
    if metric == "finished_at" and (clock := _CLOCK.fullmatch(limit)):
        seconds = int(clock[1]) * HOUR + int(clock[2]) * MINUTE
        zone = parse_timezone(clock[3]) if clock[3] else ""
        return Objective(text, "keep", metric, statistic, where, comparison, seconds, clock=True, timezone=zone)
    value, share = _limit(metric, limit)
    return Objective(text, "keep", metric, statistic, where, comparison, value, share=share)


def _asked(word: str, inner: str | None, *, bare: bool) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Statistic, metric and filters of ``word(inner)``; `bare` where a distribution may go without a statistic."""
    parts = [part.strip() for part in (inner or "").split(",") if part.strip()]
    if word in STATISTICS:
        first = parts.pop(0) if parts else ""
        if first in PLAIN:
            raise ValueError(f"{first} is one figure; expected {first} without {word}")
        return word, _known(first, DISTRIBUTED, "metric"), _filters(parts, FILTERS, f"{word}({first})")
    if word in DISTRIBUTED:
        if not bare:
            raise ValueError(f"{word} is of many jobs; expected a statistic of it, such as p95({word})")
        return "", word, _filters(parts, FILTERS, word)
    if word not in PLAIN and parts and "=" not in parts[0]:
        _known(word, STATISTICS, "statistic")
    _known(word, (*PLAIN, *DISTRIBUTED) if bare else tuple(PLAIN), "metric")
    return "", word, _filters(parts, PLAIN[word], word)


def _known(word: str, words: tuple[str, ...], what: str) -> str:
    if word not in words:
        raise ValueError(f"no {what} {word!r}; expected one of {', '.join(words)}{did_you_mean(word, words)}")
    return word


def _filters(parts: list[str], allowed: tuple[str, ...], asked: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for part in parts:
        key, separator, value = (piece.strip() for piece in part.partition("="))
        if not separator or not value:
            raise ValueError(f"{part!r} is not a filter; expected such as jobQueue=NAME")
        if _known(key, FILTERS, "filter") not in allowed:
            expected = f"one of {', '.join(allowed)}" if allowed else f"{asked} alone: it is of the whole run"
            raise ValueError(f"{asked} can't be asked of a {key}; expected {expected}")
        if key in found:
            raise ValueError(f"{key} comes twice; expected each filter once")
        found[key] = value
    if asked == "cost" and len(found) > 1:
        raise ValueError("cost can't be asked of both; expected a jobQueue or a workflow")
    return tuple(found.items())


def _limit(metric: str, text: str) -> tuple[float, bool]:
    """The limit, and whether it is a share of jobs."""
    if metric in {*DISTRIBUTED, "makespan"}:
        return parse_duration(text), False
    share = text.endswith("%")
    number = text.removesuffix("%") if metric != "cost" else text.removeprefix("$")
    try:
        value = float(number)
    except ValueError:
        expected = "an amount of USD" if metric == "cost" else "a number"
        raise ValueError(f"{text!r} is not a limit for {metric}; expected {expected}") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a limit for {metric}; expected a finite number")
    return (value / 100 if share else value), share and metric in COUNTS
