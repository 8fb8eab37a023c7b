"""The space of candidates, held against plain loops over all of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.experiments.optimize.space import Axis, Space, scaled


@st.composite
def spaces(draw) -> Space:
    """Three axes at most: capacity, other numbers, kinds; numbers in any order, some candidates excluded."""
    axes = []
    for kind in draw(st.lists(st.sampled_from(["capacity", "numbers", "kinds"]), min_size=1, max_size=3)):
        size = draw(st.integers(1, 4))
        if kind == "kinds":
            axes.append(Axis(size))
        else:
            numbers = draw(st.lists(st.integers(0, 64), min_size=size, max_size=size, unique=True))
            axes.append(Axis(size, tuple(map(float, numbers)), kind == "capacity"))
    size = math.prod(axis.size for axis in axes)
    allowed = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return Space.of(axes, np.array(allowed))


def points(space: Space) -> list[tuple[int, ...]]:
    return list(itertools.product(*(range(axis.size) for axis in space.axes)))


def number(axis: Axis, place: int) -> float:
    assert axis.numbers is not None
    return axis.numbers[place]


@given(spaces())
def test_the_last_axis_runs_fastest(space):
    assert [tuple(each) for each in space.values.tolist()] == points(space)


@given(spaces(), st.data())
def test_no_roomier_is_what_has_no_more_of_anything_that_is_room(space, data):
    candidate = data.draw(st.integers(0, len(space) - 1))
    mine = points(space)[candidate]
    expected = [
        all(
            number(axis, at) <= number(axis, here) if axis.capacity else at == here
            for axis, at, here in zip(space.axes, point, mine, strict=True)
        )
        for point in points(space)
    ]
    found = space.no_roomier(candidate)
    assert found.tolist() == expected
    assert found[candidate]


@given(spaces(), st.data())
def test_beside_one_is_the_next_number_of_one_axis(space, data):
    candidate = data.draw(st.integers(0, len(space) - 1))
    mine = points(space)[candidate]
    expected = set()
    for place, point in enumerate(points(space)):
        different = [column for column in range(len(mine)) if point[column] != mine[column]]
        if len(different) != 1 or space.axes[different[0]].numbers is None:
            continue
        axis = space.axes[different[0]]
        low, high = sorted(number(axis, each[different[0]]) for each in (point, mine))
        if not any(low < each < high for each in axis.numbers):
            expected.add(place)
    assert set(np.flatnonzero(space.beside(candidate)).tolist()) == expected
    assert all(space.beside(each)[candidate] for each in expected)


@given(spaces())
def test_the_roomiest_are_allowed_one_for_each_kind_and_nothing_allowed_has_more_of_all(space):
    allowed = [place for place in range(len(space)) if space.allowed[place]]

    def kind(place: int) -> tuple[int, ...]:
        return tuple(at for at, axis in zip(points(space)[place], space.axes, strict=True) if not axis.capacity)

    def room(place: int) -> list[float]:
        pairs = zip(points(space)[place], space.axes, strict=True)
        return [number(axis, at) for at, axis in pairs if axis.capacity]

    found = space.roomiest().tolist()
    assert set(found) <= set(allowed)
    assert sorted(map(kind, found)) == sorted({kind(each) for each in allowed})
    for one, other in itertools.product(found, allowed):
        if kind(one) == kind(other) and room(one):
            assert not all(more > mine for more, mine in zip(room(other), room(one), strict=True))


@given(spaces())
def test_a_surrogate_sees_numbers_between_none_and_one_in_their_order_and_kinds_as_they_are(space):
    numbers, kinds = space.features.numeric, space.features.categories
    assert len(numbers) == len(kinds) == len(space)
    assert ((numbers >= 0) & (numbers <= 1)).all()
    numeric = [column for column, axis in enumerate(space.axes) if axis.numbers is not None]
    for column, axis in enumerate(numeric):
        real = np.array(space.axes[axis].numbers)[space.values[:, axis]]
        order = np.argsort(real, kind="stable")
        assert (np.diff(numbers[order, column]) >= 0).all()
        assert (numbers[real == real.max(), column] == 1).all() or len(set(real)) == 1


@given(st.lists(st.floats(0.1, 1e6), min_size=2, unique=True), st.floats(0.01, 100))
def test_the_unit_of_numbers_bears_on_nothing(numbers, unit):
    assert scaled([unit * each for each in numbers]) == pytest.approx(scaled(numbers), abs=1e-6)


@pytest.mark.parametrize(
    ("numbers", "middle"),
    [
        ((10, 20, 29.9), 10 / 19.9),  # less than three times as much: as they are
        ((10, 20, 30), math.log(2) / math.log(3)),
        ((0, 8, 64), math.log(2) / math.log(9)),  # none has no logarithm: (v + 8) / 8
        ((-10, 0, 10), 0.5),  # less than none neither
    ],
)
def test_from_three_times_on_ratios_count(numbers, middle):
    assert scaled(numbers) == pytest.approx([0, middle, 1])
