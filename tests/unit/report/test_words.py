"""What the answer says of waiting and of waste: facts, without a remedy that nobody tried."""

from __future__ import annotations

import batchsim as bs
from batchsim.report.narrative import wait_fact, waste_fact
from batchsim.scenario.loading import from_mapping
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow


def fact(*workload, **members) -> str:
    return said(scenario(*workload, **members))


def said(made) -> str:
    result = bs.run(made)
    return wait_fact(result.run, result.summary)


def test_the_limit_is_named_by_its_environment():
    # One server: the second of two jobs of an hour waits for the first. The other queue's environment is idle.
    text = fact(
        workflow(job("a", 3600), job("b", 3600)),
        environments=[unmanaged(1), unmanaged(1, "others")],
        queues=[queue("queue", "servers"), queue("other", "others")],
    )
    assert text == "1.0 of 1.0 job-hours for unmanagedvCpus of servers"


def test_a_consumable_resource_is_named_as_the_limit():
    # Jobs that wait for a licence do not need more machines.
    wants = {"consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]}
    made = {
        "computeEnvironments": [environment()],
        "consumableResources": [{"consumableResourceName": "licence", "totalQuantity": 1}],
        "jobQueues": [queue()],
        "jobDefinitions": [definition(consumableResourceProperties=wants)],
    }
    result = from_mapping(
        {
            "name": "test",
            "batch": made,
            "workload": [workflow(job("a", 36_000), job("b", 60))],
            "environment": {"preset": "ideal"},
        }
    )
    assert said(result) == ("10 of 10 job-hours for the quantity of licence")


def test_a_reservation_is_named_as_one():
    # Half of two servers is kept for other shares: the second job of an hour waits for the first.
    made = {
        "computeEnvironments": [unmanaged(2)],
        "schedulingPolicies": [{"name": "fair", "fairsharePolicy": {"computeReservation": 50}}],
        "jobQueues": [{**queue("queue", "servers"), "schedulingPolicyArn": "fair"}],
        "jobDefinitions": [definition()],
    }
    jobs = [job(name, 3600, shareIdentifier="a") for name in ("first", "second")]
    environment = {"preset": "ideal"}
    result = from_mapping({"name": "test", "batch": made, "workload": [workflow(*jobs)], "environment": environment})
    assert said(result) == ("1.0 of 1.0 job-hours for the computeReservation of queue")


def test_booting_is_named():
    text = fact(workflow(job("a", 60)), settings={"ec2": {"launch": 1800, "register": 1800}})
    assert text == "1.0 of 1.0 job-hours for instances to boot and register"


def test_little_waiting_is_not_worth_a_word():
    assert not fact(workflow(job("a", 60), job("b", 60)), environments=[unmanaged(1)])


def test_capacity_is_named():
    pool = {"instanceTypes": ["c6i"], "vcpus": 0, "schedule": [{"at": 7200, "vcpus": 64}]}
    assert fact(workflow(job("a", 60)), settings={"capacity": {"pools": [pool]}}) == (
        "2.0 of 2.0 job-hours for capacity that was unavailable"
    )


def test_jobs_behind_a_large_one_are_named():
    # Of two servers one is busy for an hour; the job of two waits for the limit, the ten behind it are blocked.
    wide = definition("wide", vcpus="2")
    text = fact(
        workflow(job("a", 3600), job("b", 1, jobDefinition="wide"), job("c", 1, arrayProperties={"size": 10})),
        environments=[unmanaged(2)],
        definitions=[definition(), wide],
    )
    assert text.startswith("10 of 11 job-hours for jobs ahead of them in the queue")


def test_retries_are_named():
    failing = definition(retryStrategy={"attempts": 3})
    fails = {"failure": {"probability": 1}}
    text = fact(workflow(job("a", 3600, **fails)), environments=[unmanaged(1)], definitions=[failing])
    assert text.startswith("2.0 of 2.0 job-hours for earlier attempts that failed")


def test_waiting_for_other_jobs_is_the_workflow_s_own():
    flow = workflow(job("a", 36_000), job("b", 60, dependsOn=[{"jobName": "a"}]))
    assert not fact(flow, environments=[unmanaged(1)])


def test_the_largest_waste_is_named():
    # An hour of c6i.large kept warm, a minute of it used: nearly all was idle. A used one has hardly any waste.
    idle = bs.run(scenario(workflow(job("a", 60)), environments=[environment(minvCpus=2)], duration="1h"))
    assert waste_fact(idle.summary).endswith("went to idle capacity")
    used = bs.run(scenario(workflow(job("a", 3600)), definitions=[definition(vcpus="2", memory="3700")]))
    assert not waste_fact(used.summary)


def test_a_commitment_that_bought_nothing_is_named_as_one():
    # Of a dollar an hour 0.0612 covers c6i.large.
    plan = {"prices": {"savingsPlan": {"usdPerHour": 1.0, "discount": 0.28}}, "ec2": {"rootVolume": 0}}
    result = bs.run(scenario(workflow(job("a", 3600)), settings=plan))
    assert waste_fact(result.summary) == "$0.94 (94 %) went to what a Savings Plan committed and bought nothing"
