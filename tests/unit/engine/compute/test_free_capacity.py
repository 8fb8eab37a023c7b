"""Placement: which bin takes a job, against the definition of the strategies over all bins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.compute.free_capacity import FreeCapacity, Node
from batchsim.spec.configuration import Shape

SHAPES = st.builds(
    Shape, vcpus=st.integers(1, 8).map(float), memory_mib=st.integers(1, 8), gpus=st.sampled_from([0, 0, 0, 1])
)


@given(
    rooms=st.lists(st.builds(Shape, st.integers(0, 8).map(float), st.integers(0, 8), st.integers(0, 2)), max_size=8),
    shapes=st.lists(SHAPES, min_size=1, max_size=5),
    # Take a job of a shape, or withdraw a bin, let go what it held, and offer it again.
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 7)), max_size=30),
    strategy=st.sampled_from(["binpack", "spread"]),
)
def test_takes_the_least_or_the_most_left_that_holds_the_job(rooms, shapes, steps, strategy):
    room = FreeCapacity(strategy, shapes)
    bins = [Node(ordinal, shape) for ordinal, shape in enumerate(rooms)]
    held: list[list[Shape]] = [[] for _ in bins]
    for each in bins:
        room.add(each)
    sign = 1 if strategy == "binpack" else -1
    for take, number in steps:
        if take:
            code = number % len(shapes)
            able = [each for each in bins if each.holds(shapes[code])]
            expected = min(
                able, key=lambda b: (sign * b.memory_mib, sign * b.vcpus, sign * b.gpus, b.ordinal), default=None
            )
            assert room.has(code) == (expected is not None)
            holding = {c for c, shape in enumerate(shapes) if any(each.holds(shape) for each in bins)}
            assert room.fitting(set(range(len(shapes)))) == holding
            assert room.take(code) is expected
            if expected is not None:
                held[expected.ordinal].append(shapes[code])
        elif number < len(bins):
            room.discard(bins[number])
            while held[number]:
                bins[number].give(held[number].pop())
            room.add(bins[number])


@given(
    rooms=st.lists(st.builds(Shape, st.integers(0, 8).map(float), st.integers(0, 8), st.integers(0, 2)), max_size=8),
    shape=SHAPES,
)
def test_places_are_as_many_as_jobs_can_be_taken(rooms, shape):
    room = FreeCapacity("binpack", [shape])
    for ordinal, each in enumerate(rooms):
        room.add(Node(ordinal, each))
    found, taken = room.places(0), 0
    while room.take(0) is not None:
        taken += 1
    assert found == taken


def test_vcpu_and_memory_are_taken_together_or_not_at_all():
    room = FreeCapacity("binpack", [Shape(2.0, 2000), Shape(1.0, 1000)])
    room.add(Node(0, Shape(4.0, 1000)))
    room.add(Node(1, Shape(1.0, 8000)))
    assert room.take(0) is None
    taken = room.take(1)
    assert taken is not None
    assert (taken.ordinal, taken.vcpus, taken.memory_mib) == (0, 3.0, 0)


def test_a_withdrawn_bin_is_not_found():
    room, withdrawn = FreeCapacity("binpack", [Shape(1.0, 1)]), Node(0, Shape(2.0, 100))
    room.add(withdrawn)
    room.discard(withdrawn)
    room.discard(withdrawn)
    assert room.take(0) is None
    assert room.bins() == []


@pytest.mark.parametrize("strategy", ["binpack", "spread"])
def test_equal_bins_go_by_launch(strategy):
    room = FreeCapacity(strategy, [Shape(2.0, 100)])
    for ordinal in (2, 0, 1):
        room.add(Node(ordinal, Shape(2.0, 100)))
    taken = room.take(0)
    assert taken is not None
    assert taken.ordinal == 0


def test_what_is_taken_in_a_copy_is_not_taken():
    room = FreeCapacity("binpack", [Shape(2.0, 100)])
    room.add(Node(0, Shape(2.0, 100)))
    copy = room.copy([Node(1, Shape(2.0, 100))])
    assert [copy.take(0).ordinal, copy.take(0).ordinal, copy.take(0)] == [0, 1, None]
    assert room.take(0).ordinal == 0
