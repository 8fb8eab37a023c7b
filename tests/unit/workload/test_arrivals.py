from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import batchsim as bs
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
    ("spec", "kept"),
    [
        ({"at": [0, "1h", "90m", "2h"]}, [5400, 7200]),
        ({"trace": [7200, 0, 5399, 5400, 5401]}, [5400, 5401, 7200]),
        ({"every": "1h"}, [5400, 9000]),
        ({"cron": "0,30 * * * *"}, [5400, 7200, 9000]),
        ({"days": {"record": {"2026-11-02": ["1h", "90m", "2h", "3h"]}}}, [5400, 7200]),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_whatever_the_way_arrivals_are_from_one_instant_until_another(spec, kept):
    # 90 min itself counts, 3 h does not: of each way the same, as the page on workloads says ("with any of them").
    assert list(arrivals(**spec, **{"from": "90m", "until": "3h"})) == kept
    # `count` is of those that are left, and what is later than the duration of the scenario is not.
    assert list(arrivals(**spec, count=1, **{"from": "90m", "until": "3h"})) == kept[:1]
    assert list(arrivals(**spec, duration=5401, **{"from": "90m"})) == [5400]


def test_from_may_be_an_instant_of_the_calendar():
    assert list(arrivals(duration=10_800, every="1h", **{"from": "2026-11-02T01:30:00+01:00"})) == [1800, 5400, 9000]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"at": [0, "2026-11-01T23:59:59Z", "2026-11-02T03:00:00Z"]}, [0, 10_800]),
        ({"trace": ["2026-11-01T23:59:59Z", 0, 1]}, [0, 1]),
        # From 20:00 on every six hours: at 02:00, 08:00 …
        ({"every": "6h", "from": "2026-11-01T20:00:00Z"}, [7_200, 28_800]),
        ({"every": "6h", "from": "2026-11-01T18:00:00Z"}, [0, 21_600]),
        ({"every": "1s", "from": "1970-01-01T00:00:00Z", "count": 2}, [0, 1]),
        # Sums of fractions: 7 times 0.3 after 2.1 s before, 3 times 0.3 after 0.9 s before.
        ({"every": "0.3s", "from": "2026-11-01T23:59:57.9Z", "count": 2}, [0, pytest.approx(0.3)]),
        ({"every": "0.3s", "from": "2026-11-01T23:59:59.1Z", "count": 2}, [0, pytest.approx(0.3)]),
        ({"cron": "30 */6 * * *", "from": "2026-11-01T12:00:00Z"}, [1_800, 23_400]),
        ({"every": "6h", "from": "2026-10-01T00:00:00Z", "until": "2026-11-01T23:00:00Z"}, []),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_was_due_before_the_start_is_no_arrival(spec, expected):
    found = arrivals(duration=0.5 * DAY, **spec).tolist()
    assert found == expected
    assert min(found, default=0) >= 0


def test_random_arrivals_before_the_start_are_none_and_the_rate_stays():
    # 1,000 in 1,000 hours from the start, whatever comes before: their number has a standard deviation of 32.
    found = arrivals(duration=1000 * 3600, poisson={"rate": 1}, **{"from": "2026-01-01T00:00:00Z"})
    assert found.min() >= 0
    assert len(found) == pytest.approx(1000, abs=4 * 32)


def test_poisson_arrivals_begin_and_end_where_they_are_told():
    times = arrivals(poisson={"rate": "1000/h"}, **{"from": "90m", "until": "3h"})
    # 1,500 expected in an hour and a half, and the first within seconds.
    assert abs(len(times) - 1500) < 5 * math.sqrt(1500)
    assert 5400 < times[0] < 5400 + 60
    assert 10_800 - 60 < times[-1] < 10_800
    # What begins later has the same gaps: they are drawn of the same stream.
    assert np.diff(arrivals(poisson={"rate": "1000/h"}, count=50)) == pytest.approx(np.diff(times[:50]))


def test_an_hour_of_the_profile_is_that_of_the_clock_whenever_the_scenario_starts():
    # From 05:40 on a Monday, only the hour from 7 to 8: from 80 to 140 minutes after the start, and a day later again.
    hours = [float(hour == 7) for hour in range(24)]
    spec = Arrivals.model_validate({"poisson": {"rate": 3600, "profile": {"hourOfDay": hours}}})
    begin = START.replace(hour=5, minute=40)
    made = instants(spec, start=begin, duration_s=2 * DAY, seed=1, replication=0, name="work")
    first, second = made[made < DAY], made[made >= DAY] - DAY
    for day in (first, second):
        assert abs(len(day) - 3600) < 5 * 60
        assert 80 * 60 <= day[0] < 81 * 60
        assert 139 * 60 < day[-1] < 140 * 60


@pytest.mark.parametrize("begin", ["2026-10-23", "2026-03-27"], ids=["clocks go back", "clocks go forward"])
def test_nightly_work_comes_once_a_night_also_where_02_30_comes_twice_or_not_at_all(begin):
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime.fromisoformat(begin).replace(tzinfo=berlin).astimezone(UTC)
    spec = Arrivals.model_validate({"cron": "30 2 * * *", "timezone": "Europe/Berlin"})
    made = instants(spec, start=start, duration_s=4 * DAY, seed=1, replication=0, name="work")
    nights = [(start + timedelta(seconds=at)).astimezone(berlin).date() for at in made]
    assert nights == sorted(set(nights))
    assert len(nights) == 4
    # The second night is before the change, the last after it: an hour nearer, or an hour further.
    assert made[3] - made[1] == 2 * DAY + (3600 if "10" in begin else -3600)


def test_a_day_of_the_record_may_begin_at_midnight():
    # Second 0 and the start itself are arrivals as any other; a Sunday is drawn as a Sunday.
    made = arrivals(duration=7 * DAY, days={"record": {"2026-11-08": [0], "2026-11-02": [0, 1]}, "draw": "weekday"})
    assert list(made[:2]) == [0, 1]
    assert 6 * DAY in made
    assert 6 * DAY + 1 not in made


def test_a_jitter_that_nobody_means_is_refused():
    with pytest.raises(bs.ScenarioError, match=r"workload\.work\.arrivals\.jitter: .*a jitter of .* is drawn"):
        arrivals(every="1d", jitter={"lognormal": {"median": 3e9, "cv": 3}})


def test_a_jitter_may_be_drawn_of_a_distribution():
    plan = arrivals(every="10m")
    delays = arrivals(every="10m", jitter={"empirical": {"values": [5, 700], "weights": [3, 1]}}) - plan
    assert set(delays.round(6)) == {5.0, 700.0}
    # 1,008 draws, a quarter of them late enough to be overtaken by the next.
    assert abs((delays > 600).sum() - 252) < 5 * math.sqrt(1008 * 3 / 16)


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


#: Two Mondays, a Tuesday without arrivals, a Wednesday.
RECORD = {"2026-10-05": ["8h", "9h"], "2026-10-12": [60], "2026-10-06": [], "2026-10-07": ["23h", "1h"]}


def test_a_day_is_drawn_of_its_weekday():
    made = arrivals(duration=3 * DAY, days={"record": {key: RECORD[key] for key in RECORD if key != "2026-10-12"}})
    assert list(made) == [8 * 3600, 9 * 3600, 2 * DAY + 3600, 2 * DAY + 23 * 3600]


def test_each_day_of_a_weekday_comes_as_often():
    made = arrivals(duration=2000 * 7 * DAY, days={"record": {key: RECORD[key] for key in list(RECORD)[:3]}})
    mondays = made[(made // DAY % 7 == 0)]
    alone = np.sum(mondays % DAY == 60)
    # 2,000 Mondays, and the days of the week that the record does not have are drawn of all.
    assert alone == pytest.approx(1000, abs=4 * np.sqrt(500))
    assert np.sum(mondays % DAY == 8 * 3600) == 2000 - alone
    assert not np.any(made // DAY % 7 == 1)
    thursdays = made[(made // DAY % 7 == 3)]
    assert np.sum(thursdays % DAY == 60) == pytest.approx(2000 / 3, abs=4 * np.sqrt(2000 * 2 / 9))


def test_any_day_may_be_drawn():
    made = arrivals(duration=3000 * DAY, days={"record": {"2026-10-05": [5], "2026-10-06": []}, "draw": "any"})
    assert len(made) == pytest.approx(1500, abs=4 * np.sqrt(750))


def test_days_begin_at_midnight_utc_whenever_the_scenario_does():
    spec = Arrivals.model_validate({"days": {"record": RECORD}, "from": "2h"})
    made = instants(spec, start=START.replace(hour=6), duration_s=3 * DAY, seed=1, replication=0, name="work")
    assert all(at >= 2 * 3600 for at in made)
    assert set(made % DAY) <= {(hour - 6) % 24 * 3600 for hour in (8, 9, 23, 1)} | {18 * 3600 + 60}
    assert 2 * DAY + 17 * 3600 in made  # Wednesday, 23:00


def test_workflows_of_the_same_dates_arrive_as_on_the_same_day():
    first, second = {"2026-10-05": [1], "2026-10-12": [2]}, {"2026-10-05": [100], "2026-10-12": [200]}
    made = [
        instants(Arrivals.model_validate({"days": {"record": each}}), start=START, duration_s=140 * DAY, seed=3,
                 replication=0, name=name)
        for name, each in (("one", first), ("two", second))
    ]  # fmt: skip
    assert list(made[0] % DAY * 100) == list(made[1] % DAY)
    assert set(made[0] % DAY) == {1.0, 2.0}


def test_days_are_the_same_for_a_seed_and_others_for_another():
    record = {"2026-10-05": [1], "2026-10-12": [2]}
    one, same, other = (arrivals(duration=70 * DAY, seed=seed, days={"record": record}) for seed in (1, 1, 2))
    assert list(one) == list(same)
    assert list(one) != list(other)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ({"record": {}}, "at least 1 item"),
        ({"record": {"2026-10-05": []}}, "nothing arrives on any day"),
        ({"record": {"2026-13-05": [1]}}, "'2026-13-05' is not a date"),
        ({"record": {"20261005": [1]}}, "'20261005' is not a date"),
        ({"record": {"2026-10-05": ["24h"]}}, "less than 86400"),
        ({"record": {"2026-10-05": [1]}, "draw": "month"}, "weekday"),
    ],
)
def test_what_are_no_days(days, told):
    with pytest.raises(ValueError, match=told):
        Arrivals.model_validate({"days": days})
