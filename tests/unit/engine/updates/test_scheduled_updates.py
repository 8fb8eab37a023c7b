"""Environments, queues and resources that change while jobs run: exact small cases.

API UpdateComputeEnvironment, UpdateJobQueue, UpdateConsumableResource; User Guide, *Perform infrastructure updates*.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.recording import Status
from batchsim.spec.configuration import Consumable, JobQueue, Shape, TimeLimit
from batchsim.spec.workload import JobGroup
from tests.unit.engine.updates.entries import changed, texts
from tests.worlds import LARGE, XLARGE, by_job, fleet, jobs, offering, run, servers

OTHER = offering("m6i.large", 2, 7700, 0.096)
MISFIT = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"


def lives(recording) -> list[tuple[float, float, str]]:
    """From when until when instances were there, and why no longer."""
    columns = recording.instances
    reasons = [recording.reasons[code] for code in columns.reason]
    return list(zip(columns.requested_at.tolist(), columns.terminated_at.tolist(), reasons, strict=True))


# Their order


def test_updates_of_one_instant_come_in_the_order_of_the_list():
    # At 50 maxvCpus 8 and then 2: the second stands. Of six jobs two run at a time.
    recording = changed(
        jobs([0] * 6, 100), fleet(max_vcpus=2), changes=[(50, fleet(max_vcpus=8)), (50, fleet(max_vcpus=2))]
    )
    assert by_job(recording, "starting_at") == [0, 0, 100, 100, 200, 200]
    assert [(each.at, each.max_vcpus) for each in recording.limits] == [(50, 8), (50, 2)]
    reverse = changed(
        jobs([0] * 6, 100), fleet(max_vcpus=2), changes=[(50, fleet(max_vcpus=2)), (50, fleet(max_vcpus=8))]
    )
    # The first of them is what there was before, and changes nothing; six vCPUs run from 50 on.
    assert by_job(reverse, "starting_at") == [0, 0, 50, 50, 50, 50]
    assert [each.max_vcpus for each in reverse.limits] == [8]


def test_an_update_comes_before_the_pass_of_its_instant():
    # At 100 a job ends and the processors fall from 2 to 1: nobody takes the freed one.
    recording = changed(jobs([0, 0, 0], [100, 300, 10]), servers(2), changes=[(100, servers(1))])
    assert by_job(recording, "starting_at") == [0, 0, 300]


# Compute environments


def test_a_job_that_a_lowered_maximum_can_not_hold_waits_for_ever_and_one_that_a_raised_one_can_starts():
    # It asks for 4 vCPUs; the limit is 2, from 100 on 4.
    both = (LARGE, XLARGE)
    small, large = fleet(max_vcpus=2, offerings=both), fleet(max_vcpus=4, offerings=both)
    recording = changed(jobs([0], 50, 4, memory_mib=2000), small, changes=[(100, large)])
    assert by_job(recording, "starting_at") == [100]
    recording = changed(jobs([0, 150], 50, 4, memory_mib=2000), large, changes=[(100, small)])
    assert recording.status.tolist() == [Status.SUCCEEDED, Status.RUNNABLE]
    assert recording.ended_at == 150


def test_an_instance_that_boots_when_it_is_replaced_ends_at_once():
    # Asked for at 0, it would register at 100; at 30 the types are others: the new one registers at 130.
    recording = changed(
        jobs([0], 10), fleet(), changes=[(30, fleet(offerings=(OTHER,)))], replaces=[30], ec2={"register": 100.0}
    )
    assert lives(recording)[0] == (0, 30, "replaced by an update")
    assert recording.instances.requested_at.tolist() == [0, 30]
    assert by_job(recording, "starting_at") == [130]


def test_a_minimum_is_made_up_of_the_new_type_when_the_old_ones_are_gone():
    # Two of 2 vCPUs make up the minimum of 4; one runs a job to 500. At 100 the idle one is replaced by one of 4 vCPUs:
    # the job's still counts, so 2 are missing, and with it there are 6. When the job is over there are 4.
    recording = changed(
        jobs([0], 500),
        fleet(min_vcpus=4),
        changes=[(100, fleet(min_vcpus=4, offerings=(XLARGE,)))],
        replaces=[100],
        duration_s=1000,
    )
    assert sorted(lives(recording)) == [
        (0, 100, "replaced by an update"),
        (0, 500, "replaced by an update"),
        (100, 1000, "still there at the end of the run"),
    ]


def test_attempts_have_the_time_of_the_update_that_replaced_their_instance():
    # 300 s from 100 on. A job that began at 90 on a replaced instance ends at 400 as one that began at 0 does; one that
    # begins at 200 on a new instance is not concerned.
    work = jobs([0, 90, 200], 1000, 2)
    recording = changed(work, fleet(), changes=[(100, fleet(offerings=(OTHER,)))], replaces=[100], timeout_s=300.0)
    assert recording.stopped_at.tolist() == [400, 400, 1200]
    assert recording.status.tolist() == [Status.FAILED, Status.FAILED, Status.SUCCEEDED]


def test_a_replaced_instance_takes_no_job_though_it_has_room():
    # 1 of its 2 vCPUs is free. The job of 150 gets an instance of the new type, and the old one goes with its last job.
    recording = changed(jobs([0, 150], [400, 10]), fleet(), changes=[(100, fleet(offerings=(OTHER,)))], replaces=[100])
    assert recording.attempts.instance.tolist() == [1, 0]
    assert lives(recording) == [(0, 400, "replaced by an update"), (150, 160, "scaled in")]


def test_a_multi_node_job_on_replaced_instances_ends_as_a_whole_and_once():
    nodes = {4.0: Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)}
    work = jobs([0], 1000, 4, nodes=nodes, attempts=2)
    recording = changed(work, fleet(), changes=[(100, fleet(offerings=(OTHER,)))], replaces=[100], terminates_jobs=True)
    assert by_job(recording, "starting_at") == [0, 100]
    assert by_job(recording, "stopped_at") == [100, 1100]
    assert recording.instances.terminated_at.tolist() == [100, 100, 1100, 1100]


def test_desired_vcpus_are_refused_while_instances_are_replaced():
    # UPDATING from 100 to 500; at 300 the call is refused with all that it says, at 600 it is taken.
    one, two = fleet(offerings=(OTHER,)), fleet(offerings=(OTHER,), desired_vcpus=4, max_vcpus=32)
    recording = changed(
        jobs([0], 500), fleet(), changes=[(100, one), (300, two), (600, two)], replaces=[100], desired=[300, 600],
        duration_s=700, scheduler={"scaleDownIdle": 50.0},
    )  # fmt: skip
    assert [each.refused for each in recording.updates] == ["", "fleet is UPDATING", ""]
    assert [each.at for each in recording.limits] == [100, 600]
    assert recording.instances.requested_at.tolist() == [0, 600, 600]


@pytest.mark.parametrize(
    ("desired", "requested"),
    [(2, []), (4, []), (5, [100]), (8, [100, 100])],
    ids=["below: refused", "as it is", "one more", "twice"],
)
def test_desired_vcpus_are_launched_up_to_what_is_said(desired, requested):
    # 4 vCPUs run two jobs of 2 to 500.
    recording = changed(
        jobs([0, 0], 500, 2), fleet(), changes=[(100, fleet(desired_vcpus=desired))], desired=[100],
    )  # fmt: skip
    assert recording.instances.requested_at.tolist()[2:] == requested
    assert bool(recording.updates[0].refused) is (desired < 4)


def test_a_shorter_delay_holds_for_instances_that_are_idle_already():
    # Idle from 10 on and kept to 10 + 600; at 100 minScaleDownDelayMinutes says 2 min: to 130. At 200 instead it is
    # late already, and it goes.
    for at, gone in ((100, 130), (200, 200)):
        recording = changed(
            jobs([0], 10), fleet(min_scale_down_delay_s=600), changes=[(at, fleet(min_scale_down_delay_s=120))]
        )
        assert recording.instances.terminated_at.tolist() == [gone]
        assert recording.ended_at == gone  # nobody waits for when it would have gone


def test_a_longer_delay_holds_as_well():
    recording = changed(
        jobs([0], 10), fleet(min_scale_down_delay_s=120), changes=[(100, fleet(min_scale_down_delay_s=600))]
    )
    assert recording.instances.terminated_at.tolist() == [610]


def test_instances_that_were_idle_for_long_go_when_the_minimum_falls():
    # 4 vCPUs of a minimum of 4, idle from the beginning; from 300 on 2 are enough, from 400 on none.
    recording = changed(
        jobs([0], 10),
        fleet(min_vcpus=4),
        changes=[(300, fleet(min_vcpus=2)), (400, fleet())],
        scheduler={"scaleDownIdle": 50.0},
        duration_s=1000,
    )
    assert sorted(recording.instances.terminated_at.tolist()) == [300, 400]


# Job queues


def test_an_environment_that_a_queue_gains_takes_its_jobs_at_once():
    queue = JobQueue("queue", 1, True, ("one",))
    recording = changed(
        jobs([0] * 4, 100),
        servers(1, "one"),
        servers(2, "two"),
        queues=[queue],
        changes=[(30, replace(queue, environments=("one", "two")))],
    )
    assert by_job(recording, "starting_at") == [0, 30, 30, 100]
    assert by_job(recording, "environment") == [0, 1, 1, 0]


def test_an_environment_that_a_queue_loses_finishes_its_jobs_and_gets_no_other():
    # What ran there goes on to 100; the freed processor is nobody's, as no queue has it.
    queue = JobQueue("queue", 1, True, ("one", "two"))
    recording = changed(
        jobs([0] * 4, 100),
        servers(1, "one"),
        servers(1, "two"),
        queues=[queue],
        changes=[(50, replace(queue, environments=("two",)))],
    )
    assert by_job(recording, "starting_at") == [0, 0, 100, 200]
    assert by_job(recording, "environment") == [0, 1, 1, 1]


def test_a_fleet_that_its_queue_lost_is_scaled_in_and_not_asked_for_more():
    queue = JobQueue("queue", 1, True, ("one",))
    recording = changed(
        jobs([0, 60], 100, 2),
        fleet("one"),
        fleet("two"),
        queues=[queue],
        changes=[(50, replace(queue, environments=("two",)))],
        scheduler={"scaleDownIdle": 40.0},
    )
    assert recording.instances.environment.tolist() == [0, 1]
    assert recording.instances.requested_at.tolist() == [0, 60]
    assert recording.instances.terminated_at.tolist() == [140, 200]


def test_a_time_limit_that_an_update_brings_runs_from_then_on():
    # The head asks for more than there ever is, from 0 on; at 100 the queue gets a limit of 600 s.
    queue = JobQueue("queue", 1, True, ("servers",))
    limited = replace(queue, time_limits=(TimeLimit(MISFIT, 600.0),))
    recording = changed(jobs([0, 0], 10, [9, 1]), servers(4), queues=[queue], changes=[(100, limited)], duration_s=2000)
    assert recording.stopped_at.tolist() == [700, 710]
    assert recording.status.tolist() == [Status.FAILED, Status.SUCCEEDED]


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        # Another length begins anew at 100; the same leaves the time as it runs; without one nobody is cancelled.
        ((TimeLimit(MISFIT, 300.0),), 400),
        ((TimeLimit(MISFIT, 600.0),), 600),
        ((), None),
    ],
    ids=["another", "the same", "none"],
)
def test_the_time_of_a_head_begins_anew_when_its_limit_is_another(after, ended):
    queue = JobQueue("queue", 1, True, ("servers",), time_limits=(TimeLimit(MISFIT, 600.0),))
    recording = changed(
        jobs([0], 10, 9),
        servers(4),
        queues=[queue],
        changes=[(100, replace(queue, time_limits=after, priority=5))],
        duration_s=2000,
    )
    assert recording.status.tolist() == [Status.RUNNABLE if ended is None else Status.FAILED]
    if ended is not None:
        assert recording.stopped_at.tolist() == [ended]


def test_jobs_that_arrive_while_their_queue_is_closed_fail_by_the_time_of_their_submission():
    # The scheduler looks at jobs 30 s after they are submitted. Closed from 100 to 200, a job of 90 is taken though it
    # is looked at in between, one of 190 is refused though it would be looked at afterwards.
    queue = JobQueue("queue", 1, True, ("servers",))
    closed = replace(queue, enabled=False)
    recording = changed(
        jobs([90, 100, 190, 200], 10),
        servers(4),
        queues=[queue],
        changes=[(100, closed), (200, queue)],
        scheduler={"admit": 30.0},
    )
    assert recording.status.tolist() == [Status.SUCCEEDED, Status.FAILED, Status.FAILED, Status.SUCCEEDED]
    assert texts(recording)[1] == "queue is DISABLED: SubmitJob was refused"


def test_a_higher_priority_is_launched_for_first():
    # A limit of one instance for both queues; it is asked for 50 s after the first job, when "late" has become the
    # queue of the higher priority.
    early, late = (JobQueue(name, priority, True, ("fleet",)) for name, priority in (("early", 5), ("late", 1)))
    groups = [JobGroup("work", name, "definition") for name in ("early", "late")]
    recording = changed(
        jobs([1, 2], 100, 2, groups=groups, group=[0, 1]),
        fleet(max_vcpus=2),
        queues=[early, late],
        changes=[(30, replace(late, priority=9))],
        scheduler={"scaleUpReaction": 50.0},
    )
    assert by_job(recording, "starting_at") == [151, 51]


# Consumable resources


def test_more_of_a_resource_lets_jobs_start_at_once_and_what_waits_for_it_is_waited_for():
    # Two licences for jobs that want two each; from 150 on five. After the last update nothing is waited for.
    wanted = (("licence", 2),)
    recording = changed(
        jobs([0] * 4, [100, 500, 10, 10], consumables=wanted),
        servers(9),
        consumables=[Consumable("licence", 2)],
        changes=[(150, Consumable("licence", 5))],
    )
    # At 100 the second begins; at 150 there are three more: the third; at 160 the fourth.
    assert by_job(recording, "starting_at") == [0, 100, 150, 160]


def test_a_run_waits_for_a_resource_that_an_update_brings_and_for_no_other():
    # Nothing is there until 1,000.
    work = jobs([0], 10, consumables=(("licence", 1),))
    none, one = Consumable("licence", 0), Consumable("licence", 1)
    recording = changed(work, servers(1), consumables=[none], changes=[(500, none), (1000, one)])
    assert by_job(recording, "starting_at") == [1000]
    recording = changed(
        work, servers(1), consumables=[none, Consumable("disk", 3)], changes=[(500, Consumable("disk", 1))]
    )
    assert recording.ended_at == 0


def test_what_was_used_up_is_not_there_again_but_for_what_an_update_adds():
    # Three that are not given back: two are used by 0, one by the job of 10; a total of five adds two.
    resource = Consumable("quota", 3, replenishable=False)
    work = jobs([0, 10, 20, 30], 5, consumables=(("quota", 1),))
    recording = changed(work, servers(9), consumables=[resource], changes=[(100, replace(resource, total=4))])
    assert by_job(recording, "starting_at") == [0, 10, 20, 100]


# Nothing else


def test_an_update_that_sets_what_is_there_is_as_none():
    work = jobs(range(0, 200, 10), 70)
    without = run(work, fleet(max_vcpus=4), duration_s=500)
    same = changed(work, fleet(max_vcpus=4), changes=[(at, fleet(max_vcpus=4)) for at in (0, 55, 70)], duration_s=500)
    assert by_job(same, "starting_at") == by_job(without, "starting_at")
    assert same.instances.terminated_at.tolist() == without.instances.terminated_at.tolist()
    assert same.limits == ()


# What comes by cron


def opened_in_vain(*others: int):
    """A job that waits for an environment which every full hour opens and, by the next entry, closes.

    Another queue's jobs come at some instants, and start at once.
    """
    groups = [JobGroup("work", name, "definition") for name in ("shut", "open")]
    queues = [JobQueue("shut", 1, True, ("fleet",)), JobQueue("open", 1, True, ("servers",))]
    work = jobs([0, *others], 10, groups=groups, group=[0] + [1] * len(others))
    shut, hourly = fleet(enabled=False), "0 * * * *"
    return changed(work, shut, servers(9), queues=queues, changes=[(hourly, fleet()), (hourly, shut)])


def test_what_came_by_cron_twice_and_did_not_help_is_waited_for_no_longer():
    assert opened_in_vain().ended_at == 3600  # at 0 and at 3,600


def test_a_job_that_starts_meanwhile_gives_it_two_more_rounds():
    # One starts at 100: 3,600 and 7,200. Another at 4,000 as well: 7,200 and 10,800.
    assert opened_in_vain(100).ended_at == 7200
    assert opened_in_vain(100, 4000).ended_at == 10_800
    assert opened_in_vain(4000).ended_at == 10_800  # after two in vain, too


def test_a_job_that_comes_late_has_its_two_rounds_as_well():
    # Open from each full hour for half of it. It comes in the third hour, shut, and another job runs until 9,500.
    groups = [JobGroup("work", name, "definition") for name in ("shut", "open")]
    queues = [JobQueue("shut", 1, True, ("fleet",)), JobQueue("open", 1, True, ("servers",))]
    work = jobs([0, 9_300], [9_500, 10], groups=groups, group=[1, 0])
    shut = fleet(enabled=False)
    changes = [("0 * * * *", fleet()), ("30 * * * *", shut)]
    recording = changed(work, shut, servers(9), queues=queues, changes=changes)
    assert by_job(recording, "starting_at") == [0, 10_800]


def test_a_resource_of_which_an_update_brings_no_more_is_not_waited_for():
    # One licence every full hour, none from each half hour on, for a job that wants two: at 1,800 there may be more
    # again, while it has the most there ever is nothing is hoped for.
    work = jobs([1900], 10, consumables=(("licence", 2),))
    none, one = Consumable("licence", 0), Consumable("licence", 1)
    changes = [("0 * * * *", one), ("30 * * * *", none)]
    assert changed(work, servers(9), consumables=[none], changes=changes).ended_at == 3600


def test_what_is_opened_by_cron_is_waited_for_and_closed_again():
    # Open from each full hour for half of it: the job of 2,000 starts at 3,600, and the one of 5,500 at 7,200.
    shut = fleet(enabled=False)
    recording = changed(jobs([2000, 5500], 10), shut, changes=[("0 * * * *", fleet()), ("30 * * * *", shut)])
    assert by_job(recording, "starting_at") == [3600, 7200]
    assert recording.ended_at == 7210
