"""Files in place of launch templates: what a section becomes, and where what is found in them stands."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.scenario.document.document import Document, parse
from batchsim.scenario.sections.launch_template_files import with_launch_template_files

SECTION = "launchTemplates"
REQUEST = '{"LaunchTemplateName": "wide",\n "LaunchTemplateData": {"ImageId": "ami-1"}}'
ANSWER = """{"LaunchTemplateVersions": [
  {"LaunchTemplateName": "many", "VersionNumber": 1, "LaunchTemplateData": {}},
  {"LaunchTemplateName": "many", "VersionNumber": 2, "LaunchTemplateData": {}}
]}"""
TEXT = """name: test
launchTemplates:
  - {launchTemplateName: first, launchTemplateData: {}}
  - file: files/answer.json
  - {launchTemplateName: last, launchTemplateData: {}}
seed: 3
"""


@pytest.fixture
def base(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "request.json").write_text(REQUEST, encoding="utf-8")
    (tmp_path / "files" / "answer.json").write_text(ANSWER, encoding="utf-8")
    (tmp_path / "files" / "list.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "files" / "cut.json").write_text('{\n  "LaunchTemplateName": "wi', encoding="utf-8")
    (tmp_path / "files" / "empty.json").write_text("", encoding="utf-8")
    return tmp_path


def expanded(text, base):
    return with_launch_template_files(parse(text, "scenario.yaml"), base)


def names(document):
    return [str(each.get("launchTemplateName") or each.get("LaunchTemplateName")) for each in document.values[SECTION]]


def test_each_version_of_an_answer_becomes_an_entry_where_the_file_stood(base):
    document = expanded(TEXT, base)
    assert names(document) == ["first", "many", "many", "last"]
    assert [each.get("VersionNumber") for each in document.values[SECTION]] == [None, 1, 2, None]
    # Which is what is run; what was written is still known.
    assert document.written.values[SECTION][1] == {"file": "files/answer.json"}
    assert document.values["seed"] == 3


def test_what_is_in_a_file_stands_there_and_what_comes_behind_it_stands_where_it_did(base):
    document, file = expanded(TEXT, base), (base / "files" / "answer.json").as_posix()
    assert document.place((SECTION, 0, "launchTemplateName")) == ("scenario.yaml", 3, 26)
    assert document.place((SECTION, 1)) == (file, 2, 3)
    assert document.place((SECTION, 2, "VersionNumber")) == (file, 3, 51)
    assert document.place((SECTION, 2, "VersionNumber"), key=True) == (file, 3, 34)
    assert document.place((SECTION, 3, "launchTemplateName")) == ("scenario.yaml", 5, 26)
    assert document.place(("seed",)) == ("scenario.yaml", 6, 7)
    # A path goes by the name that the file has.
    assert document.path((SECTION, 2, "VersionNumber")) == f"{SECTION}.many.VersionNumber"


def test_a_request_and_what_is_pasted_mean_the_same(base):
    from_file = expanded(f"{SECTION}: [file: files/request.json]", base)
    assert from_file.values[SECTION] == [json.loads(REQUEST)]
    pasted = expanded(json.dumps({SECTION: [json.loads(ANSWER)]}), base)
    assert pasted.values[SECTION] == json.loads(ANSWER)["LaunchTemplateVersions"]
    small = {"launchTemplateVersions": [{"launchTemplateName": "small"}]}
    assert expanded(json.dumps({SECTION: [small]}), base).values[SECTION] == small["launchTemplateVersions"]


def test_a_section_that_names_no_file_stays_as_it_is(base):
    for text in ("name: a", f"{SECTION}:", f"{SECTION}: file", f"{SECTION}: [{{launchTemplateName: a}}, 5]"):
        document = parse(text, "scenario.yaml")
        assert with_launch_template_files(document, base) is document


@pytest.mark.parametrize(
    ("entry", "code", "told"),
    [
        ("file: 7", "wrong-type", "not a path"),
        ("file: ''", "wrong-type", "not a path"),
        ('file: "a\\0b"', "wrong-type", "not a path"),
        ("{file: files/request.json, launchTemplateName: wide}", "wrong-value", "a file stands alone"),
        ("file: files/none.json", "unreadable", "No such file"),
        ("file: files/list.json", "wrong-type", "holds no launch template"),
        ("file: files/empty.json", "wrong-type", "holds no launch template"),
    ],
)
def test_a_fault_of_the_entry_stands_in_the_scenario(base, entry, code, told):
    with pytest.raises(bs.ScenarioError) as caught:
        expanded(f"name: test\n{SECTION}:\n  - {entry}\n", base)
    (finding,) = caught.value.findings
    assert (finding.code, finding.file, finding.line) == (code, "scenario.yaml", 3)
    assert told in finding.message


def test_all_files_with_faults_are_told_and_a_fault_of_form_stands_in_its_file(base):
    with pytest.raises(bs.ScenarioError) as caught:
        expanded(f"{SECTION}:\n  - file: files/cut.json\n  - file: files/none.json\n", base)
    cut, none = caught.value.findings
    assert (cut.code, cut.path, cut.line) == ("syntax", f"{SECTION}.0.file", 2)
    assert cut.file == (base / "files" / "cut.json").as_posix()
    assert (none.file, none.line, none.path) == ("scenario.yaml", 3, f"{SECTION}.1.file")


@given(st.lists(st.integers(0, 3), max_size=5))
def test_as_many_entries_as_there_are_versions_in_their_order(counts):
    # Of answers with so many versions each, numbered through.
    numbers = iter(range(sum(counts)))
    answers = [{"LaunchTemplateVersions": [{"VersionNumber": next(numbers)} for _ in range(each)]} for each in counts]
    made = with_launch_template_files(Document({SECTION: answers}), base=None)  # type: ignore[arg-type]
    assert [each["VersionNumber"] for each in made.values[SECTION]] == list(range(sum(counts)))
