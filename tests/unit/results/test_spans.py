"""Step functions from spans: exact while there are few, means over equal intervals while there are many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.results import spans as module
from batchsim.results.spans import Spans, means, while_on
from batchsim.results.step_functions import Locator, integral, steps


def made(start, stop, size=None, parts=1) -> Spans:
    """Spans of columns, in some parts."""
    start, stop = np.array(start, float), np.array(stop, float)
    size = None if size is None else np.array(size, float)

    def rows(which):
        return start[which], stop[which], None if size is None else size[which]

    return Spans(tuple((rows, each) for each in np.array_split(np.arange(len(start)), parts)))


@pytest.fixture
def few(monkeypatch):
    """Limits as small as the cases are."""
    monkeypatch.setattr(module, "MOST_STEPS", 4)
    monkeypatch.setattr(module, "MANY", 6)
    monkeypatch.setattr(module, "SLICE", 3)


def test_few_spans_are_exact():
    at, level = made([0, 5, 9], [10, 5, 12], parts=2).curve()
    assert at.tolist() == [0, 9, 10, 12]
    assert level.tolist() == [1, 2, 1, 0]


def test_of_none_there_is_nothing():
    assert [len(column) for column in made([], []).curve()] == [0, 0]
    assert [len(column) for column in made([3], [3]).curve()] == [0, 0]


def test_many_are_means_over_equal_intervals(few):
    # Seven jobs of 10 s, one after the other, with pauses of 10 s; from 0 to 130 s in four parts of 32.5 s.
    start = np.arange(7) * 20.0
    at, level = made(start, start + 10).curve()
    assert at.tolist() == [0, 32.5, 65, 97.5, 130]
    assert level * 32.5 == pytest.approx([20, 15, 15, 20, 0])


def test_many_of_few_steps_are_exact(few):
    at, level = made([0] * 20, [10] * 20).curve()
    assert at.tolist() == [0, 10]
    assert level.tolist() == [20, 0]


NUMBERS = st.integers(0, 60)
COLUMNS = st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(-4, 9)), min_size=1, max_size=40)


@given(COLUMNS, st.lists(NUMBERS, min_size=2, max_size=9, unique=True), st.booleans(), st.integers(1, 3))
def test_areas_are_those_of_the_exact_steps(rows, edges, sized, parts):
    start, length, size = (np.array(column, float) for column in zip(*rows, strict=True))
    spans = made(start, start + length, size if sized else None, parts)
    whole = np.concatenate([[-1.0], np.sort(np.array(edges, float)), [200.0]])
    exact = steps(start, start + length, size if sized else None)
    assert spans.areas(whole) == pytest.approx(np.diff(integral(*exact, whole)), abs=1e-9)


@given(COLUMNS, st.lists(NUMBERS, min_size=1, max_size=9, unique=True))
def test_so_are_those_while_something_holds(rows, changes):
    start, length, size = (np.array(column, float) for column in zip(*rows, strict=True))
    curve = np.sort(np.array(changes, float)), (np.arange(len(changes)) + 1.0) % 2
    edges = np.array([-1.0, 20.0, 33.0, 200.0])
    # By hand: of each span what is in an interval and in a stretch that holds.
    ends = np.append(curve[0][1:], np.inf)
    expected = np.zeros(3)
    for low, high, of in zip(start, start + length, size, strict=True):
        for since, until, factor in zip(curve[0], ends, curve[1], strict=True):
            for place in range(3):
                least, most = max(low, since, edges[place]), min(high, until, edges[place + 1])
                expected[place] += of * factor * max(most - least, 0.0)
    assert while_on(made(start, start + length, size), curve, edges) == pytest.approx(expected, abs=1e-9)


def test_a_mean_of_rounding_error_is_nothing():
    assert means(np.array([0.0, 1.0, 2.0]), np.array([1e-12, 3.0])).tolist() == [0.0, 3.0, 0.0]


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_step_is_found_as_by_bisection(spread, seed):
    # Steps that are even, and ever more of them close together.
    generator = np.random.default_rng(seed)
    at = np.unique(generator.random(3000) ** spread * 1e6)
    instants = np.concatenate([generator.random(2000) ** spread * 1.2e6 - 1e5, at[:50], at[-3:]])
    assert (Locator(at)(instants) == np.searchsorted(at, instants, side="right") - 1).all()
