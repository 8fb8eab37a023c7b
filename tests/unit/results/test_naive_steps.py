"""Step functions against a look at each second: every level is asked for where it holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.results.step_functions import Locator, areas_before, integral, product, sample, steps, thin, total

#: Long enough for all that is drawn; times are whole seconds, so that a second has one level.
LENGTH = 60
CURVES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(-3, 5)), max_size=8, unique_by=lambda step: step[0]
)  # fmt: skip
EVERY = np.arange(LENGTH, dtype=float)


def columns(rows, width):
    return (np.array(column, float) for column in (zip(*rows, strict=True) if rows else [()] * width))


def curve(rows):
    return tuple(columns(sorted(rows), 2))


def every_second(rows) -> np.ndarray:
    """The level of a curve in each second."""
    level = np.zeros(LENGTH)
    for at, value in sorted(rows):
        level[at:] = value
    return level


def assert_is(found, level) -> None:
    at, values = found
    assert sample(at, values, EVERY).tolist() == level.tolist()
    # Instants ascend, and each is one at which something changes.
    assert (np.diff(at) > 0).all()
    assert (np.diff(values, prepend=values[:1] - 1) != 0).all()


@given(st.lists(CURVES, max_size=4))
def test_a_sum_has_the_sum_of_levels(parts):
    assert_is(total([curve(rows) for rows in parts]), sum((every_second(rows) for rows in parts), np.zeros(LENGTH)))


@given(CURVES, CURVES)
def test_a_product_has_the_product_of_levels(one, other):
    at, level = product(*curve(one), *curve(other))
    assert sample(at, level, EVERY).tolist() == (every_second(one) * every_second(other)).tolist()


@given(CURVES, st.lists(st.integers(-5, LENGTH), min_size=1, max_size=5))
def test_an_area_is_the_sum_of_its_seconds(rows, until):
    level = every_second(rows)
    expected = [level[: max(second, 0)].sum() for second in until]
    assert integral(*curve(rows), np.array(until, float)).tolist() == expected
    at, values = curve(rows)
    assert areas_before(at, values).tolist() == [level[: int(second)].sum() for second in at]


@given(CURVES, st.integers(1, 9))
def test_means_over_equal_intervals_keep_each_of_their_areas(rows, most):
    at, level = curve(rows)
    thinned_at, thinned = thin(at, level, most)
    if len(at) <= most:
        assert thinned_at is at
        return
    assert len(thinned_at) == most + 1
    assert np.diff(thinned_at) == pytest.approx([(at[-1] - at[0]) / most] * most)
    assert integral(thinned_at, thinned, thinned_at) == pytest.approx(integral(at, level, thinned_at))
    # From its last step on it stays what it is.
    assert thinned[-1] == level[-1]


def test_rounding_leaves_no_level_behind():
    # 0.1 + 0.2 - 0.3 is 5.6e-17, and no vCPUs.
    start, stop = np.array([0.0, 1.0, 2.0]), np.array([9.0, 9.0, 5.0])
    at, level = steps(start, stop, np.array([0.1, 0.2, 0.3]))
    assert (at[-1], level[-1]) == (9.0, 0.0)
    at, level = total([(np.array([0.0]), np.array([0.1])), (np.array([0.0]), np.array([0.2])),
                       (np.array([0.0, 4.0]), np.array([-0.3, 0.0]))])  # fmt: skip
    assert (at[0], level[0]) == (0.0, 0.0)
    # A small level is one.
    assert steps(np.array([0.0]), np.array([1.0]), np.array([1e-8]))[1].tolist() == [1e-8, 0.0]


@pytest.mark.parametrize("spread", ["even", "close together", "far apart"])
def test_where_a_step_is_looked_up_in_a_table_it_is_the_same(spread):
    generator = np.random.default_rng(5)
    at = {
        "even": np.arange(2000.0),
        "close together": np.concatenate([np.arange(1500) * 1e-9, [1e6]]),
        "far apart": np.cumsum(generator.exponential(1.0, 1500) ** 6),
    }[spread]
    instants = np.concatenate([at, np.nextafter(at, -np.inf), at + 0.25, [-1e9, 1e12]])
    found = Locator(at)(instants)
    assert found.tolist() == [int(np.count_nonzero(at <= instant)) - 1 for instant in instants.tolist()]
