"""First in, first out: order of submission, retried jobs before all others, and how far a blocked head is overtaken."""

from __future__ import annotations

import pytest

from batchsim.engine.queues.fifo import NOT_BLOCKED, FifoQueue
from batchsim.spec.configuration import JobQueue
from tests.unit.engine.parts import context, walk
from tests.worlds import jobs

#: The depth of AWS's own snapshot of a queue (API FrontOfQueueDetail).
DEPTH = 100


def queue_of(count: int, *, overtake: str = "none", waiting: bool = True) -> FifoQueue:
    """A queue of so many jobs; the even ones ask for 1 vCPU, the odd ones for 2."""
    work = jobs([0] * count, 10, [1 + row % 2 for row in range(count)])
    made = FifoQueue(0, JobQueue("queue", 1, True, ()), context(work, scheduler={"overtake": overtake}))
    for job in range(count) if waiting else ():
        made.add(job, job % 2, False)
    return made


def test_order_is_that_of_submission_whenever_a_job_became_runnable():
    queue = queue_of(4, waiting=False)
    for job in (2, 3, 0, 1):
        queue.add(job, job % 2, False)
    assert walk(queue, lambda job: True).looked_at == [0, 1, 2, 3]
    assert queue.head(0.0) == 0


def test_retried_jobs_come_before_all_others_in_their_own_order_of_submission():
    queue = queue_of(6, waiting=False)
    for job, retried in ((0, False), (5, True), (2, False), (3, True)):
        queue.add(job, job % 2, retried)
    assert walk(queue, lambda job: True).looked_at == [3, 5, 0, 2]
    queue.leave([3, 0], 0.0)
    assert walk(queue, lambda job: True).looked_at == [5, 2]


def test_a_head_that_cannot_start_blocks_the_rest():
    queue = queue_of(5)
    assert walk(queue, lambda job: job < 2) == ([0, 1, 2], [0, 1])


@pytest.mark.parametrize("alike", [True, False])
def test_overtaking_ends_when_so_many_were_passed_over(alike):
    queue = queue_of(3 * DEPTH, overtake="fitting")
    # None starts: so many are looked at.
    assert walk(queue, lambda job: False, alike=alike).looked_at == list(range(DEPTH))
    # Those that start are none of them: every other one starts.
    gone = walk(queue, lambda job: job % 2 == 0, alike=alike)
    assert gone == (list(range(2 * DEPTH)), list(range(0, 2 * DEPTH, 2)))


def test_going_through_the_order_changes_nothing():
    queue = queue_of(4)
    assert walk(queue, lambda job: True).looked_at == walk(queue, lambda job: True).looked_at == [0, 1, 2, 3]
    queue.leave([0, 1], 0.0)
    assert walk(queue, lambda job: True).looked_at == [2, 3]


def test_an_empty_queue_has_nobody():
    assert walk(queue_of(0), lambda job: True).looked_at == []


def test_requests_are_counted_and_changes_of_them_noted():
    queue = queue_of(3)
    assert queue.requests == {0: 2, 1: 1}
    before = queue.generation, queue.requests_generation
    queue.leave([0], 0.0)  # another of 1 vCPU still waits
    assert queue.requests == {0: 1, 1: 1}
    assert queue.generation > before[0]
    assert queue.requests_generation == before[1]
    queue.leave([1], 0.0)
    assert queue.requests == {0: 1}
    assert queue.requests_generation == before[1] + 1
    queue.add(1, 1, True)
    assert queue.requests_generation == before[1] + 2


def test_the_head_alone_decides_unless_it_is_overtaken():
    assert queue_of(3).candidates(0.0) == [0]
    assert queue_of(3).deciding(0.0) == {}
    assert queue_of(3, overtake="fitting").candidates(0.0) == [0, 1, 2]
    # Of each request the first of its jobs.
    assert queue_of(3, overtake="fitting").deciding(0.0) == {0: 0, 1: 1}


def test_a_cancelled_head_leaves_and_the_next_job_is_the_head():
    queue = queue_of(3)
    queue.remove_head(0.0)
    assert queue.head(0.0) == 1
    assert queue.requests == {0: 1, 1: 1}


def blocked(queue: FifoQueue) -> FifoQueue:
    queue.blocked_at = 7
    return queue


def test_a_head_stays_blocked_while_it_is_the_head():
    queue = blocked(queue_of(4, waiting=False))
    queue.add(1, 1, False)
    queue.add(3, 1, False)
    assert queue.blocked_at == 7  # they came behind it
    queue.add(0, 0, False)  # submitted before, RUNNABLE later
    assert queue.blocked_at == NOT_BLOCKED
    blocked(queue).add(2, 0, True)
    assert queue.blocked_at == NOT_BLOCKED
    blocked(queue).leave([2], 0.0)
    assert queue.blocked_at == NOT_BLOCKED
    blocked(queue).cancel({3})
    assert queue.blocked_at == NOT_BLOCKED


def test_a_queue_that_looks_past_its_head_is_tried_again_for_what_nobody_asked_for():
    queue = queue_of(4, overtake="fitting", waiting=False)
    queue.add(0, 0, False)
    blocked(queue).add(2, 0, False)
    assert queue.blocked_at == 7
    queue.add(3, 1, False)
    assert queue.blocked_at == NOT_BLOCKED


def test_a_job_that_comes_before_those_that_wait_out_of_order_is_the_head():
    # 3, then 2, which was submitted before; 3 is cancelled, so that none waits in order.
    queue = queue_of(4, waiting=False)
    queue.add(3, 1, False)
    queue.add(2, 0, False)
    queue.cancel({3})
    blocked(queue).add(1, 1, False)
    assert queue.blocked_at == NOT_BLOCKED
    assert queue.head(0.0) == 1


def test_cancelled_jobs_leave_wherever_they_stand_and_retried_ones_as_well():
    queue = queue_of(6)
    queue.leave([0, 1], 0.0)
    queue.add(1, 1, True)
    queue.add(0, 0, True)
    queue.cancel({0, 3, 4})
    assert walk(queue, lambda job: True).looked_at == [1, 2, 5]
    assert queue.requests == {0: 1, 1: 2}
    # A job that was retried and left may be retried again.
    queue.leave([1], 0.0)
    assert queue.head(0.0) == 2
    queue.add(1, 1, True)
    assert queue.head(0.0) == 1


def test_a_queue_all_of_whose_jobs_are_cancelled_is_empty():
    queue = queue_of(4)
    queue.cancel({0, 1, 2, 3})
    assert queue.requests == {}
    assert walk(queue, lambda job: True).looked_at == []


def test_a_retried_head_that_is_cancelled_comes_as_any_other_when_it_comes_again():
    # It is not remembered as one that is retried: its place is that of its submission.
    queue = queue_of(3, waiting=False)
    queue.add(2, 0, True)
    queue.add(1, 1, False)
    queue.remove_head(0.0)
    queue.add(2, 0, False)
    assert walk(queue, lambda job: True).looked_at == [1, 2]
    queue.cancel({2})
    assert walk(queue, lambda job: True).looked_at == [1]
