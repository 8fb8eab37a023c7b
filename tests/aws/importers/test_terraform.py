"""Plans, states and JSON configurations of Terraform become the requests that Terraform would send.

The forms are those of Terraform's *JSON Output Format* (format version 1.2), of state files of version 4, and of the
*JSON Configuration Syntax*; the attributes are the AWS provider's.
"""

from __future__ import annotations

import json

import pytest

from batchsim.aws.exporters import export
from batchsim.aws.importers.config import import_config
from tests.aws.configurations import everything, prepared, small
from tests.aws.importers.reading import errors, imported, notes
from tests.aws.test_export import for_terraform

POOL = "arn:aws:batch:us-east-1:123456789012:compute-environment/pool"
ENVIRONMENT = {
    "name": "pool",
    "type": "MANAGED",
    "state": "ENABLED",
    "service_role": "arn:aws:iam::123456789012:role/Batch",
    "ecs_cluster_arn": "arn:aws:ecs:us-east-1:123456789012:cluster/pool",
    "compute_resources": [
        {
            "type": "SPOT",
            "allocation_strategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
            "bid_percentage": 0,
            "desired_vcpus": 0,
            "ec2_key_pair": "",
            "instance_type": ["c6i", "m6i"],
            "launch_template": [],
            "max_vcpus": 256,
            "min_vcpus": 0,
            "subnets": ["subnet-1"],
        }
    ],
    "tags": None,
    "tags_all": {"by": "terraform"},
}
DEFINITION = {
    "name": "work",
    "type": "container",
    "container_properties": json.dumps(
        {"image": "busybox", "resourceRequirements": [{"type": "VCPU", "value": "2"}], "environment": []}
    ),
    "retry_strategy": [{"attempts": 3, "evaluate_on_exit": [{"action": "RETRY", "on_exit_code": "137"}]}],
    "timeout": [{"attempt_duration_seconds": 600}],
    "propagate_tags": False,
    "revision": 4,
}
QUEUE = {
    "name": "main",
    "priority": 1,
    "state": "ENABLED",
    "compute_environment_order": [{"order": 1, "compute_environment": POOL}],
}  # fmt: skip
REQUESTS = {
    "computeEnvironments": [
        {
            "computeEnvironmentName": "pool",
            "type": "MANAGED",
            "state": "ENABLED",
            "computeResources": {
                "type": "SPOT",
                "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
                "minvCpus": 0,
                "maxvCpus": 256,
                "instanceTypes": ["c6i", "m6i"],
                "subnets": ["subnet-1"],
            },
            "serviceRole": "arn:aws:iam::123456789012:role/Batch",
        }
    ],
    "jobQueues": [
        {
            "jobQueueName": "main",
            "state": "ENABLED",
            "priority": 1,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "pool"}],
        }
    ],
    "jobDefinitions": [
        {
            "jobDefinitionName": "work",
            "type": "container",
            "containerProperties": {
                "image": "busybox",
                "environment": [],
                "resourceRequirements": [{"value": "2", "type": "VCPU"}],
            },
            "retryStrategy": {"attempts": 3, "evaluateOnExit": [{"onExitCode": "137", "action": "RETRY"}]},
            "propagateTags": False,
            "timeout": {"attemptDurationSeconds": 600},
        }
    ],
}  # fmt: skip
ALL = {
    "aws_batch_compute_environment": ENVIRONMENT,
    "aws_batch_job_queue": QUEUE,
    "aws_batch_job_definition": DEFINITION,
}


def resource(kind, values, label="x", **more):
    return {"address": f"{kind}.{label}", "mode": "managed", "type": kind, "name": label, "values": values, **more}


def shown(*resources, **more):
    module = {"resources": [*resources, resource("aws_subnet", {"id": "subnet-1"})]}
    return json.dumps({"format_version": "1.2", "planned_values": {"root_module": module}, **more})


def state(**attributes):
    resources = [
        {"mode": "managed", "type": kind, "name": "x", "instances": [{"attributes": values}]}
        for kind, values in attributes.items()
    ]
    return json.dumps({"version": 4, "terraform_version": "1.9.0", "resources": resources})


@pytest.mark.parametrize("key", ["planned_values", "values"], ids=["plan", "shown state"])
def test_what_terraform_shows_has_the_requests(tmp_path, key):
    text = shown(*(resource(kind, values) for kind, values in ALL.items())).replace("planned_values", key)
    found = imported(tmp_path, text)
    assert (found.batch, found.notes) == (REQUESTS, ())


def test_a_state_file_has_the_requests(tmp_path):
    assert imported(tmp_path, state(**ALL)).batch == REQUESTS


def test_modules_are_gone_through_and_instances_are_things_of_their_own(tmp_path):
    inner = {"address": "module.batch", "resources": [resource("aws_batch_compute_environment", ENVIRONMENT)]}
    other = resource("aws_batch_compute_environment", {**ENVIRONMENT, "name": "second"}, index="second")
    module = {"resources": [other], "child_modules": [inner]}
    found = imported(tmp_path, json.dumps({"format_version": "1.2", "planned_values": {"root_module": module}}))
    assert [each["computeEnvironmentName"] for each in found.batch["computeEnvironments"]] == ["second", "pool"]


def test_what_is_known_after_an_apply_is_the_resource_that_is_referred_to(tmp_path):
    # A plan of what does not exist yet: ARNs, and names with a prefix, are made by AWS and the provider.
    environment = {key: value for key, value in ENVIRONMENT.items() if key not in ("name", "service_role")}
    queue = {**QUEUE, "compute_environment_order": [{"order": 1}]}
    of_queue = {"arn": True, "compute_environment_order": [{"compute_environment": True}]}
    of_environment = {"name": True, "service_role": True}
    changes = [
        {"address": "aws_batch_job_queue.x", "change": {"after_unknown": of_queue}},
        {"address": "aws_batch_compute_environment.x", "change": {"after_unknown": of_environment}},
    ]
    references = {"references": ["aws_batch_compute_environment.x.arn", "aws_batch_compute_environment.x"]}
    expressions = {"compute_environment_order": [{"order": {"constant_value": 1}, "compute_environment": references}]}
    configured = [{"type": "aws_batch_job_queue", "name": "x", "expressions": expressions}]
    text = shown(
        resource("aws_batch_compute_environment", environment),
        resource("aws_batch_job_queue", queue),
        resource_changes=changes,
        configuration={"root_module": {"resources": configured}},
    )
    found = imported(tmp_path, text)
    assert [each["computeEnvironmentName"] for each in found.batch["computeEnvironments"]] == ["x"]
    assert found.batch["jobQueues"] == [
        {**REQUESTS["jobQueues"][0], "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "x"}]}
    ]
    assert {(severity, code) for severity, code, _ in notes(found)} == {("info", "named-by-id"), ("info", "left-out")}


def test_what_decides_and_is_not_known_is_asked_for(tmp_path):
    resources = {**ENVIRONMENT["compute_resources"][0]}
    del resources["max_vcpus"]
    text = shown(
        resource("aws_batch_compute_environment", {**ENVIRONMENT, "compute_resources": [resources]}),
        resource_changes=[
            {
                "address": "aws_batch_compute_environment.x",
                "change": {"after_unknown": {"compute_resources": [{"max_vcpus": True}]}},
            }
        ],
    )
    (error,) = errors(tmp_path, text)
    assert (error.code, error.path) == ("unresolved", "batch.computeEnvironments.pool.computeResources.maxvCpus")


@pytest.mark.parametrize("values", [for_terraform(small()), for_terraform(everything())], ids=["small", "everything"])
def test_what_was_exported_comes_back(tmp_path, values):
    # Requests have a policy's ARN, which nobody knows here: it goes without.
    queues = values["batch"]["jobQueues"]
    values["batch"]["jobQueues"] = [each for each in queues if "schedulingPolicyArn" not in each]
    configuration = prepared(values)
    for format_ in ("terraform", "boto3"):
        for path, content in export(configuration, format_).items():
            (tmp_path / format_ / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / format_ / path).write_text(content)
    terraform, requests = (import_config([tmp_path / format_]).batch for format_ in ("terraform", "boto3"))
    # The provider asks for a queue's state, which AWS has ENABLED where nobody says it.
    requests["jobQueues"] = [{"state": "ENABLED", **queue} for queue in requests["jobQueues"]]
    by_name = {kind: sorted(map(json.dumps, map(_sorted, each))) for kind, each in terraform.items()}
    assert by_name == {kind: sorted(map(json.dumps, map(_sorted, each))) for kind, each in requests.items()}


def _sorted(value):
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def test_variables_of_a_configuration_are_given_or_have_a_default(tmp_path):
    resources = {"type": "FARGATE", "max_vcpus": "${var.size}", "subnets": "${var.subnets}"}
    block = {"name": "${var.name}", "type": "MANAGED", "compute_resources": resources}
    text = json.dumps(
        {
            "variable": {"name": {"default": "pool"}, "size": {}, "subnets": {"type": "list(string)"}},
            "resource": {"aws_batch_compute_environment": {"x": block}},
        }
    )
    (error,) = errors(tmp_path, text)
    assert (error.code, error.expected) == ("unresolved", "--parameter size=VALUE")
    found = imported(tmp_path, text, parameters={"size": "64"})
    resources = {"type": "FARGATE", "maxvCpus": 64}
    assert found.batch == {
        "computeEnvironments": [{"computeEnvironmentName": "pool", "type": "MANAGED", "computeResources": resources}]
    }
    assert notes(found) == [("info", "left-out", "batch.computeEnvironments.pool.computeResources.subnets")]


def test_eks_and_attributes_that_nobody_knows_are_told(tmp_path):
    (error,) = errors(tmp_path, state(aws_batch_job_definition={**DEFINITION, "eks_properties": [{"pod": 1}]}))
    assert (error.code, error.path.rpartition(".")[2]) == ("not-simulated", "eks_properties")
    found = imported(tmp_path, state(aws_batch_job_queue={**QUEUE, "priorty": 3}))
    (note,) = found.notes
    assert (note.code, note.suggestion) == ("left-out", "priority")
