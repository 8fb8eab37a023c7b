"""Level bars in parts, one below the other, as of what queues waited for and what environments cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from markupsafe import Markup

from batchsim.report.page import svg
from batchsim.report.page.blocks import Cell, Chart, Key, Table
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
    some = [name for name in parts if sums[name] > 0]
    shown = sorted(some, key=lambda name: -sums[name])[:MOST_BARS] if len(some) > MOST_BARS else some
    longest = max(sums.values(), default=0.0) or 1.0
    totals = {key: sum(each[key] for each in parts.values()) for key in colours}
    used = [key for key in colours if totals[key] > 0]
    content = []
    for row, name in enumerate(shown):
        text = (told or {}).get(name) or show(sums[name])
        content.append(svg.element("text", {"class": "bar-name", "y": row * PITCH + 13}, f"{name}: {text}"))
        left = 0.0
        for key in used:
            width = parts[name][key] / longest
            if width > 0:
                content.append(_part(left, row * PITCH + 19, width, colours[key]))
            left += width
    keys = [Key(key, colours[key], show(totals[key]) if len(parts) == 1 else "") for key in used]
    label = f"{title}. " + "; ".join(f"{name}: {show(sums[name])}" for name in shown) + "."
    height = len(shown) * PITCH
    attributes = {"class": "drawing bars", "role": "img", "aria-label": label, "height": height}
    rows = [
        [Cell(name), *(Cell(show(each[key]), each[key]) for key in colours), Cell(show(sums[name]), sums[name])]
        for name, each in parts.items()
    ]
    left_out = len(some) - len(shown)
    if left_out:
        note = f"The {len(shown)} largest are drawn, {left_out} are left out; the table below has all. {note}".strip()
    table = Table(caption, [heading, *colours, "in all"], rows)
    return Chart(title, svg.element("svg", attributes, *content), keys, table, note)


def _part(left: float, top: int, width: float, colour: Colour) -> Markup:
    sides = {"x": svg.percent(left), "y": top, "width": svg.percent(width), "height": THICK}
    return svg.element("rect", {"class": f"bar edged {svg.class_of(colour)}", **sides})
