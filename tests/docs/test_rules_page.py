"""The catalogue of rules is made from the rules."""

from __future__ import annotations

import os

from batchsim.report.findings import catalogue
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "rules.md"


def test_the_page_is_that_of_the_rules():
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        PAGE.write_text(catalogue(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == catalogue()
