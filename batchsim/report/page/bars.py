"""Level bars in parts, one below the other, as of what queues waited for and what environments cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from markupsafe import Markup

from batchsim.report.page import svg
from batchsim.report.page.blocks import Cell, Chart, LegendKey, PageTable
from batchsim.report.palette import Colour

#: Pixels from one bar to the next, and of a bar.
PITCH, THICK = 44, 18
#: Bars of a chart: the longest.
MOST_BARS = 12

#: Of each bar, by its name: the size of each of its parts.
Parts = Mapping[str, Mapping[str, float]]


def bar_chart(
    title: str,
    parts: Parts,
    colours: Mapping[str, Colour],
    show: Callable[[float], str],
    *,
    caption: str,
    heading: str,
    told: Mapping[str, str] | None = None,
    note: str = "",
) -> Chart:
    """Bars in parts, all on one scale; the name and the sum of each stand above it.

    Parameters
    ----------
    show : callable
        How a size is written.
    caption, heading : str
        Of the table of figures, and of its first column.
    told : mapping, optional
        What is written above a bar instead of its sum.
    note : str
        What is said below.
    """
    sums = {name: sum(each.values()) for name, each in parts.items()}
    shown, left_out = _largest(sums)
    longest = max(sums.values(), default=0.0) or 1.0
    keys = _keys(parts, colours, show)
    content: list[Markup] = []
    told = told or {}
    for row, name in enumerate(shown):
        text = told.get(name) or show(sums[name])
        content.append(svg.element("text", {"class": "bar-name", "y": row * PITCH + 13}, f"{name}: {text}"))
        content += _bar(parts[name], row * PITCH + 19, longest, keys)
    label = f"{title}. " + "; ".join(f"{name}: {show(sums[name])}" for name in shown) + "."
    height = len(shown) * PITCH
    attributes = {"class": "drawing bars", "role": "img", "aria-label": label, "height": height}
    if left_out:
        note = f"The {len(shown)} largest are drawn, {left_out} are left out; the table below has all. {note}".strip()
    table = PageTable(caption, [heading, *colours, "in all"], _rows(parts, list(colours), show))
    return Chart(title, svg.element("svg", attributes, *content), keys, table, note)


def _largest(sums: Mapping[str, float]) -> tuple[list[str], int]:
    """The bars that are drawn, in the order given unless some are left out, and how many are."""
    some = [name for name in sums if sums[name] > 0]
    if len(some) <= MOST_BARS:
        return some, 0
    return sorted(some, key=lambda name: -sums[name])[:MOST_BARS], len(some) - MOST_BARS


def _keys(parts: Parts, colours: Mapping[str, Colour], show: Callable[[float], str]) -> list[LegendKey]:
    """The colours that some bar has; with one bar the size of each part."""
    totals = {key: sum(each[key] for each in parts.values()) for key in colours}
    return [
        LegendKey(key, colour, show(totals[key]) if len(parts) == 1 else "")
        for key, colour in colours.items()
        if totals[key] > 0
    ]


def _bar(sizes: Mapping[str, float], top: int, longest: float, keys: Sequence[LegendKey]) -> Iterator[Markup]:
    """The parts of one bar from the left, in the order of the keys."""
    left = 0.0
    for key in keys:
        width = sizes[key.name] / longest
        if width > 0:
            yield _part(left, top, width, key.colour)
        left += width


def _rows(parts: Parts, keys: Sequence[str], show: Callable[[float], str]) -> list[list[Cell]]:
    """A row of the table for each bar: its parts, and what they are in all."""
    rows = []
    for name, sizes in parts.items():
        figures = [*(sizes[key] for key in keys), sum(sizes.values())]
        rows.append([Cell(name), *(Cell(show(figure), figure) for figure in figures)])
    return rows


def _part(left: float, top: int, width: float, colour: Colour) -> Markup:
    sides = {"x": svg.percent(left), "y": top, "width": svg.percent(width), "height": THICK}
    return svg.element("rect", {"class": f"bar edged {svg.class_of(colour)}", **sides})
