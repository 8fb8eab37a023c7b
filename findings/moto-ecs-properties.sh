#!/usr/bin/env bash
# moto 5.2.5 (mock of AWS Batch): job definitions of ecsProperties, and compute environments of ECS Managed Instances.
#
# AWS Batch takes three kinds of properties for a definition of type container: containerProperties, ecsProperties and
# eksProperties. moto refuses the second kind and asks for one of the other two. Jobs for MANAGED_INSTANCES have no other
# kind (AWS Batch User Guide, Job definitions on Amazon ECS Managed Instances). Of an environment of
# ECS_MANAGED_INSTANCES moto first asks for an instanceRole, which AWS refuses there: whoever adds what it asks for gets
# further away from what AWS takes.
# Output seen:
#   definition of ecsProperties      containerProperties or eksProperties must be provided
#   environment                      Error executing request, Exception : Instance role is required.
# Why it matters: a deployment of jobs with a side container, or of managed instances, can't be tested with moto at all,
# and its messages lead the wrong way. Test the requests against the service model, and the order of calls against a stub.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "moto[batch]==5.2.5" boto3==1.44.8 botocore==1.44.8
AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_DEFAULT_REGION=us-east-1 \
  "$folder/venv/bin/python" - <<'PYTHON'
import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
container = {"name": "main", "image": "image", "resourceRequirements": needs}
template = {
    "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/managed",
    "networkConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
}


@mock_aws(config={"batch": {"use_docker": False}})
def refusals():
    batch, iam = boto3.client("batch"), boto3.client("iam")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    provider = {"infrastructureRoleArn": role, "instanceLaunchTemplate": template}
    resources = {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": 16, "managedInstancesProvider": provider}
    calls = {
        "definition": lambda: batch.register_job_definition(
            jobDefinitionName="pair",
            type="container",
            ecsProperties={"taskProperties": [{"containers": [container, {**container, "name": "side"}]}]},
        ),
        "environment": lambda: batch.create_compute_environment(
            computeEnvironmentName="managed", type="MANAGED", serviceRole=role, computeResources=resources
        ),
    }
    told = dict.fromkeys(calls, "taken")
    for name, call in calls.items():
        try:
            call()
        except ClientError as error:
            told[name] = error.response["Error"]["Message"]
    return told


told = refusals()
for name, message in told.items():
    print(f"{name}: {message}")
assert told["definition"] == "containerProperties or eksProperties must be provided", "this has changed: definitions"
assert "Instance role is required" in told["environment"], "this has changed: environments"
PYTHON
