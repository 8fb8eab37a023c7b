"""Wrong scenarios, each beside the findings that it has to give, line by line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import batchsim as bs

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.yaml")))
def test_findings_are_as_expected(name, monkeypatch):
    monkeypatch.chdir(BAD)
    with pytest.raises(bs.ScenarioError) as caught:
        bs.load(f"{name}.yaml")
    found = str(caught.value) + "\n"
    expected = BAD / f"{name}.expected"
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        expected.write_text(found)
    assert found == expected.read_text()


def test_findings_come_in_the_order_of_their_places(monkeypatch):
    monkeypatch.chdir(BAD)
    with pytest.raises(bs.ScenarioError) as caught:
        bs.load("shapes.yaml")
    places = [(finding.line, finding.column) for finding in caught.value.findings]
    assert places == sorted(places)
    assert all(line > 0 for line, _ in places)
