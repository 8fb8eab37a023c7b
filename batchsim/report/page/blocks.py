"""What a page is made of: plain values that the template writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from batchsim.report.page.curves import Curves
from batchsim.report.page.svg import class_of
from batchsim.report.palette import Colour


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : str
        What is read.
    value : float or str, optional
        What it is sorted by; the text without.
    tone : str
        ``good`` or ``bad``, or nothing.
    """

    text: str
    value: float | str | None = None
    tone: str = ""

    @property
    def key(self) -> str:
        """What it is sorted by, as text."""
        if self.value is None:
            return ""
        return f"{self.value:.10g}" if isinstance(self.value, (int, float)) else self.value


@dataclass(frozen=True)
class PageTable:
    """A table; the first cell of a row is its heading.

    Attributes
    ----------
    caption : str
        What it is of.
    columns : sequence of str
        The headings.
    rows : sequence of sequence of Cell
        What is in it.
    texts : int
        How many columns from the left are texts; the others are figures, aligned to the right.
    is_sortable : bool
        Whether a reader may sort it.
    note : str
        What is left out, or how it is to be read.
    is_folded : bool
        Whether it is folded up at first.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    texts: int = 1
    is_sortable: bool = True
    note: str = ""
    is_folded: bool = False
    kind: str = "table"


@dataclass(frozen=True)
class Shade:
    """A cell of a map: its text, how dark it is, and what is to be said of it."""

    text: str
    darkness: int
    verdict: str = ""


@dataclass(frozen=True)
class Heat:
    """A figure over two parameters, as a table whose cells are shaded.

    Attributes
    ----------
    across, down : str
        The parameters.
    columns, rows : sequence of str
        Their values.
    cells : sequence of sequence of Shade
        Row by row.
    """

    caption: str
    across: str
    down: str
    columns: Sequence[str]
    rows: Sequence[str]
    cells: Sequence[Sequence[Shade]]
    note: str = ""
    kind: str = "heat"


@dataclass(frozen=True)
class LegendKey:
    """An entry of a legend: a name, and what it stands beside."""

    name: str
    colour: Colour
    value: str = ""
    is_line: bool = False

    @property
    def swatch(self) -> str:
        """Classes of its mark."""
        return f"{'dashes' if self.is_line else 'swatch'} {class_of(self.colour)}"


@dataclass(frozen=True)
class Chart:
    """A picture with its title, its legend, its figures as a table, and curves that a reader can zoom into."""

    title: str
    drawing: Markup
    keys: Sequence[LegendKey] = ()
    table: PageTable | None = None
    note: str = ""
    curves: Curves | None = None
    kind: str = "chart"


@dataclass(frozen=True)
class Tile:
    """A figure that is read first: what it is, the figure, and what belongs to it."""

    name: str
    figure: str
    detail: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Tiles:
    """Figures side by side."""

    tiles: Sequence[Tile]
    kind: str = "tiles"


@dataclass(frozen=True)
class Fact:
    """A sentence with its label; a command is shown below it, to be copied."""

    label: str
    text: str
    details: Sequence[str] = ()
    command: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Facts:
    """Sentences below one another."""

    facts: Sequence[Fact]
    kind: str = "facts"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    text: str
    kind: str = "paragraph"


@dataclass(frozen=True)
class Listing:
    """A text as it is, such as a file; folded up at first."""

    title: str
    text: str
    kind: str = "listing"


@dataclass(frozen=True)
class Rows:
    """Blocks side by side where there is room."""

    blocks: Sequence[Block]
    kind: str = "side"


Block = PageTable | Heat | Chart | Tiles | Facts | Paragraph | Listing | Rows


@dataclass(frozen=True)
class PageSection:
    """A part of a page under a heading, which its contents list by `name`."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A whole page.

    Attributes
    ----------
    title : str
        What it is of.
    kind : str
        Of what kind of experiment, in a word or two.
    subtitle : str
        Where, when, by which seed.
    sections : sequence of PageSection
        The answer first.
    footer : str
        By what it was made.
    """

    title: str
    kind: str
    subtitle: str
    sections: Sequence[PageSection]
    footer: str
