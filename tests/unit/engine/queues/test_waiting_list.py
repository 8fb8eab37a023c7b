"""The waiting list is its keys in ascending order, however they came and left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.queues.fifo import WaitingList


def waiting(*keys: int) -> WaitingList:
    made = WaitingList()
    for key in keys:
        made.add(key)
    return made


def test_order_is_by_key_and_not_by_arrival():
    made = waiting(3, 5, 4, -2, 9)
    assert list(made) == [-2, 3, 4, 5, 9]
    assert made.first() == -2
    assert made.head(3) == [-2, 3, 4]
    assert made.head(99) == [-2, 3, 4, 5, 9]


def test_looking_through_it_takes_nothing_out():
    made = waiting(2, 1)
    assert list(made) == list(made) == [1, 2]


def test_one_leaves_from_wherever_it_stands():
    made = waiting(3, 5, 7, 4)
    made.remove(5)  # in the middle of those that came in order
    made.remove(4)  # sorted in
    made.remove(3)  # the first
    assert list(made) == [7]
    # What left may come back, as a retried job does.
    made.add(3)
    assert list(made) == [3, 7]


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "leave"]), st.integers(0, 40)), max_size=60))
def test_it_is_a_sorted_list(steps):
    made, expected = WaitingList(), []
    for step, number in steps:
        if step == "add":
            if number not in expected:
                made.add(number)
                expected = sorted([*expected, number])
        elif step == "remove" and expected:
            key = expected.pop(number % len(expected))
            made.remove(key)
        elif step == "leave" and expected:
            # Started jobs leave together: every second one of the first few.
            keys = expected[: number % 9 : 2]
            for key in keys:
                made.remove(key)
            expected = [key for key in expected if key not in keys]
        assert list(made) == expected
        assert made.head(3) == expected[:3]
        assert not expected or made.first() == expected[0]


@given(
    came=st.lists(st.integers(-60, 60), unique=True, max_size=60),
    gone=st.sets(st.integers(-70, 70)),
    later=st.lists(st.integers(61, 99), unique=True, max_size=5),
)
def test_many_leave_at_once_and_the_rest_keeps_its_order(came, gone, later):
    made = waiting(*came)
    made.discard(gone)
    left = sorted(set(came) - gone)
    assert list(made) == left
    assert made.head(len(left)) == left
    for key in later:
        made.add(key)
    assert list(made) == sorted([*left, *later])
    assert not list(made) or made.first() == min(made)


@pytest.mark.parametrize("most", [0, 1, 7, 8, 9, 20])
def test_the_first_of_two_halves_that_came_in_the_wrong_order(most):
    # The even ones after the odd ones: all of them are sorted in.
    made = waiting(*range(1, 20, 2), *range(0, 20, 2))
    assert made.head(most) == list(range(most))
