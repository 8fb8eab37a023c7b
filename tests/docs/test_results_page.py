"""The page on results names every key of a summary, and its tables are those of `fields` and `columns`."""

from __future__ import annotations

import json
import os
import re

from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, TIMELINE, Column
from batchsim.results.field_kinds import Field, Kind
from batchsim.results.schema import schema
from batchsim.results.summary_fields import SUMMARY
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "results.md"
MADE = re.compile(r"(?<=<!-- made from batchsim/columns\.py -->\n).*(?=<!-- end -->)", re.DOTALL)
FIELDS = re.compile(
    r"(?<=<!-- made from batchsim/results/summary_fields\.py -->\n).*(?=<!-- end of fields -->)", re.DOTALL
)
SCHEMA = ROOT / "docs" / "summary.schema.json"
TABLES = {"jobs": JOBS, "attempts": ATTEMPTS, "instances": INSTANCES, "timeline": TIMELINE}
#: Below these stand names of a scenario.
NAMED = ("job_queues", "workflows", "compute_environments")


def shown(name: str, columns: tuple[Column, ...]) -> str:
    kinds = [column.dtype.replace("text", "string, as a dictionary") for column in columns]
    rows = [f"| `{c.name}` | {kind} | {c.unit} | {c.meaning} |" for c, kind in zip(columns, kinds, strict=True)]
    return "\n".join(
        [f"### `{name}.parquet`", "", "| column | type | unit | meaning |", "|---|---|---|---|", *rows, "\n"]
    )


def test_tables_are_those_of_the_columns():
    made = "\n" + "".join(shown(name, columns) for name, columns in TABLES.items())
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        PAGE.write_text(MADE.sub(lambda _: made, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    assert MADE.search(PAGE.read_text(encoding="utf-8"))[0] == made


def unit(field: Field) -> str:
    units = {field.unit} if field.unit or not field.fields else set(map(unit, field.fields))
    return units.pop() if len(units) == 1 else ""


def members(field: Field, told: set[Field]) -> str:
    """What an object holds; what has been told of another one by its name only."""
    shown, deep = [], False
    for each in field.fields:
        new = each not in told
        told.add(each)
        meaning = f" ({each.meaning})" if each.meaning and new else ""
        below = f": {members(each, told)}" if each.fields and new else ""
        deep = deep or bool(below)
        shown.append(f"`{each.key}`{meaning}{below}")
    return ("; " if deep else ", ").join(shown)


def rows() -> str:
    told = set(SUMMARY)
    shown = []
    for field in SUMMARY:
        many = field.fields and field.kind in {Kind.NAMED, Kind.LIST}
        below = members(field, told)
        said = f"{field.meaning}; of each: {below}" if many else ": ".join(filter(None, [field.meaning, below]))
        shown.append(f"| `{field.key}` | {unit(field)} | {said} |")
    return "\n".join(["", "| key | unit | |", "|---|---|---|", *shown, "\n"])


def test_keys_are_those_of_the_fields():
    made = rows()
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        PAGE.write_text(FIELDS.sub(lambda _: made, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    assert FIELDS.search(PAGE.read_text(encoding="utf-8"))[0] == made


def test_the_schema_is_made_from_the_fields_and_holds_for_every_summary():
    from jsonschema import Draft202012Validator

    made = json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        SCHEMA.write_text(made, encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == made
    Draft202012Validator.check_schema(schema())


def keys(figures: object) -> set[str]:
    if isinstance(figures, list):
        return set().union(*map(keys, figures))
    if not isinstance(figures, dict):
        return set()
    below = [
        list(value.values()) if name in NAMED else value
        for name, value in figures.items()
        if name not in ("skipped", "noted")
    ]
    return set(figures) | set().union(*map(keys, below))


def test_every_key_of_a_summary_is_named():
    prose = MADE.sub("", PAGE.read_text(encoding="utf-8"))
    for recorded in sorted((ROOT / "tests" / "golden").glob("*.json")):
        summary = json.loads(recorded.read_text(encoding="utf-8"))["summary"]
        assert sorted(key for key in keys(summary) if f"`{key}`" not in prose) == []
