"""What is found of updates: members that no call takes, what AWS refuses, instants outside the run."""

from __future__ import annotations

import pytest

from batchsim.errors import ScenarioError
from tests.builders import environment, queue, scenario, unmanaged

FLEET = "batch.computeEnvironments.fleet"
RESOURCES = f"{FLEET}.computeResources"


def found(*updates, **members):
    """The findings of a scenario with updates at 60 s, or with entries of their own."""
    entries = [each if "set" in each else {"at": 60, "set": each} for each in updates]
    try:
        return list(scenario(updates=entries, **members).warnings)
    except ScenarioError as error:
        return list(error.findings)


def codes(*updates, **members):
    return [finding.code for finding in found(*updates, **members)]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (f"{RESOURCES}.minvCPUs", 2, "UpdateComputeEnvironment takes no minvCPUs in computeResources"),
        (
            f"{RESOURCES}.spotIamFleetRole",
            "role",
            "UpdateComputeEnvironment takes no spotIamFleetRole in computeResources",
        ),
        (f"{FLEET}.type", "UNMANAGED", "UpdateComputeEnvironment takes no type"),
        ("batch.jobQueues.queue.jobQueueType", "ECS", "UpdateJobQueue takes no jobQueueType"),
        ("batch.jobQueues.queue", {}, "UpdateJobQueue sets members of an object, not the object"),
        ("batch.jobDefinitions.task.timeout", {}, "no Update call of AWS Batch sets it"),
        ("environment.image.size", 5, "no Update call of AWS Batch sets it"),
        ("duration", 5, "no Update call of AWS Batch sets it"),
    ],
)
def test_what_no_call_takes(path, value, said):
    findings = found({path: value})
    assert [(finding.code, finding.message) for finding in findings] == [("update-call", said)]


def test_what_was_probably_meant():
    assert found({f"{RESOURCES}.minvCPUs": 2})[0].suggestion == "minvCpus"
    assert found({"batch.computeEnvironments.flet.state": "DISABLED"})[0].suggestion == f"{FLEET}.state"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (f"{RESOURCES}.minvCpus", "many", "wrong-type"),
        (f"{FLEET}.state", "OFF", "unknown-word"),
        (f"{RESOURCES}.allocationStrategy", "BEST_FIT", "unknown-word"),
        (f"{FLEET}.updatePolicy.jobExecutionTimeoutMinutes", 7201, "out-of-range"),
        (f"{FLEET}.updatePolicy", {"terminateJobs": True}, "unknown-key"),
        ("batch.jobQueues.queue.priority", 1.5, "wrong-type"),
        ("batch.jobQueues.queue.computeEnvironmentOrder", [{"order": 1}], "missing-key"),
    ],
)
def test_values_have_the_shape_of_the_call(path, value, code):
    assert codes({path: value}) == [code]


def test_members_of_compute_resources_together_are_one_by_one():
    made = scenario(updates=[{"at": 60, "set": {RESOURCES: {"minvCpus": 2, "maxvCpus": 32}}}])
    first, second = (state.environment for state in made.updates.environments[0].states)
    assert (first.min_vcpus, first.max_vcpus, first.offerings) == (0, 64, second.offerings)
    assert (second.min_vcpus, second.max_vcpus) == (2, 32)
    assert [finding.path for finding in found({RESOURCES: {"minvCpus": 2, "maxCpus": 32}})] == [
        f"updates.0.set.{RESOURCES}.maxCpus"
    ]


def test_what_the_configuration_is_afterwards_has_to_be_valid():
    (finding,) = found({f"{RESOURCES}.minvCpus": 65})
    assert finding.code == "vcpu-bounds"
    assert finding.message == "after the update updates.0 at 2026-01-01T00:01:00Z: minvCpus 65 is above maxvCpus 64"
    # Two that are each right, and not together.
    lower, raise_ = {"at": 60, "set": {f"{RESOURCES}.maxvCpus": 8}}, {"at": 90, "set": {f"{RESOURCES}.minvCpus": 16}}
    assert codes(lower, raise_) == ["vcpu-bounds"]
    assert codes({**raise_, "at": 30}, lower) == ["vcpu-bounds"]


def test_a_fault_of_the_scenario_is_not_told_again_after_each_update():
    broken = environment(minvCpus=65)
    assert codes({"batch.jobQueues.queue.priority": 2}, environments=[broken]) == ["vcpu-bounds"]


def test_best_fit_takes_no_infrastructure_update():
    plain = environment(allocationStrategy="BEST_FIT")
    refused = found({f"{RESOURCES}.instanceTypes": ["m6i.large"]}, environments=[plain])
    assert [finding.code for finding in refused if finding.severity == "error"] == ["update-refused"]
    assert "update-refused" not in codes({f"{RESOURCES}.minvCpus": 2}, environments=[plain])


def test_a_change_of_type_is_refused_by_name():
    (finding,) = found({f"{RESOURCES}.type": "SPOT", f"{RESOURCES}.allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"})
    assert finding.code == "update-refused"
    assert "is not simulated" in finding.message


def test_a_fifo_queue_gets_no_policy():
    findings = found({"batch.jobQueues.queue.schedulingPolicyArn": "policy"})
    assert "update-refused" in [finding.code for finding in findings]


def test_fargate_takes_no_minimum():
    fargate = environment(type="FARGATE")
    assert codes({f"{RESOURCES}.minvCpus": 2}, environments=[fargate])


@pytest.mark.parametrize(
    ("entry", "members", "said"),
    [
        ({"at": "2025-12-31T00:00:00Z"}, {}, "it is before the scenario's start: it never happens"),
        (
            {"at": "2h"},
            {"duration": "2h"},
            "it is after the scenario's duration: it happens only if jobs still run then",
        ),
        ({"at": "3h"}, {"horizon": "3h"}, "it is after the scenario's horizon: it never happens"),
        (
            {"cron": "0 6 * * *"},
            {"duration": "5h"},
            "its first time is after the scenario's duration: it happens only if jobs still run then",
        ),
    ],
)
def test_instants_outside_the_run_are_warned_of(entry, members, said):
    (finding,) = found({**entry, "set": {"batch.jobQueues.queue.priority": 2}}, **members)
    assert (finding.code, finding.severity, finding.message) == ("update-outside-run", "warning", said)


def test_an_environment_that_is_not_managed():
    made = scenario(
        environments=[unmanaged(2)],
        queues=[queue("queue", "servers")],
        updates=[{"at": 60, "set": {"batch.computeEnvironments.servers.unmanagedvCpus": 4}}],
    )
    assert [state.environment.max_vcpus for state in made.updates.environments[0].states] == [2, 4]
