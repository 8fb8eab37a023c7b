"""Advice and tried assumptions: what a change saves, how it is written for the command line, when it hardly matters."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.columns import WAIT_CAUSES
from batchsim.results.advice import Advice, Figures
from batchsim.results.sensitivity import TriedAssumptions, VariedAssumption, VariedValue
from batchsim.scenario.document.overrides import parse_value

BEFORE, AFTER = Figures(10.0, 60.0, 300.0, 5000.0), Figures(7.5, 90.0, 240.0, 5600.0)


def advice(before=BEFORE, after=AFTER, **set_: Any) -> Advice:
    return Advice("maxvCpus 64", "it is full", set_, before, after)


def test_what_is_saved_is_before_less_after():
    assert advice().gain == {
        "cost_usd": 2.5, "queue_time_mean_s": -30.0, "queue_time_p95_s": 60.0, "wait_s": -600.0,
    }  # fmt: skip


def test_of_what_is_not_known_nothing_is_saved_and_nothing_said():
    unknown = Figures(7.5, None, None, 0.0)
    for before, after in ((BEFORE, unknown), (unknown, AFTER)):
        found = advice(before, after)
        assert (found.gain["queue_time_mean_s"], found.gain["queue_time_p95_s"]) == (None, None)
        assert "queue time" not in found.effect
        assert "mean" not in found.effect
    half = advice(BEFORE, Figures(7.5, 90.0, None, 0.0))
    assert "p95" not in half.effect
    assert "mean 1 min" in half.effect


def test_waiting_for_other_jobs_is_no_waiting():
    summary = {
        "cost_usd": {"total": 4.0},
        "queue_time_s": {"mean": 1.0, "p95": 2.0},
        "wait_s": {cause: 10.0**place for place, cause in enumerate(WAIT_CAUSES)},
    }
    # Dependency is the first of six.
    assert Figures.of(summary) == Figures(4.0, 1.0, 2.0, 111_110.0)


WORDS = ["c6i.large", "yes", "No", "null", "1e6", "12:30", "a b", "", "it's", "größe", "#", "- x", "~", "c6i, m6i"]
SINGLE = st.none() | st.booleans() | st.integers(-9, 2**40) | st.floats(0.001, 1e6) | st.sampled_from(WORDS)
VALUES = st.recursive(SINGLE, lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@given(VALUES)
def test_a_change_on_the_command_line_is_the_change(value):
    option, argument = shlex.split(advice(**{"batch.fleet.types": value}).arguments)
    assert option == "--set"
    path, _, text = argument.partition("=")
    assert (path, parse_value(text)) == ("batch.fleet.types", value)


def tried(value=1, undone=0.0, cost=0.0, turnaround=0.0, objectives=()) -> VariedValue:
    p95 = {"mean": 5.0, "low": 4.0, "high": 6.0, "n": 3}
    return VariedValue(value, 10.0, 1.0, p95, None, undone, objectives, cost, turnaround)


def assumption(*values: VariedValue, jobs=1000.0, undone=0.0) -> VariedAssumption:
    return VariedAssumption("ec2.launch", "a launch", "measured", 40, values, jobs, undone)


@pytest.mark.parametrize(
    ("before", "after", "others"),
    [
        (0, 0, False),
        (0, 1, True),
        (1, 0, True),
        (5, 14, False),
        (5, 15, True),
        (15, 5, True),
        (14, 5, False),
    ],
    ids=["all done", "one left", "none left", "nine more", "a hundredth more", "a hundredth fewer", "nine fewer"],
)
def test_jobs_are_left_undone_where_it_is_a_hundredth_of_them_or_one_instead_of_none(before, after, others):
    found = assumption(tried(undone=after), undone=before)
    assert found.leaves_others_undone(found.tried[0]) is others
    assert found.changes_answer is others
    assert found.hardly_changes is not others


def test_of_no_jobs_none_are_left_undone():
    assert not assumption(tried(), jobs=0.0).changes_answer


@pytest.mark.parametrize(
    ("values", "share", "hardly"),
    [
        ([tried(cost=0.009), tried(turnaround=-0.0099)], 0.0099, True),
        ([tried(cost=0.01)], 0.01, False),
        ([tried(), tried(turnaround=-0.3, cost=0.2)], 0.3, False),
        ([tried(objectives=({"expression": "cost <= 5"},))], 0.0, False),
    ],
    ids=["a little", "a hundredth", "the larger of both", "a verdict"],
)
def test_what_hardly_changes_is_below_a_hundredth_and_turns_no_verdict(values, share, hardly):
    found = assumption(*values)
    assert (found.share, found.hardly_changes) == (share, hardly)


def test_rows_and_table_have_each_value_that_was_tried():
    made = TriedAssumptions((assumption(tried(20), tried(80, objectives=({"expression": "x"},))),), 10.0, None, 3)
    assert [(row["key"], row["assumed"], row["value"]) for row in made.rows] == [
        ("ec2.launch", 40, 20), ("ec2.launch", 40, 80),
    ]  # fmt: skip
    table = made.table
    # Of replications the mean; of objectives how many.
    assert table["queue_time_p95_s"].tolist() == [5.0, 5.0]
    assert table["objectives"].tolist() == [0, 1]
    told = json.loads(json.dumps(made.as_json()))
    assert told == made.as_json()
    assert [each["changes_answer"] for each in told["assumptions"]] == [True]
    assert set(told["assumptions"][0]) == {
        "key", "what", "evidence", "assumed", "tried", "changes_answer", "share",
    }  # fmt: skip
