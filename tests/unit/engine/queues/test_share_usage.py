"""Use of shares: a vCPU-second that is ``a`` seconds old counts ``1 - a / window``; each case is that integral."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.queues.share_usage import ShareUsage

WINDOW = 100.0


def used(usage: ShareUsage, now: float, share: int = 0) -> float:
    """The use of a share; one by one and as columns it is the same."""
    one, columns = usage.of([share], now)[share], usage.at(now)
    assert one == columns[share]
    return one


def test_a_running_vcpu_worked_by_hand():
    usage = ShareUsage([1.0], WINDOW)
    usage.change(0, 0.0, 1.0)
    assert used(usage, 0.0) == 0.0
    # From 0 to t, of t seconds the mean of 1 and 1 - t / 100.
    assert used(usage, 10.0) == pytest.approx(10 * (1 + 0.9) / 2)
    assert used(usage, 60.0) == pytest.approx(60 * (1 + 0.4) / 2)
    # From a window on half the window, for as long as it runs.
    assert used(usage, 100.0) == pytest.approx(50)
    assert used(usage, 1e6) == pytest.approx(50)


def test_use_fades_after_the_end_and_is_gone_after_a_window():
    usage = ShareUsage([1.0], WINDOW)
    usage.change(0, 0.0, 3.0)
    usage.change(0, 40.0, -3.0)
    # At 100 its seconds are 60 to 100 old: they count 0.4 down to 0.
    assert used(usage, 100.0) == pytest.approx(3 * 40 * (0.4 + 0) / 2)
    # At 120 those from 20 to 40 are left, at most 0.2 each.
    assert used(usage, 120.0) == pytest.approx(3 * 20 * (0.2 + 0) / 2)
    assert used(usage, 140.0) == 0.0
    assert used(usage, 1e6) == 0.0


def test_a_share_is_weighed_and_others_are_not_touched():
    usage = ShareUsage([1.0, 0.25, 8.0], WINDOW)
    usage.change(0, 0.0, 2.0)
    usage.change(1, 0.0, 2.0)
    assert usage.of([0, 1, 2], 20.0) == {0: pytest.approx(36), 1: pytest.approx(9), 2: 0.0}


def test_what_runs_counts_from_its_start_to_its_end():
    usage = ShareUsage([1.0, 2.0], WINDOW, running_s=50.0)
    usage.change(1, 0.0, 3.0)
    assert used(usage, 0.0, 1) == 2 * 3 * 50
    assert used(usage, 10.0, 1) == pytest.approx(2 * 3 * (50 + 9.5))
    usage.change(1, 10.0, -3.0)
    assert used(usage, 10.0, 1) == pytest.approx(2 * 3 * 9.5)


def test_changes_of_one_instant_are_one():
    together, apart = ShareUsage([1.0], WINDOW), ShareUsage([1.0], WINDOW)
    together.change(0, 5.0, 3.0)
    for _ in range(3):
        apart.change(0, 5.0, 1.0)
    for now in (5.0, 50.0, 104.0, 105.0, 200.0):
        assert used(together, now) == used(apart, now)


def test_after_a_whole_window_without_a_change_use_is_exact():
    # Thousands of roundings before it, and none is left.
    usage = ShareUsage([1.0], WINDOW)
    for second in range(3000):
        usage.change(0, second * 0.7, 0.1 if second % 2 else -0.1)
    usage.change(0, 2100.0, 7.0)
    running = usage.of([0], 2200.0)[0] / (WINDOW / 2)
    assert running == pytest.approx(7.0, abs=1e-9)
    assert used(usage, 2345.6) == running * WINDOW / 2


def use_by_definition(changes: list[tuple[float, float]], now: float) -> float:
    """The integral over the stretches between changes: each counts what its middle does."""
    found = running = 0.0
    for (at, vcpus), (until, _) in zip(changes, [*changes[1:], (now, 0.0)], strict=True):
        running += vcpus
        start, stop = max(at, now - WINDOW), min(until, now)
        if stop > start:
            found += running * (stop - start) * (1 - (now - (start + stop) / 2) / WINDOW)
    return found


@given(
    steps=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1), st.integers(1, 8)), min_size=1, max_size=25),
    asked=st.lists(st.integers(0, 60), max_size=25),
    after=st.integers(0, 250),
)
def test_use_is_its_integral_whenever_it_was_asked_before(steps, asked, after):
    usage, changes, now, running = ShareUsage([1.0, 1.0], WINDOW), ([], []), 0.0, [0.0, 0.0]
    for place, (later, share, vcpus) in enumerate(steps):
        if place < len(asked):
            usage.at(now + min(asked[place], later))
        now += later
        # Up, and down again when there is enough of it.
        more = -running[share] if running[share] > 8 else float(vcpus)
        running[share] += more
        usage.change(share, now, more)
        changes[share].append((now, more))
    for share in (0, 1):
        expected = use_by_definition(changes[share], now + after) if changes[share] else 0.0
        assert used(usage, now + after, share) == pytest.approx(expected, abs=1e-6)
