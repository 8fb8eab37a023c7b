"""Whatever can be exported is what CloudFormation's linter and the Terraform provider's schema take."""

from __future__ import annotations

import copy
import json

import pytest

import batchsim as bs
from batchsim.aws.deployment.deployable import deployable, load
from batchsim.aws.exporters import export
from batchsim.aws.importers.config import import_config
from batchsim.scenario.document.document import Document
from tests.aws.configurations import everything, prepared, small
from tests.aws.exporters.provider_schema import Schema
from tests.aws.exporters.test_export import SHIPPED, for_terraform, lint, without_deployment
from tests.aws.test_round_trip import PARAMETERS

pytestmark = pytest.mark.slow

PUBLIC = ["batch-large-scale.yaml", "sam-eventbridge-batch.yaml", "gwfcore-batch.template.yaml"]
CONTAINER = {
    "image": "busybox",
    "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1000"}],
}
ROLES = {
    "computeEnvironments": [
        {
            "computeEnvironmentName": "named-roles",
            "type": "MANAGED",
            "serviceRole": "AWSBatchServiceRole",
            "computeResources": {
                "type": "SPOT",
                "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
                "minvCpus": 0,
                "maxvCpus": 64,
                "bidPercentage": 80,
                "desiredvCpus": 4,
                "instanceTypes": ["c6i"],
                "ec2KeyPair": "key",
                "ec2Configuration": [{"imageType": "ECS_AL2023", "imageIdOverride": "ami-0a1b2c3d"}],
                "launchTemplate": {"launchTemplateName": "wide", "version": "$Latest"},
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
                "instanceRole": "ecsInstanceRole",
                "spotIamFleetRole": "fleet",
                "tags": {"team": "data"},
            },
        }
    ]
}


def terraform_faults(schema, configuration):
    content = json.loads(export(configuration, "terraform")["main.tf.json"])
    return [
        fault
        for resource, blocks in content["resource"].items()
        for block in blocks.values()
        for fault in schema.faults(resource, block)
    ]


@pytest.fixture(scope="module")
def schema():
    return Schema()


def with_roles(values):
    values = copy.deepcopy(values)
    values["batch"]["computeEnvironments"] += ROLES["computeEnvironments"]
    return values


@pytest.mark.parametrize("values", [small(), everything(), without_deployment(everything()), with_roles(small())])
def test_terraform_s_attributes_and_their_forms_are_the_provider_s(schema, values):
    assert terraform_faults(schema, prepared(for_terraform(values))) == []


def test_the_schema_finds_what_is_wrong(schema):
    block = {"type": "MANAGED", "nmae": "x", "compute_resources": {"type": "EC2", "max_vcpus": "64"}}
    assert schema.faults("aws_batch_compute_environment", block) == [
        "aws_batch_compute_environment: no attribute nmae",
        "aws_batch_compute_environment.compute_resources.max_vcpus: '64' is no jsii.Number",
        "aws_batch_compute_environment.compute_resources: subnets is missing",
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_are_taken_by_the_provider_or_refused_by_name(schema, path):
    refused = set()
    faults = []
    try:
        faults = terraform_faults(schema, load(path))
    except bs.ScenarioError as error:
        refused = {finding.code for finding in error.findings}
    assert (faults, refused - {"not-in-terraform"}) == ([], set())


@pytest.mark.parametrize("name", PUBLIC)
def test_public_configurations_are_taken_by_both(schema, name, shared_data):
    source = shared_data / "configs" / name
    parameters = PARAMETERS if name.startswith("gwf") else {}
    batch = import_config([source], parameters=parameters).batch
    text = json.dumps(batch).replace('ECS_AL2"', 'ECS_AL2023"')  # refused by AWS since 2026-06-30
    queue = batch["jobQueues"][0]["jobQueueName"]
    task = {"jobDefinitionName": "task", "type": "container", "containerProperties": CONTAINER}
    batch = {"jobDefinitions": [task], **json.loads(text)}
    definition = batch["jobDefinitions"][0]["jobDefinitionName"]
    job = {"jobName": "job", "jobQueue": queue, "jobDefinition": definition, "runtime": "5m"}
    values = {"name": "imported", "batch": batch, "workload": [{"workflow": "work", "jobs": [job]}]}
    configuration = deployable(Document(values, "imported"))
    assert lint(export(configuration, "cloudformation")["template.yaml"]) == []
    assert terraform_faults(schema, configuration) == []
