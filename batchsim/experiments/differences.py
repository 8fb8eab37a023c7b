"""How variants differ from the first, replication by replication, and what of it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchsim.statistics.comparison import PairedDifference, holm, paired_difference

#: Figures of a row that are held against the first row's.
HELD_AGAINST_THE_FIRST = ("queue_time_p95_s", "turnaround_p95_s", "makespan_s", "cost_usd")
#: How often a table that has no differences is said to have one.
ALPHA = 0.05

#: Figures by name, of each replication.
Rows = Sequence[Mapping[str, Any]]


def against_the_first(variants: Mapping[str, Rows]) -> dict[str, dict[str, Any]]:
    """Of each variant, for each of the figures that are held against the first's.

    Returns
    -------
    dict of str to dict
        ``FIGURE_difference``: how much more than the first's; of replications ``{mean, low, high, n}`` of the pairs'
        differences; null where one of the two is unknown, in any replication. ``FIGURE_p``: how likely one so large is
        by chance alone, by Holm's adjustment for all differences of the table. ``FIGURE_differs``: whether that is less
        than 5 %. ``FIGURE_width``: the interval's width in parts of what it is when replications are not paired. The
        last three are null of the first, and with one replication, which tells nothing of chance.
    """
    first = next(iter(variants), "")
    paired = {
        (name, figure): _paired([row[figure] for row in variants[first]], [row[figure] for row in rows])
        for name, rows in variants.items()
        for figure in HELD_AGAINST_THE_FIRST
    }
    adjusted = _adjusted({key: each for key, each in paired.items() if key[0] != first})
    columns: dict[str, dict[str, Any]] = {name: {} for name in variants}
    for (name, figure), difference in paired.items():
        alone = len(variants[first]) == len(variants[name]) == 1
        likely = adjusted.get((name, figure))
        told = _told(difference, likely, alone=alone)
        columns[name] |= {f"{figure}_{what}": value for what, value in told.items()}
    return columns


def _told(difference: PairedDifference | None, likely: float | None, *, alone: bool) -> dict[str, Any]:
    return {
        "difference": difference and (difference.mean if alone else difference.as_interval()),
        "p": likely,
        "differs": None if likely is None else likely < ALPHA,
        "width": None if difference is None or likely is None else difference.width,
    }


def _adjusted(paired: Mapping[tuple[str, str], PairedDifference | None]) -> dict[tuple[str, str], float]:
    """How likely each difference is by chance alone, by Holm's adjustment; of those of which that is known."""
    p = {key: each.p for key, each in paired.items() if each is not None and each.p is not None}
    return dict(zip(p, holm(list(p.values())), strict=True))


def _paired(first: Sequence[float | None], mine: Sequence[float | None]) -> PairedDifference | None:
    """Of the replications that both have; an interrupted one has fewer."""
    pairs = [(one, two) for one, two in zip(first, mine, strict=False) if one is not None and two is not None]
    if len(pairs) < min(len(first), len(mine)):
        return None
    return paired_difference([one for one, _ in pairs], [two for _, two in pairs])
