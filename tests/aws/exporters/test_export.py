"""The configuration in others' formats says what the scenario says, in words that their readers take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import batchsim as bs
from batchsim.aws.deployment.deployable import deployable, load
from batchsim.aws.exporters import export
from batchsim.scenario.document.document import Document
from tests.aws.configurations import DEPLOYMENT, everything, prepared, small
from tests.conftest import ROOT

SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))


def lint(text: str) -> list[str]:
    from cfnlint.api import lint as cfn_lint
    from cfnlint.config import ManualArgs

    return [str(match) for match in cfn_lint(text, config=ManualArgs(regions=["us-east-1"]))]


def without_deployment(values):
    del values["deployment"]
    return values


def read_template(text: str) -> dict:
    return YAML(typ="safe", pure=True).load(text)


def template_of(values) -> dict:
    return read_template(export(prepared(values), "cloudformation")["template.yaml"])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_cfn_lint_finds_nothing_in_shipped_scenarios(path):
    assert lint(export(load(path), "cloudformation")["template.yaml"]) == []


@pytest.mark.parametrize("values", [everything(), without_deployment(everything())], ids=["filled", "parameters"])
def test_cfn_lint_finds_nothing_in_a_template_with_everything(values):
    assert lint(export(prepared(values), "cloudformation")["template.yaml"]) == []


def test_a_template_asks_for_what_neither_section_says():
    template = template_of(without_deployment(everything()))
    assert set(template["Parameters"]) == {"Subnets", "SecurityGroupIds", "InstanceRole", "ExecutionRoleArn"}
    assert template["Parameters"]["Subnets"]["Type"] == "List<AWS::EC2::Subnet::Id>"
    spot = template["Resources"]["Spot"]["Properties"]["ComputeResources"]
    assert spot["Subnets"] == {"Ref": "Subnets"}
    task = template["Resources"]["Task"]["Properties"]["ContainerProperties"]
    assert task["ExecutionRoleArn"] == {"Ref": "ExecutionRoleArn"}
    pair = template["Resources"]["Pair"]["Properties"]["EcsProperties"]["TaskProperties"][0]
    assert pair["ExecutionRoleArn"] == {"Ref": "ExecutionRoleArn"}


def test_nothing_is_asked_for_when_all_is_said():
    assert "Parameters" not in template_of(everything())


def test_resources_of_one_template_refer_to_each_other():
    resources = template_of(everything())["Resources"]
    order = resources["Nightly"]["Properties"]["ComputeEnvironmentOrder"]
    assert [entry["ComputeEnvironment"] for entry in order] == [{"Ref": "Spot"}, {"Ref": "OnDemand"}]
    assert resources["Shared"]["Properties"]["SchedulingPolicyArn"] == {"Ref": "Fair"}
    wanted = resources["Licensed"]["Properties"]["ConsumableResourceProperties"]["ConsumableResourceList"]
    assert wanted == [{"ConsumableResource": {"Ref": "Licence"}, "Quantity": 1}]


def test_texts_that_a_yaml_1_1_reader_would_take_for_something_else_are_quoted():
    text = export(prepared(small()), "cloudformation")["template.yaml"]
    assert 'costCentre: "on"' in text
    assert 'AWSTemplateFormatVersion: "2010-09-09"' in text
    assert 'Value: "2"' in text


def test_environment_variables_keep_their_names_and_values():
    container = template_of(small())["Resources"]["Extract"]["Properties"]["ContainerProperties"]
    assert container["Environment"] == [
        {"Name": "DB_PASSWORD", "Value": "hunter2"},
        {"Name": "maxvCpus", "Value": "on"},
    ]


def test_environments_are_updated_in_place_because_they_are_named():
    assert template_of(small())["Resources"]["Spot"]["Properties"]["ReplaceComputeEnvironment"] is False


def test_two_objects_of_one_name_get_ids_of_their_own():
    values = small()
    values["batch"]["jobQueues"][1]["jobQueueName"] = "spot"
    values["workload"][0]["jobs"][0]["jobQueue"] = "spot"
    resources = template_of(values)["Resources"]
    assert {resources["Spot"]["Type"], resources["SpotJobQueue"]["Type"]} == {
        "AWS::Batch::ComputeEnvironment",
        "AWS::Batch::JobQueue",
    }


def requests(values) -> dict[str, dict]:
    return {path: json.loads(text) for path, text in export(prepared(values), "boto3").items()}


def test_requests_are_what_boto3_takes():
    from botocore.validate import validate_parameters

    from batchsim.scenario.batch.service_model import REQUESTS, service_model

    shapes = {
        "create-compute-environment": "computeEnvironments",
        "create-job-queue": "jobQueues",
        "register-job-definition": "jobDefinitions",
        "create-scheduling-policy": "schedulingPolicies",
        "create-consumable-resource": "consumableResources",
    }
    values = everything()
    values["batch"]["jobQueues"][2]["schedulingPolicyArn"] = "arn:aws:batch:us-east-1:1:scheduling-policy/fair"
    written = requests(values)
    assert len(written) == sum(len(objects) for objects in values["batch"].values())
    for path, request in written.items():
        command = Path(path).parent.name
        validate_parameters(request, service_model("batch").shape_for(REQUESTS[shapes[command]]))
        assert request["tags"]["team"] == "data"


def test_a_request_is_the_scenario_s_with_what_the_deployment_section_adds():
    written = requests(small())["create-compute-environment/on-demand.json"]
    assert written == {
        **SMALL_ON_DEMAND,
        "computeResources": {
            **SMALL_ON_DEMAND["computeResources"],
            # AWS asks for it, though its documentation does not.
            "minvCpus": 0,
            "subnets": DEPLOYMENT["subnets"],
            "securityGroupIds": DEPLOYMENT["securityGroupIds"],
            "instanceRole": DEPLOYMENT["instanceRole"],
        },
        "tags": {"team": "data"},
    }


SMALL_ON_DEMAND = small()["batch"]["computeEnvironments"][1]


def test_secrets_are_exported_as_they_are():
    environment = requests(small())["register-job-definition/extract.json"]["containerProperties"]["environment"]
    assert {"name": "DB_PASSWORD", "value": "hunter2"} in environment


def test_requests_with_something_missing_are_not_written_and_all_of_it_is_listed():
    with pytest.raises(bs.ScenarioError) as caught:
        export(prepared(without_deployment(everything())), "boto3")
    missing = {(finding.path, finding.message.split()[0]) for finding in caught.value.findings}
    assert missing == {
        *(
            (f"batch.computeEnvironments.{name}.computeResources", member)
            for name in ("spot", "on-demand")
            for member in ("subnets", "securityGroupIds", "instanceRole")
        ),
        ("batch.computeEnvironments.fargate.computeResources", "subnets"),
        ("batch.computeEnvironments.fargate.computeResources", "securityGroupIds"),
        ("batch.jobDefinitions.task.containerProperties", "executionRoleArn"),
        ("batch.jobDefinitions.pair.ecsProperties.taskProperties.0", "executionRoleArn"),
        # The policy's ARN has the account's number in it, which no scenario says.
        ("batch.jobQueues.shared.schedulingPolicyArn", "AWS"),
    }


#: Arguments of the provider's resources: its schema at version 6.25, as generated into its CDK bindings 21.22.1.
PROVIDER = {
    "aws_batch_compute_environment": {"name", "type", "state", "service_role", "tags", "compute_resources"},
    "aws_batch_job_queue": {
        "name", "priority", "state", "compute_environment_order", "job_state_time_limit_action",
        "scheduling_policy_arn", "tags",
    },
    "aws_batch_job_definition": {
        "name", "type", "container_properties", "ecs_properties", "node_properties", "parameters",
        "platform_capabilities", "propagate_tags", "retry_strategy", "scheduling_priority", "tags", "timeout",
    },
    "aws_batch_scheduling_policy": {"name", "fair_share_policy", "tags"},
}  # fmt: skip
REQUIRED = {
    "aws_batch_compute_environment": {"type"},
    "aws_batch_job_queue": {"name", "priority", "state"},
    "aws_batch_job_definition": {"name", "type"},
    "aws_batch_scheduling_policy": {"name"},
}
COMPUTE = {
    "max_vcpus", "subnets", "type", "allocation_strategy", "bid_percentage", "desired_vcpus", "ec2_configuration",
    "ec2_key_pair", "image_id", "instance_role", "instance_type", "launch_template", "min_vcpus", "placement_group",
    "security_group_ids", "spot_iam_fleet_role", "tags",
}  # fmt: skip


def for_terraform(values):
    """What the provider has no words for, left out."""
    del values["batch"]["computeEnvironments"][0]["computeResources"]["scalingPolicy"]
    values["batch"].pop("consumableResources", None)
    values["batch"]["jobDefinitions"] = [
        definition
        for definition in values["batch"]["jobDefinitions"]
        if "consumableResourceProperties" not in definition
    ]
    return values


@pytest.mark.parametrize("values", [everything(), without_deployment(everything())], ids=["filled", "variables"])
def test_terraform_has_the_provider_s_arguments(values):
    content = json.loads(export(prepared(for_terraform(values)), "terraform")["main.tf.json"])
    assert set(content["resource"]) == set(PROVIDER)
    for resource, objects in content["resource"].items():
        for block in objects.values():
            assert REQUIRED[resource] <= set(block) <= PROVIDER[resource]
    for block in content["resource"]["aws_batch_compute_environment"].values():
        assert {"max_vcpus", "subnets", "type"} <= set(block["compute_resources"]) <= COMPUTE


def test_terraform_takes_texts_as_they_are():
    definitions = json.loads(export(prepared(for_terraform(everything())), "terraform")["main.tf.json"])["resource"]
    container = definitions["aws_batch_job_definition"]["extract"]["container_properties"]
    assert "echo $${PART}" in container  # ${ would begin an expression
    assert json.loads(container)["environment"][0]["value"] == "hunter2"
    queue = definitions["aws_batch_job_queue"]["nightly"]
    assert queue["compute_environment_order"][0]["compute_environment"] == ("${aws_batch_compute_environment.spot.arn}")
    shared = definitions["aws_batch_job_queue"]["shared"]
    assert shared["scheduling_policy_arn"] == "${aws_batch_scheduling_policy.fair.arn}"


def test_terraform_has_a_variable_for_what_neither_section_says():
    values = without_deployment(for_terraform(everything()))
    content = json.loads(export(prepared(values), "terraform")["main.tf.json"])
    assert content["variable"]["subnets"] == {"type": "list(string)"}
    container = content["resource"]["aws_batch_job_definition"]["task"]["container_properties"]
    assert json.loads(container)["executionRoleArn"] == "${var.execution_role_arn}"


def test_what_the_provider_can_t_say_is_refused_by_name():
    with pytest.raises(bs.ScenarioError) as caught:
        export(prepared(everything()), "terraform")
    assert {finding.path for finding in caught.value.findings} == {
        "batch.consumableResources",
        "batch.computeEnvironments.spot.computeResources.scalingPolicy",
        "batch.jobDefinitions.licensed.consumableResourceProperties",
    }
    assert {finding.code for finding in caught.value.findings} == {"not-in-terraform"}


def test_what_the_provider_has_and_batchsim_does_not_write_is_refused_for_that_reason():
    values = for_terraform(small())
    pod = {"podProperties": {"containers": [{"image": "busybox"}]}}
    values["batch"]["jobDefinitions"].append({"jobDefinitionName": "pod", "type": "container", "eksProperties": pod})
    with pytest.raises(bs.ScenarioError, match="whose provider has eks_properties"):
        export(prepared(values), "terraform")


def test_roles_by_name_get_their_arns_where_a_name_is_not_taken():
    # The provider's schema validates instance_role, service_role and spot_iam_fleet_role as ARNs; CloudFormation's has
    # a pattern for the service role. A role's name may have its path before it (API CreateComputeEnvironment).
    values = for_terraform(small())
    environment = values["batch"]["computeEnvironments"][0]
    environment["serviceRole"] = "service-role/AWSBatchServiceRole"
    environment["computeResources"] |= {"instanceRole": "ecsInstanceRole", "spotIamFleetRole": "fleet"}
    content = json.loads(export(prepared(values), "terraform")["main.tf.json"])
    block = content["resource"]["aws_batch_compute_environment"][environment["computeEnvironmentName"]]
    account = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}"
    assert block["service_role"] == f"{account}:role/service-role/AWSBatchServiceRole"
    assert block["compute_resources"]["instance_role"] == f"{account}:instance-profile/ecsInstanceRole"
    assert block["compute_resources"]["spot_iam_fleet_role"] == f"{account}:role/fleet"
    assert set(content["data"]) == {"aws_caller_identity", "aws_partition"}
    text = export(prepared(values), "cloudformation")["template.yaml"]
    assert "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/service-role/AWSBatchServiceRole" in text
    assert lint(text) == []


def test_what_is_refused_at_submission_stops_a_submission_only():
    values = small()
    container = values["batch"]["jobDefinitions"][0]["containerProperties"]
    container["command"] = ["run", "Ref::input"]
    document = Document(values, "scenario.yaml")
    assert deployable(document).batch["jobDefinitions"]
    with pytest.raises(bs.ScenarioError, match="Ref::input has no parameter"):
        deployable(document, submits=True)
    assert deployable(Document({**values, "ignore": ["parameter"]}), submits=True).batch["jobDefinitions"]


def test_an_error_of_a_deployment_may_be_ignored():
    values = small()
    values["batch"]["jobDefinitions"][0]["containerProperties"]["user"] = "$(id -u)"
    with pytest.raises(bs.ScenarioError, match="documented-form"):
        prepared(values)
    assert prepared({**values, "ignore": ["documented-form"]}).batch["jobDefinitions"]
