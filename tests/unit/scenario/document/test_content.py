"""Files as shells and services leave them."""

from __future__ import annotations

import bz2
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.scenario.document.content import decoded, documents, read_content, whole

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_every_encoding_of_unicode(tmp_path, encoding):
    # PowerShell 5 writes `>` in UTF-16 with a mark; without one the zero bytes of JSON's ASCII tell (RFC 4627, 3).
    path = tmp_path / "answer.json"
    path.write_bytes('{"a": "é"}'.encode(encoding))
    assert documents(decoded(read_content(path, "x"), "x"), "x") == [{"a": "é"}]


def test_gzip_is_known_by_its_bytes(tmp_path):
    path = tmp_path / "answer.json"
    path.write_bytes(gzip.compress(b"[1]"))
    assert read_content(path, "x") == b"[1]"


@given(st.lists(JSON, min_size=1, max_size=4), st.sampled_from(["", "\n", "\r\n\n", " ", "\x1e", ",\n", "\ufeff"]))
def test_documents_one_after_the_other(values, between):
    # Two numbers without anything between them would be one.
    pieces = [f"[{json.dumps(value)}]" for value in values]
    assert documents(between.join(pieces), "x") == [[value] for value in values]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 0, "the file is empty"),
        (b'{"jobs": [\n{}]}\n{"jobs"', 3, "not JSON after 1 complete answer"),
        (b"{'jobs': []}", 1, "Python's print"),
        (b"----------\n|  DescribeJobs  |\n", 1, "a table; --output json"),
        (b"JOBS\tarn\t1\n", 1, "the AWS CLI's text; --output json"),
        (b"a,b\n1,2\n", 1, "a table of columns"),
        (b"; Version: 2.2\n", 1, "Standard Workload Format"),
        (b"<html>", 1, "XML or HTML"),
        (b"\nAn error occurred (ExpiredToken)", 2, "a shell's output"),
        (b"PK\x03\x04", 0, "a zip archive, or an Excel workbook"),
        (bz2.compress(b"[1]"), 0, "packed by bzip2"),
        (b"PAR1", 0, "not text: Parquet"),
        ('{"a": "café"}'.encode("latin-1"), 0, "not UTF-8 text (byte 10)"),
        (b"\xff\xfea", 0, "not UTF-16 text"),
        (b"[" * 100_000, 0, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_told_by_what_it_is(content, line, said):
    with pytest.raises(bs.ScenarioError) as caught:
        documents(decoded(content, "x"), "x")
    assert caught.value.findings[0].line == line
    assert said in str(caught.value)


def test_halves_of_characters_are_joined_or_replaced():
    # JSON escapes what is beyond U+FFFF in two halves (RFC 8259, 7); a half alone is no character.
    text = r'{"\ud83d\ude00": ["\ud83d\ude00", "a\ud800b", "\\ud800"]}'
    assert documents(text, "x") == [{"\U0001f600": ["\U0001f600", "a\ufffdb", "\\ud800"]}]


@given(st.text(st.characters(codec="utf-32", exclude_categories=()), max_size=6))
def test_whole_text_can_be_written(text):
    made = whole(text)
    made.encode()
    assert whole(made) == made


@given(st.text(max_size=6))
def test_text_that_is_whole_stays_as_it_is(text):
    assert whole(text) == text
