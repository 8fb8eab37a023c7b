"""What is told in a terminal as blocks of a page: lines with a label, tables, texts to be copied.

So that a terminal and a page say the same, whoever adds a line to an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from batchsim.report.page.blocks import Block, Cell, Fact, Facts, PageTable, Paragraph

#: Styles that say good news or bad news.
_TONES = {"green": "good", "bold green": "good", "red": "bad", "bold red": "bad"}


def blocks_told(told: Group, caption: str) -> list[Block]:
    """The blocks of what a terminal prints; `caption` is that of tables that have none."""
    blocks: list[Block] = []
    facts: list[Fact] = []
    for each in told.renderables:
        if isinstance(each, RichTable) and not each.show_header:
            _add_line(facts, each)
        elif isinstance(each, Text) and facts and each.plain.startswith(" "):
            facts[-1] = replace(facts[-1], command="\n".join(filter(None, [facts[-1].command, each.plain.strip()])))
        else:
            blocks += _taken(facts)
            blocks += _block(each, caption)
    return [*blocks, *_taken(facts)]


def _add_line(facts: list[Fact], line: RichTable) -> None:
    """A line with a label; one without belongs to the one before."""
    (label,), (text,) = (list(map(_plain, column.cells)) for column in line.columns)
    if label or not facts:
        facts.append(Fact(label, text, tone=_TONES.get(str(line.columns[0].style), "")))
    else:
        facts[-1] = replace(facts[-1], details=[*facts[-1].details, text])


def _taken(facts: list[Fact]) -> Iterator[Block]:
    """The facts so far, of which none are left."""
    if facts:
        yield Facts(list(facts))
        facts.clear()


def _block(told: object, caption: str) -> Iterator[Block]:
    if isinstance(told, RichTable):
        yield _table(told, caption)
    elif isinstance(told, Text) and told.plain.strip():
        yield Paragraph(told.plain)


def _table(told: RichTable, caption: str) -> PageTable:
    columns = [_plain(column.header) for column in told.columns]
    texts = next((n for n, column in enumerate(told.columns) if column.justify == "right"), len(columns))
    rows = list(_rows(told))
    return PageTable(_plain(told.caption or "") or caption, columns, rows, texts=max(texts, 1))


def _rows(told: RichTable) -> Iterable[list[Cell]]:
    """Rows of a table; of a row and of a cell the style is the tone."""
    cells = zip(*(column.cells for column in told.columns), strict=True)
    for row, style in zip(cells, (each.style for each in told.rows), strict=True):
        whole = _TONES.get(str(style), "")
        yield [
            Cell(_plain(each), tone=_TONES.get(str(each.style) if isinstance(each, Text) else "", whole))
            for each in row
        ]


def _plain(text: object) -> str:
    return " ".join((text.plain if isinstance(text, Text) else str(text)).split("\n"))
