"""Sums that are rounded once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.statistics import sums
from batchsim.statistics.sums import added, added_by

NUMBERS = st.lists(st.floats(-1e200, 1e200, allow_nan=False), max_size=200)
TENTHS = st.lists(st.integers(-(10**6), 10**6).map(lambda n: n / 10), max_size=200)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """So that a list of Hypothesis's takes several."""
    monkeypatch.setattr(sums, "FEW", 3)
    monkeypatch.setattr(sums, "CHUNK", 32)


@given(st.one_of(NUMBERS, TENTHS))
def test_a_sum_is_that_of_fsum(numbers):
    assert added(np.array(numbers, float)) == math.fsum(numbers)
    assert added(np.array(numbers[:70]), np.array(numbers[70:])) == math.fsum(numbers)


@given(st.one_of(NUMBERS, TENTHS), st.data())
def test_so_is_each_owners(numbers, data):
    owner = data.draw(st.lists(st.integers(0, 4), min_size=len(numbers), max_size=len(numbers)))
    parts = added_by(np.array(owner, np.int32), np.array(numbers, float), 5)
    for number, part in enumerate(parts):
        assert math.fsum(part) == math.fsum(n for n, whose in zip(numbers, owner, strict=True) if whose == number)


def test_small_next_to_large_is_not_lost():
    assert added(np.array([1e16, 1.0, -1e16, 1e-20] * 10)) == 10.0
    assert [math.fsum(part) for part in added_by(np.zeros(3, int), np.array([1e16, 1.0, -1e16]), 2)] == [1.0, 0.0]


def test_of_none_it_is_nothing():
    assert added() == added(np.empty(0)) == 0.0
    assert added_by(np.empty(0, int), np.empty(0), 2) == [[], []]


def test_what_has_no_exact_sum_is_said():
    with pytest.raises(OverflowError, match="nan"):
        added(np.full(9, np.nan))
    with pytest.raises(OverflowError, match="inf"):
        added_by(np.zeros(9, int), np.full(9, np.inf), 1)
