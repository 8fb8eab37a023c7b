from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from batchsim.spec.arrivals import Arrivals
from batchsim.workload.arrivals import instants

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
DAY = 86_400


def arrivals(duration=7 * DAY, seed=1, **spec):
    return instants(
        Arrivals.model_validate(spec), start=START, duration_s=duration, seed=seed, replication=0, name="work"
    )


def test_at_takes_durations_and_instants():
    assert list(arrivals(at=["2h", "2026-11-02T01:00:00Z", 30])) == [30, 3600, 7200]


def test_every_stops_before_the_duration_ends():
    assert list(arrivals(duration=3600, every="20m")) == [0, 1200, 2400]
    assert list(arrivals(every="20m", count=2, **{"from": "5m"})) == [300, 1500]
    assert list(arrivals(every="20m", until="40m")) == [0, 1200]


@pytest.mark.parametrize(
    "expression", ["0 2 * * * 0", "0 0 2 * * *", "0 2 * * ? 2026", "cron(0 2 * * ? *)", "@daily", "0 2 * *", ""]
)
def test_cron_has_five_fields(expression):
    # Six are seconds first (cronsim 2.7), seconds last (croniter) or years last (EventBridge): nobody knows which.
    with pytest.raises(ValueError, match="expected five fields such as 0 2"):
        Arrivals(cron=expression)


def test_cron_is_wall_clock():
    assert list(arrivals(cron="0 2 * * *")) == [day * DAY + 2 * 3600 for day in range(7)]
    # 02:00 in Berlin is 01:00 UTC in November.
    assert arrivals(cron="0 2 * * *", timezone="Europe/Berlin")[0] == 3600
    # The start itself counts.
    assert arrivals(cron="0 0 * * *")[0] == 0


def test_nothing_means_once_at_the_start():
    assert list(instants(None, start=START, duration_s=None, seed=1, replication=0, name="w")) == [0]


def test_jitter_is_a_uniform_share():
    plan, moved = arrivals(cron="0 2 * * *"), arrivals(cron="0 2 * * *", jitter="5m")
    assert ((moved - plan >= 0) & (moved - plan < 300)).all()
    assert len(set(moved - plan)) == 7


def test_poisson_has_its_rate():
    # 60 an hour for a week: 10,080 expected, standard deviation its root.
    times = arrivals(poisson={"rate": "60/h"})
    assert abs(len(times) - 10_080) < 5 * math.sqrt(10_080)
    assert (np.diff(times) > 0).all()
    gaps = np.diff(times)
    assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.05)


def test_poisson_profile_shapes_hours_and_days():
    hours = [0.0] * 24
    hours[9], hours[15] = 1.0, 3.0
    days = [1, 1, 1, 1, 1, 0, 0]
    times = arrivals(poisson={"rate": 1000, "profile": {"hourOfDay": hours, "dayOfWeek": days}})
    hour, day = times // 3600 % 24, times // DAY
    assert set(hour) == {9, 15}
    assert day.max() == 4
    # Five days: 5,000 expected at nine, 15,000 at three.
    assert abs((hour == 9).sum() - 5_000) < 5 * math.sqrt(5_000)
    assert abs((hour == 15).sum() - 15_000) < 5 * math.sqrt(15_000)


def test_a_longer_duration_only_appends():
    short, long = arrivals(duration=DAY, poisson={"rate": 50}), arrivals(duration=2 * DAY, poisson={"rate": 50})
    assert np.array_equal(short, long[: len(short)])


def test_another_seed_gives_other_arrivals():
    assert not np.array_equal(arrivals(poisson={"rate": 50})[:10], arrivals(poisson={"rate": 50}, seed=2)[:10])
