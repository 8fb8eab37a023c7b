"""The page on results names every key of a summary, and its tables are those of `columns`."""

from __future__ import annotations

import json
import os
import re

from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, TIMELINE, Column
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "results.md"
MADE = re.compile(r"(?<=<!-- made from batchsim/columns\.py -->\n).*(?=<!-- end -->)", re.DOTALL)
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


def keys(figures: object) -> set[str]:
    if isinstance(figures, list):
        return set().union(*map(keys, figures))
    if not isinstance(figures, dict):
        return set()
    below = [list(value.values()) if name in NAMED else value for name, value in figures.items() if name != "skipped"]
    return set(figures) | set().union(*map(keys, below))


def test_every_key_of_a_summary_is_named():
    prose = MADE.sub("", PAGE.read_text(encoding="utf-8"))
    for recorded in sorted((ROOT / "tests" / "golden").glob("*.json")):
        summary = json.loads(recorded.read_text(encoding="utf-8"))["summary"]
        assert sorted(key for key in keys(summary) if f"`{key}`" not in prose) == []
