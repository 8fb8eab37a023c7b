"""Step functions as a picture draws them: exact where there is room, else means that keep the area, and true maxima."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.results import series
from batchsim.results.series import stack
from batchsim.results.step_functions import integral, sample, total
from tests.conftest import ROOT

COUNTS = st.lists(
    st.tuples(st.floats(0, 100), st.integers(0, 9)), min_size=1, max_size=60, unique_by=lambda each: each[0]
)


def curve(steps):
    at, level = (np.array(column, float) for column in zip(*sorted(steps), strict=True))
    return at, level


def test_few_steps_are_as_they_are():
    layers = {"low": (np.array([0.0, 5.0]), np.array([2.0, 1.0])), "high": (np.array([2.0]), np.array([3.0]))}
    drawn = stack(layers, (1.0, 9.0), 10, total(list(layers.values())))
    assert not drawn.are_means
    assert drawn.at.tolist() == [1, 2, 5, 9]
    assert {name: level.tolist() for name, level in drawn.levels.items()} == {"low": [2, 2, 1, 1], "high": [0, 3, 3, 3]}
    assert list(zip(drawn.highest_at.tolist(), drawn.highest.tolist(), strict=True)) == [(1, 2), (2, 5), (5, 4), (9, 4)]


def test_of_many_the_mean_and_the_highest_of_each_column():
    # Between 0 and 8 the level is 0 but for 6 in [1, 2) and 2 in [5, 7); in two columns of 4.
    one = np.array([0.0, 1, 2, 5, 7]), np.array([0.0, 6, 0, 2, 0])
    drawn = stack({"one": one}, (0.0, 8.0), 2, one)
    assert drawn.are_means
    assert drawn.at.tolist() == [0, 4, 8]
    assert drawn.levels["one"].tolist() == [6 / 4, 4 / 4, 4 / 4]
    assert drawn.highest.tolist()[:2] == [6, 2]


def test_what_holds_at_the_start_of_a_column_counts_for_its_highest():
    one = np.array([0.0, 3, 4.5, 5]), np.array([0.0, 9, 1, 0])
    assert stack({"one": one}, (0.0, 8.0), 2, one).highest.tolist()[:2] == [9, 9]


def test_what_begins_at_the_end_of_the_window_is_no_highest_in_it():
    one = np.array([0.0, 90.0]), np.array([0.0, 1.0])
    drawn = stack({"one": one}, (10.0, 90.0), 9, one)
    assert list(zip(drawn.highest_at.tolist(), drawn.highest.tolist(), strict=True)) == [(10, 0), (90, 1)]


@given(COUNTS, COUNTS, st.integers(1, 12))
def test_means_keep_the_area_and_no_level_is_above_the_highest(first, second, columns):
    layers = {"first": curve(first), "second": curve(second)}
    whole = total(list(layers.values()))
    window = 10.0, 90.0
    drawn = stack(layers, window, columns, whole)
    for name, level in drawn.levels.items():
        drawn_area = float(np.sum(level[:-1] * np.diff(drawn.at)))
        wanted = np.diff(integral(*layers[name], np.array(window)))[0]
        assert drawn_area == pytest.approx(wanted, abs=1e-6)
    top = np.sum(list(drawn.levels.values()), axis=0)
    for place, at in enumerate(drawn.at[:-1]):
        column = np.searchsorted(drawn.highest_at, at, side="right") - 1
        assert top[place] <= drawn.highest[column] + 1e-6
    inside = whole[1][(whole[0] >= window[0]) & (whole[0] < window[1])]
    most = max([float(sample(*whole, np.array([window[0]]))[0]), *inside.tolist()])
    assert drawn.highest[:-1].max(initial=0.0) == most


@cache
def everything():
    return bs.run(bs.load(ROOT / "tests/golden/everything.yaml"))


def test_the_highest_number_of_vcpus_is_that_of_the_summary():
    # Of what ran and was paid for; of instances that boot as well.
    result = everything()
    outcome = result.run.outcome
    at, level = series.vcpus_in_all(outcome)
    by_state = total(list(series.vcpus_by_state(outcome).values()))
    assert level.max() == by_state[1].max() >= result.summary["peak_vcpus"]
    assert np.array_equal(sample(at, level, by_state[0]), by_state[1])


def test_jobs_in_all_are_the_sum_of_the_states():
    outcome = everything().run.outcome
    by_state = total(list(series.jobs_by_state(outcome).values()))
    at, level = series.jobs_in_all(outcome)
    assert np.allclose(sample(at, level, by_state[0]), by_state[1])


def test_instances_are_counted_by_type():
    curves = series.instances_by_type(everything().run.outcome)
    instances = everything().instances[everything().instances.instance_id.str.startswith("i-")]
    assert set(curves) == set(instances.instance_type)
    lived = (instances.terminated_at - instances.requested_at).groupby(instances.instance_type, observed=True).sum()
    areas = {name: integral(*each, np.array([1e9]))[0] for name, each in curves.items()}
    assert areas == pytest.approx({name: lived[name] for name in areas})
    assert list(areas.values()) == sorted(areas.values(), reverse=True)
