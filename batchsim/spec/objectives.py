"""Objectives: the promise, and what to spend least of, as one-line expressions.

``p95(queue_time, jobQueue=nightly) <= 10m``, ``p99(finished_at, workflow=etl) <= 06:00 Europe/Berlin``,
``failed(workflow=etl) <= 1%``, ``cost <= 500``, ``minimise cost``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from batchsim.errors import ExpressionError, did_you_mean
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
_PROMISE = re.compile(r"(\w+)\s*(?:\(([^()]*)\))?\s*(<=|>=|<|>)\s*([^\s=].*)")
#: As much of a promise as can be read.
_BEGINNING = re.compile(r"(?:\w+\s*(?:\([^()]*\)\s*(?:(?:<=|>=|<|>)\s*)?)?)?")
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

    def place_of(self, key: str) -> int:
        """Where in the expression the value of a filter begins, from 0."""
        match = re.search(rf"\b{key}\s*=\s*", self.expression)
        return match.end() if match else 0

    def holds(self, value: float) -> bool:
        """Whether a value is within the limit."""
        return {
            "<=": value <= self.limit,
            ">=": value >= self.limit,
            "<": value < self.limit,
            ">": value > self.limit,
        }[self.comparison]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of an expression, and where it begins."""

    text: str
    at: int

    def stripped(self) -> _Piece:
        """The part without blanks around it."""
        return _Piece(self.text.strip(), self.at + len(self.text) - len(self.text.lstrip()))

    def split(self, separator: str) -> Iterator[_Piece]:
        """The parts between separators."""
        at = self.at
        for piece in self.text.split(separator):
            yield _Piece(piece, at).stripped()
            at += len(piece) + len(separator)

    def wrong(self, message: str) -> ExpressionError:
        """What is wrong with it, as an error."""
        return ExpressionError(message, self.at, len(self.text))


def _part(match: re.Match[str], group: int) -> _Piece:
    """A group of a match; an empty part at its end where it took none."""
    return _Piece(match[group] or "", match.start(group) if match[group] else match.end()).stripped()


def parse_objective(text: str) -> Objective:
    """Read one objective.

    Raises
    ------
    ExpressionError
        Saying what is wrong with it, and where in the text without blanks around it.
    """
    text = text.strip()
    if match := _MINIMISE.fullmatch(text):
        statistic, metric, where = _asked(_part(match, 1), _part(match, 2), bare=True)
        return Objective(text, "minimise", metric, statistic, where)
    match = _PROMISE.fullmatch(text)
    if not match:
        begun = _BEGINNING.match(text)
        message = (
            f"{text!r} is not an objective; expected such as p95(queue_time, jobQueue=NAME) <= 10m or minimise cost"
        )
        raise ExpressionError(message, begun.end() if begun else 0, 1)
    statistic, metric, where = _asked(_part(match, 1), _part(match, 2), bare=False)
    limit, comparison = _part(match, 4), match[3]
    try:
        if metric == "finished_at" and (clock := _CLOCK.fullmatch(limit.text)):
            seconds = int(clock[1]) * HOUR + int(clock[2]) * MINUTE
            zone = parse_timezone(clock[3]) if clock[3] else ""
            return Objective(text, "keep", metric, statistic, where, comparison, seconds, clock=True, timezone=zone)
        if metric == "finished_at" and ":" in limit.text:
            raise ValueError(f"{limit.text!r} is not a time of day; expected such as 04:00, or 04:00 Europe/Berlin")
        value, share = _limit(metric, limit.text)
    except ValueError as error:
        raise limit.wrong(str(error)) from None
    return Objective(text, "keep", metric, statistic, where, comparison, value, share=share)


def _asked(word: _Piece, inner: _Piece, *, bare: bool) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Statistic, metric and filters of ``word(inner)``; `bare` where a distribution may go without a statistic."""
    parts, name = [part for part in inner.split(",") if part.text], word.text
    if name in STATISTICS:
        metric = _of_which(word, inner, parts)
        return name, metric, _filters(parts[1:], FILTERS, f"{name}({metric})")
    if name in DISTRIBUTED:
        if not bare:
            raise word.wrong(f"{name} is of many jobs; expected a statistic of it, such as p95({name})")
        return "", name, _filters(parts, FILTERS, name)
    if name not in PLAIN and parts and "=" not in parts[0].text:
        _check_known(word, name, STATISTICS, "statistic")
    _check_known(word, name, (*PLAIN, *DISTRIBUTED) if bare else tuple(PLAIN), "metric")
    return "", name, _filters(parts, PLAIN[name], name)


def _of_which(word: _Piece, inner: _Piece, parts: list[_Piece]) -> str:
    """The metric that a statistic is of: the first part in its parentheses."""
    if parts:
        first, metric = parts[0], parts[0].text
    else:
        first, metric = (inner, inner.text) if inner.text else (word, "")
    if metric in PLAIN:
        raise first.wrong(f"{metric} is one figure; expected {metric} without {word.text}")
    _check_known(first, metric, DISTRIBUTED, "metric")
    return metric


def _check_known(part: _Piece, word: str, words: tuple[str, ...], what: str) -> None:
    if word not in words:
        raise part.wrong(f"no {what} {word!r}; expected one of {', '.join(words)}{did_you_mean(word, words)}")


def _filters(parts: list[_Piece], allowed: tuple[str, ...], asked: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for part in parts:
        key, separator, value = (piece.strip() for piece in part.text.partition("="))
        if not separator or not value:
            raise part.wrong(f"{part.text!r} is not a filter; expected such as jobQueue=NAME")
        word = _Piece(key, part.at)
        _check_known(word, key, FILTERS, "filter")
        if key not in allowed:
            expected = f"one of {', '.join(allowed)}" if allowed else f"{asked} alone: it is of the whole run"
            raise word.wrong(f"{asked} can't be asked of a {key}; expected {expected}")
        if key in found:
            raise part.wrong(f"{key} comes twice; expected each filter once")
        found[key] = value
    if asked == "cost" and len(found) > 1:
        raise parts[1].wrong("cost can't be asked of both; expected a jobQueue or a workflow")
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
    value, is_part = (value / 100 if share else value), share or metric == "utilisation"
    if value < 0 or (is_part and value > 1):
        expected = "0 to 1, or 0% to 100%" if metric == "utilisation" else "0% to 100%" if share else "0 or more"
        raise ValueError(f"{text!r} is not a limit for {metric}; expected {expected}")
    return value, share and metric in COUNTS
