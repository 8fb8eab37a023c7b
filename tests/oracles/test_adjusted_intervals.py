"""Intervals of the cases, adjusted by what random numbers happened to be, hold the mean as often as they should."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.worlds import jobs, run, servers
from tools.validation.case import Brought, Observation, QueueingCase, Sample
from tools.validation.experiment import replicate
from tools.validation.intervals import adjusted, centred, plain
from tools.validation.measures import controls, longer_than, queue_time, running, turnaround, window
from tools.validation.pieces import by_runs


def correlated(generator, n):
    """Values of mean 5, two thirds of whose variance a control explains; another control says nothing of them."""
    explaining, other, rest = generator.normal(size=(3, n))
    return [Sample(5 + math.sqrt(2) * x + y, (x, z)) for x, y, z in zip(explaining, rest, other, strict=True)]


def test_adjusted_intervals_hold_the_mean_as_often_as_they_should():
    generator = np.random.default_rng(3)
    found = [adjusted(correlated(generator, 20)) for _ in range(2_000)]
    assert 0.935 < np.mean([each.holds(5) for each in found]) < 0.965


def test_adjusting_narrows_by_what_controls_explain():
    generator = np.random.default_rng(4)
    samples = [correlated(generator, 20) for _ in range(300)]
    widths = [np.mean([by(each).half for each in samples]) for by in (plain, adjusted)]
    # A third of the variance is left, and two of 19 degrees of freedom are spent.
    assert widths[1] / widths[0] == pytest.approx(math.sqrt(1 / 3), rel=0.12)


def test_controls_that_do_not_vary_or_repeat_another_change_nothing():
    samples = correlated(np.random.default_rng(5), 20)
    more = [Sample(each.value, (*each.controls, 7.0, 3 * each.controls[0])) for each in samples]
    assert adjusted(more).mean == pytest.approx(adjusted(samples).mean)
    assert adjusted(more).half == pytest.approx(adjusted(samples).half)


def test_values_that_do_not_vary_are_exact():
    assert adjusted([Sample(2.0)] * 5).holds(2.0)
    assert not adjusted([Sample(2.0)] * 5).holds(2.1)


def observation(submitted, runtimes, from_s=0.0, until_s=100.0):
    workload = jobs(submitted, runtimes)
    return Observation(None, workload, run(workload, servers(1)), 0, from_s, until_s)


def test_measures_by_hand():
    # One server: jobs of 4 s at 0, 1 and 10 start at 0, 4 and 10.
    seen = observation([0, 1, 10], 4)
    assert queue_time()(seen) == pytest.approx((0 + 3 + 0) / 3)
    assert turnaround()(seen) == pytest.approx((4 + 7 + 4) / 3)
    assert longer_than(0)(seen) == pytest.approx(1 / 3)
    assert longer_than(3)(seen) == 0
    assert queue_time()(observation([0, 1, 10], 4, from_s=1, until_s=10)) == 3
    assert running(observation([0, 1, 10], 4, from_s=2, until_s=12)) == pytest.approx((2 + 4 + 2) / 10)


def test_replications_count_by_their_arrivals():
    # Sums of 30 and 10 over 10 and 30 arrivals: 1 in the mean of all, where the mean of the means is 5 / 3.
    samples = [Sample(3.0, (), 10), Sample(1 / 3, (), 30)]
    assert adjusted(samples).mean == pytest.approx((30 + 10) / (10 + 30))


def test_measuring_begins_and_ends_with_an_arrival_that_finds_few():
    # Jobs of 4 s at 0, 1, 10, 11, 20: those at 0, 10 and 20 find none.
    seen = observation([0, 1, 10, 11, 20], 4)
    assert window(seen.workload, seen.recording, 0.5, 10.5, 0) == (10, 20)
    assert window(seen.workload, seen.recording, 0.5, 10.5, 1) == (1, 11)
    # None comes after: to the last arrival.
    assert window(seen.workload, seen.recording, 0.5, 30, 0) == (10, 20)


def test_controls_by_hand():
    # Work 4, 2, 6 at 0, 1, 10, two seconds apart in the mean: the second finds one job and 3 s of work, the third none.
    seen = observation([0, 1, 10], [4, 2, 6], until_s=11)
    brings = (Brought(5, square=30),)
    case = QueueingCase(
        "name", "group", lambda _: None, 1, lambda: 0, "", "", queue_time(), 1, between_s=2, brings=brings
    )
    late, more = [1 - 2, 9 - 2], [4 - 5, 2 - 5]
    # After the first there are 4 s of work and one until the next, after the second 5 and 9: idle for 4.
    idle = [0 - 2 * math.exp(-4 / 2), 4 - 2 * math.exp(-5 / 2)]
    adjusting, arrivals = controls(case, seen)
    assert arrivals == 2
    assert adjusting == pytest.approx(
        [
            sum(late) / 2,
            late[1] / 2,
            3 * late[1] / 2,
            sum(idle) / 2,
            sum(more) / 2,
            more[1] / 2,
            3 * more[1] / 2,
            (4**2 - 30 + 2**2 - 30) / 2,
        ]
    )


def test_controls_whose_mean_is_none_are_told_from_others():
    generator = np.random.default_rng(6)
    right = [centred(correlated(generator, 40)) for _ in range(1_000)]
    # Each share is as probable as it says.
    assert np.mean([each < 0.05 for each in right]) == pytest.approx(0.05, abs=0.02)
    assert np.mean([each < 0.5 for each in right]) == pytest.approx(0.5, abs=0.05)
    wrong = [Sample(each.value, (each.controls[0] + 0.7, each.controls[1])) for each in correlated(generator, 40)]
    assert centred(wrong) < 0.01
    assert centred([Sample(1.0)] * 5) == 1.0
    assert centred([Sample(1.0, (2.0,))] * 5) == 1.0


def test_random_numbers_that_are_wrong_are_told_by_the_controls_alone():
    (case,) = by_runs()["M/M/1, load 0.5"]
    drawn = replace(case, brings=(replace(case.brings[0], mean_s=61.0),))  # as if all were drawn a second too short
    right, wrong = ([replicate([each], 1_500, number)[0] for number in range(25)] for each in (case, drawn))
    assert centred(right) > 0.01
    assert centred(wrong) < 0.01
