"""Where a curve crosses another, worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.statistics.crossings import Crossing, crossings


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([-9, -3, 9], [Crossing(250, 1, 2)]),  # 200 + 200 * 3 / 12
        ([9, 3, 1], []),
        ([1, -1, 3], [Crossing(150, 0, 1), Crossing(250, 1, 2)]),
        ([0, 0, 0], []),
        ([-1, 0, 1], [Crossing(200, 0, 2)]),
        ([-1, 0, -1], []),
        ([0, -1, 1], [Crossing(300, 1, 2)]),
    ],
)
def test_a_sign_that_changes_is_a_crossing(differences, expected):
    assert crossings([100, 200, 400], differences) == expected


@given(st.floats(0.1, 100), st.floats(0, 100), st.floats(0, 10), st.floats(0.1, 10))
def test_of_two_straight_lines_it_is_exact(fixed, other, rate, steeper):
    # fixed + rate x against other + (rate + steeper) x, of which one starts below.
    at = [0.0, 1.0, 10.0, 5000.0]
    found = crossings(at, [other - fixed + steeper * each for each in at])
    assert len(found) == (fixed > other)
    for each in found:
        assert each.at == pytest.approx((fixed - other) / steeper)
