"""Who is cheaper at which volume, of summaries that are given: crossings, chance, months, what is marked as missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from batchsim.experiments.break_even import BreakEven, Volume
from batchsim.units import DAY, HOURS_PER_MONTH


def summary(cost: float, jobs: float, *kept: bool | None, per_month: bool = False, undone: int = 0) -> dict[str, Any]:
    """A run of a day."""
    monthly = cost * HOURS_PER_MONTH / 24 if per_month else None
    return {
        "cost_usd": {"total": cost, "per_month": monthly},
        "period_s": DAY if per_month else None,
        "jobs": {"submitted": jobs, "failed": undone, "unfinished": 2 * undone},
        "objectives": [{"kept": each} for each in kept],
    }


def tried(costs: dict[str, Sequence[Sequence[float]]], jobs: Sequence[float] = (10, 20, 40, 80), **more) -> BreakEven:
    """Of each variant the costs of replications at each volume."""
    volumes = [
        Volume(f"{many}", {name: [summary(cost, many, **more) for cost in at[place]] for name, at in costs.items()})
        for place, many in zip(range(len(next(iter(costs.values())))), jobs, strict=False)
    ]
    return BreakEven("size", tuple(volumes))


def test_they_meet_where_straight_lines_between_two_volumes_do():
    # 30 all along against 10, 20, 40, 80: between 20 and 40 jobs, half-way.
    found = tried({"kept": [[30]] * 4, "each": [[10], [20], [40], [80]]})
    (pair,) = found.pairs
    assert (pair["first"], pair["second"]) == ("kept", "each")
    assert pair["cheaper"] == ["each", "each", "kept", "kept"]
    assert pair["break_even"] == [{"jobs": 30, "below": "each", "above": "kept", "between": [20, 40]}]
    # The other way round it is the same place.
    (turned,) = tried({"each": [[10], [20], [40], [80]], "kept": [[30]] * 4}).pairs
    assert turned["break_even"] == pair["break_even"]


def test_they_may_meet_more_than_once():
    (pair,) = tried({"a": [[10], [30], [40], [100]], "b": [[20], [20], [50], [60]]}).pairs
    # Differences 10, -10, 10, -40: half-way, half-way, and a fifth of the way.
    assert [each["jobs"] for each in pair["break_even"]] == [15, 30, 48]
    assert [(each["below"], each["above"]) for each in pair["break_even"]] == [("a", "b"), ("b", "a"), ("a", "b")]


def test_where_they_cost_the_same_nobody_is_cheaper_and_it_is_where_they_begin_to():
    (pair,) = tried({"a": [[10], [20], [20], [50]], "b": [[20], [20], [20], [40]]}).pairs
    assert pair["cheaper"] == ["a", None, None, "b"]
    (point,) = pair["break_even"]
    assert (point["jobs"], point["below"], point["above"], point["between"]) == (20, "a", "b", [10, 80])


def test_every_two_variants_are_a_pair():
    costs = {name: [[float(place)]] * 2 for place, name in enumerate("abcd")}
    assert [(each["first"], each["second"]) for each in tried(costs).pairs] == [
        ("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d"),
    ]  # fmt: skip


def test_what_is_shown_is_so_for_all_pairs_and_volumes_at_once():
    rng = np.random.default_rng(2)
    base = {"a": (10, 20, 30), "b": (11, 20.4, 29), "c": (13, 20.1, 25)}
    costs = {name: [(cost + rng.normal(scale=0.6, size=6)).tolist() for cost in at] for name, at in base.items()}
    found = tried(costs)
    p = {
        (one, two, place): stats.ttest_rel(costs[two][place], costs[one][place]).pvalue
        for one, two in (("a", "b"), ("a", "c"), ("b", "c"))
        for place in range(3)
    }
    # Holm's procedure as he states it: step down until one is not below 0.05 over how many are left.
    expected = dict.fromkeys(p, False)
    for number, key in enumerate(sorted(p, key=p.__getitem__)):
        if p[key] >= 0.05 / (9 - number):
            break
        expected[key] = True
    told = {(each["first"], each["second"], place): each["shown"][place] for each in found.pairs for place in range(3)}
    assert told == expected
    assert {True, False} == set(told.values())


def test_it_lies_between_the_nearest_volumes_at_which_it_is_shown():
    """At 20 and 40 jobs chance is larger than the difference, at 10 and 80 it is not."""
    sure, unsure = [-0.1, 0.0, 0.1, 0.0], [-30.0, 0.0, 30.0, 0.0]
    means = {"a": (10, 20, 41, 90), "b": (20, 21, 40, 80)}
    scatter = (sure, unsure, unsure, sure)
    costs = {
        "a": [[mean] * 4 for mean in means["a"]],
        "b": [[mean + each for each in swing] for mean, swing in zip(means["b"], scatter, strict=True)],
    }
    (pair,) = tried(costs).pairs
    assert pair["shown"] == [True, False, False, True]
    (point,) = pair["break_even"]
    assert (point["jobs"], point["between"]) == (30, [10, 80])


def test_it_is_open_where_it_is_shown_at_no_volume_on_that_side():
    """Nor is anything said beyond a volume at which the other one is cheaper."""
    unsure = [-30.0, 0.0, 30.0, 0.0]
    costs = {"a": [[50] * 4] * 4, "b": [[40] * 4, [60.0 + each for each in unsure], [40] * 4, [30] * 4]}
    (pair,) = tried(costs).pairs
    assert pair["cheaper"] == ["b", "a", "b", "b"]
    assert [each["between"] for each in pair["break_even"]] == [[10, None], [None, 40]]


def test_a_month_is_told_only_where_every_run_shows_one():
    monthly = tried({"a": [[24.0], [48.0]], "b": [[30.0], [40.0]]}, per_month=True)
    months = HOURS_PER_MONTH / 24
    assert monthly.monthly
    assert monthly.jobs == pytest.approx([10 * months, 20 * months])
    assert [row["cost_usd"] for row in monthly.rows] == pytest.approx([day * months for day in (24, 30, 48, 40)])
    assert monthly.as_json()["of"] == "month"
    # One run that was not over in time, and all is told of a run: the two are not mixed.
    last = monthly.volumes[-1]
    mixed = Volume(last.label, {**last.summaries, "b": [summary(40.0, 20)]})
    found = BreakEven("size", (monthly.volumes[0], mixed))
    assert (found.monthly, found.as_json()["of"]) == (False, "run")
    assert found.jobs == [10, 20]
    assert [row["cost_usd"] for row in found.rows] == [24, 30, 48, 40]


def test_objectives_are_missed_that_are_in_any_replication_and_jobs_undone_are_the_mean():
    several = [summary(1.0, 10, True, True, None), summary(3.0, 10, True, False, None, undone=2)]
    found = BreakEven("size", (Volume("10", {"a": several}),))
    (row,) = found.rows
    assert (row["objectives_missed"], row["undone"]) == (1, 3)  # none, and 2 failed and 4 unfinished
    assert row["cost_usd"]["mean"] == 2
    assert found.table.loc[10, "a"] == 2
    assert found.pairs == []


def test_of_nothing_there_is_nothing():
    empty = BreakEven("size", (), interrupted=True)
    assert (empty.jobs, empty.rows, empty.pairs) == ([], [], [])
