"""What others made and the page carries: as it was published, with its licence."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from pathlib import Path

import pytest

import batchsim.report.page
from batchsim.report.page.document import UPLOT, asset
from tests.builders import scenario
from tests.conftest import ROOT
from tests.unit.report.page.test_document import Texts
from tests.unit.report.page.test_run_page import page_of

#: SHA-512 of the files in the package uplot 1.6.32 of the npm registry, whose own integrity is
#: sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==.
PUBLISHED = {
    "uPlot.iife.min.js": "jfm4wrxgq73ZXFzyYPRmgfQd7yYjtsH57SzfgjpieX4rgnfHAMAZJgQ1YLTsc6HOX+1tnGjnkFuerbc8oI2mJg==",
    "uPlot.min.css": "xXYYvGoPqOjhMwkpkxWTDv7HvlyrkyEqzc4USFr/ZtBYC7eklE3DNBDccqiMj2VzRKSffZzeqVRckdYzJx9qfQ==",
    "LICENSE": "Jq1RNLJNonsKli9o1tenKiBqppxMs3bElPMv2IfNU0bXwymuiMyRl4UQgH45VJTBR1OXaDEt3+Q+WPH1O+DNVQ==",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_file_is_as_it_was_published(name):
    content = (Path(batchsim.report.page.__file__).parent / "assets" / UPLOT / name).read_bytes()
    assert base64.b64encode(hashlib.sha512(content).digest()).decode() == PUBLISHED[name]


def test_its_licence_is_in_the_page_and_in_the_wheel():
    page, _ = page_of(scenario())
    assert any(asset(f"{UPLOT}/LICENSE").strip() in text for text in Texts(page).texts)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0 AND MIT"
    found = {path for pattern in project["license-files"] for path in ROOT.glob(pattern)}
    assert {path.read_text(encoding="utf-8").split("\n")[0].strip() for path in found} >= {"The MIT License (MIT)"}
