"""The frontier, and parameters that change nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.experiments.optimize.frontier import Seen, frontier, subject, without_effect
from batchsim.spec.objectives import parse_objective


def seen(number: int, cost: float, figure: float | None, **labels: str) -> Seen:
    return Seen(number, dict(labels), labels, cost, figure, figure, True)


def test_the_frontier_has_what_nothing_beats_in_both():
    dear, slow, beaten, unknown = seen(0, 9, 1), seen(1, 5, 8), seen(2, 9, 2), seen(3, 1, None)
    equal = seen(4, 9, 1)
    assert frontier([equal, dear, slow, beaten, unknown]) == [slow, dear]


def test_a_parameter_changes_nothing_where_no_pair_that_differs_in_it_alone_differs_in_a_figure():
    found = [
        seen(0, 5, 1, size="a", priority="1"),
        seen(1, 5, 1, size="a", priority="2"),
        seen(2, 5, 1, size="a", priority="3"),
        seen(3, 7, 2, size="b", priority="1"),
    ]
    assert without_effect(found) == {"priority": 2}
    assert without_effect([*found, seen(4, 7, 3, size="b", priority="2")]) == {}


def test_of_what_was_never_tried_alone_nothing_is_said():
    assert without_effect([seen(0, 5, 1, size="a", priority="1"), seen(1, 5, 1, size="b", priority="2")]) == {}
    assert without_effect([]) == {}


@pytest.mark.parametrize(
    ("texts", "index"),
    [
        (["cost <= 5", "makespan <= 1h", "p95(turnaround) <= 1h"], 2),
        (["makespan <= 1h", "max(finished_at) <= 06:00", "p50(queue_time) <= 1m"], 2),
        (["p95(turnaround) <= 1h", "max(finished_at) <= 06:00"], 1),
        (["p95(queue_time) <= 1m", "p50(queue_time) <= 10s"], 0),
        # Nobody wants to be slower than a floor: of the figure that has a ceiling it is.
        (["p95(queue_time) >= 1m", "makespan <= 1h"], 1),
        (["cost <= 5", "utilisation >= 50%", "failed <= 0"], None),
        ([], None),
    ],
)
def test_the_frontier_is_of_waiting_first_then_of_ends(texts, index):
    assert subject([parse_objective(text) for text in texts]) == index


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=12))
def test_the_frontier_is_what_nothing_is_as_good_as_in_both_and_better_in_one(points):
    found = frontier([seen(number, cost, wait) for number, (cost, wait) in enumerate(points)])
    kept = {(each.cost_usd, each.figure) for each in found}
    best = {
        (cost, wait)
        for cost, wait in points
        if not any((c, w) != (cost, wait) and c <= cost and w <= wait for c, w in points)
    }
    assert kept == best
    assert len(found) == len(best)  # of several alike one
