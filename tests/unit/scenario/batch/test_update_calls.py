"""What an update sets as AWS's calls take it: which members, one by one or as a whole, and in which requests.

API UpdateComputeEnvironmentRequest, UpdateJobQueueRequest, UpdateConsumableResourceRequest and
UpdateSchedulingPolicyRequest.
"""

from __future__ import annotations

import pytest

from batchsim.scenario.batch.update_calls import changes_of, requests, shown, updated
from batchsim.scenario.document.document import parse
from batchsim.scenario.updates.checking import replaces_instances
from tests.builders import environment

TEXT = """\
batch:
  computeEnvironments:
    - computeEnvironmentName: fleet
      type: MANAGED
      computeResources: {type: EC2, maxvCpus: 64, scalingPolicy: {minScaleDownDelayMinutes: 30}}
    - {computeEnvironmentName: pool, type: UNMANAGED, unmanagedvCpus: 8}
  jobQueues:
    - {jobQueueName: queue, priority: 1, computeEnvironmentOrder: [{order: 1, computeEnvironment: fleet}]}
  schedulingPolicies:
    - {name: shares, fairsharePolicy: {shareDecaySeconds: 60, computeReservation: 10}}
  consumableResources:
    - {consumableResourceName: licence, totalQuantity: 3}
updates:
  - at: 1h
    set:
"""
#: The line of the first path that is set.
LINE = TEXT.count("\n") + 1
FLEET = "batch.computeEnvironments.fleet"


def read(*paths):
    """The changes of an update and what is found of it, its paths a line each."""
    document, findings = parse(TEXT + "".join(f"      {path}\n" for path in paths), "x"), []
    entry = document.values["updates"][0]["set"]
    return document, changes_of(entry, ("updates", 0, "set"), document, findings), findings


def sent(*paths):
    document, changes, findings = read(*paths)
    assert not findings
    return list(requests(updated(document, changes), changes))


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        # What is within computeResources is sent by itself, all of it where a part is set; any other member as a whole.
        (f"{FLEET}.computeResources.maxvCpus: 8", {"computeResources": {"maxvCpus": 8}}),
        (
            f"{FLEET}.computeResources.scalingPolicy.minScaleDownDelayMinutes: 60",
            {"computeResources": {"scalingPolicy": {"minScaleDownDelayMinutes": 60}}},
        ),
        (
            f"{FLEET}.computeResources: {{minvCpus: 4, maxvCpus: 8}}",
            {"computeResources": {"minvCpus": 4, "maxvCpus": 8}},
        ),
        (f"{FLEET}.updatePolicy.terminateJobsOnUpdate: true", {"updatePolicy": {"terminateJobsOnUpdate": True}}),
        (f"{FLEET}.state: DISABLED", {"state": "DISABLED"}),
    ],
)
def test_an_environment_is_told_what_changes(path, request_):
    assert sent(path) == [("UpdateComputeEnvironment", {"computeEnvironment": "fleet", **request_})]


def test_a_policy_is_sent_as_a_whole_and_a_total_as_an_operation():
    assert sent("batch.schedulingPolicies.shares.fairsharePolicy.computeReservation: 50") == [
        (
            "UpdateSchedulingPolicy",
            {"arn": "shares", "fairsharePolicy": {"shareDecaySeconds": 60, "computeReservation": 50}},
        )
    ]
    assert sent("batch.consumableResources.licence.totalQuantity: 0") == [
        ("UpdateConsumableResource", {"consumableResource": "licence", "operation": "SET", "quantity": 0})
    ]


def test_one_call_for_each_object_whatever_stands_between():
    calls = sent(
        f"{FLEET}.state: DISABLED",
        "batch.jobQueues.queue.priority: 5",
        f"{FLEET}.computeResources.maxvCpus: 8",
        "batch.computeEnvironments.pool.unmanagedvCpus: 4",
    )
    assert calls == [
        (
            "UpdateComputeEnvironment",
            {"computeEnvironment": "fleet", "state": "DISABLED", "computeResources": {"maxvCpus": 8}},
        ),
        ("UpdateJobQueue", {"jobQueue": "queue", "priority": 5}),
        ("UpdateComputeEnvironment", {"computeEnvironment": "pool", "unmanagedvCpus": 4}),
    ]


@pytest.mark.parametrize(
    ("path", "column", "code", "suggestion"),
    [
        (f"{FLEET}.computeResources.maxvCpu: 8", 7, "update-call", "maxvCpus"),
        (f"{FLEET}.computeResources: {{maxvCpu: 8}}", 58, "update-call", "maxvCpus"),
        (f"{FLEET}.computeResources.maxvCpus: lots", 66, "wrong-type", ""),
        ("batch.computeEnvironments.flet.state: DISABLED", 7, "unknown-path", f"{FLEET}.state"),
        ("batch.jobQueues.queue: {priority: 5}", 7, "update-call", ""),
        ("batch.consumableResources.licence.totalQuantity: many", 56, "wrong-type", ""),
        ("batch.consumableResources.licence.resourceType: REPLENISHABLE", 7, "update-call", ""),
        ("seed: 5", 7, "update-call", ""),
    ],
)
def test_a_fault_stands_at_the_path_or_at_its_value(path, column, code, suggestion):
    _, changes, (finding,) = read("batch.jobQueues.queue.priority: 5", path)
    assert (finding.code, finding.line, finding.column, finding.suggestion) == (code, LINE + 1, column, suggestion)
    # What is right beside it is read.
    assert [each.path for each in changes] == ["batch.jobQueues.queue.priority"]


def test_what_is_found_of_a_value_later_is_found_where_the_update_says_it():
    document, changes, _ = read(f"{FLEET}.computeResources.maxvCpus: 8")
    after = updated(document, changes)
    assert after.place(("batch", "computeEnvironments", 0, "computeResources", "maxvCpus")) == ("x", LINE, 66)
    assert document.values["batch"]["computeEnvironments"][0]["computeResources"]["maxvCpus"] == 64


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (0.5, "0.5"),
        (["c6i", "m6i.large"], "[c6i, m6i.large]"),
        ({"order": [1, False]}, "{order: [1, false]}"),
    ],
)
def test_values_in_a_line(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("kind", "members", "replaced"),
    [
        # User Guide, Perform scaling updates and Perform infrastructure updates.
        ("EC2", {"minvCpus": 2, "maxvCpus": 8, "desiredvCpus": 4}, False),
        ("EC2", {"scalingPolicy": {"minScaleDownDelayMinutes": 20}}, False),
        ("EC2", {}, False),
        ("EC2", {"instanceTypes": ["m6i"]}, True),
        ("EC2", {"subnets": ["subnet-2"]}, True),
        ("SPOT", {"bidPercentage": 50, "maxvCpus": 8}, True),
        ("EC2", {"launchTemplate": {"launchTemplateName": "wide", "version": "2"}}, True),
        # On Fargate there are no instances: its network is of tasks that start later.
        ("FARGATE", {"subnets": ["subnet-2"], "securityGroupIds": ["sg-2"], "maxvCpus": 8}, False),
        ("FARGATE_SPOT", {"subnets": ["subnet-2"]}, False),
        ("FARGATE", {"tags": {"team": "data"}}, True),
    ],
)
def test_which_updates_replace_instances(kind, members, replaced):
    before = environment(type=kind)
    after = {**before, "computeResources": {**before["computeResources"], **members}}
    assert replaces_instances(before, after) is replaced
    # And back again.
    assert replaces_instances(after, before) is replaced


def test_what_is_no_compute_resource_replaces_none():
    before = environment()
    assert not replaces_instances(before, {**before, "state": "DISABLED", "updatePolicy": {}})
    assert not replaces_instances(
        {"computeEnvironmentName": "pool"}, {"computeEnvironmentName": "pool", "state": "ENABLED"}
    )
