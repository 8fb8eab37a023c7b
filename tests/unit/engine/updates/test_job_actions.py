"""Whom CancelJob and TerminateJob end and when, and what others have of it (API CancelJob, TerminateJob)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.recording import Status
from batchsim.spec.configuration import Consumable, JobQueue, Shape, SpotTrace
from batchsim.spec.workload import JobGroup, Workload
from tests.unit.engine.updates.entries import acted, cancel, terminate, texts
from tests.worlds import by_job, fleet, jobs, servers

FAILED, SUCCEEDED = Status.FAILED, Status.SUCCEEDED


def named(work: Workload, *names: str) -> Workload:
    """The same jobs, each with a name."""
    distinct = tuple(dict.fromkeys(names))
    return replace(work, job_names=distinct, job_name=np.array([distinct.index(each) for each in names], np.int32))


# Who is named


@pytest.mark.parametrize(
    ("which", "ended"),
    [
        ({"job_queue": "day"}, [0, 1]),
        ({"job_queue": "night"}, [2, 3]),
        ({"workflow": "etl"}, [0, 2]),
        ({"job_name": "load"}, [1, 3]),
        # All that is stated has to match.
        ({"job_queue": "night", "workflow": "etl"}, [2]),
        ({"workflow": "etl", "job_name": "load"}, []),
        ({"job_queue": "night", "workflow": "web", "job_name": "load"}, [3]),
        ({}, [0, 1, 2, 3]),
    ],
    ids=lambda value: ("+".join(value.values()) or "all") if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("end", [cancel, terminate])
def test_jobs_are_named_by_queue_name_and_workflow_and_all_that_is_stated_matches(end, which, ended):
    pairs = [("etl", "day"), ("web", "day"), ("etl", "night"), ("web", "night")]
    groups = [JobGroup(workflow, name, "definition") for workflow, name in pairs]
    work = named(jobs([0] * 4, 100, groups=groups, group=range(4)), "extract", "load", "extract", "load")
    queues = [JobQueue(name, 1, True, ("servers",)) for name in ("day", "night")]
    # Nobody has a processor: all four wait.
    recording = acted(work, servers(0), queues=queues, updates=[end(50, **which)], duration_s=60)
    assert np.flatnonzero(recording.status == FAILED).tolist() == ended
    assert recording.updates[0].jobs == len(ended)
    assert recording.stopped_at[ended].tolist() == [50] * len(ended)


def test_only_what_was_submitted_by_then_is_ended():
    # One processor; at 50 the jobs of 0, 20 and 50 are there, and not the one of 51.
    work = jobs([0, 20, 50, 51], 100)
    recording = acted(work, servers(1), updates=[cancel(50)])
    assert recording.status.tolist() == [SUCCEEDED, FAILED, FAILED, SUCCEEDED]
    assert by_job(recording, "starting_at") == [0, 100]


@pytest.mark.parametrize(("submitted_at", "status"), [(50, FAILED), (51, SUCCEEDED)])
@pytest.mark.parametrize("end", [cancel, terminate])
def test_a_job_that_is_submitted_ends_when_the_scheduler_first_looks_at_it(end, submitted_at, status):
    # It takes 30 s until it does: at 50 the job is SUBMITTED, and the action holds for it from then on.
    recording = acted(jobs([submitted_at], 100), servers(1), updates=[end(50, reason="x")], scheduler={"admit": 30.0})
    assert recording.status.tolist() == [status]
    assert recording.stopped_at.tolist() == [80 if status is FAILED else 51 + 30 + 100]
    assert len(recording.attempts.job) == (status is SUCCEEDED)
    assert texts(recording)[0] == ("x" if status is FAILED else "Essential container in task exited")


# Waiting jobs


def test_those_behind_a_cancelled_head_move_up_at_once():
    # The head asks for all four processors, one of which is busy to 1,000: cancelled at 50, the next two start.
    work = named(jobs([0, 1, 2, 3], [1000, 10, 10, 10], [1, 4, 2, 1]), "busy", "large", "small", "small")
    recording = acted(work, servers(4), updates=[cancel(50, job_name="large")])
    assert by_job(recording, "starting_at") == [0, 50, 50]
    assert recording.ended_at == 1000


def test_nothing_is_launched_for_jobs_that_are_cancelled_before_they_are_asked_for():
    # Capacity is asked for 55 s after it is first wanted, at 56: from 50 on nobody wants it any more.
    recording = acted(jobs([1, 1], 100), fleet(), updates=[cancel(50)], scheduler={"scaleUpReaction": 55.0})
    assert len(recording.instances.requested_at) == 0
    assert recording.stopped_at.tolist() == [50, 50]


def test_instances_that_boot_for_cancelled_jobs_register_and_are_scaled_in():
    # Asked for at 0, registered at 100, idle for 30 s.
    recording = acted(
        jobs([0], 100), fleet(), updates=[cancel(50)], ec2={"register": 100.0}, scheduler={"scaleDownIdle": 30.0}
    )
    assert recording.instances.registered_at.tolist() == [100]
    assert recording.instances.terminated_at.tolist() == [130]


@pytest.mark.parametrize("end", [cancel, terminate])
def test_a_job_that_waits_for_its_second_attempt_is_ended_and_has_had_one(end):
    # It fails at 10 and is retried before all others, and there is no room: another queue has the processor.
    groups = [JobGroup("work", "high", "definition"), JobGroup("work", "low", "definition", attempts=3)]
    queues = [JobQueue("high", 2, True, ("servers",)), JobQueue("low", 1, True, ("servers",))]
    work = jobs([0, 1], [10, 100], exit_code=[1, 0], groups=groups, group=[1, 0])
    recording = acted(work, servers(1), queues=queues, updates=[end(50, job_queue="low", reason="enough")])
    assert recording.status.tolist() == [FAILED, SUCCEEDED]
    assert recording.stopped_at.tolist() == [50, 110]
    assert recording.attempts.job.tolist() == [0, 1]
    assert texts(recording)[0] == "enough"


# Jobs that wait for others


@pytest.mark.parametrize(
    ("fails", "reason", "stopped_at"), [(False, "not needed", 100), (True, "Dependent Job failed", 100)]
)
def test_a_pending_job_ends_with_what_it_depends_on_whatever_becomes_of_that(fails, reason, stopped_at):
    work = named(jobs([0, 0], 100, exit_code=[int(fails), 0], waits_for=[(1, 0)]), "first", "second")
    recording = acted(work, servers(2), updates=[cancel(50, job_name="second", reason="not needed")])
    assert recording.status[1] == FAILED
    assert recording.stopped_at[1] == stopped_at
    assert texts(recording)[1] == reason
    assert np.isnan(recording.runnable_at[1])


@pytest.mark.parametrize(("cancelled_at", "ends_at"), [(5, 10), (10, 10), (20, 20), (39, 39), (45, 45)])
def test_a_job_that_thinks_when_it_is_cancelled_never_runs(cancelled_at, ends_at):
    # It follows one that ends at 10, and would be RUNNABLE at 40, when no processor is free.
    work = named(jobs([0, 0, 12], [10, 5, 60], waits_for=[(1, 0)]), "first", "second", "third")
    work = replace(work, think_s=np.array([-1.0, 30.0, -1.0]))
    recording = acted(work, servers(1), updates=[cancel(cancelled_at, job_name="second")])
    assert [each.jobs for each in recording.updates] == [1]
    assert recording.attempts.job.tolist() == [0, 2]
    assert (recording.status[1], recording.stopped_at[1]) == (Status.FAILED, ends_at)


@pytest.mark.parametrize("think_s", [0.0, 5.0])
def test_nor_does_one_that_follows_it_and_is_cancelled_with_it(think_s):
    # The second would be RUNNABLE at 110; the third follows it, whatever becomes of it.
    work = replace(jobs([0, 0, 0], 10, waits_for=[(1, 0), (2, 1)]), think_s=np.array([-1.0, 100.0, think_s]))
    recording = acted(work, servers(4), updates=[cancel(50)])
    assert [each.jobs for each in recording.updates] == [2]
    assert recording.attempts.job.tolist() == [0]
    assert recording.status.tolist() == [SUCCEEDED, FAILED, FAILED]


def test_what_depends_on_a_cancelled_job_fails_at_the_same_instant_and_so_on():
    # 1 waits for 0, 2 for 1; 3 is of its own.
    work = named(jobs([0] * 4, 100, waits_for=[(1, 0), (2, 1)]), "a", "b", "c", "d")
    recording = acted(work, servers(0), updates=[cancel(50, job_name="a", reason="x")], duration_s=60)
    assert recording.stopped_at[:3].tolist() == [50] * 3
    assert texts(recording) == ["x", "Dependent Job failed", "Dependent Job failed", ""]
    assert recording.status[3] == Status.RUNNABLE


def test_an_array_whose_children_are_cancelled_fails_its_dependents_when_the_last_one_ends():
    # Children 0 to 2 of an array, node 4 their parent, for which job 3 waits. One runs to 100, the others are
    # cancelled at 50: the parent ends with the one that runs.
    work = jobs([0] * 4, 100, waits_for=[(4, 0), (4, 1), (4, 2), (3, 4)], parents=1)
    recording = acted(work, servers(1), updates=[cancel(50)])
    assert recording.stopped_at.tolist() == [100, 50, 50, 100]
    assert recording.status.tolist() == [SUCCEEDED, FAILED, FAILED, FAILED]


# Jobs that run


def test_a_terminated_job_frees_its_processor_when_its_container_has_ended():
    # SIGTERM at 50, and the container takes 20 s: the next starts at 70. It is not retried.
    recording = acted(jobs([0, 1], [500, 10], attempts=3), servers(1), updates=[terminate(50)], scheduler={"stop": 20})
    # Both were named: the one that waits ends at once.
    assert recording.stopped_at.tolist() == [70, 50]
    late = acted(jobs([0, 60], [500, 10], attempts=3), servers(1), updates=[terminate(50)], scheduler={"stop": 20})
    assert by_job(late, "starting_at") == [0, 70]
    assert late.attempts.exit_code.tolist() == [137, 0]


def test_a_second_terminate_neither_prolongs_nor_shortens_the_first():
    # 50 + 30 s of the stop timeout; at 60 nothing begins anew, and the reason is the first's.
    work = jobs([0], 500, stop_timeout_s=30.0)
    updates = [terminate(50, reason="first"), terminate(60, reason="second")]
    recording = acted(work, servers(1), updates=updates, scheduler={"stop": 100})
    assert recording.stopped_at.tolist() == [80]
    assert texts(recording) == ["first"]


@pytest.mark.parametrize(
    ("timeout_s", "stopped_at", "reason"),
    [
        # Its timeout would have sent SIGTERM at 60, and SIGKILL at 90: the action's at 50 comes first, 50 + 30.
        (60.0, 80, "x"),
        # Its own SIGTERM was at 40, and it ends at 70 whatever is sent besides.
        (40.0, 70, "x"),
    ],
)
def test_the_earlier_end_counts_where_a_timeout_runs_as_well(timeout_s, stopped_at, reason):
    work = jobs([0], 500, timeout_s=timeout_s, attempts=2)
    recording = acted(work, servers(1), updates=[terminate(50, reason="x")], scheduler={"stop": 100})
    assert recording.stopped_at.tolist() == [stopped_at]
    assert texts(recording) == [reason]
    assert len(recording.attempts.job) == 1


def test_a_job_that_ends_by_itself_at_that_instant_has_succeeded():
    recording = acted(jobs([0], 50), servers(1), updates=[terminate(50)])
    assert recording.status.tolist() == [SUCCEEDED]
    assert recording.stopped_at.tolist() == [50]


def test_a_host_that_is_taken_during_the_stop_ends_the_job_then_and_for_good():
    # SIGTERM at 90, SIGKILL at 120; the market has nothing from 100 to 200. The host goes at 100, and the job, which
    # was terminated, is not retried on the next.
    market = SpotTrace((0.0, 100.0, 200.0), (1, 0, 1), 1e6)
    spot = fleet(purchase_option="SPOT", spot_trace=market)
    recording = acted(
        jobs([0], 500, attempts=5),
        spot,
        updates=[terminate(90, reason="x")],
        scheduler={"stop": 60},
        spot={"notice": 0},
    )
    assert recording.stopped_at.tolist() == [100]
    assert recording.status.tolist() == [FAILED]
    assert texts(recording) == ["x"]
    assert len(recording.attempts.job) == 1
    assert recording.instances.reclaimed.tolist() == [True]


def test_a_terminated_multi_node_job_frees_all_its_instances():
    nodes = {4.0: Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)}
    work = named(jobs([0, 1, 1], [500, 10, 10], [4, 2, 2], nodes=nodes), "gang", "single", "single")
    recording = acted(work, fleet(max_vcpus=4), updates=[terminate(50, job_name="gang")])
    assert by_job(recording, "starting_at") == [0, 50, 50]
    assert sorted(recording.attempts.instance.tolist()) == [0, 0, 1]


def test_what_a_terminated_job_had_locked_is_there_for_the_next():
    # One licence; the job that holds it gets SIGTERM at 50 and ends at 55.
    work = named(jobs([0, 1], [500, 10], consumables=(("licence", 1),)), "first", "second")
    recording = acted(
        work,
        servers(4),
        consumables=[Consumable("licence", 1)],
        updates=[terminate(50, job_name="first")],
        scheduler={"stop": 5},
    )
    assert by_job(recording, "starting_at") == [0, 55]


def test_an_action_that_finds_nobody_changes_nothing():
    work = named(jobs([0, 1], 100), "a", "b")
    recording = acted(work, servers(1), updates=[cancel(150, job_name="a"), terminate(99, job_name="c")])
    assert [each.jobs for each in recording.updates] == [0, 0]
    assert by_job(recording, "starting_at") == [0, 100]
