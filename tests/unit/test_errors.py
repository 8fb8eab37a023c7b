"""What is said to a user stands in lines, and does nothing else to the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.errors import ExecutionError, Finding, OutputError, pointed_out, printable

ANY = st.text(st.characters(codec="utf-32", exclude_categories=()), max_size=8)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("é ≤ 日本", "é ≤ 日本"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines", "two\\nlines"),
        ("\u202eback", "\\u202eback"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_what_can_not_be_printed_is_spelled(text, told):
    assert printable(text) == told


@given(ANY, ANY, ANY)
def test_messages_are_lines_of_what_can_be_printed(file, path, message):
    told = [
        str(Finding("code", path, message, expected=path, suggestion=file, file=file, line=1)),
        str(OutputError(file, message)),
        str(ExecutionError(file, message)),
    ]
    assert all(each.isprintable() for each in told)


@pytest.mark.parametrize(("length", "shown"), [(2000, 2000), (2001, 2000), (10**6, 2000)])
def test_messages_have_an_end(length, shown):
    text = f"a{'x' * (length - 2)}z"
    finding = Finding("code", text, text, expected=text)
    assert [len(each) for each in (finding.message, finding.expected)] == [shown, shown]
    assert (finding.message[0], finding.message[-1], "…" in finding.message) == ("a", "z", length > 2000)
    # [code], the path, the message and what is expected, with what stands between them.
    assert len(str(finding)) == len("[code] : ; expected ") + 3 * shown


def test_a_mark_in_a_long_text_is_shown_with_what_is_around_it():
    text = f"{'a' * 5000}!{'b' * 5000}"
    shown, marks = pointed_out(text, 5000).split("\n")
    assert shown == f"    {'a' * 100}!{'b' * 199}"
    assert marks.index("^") == shown.index("!")


@given(ANY.filter(bool), st.data())
def test_a_mark_stays_below_its_place(text, data):
    at = data.draw(st.integers(0, len(text) - 1))
    shown, marks = pointed_out(text, at).split("\n")
    assert shown.isprintable()
    assert len(shown) == 4 + len(text)
    assert marks.index("^") == 4 + at
