"""Delays: of the first jobs after a pause, and from STARTING to RUNNING."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.experiments.calibrate.delays import learn_delays, measured, starting_times
from tests.unit.experiments.calibrate.records import MONDAY, attempt, job


def with_events(job_id, at, boot, pull, length=100.0):
    starting = at + boot
    ran = attempt(starting + pull, starting + pull + length, succeeded=True)
    return job(job_id, ran, at=at, runnable=(MONDAY + at,), starting=(MONDAY + starting,))


def test_only_the_first_after_a_pause_waits_for_an_instance():
    jobs = [
        with_events("before", 0, 1, 5),  # what ran before the record begins, nobody knows
        with_events("warm", 600, 1, 2),
        with_events("cold", 600 + 103 + 1800 + 60, 120, 30),
        with_events("with it", 600 + 103 + 1800 + 61, 130, 30),
    ]
    boot, pull = learn_delays(jobs, events=True)
    assert (boot.n, boot.p50_s) == (1, 120.0)
    assert (pull.n, pull.p50_s) == (4, pytest.approx(17.5))


def test_each_attempt_has_its_own_starting():
    twice = job(
        "a", attempt(10, 20, exit_code=1), attempt(50, 60), starting=(MONDAY + 4, MONDAY + 41), runnable=(MONDAY,)
    )
    assert learn_delays([twice], events=True)[1].n == 2
    lost = job("a", attempt(10, 20, exit_code=1), attempt(50, 60), starting=(MONDAY + 4,), runnable=(MONDAY,))
    assert learn_delays([lost], events=True)[1].n == 1  # an event that got lost is no long pull


def test_without_events_it_is_the_whole_way():
    jobs = [job("a"), job("b", attempt(10_090, 10_200), at=10_000)]
    whole, boot = learn_delays(jobs, events=False)
    assert (whole.n, whole.p50_s) == (1, 90.0)
    assert boot.n == 0
    assert "only state change events" in boot.why


def test_clocks_that_go_back_are_counted():
    jobs = [with_events("before", 0, 1, 5), with_events("back", 10_000, -3, 5), with_events("cold", 20_000, 90, 5)]
    boot, _ = learn_delays(jobs, events=True)
    assert (boot.n, boot.p50_s) == (1, 90.0)
    assert "1 in which the clock went back" in boot.why


@pytest.mark.parametrize(("pause", "boots"), [(1799.0, []), (1800.0, [120.0])], ids=["a second less", "half an hour"])
def test_a_pause_is_half_an_hour_in_which_nothing_waited_or_ran(pause, boots):
    first = with_events("first", 0, 1, 5, length=100)  # its end at 106
    cold = with_events("cold", 106 + pause, 120, 30)
    boot, _ = learn_delays([first, cold], events=True)
    assert boot.n == len(boots)
    assert [boot.p50_s] == (boots or [pytest.approx(float("nan"), nan_ok=True)])


def test_a_long_job_keeps_its_instance_whatever_short_ones_come_and_go():
    # 4 h of one; short jobs within it and just after it find an instance.
    long = with_events("long", 0, 1, 5, length=4 * 3600)
    short = [with_events(f"s{number}", 3600 * number, 1, 5) for number in (1, 2, 3)]
    soon = with_events("soon", 4 * 3600 + 1000, 1, 5)
    cold = with_events("cold", 4 * 3600 + 1000 + 106 + 1800, 200, 5)
    boot, pull = learn_delays([long, *short, soon, cold], events=True)
    assert (boot.n, boot.p50_s) == (1, 200.0)
    assert pull.n == 6


def test_the_parent_of_an_array_neither_waits_nor_runs():
    parent = job("p", at=10_000, size=2)
    children = [replace(with_events(f"p:{n}", 10_000, 90, 5), array="p", index=n) for n in (0, 1)]
    boot, _ = learn_delays([with_events("before", 0, 1, 5), parent, *children], events=True)
    assert (boot.n, boot.p50_s) == (1, 90.0)  # the first child; the second came with it


def test_without_events_those_that_waited_for_others_or_for_nothing_are_no_delays():
    later = [
        job("first"),
        job("other", attempt(10_050, 10_100), at=10_000, depends_on=(("first", ""),)),
        job("at once", attempt(20_000, 20_100), at=20_000),
        job("never", attempt(float("nan"), float("nan")), at=30_000),
        job("cold", attempt(40_070, 40_100), at=40_000),
    ]
    whole, _ = learn_delays(later, events=False)
    assert (whole.n, whole.p50_s) == (1, 70.0)


def test_starting_that_was_rounded_down_was_half_a_second_later_on_average():
    # An event of EventBridge says 4, and the second attempt's own time is exact.
    exact = job("a", attempt(10.25, 20), starting=(MONDAY + 4,))
    whole = job("b", attempt(10, 20), starting=(MONDAY + 4,))
    both = job("c", attempt(10.25, 20), starting=(MONDAY + 4.75,))
    assert [list(starting_times(each)) for each in (exact, whole, both)] == [[5.75], [6.0], [5.5]]


@pytest.mark.parametrize(
    ("n", "not_written", "is_written"), [(9, "", False), (10, "", True), (10, "so it is", False), (0, "", False)]
)
def test_ten_are_enough_to_be_written_where_nothing_is_against_it(n, not_written, is_written):
    seconds = [100.0 + number for number in range(n)]
    for is_distribution in (True, False):
        found = measured(
            "boot", ("ec2", "launch"), seconds, "of all", is_distribution=is_distribution, not_written=not_written
        )
        assert (found.written is not None) is is_written
        assert (found.n, found.key) == (n, ("ec2", "launch"))
        if not is_written:
            assert "not written: " + (not_written or f"{n} of the 10") in found.why
    if is_written:
        assert found.written == 104.5  # the median of 100 … 109
        assert (found.p50_s, found.p95_s) == (104.5, pytest.approx(np.quantile(seconds, 0.95)))
