"""A file with some values changed, everything else as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.scenario.document.document import parse
from batchsim.scenario.document.editing import differences, edited, flow
from tests.conftest import ROOT

TEXT = """\
# about it
name: etl   # a word
batch:
  computeEnvironments:
    - computeEnvironmentName: spot  # the cheap one
      computeResources:
        maxvCpus: 448 # vCPUs
        instanceTypes:
          - m6i.xlarge
          - m6i.2xlarge   # larger
        # beside them
        tags: { team: data }
    - { computeEnvironmentName: rest, computeResources: { maxvCpus: 64 } }
empty:
text: |
  two
  lines
last: "q"
"""
SPOT = ("batch", "computeEnvironments", 0, "computeResources")


def changed(*changes: tuple[tuple[Any, ...], Any], text: str = TEXT) -> str:
    made = edited(text, list(changes))
    assert made is not None
    return made


def test_a_number_is_changed_in_its_place_and_its_comment_stays():
    assert changed(((*SPOT, "maxvCpus"), 224)) == TEXT.replace("448 # vCPUs", "224 # vCPUs")


def test_a_list_on_lines_of_its_own_becomes_one_line():
    made = changed(((*SPOT, "instanceTypes"), ["m6i.4xlarge"]))
    lines = "        instanceTypes:\n          - m6i.xlarge\n          - m6i.2xlarge   # larger\n"
    assert made == TEXT.replace(lines, "        instanceTypes: [m6i.4xlarge]   # larger\n")


def test_a_value_inside_braces_is_changed_there():
    assert changed((("batch", "computeEnvironments", 1, "computeResources", "maxvCpus"), 0)) == TEXT.replace("64", "0")


def test_what_is_not_there_is_added_where_it_belongs():
    made = changed(((*SPOT, "bidPercentage"), 90), (("environment", "spot", "hazardScale"), 5))
    assert "        tags: { team: data }\n        bidPercentage: 90\n" in made
    assert made.endswith('last: "q"\nenvironment: {spot: {hazardScale: 5}}\n')
    assert changed(((*SPOT, "tags", "cost"), "x")) == TEXT.replace("{ team", "{cost: x,  team")


def test_empty_and_long_texts_are_replaced():
    made = changed((("empty",), 3), (("text",), "one line"))
    assert parse(made, "x").values["empty"] == 3
    assert parse(made, "x").values["text"] == "one line"
    assert made.endswith('text: "one line"\nlast: "q"\n')


def test_behind_an_alias_nothing_is_changed():
    text = "a: &one {b: 1}\nc: *one\n"
    assert edited(text, [(("c", "b"), 2)]) is None


def test_json_is_edited_too():
    text = '{"name": "x", "batch": {"maxvCpus": 4, "types": ["a", "b"]}}'
    made = changed((("batch", "maxvCpus"), 8), (("batch", "types"), ["c d"]), text=text)
    assert made == '{"name": "x", "batch": {"maxvCpus": 8, "types": ["c d"]}}'


def test_only_what_differs_is_a_change_and_experiments_stay():
    before = {"a": {"b": 1, "c": [1, 2]}, "variants": {"x": {}}, "l": [{"n": 1}, {"n": 2}]}
    after = {"a": {"b": 1, "c": [1]}, "l": [{"n": 1}, {"n": 3}], "search": {}, "new": True}
    assert list(differences(before, after)) == [(("a", "c"), [1]), (("l", 1, "n"), 3), (("new",), True)]
    assert list(differences({"a": 1}, {"a": 1.0})) == [(("a",), 1.0)]


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.text(max_size=6)
    | st.floats(-10, 10).map(lambda x: round(x, 3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(_VALUES)
def test_a_value_in_one_line_is_read_as_itself(value):
    assert parse(f"a: {flow(value)}\n", "x").values["a"] == value


@given(
    st.sampled_from([(*SPOT, "maxvCpus"), (*SPOT, "instanceTypes"), ("name",), ("text",), ("empty",), ("last",)]),
    _VALUES,
)
def test_any_value_may_stand_anywhere_and_the_rest_stays(where, value):
    made = edited(TEXT, [(where, value)])
    assert made is not None
    before, after = parse(TEXT, "x").values, parse(made, "x").values
    assert [place for place, _ in differences(before, after)] in ([where], []) or isinstance(value, (dict, list))
    for comment in ("# about it", "# a word", "# the cheap one", "# vCPUs", "# beside them"):
        assert comment in made


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_can_be_edited(path):
    text = path.read_text(encoding="utf-8")
    values = parse(text, "x").values
    where = ("batch", "computeEnvironments", 0, "state")
    made = edited(text, [(where, "ENABLED"), (("seed",), 99)])
    assert made is not None
    after = parse(made, "x").values
    assert after["seed"] == 99
    assert after["batch"]["computeEnvironments"][0]["state"] == "ENABLED"
    after["seed"] = values.get("seed")
    del after["batch"]["computeEnvironments"][0]["state"]
    assert {**after, "seed": None} == {**values, "seed": None}
