"""What is the same of a schedule in every format: its target, what the role may do, and how long it is tried.

AWS Batch spells members ``computeResources.minvCpus``. The parameters of a universal target have their first letter in
upper case at every depth, ``ComputeResources.MinvCpus``: so the Guide's examples of other services have it, and what is
spelt as the API spells it is said to be refused. AWS publishes no shape of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from batchsim.aws.cloudformation_names import to_upper_camel
from batchsim.aws.deployment.deployable import Deployable
from batchsim.aws.schedules.schedule import Reference, Schedule, Schedules, as_called
from batchsim.errors import Finding
from batchsim.scenario.document.access import dig

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
SERVICE = "scheduler.amazonaws.com"

#: A call that failed is tried again for so long, and no longer: by default it is tried for a day, and a minimum that
#: could not be raised in the evening would be raised when the night is over (API RetryPolicy).
RETRY_POLICY = {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 185}


def target_arn(schedule: Schedule, partition: str) -> str:
    """The ARN of a universal target (EventBridge Scheduler User Guide, *Using universal targets*)."""
    return f"arn:{partition}:scheduler:::aws-sdk:batch:{schedule.action}"


def input_text(schedule: Schedule, refer: Callable[[Reference], str], escape: Callable[[str], str] = str) -> str:
    """The parameters of the call as JSON.

    Parameters
    ----------
    refer : callable
        How the format refers to an object of the configuration within a text.
    escape : callable
        Makes of a text what the format takes for that text.
    """

    def written(value: Any) -> Any:
        match value:
            case Reference():
                return refer(value)
            case str():
                return escape(value)
            case dict():
                return {key: written(each) for key, each in value.items()}
            case list():
                return [written(each) for each in value]
        return value

    spelled = to_upper_camel(schedule.request, f"{schedule.operation}Request")
    return json.dumps(written(spelled), ensure_ascii=False)


def schedule_request(
    schedule: Schedule, planned: Schedules, region: str, refer: Callable[[Reference], str]
) -> dict[str, Any]:
    """A request of CreateSchedule, which UpdateSchedule takes too."""
    return {
        "Name": schedule.name,
        "GroupName": planned.group,
        "Description": schedule.remark,
        "ScheduleExpression": schedule.expression,
        "ScheduleExpressionTimezone": schedule.timezone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "Target": {
            "Arn": target_arn(schedule, _partition(region)),
            "RoleArn": planned.role,
            "Input": input_text(schedule, refer),
            "RetryPolicy": RETRY_POLICY,
        },
    }


def _partition(region: str) -> str:
    """The partition of a region, as ARNs have it (AWS General Reference, *Amazon Resource Names*)."""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


@dataclass(frozen=True)
class Statement:
    """What the role is allowed.

    Attributes
    ----------
    action : str
        Such as ``batch:UpdateJobQueue``.
    on : tuple of Reference or str
        Objects of the configuration, and others by their ARNs or, of roles, by their names.
    """

    action: str
    on: tuple[Reference | str, ...]


def statements(configuration: Deployable, schedules: tuple[Schedule, ...]) -> Iterator[Statement]:
    """What the role has to be allowed, an action at a time.

    A queue is updated with permission on its environments and its policy too (Service Authorization Reference,
    *Actions, resources, and condition keys for AWS Batch*).
    """
    for operation in dict.fromkeys(schedule.operation for schedule in schedules):
        of_it = [schedule for schedule in schedules if schedule.operation == operation]
        touched = dict.fromkeys(each for schedule in of_it for each in _touched(configuration, schedule))
        yield Statement(f"batch:{operation}", tuple(touched))
    roles = dict.fromkeys(role for schedule in schedules for role in _roles(schedule))
    if roles:
        yield Statement("iam:PassRole", tuple(roles))


def _touched(configuration: Deployable, schedule: Schedule) -> Iterator[Reference | str]:
    """The objects that a call needs permission on."""
    yield Reference(schedule.kind, schedule.about, schedule.about)
    if schedule.kind != "jobQueues":
        return
    queue = configuration.named("jobQueues")[schedule.about]
    for source in (as_called("jobQueues", queue, configuration), schedule.request):
        yield from (entry["computeEnvironment"] for entry in source.get("computeEnvironmentOrder") or ())
        if source.get("schedulingPolicyArn"):
            yield source["schedulingPolicyArn"]


def _roles(schedule: Schedule) -> Iterator[str]:
    """Roles that a call hands on; an instance profile is taken to have a role of its name."""
    for role in (schedule.request.get("serviceRole"), dig(schedule.request, "computeResources", "instanceRole")):
        if isinstance(role, str):
            yield role


def role_missing(configuration: Deployable) -> Finding:
    """The role that has to be named where no format makes one."""
    return configuration.document.finding(
        ("updates",),
        "deployment-value",
        "EventBridge Scheduler needs a role to make these calls",
        expected="schedulerRole: its ARN, in the deployment: section",
    )
