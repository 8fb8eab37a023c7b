"""What the answer says of waiting, and what it advises."""

from __future__ import annotations

import batchsim as bs
from batchsim.report.words import wait_hint
from batchsim.scenario.loading import from_mapping
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow


def hint(*workload, **members) -> str:
    return wait_hint(bs.run(scenario(*workload, **members)))


def test_the_limit_is_named_by_its_environment():
    # One server: the second of two jobs of an hour waits for the first. The other queue's environment is idle.
    text = hint(
        workflow(job("a", 3600), job("b", 3600)),
        environments=[unmanaged(1), unmanaged(1, "others")],
        queues=[queue("queue", "servers"), queue("other", "others")],
    )
    assert text == "1.0 of 1.0 job-hours of waiting were for unmanagedvCpus of servers: raise unmanagedvCpus"


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
    assert wait_hint(bs.run(result)) == (
        "10 of 10 job-hours of waiting were for the quantity of licence: raise its totalQuantity"
    )


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
    assert wait_hint(bs.run(result)) == (
        "1.0 of 1.0 job-hours of waiting were for the computeReservation of queue: lower it"
    )


def test_booting_is_answered_by_warm_instances():
    text = hint(workflow(job("a", 60)), settings={"ec2": {"launch": 1800, "register": 1800}})
    assert text.startswith("1.0 of 1.0 job-hours of waiting were for instances to boot and register: keep some warm")


def test_little_waiting_is_not_worth_a_word():
    assert not hint(workflow(job("a", 60), job("b", 60)), environments=[unmanaged(1)])
