"""Figures as text: of one run, or with the interval of several replications."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from batchsim.units import DAY, HOUR, format_duration, format_usd

#: Characters of the longest word that no column breaks.
WIDEST_WORD = 20


def plain(figure: Any) -> Any:
    """A figure, or the mean of one that comes from replications."""
    return figure["mean"] if isinstance(figure, dict) and "mean" in figure and "n" in figure else figure


def seconds(figure: Any) -> str:
    """A duration of the summary."""
    value = plain(figure)
    return "–" if value is None else format_duration(value)


def usd(figure: Any) -> str:
    """Money of the summary, with its interval where it has one."""
    return within(figure, format_usd)


def within(figure: Any, show: Callable[[float], str], half: Callable[[float], str] | None = None) -> str:
    """A figure as `show` says it, with half its interval (as `half` says it), or with both ends of a lopsided one."""
    text = show(plain(figure))
    if isinstance(figure, dict) and figure.get("by"):
        return f"{text} ({show(figure['low'])} to {show(figure['high'])})"
    if isinstance(figure, dict) and figure.get("low") is not None:
        return f"{text} ± {(half or show)((figure['high'] - figure['low']) / 2)}"
    return text


def share(figure: Any) -> str:
    """A share of the summary in percent; a dash where it is not known."""
    value = plain(figure)
    return "–" if value is None or math.isnan(value) else f"{100 * value:.0f} %"


def count(figure: Any) -> str:
    """A count of the summary; few on average with a decimal, so that some are not none."""
    value = plain(figure)
    return f"{value:,.1f}" if 0 < value < 10 and value != round(value) else f"{value:,.0f}"


def markdown_row(cells: Iterable[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in cells)} |"


def is_one(figure: Any) -> bool:
    """Whether a count is said in the singular."""
    return count(figure) == "1"


def many(figure: Any, noun: str) -> str:
    """A count of the summary with its noun."""
    return f"{count(figure)} {noun}{'' if is_one(figure) else 's'}"


def undone(jobs: Mapping[str, Any]) -> list[str]:
    """How many jobs failed and how many are unfinished, where there are any."""
    return [f"{count(jobs[state])} {state}" for state in ("failed", "unfinished") if plain(jobs[state])]


def statistic(figures: Mapping[str, Any], name: str) -> str:
    """A statistic of durations in the summary; where the run ended before it was known, what it is over."""
    least = figures["at_least"].get(name)
    return seconds(figures[name]) if least is None else f"over {seconds(least)}"


def interval(figures: Mapping[str, Any], name: str) -> str:
    """A statistic of durations, with its interval where it has one."""
    figure = figures[name]
    return statistic(figures, name) if figure is None else within(figure, format_duration)


def longest_word(texts: Iterable[str]) -> int:
    """How wide a column has to be so that no word in it is broken, within the widest that leaves room for others."""
    return min(max((len(word) for text in texts for word in text.split()), default=1), WIDEST_WORD)


def span(time: float) -> str:
    """A period as a person says it: days to the hour as days."""
    days = round(time / DAY)
    if days and round(time / HOUR) == days * 24:
        return many(days, "day")
    return format_duration(time)


def job_hours(value: float) -> str:
    """Seconds of jobs as job-hours."""
    hours = value / HOUR
    return f"{hours:,.0f}" if hours >= 10 else f"{hours:.1f}"
