"""ECS Managed Instances, worked by hand: limits, packing, architectures, scale-in, order of environments.

AWS Batch User Guide, *Compute environments on Amazon ECS Managed Instances*; API InfrastructureOptimization; ECS
Developer Guide, *Amazon ECS Managed Instances instance types*. Delays are zero unless a case says otherwise.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from batchsim.recording import Status
from batchsim.spec.configuration import JobQueue, Shape, SpotTrace
from batchsim.spec.workload import JobGroup
from tests.worlds import LARGE, XLARGE, by_job, fleet, jobs, offering, run

HUGE = offering("c6i.4xlarge", 16, 31000, 0.68)
ARM = offering("c6g.large", 2, 3775, 0.068, architecture="arm64")
GPU = offering("g4dn.xlarge", 4, 15000, 0.526, gpus=1)
HOUR = 3600.0


def managed(name="managed", **changes):
    """An environment of c6i.large on demand whose idle instances go at once."""
    values = {"purchase_option": "MANAGED_INSTANCES", "allocation_strategy": "", "scale_in_after_s": 0.0, **changes}
    return fleet(name, **values)


def shapes(workload, *asked):
    """The same jobs asking for other things, by their vCPUs in ascending order."""
    return replace(workload, shapes=asked)


def launched(recording, *offerings):
    """How many of each type."""
    return {
        each.instance_type: int((recording.instances.offering == place).sum()) for place, each in enumerate(offerings)
    }


def test_the_limit_is_on_running_jobs_and_instances_may_be_more():
    # maxvCpus 4: two jobs of 2 vCPUs run, the third waits; the one type there is has 16 vCPUs, four times the limit.
    recording = run(jobs([0, 0, 0], 60, 2), managed(max_vcpus=4, offerings=(HUGE,)))
    assert by_job(recording, "starting_at") == [0, 0, 60]
    assert launched(recording, HUGE) == {"c6i.4xlarge": 1}


def test_the_same_limit_on_ec2_counts_instances():
    # The contrast: on EC2 the limit counts the instance. BEST_FIT keeps below it, so none of 16 vCPUs is launched.
    recording = run(
        jobs([0, 0, 0], 60, 2), fleet(max_vcpus=4, offerings=(HUGE,), allocation_strategy="BEST_FIT"), horizon_s=HOUR
    )
    assert len(recording.instances.offering) == 0
    assert (recording.status == Status.RUNNABLE).all()


def test_a_job_beyond_the_limit_never_runs_and_one_of_just_it_does():
    recording = run(jobs([0, 0], 60, [4, 5]), managed(max_vcpus=4, offerings=(HUGE,)), horizon_s=HOUR)
    assert list(recording.status) == [Status.SUCCEEDED, Status.RUNNABLE]


def test_no_more_is_launched_than_the_limit_lets_run():
    # Ten jobs of 2 vCPUs under maxvCpus 4, on instances of 2: two run at a time, and no third instance is launched.
    recording = run(jobs([0] * 10, 60, 2), managed(max_vcpus=4, scale_in_after_s=600.0))
    assert sorted(by_job(recording, "starting_at")) == [0, 0, 60, 60, 120, 120, 180, 180, 240, 240]
    assert launched(recording, LARGE) == {"c6i.large": 2}


def test_what_runs_and_what_is_planned_for_room_that_boots_count_together():
    # maxvCpus 3, instances of 2 vCPUs that boot for 100 s. The first two jobs of 1 vCPU share one; of the next two, one
    # is allowed for (3 - 2 = 1): one instance more, and not two.
    boot = {"launch": 100, "register": 0}
    recording = run(jobs([0, 0, 10, 10], 1000, 1), managed(max_vcpus=3, scale_in_after_s=0.0), managedInstances=boot)
    assert launched(recording, LARGE) == {"c6i.large": 2}
    assert by_job(recording, "starting_at") == [100, 100, 110, 1100]


def test_several_jobs_share_an_instance():
    # Two of 1 vCPU and 1,000 MiB on 2 vCPUs and 3,775 MiB; five jobs take three instances.
    recording = run(jobs([0] * 5, 60, 1), managed())
    assert launched(recording, LARGE) == {"c6i.large": 3}
    assert by_job(recording, "starting_at") == [0] * 5


def test_the_type_on_which_the_jobs_cost_least_is_launched():
    # Four jobs of 1 vCPU: one of 4 vCPUs at 0.17 USD costs as much as two of 2 at 0.085, and is one; one of 16 vCPUs at
    # 0.68 costs more. At 0.18 USD it is two of 2 vCPUs.
    types = (HUGE, XLARGE, LARGE)
    assert launched(run(jobs([0] * 4, 60, 1), managed(offerings=types)), *types)["c6i.xlarge"] == 1
    types = (HUGE, replace(XLARGE, price_usd_per_hour=0.18), LARGE)
    assert launched(run(jobs([0] * 4, 60, 1), managed(offerings=types)), *types)["c6i.large"] == 2


@pytest.mark.parametrize(("after_s", "gone_at"), [(0.0, 60.0), (600.0, 660.0), (math.inf, HOUR)])
def test_scale_in_after(after_s, gone_at):
    # One job of 60 s in a run of an hour: the instance goes when it is idle for 0 or 600 s; with -1 it stays (API
    # InfrastructureOptimization.scaleInAfter).
    recording = run(jobs([0], 60), managed(scale_in_after_s=after_s), duration_s=HOUR)
    assert recording.instances.terminated_at.tolist() == [gone_at]


def test_a_later_job_finds_the_idle_instance_until_it_goes():
    # Jobs at 0, 659 and 1,400 s, 600 s idle: the second finds the instance (idle since 60 s), the third one is too
    # late (idle since 719 s, gone at 1,319 s).
    recording = run(jobs([0, 659, 1400], 60), managed(scale_in_after_s=600.0))
    assert by_job(recording, "instance") == [0, 0, 1]
    assert recording.instances.terminated_at.tolist() == [1319, 2060]


def test_the_default_of_scale_in_is_the_stated_assumption():
    recording = run(jobs([0], 60), managed(scale_in_after_s=None), managedInstances={"scaleInAfter": 240})
    assert recording.instances.terminated_at.tolist() == [300]


def test_launch_and_registration_are_its_own():
    # 20 s until it runs, 10 s until it is registered, whatever is said of EC2's.
    recording = run(
        jobs([0], 60),
        managed(),
        managedInstances={"launch": 20, "register": 10},
        ec2={"launch": 500, "register": 500},
    )
    assert by_job(recording, "starting_at") == [30]
    assert recording.instances.running_at.tolist() == [20]


def test_more_is_launched_while_some_boot():
    # ECS does not wait for what boots: a job at 10 s gets its instance at 10 s + 100 s. On EC2 it is looked at again at
    # the next regular instant, 60 s, and the job starts at 160 s.
    first, second = managed(), fleet()
    boot = {"launch": 100, "register": 0}
    recording = run(jobs([0, 10], 1000, 2), first, managedInstances=boot)
    assert by_job(recording, "starting_at") == [100, 110]
    recording = run(jobs([0, 10], 1000, 2), second, ec2=boot)
    assert by_job(recording, "starting_at") == [100, 160]


def test_both_architectures_run_in_one_environment_and_queue():
    # The first job is built for x86_64, the second for arm64; each starts on an instance of its own, though either
    # instance has room for both (User Guide, *Running mixed-architecture jobs*).
    workload = shapes(
        jobs([0, 0], 60, [0.5, 1]), Shape(0.5, 1000, architecture="x86_64"), Shape(1, 1000, architecture="arm64")
    )
    recording = run(workload, managed(offerings=(LARGE, ARM)))
    assert launched(recording, LARGE, ARM) == {"c6i.large": 1, "c6g.large": 1}
    kinds = recording.instances.offering[recording.attempts.instance[np.argsort(recording.attempts.job)]]
    assert kinds.tolist() == [0, 1]


def test_room_of_the_other_architecture_is_none():
    # An arm64 instance idles for ever; the x86_64 job at 100 s is not put there, but waits 50 s for one of its own.
    workload = shapes(
        jobs([0, 100], 60, [0.5, 1]), Shape(0.5, 1000, architecture="arm64"), Shape(1, 1000, architecture="x86_64")
    )
    recording = run(
        workload,
        managed(offerings=(LARGE, ARM), scale_in_after_s=math.inf),
        managedInstances={"launch": 50, "register": 0},
    )
    assert by_job(recording, "starting_at") == [50, 150]
    assert by_job(recording, "instance") == [0, 1]


def test_a_job_of_an_architecture_that_is_not_there_never_runs():
    workload = shapes(jobs([0], 60), Shape(1, 1000, architecture="arm64"))
    recording = run(workload, managed(), horizon_s=HOUR)
    assert recording.status.tolist() == [Status.RUNNABLE]
    assert len(recording.instances.offering) == 0


def test_gpu_jobs_take_the_type_with_gpus_one_at_a_time():
    # The cheaper c6i.xlarge has none. One GPU an instance: two jobs, two instances, though the vCPUs of one would do.
    workload = shapes(jobs([0, 0], 60), Shape(1, 1000, 1))
    recording = run(workload, managed(offerings=(XLARGE, GPU)))
    assert launched(recording, XLARGE, GPU) == {"c6i.xlarge": 0, "g4dn.xlarge": 2}


def test_multi_node_jobs_never_run_there():
    # API RegisterJobDefinitionRequest.type, User Guide: no multi-node parallel jobs on ECS Managed Instances.
    workload = jobs([0], 60, 2, nodes={2: Shape(2, 2000, nodes=(Shape(1, 1000),) * 2)})
    recording = run(workload, managed(), horizon_s=HOUR)
    assert recording.status.tolist() == [Status.RUNNABLE]


def test_on_spot_a_type_has_to_be_cheaper_by_what_is_interrupted_of_it():
    # Bucket 4 of the Advisor, over 20 % a month, is taken for 30 %, bucket 0 for 2.5 %: 0.080 / 0.7 = 0.114 is dearer
    # than 0.085 / 0.975 = 0.0872, 0.060 / 0.7 = 0.0857 is cheaper.
    for usd, taken in ((0.080, "steady"), (0.060, "shaky")):
        types = (
            offering("steady", 2, 3775, 0.085, interruption_bucket=0),
            offering("shaky", 2, 3775, usd, interruption_bucket=4),
        )
        recording = run(jobs([0], 60), managed(purchase_option="MANAGED_INSTANCES_SPOT", offerings=types))
        assert launched(recording, *types)[taken] == 1


def test_room_that_only_the_limit_keeps_free_is_idle_and_not_stranded():
    # One job of 2 vCPUs on 16: the second waits for the limit, and would fit.
    recording = run(jobs([0, 0], 60, 2), managed(max_vcpus=2, offerings=(HUGE,)))
    assert recording.stranded.at.tolist() == [0, 0]  # for no time at all, until the instance is there
    assert recording.stranded.stranded.tolist() == [1, 0]


def test_room_that_what_waits_does_not_fit_in_is_stranded():
    # Under a limit of 8: 1 vCPU runs on 2; a job of 4 vCPUs has no type that holds it but 16, which boots for 100 s.
    recording = run(
        jobs([0, 200], 1000, [1, 4]),
        managed(max_vcpus=8, offerings=(LARGE, HUGE)),
        managedInstances={"launch": 100, "register": 0},
    )
    assert recording.stranded.stranded.any()


def test_a_reclaimed_spot_instance_gives_its_part_of_the_limit_back():
    # maxvCpus 2. The market has an instance until 100 s, none until 400 s. The job is lost at 100 s and starts anew at
    # 400 s: the limit is not still taken up by what was lost.
    market = SpotTrace((0.0, 100.0, 400.0), (1, 0, 1), 1e6)
    spot = managed(purchase_option="MANAGED_INSTANCES_SPOT", max_vcpus=2, spot_trace=market)
    recording = run(jobs([0], 200, 2, attempts=3), spot, spot={"notice": 0})
    assert by_job(recording, "starting_at") == [0, 400]
    assert recording.status.tolist() == [Status.SUCCEEDED]
    assert recording.instances.reclaimed.tolist() == [True, False]


def test_on_demand_first_then_spot():
    # User Guide, *Job queues*: on-demand before Spot in a queue's order. Limit 2 on demand: the first job runs there,
    # the second goes on to Spot and does not wait for the first.
    on_demand = managed("on-demand", max_vcpus=2)
    spot = managed("spot", purchase_option="MANAGED_INSTANCES_SPOT", max_vcpus=2)
    recording = run(jobs([0, 0, 0], 60, 2), on_demand, spot)
    assert by_job(recording, "environment") == [0, 1, 0]
    assert by_job(recording, "starting_at") == [0, 0, 60]


def test_a_disabled_environment_takes_no_job():
    recording = run(jobs([0], 60), managed(enabled=False), horizon_s=HOUR)
    assert recording.status.tolist() == [Status.RUNNABLE]
    assert len(recording.instances.offering) == 0


def test_the_accounts_ec2_quota_holds_of_its_instances():
    # 4 vCPUs for EC2: two instances of 2, in this environment and an EC2 one together.
    queues = (JobQueue("queue", 1, True, ("managed", "fleet")),)
    recording = run(
        jobs([0] * 3, 60, 2), managed(), fleet(), queues=queues, capacity={"accountvCpus": {"EC2": 4}, "backoff": 1}
    )
    assert sorted(by_job(recording, "starting_at"))[:2] == [0, 0]
    assert sorted(by_job(recording, "starting_at"))[2] >= 60


def test_jobs_end_and_others_start_at_the_limit_while_instances_have_room():
    # One instance of 16 vCPUs, maxvCpus 3, jobs of 1 and 2: 1 + 2 run, then what ends makes room in the limit.
    recording = run(jobs([0, 0, 0], [30, 90, 60], [1, 2, 1]), managed(max_vcpus=3, offerings=(HUGE,)))
    assert by_job(recording, "starting_at") == [0, 0, 30]


def test_jobs_of_other_environments_name_no_architecture():
    # Two queues: jobs for both architectures on managed instances, jobs on EC2, where the environment has but one.
    workload = shapes(
        jobs(
            [0, 0, 0],
            60,
            [0.5, 1, 2],
            groups=[JobGroup("work", "queue", "d"), JobGroup("work", "other", "d")],
            group=[0, 0, 1],
        ),
        Shape(0.5, 1000, architecture="x86_64"),
        Shape(1, 1000, architecture="arm64"),
        Shape(2, 1000),
    )
    queues = (JobQueue("queue", 1, True, ("managed",)), JobQueue("other", 1, True, ("fleet",)))
    recording = run(workload, managed(offerings=(LARGE, ARM)), fleet(), queues=queues)
    assert by_job(recording, "starting_at") == [0, 0, 0]
    assert by_job(recording, "environment") == [0, 0, 1]
