"""Spot prices that change while instances run: each second pays the price of its moment (EC2 User Guide)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.results.cost.rates import summed
from batchsim.results.cost.recorded_prices import recorded_rates
from tests.worlds import LARGE, XLARGE, configuration, fleet, jobs, run

#: 0.036 USD an hour, a cent a thousand seconds; three times that from the 200th second on.
MOVING = replace(LARGE, price_steps=((0.0, 0.036), (200.0, 0.108)))
SPOT = {"purchase_option": "SPOT", "allocation_strategy": "SPOT_CAPACITY_OPTIMIZED"}


def usd(environment, work, free=()):
    recording = run(work, environment)
    is_free = np.isin(np.arange(len(recording.instances.environment)), free)
    rates, recorded = recorded_rates(configuration(environment), recording, is_free)
    instances = recording.instances
    return summed(rates, instances.paid_from, instances.terminated_at).tolist(), recorded.tolist(), len(rates)


def test_each_second_pays_the_price_of_its_moment():
    # From 0 to 500: 200 s at a cent a thousand seconds, 300 s at three.
    paid, recorded, _ = usd(fleet(offerings=(MOVING,), **SPOT), jobs([0], 500, 2))
    assert paid == pytest.approx([(200 * 0.036 + 300 * 0.108) / 3600])
    assert recorded == [True]


def test_what_is_free_pays_nothing_and_counts_as_recorded():
    paid, recorded, _ = usd(fleet(offerings=(MOVING,), **SPOT), jobs([0, 0], 500, 2), free=[1])
    assert paid == pytest.approx([(200 * 0.036 + 300 * 0.108) / 3600, 0.0])
    assert recorded == [True, True]


def test_a_type_of_a_fixed_price_has_no_such_rate():
    _, recorded, rates = usd(fleet(offerings=(LARGE,), **SPOT), jobs([0], 500, 2))
    assert (recorded, rates) == ([False], 0)


def test_each_type_follows_its_own_prices():
    # A job of 4 vCPUs goes to the type of 4, whose price is 0.072 and never changes; both are recorded.
    steady = replace(XLARGE, price_steps=((0.0, 0.072),))
    paid, recorded, rates = usd(fleet(offerings=(MOVING, steady), **SPOT), jobs([0, 0], [100, 100], [2, 4]))
    assert rates == 2
    assert all(recorded)
    assert sum(paid) == pytest.approx(100 * (0.036 + 0.072) / 3600)
