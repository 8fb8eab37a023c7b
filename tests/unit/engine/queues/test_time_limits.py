"""Why a head is blocked (User Guide, *Jobs stuck in RUNNABLE*), and that it is cancelled when that lasts too long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.engine.clock import Clock
from batchsim.engine.queues.time_limits import CAPACITY, MAX_RESOURCE, REQUIREMENT, TimeLimits, blocked_for
from batchsim.recording import Status
from batchsim.spec.configuration import JobQueue, Shape, TimeLimit
from batchsim.spec.fair_share import FairShare
from batchsim.spec.workload import JobGroup
from tests.unit.engine.parts import agenda, simulation
from tests.worlds import LARGE, fleet, jobs, run, servers

DEAR = replace(LARGE, above_bid=((0.0, True),))
ROOM, LATER = fleet("room"), fleet("small", max_vcpus=2)
NONE_TO_BE_HAD = fleet("dear", purchase_option="SPOT", offerings=(DEAR,))


@pytest.mark.parametrize(
    ("environments", "asked", "reason"),
    [
        # It waits for room, or for what boots: no reason that AWS would name.
        ([ROOM], Shape(1.0, 1000), ""),
        # More vCPUs than any environment may have.
        ([LATER], Shape(8.0, 1000), MAX_RESOURCE),
        ([LATER, fleet("other", max_vcpus=4)], Shape(8.0, 1000), MAX_RESOURCE),
        # Enough vCPUs, and no type that holds it.
        ([ROOM], Shape(1.0, 9000), REQUIREMENT),
        ([LATER, ROOM], Shape(1.0, 1000, 1), REQUIREMENT),
        # One of them may have as many, or just as many, vCPUs.
        ([LATER, ROOM], Shape(8.0, 1000), REQUIREMENT),
        ([LATER, fleet("other", max_vcpus=8)], Shape(8.0, 1000), REQUIREMENT),
        # It would fit, and the capacity is not to be had.
        ([NONE_TO_BE_HAD], Shape(1.0, 1000), CAPACITY),
        # An environment that could never hold it is not asked.
        ([replace(ROOM, enabled=False), NONE_TO_BE_HAD], Shape(1.0, 1000), CAPACITY),
        # One of them has it.
        ([NONE_TO_BE_HAD, ROOM], Shape(1.0, 1000), ""),
    ],
)
def test_the_reason_of_a_head(environments, asked, reason):
    work = replace(jobs([0], 10), shapes=(asked,))
    made = simulation(work, *environments).lifecycle.environments
    assert blocked_for(made, 0, asked, 0.0) == reason


def test_the_first_environment_that_could_hold_a_multi_node_job_decides_alone():
    nodes = Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)
    none_in_a = {"capacity": {"pools": [{"zones": ["us-east-1a"], "vcpus": 0}]}}
    environments = fleet("one"), fleet("two", zones=("us-east-1b",))
    for asked, reason in ((nodes, CAPACITY), (Shape(2.0, 1000), "")):
        made = simulation(replace(jobs([0], 10), shapes=(asked,)), *environments, **none_in_a).lifecycle.environments
        assert blocked_for(made, 0, asked, 0.0) == reason


def queue(reason: str, seconds: float) -> JobQueue:
    return JobQueue("queue", 1, True, ("servers",), time_limits=(TimeLimit(reason, seconds),))


def test_a_misfit_is_cancelled_when_its_time_is_over_and_the_next_job_moves_up():
    # The head asks for more processors than there are; it is looked at from 5 on.
    recording = run(jobs([5, 6], 10, [9, 1]), servers(4), queues=[queue(MAX_RESOURCE, 600)])
    assert recording.status.tolist() == [Status.FAILED, Status.SUCCEEDED]
    assert recording.stopped_at.tolist() == [605, 615]
    assert recording.reasons[recording.reason[0]].endswith(f"due to reason: {MAX_RESOURCE}")


def test_a_limit_for_another_reason_and_a_head_that_only_waits_are_left_alone():
    recording = run(jobs([5, 6], 10, [9, 1]), servers(4), queues=[queue(CAPACITY, 600)])
    assert recording.status.tolist() == [Status.RUNNABLE] * 2
    # The second job waits 1,000 s for the first.
    recording = run(jobs([0, 0], 1000, 4), servers(4), queues=[queue(MAX_RESOURCE, 600)])
    assert recording.status.tolist() == [Status.SUCCEEDED] * 2


@pytest.mark.parametrize(
    ("watched", "cancelled"),
    [
        # Head and reason, from when on; another head, or another reason, begins anew.
        ([(0, 1, MAX_RESOURCE), (50, 1, MAX_RESOURCE)], [(600, 1)]),
        ([(0, 1, MAX_RESOURCE), (50, 2, MAX_RESOURCE)], [(650, 2)]),
        ([(0, 1, MAX_RESOURCE), (50, 1, REQUIREMENT), (60, 1, MAX_RESOURCE)], [(660, 1)]),
        ([(0, 1, MAX_RESOURCE), (50, 1, "")], []),
        ([(0, 1, REQUIREMENT)], []),
    ],
)
def test_the_time_runs_while_head_and_reason_stay_the_same(watched, cancelled):
    clock, seen = Clock(), []
    made = agenda(clock=clock)
    limits = TimeLimits(made, lambda queue, job, reason, now: seen.append((now, job)))
    watching = simulation(jobs([], []), servers(1), queues=[queue(MAX_RESOURCE, 600)]).queues[0]
    for at, job, reason in watched:
        made.at(at, lambda event, job=job, reason=reason: limits.watch(watching, job, reason, event.at))
    clock.run_until_stopped()
    assert seen == cancelled


def test_each_head_has_its_own_time():
    recording = run(jobs([5, 6], 10, 9), servers(4), queues=[queue(MAX_RESOURCE, 600)])
    assert recording.stopped_at.tolist() == [605, 1205]


# Whole runs


def test_a_head_for_which_no_capacity_is_to_be_had_is_cancelled_and_one_for_which_it_comes_is_not():
    # A pool without vCPUs until 1,000: the first head is cancelled at 600, the next would be at 1,200 and starts.
    limited = JobQueue("queue", 1, True, ("room",), time_limits=(TimeLimit(CAPACITY, 600.0),))
    pool = {"pools": [{"schedule": [{"at": 0, "vcpus": 0}, {"at": 1000, "vcpus": 2}]}], "backoff": 0}
    recording = run(jobs([0, 0], 10), ROOM, queues=[limited], capacity=pool)
    assert recording.status.tolist() == [Status.FAILED, Status.SUCCEEDED]
    assert recording.stopped_at.tolist() == [600, 1010]
    assert recording.reasons[recording.reason[0]] == f"Canceled by JobStateTimeLimit action due to reason: {CAPACITY}"


def test_each_reason_has_its_own_time():
    # A misfit of the limit for 100 s, of the types for 300 s; a head of each, and a job behind them.
    limits = (TimeLimit(MAX_RESOURCE, 100.0), TimeLimit(REQUIREMENT, 300.0))
    limited = JobQueue("queue", 1, True, ("fleet",), time_limits=limits)
    # 9 vCPUs are more than the limit of 8; 4 are not, and no type has them.
    recording = run(jobs([0, 0, 0], 10, [9, 4, 1]), fleet(max_vcpus=8), queues=[limited])
    assert recording.stopped_at.tolist() == [100, 400, 410]


def test_what_depends_on_a_cancelled_head_fails_with_it_and_it_is_not_retried():
    work = jobs([0, 0], 10, [9, 1], attempts=5, waits_for=[(1, 0)])
    recording = run(work, servers(4), queues=[queue(MAX_RESOURCE, 600)])
    assert recording.status.tolist() == [Status.FAILED] * 2
    assert recording.stopped_at.tolist() == [600, 600]
    assert len(recording.attempts.job) == 0


def test_the_head_of_a_fair_share_queue_is_that_of_the_share_that_is_served_next():
    # a's misfit holds nobody of b's: b's two jobs run one after the other, and a is the head, as it has used nothing.
    groups = [JobGroup("work", "queue", "definition", share_identifier=share) for share in "ab"]
    fair = replace(queue(MAX_RESOURCE, 600), fair_share=FairShare())
    work = jobs([0, 0, 0, 5], 100, [9, 1, 1, 1], groups=groups, group=[0, 1, 1, 0])
    recording = run(work, servers(1), queues=[fair])
    # At 600 a's next job moves up.
    assert recording.stopped_at.tolist() == [600, 100, 200, 700]


def test_a_limit_of_one_queue_says_nothing_of_another():
    groups = [JobGroup("work", name, "definition") for name in ("limited", "patient")]
    queues = [replace(queue(MAX_RESOURCE, 600), name="limited"), JobQueue("patient", 1, True, ("servers",))]
    recording = run(jobs([0, 0], 10, 9, groups=groups, group=[0, 1]), servers(4), queues=queues, duration_s=5000)
    assert recording.status.tolist() == [Status.FAILED, Status.RUNNABLE]
