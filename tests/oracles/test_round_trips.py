"""What the validation page says of simulated accounts that were learnt and predicted."""

from __future__ import annotations

import json
from pathlib import Path

from tools.calibration_round_trip import RoundTrip
from tools.validation import round_trips
from tools.validation.round_trips import is_the_same, section, short_of


def trip(seed=1, account="spot", **figures):
    right = {
        "means": 0.01,
        "failures": [2, 2],
        "interruptions": [1, 1],
        "p50": 0.02,
        "p95": -0.03,
        "days_inside": 0.9,
        "observed": [100.0, 1000.0],
        "predicted": [102.0, 970.0],
        "clock_s": 1.0,
    }
    return {"account": account, "seed": seed, **right, **figures}


def short(*trips):
    return short_of([RoundTrip(**each) for each in trips])


def test_what_holds_is_short_of_nothing():
    assert short(*[trip(seed) for seed in range(20)]) == []


def test_each_line_that_is_short_is_named():
    right = [trip(seed) for seed in range(19)]
    assert short(*right) == ["spot: 19 accounts, not 20"]
    assert short(*right, trip(means=0.051)) == ["spot: a mean run time is further than 5 % in 1 of 20"]
    assert short(*right, trip(failures=[1, 2])) == [
        "spot: 1 of 40 rates of failures are neither within 5 % nor in their interval of 95 %"
    ]
    assert short(*right, trip(p95=-0.12, predicted=[102.0, 880.0])) == [
        "spot: a quantile of queue time is further than 10 % in 1 of 20"
    ]
    assert short(*right, trip(days_inside=0.84)) == [
        "spot: fewer days than 85% are in the band in 1 of 20, 84% at worst"
    ]


def test_the_misses_of_intervals_are_held_against_chance():
    # 40 accounts with 2 + 1 rates each: of 120 intervals of 95 % six miss on average, and 2 to 11 in 95 % of cases.
    mixed = [trip(seed, account) for seed in range(20) for account in ("spot", "transactions")]
    mixed[0]["failures"] = [0, 2]
    assert "Of the 120 rates 2 are outside of their intervals of 95%, where by chance 2 to 11 would be." in "\n".join(
        section(mixed, [])
    )


def test_kinds_of_accounts_are_judged_each():
    mixed = [trip(seed, account) for seed in range(20) for account in ("spot", "transactions")]
    assert short(*mixed) == []
    assert short(*mixed[:-1]) == ["transactions: 19 accounts, not 20"]


def test_what_was_done_again_is_held_against_what_was_written():
    written = [trip(seed) for seed in range(20)]
    assert is_the_same([trip(3)], written)
    assert not is_the_same([trip(3, p95=-0.031)], written)
    assert "came out the same" in "\n".join(section(written, [trip(3)]))
    assert "**came out otherwise" in "\n".join(section(written, [trip(3), trip(4, means=0.02)]))


def test_without_the_file_those_of_the_page_are_shown(tmp_path):
    assert round_trips.written(tmp_path / "none.json") == []
    text = "\n".join(section([], [trip()]))
    assert "That file is not there" in text
    assert "Short of what is asked for: spot: 1 accounts, not 20." in text
    assert "Not run" in "\n".join(section([], []))


def test_the_written_file_is_of_the_tool():
    path = Path(round_trips.ROOT) / round_trips.WRITTEN
    trips = [RoundTrip(**each) for each in round_trips.written(path)]
    assert json.loads(path.read_text(encoding="utf-8")) == [vars(each) for each in trips]
    assert len({(each.account, each.seed) for each in trips}) == len(trips) > 0
