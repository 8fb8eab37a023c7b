"""Interruptions that come together: as many as when each comes for itself, and near to each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worlds import LARGE, fleet, jobs, run

RATE = 0.02
DAY = 86_400.0
WORK = jobs([0] * 100, DAY, 2, attempts=10)
FLEET = fleet(
    purchase_option="SPOT",
    max_vcpus=200,
    offerings=(replace(LARGE, interruptions_per_hour=RATE),),
    zones=("a", "b", "c"),
)


def day(seed, **spot):
    """Of a hundred instances: interruptions, instance-hours, and how many had another in their zone within 180 s."""
    recording = run(WORK, FLEET, seed=seed, horizon_s=DAY, spot=spot)
    instances = recording.instances
    ends = np.where(np.isnan(instances.terminated_at), DAY, instances.terminated_at)
    near = 0
    for zone in range(3):
        gone = np.sort(instances.terminated_at[instances.reclaimed & (instances.zone == zone)])
        gaps = np.concatenate([[np.inf], np.diff(gone), [np.inf]])
        near += int((np.minimum(gaps[1:], gaps[:-1]) <= 180).sum()) if len(gone) else 0
    return int(instances.reclaimed.sum()), float((ends - instances.running_at).clip(0).sum()) / 3600, near


SLOW = pytest.mark.slow


@pytest.mark.parametrize("together", [pytest.param(0, marks=SLOW), pytest.param(0.5, marks=SLOW), 0.9, 1])
def test_the_rate_is_the_same_and_most_have_another_near_them(together):
    counts, hours, near = np.array([day(seed, together=together) for seed in range(120)], float).T
    rate = counts.sum() / hours.sum()
    # Of a ratio: interruptions of a day depend on each other, days do not.
    error = np.sqrt(((counts - rate * hours) ** 2).sum()) / hours.sum()
    assert abs(rate - RATE) < 3 * error
    assert error < 0.1 * RATE
    share = near.sum() / counts.sum()
    if together == 1:
        assert share > 0.95
    else:
        # A few are near to each other by chance: 33 instances at 0.02 an hour are one within three minutes in 30.
        assert abs(share - together) < 0.1


def test_days_without_any_are_many_where_they_come_together():
    # Of three pools each has an event in a day of 24 h with probability 1 - exp(-24 * 0.02 / 0.9).
    quiet = np.mean([day(seed, together=1)[0] == 0 for seed in range(300, 400)])
    assert quiet == pytest.approx(np.exp(-3 * 24 * RATE / 0.9), abs=0.12)
    assert not any(day(seed, together=0)[0] == 0 for seed in range(300, 310))
