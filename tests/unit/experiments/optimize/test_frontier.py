"""The frontier, and parameters that change nothing."""

from __future__ import annotations

from batchsim.experiments.optimize.frontier import Seen, frontier, without_effect


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
