"""What a terminal shows, as HTML for a notebook: the same words in tables that wrap and can be copied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from batchsim import markup

#: A line with a label before it, as a row.
Row = tuple[str, str]


def as_html(shown: Group) -> str:
    """Lines, labels and tables of rich as HTML."""
    parts: list[str] = []
    rows: list[Row] = []
    for each in shown.renderables:
        if isinstance(each, Table) and not each.show_header:
            rows += _rows(each)
            continue
        if isinstance(each, Text) and rows and each.plain.strip() and each.plain.startswith(" "):
            rows.append(("", markup.code(each.plain.strip())))  # a command under a line with a label
            continue
        if rows:
            parts.append(markup.table(rows))
            rows = []
        parts += _part(each)
    if rows:
        parts.append(markup.table(rows))
    return f"<div>{''.join(parts)}</div>"


def _part(each: Any) -> Iterator[str]:
    if isinstance(each, Group):
        yield as_html(each)
    elif isinstance(each, Table):
        yield _table(each)
    elif words := _words(each):
        yield markup.paragraph(words)


def _rows(grid: Table) -> Iterator[Row]:
    label, content = ([_words(cell) for cell in column.cells] for column in grid.columns)
    yield from zip(label, content, strict=True)


def _table(shown: Table) -> str:
    columns = [[_words(cell) for cell in column.cells] for column in shown.columns]
    headings = [_words(column.header) for column in shown.columns]
    return markup.table(zip(*columns, strict=True), headings, [column.justify for column in shown.columns])


def _words(cell: Any) -> str:
    """A cell as HTML; what is bold stays so."""
    if not isinstance(cell, Text):
        return markup.text(str(cell))
    marks = sorted((span.start, span.end) for span in cell.spans if "bold" in str(span.style))
    plain, at, parts = cell.plain, 0, []
    for start, end in marks:
        parts += [markup.text(plain[at:start]), markup.strong(markup.text(plain[start:end]))]
        at = end
    words = "".join([*parts, markup.text(plain[at:])])
    return markup.strong(words) if "bold" in str(cell.style) and words else words
