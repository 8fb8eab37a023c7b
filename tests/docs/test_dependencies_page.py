"""The page on dependencies names each of them, and nothing that is none; its sizes add up."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from tools.dependency_sizes import REASONS, closure, dependencies, table

PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")


def test_page_has_a_row_of_each_dependency():
    assert re.findall(r"^\| `([\w.-]+)` \| [0-9]", PAGE, flags=re.MULTILINE) == dependencies()


def test_each_dependency_has_a_reason_and_nothing_else_has():
    assert sorted(REASONS) == dependencies()


def installed(**requires):
    """An environment in which each distribution has 1 MiB."""
    return {name: {"version": "1", "bytes": 2**20, "requires": asked} for name, asked in requires.items()}


def test_closure_follows_requirements_but_not_those_of_extras():
    found = installed(a=["b>=1", "c; extra == 'x'", "absent"], b=["d"], c=[], d=[])
    assert closure("a", found) == {"a", "b", "d"}


def test_what_two_need_counts_for_neither(monkeypatch):
    monkeypatch.setattr("tools.dependency_sizes.dependencies", lambda: ["numpy", "scipy"])
    found = installed(numpy=["shared"], scipy=["numpy", "shared", "own"], shared=[], own=[])
    rows = list(table(found))
    # numpy is scipy's too, so that it alone brings itself; scipy brings itself and `own`.
    assert [row.split(" | ")[2:4] for row in rows[2:4]] == [["1.0", "1.0"], ["1.0", "2.0"]]
    assert rows[-1].startswith("2 packages of the project's own choice, 4 with what they need: 4 MiB")
