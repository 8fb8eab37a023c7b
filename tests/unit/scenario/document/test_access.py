"""Reading values of any type: a reader gives nothing where a value is not what it expects, and never fails."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.scenario.document.access import (
    base_name,
    dig,
    entries,
    figure,
    mappings,
    nested,
    requirement,
    requirement_place,
    texts,
    whole,
)

#: Anything that YAML or JSON may hold.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
#: As a container asks for resources, in the newer place.
NEW = {"resourceRequirements": [{"type": "MEMORY", "value": "2048"}, {"type": "VCPU", "value": "0.5"}]}


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("fleet", "fleet"),
        ("task:3", "task"),
        ("arn:aws:batch:us-east-1:123456789012:compute-environment/fleet", "fleet"),
        ("arn:aws:batch:us-east-1:123456789012:job-definition/task:7", "task"),
        ("arn:aws-cn:batch:cn-north-1:123456789012:job-queue/nightly", "nightly"),
        (7, "7"),
    ],
)
def test_a_name_is_that_of_an_arn_or_revision(reference, name):
    assert base_name(reference) == name


def test_what_is_not_there_is_none():
    values = {"a": {"b": [1, 2]}}
    assert dig(values, "a", "b") == [1, 2]
    assert dig(values, "a", "b", "c") is None
    assert dig(values, "x", "b") is None
    assert dig(values) == values


def test_lists_and_the_mappings_in_them_with_their_places():
    values = {"jobs": [{"n": 1}, "text", {"n": 2}], "one": {"n": 3}}
    assert entries(values, "jobs") == values["jobs"]
    assert entries(values, "one") == []
    assert list(mappings(values, ("workload", 0), "jobs")) == [
        (("workload", 0, "jobs", 0), {"n": 1}),
        (("workload", 0, "jobs", 2), {"n": 2}),
    ]


@pytest.mark.parametrize(("value", "number"), [(3, 3), (0, 0), (-1, -1), (True, None), ("3", None), (3.0, None)])
def test_a_whole_number(value, number):
    assert whole(value) == number


@pytest.mark.parametrize(
    ("value", "number"),
    [("0.25", 0.25), (2, 2.0), ("1e3", 1000.0), (False, None), ("inf", None), (math.nan, None), ("two", None),
     (None, None), ([1], None), (10**400, None)],
)  # fmt: skip
def test_a_figure_also_from_the_text_that_aws_writes(value, number):
    assert figure(value) == number


def test_a_request_stands_in_either_of_two_places_and_the_newer_holds():
    assert requirement(NEW, "VCPU") == 0.5
    assert requirement_place(NEW, "VCPU") == ("resourceRequirements", 1, "value")
    old = {"vcpus": 2, "memory": 4096}
    assert requirement(old, "MEMORY") == 4096
    assert requirement_place(old, "MEMORY") == ("memory",)
    assert requirement({**old, **NEW}, "MEMORY") == 2048
    assert requirement(old, "GPU") is None
    assert requirement_place(old, "GPU") is None


def test_texts_are_those_of_values_at_any_depth():
    assert list(texts({"image": "busybox", "command": ["run", {"x": "now"}], "n": 3})) == ["busybox", "run", "now"]


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4), ANYTHING)
def test_what_is_nested_is_found_under_the_same_keys(steps, value):
    found = dig(nested(steps, value), *steps)
    assert found is value or found == value or found != found


@given(ANYTHING)
def test_no_value_is_too_odd(value):
    for read in (base_name, whole, figure, lambda each: dig(each, "a", "b"), lambda each: entries(each, "a")):
        read(value)
    assert all(isinstance(text, str) for text in texts(value))
    assert list(mappings(value, (), "a")) is not None
    requirement(value, "VCPU")
    requirement_place(value, "VCPU")
