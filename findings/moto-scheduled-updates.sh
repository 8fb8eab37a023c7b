#!/usr/bin/env bash
# moto 5.2.5 and botocore 1.44.8: a minimum that EventBridge Scheduler raises at night, tested without AWS.
#
# Three steps of it pass with moto whatever they do. UpdateComputeEnvironment answers, and changes nothing of
# computeResources (state and service role it does). CreateSchedule takes any expression: five fields as cron has them,
# both fields of days, none at all. CreateScheduleGroup of a name that is there answers and the schedules in the group are
# gone; AWS's model has a ConflictException for it.
# Output seen:
#   minvCpus 0, set to 64: 0        "cron(0 20 * * *)", "cron(0 6 1 * MON *)", "tomorrow": taken
#   schedules in a group of one, after the group was created again: 0
# Why it matters: the tests of a deployment are green while the schedule is refused by AWS or the minimum never moves; and
# "create the group if it is not there, ignore that it is" deletes schedules in the tests that AWS would keep.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  "moto[batch,scheduler]==5.2.5" boto3==1.44.8 botocore==1.44.8
AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_DEFAULT_REGION=us-east-1 \
  "$folder/venv/bin/python" - <<'PYTHON'
import boto3
from moto import mock_aws

EXPRESSIONS = ("cron(0 20 * * *)", "cron(0 6 1 * MON *)", "tomorrow")


@mock_aws(config={"batch": {"use_docker": False}})
def minimum():
    batch, iam, ec2 = (boto3.client(name) for name in ("batch", "iam", "ec2"))
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    profile = iam.create_instance_profile(InstanceProfileName="profile")["InstanceProfile"]["Arn"]
    batch.create_compute_environment(
        computeEnvironmentName="fleet",
        type="MANAGED",
        serviceRole=role,
        computeResources={
            "type": "EC2",
            "minvCpus": 0,
            "maxvCpus": 128,
            "instanceTypes": ["m5.large"],
            "instanceRole": profile,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    )
    batch.update_compute_environment(computeEnvironment="fleet", computeResources={"minvCpus": 64})
    return batch.describe_compute_environments()["computeEnvironments"][0]["computeResources"]["minvCpus"]


@mock_aws
def schedules():
    client = boto3.client("scheduler")
    client.create_schedule_group(Name="group")
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:batch:updateComputeEnvironment",
        "RoleArn": "arn:aws:iam::123456789012:role/role",
        "Input": "{}",
    }
    for number, expression in enumerate(EXPRESSIONS):
        client.create_schedule(
            Name=f"s{number}",
            GroupName="group",
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
        )
    before = len(client.list_schedules(GroupName="group")["Schedules"])
    client.create_schedule_group(Name="group")
    errors = client.meta.service_model.operation_model("CreateScheduleGroup").error_shapes
    assert "ConflictException" in [each.name for each in errors], "this has changed: AWS's model"
    return before, len(client.list_schedules(GroupName="group")["Schedules"])


seen = (minimum(), *schedules())
print("minvCpus 0, set to 64:", seen[0], "   expressions taken:", seen[1], "   after the group was created again:", seen[2])
assert seen == (0, len(EXPRESSIONS), 0), "this has changed"
PYTHON
