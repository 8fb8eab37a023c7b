"""What is modelled, held against the installed service model."""

from __future__ import annotations

import os

from batchsim.scenario.batch.member_coverage import MEMBERS, members, page
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "what-is-modelled.md"


def test_every_member_of_the_requests_is_known():
    unknown = [f"{shape}.{member}" for shape, member in members() if f"{shape}.{member}" not in MEMBERS]
    assert unknown == []


def test_no_member_is_listed_that_aws_does_not_have():
    listed = {f"{shape}.{member}" for shape, member in members()}
    assert set(MEMBERS) <= listed


def test_the_page_is_that_of_the_table():
    if os.environ.get("BATCHSIM_REWRITE_EXPECTED"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
