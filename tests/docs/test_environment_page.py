"""The page on the `environment:` section has every key, with the default that it really has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from batchsim.spec.assumptions import Assumptions
from batchsim.spec.distributions import DISTRIBUTIONS, Constant
from batchsim.spec.fields import Section
from batchsim.spec.stated_prices import OTHER_KEYS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")
HEADER = ["key", "default", "ideal", "unit", "meaning"]
MEASURED, IDEAL = Assumptions(), Assumptions.model_validate({"preset": "ideal"})


def inside(annotation: Any) -> Iterator[type[Section]]:
    """The sections that a type is made of; distributions have a page of their own."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield from [annotation] if annotation not in {Constant, *DISTRIBUTIONS.values()} else []
    for argument in get_args(annotation):
        yield from inside(argument)


def keys(kind: type[Section], where: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Dotted key and field of everything that can be stated, sections without those that hold them."""
    for name, field in kind.model_fields.items():
        key = f"{where}{field.alias or name}"
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, Section)):
            yield key, field
        for section in inside(field.annotation):
            yield from keys(section, f"{key}.")


def rows() -> Iterator[tuple[str, list[str]]]:
    """Dotted key and cells of each row of the page's tables of keys."""
    section, listing = "", False
    for line in PAGE.splitlines():
        if heading := re.fullmatch(r"#+ `([\w.]+)`", line):
            section = "" if heading[1] == "environment" else f"{heading[1]}."
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        listing = cells == HEADER or (listing and len(cells) == len(HEADER))
        if listing and cells[0].startswith("`"):
            yield section + cells[0].strip("`"), cells


FIELDS, ROWS = dict(keys(Assumptions)), dict(rows())


def test_every_key_is_there_and_no_other():
    assert sorted(FIELDS) == sorted(ROWS)
    assert len(list(rows())) == len(ROWS)


def default(field: FieldInfo) -> Any:
    return None if field.is_required() else field.get_default(call_default_factory=True)


def said(cell: str, field: FieldInfo) -> Any:
    """The value that a cell stands for, read as a scenario's."""
    if cell == "none":
        return None
    value = YAML(typ="safe").load(cell.strip("`"))
    kind = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("key", sorted(FIELDS))
def test_a_key_has_its_default_a_unit_and_a_meaning(key):
    field, (_, stated, ideal, unit, meaning) = FIELDS[key], ROWS[key]
    assert meaning
    assert unit or list(inside(field.annotation))
    if field.is_required():
        assert stated == "required"
        return
    expected = default(field)
    assert said(stated, field) == (expected if expected not in ({}, ()) else None)
    # What the preset changes is what the column says.
    known, changed = MEASURED, IDEAL
    for name in key.split("."):
        member = next(n for n, f in type(known).model_fields.items() if name in (n, f.alias)) if known else ""
        known, changed = (getattr(each, member, None) for each in (known, changed))
        if not isinstance(known, Section):
            break
    assert changed == (said(ideal, field) if ideal else known)


def test_the_forms_of_a_stated_price_are_those_that_are_read():
    table = PAGE.partition("| entry | states |")[2].partition("\n\n")[0]
    entries = [entry for line in table.splitlines() for entry in re.findall(r"`([^`]*: [^`]*)`", line)]
    stated = [YAML(typ="safe").load(entry) for entry in entries]
    assert len(stated) > 7
    for entry in stated:
        Assumptions.model_validate({"prices": {"overrides": entry}})
    for key in OTHER_KEYS:
        assert f"`{key}" in table
