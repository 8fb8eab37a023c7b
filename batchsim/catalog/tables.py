"""Tables by region, and the marks of their cells: ``~0.34`` was derived, ``~`` has no figure (``data/SOURCES.md``)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from batchsim.catalog.catalog import Catalog, NotInCatalogError, rows


def derived(marked: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Types of marked cells, by family."""
    derived = {}
    for name, cell in marked:
        if cell.startswith("~") and cell != "~":
            family = cell.rpartition(":")[2]
            derived[name] = family if family[:1].isalpha() else name.partition(".")[0]
    return derived


def figure(cell: str) -> str:
    """A cell without its marks."""
    text, _, family = cell.removeprefix("~").rpartition(":")
    return text if family[:1].isalpha() else cell.removeprefix("~")


def cells_if_any(table: str, region: str, catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """As `cells`; none where the catalog has no figures of the region."""
    try:
        return cells(table, region, "figures", catalog)
    except NotInCatalogError:
        return ()


@cache
def cells(table: str, region: str, what: str, catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """The cells of a region by instance type, those that are empty left out."""
    reader = rows(table, catalog)
    header = next(reader)
    if region not in header[1:]:
        raise catalog.lacks(f"no {what} for {region}")
    place = header.index(region)
    return tuple((row[0], row[place]) for row in reader if row[place])
