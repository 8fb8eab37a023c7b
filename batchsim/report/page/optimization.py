"""The page of a search: the recommendation, and the frontier of what less waiting costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from batchsim.report import formatting
from batchsim.report.figures.frontier import Frontier, FrontierPoint, extent
from batchsim.report.optimize import cell, names_with_owner, optimization_renderable, paths_of
from batchsim.report.page import scales, svg
from batchsim.report.page.blocks import Block, Cell, Chart, LegendKey, Page, PageSection, PageTable
from batchsim.report.page.document import html, made_by
from batchsim.report.page.scales import Scale, Tick
from batchsim.report.page.sections.assumptions import settings_table
from batchsim.report.page.sections.configuration import environments_table
from batchsim.report.page.told import blocks_told
from batchsim.report.palette import BLUE, DUE, GREY, MET, MISSED
from batchsim.scenario.scenario import Scenario
from batchsim.units import DAY, format_clock, format_duration, format_usd


def optimization_page(
    scenario: Scenario, recommended: Scenario | None, figures: Mapping[str, Any], drawn: Frontier
) -> str:
    """The text of the ``report.html`` of ``optimize``."""
    configurations = [environments_table(scenario.configuration, "Compute environments as written")]
    if recommended is not None:
        configurations.append(environments_table(recommended.configuration, "Compute environments as recommended"))
    frontier: list[Block] = [_chart(drawn)] if drawn.points else []
    if figures["frontier"]:
        frontier.append(_table(figures))
    return html(
        Page(
            scenario.name,
            "recommendation",
            f"{scenario.region}, {figures['simulations']} simulations of {figures['candidates']:,} candidates",
            [
                PageSection(
                    "answer", "The answer", blocks_told(optimization_renderable({**figures, "frontier": []}), "")
                ),
                PageSection("frontier", "What less waiting costs", frontier),
                PageSection("configuration", "The configuration", configurations),
                PageSection("assumptions", "What the figures rest on", settings_table(scenario)),
            ],
            made_by(),
        )
    )


def _chart(drawn: Frontier) -> Chart:
    """Every configuration that was simulated; those far from the frontier are left out, and counted."""
    right, top = extent(drawn)
    shown = drawn.within(right, top)
    low = min((each.figure for each in shown), default=0.0)
    x = _clock(low, right) if drawn.clock else scales.along_durations(right)
    y = scales.money(top)
    best = [each for each in drawn.best if each in shown]
    marks = [*_frontier_line(best, x, y)]
    marks += [_mark(each, x, y) for each in shown]
    keys = [LegendKey("keeps the objectives", BLUE), LegendKey("misses an objective", MISSED)]
    if drawn.limit is not None:
        marks = [*_limit_line(drawn.limit, x), *marks]
        keys.append(LegendKey("limit", DUE, is_line=True))
    if drawn.pick is not None:
        at, up = svg.percent(x.place(drawn.pick.figure)), _up(drawn.pick, y)
        marks.append(svg.element("circle", {"class": f"ring {svg.class_of(MET)}", "cx": at, "cy": up, "r": 9}))
        keys.append(LegendKey("recommended (ringed)", MET, format_usd(drawn.pick.cost_usd)))
    title = f"Cost of the period against {drawn.of}"
    left_out = len(drawn.points) - len(shown)
    note = f"{formatting.many(left_out, 'configuration')} far from the frontier left out." if left_out else ""
    label = f"{title}: {formatting.many(len(shown), 'configuration')}, of which {len(best)} make the frontier."
    return Chart(title, svg.drawing(label, x, y, over=marks), keys, None, note)


def _clock(low: float, right: float) -> Scale:
    """An axis of times of day."""
    margin = 0.05 * (right - low) or 60.0
    low -= margin
    step = next((each for each in scales.ROUND if (right - low) / each <= scales.MANY), scales.ROUND[-1])
    first = -(-low // step) * step
    values = [first + step * number for number in range(int((right - first) // step) + 1)]
    ticks = [Tick((at - low) / (right - low), format_clock(at % DAY), n % 2 == 1) for n, at in enumerate(values)]
    return Scale(low, right, tuple(ticks))


def _mark(point: FrontierPoint, x: Scale, y: Scale) -> Markup:
    at, up = svg.percent(x.place(point.figure)), _up(point, y)
    if point.kept:
        return svg.element("circle", {"class": f"bar {svg.class_of(BLUE)}", "cx": at, "cy": up, "r": 4.5})
    cross = {"class": f"cross {svg.class_of(MISSED)}", "x": at, "y": up, "dy": "0.33em", "text-anchor": "middle"}
    return svg.element("text", cross, "×")


def _limit_line(limit: float, x: Scale) -> Iterator[Markup]:
    """An upright line at the objective's limit, where the axis has it."""
    if x.low <= limit <= x.high:
        at = svg.percent(x.place(limit))
        style = f"due {svg.class_of(DUE)}"
        yield svg.element("line", {"class": style, "x1": at, "x2": at, "y1": 0, "y2": svg.HEIGHT})


def _frontier_line(best: list[FrontierPoint], x: Scale, y: Scale) -> Iterator[Markup]:
    """Between points of the frontier, the cheapest first: up to the next one's cost, then along to it."""
    style = f"frontier {svg.class_of(GREY)}"
    places = [(svg.percent(x.place(each.figure)), _up(each, y)) for each in best]
    for (x1, y1), (x2, y2) in pairwise(places):
        yield svg.element("line", {"class": style, "x1": x1, "x2": x1, "y1": y1, "y2": y2})
        yield svg.element("line", {"class": style, "x1": x1, "x2": x2, "y1": y2, "y2": y2})


def _up(point: FrontierPoint, y: Scale) -> str:
    return svg.number(svg.HEIGHT * (1 - y.place(point.cost_usd)))


def _table(figures: Mapping[str, Any]) -> PageTable:
    """Each configuration of the frontier."""
    points = figures["frontier"]
    chosen = figures["recommendation"]["set"] if figures["recommendation"] else None
    paths, rows = paths_of(points), []
    for point in points:
        verdict = "recommended" if point["set"] == chosen else "kept" if point["kept"] else "missed"
        waited = point["queue_time_p95_s"]
        rows.append(
            [
                *(Cell(cell(point, path)) for path in paths),
                Cell(verdict, tone={"recommended": "good", "missed": "bad"}.get(verdict, "")),
                Cell(format_usd(point["cost_usd"]), point["cost_usd"]),
                Cell("–" if waited is None else format_duration(waited), waited),
            ]
        )
    names = names_with_owner(paths)
    columns = [*names, "objectives", "cost", "queue time p95"]
    return PageTable(
        "The frontier: no other that was simulated is cheaper and quicker", columns, rows, texts=len(names) + 1
    )
