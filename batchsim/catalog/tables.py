"""Reading the bundled tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a bundled CSV table, the header first."""
    text = files("batchsim.catalog").joinpath("data", name).read_text(encoding="utf-8")
    return csv.reader(text.splitlines())


def columns_of(name: str) -> list[str]:
    """The header of a bundled table without its first column."""
    return next(rows(name))[1:]


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
