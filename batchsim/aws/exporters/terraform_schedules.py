"""The schedules of a Terraform configuration, with their group and the role that makes the calls.

Attributes are those of ``aws_scheduler_schedule``, ``aws_scheduler_schedule_group``, ``aws_iam_role`` and
``aws_iam_role_policy`` of the AWS provider at version 6.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from batchsim.aws.deployment.deployable import Deployable
from batchsim.aws.schedules.schedule import Reference, Schedule, Schedules, entries
from batchsim.aws.schedules.target import RETRY_POLICY, SERVICE, input_text, statements, target_arn
from batchsim.aws.terraform import AWSCC, Attributes, attributes_of
from batchsim.scenario.batch.update_calls import RESOURCES

_SCHEDULE, _GROUP, _ROLE, _POLICY = (
    "aws_scheduler_schedule", "aws_scheduler_schedule_group", "aws_iam_role", "aws_iam_role_policy",
)  # fmt: skip
_LABEL = "scheduled_updates"

#: How the ARN of an object of the configuration is written in a text that Terraform evaluates.
Refer = Callable[[Reference], str]


def schedule_blocks(
    configuration: Deployable, planned: Schedules, refer: Refer, escape: Callable[[str], str], account: str
) -> dict[str, dict[str, Any]]:
    """The blocks by resource type and label; none where nothing is updated.

    Parameters
    ----------
    escape : callable
        Makes of a text what Terraform takes for that text.
    account : str
        How an ARN of IAM begins.
    """
    if not planned.schedules:
        return {}
    tags = {"tags": {key: escape(value) for key, value in configuration.tags.items()}} if configuration.tags else {}
    blocks: dict[str, dict[str, Any]] = {_GROUP: {_LABEL: {"name": planned.group, **tags}}}
    role = planned.role
    if role is None:
        allowed = [
            {"Effect": "Allow", "Action": each.action, "Resource": [_arn(one, refer, account) for one in each.on]}
            for each in statements(configuration, planned.schedules)
        ]
        blocks[_ROLE] = {_LABEL: {"name_prefix": "scheduled-updates-", "assume_role_policy": _trust(), **tags}}
        blocks[_POLICY] = {_LABEL: {"role": f"${{{_ROLE}.{_LABEL}.name}}", "policy": _policy(allowed)}}
        role = f"${{{_ROLE}.{_LABEL}.arn}}"
    blocks[_SCHEDULE] = {f"update-{each.name}": _schedule(each, role, refer, escape) for each in planned.schedules}
    return blocks


def _schedule(schedule: Schedule, role: str, refer: Refer, escape: Callable[[str], str]) -> dict[str, Any]:
    return {
        "name": schedule.name,
        "group_name": f"${{{_GROUP}.{_LABEL}.name}}",
        "description": schedule.remark,
        "schedule_expression": schedule.expression,
        "schedule_expression_timezone": schedule.timezone,
        "flexible_time_window": {"mode": "OFF"},
        "target": {
            "arn": target_arn(schedule, "${data.aws_partition.current.partition}"),
            "role_arn": role,
            "input": input_text(schedule, refer, escape),
            "retry_policy": {
                "maximum_event_age_in_seconds": RETRY_POLICY["MaximumEventAgeInSeconds"],
                "maximum_retry_attempts": RETRY_POLICY["MaximumRetryAttempts"],
            },
        },
    }


def _trust() -> str:
    """Only schedules of the group may take the role (User Guide, *Confused deputy prevention*)."""
    source = {
        "aws:SourceAccount": "${data.aws_caller_identity.current.account_id}",
        "aws:SourceArn": f"${{{_GROUP}.{_LABEL}.arn}}",
    }
    return _policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": SERVICE},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": source},
            }
        ]
    )


def _policy(allowed: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def _arn(named: Reference | str, refer: Refer, account: str) -> str:
    """An ARN; what is no object of the configuration is a role, or has its ARN."""
    if isinstance(named, Reference):
        return refer(named)
    if named.startswith("arn:") and ":instance-profile/" not in named:
        return named
    return f"{account}:role/{named.rpartition('/')[2]}"


def ignored_changes(configuration: Deployable, kind: str, number: int, resource: str) -> list[str]:
    """Attributes of an object that schedules change, so that an apply must not take them back.

    Terraform, *The lifecycle meta-argument*, ``ignore_changes``. A block of ``aws`` is an attribute of ``awscc``.

    Parameters
    ----------
    kind, number : str, int
        The object's list of the ``batch:`` section, and its place there.
    resource : str
        Its resource type.
    """
    found: dict[str, None] = {}
    for entry in entries(configuration):
        for change in entry.changes:
            if change.object == (kind, number):
                steps = [str(step) for step in change.steps]
                found[_attribute(attributes_of(resource, kind), steps, "" if resource == AWSCC else "[0]")] = None
    return [attribute for attribute in found if attribute]


def _attribute(attributes: Attributes, steps: list[str], first: str) -> str:
    """An attribute as an expression; empty where the provider has none."""
    attribute = attributes.get(steps[0])
    if isinstance(attribute, str):
        return attribute
    if attribute is None:
        return ""
    name, inner = attribute
    within = inner.get(steps[1]) if steps[0] == RESOURCES and len(steps) > 1 else None
    within = within if isinstance(within, str) or within is None else within[0]
    return name if within is None else f"{name}{first}.{within}"
