"""HTML for notebooks: what looks like markup is text, and it brings no colours of its own."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from batchsim import markup


class Cells(HTMLParser):
    """The tags of some HTML, and the text in its cells."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.cells, self.open = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        if tag == "br":
            self.cells[-1] += "\n"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


ALLOWED = {"div", "table", "thead", "tbody", "tr", "th", "td", "strong", "code", "br"}
#: What an HTML parser hands on as it is; it makes one line break of all kinds, and knows no NUL.
WORDS = st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), max_size=20)


@given(st.lists(st.tuples(WORDS, WORDS), max_size=5), st.booleans())
def test_all_text_comes_out_as_it_went_in(rows, headed):
    headings = ("a", "b") if headed else ()
    read = Cells(markup.table([tuple(map(markup.text, row)) for row in rows], headings))
    assert read.cells == [*headings, *(cell for row in rows for cell in row)]
    assert set(read.tags) <= ALLOWED
    assert not read.open


def test_a_script_is_text():
    html = markup.table([(markup.text("</td><script>alert(1)</script>"), markup.code("<b>"))])
    assert "<script" not in html
    assert "<b>" not in html


def test_columns_keep_to_their_side_and_the_first_heads_its_row():
    html = markup.table([("one", "1")], ("what", "how many"), ("left", "right"))
    assert html.count("text-align:right") == 2
    assert '<th scope="col"' in html
    assert '<th scope="row"' in markup.table([("jobs", "7")])


def test_there_are_no_colours_but_a_line_that_both_grounds_show():
    html = markup.table([("one", "1")], ("what", "how many")) + markup.paragraph(markup.strong("x"))
    assert html.replace("rgba(127,127,127,0.35)", "").count("rgb") == 0
    assert "color" not in html
    assert "#" not in html
