"""Scheduled updates, worked by hand: each kind while jobs run.

AWS Batch User Guide, *Perform scaling updates*, *Perform infrastructure updates*, *Error message when you update the
desiredvCpus setting*; API UpdateComputeEnvironment, UpdateJobQueue, UpdateConsumableResource, UpdateSchedulingPolicy,
UpdatePolicy, CancelJob, TerminateJob. Every delay is zero unless a case says otherwise, and a job asks for one vCPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from batchsim.experiments.simulated import simulated
from batchsim.recording import Recording, Status
from batchsim.results.outcome import Outcome
from batchsim.results.summary import Metrics
from batchsim.scenario.loading import from_mapping, load
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.conftest import ROOT

FLEET = "batch.computeEnvironments.fleet"
RESOURCES = f"{FLEET}.computeResources"
QUEUE = "batch.jobQueues.queue"


def at(instant: Any, **action: Any) -> dict[str, Any]:
    """An entry that comes due once."""
    return {"at": instant, **action}


def sets(instant: Any, path: str, value: Any) -> dict[str, Any]:
    """An entry that sets one value once."""
    return at(instant, set={path: value})


def ran(*workload: dict[str, Any], updates: list[dict[str, Any]], **members: Any) -> Recording:
    """What happens."""
    return simulated(scenario(*workload, updates=updates, **members), 0, 0)[1]


def outcome(*workload: dict[str, Any], updates: list[dict[str, Any]], **members: Any) -> Outcome:
    """What comes of it."""
    made = scenario(*workload, updates=updates, **members)
    work, recording = simulated(made, 0, 0)
    return Outcome(work, made.recorded_configuration, recording)


def array(size: int, runtime: Any, **members: Any) -> dict[str, Any]:
    """A workflow of so many alike."""
    several = {"arrayProperties": {"size": size}} if size > 1 else {}
    return workflow(job("job", runtime, **several), **members)


def starts(recording: Recording) -> list[float]:
    """When attempts began, in their order."""
    return sorted(recording.attempts.starting_at.tolist())


def ends(recording: Recording) -> list[float]:
    """When jobs ended, by row."""
    return recording.stopped_at.tolist()


def lives(recording: Recording) -> list[tuple[float, float, str]]:
    """From when until when instances were there, and why no longer."""
    columns = recording.instances
    return [
        (start, stop, recording.reasons[reason])
        for start, stop, reason in zip(columns.requested_at, columns.terminated_at, columns.reason, strict=True)
    ]


def texts(recording: Recording) -> list[str]:
    """Status reasons of jobs, by row."""
    return [recording.reasons[code] for code in recording.reason]


# Scaling updates: they act at once, and end nothing


def test_a_raised_maximum_lets_more_start_at_once():
    # 2 of 4 run; with maxvCpus 4 from 30 on the other two do, and all run for 100 s.
    recording = ran(
        array(4, 100), environments=[environment(maxvCpus=2)], updates=[sets(30, f"{RESOURCES}.maxvCpus", 4)]
    )
    assert starts(recording) == [0, 0, 30, 30]
    assert ends(recording) == [100, 100, 130, 130]


def test_a_lowered_maximum_lets_what_runs_go_on_and_launches_no_more():
    # Two instances of 2 vCPUs run 4 jobs; from 50 on the limit is 2. At 100 all four end: 4 jobs are left, of which the
    # two instances that are there take all. Nothing is launched above the limit.
    recording = ran(
        array(8, 100), environments=[environment(maxvCpus=4)], updates=[sets(50, f"{RESOURCES}.maxvCpus", 2)]
    )
    assert starts(recording) == [0] * 4 + [100] * 4
    assert len(recording.instances.requested_at) == 2


def test_a_limit_of_what_is_scaled_in_meanwhile_holds():
    # 4 jobs run on two instances until 100, which end then; at 200 four come and only one instance may be launched.
    early, late = array(4, 100), array(4, 100, name="late", arrivals={"at": 200})
    recording = ran(early, late, environments=[environment(maxvCpus=4)], updates=[sets(50, f"{RESOURCES}.maxvCpus", 2)])
    assert starts(recording) == [0] * 4 + [200, 200, 300, 300]


def test_a_minimum_is_launched_when_it_is_raised_and_goes_when_it_is_lowered():
    # minvCpus 4 from 100 to 400: two instances of 2 vCPUs, idle, for 300 s.
    recording = ran(
        array(1, 10),
        environments=[environment(instanceTypes=["c6i.large"])],
        updates=[sets(100, f"{RESOURCES}.minvCpus", 4), sets(400, f"{RESOURCES}.minvCpus", 0)],
        duration=600,
    )
    assert lives(recording) == [(0, 10, "scaled in"), (100, 400, "scaled in"), (100, 400, "scaled in")]
    assert recording.ended_at == 600


def test_a_lowered_minimum_ends_no_instance_that_runs_a_job():
    # Two jobs begin at 300 on one of the two instances of the minimum and end at 500; the idle one goes at 400.
    late = array(2, 200, arrivals={"at": 300})
    recording = ran(
        late,
        updates=[sets(0, f"{RESOURCES}.minvCpus", 4), sets(400, f"{RESOURCES}.minvCpus", 0)],
        duration=600,
    )
    assert sorted(lives(recording)) == [(0, 400, "scaled in"), (0, 500, "scaled in")]
    assert ends(recording) == [500, 500]


def test_desired_vcpus_are_launched_and_scaled_in_as_idle_ones_are():
    # 4 vCPUs from 100 on, of which none is kept: idle for 50 s they go.
    recording = ran(
        array(1, 10),
        updates=[sets(100, f"{RESOURCES}.desiredvCpus", 4)],
        settings={"scheduler": {"scaleDownIdle": 50}},
        duration=600,
    )
    assert lives(recording)[1:] == [(100, 150, "scaled in"), (100, 150, "scaled in")]


def test_desired_vcpus_below_those_there_are_refused():
    # 4 jobs on 4 vCPUs: AWS scales nothing down, and the minimum of the same call is not set either.
    changes = {f"{RESOURCES}.desiredvCpus": 2, f"{RESOURCES}.minvCpus": 2}
    recording = ran(array(4, 100), updates=[at(50, set=changes)], duration=300)
    assert [each.refused for each in recording.updates] == ["desiredvCpus 2 of fleet is below the 4 that it has"]
    assert recording.limits == ()
    assert recording.instances.terminated_at.tolist() == [100, 100]


def test_a_disabled_environment_takes_no_job_until_it_is_enabled():
    # Closed from 10 to 200: what came at 0 runs to its end; what comes at 50 waits for the limit to be lifted.
    first, second = array(1, 100), array(1, 100, name="second", arrivals={"at": 50})
    recording = ran(
        first,
        second,
        updates=[sets(10, f"{FLEET}.state", "DISABLED"), sets(200, f"{FLEET}.state", "ENABLED")],
    )
    assert ends(recording) == [100, 300]


def test_an_environment_that_is_disabled_at_first_is_opened():
    closed = {**environment(), "state": "DISABLED"}
    recording = ran(array(1, 100), environments=[closed], updates=[sets(70, f"{FLEET}.state", "ENABLED")])
    assert starts(recording) == [70]


def test_jobs_of_a_disabled_environment_go_to_the_next():
    recording = ran(
        array(1, 100, arrivals={"at": 60}),
        environments=[environment(), environment("second")],
        updates=[sets(50, f"{FLEET}.state", "DISABLED")],
    )
    assert recording.attempts.environment.tolist() == [1]


@pytest.mark.parametrize("kind", ["FARGATE", "UNMANAGED"])
def test_limits_without_instances(kind):
    # 2 vCPUs, from 30 on 3, from 150 on 1: of six jobs of 100 s two start at 0, one at 30, two where those at 0 end at
    # 100; at 130 nothing: 2 of 3 run, then one; at 200 both end, and of what is left one runs.
    path, made = (
        (f"{RESOURCES}.maxvCpus", environment(type="FARGATE", maxvCpus=2))
        if kind == "FARGATE"
        else ("batch.computeEnvironments.servers.unmanagedvCpus", unmanaged(2))
    )
    task = definition(memory="2048")
    if kind == "FARGATE":
        task["platformCapabilities"] = ["FARGATE"]
        task["containerProperties"]["executionRoleArn"] = "arn:aws:iam::123456789012:role/ecs"
    recording = ran(
        array(7, 100), environments=[made], definitions=[task], updates=[sets(30, path, 3), sets(150, path, 1)]
    )
    # At 130 the one that began at 30 ends and another starts (three may run); at 200 two end and one, that of 130, runs
    # on to 230: the limit is 1 from 150 on.
    assert starts(recording) == [0, 0, 30, 100, 100, 130, 230]


# Infrastructure updates: instances are replaced


TYPES = f"{RESOURCES}.instanceTypes"


def test_idle_instances_are_replaced_at_once_and_new_jobs_go_to_the_new_type():
    # A minimum of 2 vCPUs: one c6i.large, from 100 on one c6i.xlarge, which has 4.
    recording = ran(
        array(4, 100, arrivals={"at": 200}),
        environments=[environment(minvCpus=2)],
        updates=[sets(100, TYPES, ["c6i.xlarge"])],
        duration=400,
    )
    assert lives(recording) == [
        (0, 100, "replaced by an update"),
        (100, 400, "still there at the end of the run"),
    ]
    assert recording.instances.offering.tolist() == [0, 1]
    assert starts(recording) == [200] * 4


def test_jobs_run_on_for_the_execution_timeout_and_are_terminated_then():
    # Without an updatePolicy for 30 minutes: of two jobs that began at 0 one of 1,000 s ends by itself, one of 5,000 s
    # is terminated at 100 + 1,800 and, without attempts left, fails. A job that comes at 200 starts on a new instance.
    work = workflow(job("short", 1000), job("long", 5000))
    late = array(1, 50, name="late", arrivals={"at": 200})
    recording = ran(work, late, updates=[sets(100, TYPES, ["c6i.xlarge"])])
    assert ends(recording) == [1000, 1900, 250]
    assert recording.status.tolist() == [Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED]
    assert texts(recording)[1] == "Host EC2 (instance {instance}) terminated.".format(instance="i-00000000000000000")
    assert lives(recording)[0] == (0, 1900, "replaced by an update")
    assert recording.attempts.instance.tolist() == [1, 0, 0]


def test_an_update_policy_of_its_own():
    # 5 minutes: 100 + 300.
    changes = {TYPES: ["c6i.xlarge"], f"{FLEET}.updatePolicy": {"jobExecutionTimeoutMinutes": 5}}
    recording = ran(array(1, 5000), updates=[at(100, set=changes)])
    assert ends(recording) == [400]


def test_jobs_terminated_at_once_are_retried_as_their_strategy_says():
    # terminateJobsOnUpdate: the second attempt begins on a new instance at the same instant, and runs for 5,000 s.
    changes = {TYPES: ["c6i.xlarge"], f"{FLEET}.updatePolicy.terminateJobsOnUpdate": True}
    task = definition(
        retryStrategy={"attempts": 2, "evaluateOnExit": [{"onStatusReason": "Host EC2*", "action": "RETRY"}]}
    )
    recording = ran(array(1, 5000), definitions=[task], updates=[at(100, set=changes)])
    assert starts(recording) == [0, 100]
    assert ends(recording) == [5100]
    assert recording.instances.offering.tolist() == [0, 1]


def test_what_is_replaced_counts_towards_the_limit_until_it_is_gone():
    # maxvCpus 2: the job that comes at 150 has to wait until the instance of the first is gone, at 500.
    recording = ran(
        array(1, 500),
        array(1, 10, name="late", arrivals={"at": 150}),
        environments=[environment(maxvCpus=2)],
        updates=[sets(100, TYPES, ["m6i.large"])],
    )
    assert starts(recording) == [0, 500]


def test_an_update_of_an_environment_that_is_updating_is_refused():
    # From 100 to 500 the first job runs on an instance that is replaced; at 300 AWS takes no update, at 600 it does.
    recording = ran(
        array(1, 500),
        updates=[
            sets(100, TYPES, ["m6i.large"]),
            sets(300, f"{RESOURCES}.minvCpus", 2),
            sets(600, f"{RESOURCES}.minvCpus", 2),
        ],
        duration=700,
    )
    assert [each.refused for each in recording.updates] == ["", "fleet is UPDATING", ""]
    assert recording.instances.requested_at.tolist() == [0, 600]


def test_the_price_is_that_of_the_type_that_is_there():
    # 100 s of c6i.large and 300 s of m6i.large, the minimum of 2 vCPUs; a c6i.large is 0.085 USD an hour in us-east-1,
    # an m6i.large 0.096; no volume is billed.
    found = outcome(
        array(1, 1),
        environments=[environment(minvCpus=2)],
        updates=[sets(100, TYPES, ["m6i.large"])],
        duration=400,
        settings={"ec2": {"rootVolume": 0}},
    )
    assert float(found.costs.total) == pytest.approx(100 / 3600 * 0.085 + 300 / 3600 * 0.096, rel=1e-9)


# Job queues


def test_a_disabled_queue_refuses_new_jobs_and_finishes_those_it_has():
    # Closed from 100 to 300, both instants counted as AWS would: the call comes before what is submitted then.
    arrivals = {"at": [0, 100, 200, 300]}
    recording = ran(
        array(1, 150, arrivals=arrivals),
        updates=[sets(100, f"{QUEUE}.state", "DISABLED"), sets(300, f"{QUEUE}.state", "ENABLED")],
    )
    assert recording.status.tolist() == [Status.SUCCEEDED, Status.FAILED, Status.FAILED, Status.SUCCEEDED]
    assert texts(recording)[1] == "queue is DISABLED: SubmitJob was refused"
    assert ends(recording) == [150, 100, 200, 450]
    assert np.isnan(recording.runnable_at[1])


def test_what_depends_on_a_refused_job_fails():
    first, second = job("first", 10), job("second", 10, jobQueue="other", dependsOn=[{"jobName": "first"}])
    recording = ran(
        workflow(first, second, arrivals={"at": 50}),
        queues=[queue("queue"), queue("other")],
        updates=[sets(40, f"{QUEUE}.state", "DISABLED")],
    )
    assert recording.status.tolist() == [Status.FAILED, Status.FAILED]


def test_a_priority_takes_effect_at_the_next_pass():
    # One processor, jobs of 100 s in both queues. "queue" is served first until 150; at 200 the other one is.
    work = [
        array(3, 100),
        workflow(job("other", 100, jobQueue="other", arrayProperties={"size": 2}), name="other"),
    ]
    recording = ran(
        *work,
        environments=[unmanaged(1)],
        queues=[queue("queue", "servers", priority=5), queue("other", "servers", priority=1)],
        updates=[sets(150, f"{QUEUE}.priority", 0)],
    )
    assert ends(recording) == [100, 200, 500, 300, 400]


def test_another_order_of_environments():
    order = [{"order": 1, "computeEnvironment": "second"}, {"order": 2, "computeEnvironment": "first"}]
    recording = ran(
        array(1, 10, arrivals={"at": [0, 100]}),
        environments=[unmanaged(1, "first"), unmanaged(1, "second")],
        updates=[sets(50, f"{QUEUE}.computeEnvironmentOrder", order)],
    )
    assert recording.attempts.environment.tolist() == [0, 1]


# Consumable resources


def test_a_total_below_what_is_in_use():
    # Four licences, one a job of 100 s, from 50 on one: four run to 100, then one after the other.
    task = definition(
        consumableResourceProperties={"consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]}
    )
    values = scenario(array(6, 100)).document.values
    values["batch"]["jobDefinitions"] = [task]
    values["batch"]["consumableResources"] = [{"consumableResourceName": "licence", "totalQuantity": 4}]
    values["updates"] = [sets(50, "batch.consumableResources.licence.totalQuantity", 1)]
    recording = simulated(from_mapping(values), 0, 0)[1]
    assert starts(recording) == [0, 0, 0, 0, 100, 200]


# Cancel and terminate


def test_cancelled_are_those_that_wait_and_not_those_that_run():
    # One processor: one of four runs, three wait; CancelJob at 50 leaves the first alone.
    recording = ran(
        array(4, 100), environments=[unmanaged(1)], updates=[at(50, cancel={"jobQueue": "queue", "reason": "too late"})]
    )
    assert ends(recording) == [100, 50, 50, 50]
    assert texts(recording)[1:] == ["too late"] * 3
    assert recording.updates[0].jobs == 3


def test_terminated_are_those_that_run_as_well_and_what_depends_on_them_fails():
    # SIGTERM at 50, and the container ends at once (scheduler.stop is 0 here); the job is not retried.
    first, second = job("first", 100), job("second", 100, dependsOn=[{"jobName": "first"}])
    recording = ran(
        workflow(first, second),
        definitions=[definition(retryStrategy={"attempts": 3})],
        updates=[at(50, terminate={"jobName": "first", "reason": "day begins"})],
    )
    assert ends(recording) == [50, 50]
    assert texts(recording) == ["day begins", "Dependent Job failed"]
    assert len(recording.attempts.job) == 1
    assert recording.attempts.exit_code.tolist() == [137]


def test_a_container_that_takes_its_time_is_killed_after_its_stop_timeout():
    # It would take 90 s to end after SIGTERM and gets 40: 50 + 40. One that would end by itself at 70 does.
    recording = ran(
        workflow(job("long", 500), job("short", 70)),
        definitions=[definition()],
        settings={"scheduler": {"stop": 40}},
        updates=[at(50, terminate={"jobQueue": "queue"})],
    )
    assert recording.status.tolist() == [Status.FAILED, Status.FAILED]
    # ECS waits 30 s where nothing else is said (stopTimeout), which is before the 40 s are over.
    assert ends(recording) == [80, 70]


def test_a_pending_job_is_cancelled_when_what_it_depends_on_has_ended():
    # API CancelJob: the job is cancelled after all its dependencies have completed, here at 100, not at 50.
    first, second = job("first", 100), job("second", 100, dependsOn=[{"jobName": "first"}])
    recording = ran(workflow(first, second), updates=[at(50, cancel={"jobName": "second", "reason": "not needed"})])
    assert ends(recording) == [100, 100]
    assert recording.status.tolist() == [Status.SUCCEEDED, Status.FAILED]
    assert texts(recording)[1] == "not needed"


def test_a_job_that_starts_is_terminated_before_its_container_runs():
    # Its image takes 60 s to be pulled: at 50 it is STARTING, and ends then without an exit code.
    recording = ran(
        array(1, 100),
        settings={"image": {"size": 60, "pullRate": 1}},
        updates=[at(50, terminate={"jobQueue": "queue"})],
    )
    assert ends(recording) == [50]
    assert recording.attempts.exit_code.tolist() == [-1]
    assert np.isnan(recording.attempts.started_at[0])


# The end of a run


def test_updates_keep_no_run_going():
    recording = ran(
        array(1, 100),
        updates=[{"cron": "0 * * * *", "set": {f"{RESOURCES}.minvCpus": 2}}, sets(5000, f"{RESOURCES}.maxvCpus", 2)],
    )
    # The first comes due at second 0: an instance of the minimum.
    assert recording.ended_at == 100
    assert [each.at for each in recording.updates] == [0]


def test_before_the_duration_they_happen():
    recording = ran(array(1, 100), updates=[{"cron": "0 * * * *", "set": {f"{QUEUE}.priority": 2}}], duration=9000)
    assert [each.at for each in recording.updates] == [0, 3600, 7200]
    assert recording.ended_at == 9000


def test_a_job_that_waits_for_an_update_keeps_it_going():
    # Open at night alone: the job waits from 0 until 20:00.
    closed = {**environment(), "state": "DISABLED"}
    recording = ran(
        array(1, 100),
        environments=[closed],
        updates=[
            {"cron": "0 20 * * *", "set": {f"{FLEET}.state": "ENABLED"}},
            {"cron": "0 6 * * *", "set": {f"{FLEET}.state": "DISABLED"}},
        ],
    )
    assert starts(recording) == [20 * 3600]
    assert recording.ended_at == 20 * 3600 + 100


def test_a_job_that_no_update_helps_does_not():
    # It asks for 8 vCPUs, and the limit is 2 or 4.
    recording = ran(
        workflow(job("job", 100)),
        environments=[environment(maxvCpus=2)],
        definitions=[definition(vcpus="8", memory="8000")],
        updates=[
            {"cron": "0 20 * * *", "set": {f"{RESOURCES}.maxvCpus": 4}},
            {"cron": "0 6 * * *", "set": {f"{RESOURCES}.maxvCpus": 2}},
        ],
    )
    assert recording.ended_at == 0
    assert recording.status.tolist() == [Status.RUNNABLE]


# A minimum at night alone


@pytest.mark.parametrize(("minimum", "hours"), [(16, 72), ("at night", 30)])
def test_what_an_idle_minimum_costs(minimum, hours):
    # Three days from midnight with hardly a job: 16 vCPUs are 8 m6i.large at 0.096 USD an hour, all 72 hours, or from
    # 20:00 to 06:00 alone: 6 h on the first morning, 10 h on two nights and 4 h on the last evening, 30 h in all.
    path = f"{RESOURCES}.minvCpus"
    night = [{"cron": "0 20 * * *", "set": {path: 16}}, {"cron": "0 6 * * *", "set": {path: 0}}]
    found = outcome(
        array(1, 1),
        environments=[environment(minvCpus=16, instanceTypes=["m6i.large"])],
        updates=night if minimum == "at night" else [],
        start="2026-11-02T00:00:00Z",
        duration="3d",
        settings={"ec2": {"rootVolume": 0}},
    )
    assert float(found.costs.total) == pytest.approx(8 * hours * 0.096, rel=1e-9)


@pytest.mark.slow
def test_the_saving_that_the_shipped_variant_is_told_to_have():
    # The scenario's comment: 8.33 of 66.19 USD. What is saved is idle time by day alone: three times 14 hours of at
    # most 8 instances at 0.096 USD, with 30 GiB of gp3 each (0.08 USD a GB-month of 730 h):
    # 8 · 42 · (0.096 + 30 · 0.08 / 730) = 33.36.
    shipped = load(ROOT / "scenarios" / "transactions.yaml")
    always, night = (
        Metrics(made, Outcome(work, made.recorded_configuration, recording)).summary(made.seed)
        for made in (shipped.variant("ec2-minimum"), shipped.variant("ec2-night-minimum"))
        for work, recording in [simulated(made, made.seed, 0)]
    )
    saved = always["cost_usd"]["total"] - night["cost_usd"]["total"]
    assert (round(always["cost_usd"]["total"], 2), round(saved, 2)) == (66.19, 8.33)
    idle = always["cost_usd"]["by_purpose"]["idle"] - night["cost_usd"]["by_purpose"]["idle"]
    assert 0 < saved <= idle <= 8 * 42 * (0.096 + 30 * 0.08 / 730)
    comment = (ROOT / "scenarios" / "transactions.yaml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "updates.md").read_text(encoding="utf-8")
    assert "8.33 USD of 66.19" in comment
    assert "8.33 of 66.19 USD" in page
    p95 = [each["job_queues"]["urgent"]["queue_time_s"]["p95"] for each in (always, night)]
    assert [round(each) for each in p95] == [5, 9]


def test_a_scheduling_policy_that_is_replaced_keeps_what_shares_have_used():
    # One processor and six jobs of 100 s of each share: they take turns. From 250 on A's use counts ten times (API
    # ShareAttributes.weightFactor), over ten times the window: B is served until it has no more, then A.
    values = scenario(
        workflow(*(job(name, 100, arrayProperties={"size": 6}) for name in ("a", "b"))),
        environments=[unmanaged(1)],
    ).document.values
    policy = {"name": "shares", "fairsharePolicy": {"shareDecaySeconds": 600}}
    fair = {
        **queue("queue", "servers"),
        "schedulingPolicyArn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/shares",
    }
    for each, share in zip(values["workload"][0]["jobs"], "AB", strict=True):
        each["shareIdentifier"] = share
    values["batch"] |= {"jobQueues": [fair], "schedulingPolicies": [policy]}
    shares = [{"shareIdentifier": "A", "weightFactor": 10}, {"shareIdentifier": "B", "weightFactor": 1}]
    replaced = {"shareDecaySeconds": 6000, "shareDistribution": shares}
    values["updates"] = [sets(250, "batch.schedulingPolicies.shares.fairsharePolicy", replaced)]
    ended = ends(simulated(from_mapping(values), 0, 0)[1])
    assert ended[:6] == [100, 300, 900, 1000, 1100, 1200]
    assert ended[6:] == [200, 400, 500, 600, 700, 800]
