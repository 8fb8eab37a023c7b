"""The page as a file: what is a text stays one, and nothing is asked for."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from batchsim.report.page import document, svg
from batchsim.report.page.blocks import (
    Cell,
    Chart,
    Fact,
    Facts,
    LegendKey,
    Listing,
    Page,
    PageSection,
    PageTable,
    Paragraph,
    Tile,
    Tiles,
)
from batchsim.report.palette import BLUE

EVIL = "</script><b>&\"'<!--"


class Texts(HTMLParser):
    """The elements of a page, their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.texts = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [value for _, value in attrs]

    def handle_data(self, data):
        self.texts.append(data)


def page(text):
    drawing = svg.element("svg", {"aria-label": text}, svg.element("text", {}, text))
    table = PageTable(text, [text], [[Cell(text, text)]], note=text)
    blocks = [
        Tiles([Tile(text, text, text)]),
        Facts([Fact(text, text, [text], text)]),
        Chart(text, drawing, [LegendKey(text, BLUE, text)], table, text),
        table,
        Listing(text, text),
        Paragraph(text),
    ]
    return document.html(Page(text, text, text, [PageSection("one", text, blocks)], text))


def test_a_text_is_a_text_wherever_it_stands():
    plain, evil = Texts(page("a name")), Texts(page(EVIL))
    assert evil.elements == plain.elements
    assert evil.texts == [each.replace("a name", EVIL) for each in plain.texts]
    assert evil.attributes == [value and value.replace("a name", EVIL) for value in plain.attributes]


@given(st.text())
def test_json_in_a_script_can_not_end_it_and_reads_back(text):
    written = str(document.embedded({"name": text}))
    assert not re.search(r"[<>&\u2028\u2029]", written)
    assert json.loads(written) == {"name": text}


def test_the_policy_allows_the_styles_and_scripts_of_the_page_and_nothing_else():
    text = page("a name")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == "'none'"
    for name, tag in (("style-src", "style"), ("script-src", "script")):
        inner = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in inner]
        assert rules.pop(name) == " ".join(f"'sha256-{digest}'" for digest in digests)
    assert rules == {"base-uri": "'none'", "form-action": "'none'"}


def test_nothing_is_asked_for_from_elsewhere():
    assert not re.search(r"""(src|href)=["'](?!#)|url\(|@import|https?:""", page("a name"))


def test_the_same_page_is_the_same_text():
    assert page(EVIL) == page(EVIL)


def test_coordinates_are_as_short_as_they_can_be():
    assert [svg.number(each) for each in (0.0, -0.04, 12.0, 12.34, -3.06)] == ["0", "0", "12", "12.3", "-3.1"]
