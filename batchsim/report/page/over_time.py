"""Step functions over time as charts: stacked areas against a limit, with the greatest levels as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from markupsafe import Markup

from batchsim.arrays import Floats
from batchsim.report import formatting
from batchsim.report.page import scales, svg
from batchsim.report.page.blocks import Cell, Chart, LegendKey, PageTable
from batchsim.report.page.curves import curves_of
from batchsim.report.page.scales import Scale
from batchsim.report.page.thinning import thinned
from batchsim.report.palette import LIMIT, Colour
from batchsim.results.series import Window
from batchsim.results.step_functions import Curve, total

#: Rows of a chart's table.
MOST_ROWS = 24
#: A limit that is so many times what there is at most would flatten the curves: it is said instead.
FAR_ABOVE = 3


@dataclass(frozen=True)
class Time:
    """What all charts over time of a page have in common: the scenario's start, and the stretch that is shown."""

    start: datetime
    window: Window

    @property
    def scale(self) -> Scale:
        """The axis along."""
        return scales.clock(self.start, self.window)

    @property
    def words(self) -> str:
        """The stretch in words."""
        low, high = (scales.moment(self.start, at) for at in self.window)
        return f"{low} to {high} UTC"


def stacked_chart(
    title: str,
    what: str,
    layers: Mapping[str, Curve],
    colours: Mapping[str, Colour],
    time: Time,
    *,
    limit: Curve | None = None,
    height: int = svg.HEIGHT,
    top: float = 0.0,
    over: Sequence[Markup] = (),
) -> Chart:
    """Step functions on top of one another, the first at the bottom, against a limit where there is one.

    Parameters
    ----------
    top : float
        What the axis shows at least.
    over : sequence of Markup
        What is written over the curves.
    """
    shown = _present(layers, time.window)
    tops = _tops(list(shown.values()))
    top = max([top, *(highest(curve, time.window) for curve in tops)])
    most = None if limit is None else highest(limit, time.window)
    drawn = _within_reach(most, top)
    y = scales.counts(top if drawn is None else max(top, drawn))
    areas = [
        svg.area(thinned(*curve, time.window), time.window, y, colours[name], height)
        for name, curve in zip(shown, tops, strict=True)
    ][::-1]  # the lower ones over the higher ones
    lines: list[Markup] = []
    keys = [
        LegendKey(name, colours[name], f"{formatting.count(highest(curve, time.window))} at most")
        for name, curve in shown.items()
    ]
    if drawn is not None and limit is not None:
        line, said = _limit_line(limit, drawn, time.window, y, height)
        lines.append(line)
        keys.append(LegendKey("limit", LIMIT, said, is_line=True))
    beyond = "" if drawn == most else f"The limit, {most:,.0f}, is far above."
    label = f"{_label(title, time, keys)} {beyond}".strip()
    drawing = svg.drawing(label, time.scale, y, *areas, *lines, height=height, over=over)
    table = greatest_table(f"The most {what} at one time in each interval", shown, time, formatting.count)
    curves = curves_of(shown, colours, time.window, time.start.timestamp(), unit="count", is_stacked=True)
    return Chart(title, drawing, keys, table, beyond, curves if shown else None)


def line_chart(
    title: str,
    layers: Mapping[str, Curve],
    colours: Mapping[str, Colour],
    time: Time,
    y: Scale,
    *,
    table: PageTable,
    values: Mapping[str, str],
    unit: str = "count",
    note: str = "",
) -> Chart:
    """Step functions as lines over the same axes."""
    lines = [
        svg.step_line(thinned(*curve, time.window), time.window, y, colours[name]) for name, curve in layers.items()
    ]
    keys = [LegendKey(name, colours[name], values[name]) for name in layers]
    drawing = svg.drawing(_label(title, time, keys), time.scale, y, *lines)
    curves = curves_of(layers, colours, time.window, time.start.timestamp(), unit=unit, is_stacked=False)
    return Chart(title, drawing, keys, table, note, curves)


def _within_reach(limit: float | None, top: float) -> float | None:
    """A limit that can be drawn beside curves that reach so high; None where it would flatten them."""
    if limit is None or limit > FAR_ABOVE * max(top, 1e-9):
        return None
    return limit


def _limit_line(limit: Curve, most: float, window: Window, y: Scale, height: int) -> tuple[Markup, str]:
    """The line of a limit that goes up to so much in a window, and what it is there in words."""
    at, level = thinned(*limit, window)
    at, level = at[at < window[1]], level[at < window[1]]  # what comes with the end is not seen
    least = float(level.min())
    if least == most:
        return svg.level_line(most, y, LIMIT, height), f"{most:,.0f}"
    return svg.step_line((at, level), window, y, LIMIT, height, dashed=True), f"{least:,.0f} to {most:,.0f}"


def _label(title: str, time: Time, keys: Sequence[LegendKey]) -> str:
    """What a chart shows, for who can't see it."""
    return f"{title}, {time.words}. " + "; ".join(f"{key.name} {key.value}" for key in keys) + "."


def _present(layers: Mapping[str, Curve], window: Window) -> dict[str, Curve]:
    """The step functions that are above nothing at any time of a window."""
    return {name: curve for name, curve in layers.items() if highest(curve, window) > 0}


def _tops(curves: Sequence[Curve]) -> list[Curve]:
    """The sums of the first one, two, … step functions."""
    return [total(curves[: number + 1]) for number in range(len(curves))]


def highest(curve: Curve, window: Window) -> float:
    """The greatest level of a step function in a window."""
    return float(greatest(curve, np.array(window))[0])


def greatest(curve: Curve, edges: Floats) -> Floats:
    """The greatest level of a step function between edges that follow each other, the level at the first included."""
    at, level = curve
    first, last = np.searchsorted(at, edges[:-1], side="right"), np.searchsorted(at, edges[1:], side="left")
    return np.array(
        [
            max(level[low - 1] if low else 0.0, level[low:high].max(initial=-np.inf))
            for low, high in zip(first.tolist(), last.tolist(), strict=True)
        ]
    )


def greatest_table(caption: str, layers: Mapping[str, Curve], time: Time, show: Callable[[float], str]) -> PageTable:
    """A table of the greatest level in intervals of a round duration."""
    edges = edges_of(time.window)
    return table_of(caption, {name: greatest(curve, edges) for name, curve in layers.items()}, time, show)


def edges_of(window: Window) -> Floats:
    """Where a table's intervals of a window begin, a round duration apart, and where the last one ends."""
    low, high = window
    step = next((each for each in scales.ROUND if (high - low) / each <= MOST_ROWS), scales.ROUND[-1])
    return np.append(np.arange(low, high, step), high)


def table_of(caption: str, columns: Mapping[str, Floats], time: Time, show: Callable[[float], str]) -> PageTable:
    """A table of figures of each interval between the edges of a window."""
    told = [column.tolist() for column in columns.values()]
    rows = [
        [Cell(scales.moment(time.start, at), at), *(Cell(show(column[n]), column[n]) for column in told)]
        for n, at in enumerate(edges_of(time.window)[:-1].tolist())
    ]
    return PageTable(caption, ["from (UTC)", *columns], rows, is_sortable=False)


def upright(place: float, label: str, height: int = svg.HEIGHT, *, from_below: int) -> list[Markup]:
    """An upright mark across a drawing, with its label beside it, so many lines above the axis."""
    at = svg.percent(place)
    anchor, dx = ("end", -5) if place > 0.6 else ("start", 5)
    text = {"class": "halo", "x": at, "dx": dx, "y": height + 7 - 16 * from_below, "text-anchor": anchor}
    return [
        svg.element("line", {"class": "mark", "x1": at, "x2": at, "y1": 0, "y2": height}),
        svg.element("text", text, label),
    ]
