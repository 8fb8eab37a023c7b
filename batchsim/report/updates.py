"""Scheduled updates in words: what was applied how often, and what AWS would have refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from batchsim.report.formatting import count, is_one, many, plain


def update_sentences(summary: Mapping[str, Any]) -> Iterator[str]:
    """How often each update was applied, and how many jobs it ended."""
    for each in summary.get("updates", ()):
        ended = f", {many(each['jobs'], 'job')}" if plain(each["jobs"]) else ""
        yield f"{each['what']}: {_times(each['applied'])}{ended}"


def refused_updates(summary: Mapping[str, Any]) -> Iterator[str]:
    """What AWS would not have taken."""
    for each in summary.get("updates", ()):
        for why, number in each["refused"].items():
            yield f"AWS would refuse the update {each['name']} {_times(number)}: {why}"


def _times(figure: Any) -> str:
    if not plain(figure):
        return "never"
    return "once" if is_one(figure) else f"{count(figure)} times"
