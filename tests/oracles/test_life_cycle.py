"""Life cycles worked by hand to the second, every delay zero unless the case states it.

The rules are those of the AWS Batch User Guide, *Job states*, *Job dependencies*, *Array jobs*, *Automated job
retries*, *Job timeouts*, *Jobs stuck in RUNNABLE* (a head that blocks), *Best practices* (a retry goes to the front),
and of the API shapes RetryStrategy, JobTimeout, JobQueueDetail (cycles by priority), ComputeResource (maxvCpus) and
ComputeScalingPolicy.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from batchsim.recording import Cause, Status
from batchsim.results.outcome import Outcome
from batchsim.results.timeline import job_states
from batchsim.spec.configuration import ComputeEnvironment, JobQueue, RetryRule, SpotTrace, TimeLimit
from batchsim.spec.workload import JobGroup
from tests.worlds import LARGE, XLARGE, by_job, configuration, fleet, jobs, offering, run, servers


def test_strict_fifo_a_large_head_blocks_a_small_job_behind_it():
    # 4 servers; 2 + 2 run to 10 and 20; the 4-wide head waits for both, the 1-wide job behind it waits too.
    recording = run(jobs([0, 0, 1, 2], [10, 20, 5, 5], [2, 2, 4, 1]), servers(4))
    assert by_job(recording, "starting_at") == [0, 0, 20, 20 + 5]
    # From 10 on the small job would fit: it is BLOCKED, its head still at the LIMIT.
    noted = [
        (float(at), int(shape), Cause(cause))
        for at, shape, cause in zip(recording.causes.at, recording.causes.shape, recording.causes.cause, strict=True)
    ]
    assert noted[:2] == [(1, -1, Cause.LIMIT), (10, 0, Cause.BLOCKED)]


def test_fitting_jobs_overtake_where_it_is_allowed():
    workload = jobs([0, 0, 1, 2], [10, 20, 5, 5], [2, 2, 4, 1])
    recording = run(workload, servers(4), scheduler={"overtake": "fitting"})
    assert by_job(recording, "starting_at") == [0, 0, 20, 10]


def test_two_jobs_share_one_booting_instance():
    # Request at 0, running at 40, registered at 40 + 60; both jobs start then and run 300 s and 500 s.
    recording = run(jobs([0, 0], [300, 500]), fleet(), ec2={"launch": 40, "register": 60})
    assert by_job(recording, "starting_at") == [100, 100]
    assert by_job(recording, "stopped_at") == [100 + 300, 100 + 500]
    instances = recording.instances
    assert [*instances.requested_at, *instances.running_at, *instances.registered_at] == [0, 40, 100]
    assert list(instances.terminated_at) == [600]


def test_measured_cadence_admission_cycle_and_decision():
    # Submitted at 0, admitted at 1, looked at in the 5 s cycle, capacity asked for 10 s later, booted in 40 + 60.
    recording = run(
        jobs([0], [300]),
        fleet(),
        scheduler={"admit": 1, "dispatchInterval": 5, "scaleUpReaction": 10},
        ec2={"launch": 40, "register": 60},
    )
    assert list(recording.runnable_at) == [1]
    assert list(recording.instances.requested_at) == [5 + 10]
    assert by_job(recording, "starting_at") == [5 + 10 + 40 + 60]


def test_image_is_pulled_once_per_instance():
    # 450 MiB at 45 MiB/s: 10 s for the first job, which the one that starts meanwhile shares; 1 s later when warm.
    image = {"size": 450, "containerStart": 2, "warm": 1}
    # The table of jobs carries the size; see JobGroup.
    recording = run(
        jobs([0, 4, 100], [200, 200, 200], [1, 1, 2], image_size_mib=450.0), fleet(max_vcpus=2), image=image
    )
    assert by_job(recording, "started_at") == [10 + 2, 10 + 2, 212 + 1 + 2]


def test_dependency_chain():
    # 0 → 1 → 2 of 10 s each, all submitted at 0.
    recording = run(jobs([0, 0, 0], 10, waits_for=[(1, 0), (2, 1)]), servers(4))
    assert list(recording.runnable_at) == [0, 10, 20]
    assert by_job(recording, "stopped_at") == [10, 20, 30]


def test_a_job_submitted_after_what_it_waits_for_has_ended():
    recording = run(jobs([0, 50], 10, waits_for=[(1, 0)]), servers(4))
    assert list(recording.runnable_at) == [0, 50]


def test_failure_cascades_to_dependents_but_not_to_their_siblings():
    # 0 fails at 10; 1 waits for it and 2 for 1; 3 waits for nothing.
    recording = run(jobs([0, 0, 0, 0], [10, 5, 5, 20], exit_code=[3, 0, 0, 0], waits_for=[(1, 0), (2, 1)]), servers(4))
    assert [Status(status).name for status in recording.status] == ["FAILED", "FAILED", "FAILED", "SUCCEEDED"]
    assert list(recording.stopped_at) == [10, 10, 10, 20]
    assert recording.reasons[recording.reason[2]] == "Dependent Job failed"
    assert math.isnan(recording.runnable_at[1])


def test_a_dependent_waits_until_all_attempts_of_its_parent_are_used():
    # Two attempts of 10 s; only then does the dependent fail.
    recording = run(jobs([0, 0], 10, exit_code=[1, 0], waits_for=[(1, 0)], attempts=2), servers(4))
    assert by_job(recording, "number") == [1, 2]
    assert recording.stopped_at[1] == 10 + 10


def test_a_dependency_that_failed_before_the_submission():
    recording = run(jobs([0, 50], 10, exit_code=[1, 0], waits_for=[(1, 0)]), servers(4))
    assert [Status(status).name for status in recording.status] == ["FAILED", "FAILED"]
    assert recording.stopped_at[1] == 50


def test_n_to_n_array():
    # Children 0, 1, 2 run 10, 20, 30 s; child i of the second array waits for child i alone.
    recording = run(
        jobs([0] * 6, [10, 20, 30, 5, 5, 5], waits_for=[(3, 0), (4, 1), (5, 2)]),
        servers(8),
    )
    assert by_job(recording, "starting_at") == [0, 0, 0, 10, 20, 30]


def test_a_job_waits_for_a_whole_array_through_its_parent():
    # Children 0 and 1 complete the parent (node 3), which completes what job 2 waits for.
    recording = run(jobs([0, 0, 0], [10, 25, 5], waits_for=[(3, 0), (3, 1), (2, 3)], parents=1), servers(4))
    assert by_job(recording, "starting_at") == [0, 0, 25]


def test_a_parent_array_fails_when_all_children_have_ended():
    recording = run(
        jobs([0, 0, 0], [10, 25, 5], exit_code=[1, 0, 0], waits_for=[(3, 0), (3, 1), (2, 3)], parents=1), servers(4)
    )
    assert list(recording.stopped_at) == [10, 25, 25]
    assert Status(recording.status[2]) is Status.FAILED


def test_a_retry_goes_to_the_front_of_its_queue():
    # One server. Job 0 fails at 10 and is retried at once, before job 1, which has waited since 1.
    workload = jobs([0, 1], 10, exit_code=[1, 0], later_exit_code=0, attempts=2)
    recording = run(workload, servers(1))
    assert by_job(recording, "starting_at") == [0, 10, 20]
    assert [Status(status).name for status in recording.status] == ["SUCCEEDED", "SUCCEEDED"]


def test_evaluate_on_exit_ends_a_job_with_attempts_left():
    rules = (RetryRule("EXIT", on_exit_code="3"),)
    recording = run(jobs([0], 10, exit_code=3, attempts=5, evaluate_on_exit=rules), servers(1))
    assert by_job(recording, "exit_code") == [3]


def test_a_timeout_counts_from_running_and_is_never_retried():
    # Image pull 10 s does not count; killed 60 s into the run, 2 s after SIGTERM.
    recording = run(
        jobs([0], 600, attempts=3, timeout_s=60.0, image_size_mib=450.0),
        fleet(),
        scheduler={"stop": 2},
        image={"containerStart": 0},
    )
    assert by_job(recording, "started_at") == [10]
    assert by_job(recording, "stopped_at") == [10 + 60 + 2]
    assert by_job(recording, "exit_code") == [137]
    assert recording.reasons[recording.reason[0]] == "Job attempt duration exceeded timeout"


def test_priority_between_queues_that_share_an_environment():
    # One server, busy to 10; then the high queue's job (submitted last) before the low queue's.
    groups = [JobGroup("w", "low", "d"), JobGroup("w", "high", "d")]
    queues = [JobQueue("low", 1, True, ("servers",)), JobQueue("high", 10, True, ("servers",))]
    workload = jobs([0, 1, 2], 10, groups=groups, group=[0, 0, 1])
    recording = run(workload, servers(1), queues=queues)
    assert by_job(recording, "starting_at") == [0, 20, 10]


def test_a_lower_queue_takes_what_the_higher_ones_head_can_not_use():
    # 4 servers, 2 busy to 100. The high head wants 4; the low job wants 2 and is placed at once.
    groups = [JobGroup("w", "low", "d"), JobGroup("w", "high", "d")]
    queues = [JobQueue("low", 1, True, ("servers",)), JobQueue("high", 10, True, ("servers",))]
    workload = jobs([0, 1, 2], [100, 10, 30], [2, 4, 2], groups=groups, group=[0, 1, 0])
    recording = run(workload, servers(4), queues=queues)
    assert by_job(recording, "starting_at") == [0, 100, 2]


def test_the_second_environment_is_used_when_the_first_is_at_its_limit():
    # maxvCpus 2 in each: the first two jobs fill the first environment, the third goes to the second.
    recording = run(jobs([0, 0, 0], 100), fleet("one", max_vcpus=2), fleet("two", max_vcpus=2))
    assert by_job(recording, "environment") == [0, 0, 1]


def test_the_second_environment_takes_what_best_fit_has_no_room_left_for():
    # maxvCpus 3 and types of 2 vCPUs: BEST_FIT launches one instance, its last vCPU can't be used.
    first = fleet("one", max_vcpus=3, allocation_strategy="BEST_FIT")
    recording = run(jobs([0] * 4, 100), first, fleet("two", max_vcpus=2))
    assert by_job(recording, "environment") == [0, 0, 1, 1]
    assert by_job(recording, "starting_at") == [0, 0, 0, 0]


def test_a_job_too_large_for_any_instance_stays_runnable_and_blocks_its_queue():
    recording = run(jobs([0, 1], 10, [3, 1]), fleet())
    assert [Status(status).name for status in recording.status] == ["RUNNABLE", "RUNNABLE"]
    assert len(recording.instances.requested_at) == 0
    assert Cause(recording.causes.cause[0]) is Cause.CAPACITY


def test_overshoot_by_less_than_one_instance():
    # maxvCpus 3 with types of 2 vCPUs: two instances (4 vCPUs), not three.
    recording = run(jobs([0] * 6, 100), fleet(max_vcpus=3))
    assert len(recording.instances.requested_at) == 2
    # BEST_FIT on demand never passes it: one instance.
    recording = run(jobs([0] * 6, 100), fleet(max_vcpus=3, allocation_strategy="BEST_FIT"))
    assert len(recording.instances.requested_at) == 1


def test_min_vcpus_are_kept_for_the_whole_duration():
    recording = run(jobs([10], 100), fleet(min_vcpus=4), duration_s=3600)
    assert recording.ended_at == 3600
    assert list(recording.instances.requested_at) == [0, 0]
    assert list(recording.instances.terminated_at) == [3600, 3600]


def test_desired_vcpus_are_a_start_not_a_floor():
    recording = run(jobs([10], 100), fleet(desired_vcpus=4), scheduler={"scaleDownIdle": 300}, duration_s=3600)
    # The instance that never ran a job goes after 300 s, the other 300 s after its job.
    assert sorted(recording.instances.terminated_at) == [300, 10 + 100 + 300]


def test_min_scale_down_delay_counts_from_the_last_job_and_not_for_unused_instances():
    recording = run(
        jobs([10], 100),
        fleet(desired_vcpus=4, min_scale_down_delay_s=1200.0),
        scheduler={"scaleDownIdle": 300},
    )
    assert sorted(recording.instances.terminated_at) == [300, 110 + 1200]


def test_spot_interruption_ends_the_attempt_and_the_retry_comes_first():
    # A hazard of 100 an hour ends an attempt of an hour as good as surely; both attempts here.
    spot = offering("c6i.large", 2, 3775, 0.03, interruptions_per_hour=100.0)
    environment = fleet(purchase_option="SPOT", offerings=(spot,), max_vcpus=2)
    recording = run(jobs([0], 3600, attempts=2), environment, spot={"notice": 0})
    first, second = by_job(recording, "stopped_at")
    assert recording.instances.reclaimed[0]
    assert first == recording.instances.terminated_at[0]
    assert by_job(recording, "starting_at")[1] >= first
    assert by_job(recording, "exit_code")[0] == -1
    reasons = [recording.reasons[code] for code in recording.attempts.reason]
    assert reasons[0] == "Host EC2 (instance i-00000000000000000) terminated."
    assert second > first


def test_fargate_launches_at_the_accounts_rate():
    # A bucket of 2 tokens refilled at 1 per 10 s: two at once, then one every 10 s.
    environment = ComputeEnvironment("fargate", "FARGATE", True, 64)
    recording = run(jobs([0] * 4, 5), environment, fargate={"launchBurst": 2, "launchesPerSecond": 0.1, "start": 30})
    assert by_job(recording, "starting_at") == pytest.approx([0, 0, 10, 20])
    assert by_job(recording, "pull_at") == pytest.approx([30, 30, 40, 50])


def test_fargate_limit_counts_what_running_jobs_request():
    environment = ComputeEnvironment("fargate", "FARGATE", True, 1)
    recording = run(jobs([0, 0, 0], 60, 0.5), environment)
    assert by_job(recording, "starting_at") == [0, 0, 60]


def test_scale_in_waits_for_the_job_and_never_ends_it():
    recording = run(jobs([0, 0], [10, 5000]), fleet(offerings=(LARGE, XLARGE)))
    assert by_job(recording, "stopped_at") == [10, 5000]
    assert max(recording.instances.terminated_at) == 5000


def test_horizon_cuts_the_run():
    recording = run(jobs([0, 0], [10, 5000]), servers(1), horizon_s=100)
    assert recording.ended_at == 100
    assert [Status(status).name for status in recording.status] == ["SUCCEEDED", "RUNNING"]
    assert math.isnan(by_job(recording, "stopped_at")[1])


def test_what_is_reclaimed_is_retried_though_it_would_have_timed_out_later():
    # Only the timeout itself ends a job for good (API SubmitJobRequest.timeout); a lost host is a reason to retry.
    market = SpotTrace((0.0, 1000.0, 1500.0), (1, 0, 1), 1e6)
    spot = fleet(purchase_option="SPOT", spot_trace=market)
    recording = run(jobs([0], 9000, attempts=3, timeout_s=7200.0), spot, spot={"notice": 0})
    assert by_job(recording, "starting_at") == [0, 1500]
    reasons = [recording.reasons[code] for code in recording.attempts.reason]
    assert reasons[0].startswith("Host EC2")
    assert reasons[1] == "Job attempt duration exceeded timeout"
    assert by_job(recording, "stopped_at") == [1000, 1500 + 7200]


def test_what_others_took_is_not_there_any_more():
    # 4 servers, 2 of them busy to 1,000. The low queue's head of 4 waits, a job of 1 behind it is blocked. At 10 a high
    # queue takes the last 2 for 900 s: meanwhile the job of 1 waits for the limit like the head.
    queues = [JobQueue("low", 1, True, ("servers",)), JobQueue("high", 2, True, ("servers",))]
    groups = [JobGroup("work", name, "definition") for name in ("low", "high")]
    workload = jobs([0, 0, 0, 10], [1000, 5, 5, 900], [2, 4, 1, 2], groups=groups, group=[0, 0, 0, 1])
    recording = run(workload, servers(4), queues=queues)
    made = configuration(servers(4), queues=queues)
    waited = {cause: seconds[2] for cause, seconds in Outcome(workload, made, recording).waits.of(np.arange(4)).items()}
    # The head starts at 1,000 when all four are free, and ends at 1,005.
    assert waited == {
        **dict.fromkeys(("dependency", "boot", "capacity", "retry"), 0),
        "blocked": 10 + (1000 - 910),
        "limit": 900 + 5,
    }


@pytest.mark.parametrize("again", ["never", "cancelled"])
def test_a_retry_that_never_starts_waited_to_the_end(again):
    # Interrupted at 1,000, and nothing to be had after that: to the end of the run at 90,000, or for the 600 s of the
    # queue's time limit once the market's back-off has made its head blocked.
    market = SpotTrace((0.0, 1000.0), (1, 0), 1e6)
    spot = fleet("spot", purchase_option="SPOT", spot_trace=market)
    limits = () if again == "never" else (TimeLimit("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", 600.0),)
    queues = [JobQueue("queue", 1, True, ("spot",), time_limits=limits)]
    workload = jobs([0], 5000, attempts=5)
    recording = run(workload, spot, queues=queues, spot={"notice": 0}, duration_s=90_000, horizon_s=90_000)
    outcome = Outcome(workload, configuration(spot, queues=queues), recording)
    waited = {cause: seconds[0] for cause, seconds in outcome.waits.of(np.arange(1)).items()}
    end = 90_000 if again == "never" else 1600
    assert waited == {**dict.fromkeys(("dependency", "limit", "boot", "capacity", "blocked"), 0), "retry": end}
    # And it was RUNNABLE meanwhile.
    runnable = {state: (at.tolist(), level.tolist()) for _, state, at, level in job_states(outcome)}["RUNNABLE"]
    assert runnable == ([1000, end], [1, 0])


@pytest.mark.parametrize("between", [[], [3.0]], ids=["alone", "after another arrival"])
def test_what_arrives_at_an_instant_is_looked_at_with_what_ends_at_it(between):
    # One processor, looked at every 5 s: the first job runs from 0 to 7. The next in line starts when it ends, also
    # when it arrives at just that instant, whatever came before; it does not wait for the look at 10 s.
    submitted_at = [0.0, *between, 7.0]
    recording = run(jobs(submitted_at, 7.0), servers(1), scheduler={"dispatchInterval": 5})
    assert by_job(recording, "starting_at")[:2] == [0.0, 7.0]
