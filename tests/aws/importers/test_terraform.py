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
from tests.aws.exporters.test_export import for_terraform
from tests.aws.importers.reading import errors, imported, notes

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


def test_modules_are_gone_through_and_instances_are_objects_of_their_own(tmp_path):
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


def written(block, queue="${aws_batch_compute_environment.ce.arn}", **more):
    environment = {"name": "real", "type": "MANAGED", "compute_resources": {"type": "FARGATE", "max_vcpus": 4}}
    environment = {key: value for key, value in {**environment, **block}.items() if value is not None}
    order = [{"order": 1, "compute_environment": queue}]
    jobs = {"name": "q", "priority": 1, "state": "ENABLED", "compute_environment_order": order}
    resources = {"aws_batch_compute_environment": {"ce": environment}, "aws_batch_job_queue": {"q": jobs}}
    return {"resource": resources, **more}


def referred(found):
    """The environment's name, and what the queue calls it."""
    (environment,), (queue,) = found.batch["computeEnvironments"], found.batch["jobQueues"]
    return environment["computeEnvironmentName"], queue["computeEnvironmentOrder"][0]["computeEnvironment"]


NAMES = {
    "plain": ({"name": "real"}, "real"),
    "as before version 6": ({"name": None, "compute_environment_name": "real"}, "real"),
    "of a variable": ({"name": "${var.env}-ce"}, "prod-ce"),
    "of local values": ({"name": "${local.whole}"}, "prod-local"),
    "of a member": ({"name": "${local.map.names[1]}"}, "second"),
    "of another resource": ({"name": "${aws_batch_job_queue.q.name}-ce"}, "q-ce"),
    "made by Terraform": ({"name": None, "name_prefix": "x"}, "ce"),
    "known to Terraform only": ({"name": "${random_id.x.hex}"}, "ce"),
    "of a nested expression": ({"name": '${join("", [for x in ["a"] : "${x}"])}'}, "ce"),
}  # fmt: skip


@pytest.mark.parametrize("attribute", ["arn", "name", "id"])
@pytest.mark.parametrize(("block", "name"), NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("in_list", [False, True], ids=["block", "list"])
def test_a_queue_refers_to_what_its_environment_is_called(tmp_path, block, name, in_list, attribute):
    local = {"env": "${var.env}", "whole": "${local.env}-local", "map": {"names": ["first", "second"]}}
    values = written(block, f"${{aws_batch_compute_environment.ce.{attribute}}}", locals=local)
    values["variable"] = {"env": {"default": "prod"}}
    if in_list:
        environments = values["resource"]["aws_batch_compute_environment"]
        environments["ce"] = [environments["ce"]]
    assert referred(imported(tmp_path, json.dumps(values))) == (name, name)


@pytest.mark.parametrize(
    ("block", "local"),
    [
        ({"name": "${local.a}"}, {"a": "${local.b}", "b": "x${local.a}"}),
        ({"name": "${aws_batch_compute_environment.ce.name}"}, {}),
    ],
    ids=["local values", "resource"],
)
def test_what_refers_to_itself_is_a_fault(tmp_path, block, local):
    assert {error.code for error in errors(tmp_path, json.dumps(written(block, locals=local)))} == {"circular"}


def test_a_text_that_grows_without_end_is_a_fault(tmp_path):
    local = {"a": "x" * 100_000, "b": "${local.a}" * 10, "c": "${local.b}" * 10}
    assert "too-large" in {
        error.code for error in errors(tmp_path, json.dumps(written({"name": "${local.c}"}, locals=local)))
    }


def of_types(types, **more):
    resources = {"type": "EC2", "max_vcpus": "${var.size}", "instance_type": types}
    return json.dumps(written({"compute_resources": resources}, **more))


def test_lists_of_local_values_are_followed(tmp_path):
    more = {"variable": {"t": {"default": "c6i"}, "size": {"default": 8}}, "locals": {"types": ["${var.t}", "m6i"]}}
    (environment,) = imported(tmp_path, of_types("${local.types}", **more)).batch["computeEnvironments"]
    assert environment["computeResources"]["instanceTypes"] == ["c6i", "m6i"]
    (environment,) = imported(tmp_path, of_types(["${local.types[1]}"], **more)).batch["computeEnvironments"]
    assert environment["computeResources"]["instanceTypes"] == ["m6i"]


def test_a_local_text_may_be_a_document(tmp_path):
    document = json.dumps({"image": "busybox", "resourceRequirements": [{"type": "VCPU", "value": "2"}]})
    block = {"name": "work", "type": "container", "container_properties": "${local.work}"}
    values = {"locals": {"work": document}, "resource": {"aws_batch_job_definition": {"x": block}}}
    (definition,) = imported(tmp_path, json.dumps(values)).batch["jobDefinitions"]
    assert definition["containerProperties"]["resourceRequirements"] == [{"type": "VCPU", "value": "2"}]


@pytest.mark.parametrize("declared", [{"type": "list(string)"}, {"type": "set(string)"}, {"default": ["r5"]}])
@pytest.mark.parametrize("text", ["c6i,m6i", "c6i, m6i", '["c6i", "m6i"]'])
def test_a_given_text_becomes_a_list_where_the_variable_is_one(tmp_path, declared, text):
    values = of_types("${var.types}", variable={"types": declared, "size": {"type": "number"}})
    found = imported(tmp_path, values, parameters={"types": text, "size": "16"})
    resources = found.batch["computeEnvironments"][0]["computeResources"]
    assert (resources["instanceTypes"], resources["maxvCpus"]) == (["c6i", "m6i"], 16)


@pytest.mark.parametrize(
    ("declared", "text", "code"),
    [
        ({"type": "list(string)"}, '["c6i"', "parameter"),
        ({"type": "list(number)"}, "c6i", "parameter"),
        ({"type": "number"}, "c6i", "parameter"),
        ({"type": "bool"}, "c6i", "parameter"),
        ({"type": "map(string)"}, "c6i", "parameter"),
        ({"type": "string"}, "c6i,m6i", "wrong-type"),
        ({}, "c6i,m6i", "wrong-type"),
    ],
)
def test_a_text_is_no_list(tmp_path, declared, text, code):
    values = of_types("${var.types}", variable={"types": declared, "size": {"default": 4}})
    assert [error.code for error in errors(tmp_path, values, parameters={"types": text})] == [code]


def counted(reference):
    """A plan of two environments that are made by `count`, and a queue that refers to one."""
    kind = "aws_batch_compute_environment"
    names = ["first", "second"]
    environments = [
        resource(kind, {**ENVIRONMENT, "name": name}, "ce", index=at, address=f"{kind}.ce[{at}]")
        for at, name in enumerate(names)
    ]
    of_queue = {"compute_environment_order": [{"compute_environment": True}]}
    references = {"references": [reference, reference.rpartition(".")[0], f"{kind}.ce"]}
    expressions = {"compute_environment_order": [{"compute_environment": references}]}
    return shown(
        *environments,
        resource("aws_batch_job_queue", {**QUEUE, "compute_environment_order": [{"order": 1}]}),
        resource_changes=[{"address": "aws_batch_job_queue.x", "change": {"after_unknown": of_queue}}],
        configuration={
            "root_module": {"resources": [{"type": "aws_batch_job_queue", "name": "x", "expressions": expressions}]}
        },
    )


def test_a_reference_with_an_index_means_that_instance(tmp_path):
    for at, name in enumerate(["first", "second"]):
        found = imported(tmp_path, counted(f"aws_batch_compute_environment.ce[{at}].arn"))
        (entry,) = found.batch["jobQueues"][0]["computeEnvironmentOrder"]
        assert entry["computeEnvironment"] == name
    for reference in ("aws_batch_compute_environment.ce[2].arn", "aws_batch_compute_environment.ce.arn"):
        assert [error.code for error in errors(tmp_path, counted(reference))] == ["unresolved"]


def test_deposed_instances_are_left_out(tmp_path):
    values = json.loads(state(**ALL))
    (instances,) = [each["instances"] for each in values["resources"] if each["type"].endswith("environment")]
    instances.append({"deposed": "00000000", "attributes": {**ENVIRONMENT, "name": "old"}})
    found = imported(tmp_path, json.dumps(values))
    assert found.batch == REQUESTS
    assert [note[:2] for note in notes(found)] == [("info", "left-out")]
    old = resource("aws_batch_compute_environment", {**ENVIRONMENT, "name": "old"}, deposed_key="00000000")
    found = imported(tmp_path, shown(*(resource(kind, each) for kind, each in ALL.items()), old))
    assert found.batch == REQUESTS


def test_a_block_that_makes_none_or_several_is_told(tmp_path):
    variable = {"size": {"default": 1}, "none": {"default": 0}}
    one = json.dumps(written({"count": "${var.size}"}, "real", variable=variable))
    assert referred(imported(tmp_path, one)) == ("real", "real")
    none = imported(tmp_path, json.dumps(written({"count": "${var.none}"}, "real", variable=variable)))
    assert ("computeEnvironments" in none.batch, [note[:2] for note in notes(none)]) == (False, [("info", "left-out")])
    for several in ({"count": 2}, {"count": "${length(var.names)}"}, {"for_each": "${var.names}"}):
        assert [error.code for error in errors(tmp_path, json.dumps(written(several, "real")))] == ["unresolved"]
