"""The grid: every combination once, in order, each made when asked for."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.experiments.parameters import Grid, grid_of
from batchsim.scenario.sections.parameters import Parameter, Value
from tests.builders import environment, scenario

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
MIN = "batch.computeEnvironments.fleet.computeResources.minvCpus"


def parameter(name, size):
    return Parameter(name, tuple(Value(str(number), {name: number}, number) for number in range(size)))


grids = st.lists(st.integers(1, 5), max_size=4).map(
    lambda sizes: Grid(tuple(parameter(f"p{number}", size) for number, size in enumerate(sizes)))
)


@given(grids)
def test_every_combination_comes_once_the_last_parameter_changing_first(grid):
    combinations = list(itertools.product(*(range(size) for size in grid.shape)))
    points = list(grid)
    assert [tuple(point.overrides.values()) for point in points] == combinations
    assert [point.index for point in points] == list(range(len(grid)))
    assert len(grid) == len(combinations)


@given(grids)
def test_a_point_is_where_its_coordinates_say(grid):
    for point in grid:
        assert grid[point.index] == point
        assert tuple(int(label) for label in point.labels.values()) == grid.coordinates(point.index)
    assert grid[-1] == grid[len(grid) - 1]


def test_no_parameters_make_the_scenario_alone():
    (point,) = Grid(())
    assert point.overrides == {}


def test_outside_there_is_nothing():
    grid = Grid((parameter("p", 3),))
    for index in (3, -4):
        with pytest.raises(IndexError, match="3 points"):
            grid[index]


def test_a_huge_grid_is_made_at_once():
    grid = Grid(tuple(parameter(f"p{number}", 1000) for number in range(7)))
    assert grid.size == 10**21
    assert set(grid[10**21 - 1].labels.values()) == {"999"}


def test_a_point_says_what_it_is():
    grid = grid_of(scenario(), vary={"size": {"choices": {"small": {MIN: 0, MAX: 16}}}, "seed": [1, 2]})
    point = grid[1]
    assert str(point) == "size=small, seed=2"
    assert point.overrides == {MIN: 0, MAX: 16, "seed": 2}


def test_the_section_is_taken_unless_something_else_is_varied():
    made = scenario(sweep={MAX: [64, 128]}, search={MIN: [0, 8, 16]})
    assert grid_of(made).shape == (2,)
    assert grid_of(made, "search").shape == (3,)
    assert grid_of(made, vary=["seed=1,2,3,4"]).shape == (4,)
    assert grid_of(scenario()).parameters == ()


def test_all_faults_of_what_is_varied_are_told():
    with pytest.raises(bs.ScenarioError) as error:
        grid_of(scenario(), vary=[f"{MAX}=64,lots", "seed=-1"])
    assert [finding.code for finding in error.value.findings] == ["wrong-type", "wrong-value"]


def test_a_point_is_the_scenario_with_its_overrides():
    made = scenario(sweep={MAX: [64, 128]}).without_experiments()
    assert made.with_(grid_of(made, vary={MAX: [128]})[0].overrides) == scenario(
        environments=[environment(maxvCpus=128)]
    )
