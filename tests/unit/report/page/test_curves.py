"""What is zoomed into: true levels at every instant that is kept, the extremes of each curve and of their sum."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batchsim.report.page import curves as module
from batchsim.report.page.curves import curves_of
from batchsim.report.palette import BLUE, ORANGE
from batchsim.results.step_functions import sample, steps, total

COLOURS = {"one": BLUE, "other": ORANGE}


def made(layers, window):
    return curves_of(layers, COLOURS, window, 0.0, unit="count", is_stacked=True)


def test_few_steps_are_all_there():
    at = np.arange(100.0)
    found = made({"one": (at, at % 7)}, (10.0, 60.0))
    assert found.at == list(range(10, 61))
    assert found.levels == [[each % 7 for each in range(10, 61)]]
    assert not found.is_thinned


@given(st.integers(0, 2**32 - 1))
def test_of_many_each_level_and_each_sum_is_true_and_the_extremes_are_there(seed):
    random = np.random.default_rng(seed)
    layers = {}
    for name in COLOURS:
        start = random.integers(0, 100_000, 3 * module.MOST_INSTANTS).astype(np.float64)
        layers[name] = steps(start, start + random.integers(1, 900, len(start)))
    found = made(layers, (0.0, 1e5))
    assert found.is_thinned
    at = np.array(found.at)
    assert len(at) < 15 * module.COLUMNS
    everything = [*layers.values(), total(list(layers.values()))]
    levels = np.array(found.levels)
    for curve, told in zip(everything, [*levels, levels.sum(axis=0)], strict=True):
        np.testing.assert_array_equal(told, sample(*curve, at))
        inside = (curve[0] >= 0) & (curve[0] <= 1e5)
        assert told.max() == curve[1][inside].max()
