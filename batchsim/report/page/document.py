"""The page as HTML: one file that needs nothing else, under a policy that lets it ask for nothing.

Templates are filled by Jinja2, which escapes whatever is no markup. A script only adds to what is there without it:
tables that sort, curves to zoom into.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from batchsim._version import __version__
from batchsim.report import palette
from batchsim.report.page.blocks import Block, Chart, Page, Rows
from batchsim.report.page.curves import Curves
from batchsim.report.page.svg import class_of

if TYPE_CHECKING:
    from jinja2 import Environment

_ROOM = "batchsim.report.page"
#: The folder of what draws curves to zoom into.
UPLOT = "uplot-1.6.32"
#: Colours of the page itself, by their name in its style sheet.
_GROUNDS = {"ground": palette.GROUND, "ink": palette.INK, "muted": palette.MUTED, "grid": palette.GRID}


def html(page: Page) -> str:
    """A page as the text of its file: the same for the same page."""
    curves = [each.curves for section in page.sections for each in charts(section.blocks) if each.curves is not None]
    style, scripts, licence = asset("page.css").replace("/* colours */", _colours()), ["sort.js"], ""
    if curves:
        style += asset(f"{UPLOT}/uPlot.min.css")
        scripts += [f"{UPLOT}/uPlot.iife.min.js", "zoom.js"]
        licence = asset(f"{UPLOT}/LICENSE")
    styles, written = [Markup(style)], [Markup(asset(name)) for name in scripts]  # noqa: S704 (ours, or vendored)
    template = _environment().get_template("page.html")
    text = template.render(
        page=page,
        styles=styles,
        scripts=written,
        policy=_policy(styles, written),
        curves=[_as_drawn(each) for each in curves],
        licence=licence,
    )
    return text + "\n"


def charts(blocks: Sequence[Block]) -> Iterator[Chart]:
    """The charts among blocks, in their order."""
    for block in blocks:
        if isinstance(block, Chart):
            yield block
        elif isinstance(block, Rows):
            yield from charts(block.blocks)


def _as_drawn(curves: Curves) -> dict[str, Any]:
    """Curves by the names that their script has for them."""
    return {
        "unit": curves.unit,
        "stacked": curves.is_stacked,
        "start": curves.start_s,
        "at": curves.at,
        "names": curves.names,
        "classes": curves.classes,
        "levels": curves.levels,
        "thinned": curves.is_thinned,
    }


def made_by() -> str:
    """What stands at the end of every page."""
    return f"Made by batchsim {__version__}. Simulated: no job ran and nothing was billed."


@cache
def asset(name: str) -> str:
    """The text of a file that comes with the page."""
    return (resources.files(_ROOM) / "assets" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("batchsim.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["embedded"] = embedded
    return environment


def embedded(value: Any) -> Markup:
    """A value as JSON inside a script element, which nothing in it can end."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 (what could end the element is written as numbers)


def _policy(styles: list[Markup], scripts: list[Markup]) -> str:
    """What the page may do: use its own style and scripts, by their digests, and nothing else."""
    parts = {"default-src": ["'none'"], "style-src": map(_digest, styles), "script-src": map(_digest, scripts)}
    rules = [f"{name} {' '.join(sources)}" for name, sources in parts.items()]
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _colours() -> str:
    """The palette as variables, on a light ground and on a dark one, and a class for each colour."""
    known = {class_of(each): each for each in vars(palette).values() if isinstance(each, palette.Colour)}
    edge = palette.EDGE
    light = "".join(f"--{name}:{colour.light};" for name, colour in (_GROUNDS | known | {"edge": edge}).items())
    dark = "".join(f"--{name}:{colour.dark};" for name, colour in (_GROUNDS | known | {"edge": edge}).items())
    classes = "".join(f".{name}{{--c:var(--{name})}}\n" for name in known)
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{classes}"
