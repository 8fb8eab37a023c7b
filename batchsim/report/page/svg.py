"""Drawings as SVG: elements whose texts are escaped, axes, step lines and areas, bars.

A drawing is as wide as the page: texts keep their size, and what is drawn from data is stretched below them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from markupsafe import Markup, escape

from batchsim.arrays import Floats
from batchsim.report.page.scales import Scale
from batchsim.report.page.thinning import COLUMNS
from batchsim.report.palette import Colour
from batchsim.results.series import Window
from batchsim.results.step_functions import Curve

#: Height of a drawing in pixels, and of what is written below it.
HEIGHT = 220
#: Columns between steps that are too close for an edge.
CLOSE = 3.0


def element(name: str, attributes: Mapping[str, object], *content: object) -> Markup:
    """An element: what is no markup is escaped, in attributes and in its content."""
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{written}>{''.join(map(escape, content))}</{name}>")  # noqa: S704 (names are ours)


def number(value: float) -> str:
    """A coordinate to a tenth, in as few characters as tell it."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # no -0


def percent(place: float) -> str:
    """A place along an axis."""
    return f"{100 * place:.2f}".rstrip("0").rstrip(".") + "%"


def class_of(colour: Colour) -> str:
    """The class of what has a colour."""
    return f"c-{colour.light[1:].lower()}"


def drawing(
    label: str,
    x: Scale,
    y: Scale,
    *layers: Markup,
    height: int = HEIGHT,
    over: Iterable[Markup] = (),
    style: str = "drawing",
) -> Markup:
    """A picture with axes.

    Parameters
    ----------
    label : str
        A sentence that says what the picture shows, for who does not see it.
    layers : Markup
        What is drawn, the first below the others; in a frame of `COLUMNS` by `height`.
    over : iterable of Markup
        What is written over them, in pixels and percent.
    style : str
        Classes of the whole.
    """
    frame = {"viewBox": f"0 0 {COLUMNS} {height}", "preserveAspectRatio": "none", "width": "100%", "height": height}
    return element(
        "svg",
        {"class": style, "role": "img", "aria-label": label, "height": height},
        *_grid(y, height),
        *_along(x, height),
        element("svg", frame, *layers),
        *over,
    )


def _grid(scale: Scale, height: int) -> Iterable[Markup]:
    for tick in scale.ticks:
        at = number(height * (1 - tick.place))
        yield element("line", {"class": "grid", "x2": "100%", "y1": at, "y2": at})
        yield element("text", {"class": "upright", "x": -8, "y": at, "dy": "0.32em"}, tick.label)


def _along(scale: Scale, height: int) -> Iterable[Markup]:
    for tick in scale.ticks:
        minor = " minor" if tick.is_minor else ""
        at = percent(tick.place)
        yield element("line", {"class": f"tick{minor}", "x1": at, "x2": at, "y1": height, "y2": height + 5})
        anchor = " first" if tick.place < 0.02 else " last" if tick.place > 0.98 else ""
        yield element("text", {"class": f"along{minor}{anchor}", "x": at, "y": height + 19}, tick.label)


def step_path(curve: Curve, window: Window, y: Scale, height: int = HEIGHT) -> str:
    """A step function that is thinned to a window, as the data of a path up to the window's end."""
    at, level = curve
    xs = (at - window[0]) * (COLUMNS / (window[1] - window[0]))
    ys = height * (1 - (level - y.low) / (y.high - y.low))
    parts: list[str] = []
    before = ("", "")
    for x, up in zip(_tenths(xs), _tenths(ys), strict=True):
        if not parts:
            parts.append(f"M{x} {up}")
        else:
            parts.append((f"H{x}" if x != before[0] else "") + (f"V{up}" if up != before[1] else ""))
        before = (x, up)
    parts.append(f"H{COLUMNS}")
    return "".join(parts)


def _tenths(values: Floats) -> Sequence[str]:
    rounded = np.round(values, 1) + 0.0  # no -0
    return [f"{value:.1f}".removesuffix(".0") for value in rounded.tolist()]


def area(curve: Curve, window: Window, y: Scale, colour: Colour, height: int = HEIGHT) -> Markup:
    """What is between a step function and 0, with its edge."""
    steps = step_path(curve, window, y, height)
    closed = f"{steps}V{height}H0Z"
    apart = np.diff(curve[0]) * (COLUMNS / (window[1] - window[0]))
    dense = " dense" if len(apart) and np.median(apart) < CLOSE else ""  # edges would hide what is between them
    return element("path", {"class": f"area {class_of(colour)}{dense}", "d": closed})


def step_line(
    curve: Curve, window: Window, y: Scale, colour: Colour, height: int = HEIGHT, *, dashed: bool = False
) -> Markup:
    """A step function as a line."""
    dashes = " dashed" if dashed else ""
    return element("path", {"class": f"line {class_of(colour)}{dashes}", "d": step_path(curve, window, y, height)})


def level_line(value: float, y: Scale, colour: Colour, height: int = HEIGHT) -> Markup:
    """A level line across the drawing."""
    at = number(height * (1 - y.place(value)))
    return element("line", {"class": f"line dashed {class_of(colour)}", "x2": COLUMNS, "y1": at, "y2": at})


def bar(x: float, y: float, width: float, height: float, colour: Colour, *content: object) -> Markup:
    """A rectangle in the frame of layers."""
    sides = {"x": number(x), "y": number(y), "width": number(width), "height": number(height)}
    return element("rect", {"class": f"bar {class_of(colour)}", **sides}, *content)
