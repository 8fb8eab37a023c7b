"""How submissions are written: at random where they may be, as recorded where they are not."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from batchsim.experiments.calibrate.arrivals import day_of, learn_arrivals
from batchsim.spec.arrivals import Arrivals
from batchsim.workload.arrivals import instants
from tests.unit.experiments.calibrate.records import MONDAY

START = datetime(2026, 11, 2, tzinfo=UTC)
DAY = 86400.0
HOURS = [0.2] * 8 + [1.5] * 10 + [1.125] * 6


def learn(seconds, **more):
    recorded = [MONDAY + each for each in seconds]
    return learn_arrivals(recorded, start=START, first=recorded[0], last=recorded[-1], **more)


def drawn(days, seed=1):
    arrivals = Arrivals.model_validate({"poisson": {"rate": "30/h", "profile": {"hourOfDay": HOURS}}})
    return instants(arrivals, start=START, duration_s=days * DAY, seed=seed, replication=0, name="x").tolist()


def test_what_comes_at_random_is_a_poisson_process():
    found = learn(drawn(21))
    assert found.by == "poisson"
    assert found.dispersion == pytest.approx(1, abs=0.25)
    again = instants(
        Arrivals.model_validate(found.written), start=START, duration_s=21 * DAY, seed=2, replication=0, name="y"
    )
    assert len(again) == pytest.approx(found.n, rel=0.04)
    at_noon = [
        np.sum((np.array(each) % DAY >= 8 * 3600) & (np.array(each) % DAY < 18 * 3600)) for each in (drawn(21), again)
    ]
    assert at_noon[1] == pytest.approx(at_noon[0], rel=0.05)


def test_it_is_replayed_where_that_is_asked():
    found = learn(drawn(7), replay=True)
    assert found.by == "replay"
    assert found.written["trace"] == pytest.approx(drawn(7), abs=1e-3)


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        ([14 * 3600 + day * DAY for day in range(10)], "10 of the 50 submissions"),
        ([number * 1800.0 for number in range(48 * 10)], "more regularly than at random"),
        ([hour * 3600.0 * 7 + number for hour in range(40) for number in range(100)], "in bursts"),
        ([number * 2.0 for number in range(60)], "too few hours"),
    ],
)
def test_what_does_not_is_replayed(seconds, why):
    found = learn(seconds)
    assert found.by == "replay"
    assert why in found.why
    assert found.written["trace"] == seconds


def bursts(days):
    """Each Monday a hundred at eight, each Thursday sixty at noon; the first and the last day are not whole."""
    made = [0.5 * DAY]
    for day in range(1, days - 1):
        weekday = day % 7
        made += [day * DAY + 8 * 3600 + number for number in range(100)] if weekday == 0 else []
        made += [day * DAY + 12 * 3600 + number for number in range(60)] if weekday == 3 else []
    return [*made, (days - 1) * DAY + 0.25 * DAY]


def test_of_bursts_whole_days_are_drawn_where_there_are_two_of_each_weekday():
    found = learn(bursts(16))
    assert found.by == "days"
    assert "of the 14 that the record has" in found.why
    record = found.written["days"]["record"]
    assert list(record) == [f"2026-11-{day:02}" for day in range(3, 17)]
    assert len(record["2026-11-05"]) == 60  # a Thursday
    assert record["2026-11-05"][:2] == [43200.0, 43201.0]
    assert record["2026-11-06"] == []
    drawn = instants(Arrivals.model_validate(found.written), start=START, duration_s=70 * DAY, seed=1, replication=0,
                     name="x")  # fmt: skip
    assert len(drawn) == 10 * (100 + 60)
    assert set((drawn // DAY % 7).tolist()) == {0.0, 3.0}


def test_of_fewer_days_they_are_replayed():
    found = learn(bursts(15))
    assert found.by == "replay"
    assert "13 of the 14 whole days" in found.why


def test_days_that_were_not_seen_are_said():
    assert "no Thursday or Friday or Saturday or Sunday is in the record" in learn(drawn(3)).why
    assert "of 10 days" in learn(drawn(10)).why


def test_the_day_is_that_of_utc():
    assert day_of(MONDAY + 86399) == START
