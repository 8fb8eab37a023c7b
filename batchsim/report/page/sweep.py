"""The page of a sweep: the cheapest point that meets the objectives, how cost and queue time move, every point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from batchsim.report import formatting
from batchsim.report.page.blocks import Block, Cell, Heat, Page, PageSection, PageTable, Shade
from batchsim.report.page.document import html, made_by
from batchsim.report.page.sections.assumptions import settings_table
from batchsim.report.page.sections.configuration import environments_table
from batchsim.report.page.told import blocks_told
from batchsim.report.sweep import sweep_renderable
from batchsim.results.run_table import RunTable
from batchsim.scenario.scenario import Scenario
from batchsim.units import format_duration, format_usd

#: Points that the table has, and values of a parameter that a map has: the first.
MOST_POINTS, MOST_VALUES = 500, 40
#: Shades of a map.
SHADES = 8
_SHOWN = {"cost_usd": "Cost", "queue_time_p95_s": "Queue time p95"}


def sweep_page(scenario: Scenario, runs: RunTable) -> str:
    """The text of a sweep's ``report.html``."""
    replications = f", {runs.replications} replications each" if runs.replications > 1 else ""
    maps: list[Block] = []
    if runs.has_runs.any():
        maps = [*(_map(runs, shown) for shown in _SHOWN if not np.isnan(runs.mean(shown)).all()), _table(runs)]
    return html(
        Page(
            scenario.name,
            "sweep",
            f"{scenario.region}, {runs.points:,} points{replications}, seed {runs.seed}",
            [
                PageSection("answer", "The answer", _answer(scenario, runs)),
                PageSection("points", "Cost and queue time over what was varied", maps),
                PageSection(
                    "configuration",
                    "The configuration before it was varied",
                    [environments_table(scenario.configuration, "Compute environments")],
                ),
                PageSection("assumptions", "What the figures rest on", settings_table(scenario)),
            ],
            made_by(),
        )
    )


def _answer(scenario: Scenario, runs: RunTable) -> list[Block]:
    """What a terminal says; its table of some points is left out, since the page has one of them all."""
    return [each for each in blocks_told(sweep_renderable(scenario, runs), "") if not isinstance(each, PageTable)]


def _text(figure: str, value: float) -> str:
    if np.isnan(value):
        return "–"
    return format_usd(value) if figure == "cost_usd" else format_duration(value)


def _map(runs: RunTable, figure: str) -> Heat:
    """A map of a figure over the two parameters that matter most, the others as in the cheapest point."""
    drawn = runs.by_effect(_SHOWN)[:2] or [0]
    best = runs.best if runs.best is not None else runs.cheapest(runs.has_runs)
    points = _points(runs, drawn, best or 0)
    short = runs.short_names
    across, *down = (short[runs.parameters[number].name] for number in drawn)
    columns, *rows = ([value.label for value in runs.parameters[number].values[:MOST_VALUES]] for number in drawn)
    caption = f"{_SHOWN[figure]} by {' and '.join([across, *down])}"
    labels = rows[0] if rows else [_SHOWN[figure]]
    return Heat(
        caption, across, "".join(down), columns, labels, _shades(runs, figure, points), _note(runs, drawn, best)
    )


def _points(runs: RunTable, drawn: Sequence[int], best: int) -> NDArray[np.intp]:
    """Points of a map, row by row."""
    sizes = [min(runs.shape[number], MOST_VALUES) for number in reversed(drawn)]
    at = [np.full(sizes, place, np.intp) for place in runs.coordinates(best)]
    for number, indices in zip(reversed(drawn), np.indices(sizes), strict=True):
        at[number] = indices
    return np.atleast_2d(np.ravel_multi_index(tuple(at), runs.shape))


def _shades(runs: RunTable, figure: str, points: NDArray[np.intp]) -> list[list[Shade]]:
    """The cells of a map; the least and the most of all points are the ends of the scale."""
    means = runs.mean(figure)
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    return [
        [
            Shade(_text(figure, means[each]), _darkness(float(means[each]), low, high), _verdict(runs, each))
            for each in row
        ]
        for row in points.tolist()
    ]


def _darkness(value: float, low: float, high: float) -> int:
    return 0 if np.isnan(value) or high <= low else round(SHADES * (value - low) / (high - low))


def _verdict(runs: RunTable, point: int) -> str:
    if not runs.has_runs[point]:
        return "not run"
    if point == runs.best:
        return "cheapest that meets all"
    return "" if runs.meets[point] else "missed"


def _note(runs: RunTable, drawn: list[int], best: int | None) -> str:
    """At what values the parameters are that are not drawn, and which of the others are cut."""
    short = runs.short_names
    others = [each for number, each in enumerate(runs.parameters) if number not in drawn and len(each.values) > 1]
    labels = runs.labels(best or 0)
    told = ", ".join(f"{short[each.name]}={labels[each.name]}" for each in others)
    cut = [short[name] for name in _cut(runs, drawn)]
    more = f" Of {', '.join(cut)} the first {MOST_VALUES} values." if cut else ""
    return (f"At {told}, as in the cheapest point." if told else "") + more


def _cut(runs: RunTable, drawn: list[int]) -> list[str]:
    """The parameters that have more values than a map shows."""
    return [runs.parameters[number].name for number in drawn if runs.shape[number] > MOST_VALUES]


def _table(runs: RunTable) -> PageTable:
    """Points, the cheapest that meet the objectives first."""
    points = np.flatnonzero(runs.has_runs)
    order = points[np.lexsort((runs.mean("cost_usd")[points], ~runs.meets[points]))]
    figures = ("cost_usd", "queue_time_p95_s", "turnaround_p95_s")
    rows = []
    for point in order[:MOST_POINTS].tolist():
        met = bool(runs.meets[point])
        rows.append(
            [
                *(Cell(value.label, value.number) for value in runs.values(point).values()),
                Cell("yes" if met else "no", tone="" if met else "bad"),
                *(_figure(runs, figure, point) for figure in figures),
                Cell(formatting.share(float(runs.mean("utilisation_vcpu")[point]))),
            ]
        )
    names = list(runs.short_names.values())
    columns = [*names, "meets all", "cost", "queue time p95", "turnaround p95", "vCPUs used"]
    left_out = len(order) - MOST_POINTS
    note = f"{left_out:,} more are in runs.parquet." if left_out > 0 else ""
    return PageTable(
        "Points, the cheapest that meet every objective first", columns, rows, texts=len(names) + 1, note=note
    )


def _figure(runs: RunTable, figure: str, point: int) -> Cell:
    interval = runs.interval(figure, point)
    if interval is None:
        return Cell("–")
    shown = format_usd if figure == "cost_usd" else format_duration
    return Cell(formatting.within(interval, shown), float(interval["mean"]))
