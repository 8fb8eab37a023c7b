"""Fair share: the share that used least for its weight is served next (User Guide, *Fair-share scheduling*).

A running vCPU counts from its start on for half of the window; shares of a window of 600 s so gain 300 a vCPU.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.queues.fair_share import FEW, FairShareQueue
from batchsim.spec.configuration import JobQueue
from batchsim.spec.fair_share import FairShare
from batchsim.spec.workload import JobGroup
from tests.unit.engine.parts import simulation, walk
from tests.worlds import jobs, servers


def group(share: str, priority: int = 0) -> JobGroup:
    return JobGroup("work", "queue", "definition", share_identifier=share, scheduling_priority=priority)


def queue_of(
    shares: str | list[str],
    vcpus: Any = 1,
    *,
    waiting: bool = True,
    priorities: Any = None,
    of: int = 64,
    **policy: Any,
) -> FairShareQueue:
    """A queue of jobs, one of each letter's share in turn, on so many servers."""
    priorities = priorities or [0] * len(shares)
    groups = sorted(set(zip(shares, priorities, strict=True)))
    numbers = [groups.index(each) for each in zip(shares, priorities, strict=True)]
    work = jobs([0] * len(shares), 10, vcpus, group=numbers, groups=[group(*each) for each in groups])
    spec = JobQueue("queue", 1, True, ("servers",), fair_share=FairShare(**policy))
    queue = simulation(work, servers(of), queues=[spec]).queues[0]
    assert isinstance(queue, FairShareQueue)
    for job in range(len(shares)):
        queue.submitted(job)
        if waiting:
            queue.add(job, int(work.shape[job]), False)
    return queue


def everyone(_job: int) -> bool:
    return True


def served(queue: FairShareQueue, shares: str | list[str], now: float = 0.0) -> str:
    """The shares of the jobs that are looked at."""
    return "".join(shares[job] for job in walk(queue, everyone, now).looked_at)


def test_equal_shares_take_turns():
    # Job 0 first; then b, which has nothing; then both have 300, and the earlier job is a's.
    assert served(queue_of("aaaabb"), "aaaabb") == "ababaa"


def test_a_quarter_of_the_weight_is_four_times_the_turns():
    # After a's first job it stands at 300, and b at 75 for each of its own, until both have 300.
    shares = "aaa" + 8 * "b"
    assert served(queue_of(shares, weights=(("b", 0.25),)), shares) == "abbbbabbbba"


def test_vcpus_count_and_not_jobs():
    # a's job of 2 vCPUs is worth two of b's; at 600 each the earlier job is a's.
    shares, vcpus = "aabbbb", [2, 2, 1, 1, 1, 1]
    assert served(queue_of(shares, vcpus), shares) == "abbabb"


def test_what_runs_is_remembered_and_fades_when_it_is_over():
    queue = queue_of("aaabb")
    walk(queue, everyone)
    queue.leave([0, 1], 0.0)  # two of a start
    assert queue.in_use == 2
    assert served(queue, "aaabb") == "bba"
    # They end at 100, when each has used 100 s; b waits with nothing, and is first until that is gone.
    queue.stopped(0, 100.0)
    queue.stopped(1, 100.0)
    assert queue.in_use == 0
    assert served(queue, "aaabb", 699.0)[0] == "b"
    # 600 s after their end nothing is left of it: both have nothing, and the earlier job is a's.
    assert served(queue, "aaabb", 700.0) == "abb"


def test_within_a_share_priority_then_submission_and_retried_ones_first():
    queue = queue_of("aaaa", priorities=[0, 5, 5, 0])
    assert walk(queue, everyone).looked_at == [1, 2, 0, 3]
    queue.leave([1], 0.0)
    queue.add(1, 0, True)
    queue.leave([1], 0.0)
    queue.leave([2, 0], 0.0)
    # A retried job goes before jobs of a higher priority.
    queue.add(2, 0, False)
    queue.add(0, 0, True)
    assert walk(queue, everyone).looked_at == [0, 2, 3]


def test_a_share_whose_next_job_cannot_start_is_passed_over():
    # a's jobs need 2 vCPUs and find none; b's and c's do.
    shares, vcpus = "aabc", [2, 2, 1, 1]
    queue = queue_of(shares, vcpus)
    assert walk(queue, lambda job: shares[job] != "a") == ([0, 2, 3], [2, 3])


def test_what_one_job_was_refused_others_alike_need_not_ask_for():
    shares = "abcd"
    vcpus = [2, 1, 2, 2]
    # Where others alike can't start either, no other job of 2 vCPUs is looked at; else each share is.
    assert walk(queue_of(shares, vcpus), lambda job: vcpus[job] == 1, alike=True).looked_at == [0, 1]
    assert walk(queue_of(shares, vcpus), lambda job: vcpus[job] == 1, alike=False).looked_at == [0, 1, 2, 3]


def test_a_share_whose_next_job_asks_for_what_was_refused_is_done():
    # b's job of 2 vCPUs is refused; a's first starts, and a's next asks for 2 as well.
    shares, vcpus = "baa", [2, 1, 2]
    assert walk(queue_of(shares, vcpus), lambda job: vcpus[job] == 1, alike=True).looked_at == [0, 1]


@given(
    data=st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 4), st.integers(0, 2)), min_size=1, max_size=24),
    free=st.integers(0, 30),
    used=st.lists(st.sampled_from("abcde"), max_size=4),
)
def test_starting_jobs_and_asking_for_capacity_see_one_order(data, free, used):
    """A pass tells what others alike can't do, scaling out refuses them one by one: the same jobs are taken."""
    shares, vcpus, priorities = ("".join(d[0] for d in data), [d[1] for d in data], [d[2] for d in data])

    def taken(alike: bool) -> list[int]:
        queue, left, failed = queue_of(shares, vcpus, priorities=priorities), [free], set()
        for share in used:
            if share in shares:
                queue._usage.change(queue._share_of[queue._table.group[shares.index(share)]], 0.0, 1.0)

        def starts(job: int) -> bool:
            if vcpus[job] in failed or vcpus[job] > left[0]:
                failed.add(vcpus[job])
                return False
            left[0] -= vcpus[job]
            return True

        return walk(queue, starts, 10.0, alike=alike).started

    assert taken(alike=True) == taken(alike=False)


def test_going_through_the_order_changes_nothing():
    queue = queue_of("aabb")
    assert walk(queue, everyone).looked_at == walk(queue, everyone).looked_at
    assert queue.requests == {0: 4}
    assert queue.in_use == 0


@pytest.mark.parametrize("count", [FEW, FEW + 1])
def test_few_shares_and_many_are_ranked_alike(count):
    # In reverse, so that the earliest job is that of the last share.
    shares = [f"s{number:02}" for number in range(count)][::-1]
    queue = queue_of([*shares, *shares])
    looked_at = walk(queue, everyone).looked_at
    # One of each share, by their first jobs; then the others.
    assert looked_at == list(range(2 * count))


def test_a_reservation_keeps_its_part_for_shares_that_are_not_active():
    # API FairsharePolicy.computeReservation: of 8 vCPUs (50 / 100) ** active are kept, 4 for one share, 2 for two.
    assert served(queue_of("aaaaaaaa", of=8, compute_reservation=50), "aaaaaaaa") == "aaaa"
    assert served(queue_of("aaaabbbb", of=8, compute_reservation=50), "aaaabbbb") == "ababab"
    # Without one everything may be used.
    assert len(served(queue_of("aaaaaaaa", of=8), "aaaaaaaa")) == 8


def test_a_job_that_the_reservation_holds_back_lets_a_smaller_one_pass():
    # 6 vCPUs are allowed: a's 4 and b's 2; c's 4 would be too many.
    shares, vcpus = "acb", [4, 4, 2]
    queue = queue_of(shares, vcpus, of=8, compute_reservation=50)
    assert queue.allowed(0.0) == 8 * (1 - 0.5**3) == 7
    assert walk(queue, everyone).looked_at == [0, 2]
    queue.leave([0], 0.0)
    assert queue.holds_back(1, 0.0)  # 4 and 4
    assert not queue.holds_back(0, 0.0)  # 4 and 2


def test_a_share_is_active_until_its_last_job_has_been_over_for_a_window():
    queue = queue_of("ab", of=8, compute_reservation=50)
    assert queue.allowed(0.0) == 6
    queue.finished(1, 10.0)
    assert queue.allowed(10.0) == queue.allowed(609.0) == 6
    assert queue.allowed(610.0) == 4


def test_only_enabled_environments_count_for_the_reservation():
    work = jobs([0], 10, groups=[group("a")])
    spec = JobQueue("queue", 1, True, ("on", "off"), fair_share=FairShare(compute_reservation=50))
    off = replace(servers(8, "off"), enabled=False)
    queue = simulation(work, servers(8, "on"), off, queues=[spec]).queues[0]
    queue.submitted(0)
    assert queue.allowed(0.0) == 4
