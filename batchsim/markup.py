"""HTML that a notebook shows: small tables without scripts, in the colours of the notebook itself, light or dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_TABLE = "border-collapse:collapse;margin:0.4em 0"
_LINE = "border-bottom:1px solid rgba(127,127,127,0.35)"
_CELL = "text-align:{side};vertical-align:top;padding:1px 7px"


def text(words: str) -> str:
    """Words as HTML; what looks like markup in them is none."""
    return escape(words).replace("\n", "<br>")


def paragraph(content: str) -> str:
    """A line of HTML."""
    return f'<div style="margin:0.2em 0">{content}</div>'


def strong(content: str) -> str:
    """HTML that stands out."""
    return f"<strong>{content}</strong>"


def code(words: str) -> str:
    """Words to copy."""
    return f"<code>{escape(words)}</code>"


def table(rows: Iterable[Sequence[str]], headings: Sequence[str] = (), sides: Sequence[str] = ()) -> str:
    """A table of HTML cells.

    Parameters
    ----------
    headings : sequence of str
        HTML above the columns; without them the first cell of each row heads it.
    sides : sequence of str
        ``left``, ``right`` or ``center`` for each column; left where there is none.
    """
    parts = [f'<table style="{_TABLE}">']
    if headings:
        cells = "".join(_cell("th", cell, column, sides, ' scope="col"') for column, cell in enumerate(headings))
        parts.append(f'<thead><tr style="{_LINE}">{cells}</tr></thead>')
    parts.append("<tbody>")
    tag, more = ("td", "") if headings else ("th", ' scope="row"')
    for row in rows:
        rest = [_cell("td", cell, column, sides) for column, cell in enumerate(row[1:], 1)]
        parts.append(f"<tr>{''.join([_cell(tag, row[0], 0, sides, more), *rest])}</tr>")
    return "".join([*parts, "</tbody></table>"])


def _cell(tag: str, content: str, column: int, sides: Sequence[str], more: str = "") -> str:
    side = sides[column] if column < len(sides) else "left"
    return f'<{tag}{more} style="{_CELL.format(side=side)}">{content}</{tag}>'
