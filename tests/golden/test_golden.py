"""What scenarios gave when it was last looked at: every figure of the summary, and a digest of each table.

The same scenario and seed give the same bytes on any machine. Where a change is meant to change figures, the files are
written anew (``BATCHSIM_REWRITE_EXPECTED=1``) and the change says why.
"""

from __future__ import annotations

import hashlib
import json
import os

import pandas as pd
import pytest

import batchsim as bs
from tests.conftest import ROOT

HERE = ROOT / "tests" / "golden"
SCENARIOS = [*sorted((ROOT / "scenarios").glob("*.yaml")), HERE / "everything.yaml"]


def digest(table: pd.DataFrame) -> str:
    """A digest of a table's names and values, whatever file they are in."""
    known = hashlib.sha256()
    for name, column in table.items():
        known.update(str(name).encode())
        if column.dtype.kind == "f":
            known.update(column.to_numpy().tobytes())
        else:
            known.update("\n".join(map(str, column)).encode())
    return known.hexdigest()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_figures_are_what_they_were(path):
    result = bs.run(bs.load(path))
    summary = {key: value for key, value in result.summary.items() if key != "batchsim_version"}
    tables = {name: digest(getattr(result, name)) for name in ("jobs", "attempts", "instances", "timeline")}
    found = json.dumps({"summary": summary, "tables": tables}, indent=1) + "\n"
    known = HERE / f"{path.stem}.json"
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        known.write_text(found, encoding="utf-8")
    assert found == known.read_text(encoding="utf-8")
