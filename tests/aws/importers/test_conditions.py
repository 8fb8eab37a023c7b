"""Conditions with a third value: what is not known decides nothing unless the rest does not settle it (Kleene)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.aws.importers.evaluator import Evaluator
from batchsim.aws.importers.template_values import Unresolved
from batchsim.scenario.document.document import Document

#: Conditions that are true, false and not known.
WRITTEN: dict[bool | None, dict] = {
    True: {"Fn::Equals": ["a", "a"]},
    False: {"Fn::Equals": ["a", "b"]},
    None: {"Fn::Equals": [{"Ref": "AWS::StackName"}, "a"]},
}


def held(condition: Any) -> bool | None:
    """Whether a condition holds; None where it is not known."""
    evaluator = Evaluator(Document({"Conditions": {"C": condition}}, "template"), {}, "us-east-1")
    truth = evaluator.condition("C", ())
    assert evaluator.findings == []
    return None if isinstance(truth, Unresolved) else truth


@pytest.mark.parametrize("value", [True, False, None])
def test_not(value):
    assert held({"Fn::Not": [WRITTEN[value]]}) is (None if value is None else not value)


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=10))
def test_and_or_settle_on_what_is_known(values):
    written = [WRITTEN[value] for value in values]
    all_of, any_of = held({"Fn::And": written}), held({"Fn::Or": written})
    assert all_of is (False if False in values else None if None in values else True)
    assert any_of is (True if True in values else None if None in values else False)
    # De Morgan
    negated = {"Fn::Or": [{"Fn::Not": [each]} for each in written]}
    assert held({"Fn::Not": [negated]}) is all_of


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (1, "1", True),
        (True, "true", True),
        (1.0, "1", True),
        ("A", "a", False),
        (["a", "b"], ["a", "b"], True),
        ({"a": 1}, {"a": 2}, False),
        ({"Ref": "AWS::Region"}, "us-east-1", True),
    ],
)
def test_equal_are_texts_of_the_same_letters(first, second, expected):
    assert held({"Fn::Equals": [first, second]}) is expected
