from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.placement import Bin, Room
from batchsim.scenario.configuration import Shape

SHAPES = st.builds(
    Shape, vcpus=st.integers(1, 8).map(float), memory_mib=st.integers(1, 8), gpus=st.sampled_from([0, 0, 0, 1])
)


@given(
    rooms=st.lists(st.builds(Shape, st.integers(0, 8).map(float), st.integers(0, 8), st.integers(0, 2)), max_size=8),
    asked=st.lists(SHAPES, max_size=20),
    strategy=st.sampled_from(["binpack", "spread"]),
)
def test_takes_the_least_or_the_most_left_that_holds_the_job(rooms, asked, strategy):
    room = Room(strategy)
    bins = [Bin(ordinal, shape) for ordinal, shape in enumerate(rooms)]
    for each in bins:
        room.add(each)
    sign = 1 if strategy == "binpack" else -1
    for shape in asked:
        able = [each for each in bins if each.holds(shape)]
        expected = min(
            able, key=lambda b: (sign * b.memory_mib, sign * b.vcpus, sign * b.gpus, b.ordinal), default=None
        )
        assert room.find(shape) is expected
        assert room.take(shape) is expected


def test_vcpu_and_memory_are_taken_together_or_not_at_all():
    room = Room("binpack")
    room.add(Bin(0, Shape(4.0, 1000)))
    room.add(Bin(1, Shape(1.0, 8000)))
    assert room.take(Shape(2.0, 2000)) is None
    taken = room.take(Shape(1.0, 1000))
    assert taken is not None
    assert (taken.ordinal, taken.vcpus, taken.memory_mib) == (0, 3.0, 0)


def test_a_withdrawn_bin_is_not_found():
    room, withdrawn = Room("binpack"), Bin(0, Shape(2.0, 100))
    room.add(withdrawn)
    room.discard(withdrawn)
    room.discard(withdrawn)
    assert room.find(Shape(1.0, 1)) is None
    assert room.bins() == []


@pytest.mark.parametrize("strategy", ["binpack", "spread"])
def test_equal_bins_go_by_launch(strategy):
    room = Room(strategy)
    for ordinal in (2, 0, 1):
        room.add(Bin(ordinal, Shape(2.0, 100)))
    taken = room.take(Shape(2.0, 100))
    assert taken is not None
    assert taken.ordinal == 0
