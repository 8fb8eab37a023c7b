"""Confidence intervals of replications."""

from __future__ import annotations

import math

import numpy as np
import pytest

from batchsim.statistics.intervals import confidence_interval


def test_confidence_interval_is_students():
    # n = 3, mean 2, deviation 1; t(0.975, 2) = 4.3027.
    interval = confidence_interval([1.0, 2.0, 3.0])
    assert interval["high"] - 2 == pytest.approx(4.302652729911275 / math.sqrt(3))
    assert confidence_interval([5.0]) == {"mean": 5.0, "low": None, "high": None, "n": 1}


def test_without_scatter_it_is_a_point():
    assert confidence_interval([2.0, 2.0]) == {"mean": 2.0, "low": 2.0, "high": 2.0, "n": 2}


def test_it_holds_the_mean_as_often_as_it_says():
    # 2,000 times ten normal values: 90 % of the intervals hold 0, give or take three deviations of that share.
    samples = np.random.default_rng(1).standard_normal((2000, 10))
    held = sum(low <= 0 <= high for low, high in map(bounds, samples.tolist()))
    assert held / 2000 == pytest.approx(0.9, abs=3 * math.sqrt(0.9 * 0.1 / 2000))


def bounds(values: list[float]) -> tuple[float, float]:
    interval = confidence_interval(values, level=0.9)
    return interval["low"], interval["high"]
