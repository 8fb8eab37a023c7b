"""The schedules of a CloudFormation template, with their group and the role that makes the calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.aws.cloudformation_names import free_logical_id
from batchsim.aws.deployment.deployable import Deployable
from batchsim.aws.schedules.schedule import Reference, Schedule, schedules_of
from batchsim.aws.schedules.target import RETRY_POLICY, SERVICE, input_text, statements, target_arn
from batchsim.errors import ScenarioError

_GROUP, _ROLE, _UPDATE = "ScheduledUpdates", "ScheduledUpdatesRole", "ScheduledUpdate"


def schedule_resources(configuration: Deployable, logical: dict[tuple[str, str], str]) -> dict[str, Any]:
    """The resources by their logical ids; none where nothing is updated.

    Parameters
    ----------
    logical : dict
        The logical id of each object by its list and its name; those of schedules are no others.

    Raises
    ------
    ScenarioError
        With what EventBridge Scheduler can't say.
    """
    planned = schedules_of(configuration)
    if planned.findings:
        raise ScenarioError(planned.findings)
    if not planned.schedules:
        return {}
    taken = set(logical.values())
    group, role = free_logical_id(_GROUP, taken), free_logical_id(_ROLE, taken)
    tags = [{"Key": key, "Value": value} for key, value in configuration.tags.items()]
    properties: dict[str, Any] = {"Name": planned.group, **({"Tags": tags} if tags else {})}
    resources: dict[str, Any] = {group: {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": properties}}
    role_arn: Any = planned.role
    if role_arn is None:
        policies = list(_statements(configuration, planned.schedules, logical))
        resources[role] = {"Type": "AWS::IAM::Role", "Properties": _role(group, policies, tags)}
        role_arn = {"Fn::GetAtt": [role, "Arn"]}
    for number, schedule in enumerate(planned.schedules, 1):
        resources[free_logical_id(f"{_UPDATE}{number}", taken)] = {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": _properties(schedule, group, role_arn, logical),
        }
    return resources


def _properties(schedule: Schedule, group: str, role_arn: Any, logical: dict[tuple[str, str], str]) -> dict[str, Any]:
    def refer(reference: Reference) -> str:
        return f"${{{logical[reference.kind, reference.name]}}}"

    parameters = input_text(schedule, refer, lambda text: text.replace("${", "${!"))
    return {
        "Name": schedule.name,
        "GroupName": {"Ref": group},
        "Description": schedule.remark,
        "ScheduleExpression": schedule.expression,
        "ScheduleExpressionTimezone": schedule.timezone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "Target": {
            "Arn": {"Fn::Sub": target_arn(schedule, "${AWS::Partition}")},
            "RoleArn": role_arn,
            "Input": {"Fn::Sub": parameters},
            "RetryPolicy": RETRY_POLICY,
        },
    }


def _role(group: str, policies: list[dict[str, Any]], tags: list[dict[str, str]]) -> dict[str, Any]:
    """A role that only schedules of the group may take (User Guide, *Confused deputy prevention*)."""
    source = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": {"Fn::GetAtt": [group, "Arn"]}}
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": source},
    }
    return {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [
            {"PolicyName": "updates", "PolicyDocument": {"Version": "2012-10-17", "Statement": policies}},
        ],
        **({"Tags": tags} if tags else {}),
    }


def _statements(
    configuration: Deployable, schedules: tuple[Schedule, ...], logical: dict[tuple[str, str], str]
) -> Iterator[dict[str, Any]]:
    for each in statements(configuration, schedules):
        on = [
            {"Ref": logical[one.kind, one.name]} if isinstance(one, Reference) else _arn(each.action, one)
            for one in each.on
        ]
        yield {"Effect": "Allow", "Action": each.action, "Resource": on}


def _arn(action: str, named: str) -> Any:
    """An ARN for what is no resource of the template."""
    if named.startswith("arn:") and ":instance-profile/" not in named:
        return named
    name = named.rpartition("/")[2] if named.startswith("arn:") else named
    account = "${AWS::AccountId}"
    if action == "iam:PassRole":
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::{account}:role/{name}"}
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:batch:${{AWS::Region}}:{account}:compute-environment/{name}"}
