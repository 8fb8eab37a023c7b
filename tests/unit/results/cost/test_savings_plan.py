"""What a Savings Plan covers and what of it is lost: hour by hour, to the end of a run and not beyond."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.results.cost.savings_plan import PlanUse, plan_use
from batchsim.results.step_functions import integral
from batchsim.results.window import WHOLE, Window
from batchsim.spec.configuration import SavingsPlan

HOUR = 3600.0
#: 0.72 USD an hour at 28 % off buy use of 1 USD at on-demand prices.
PLAN = SavingsPlan(0.72, 0.28)


def used(*spans: tuple[float, float, float], plan: SavingsPlan = PLAN, ended_at: float) -> PlanUse:
    """Use by (from, until, USD per hour), in hours."""
    start, stop, usd = np.array(spans, float).reshape(-1, 3).T
    return plan_use(plan, start * HOUR, stop * HOUR, usd / HOUR, ended_at * HOUR)


def paid(use: PlanUse, *spans: tuple[float, float, float]) -> float:
    """What eligible use costs under the plan, commitment included."""
    start, stop, usd = np.array(spans, float).reshape(-1, 3).T
    taken_off = -use.savings(usd / HOUR).between(start * HOUR, stop * HOUR)
    return float(((stop - start) * usd).sum() - taken_off.sum()) + use.unused_usd


def test_an_hour_is_looked_at_as_a_whole():
    # 2 USD an hour in the first half of an hour, and nothing in the second: 1 USD of use, all of it covered.
    half = (0, 0.5, 2.0)
    use = used(half, ended_at=1)
    assert use.discount.tolist() == pytest.approx([0.28])
    assert use.unused_usd == pytest.approx(0.0)
    assert paid(use, half) == pytest.approx(0.72)


def test_what_is_left_of_an_hour_does_not_help_the_next():
    # Nothing in the first hour; 2 USD in the second, of which half is covered.
    late = (1, 2, 2.0)
    use = used(late, ended_at=2)
    assert use.discount.tolist() == pytest.approx([0.0, 0.14])
    assert use.unused_usd == pytest.approx(0.72)
    assert paid(use, late) == pytest.approx(0.72 + 0.72 + 1.0)


def test_of_its_last_hour_a_run_commits_its_part():
    use = used(ended_at=2.25)
    assert use.unused_usd == pytest.approx(2.25 * 0.72)
    # Second by second as much as an hour's.
    assert use.unused[1].tolist() == pytest.approx([0.72 / HOUR] * 3)


def test_use_that_is_billed_past_the_end_has_no_commitment_there():
    # Half of a minute's minimum lies behind the end of the run, at an hour's edge: it costs the on-demand price.
    minute = (1 - 30 / HOUR, 1 + 30 / HOUR, 1.0)
    use = used(minute, ended_at=1)
    assert use.discount.tolist() == pytest.approx([0.28, 0.0])
    assert paid(use, minute) == pytest.approx(0.72 + 30 / HOUR)
    # Within the last hour that has begun it is covered like other use.
    assert used(minute, ended_at=1.001).discount.tolist() == pytest.approx([0.28, min(1, 0.001 / (30 / HOUR)) * 0.28])


def test_a_run_that_ends_at_once_commits_nothing():
    use = used(ended_at=0)
    assert (use.unused_usd, use.discount.tolist(), use.unused[1].tolist()) == (0.0, [0.0], [0.0])
    assert use.savings(np.array([1.0])).between(np.array([0.0]), np.array([0.0])).tolist() == [0.0]


@pytest.mark.parametrize(
    ("usd_per_hour", "discount", "bill"),
    [
        pytest.param(0.0, 0.28, 1.0, id="none"),
        pytest.param(0.36, 0.28, 0.36 + 0.5, id="half"),
        pytest.param(0.72, 0.28, 0.72, id="all"),
        pytest.param(0.73, 0.28, 0.73, id="more than all"),
        pytest.param(0.5, 0.0, 1.0, id="no discount"),
        pytest.param(0.1, 1.0, 0.1, id="all of the price off"),
    ],
)
def test_an_hour_of_a_dollar_costs_the_commitment_and_what_it_does_not_cover(usd_per_hour, discount, bill):
    hour = (0, 1, 1.0)
    use = used(hour, plan=SavingsPlan(usd_per_hour, discount), ended_at=1)
    assert paid(use, hour) == pytest.approx(bill)


SPANS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 4)), max_size=6)


@given(SPANS, st.floats(0, 5), st.floats(0, 5))
def test_a_larger_plan_covers_no_less_and_loses_no_less(spans, one, other):
    spans = [(start / 2, (start + length) / 2, usd) for start, length, usd in spans]
    small, large = (used(*spans, plan=SavingsPlan(usd, 0.28), ended_at=8) for usd in sorted((one, other)))
    assert (small.discount <= large.discount + 1e-12).all()
    assert (large.discount <= 0.28 + 1e-12).all()
    assert small.unused_usd <= large.unused_usd + 1e-12
    # A plan never costs more than its commitment on top of what would be paid without.
    without = sum((stop - start) * usd for start, stop, usd in spans)
    assert without * 0.72 - 1e-9 <= paid(large, *spans) <= without + 8 * max(one, other) + 1e-9


@given(SPANS, st.tuples(st.floats(0, 8), st.floats(0, 8), st.floats(0, 8)))
def test_what_is_unused_in_windows_adds_up(spans, ends):
    spans = [(start / 2, (start + length) / 2, usd) for start, length, usd in spans]
    use = used(*spans, ended_at=8)
    first, middle, last = sorted(at * HOUR for at in ends)
    parts = [use.within(Window(*each)).unused_usd for each in ((first, middle), (middle, last), (first, last))]
    assert parts[0] + parts[1] == pytest.approx(parts[2], abs=1e-9)
    assert use.within(WHOLE) is use
    assert use.within(Window(0.0, 8 * HOUR)).unused_usd == pytest.approx(use.unused_usd, abs=1e-9)
    assert integral(*use.unused, np.array([8 * HOUR]))[0] == pytest.approx(use.unused_usd, abs=1e-9)
