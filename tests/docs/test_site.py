"""The documentation as a site: it builds without warnings, has all pages and names, and fetches nothing from afar."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import batchsim
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
#: Attributes by which a browser fetches something when it shows a page; a link to click is none.
FETCHED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
}
#: Relations of a `link` element that a browser does not fetch for.
NOT_FETCHED = {"next", "prev", "index", "search", "canonical"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(DOCS), str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


class Fetches(HTMLParser):
    """What a browser fetches for a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "link" and not {*(given.get("rel") or "").split()} & NOT_FETCHED:
            self.found.append(given.get("href") or "")
        elif tag in FETCHED and given.get(FETCHED[tag]):
            self.found.append(given[FETCHED[tag]])


def test_nothing_is_fetched_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    fetched = {each for page in pages for each in Fetches(page.read_text(encoding="utf-8")).found}
    assert any(each.partition("?")[0].endswith(".css") for each in fetched)
    assert any(each.partition("?")[0].endswith(".js") for each in fetched)
    assert [each for each in fetched if re.match(r"(\w+:)?//", each)] == []
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:\w+:)?//[^)]*", style.read_text(encoding="utf-8")) == [], style


def test_what_is_fetched_is_told():
    page = '<link rel="stylesheet" href="//a/b.css"><script src="https://c/d.js"></script><a href="https://e">e</a>'
    assert Fetches(page).found == ["//a/b.css", "https://c/d.js"]


def test_every_page_is_in_a_table_of_contents(site):
    index = (site / "index.html").read_text(encoding="utf-8")
    pages = {page.relative_to(DOCS).with_suffix(".html").as_posix() for page in DOCS.rglob("*.md")}
    assert {page for page in pages - {"index.html"} if f'href="{page}"' not in index} == set()


def test_every_public_name_is_documented(site):
    page = (site / "api.html").read_text(encoding="utf-8")
    assert [name for name in batchsim.__all__ if f'id="batchsim.{name}"' not in page and name != "__version__"] == []


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere_on_github_too(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        led_to = page.parent / path if path else page
        assert led_to.exists(), target
        if anchor:
            assert anchor in anchors(led_to.read_text(encoding="utf-8")), target
