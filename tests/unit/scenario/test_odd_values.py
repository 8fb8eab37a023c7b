"""A value of any kind at any place is a finding, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import batchsim as bs
from batchsim.scenario.checking import check
from batchsim.scenario.document.document import Document
from tests.unit.scenario.schema.rich import RICH, changed

#: All rules: those before a run, before anything is sent to AWS, and advice.
STAGES = ("simulation", "deployment", "submission", "review")
ODD = ([], {}, [1], [[]], [{}], {"x": 1}, {"x": []}, None, 5, True, "", "x")


def places(value, done=()):
    """The path of everything in a value."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield "/".join(map(str, (*done, key)))
        yield from places(each, (*done, key))


def errors(path, value):
    """Where errors are found; variants are not looked at here."""
    try:
        found = check(Document(changed(path, value), "x.yaml"), STAGES, base=Path()).findings
    except bs.ScenarioError as error:
        found = error.findings
    return {each.path for each in found if each.severity == "error"}


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        # Names and types are looked up in sets and mappings, which lists and mappings can't be.
        ("batch/jobDefinitions/0/jobDefinitionName", {}, "batch.jobDefinitions.0.jobDefinitionName"),
        ("batch/jobDefinitions/0/jobDefinitionName", ["task"], "batch.jobDefinitions.0.jobDefinitionName"),
        (
            "batch/computeEnvironments/0/computeResources/type",
            [],
            "batch.computeEnvironments.fleet.computeResources.type",
        ),
        ("updates/0/name", [], "updates.0.name"),
        ("updates/0/name", {"x": 1}, "updates.0.name"),
    ],
)
def test_what_should_be_a_text_is_told(path, value, told):
    assert told in errors(path, value)


@given(st.sampled_from(sorted(places(RICH))), st.sampled_from(ODD))
@settings(max_examples=30)
def test_any_value_anywhere_is_findings(path, value):
    errors(path, value)


@given(st.lists(st.tuples(st.sampled_from(sorted(places(RICH))), st.sampled_from(ODD)), min_size=2, max_size=5))
@settings(max_examples=30)
def test_several_of_them_are_too(changes):
    values = RICH
    for path, value in changes:
        try:
            values = changed(path, value, of=values)
        except (KeyError, IndexError, TypeError):  # what was around it is gone
            continue
    try:
        check(Document(values, "x.yaml"), STAGES, base=Path())
    except bs.ScenarioError as error:
        assert error.findings  # noqa: PT017 (either is right)
