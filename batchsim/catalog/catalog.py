"""Where the tables are read from: bundled with batchsim, or a folder of the user's."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files


@dataclass(frozen=True)
class Catalog:
    """A set of tables; the bundled one, or what `batchsim.catalog.folder.read_catalog` made of a folder.

    Attributes
    ----------
    folder : str
        As it is shown to the user; empty for the bundled tables.
    digest : str
        SHA-256 of the folder's tables; empty for the bundled ones, which the version of batchsim stands for.
    day : date or None
        The day that a folder's prices are of.
    """

    folder: str = ""
    digest: str = ""
    day: date | None = None
    texts: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_bundled(self) -> bool:
        """Whether these are batchsim's own tables."""
        return not self.folder

    def text(self, name: str) -> str:
        """A table as it was written.

        Raises
        ------
        NotInCatalogError
            If a folder has no such table: the bundled one never stands in for it.
        """
        if self.is_bundled:
            return files("batchsim.catalog").joinpath("data", name).read_text(encoding="utf-8")
        if name not in self.texts:
            raise self.lacks(f"no table {name}")
        return self.texts[name]

    def lacks(self, what: str) -> NotInCatalogError:
        """The error for something that is not in it, with the folder's name."""
        return NotInCatalogError(what if self.is_bundled else f"{what} in the catalog {self.folder}")


#: batchsim's own tables.
BUNDLED = Catalog()


def rows(name: str, catalog: Catalog = BUNDLED) -> Iterator[list[str]]:
    """The rows of a CSV table, the header first."""
    return csv.reader(catalog.text(name).splitlines())


def columns_of(name: str, catalog: Catalog = BUNDLED) -> list[str]:
    """The header of a table without its first column."""
    return next(rows(name, catalog))[1:]


class NotInCatalogError(LookupError):
    """The catalog has no figure for what was asked.

    Parameters
    ----------
    what : str
        What is missing, as a clause: ``no Fargate price for me-south-1 (X86_64)``.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)

    def __str__(self) -> str:
        return self.what
