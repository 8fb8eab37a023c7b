"""Pages of the documentation in a real browser: nothing complains, nothing is fetched, nobody is shut out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

#: A page to learn from, one to look up in, one of text.
PAGES = ("tutorial.html", "environment.html", "design/the-walk.html")


@pytest.fixture(scope="module")
def site(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(ROOT / "docs"), str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page(site, browser, page, scheme):
    browser.open(site / page, scheme=scheme)
    assert browser.complaints == []
    assert [each for each in browser.requests if not each.startswith(("file:", "data:"))] == []
    assert browser.violations() == {}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_on_a_phone(site, browser, page):
    browser.open(site / page, width=360)
    assert browser.run("return document.documentElement.scrollWidth") <= 360
