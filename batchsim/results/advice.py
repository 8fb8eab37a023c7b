"""Advice: a change that was tried on the same jobs, and what came of it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from batchsim.columns import WAIT_CAUSES
from batchsim.units import format_duration, format_usd

#: A text that YAML reads as one also without quotes.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}


@dataclass(frozen=True)
class Figures:
    """What a change is judged by.

    Attributes
    ----------
    cost_usd : float
        The whole bill.
    queue_time_mean_s, queue_time_p95_s : float or None
        Of jobs that started; None where none did.
    wait_s : float
        Job-seconds of waiting, those for other jobs left out: they are the workflow's own.
    """

    cost_usd: float
    queue_time_mean_s: float | None
    queue_time_p95_s: float | None
    wait_s: float

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> Figures:
        """The figures of the summary of one replication."""
        return cls(
            cost_usd=summary["cost_usd"]["total"],
            queue_time_mean_s=summary["queue_time_s"]["mean"],
            queue_time_p95_s=summary["queue_time_s"]["p95"],
            wait_s=waiting_s(summary),
        )


def waiting_s(summary: Mapping[str, Any]) -> float:
    """Job-seconds of waiting for anything but other jobs."""
    return float(sum(summary["wait_s"][cause] for cause in WAIT_CAUSES if cause != "dependency"))


@dataclass(frozen=True, repr=False)
class Advice:
    """One change to the scenario that was run again with it, on the same jobs and random numbers, and helped.

    Attributes
    ----------
    what : str
        The change in words.
    why : str
        What it was derived from.
    set : dict of str to value
        By dotted path, as for ``--set`` and `Scenario.with_`: applied, they give the figures of `after`.
    before, after : Figures
        Of the run without and with it.
    """

    what: str
    why: str
    set: Mapping[str, Any]
    before: Figures
    after: Figures

    @property
    def gain(self) -> dict[str, float | None]:
        """What is saved, by figure; what is lost is below zero."""
        before, after = asdict(self.before), asdict(self.after)
        return {name: _less(before[name], after[name]) for name in before}

    @property
    def effect(self) -> str:
        """Before and after in words."""
        before, after = self.before, self.after
        parts = [f"{format_usd(before.cost_usd)} → {format_usd(after.cost_usd)}"]
        for name, value, then in (
            ("queue time p95", before.queue_time_p95_s, after.queue_time_p95_s),
            ("mean", before.queue_time_mean_s, after.queue_time_mean_s),
        ):
            if value is not None and then is not None:
                parts.append(f"{name} {format_duration(value)} → {format_duration(then)}")
        return ", ".join(parts)

    @property
    def arguments(self) -> str:
        """The change as arguments of the command line."""
        return " ".join(f"--set {shlex.quote(f'{path}={_yaml(value)}')}" for path, value in self.set.items())

    def as_json(self) -> dict[str, Any]:
        """As plain values, as in ``summary.json``."""
        return {
            "what": self.what,
            "why": self.why,
            "set": dict(self.set),
            "before": asdict(self.before),
            "after": asdict(self.after),
            "gain": self.gain,
        }

    def __str__(self) -> str:
        return f"{self.what}: {self.effect}"

    def __repr__(self) -> str:
        return f"<Advice {self}>"


def _less(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else before - after


def _yaml(value: Any) -> str:
    """A value on one line of YAML."""
    if isinstance(value, list) and all(isinstance(item, str) and _is_plain(item) for item in value):
        return f"[{', '.join(value)}]"
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _WORDS
