"""The frontier of what was seen: configurations than which none is both cheaper and quicker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from batchsim.spec.objectives import Objective

#: Objectives whose figure a frontier may have instead of queue time, the first one there is.
_QUICKNESS = ("queue_time", "finished_at", "turnaround", "makespan")


@dataclass(frozen=True)
class Seen:
    """A configuration in the replication that the search looked at.

    Attributes
    ----------
    set : mapping
        Dotted path → value.
    labels : mapping
        Parameter → label of its value.
    cost_usd, queue_time_p95_s : float or None
        Of the whole run; no queue time where it was not known when the run ended.
    figure : float or None
        Of the objective that the frontier is about; the same queue time without one.
    kept : bool
        Whether all objectives were met.
    """

    candidate: int
    set: Mapping[str, Any]
    labels: Mapping[str, str]
    cost_usd: float
    queue_time_p95_s: float | None
    figure: float | None
    kept: bool

    @property
    def measured(self) -> tuple[float | None, ...]:
        """Its figures."""
        return self.cost_usd, self.queue_time_p95_s, self.figure

    def as_json(self) -> dict[str, Any]:
        """A point of the frontier, as ``optimize --json`` has it."""
        return {
            "set": dict(self.set),
            "cost_usd": self.cost_usd,
            "queue_time_p95_s": self.queue_time_p95_s,
            "figure": self.figure,
            "kept": self.kept,
        }


def subject(objectives: Sequence[Objective]) -> int | None:
    """Which objective's figure is held against the cost: of queue time, else of ends; None for queue time as such."""
    for metric in _QUICKNESS:
        for index, objective in enumerate(objectives):
            if objective.metric == metric and objective.comparison.startswith("<"):
                return index
    return None


def frontier(seen: Sequence[Seen]) -> list[Seen]:
    """Those than which none costs as little or less and is quicker, the cheapest first."""
    known = [each for each in seen if each.figure is not None]
    best: list[Seen] = []
    for each in sorted(known, key=lambda each: (each.cost_usd, each.figure, each.candidate)):
        if not best or each.figure < best[-1].figure:  # type: ignore[operator]
            best.append(each)
    return best


def without_effect(seen: Sequence[Seen]) -> dict[str, int]:
    """Parameters that never changed a figure where nothing else differed, and of how many such pairs that is known."""
    found = {}
    for parameter in seen[0].labels if seen else ():
        pairs = _pairs(seen, parameter)
        if pairs and all(one.measured == other.measured for one, other in pairs):
            found[parameter] = len(pairs)
    return found


def _pairs(seen: Sequence[Seen], parameter: str) -> list[tuple[Seen, Seen]]:
    """Neighbours of those that no other parameter tells apart."""

    def rest(each: Seen) -> list[str]:
        return [label for name, label in each.labels.items() if name != parameter]

    alike = (group for _, group in groupby(sorted(seen, key=rest), rest))
    return [pair for group in alike for pair in pairwise(group)]
