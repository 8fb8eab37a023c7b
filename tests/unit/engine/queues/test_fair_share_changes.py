"""A fair-share queue while jobs are cancelled and retried, shares come and go, and its policy is replaced."""

from __future__ import annotations

import pytest

from batchsim.engine.queues.fair_share import FairShareQueue
from batchsim.spec.configuration import JobQueue, TimeLimit
from batchsim.spec.fair_share import FairShare
from tests.unit.engine.parts import walk
from tests.unit.engine.queues.test_fair_share import everyone, queue_of, served
from tests.worlds import servers


def looked_at(queue: FairShareQueue, now: float = 0.0) -> list[int]:
    return walk(queue, everyone, now).looked_at


def replaced(queue: FairShareQueue, now: float, **policy: object) -> None:
    """Have another policy from now on, as an update does."""
    queue.update(JobQueue("queue", 1, True, ("servers",), fair_share=FairShare(**policy)), now)


# What runs against what has run


@pytest.mark.parametrize(
    ("window_s", "ended_at", "first"),
    [
        # Of a's 2 vCPUs from 0 to t, 2 · (t - t² / 1200) counts at t; a vCPU of b's that starts then counts 300.
        # At 175 that is 299.0, at 176 it is 300.4.
        (600.0, 175.0, "a"),
        (600.0, 176.0, "b"),
        # Over 1,200 s it is 2 · (t - t² / 2400) against 600: 599.5 at 351, 600.9 at 352.
        (1200.0, 351.0, "a"),
        (1200.0, 352.0, "b"),
    ],
)
@pytest.mark.parametrize("is_replaced", [False, True], ids=["from the start", "by an update"])
def test_a_vcpu_that_starts_weighs_as_much_as_half_a_window_of_use(window_s, ended_at, first, is_replaced):
    shares, vcpus = "aabb", [2, 1, 1, 1]
    queue = queue_of(shares, vcpus, window_s=60.0 if is_replaced else window_s)
    queue.keep_history()
    queue.leave([0], 0.0)
    queue.stopped(0, ended_at)
    if is_replaced:
        replaced(queue, ended_at, window_s=window_s)
    queue.leave([2], ended_at)
    assert served(queue, shares, ended_at)[0] == first


def test_use_counts_anew_over_the_window_of_another_policy():
    # At 700 the window of 600 s has left nothing of what a used from 0 to 100. Over 6,000 s its seconds, 650 s old on
    # average, count 100 · (1 - 650 / 6000) = 89, and b's from 300 to 350 count 50 · (1 - 375 / 6000) = 47.
    shares = "aabb"
    queue = queue_of(shares, window_s=600.0)
    queue.keep_history()
    queue.leave([0], 0.0)
    queue.stopped(0, 100.0)
    queue.leave([2], 300.0)
    queue.stopped(2, 350.0)
    assert served(queue, shares, 700.0)[0] == "a"
    replaced(queue, 700.0, window_s=6000.0)
    assert served(queue, shares, 700.0)[0] == "b"


def test_what_runs_when_the_policy_is_replaced_goes_on_counting():
    # a's job has run for 100 s, and ends at 150: 150 - 150² / 2400 of its use, and nothing of it in use any more.
    queue = queue_of("aab", window_s=600.0)
    queue.keep_history()
    queue.leave([0], 0.0)
    replaced(queue, 100.0, window_s=1200.0)
    assert queue.in_use == 1
    queue.stopped(0, 150.0)
    assert queue.in_use == 0
    assert queue._usage.of([0], 150.0)[0] == pytest.approx(150 - 150**2 / 2400)


def test_other_weights_hold_from_the_update_on():
    # Both have one job running; a's use weighs half from 0 on, b's a tenth from 10 on.
    shares = "aaabbb"
    queue = queue_of(shares, weights=(("a", 0.5),))
    queue.keep_history()
    queue.leave([0, 3], 0.0)
    assert served(queue, shares, 10.0)[:2] == "aa"  # 155 and 305 of 310
    replaced(queue, 10.0, weights=(("b", 0.1),))
    assert served(queue, shares, 10.0)[:2] == "bb"


def test_an_update_brings_a_reservation_at_once_and_takes_it_away():
    queue = queue_of("aaaaaaaa", of=8)
    queue.keep_history()
    assert len(served(queue, "aaaaaaaa")) == 8
    replaced(queue, 0.0, compute_reservation=75)
    assert queue.reserves
    assert len(served(queue, "aaaaaaaa")) == 2  # 8 · (1 - 0.75)
    replaced(queue, 0.0)
    assert not queue.reserves
    assert len(served(queue, "aaaaaaaa")) == 8


def test_a_reservation_of_one_per_cent_is_one():
    queue = queue_of("a", of=300, compute_reservation=1)
    assert queue.reserves
    assert queue.allowed(0.0) == 297


def test_priority_and_time_limits_are_those_of_the_update():
    queue = queue_of("a")
    limits = (TimeLimit("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", 600.0),)
    queue.update(JobQueue("queue", 7, True, ("servers",), fair_share=FairShare(), time_limits=limits), 0.0)
    assert (queue.priority, queue.time_limits) == (7, limits)


# Jobs that leave, and those that come back


def test_cancelled_jobs_leave_their_shares_and_nothing_else_changes():
    shares, vcpus = "aaabbc", [1, 2, 1, 2, 1, 2]
    queue = queue_of(shares, vcpus)
    queue.cancel({0, 4, 5})
    assert looked_at(queue) == [1, 3, 2]
    assert queue.requests == {0: 1, 1: 2}
    assert queue.in_use == 0
    assert sorted(queue.first) == [0, 1]  # nobody waits in c


def test_a_share_all_of_whose_jobs_are_cancelled_comes_back_with_its_next_job():
    queue = queue_of("aab", waiting=False)
    for job in (0, 2):
        queue.add(job, 0, False)
    queue.cancel({0})
    assert looked_at(queue) == [2]
    queue.add(1, 0, False)
    assert looked_at(queue) == [1, 2]


def test_a_retried_job_is_cancelled_as_any_other():
    queue = queue_of("aaa", priorities=[0, 5, 5])
    queue.leave([1], 0.0)
    queue.stopped(1, 10.0)
    queue.add(1, 0, True)
    assert looked_at(queue, 10.0) == [1, 2, 0]
    queue.cancel({1, 0})
    assert looked_at(queue, 10.0) == [2]
    assert queue.requests == {0: 1}


def test_the_head_that_is_cancelled_is_the_next_of_the_share_to_be_served():
    queue = queue_of("aab")
    queue.leave([0], 0.0)
    assert queue.head(0.0) == 2
    queue.remove_head(0.0)
    assert queue.head(0.0) == 1
    assert queue.in_use == 1  # what is cancelled never ran


def test_a_retried_job_comes_before_every_priority_and_the_higher_first_among_such():
    queue = queue_of("aaaaa", priorities=[0, 5, 9, 9, 0])
    queue.leave([2, 3, 1], 0.0)
    for job in (1, 2, 3):
        queue.stopped(job, 0.0)
    assert looked_at(queue) == [0, 4]
    queue.add(2, 0, False)
    queue.add(1, 0, True)
    assert looked_at(queue) == [1, 2, 0, 4]
    queue.add(3, 0, True)
    assert looked_at(queue) == [3, 1, 2, 0, 4]


# Shares that are active


def test_a_share_is_active_as_long_as_one_of_its_jobs_has_not_ended():
    # Of a's three jobs two end at 10; the third keeps the share active for longer than a window. b's only job ends at
    # 20, and 600 s later its share is not active any more.
    queue = queue_of("aaab", of=8, compute_reservation=50)
    queue.finished(0, 10.0)
    queue.finished(1, 10.0)
    queue.finished(3, 20.0)
    assert queue.allowed(619.9) == 6
    assert queue.allowed(620.0) == 4
    queue.submitted(3)  # b is active again
    assert queue.allowed(620.0) == 6


def test_at_least_one_share_counts_as_active():
    # All have been over for a window: as for one share, half of the vCPUs may be used.
    queue = queue_of("a", of=8, compute_reservation=50)
    queue.finished(0, 10.0)
    assert queue.allowed(5000.0) == 4


def test_a_job_takes_as_many_vcpus_of_what_is_allowed_as_it_asks_for():
    # 6 of 8 are allowed with two shares: 4 and then 2; another job of 1 would be the seventh.
    queue = queue_of("abab", [4, 2, 1, 1], of=8, compute_reservation=50)
    assert looked_at(queue) == [0, 1]
    queue.leave([0, 1], 0.0)
    assert queue.in_use == 6
    assert looked_at(queue) == []
    assert queue.candidates(0.0) == []
    queue.stopped(1, 5.0)
    assert len(queue.candidates(5.0)) == 1  # one of the two that ask for 1 says all
    assert walk(queue, everyone, 5.0).started == [3, 2]


def test_an_environment_that_grows_makes_the_reservation_larger():
    queue = queue_of("aaaaaaaa", of=8, compute_reservation=50)
    assert queue.allowed(0.0) == 4
    queue.environments[0].update(servers(16), (), 0.0)
    queue.environments_changed()
    assert queue.allowed(0.0) == 8
