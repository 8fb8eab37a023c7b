from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.scenario.document import parse
from batchsim.scenario.overrides import apply, parse_value

TEXT = """\
no: yes
clock: 12:30
million: 1e6
quoted: "7"
day: 2026-11-02
octal: 0o17
nothing: ~
list:
  - {name: first, size: 1}
  - {name: se.cond, size: 2}
"""


def test_yaml_means_what_a_person_thinks():
    values = parse(TEXT, "x").values
    assert values["no"] == "yes"
    assert values["clock"] == "12:30"
    assert values["million"] == 1e6
    assert values["quoted"] == "7"
    assert values["day"] == "2026-11-02"
    assert values["octal"] == 15
    assert values["nothing"] is None


def test_places_and_paths_go_by_name():
    document = parse(TEXT, "x")
    assert document.place(("list", 1, "size")) == ("x", 10, 27)
    assert document.path(("list", 0, "size")) == "list.first.size"


def test_overrides_find_things_by_name_even_with_dots():
    document = apply(
        parse(TEXT, "x"), [("list.se.cond.size", 3), ("list.0.size", 5), ("new.deep.key", 1)], ("--set", 0, 0)
    )
    assert [item["size"] for item in document.values["list"]] == [5, 3]
    assert document.values["new"] == {"deep": {"key": 1}}
    assert document.place(("list", 1, "size")) == ("--set", 0, 0)


@pytest.mark.parametrize(
    ("path", "near"), [("lst.first.size", "list.first.size"), ("list.frst.size", "list.first.size")]
)
def test_a_path_that_leads_nowhere_is_a_finding(path, near):
    with pytest.raises(bs.ScenarioError) as caught:
        apply(parse(TEXT, "x"), [(path, 1)], ("--set", 0, 0))
    assert caught.value.findings[0].suggestion == near


@pytest.mark.parametrize(
    ("text", "value"), [("64", 64), ("0.5", 0.5), ("true", True), ("[a, b]", ["a", "b"]), ("8m", "8m")]
)
def test_values_of_the_command_line_are_yaml(text, value):
    assert parse_value(text) == value


def test_aliases_are_bounded():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for previous, name in zip("abcdef", "bcdefg", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{previous}'] * 10)}]\n"
    with pytest.raises(bs.ScenarioError, match="aliases expand to too many values"):
        parse(bomb, "x")


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_a_finding(text):
    try:
        document = parse(text, "x")
    except bs.ScenarioError as error:
        assert all(finding.file == "x" for finding in error.findings)  # noqa: PT017 (either is right)
    else:
        assert isinstance(document.values, dict)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    ),
    st.sampled_from(
        ["batch", "workload", "environment", "variants", "objectives", "duration", "seed", "name", "start", "region"]
    ),
)
def test_any_value_anywhere_is_findings_not_a_traceback(value, key):
    from batchsim.scenario.loading import from_mapping
    from tests.builders import scenario

    values = {**scenario().document.values, key: value}
    try:
        from_mapping(values)
    except bs.ScenarioError as error:
        assert error.findings  # noqa: PT017 (either is right)
