"""The figures of many runs: points and coordinates, who meets the objectives, what changes nothing, the columns."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.columns import RUN_FIGURES
from batchsim.results.run_table import DONE, FAILED, FIGURE, INVALID, MAIN, RunTable, figures_of, short_names
from batchsim.scenario.sections.parameters import Parameter, Value, label_of
from tests.builders import scenario


def parameter(name, *values):
    numbers = [value if isinstance(value, (int, float)) else None for value in values]
    return Parameter(
        name,
        tuple(Value(label_of(value), {name: value}, number) for value, number in zip(values, numbers, strict=True)),
    )


def table(*parameters, replications=1, cost=(), **figures):
    """A table in which every run is done; figures are given point by point, the same for all replications."""
    runs = RunTable.of(parameters or (parameter("p", *range(len(cost))),), replications, 1)
    runs.status[:] = DONE
    runs.figures[:] = 0.0
    for name, values in {"cost_usd": cost, **figures}.items():
        if len(values):
            runs.figures[:, :, FIGURE[name]] = np.reshape(np.array(values, float), (runs.points, -1))
    return runs


def test_figures_are_those_of_the_summary():
    result = bs.run(scenario(objectives=["p95(queue_time) <= 1s", "cost <= 0"]))
    figures = dict(zip(FIGURE, figures_of(result.summary), strict=True))
    assert figures["queue_time_p95_s"] == result.summary["queue_time_s"]["p95"]
    assert figures["cost_usd"] == pytest.approx(
        sum(figures[f"cost_{p}_usd"] for p in result.summary["cost_usd"]["by_purpose"])
    )
    assert (figures["submitted"], figures["succeeded"], figures["objectives_missed"]) == (1, 1, 1)


def test_what_a_run_does_not_know_is_no_number():
    figures = dict(zip(FIGURE, figures_of(bs.run(scenario(horizon=30)).summary), strict=True))
    assert math.isnan(figures["makespan_s"])
    assert figures["unfinished"] == 1


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_labels_are_those_of_the_values_that_the_coordinates_name(sizes):
    runs = RunTable.of(tuple(parameter(f"p{number}", *range(size)) for number, size in enumerate(sizes)), 1, 1)
    seen = [tuple(runs.labels(point).values()) for point in range(runs.points)]
    assert sorted(set(seen)) == seen
    assert all(tuple(map(int, labels)) == runs.coordinates(point) for point, labels in enumerate(seen))


def test_the_best_is_the_cheapest_that_meets_all_in_all_replications():
    runs = table(cost=[1, 2, 3, 2.5], replications=2)
    runs.figures[0, 1, FIGURE["objectives_missed"]] = 1
    runs.figures[1, 0, FIGURE["unfinished"]] = 1
    assert runs.meets.tolist() == [False, False, True, True]
    assert runs.best == 3
    runs.figures[:, :, FIGURE["objectives_missed"]] = 1


def test_a_point_of_which_a_run_failed_does_not_meet_anything():
    runs = table(cost=[1, 2], replications=2)
    runs.status[0, 1] = FAILED
    runs.figures[0, 1] = np.nan
    assert runs.best == 1
    assert runs.mean("cost_usd").tolist() == [1, 2]
    assert runs.has_runs.all()


def test_no_point_may_be_best():
    runs = table(cost=[1, 2], objectives_missed=[1, 2])
    assert runs.best is None
    runs.status[:] = INVALID
    assert RunTable.of(runs.parameters, 1, 1).best is None


def test_of_equal_costs_the_first_point_is_taken():
    assert table(cost=[3, 2, 2]).best == 1


def test_the_parameter_that_moves_means_most_is_first():
    # By a the mean cost is 15 or 17, by b 10, 16 or 22: 2 and 12 of the 14 by which it moves at all.
    both = (parameter("a", 1, 2), parameter("one", 1), parameter("b", 1, 2, 3))
    cost = [9, 15, 21, 11, 17, 23]
    assert table(*both, cost=cost).by_effect(["cost_usd"]) == [2, 0]
    # The queue time moves with a alone, 5 of 5: a has 1 + 2 / 14 in all, and b 12 / 14.
    moved = table(*both, cost=cost, queue_time_p95_s=[0, 0, 0, 5, 5, 5])
    assert moved.by_effect(["cost_usd", "queue_time_p95_s"]) == [0, 2]
    # Of equal effect, be it none, in the order in which they are varied.
    assert table(*both, cost=[4] * 6).by_effect(["cost_usd"]) == [0, 2]
    assert table(parameter("one", 1), cost=[4]).by_effect(["cost_usd"]) == []


def test_what_a_point_does_not_know_has_no_part_in_an_effect():
    runs = table(parameter("a", 1, 2), parameter("b", 1, 2), cost=[1, 2, 1, math.nan])
    assert runs.by_effect(["cost_usd"]) == [1, 0]  # 1 by b; by a 1.5 and 1, half of it
    runs.figures[:] = math.nan
    assert runs.by_effect(["cost_usd"]) == [0, 1]


def test_means_and_intervals_are_over_replications():
    runs = table(cost=[[1, 2, 3], [5, 5, 5]], replications=3)
    assert runs.mean("cost_usd").tolist() == [2, 5]
    interval = runs.interval("cost_usd", 0)
    # t(0.975, 2) = 4.303, s = 1, n = 3
    assert (interval["low"], interval["high"]) == (
        pytest.approx(2 - 4.3027 / 3**0.5, abs=1e-3),
        pytest.approx(4.484, abs=1e-3),
    )
    assert interval["n"] == 3


def test_what_one_replication_does_not_know_is_not_known_of_the_point():
    runs = table(cost=[[1, 2]], replications=2)
    runs.figures[0, 1, FIGURE["makespan_s"]] = np.nan
    assert math.isnan(runs.mean("makespan_s")[0])
    assert runs.interval("makespan_s", 0) is None
    assert next(runs.rows())["makespan_s"] is None


def test_rows_have_a_value_of_each_parameter_and_an_interval_of_each_figure():
    runs = table(parameter("p", 1, 2), parameter("q", "a"), cost=[1, 2])
    row = list(runs.rows())[1]
    assert list(row) == ["p", "q", "runs", "meets", *(f"{name}{end}" for name in MAIN for end in ("", "_low", "_high"))]
    assert (row["p"], row["q"], row["runs"], row["meets"]) == (2, "a", 1, True)
    assert (row["cost_usd"], row["cost_usd_low"]) == (2.0, None)


def test_a_parameter_that_changes_nothing_is_known_by_the_figures():
    runs = table(parameter("p", 1, 2), parameter("q", 1, 2, 3), cost=[1, 1, 1, 2, 2, 2])
    assert list(runs.without_effect()) == ["q"]
    runs.figures[0, 0, FIGURE["queue_time_p95_s"]] = 1e-9
    assert runs.without_effect() == {}


def test_a_parameter_that_changes_nothing_is_known_by_the_scenario_first():
    runs = table(parameter("p", 1, 2), parameter("q", 1, 2), cost=[1, 1, 1, 1])
    runs.digests[:] = [[1, 1], [1, 1], [2, 1], [2, 1]]
    assert runs.without_effect() == {
        "q": "all its values make the same scenario",
        "p": "the figures are the same whatever its value",
    }


def test_only_runs_that_are_done_are_compared():
    runs = table(parameter("p", 1, 2, 3), cost=[1, 7, 1])
    runs.status[1] = FAILED
    assert list(runs.without_effect()) == ["p"]
    runs.status[2] = FAILED
    assert runs.without_effect() == {}


def test_one_value_alone_is_no_parameter_without_effect():
    assert table(parameter("p", 1), cost=[1]).without_effect() == {}


@given(st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_what_changes_a_figure_somewhere_has_an_effect(costs):
    runs = table(parameter("p", 1, 2), parameter("q", *range(4)), cost=costs)
    cells = np.reshape(costs, (2, 4))
    same = {"p": (cells[0] == cells[1]).all(), "q": (cells == cells[:, :1]).all()}
    assert set(runs.without_effect()) == {name for name, without in same.items() if without}


def test_columns_are_those_of_the_page_after_the_parameters():
    made = table(parameter("a.b", 1, 2), parameter("word", "x", "y"), cost=[1, 2, 3, 4]).arrow()
    assert made.column_names == [
        "a.b",
        "word",
        "replication",
        "seed",
        "status",
        *(column.name for column in RUN_FIGURES),
    ]
    assert made["a.b"].to_pylist() == [1, 1, 2, 2]
    assert made["word"].to_pylist() == ["x", "y", "x", "y"]
    assert made["seed"].to_pylist() == [1, 1, 1, 1]
    assert made.schema.field("cost_usd").metadata[b"unit"] == b"USD"


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [
        ((1, 2), "int64", [1, 2]),
        ((1, 2.5), "double", [1.0, 2.5]),
        (("10m", "20m"), "string", ["10m", "20m"]),
        ((1, "many"), "string", ["1", "many"]),
        ((["c6i", "m6i"], ["r6i"]), "string", ["[c6i, m6i]", "[r6i]"]),
        ((1, 10**30), "string", ["1", str(10**30)]),
    ],
)
def test_values_have_the_type_that_holds_them_all(values, kind, shown):
    column = table(parameter("p", *values), cost=[1, 2]).arrow()["p"]
    assert str(column.type) == kind
    assert column.to_pylist() == shown


def test_a_seed_that_is_varied_is_the_column_of_seeds():
    made = table(parameter("seed", 5, 6), cost=[1, 2]).arrow()
    assert made.column_names[:3] == ["replication", "seed", "status"]
    assert made["seed"].to_pylist() == [5, 6]


def test_runs_that_failed_are_rows_without_figures_and_points_that_are_not_valid_are_none():
    runs = table(cost=[1, 2, 3, 4], replications=2)
    runs.status[0, 1], runs.status[1], runs.status[2, 0] = FAILED, INVALID, 0
    runs.figures[0, 1] = np.nan
    rows = runs.arrow().to_pylist()
    assert [(row["p"], row["replication"], row["status"]) for row in rows] == [
        (0, 0, "done"),
        (0, 1, "failed"),
        (2, 1, "done"),
        (3, 0, "done"),
        (3, 1, "done"),
    ]
    assert rows[1]["cost_usd"] is None
    assert rows[1]["submitted"] is None


def test_short_names_tell_parameters_apart():
    names = [
        "batch.environments.spot.resources.maxvCpus",
        "batch.environments.demand.resources.maxvCpus",
        "size",
        "a.b",
    ]
    assert list(short_names(names).values()) == ["spot.maxvCpus", "demand.maxvCpus", "size", "b"]
    assert short_names(["a.b.c", "b.a.c"]) == {"a.b.c": "a.b.c", "b.a.c": "b.a.c"}
