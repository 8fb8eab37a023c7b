"""Rates by hand: fixed ones, those that change, and what a Savings Plan takes off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.results.cost.rates import Rate, summed
from batchsim.results.cost.savings_plan import plan_use
from batchsim.results.step_functions import integral
from batchsim.spec.configuration import SavingsPlan

#: A price of 4 a second, of 3 from the 1,800th second on, of 6 from the 2,700th on.
CURVE = np.array([0.0, 1800.0, 2700.0]), np.array([4.0, 3.0, 6.0])


def array(*values: float) -> np.ndarray:
    return np.array(values, float)


def test_a_fixed_rate_costs_by_the_second():
    rate = Rate(array(0.5, 2.0, 0.0))
    assert rate.between(array(10, 0, 0), array(70, 3, 100)).tolist() == [0.5 * 60, 2.0 * 3, 0.0]


def test_its_steps_are_what_all_rows_cost_together():
    # 0.5 from 10 to 70, 2 from 60 to 80.
    at, level = Rate(array(0.5, 2.0)).steps(array(10, 60), array(70, 80))
    assert at.tolist() == [10, 60, 70, 80]
    assert level.tolist() == [0.5, 2.5, 2.0, 0.0]
    assert Rate(array(0.5)).steps(array(0), array(9), per_s=3600)[1].tolist() == [1800, 0]


def test_a_price_that_changes_is_paid_as_long_as_it_holds():
    paid = Rate(array(1.0, 0.5, 0.0), CURVE).between(array(0, 1700, 0), array(3600, 1900, 3600))
    assert paid.tolist() == [1800 * 4 + 900 * 3 + 900 * 6, 0.5 * (100 * 4 + 100 * 3), 0.0]


def test_before_its_first_instant_it_costs_nothing():
    late = Rate(array(1.0), (array(100), array(2)))
    assert late.between(array(0), array(110)).tolist() == [10 * 2]
    assert late.between(array(0), array(50)).tolist() == [0]


def test_its_steps_follow_the_price():
    at, level = Rate(array(1.0, 1.0), CURVE).steps(array(0, 1000), array(2000, 3000))
    assert at.tolist() == [0, 1000, 1800, 2000, 2700, 3000]
    assert level.tolist() == [4, 8, 6, 3, 6, 0]


def test_rates_add_up_and_savings_are_one_below_nothing():
    # $1 a second; a plan that covers all of the first hour, and nothing later, takes off 28 %.
    plan = plan_use(SavingsPlan(0.72 * 3600, 0.28), array(0), array(3600), array(1.0), 7200.0)
    rates = Rate(array(1.0)), plan.savings(array(1.0))
    assert summed(rates, array(0), array(3600)) == pytest.approx([0.72 * 3600])
    assert summed(rates, array(3600), array(7200)) == pytest.approx([3600])
    assert summed(rates, array(3000), array(4200)) == pytest.approx([600 * 0.72 + 600])


def test_other_rows_follow_the_same_step_function():
    rate = Rate(array(1.0, 2.0), CURVE)
    assert rate.of(array(0.25)).between(array(0), array(1800)).tolist() == [0.25 * 1800 * 4]
    assert rate.of(array(0.25)).curve is CURVE


SPANS = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 4000), st.integers(0, 9)), min_size=1, max_size=12)


@given(SPANS, st.booleans())
def test_the_area_under_the_steps_is_what_is_paid(spans, stepped):
    start, length, usd = (np.array(column, float) for column in zip(*spans, strict=True))
    rate = Rate(usd, CURVE if stepped else None)
    at, level = rate.steps(start, start + length)
    paid = rate.between(start, start + length)
    assert integral(at, level, array(1e6))[0] == pytest.approx(paid.sum())
