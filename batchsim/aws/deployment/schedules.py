"""Deploying the schedules of ``updates:``: a group of EventBridge Scheduler with the scenario's schedules in it.

A schedule has no tags: the group has the tag that says whose it is, and everything in it is the deployment's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from batchsim.aws.client import AwsAccount, aws_errors
from batchsim.aws.deployment import inventory
from batchsim.aws.deployment.deployable import Deployable
from batchsim.aws.deployment.differences import Difference
from batchsim.aws.deployment.inventory import OWNER, Existing
from batchsim.aws.deployment.plan import GROUP, SCHEDULE, Plan, Step
from batchsim.aws.descriptions import pages
from batchsim.aws.objects import method
from batchsim.aws.schedules.schedule import Reference, Schedule, Schedules, schedules_of
from batchsim.aws.schedules.target import input_text, role_missing, schedule_request
from batchsim.errors import AwsError, Finding, ScenarioError
from batchsim.scenario.document.access import base_name

#: Answers that are taken for "there are no schedules" where a scenario has none.
_UNASKED = frozenset({"not-offered", "denied", "no-answer"})


@dataclass(frozen=True)
class ScheduleInventory:
    """The scenario's group and the schedules in it, as they are.

    Attributes
    ----------
    group : Existing or None
        None where there is none, or it is being deleted.
    """

    group: Existing | None = None
    schedules: tuple[Existing, ...] = ()


def take_schedules(account: AwsAccount, planned: Schedules) -> ScheduleInventory:
    """Read the group; where the scenario has no updates, whoever may not read it has none.

    Raises
    ------
    AwsError
        If AWS refuses or does not answer.
    """
    try:
        return _read(account.client("scheduler"), planned.group)
    except AwsError as error:
        if planned.schedules or error.reason not in _UNASKED:
            raise
        return ScheduleInventory()


def _read(client: Any, name: str) -> ScheduleInventory:
    try:
        with aws_errors("GetScheduleGroup", name):
            group = client.get_schedule_group(Name=name)
    except AwsError as error:
        if error.code == "ResourceNotFoundException":
            return ScheduleInventory()
        raise
    if group.get("State") == "DELETING":
        raise AwsError(
            Finding("aws", f"schedule group {name}", "AWS is deleting it", "the same command again, later"),
            "GetScheduleGroup",
            name,
            reason="busy",
        )
    with aws_errors("ListTagsForResource", name):
        tags = {each["Key"]: each["Value"] for each in client.list_tags_for_resource(ResourceArn=group["Arn"])["Tags"]}
    found = Existing(GROUP, name, group["Arn"], {"tags": tags})
    return ScheduleInventory(found, tuple(_schedules(client, name)))


def _schedules(client: Any, group: str) -> Iterator[Existing]:
    for each in list(pages(client, "ListSchedules", "Schedules", group, GroupName=group)):
        with aws_errors("GetSchedule", each["Name"]):
            description = client.get_schedule(GroupName=group, Name=each["Name"])
        yield Existing(SCHEDULE, each["Name"], description["Arn"], description)


def with_schedules(plan: Plan, configuration: Deployable, there: ScheduleInventory, now: datetime) -> Plan:
    """A plan with what it takes to have the schedules of a configuration.

    Raises
    ------
    ScenarioError
        If Scheduler can't say when something is updated, or no role is named for it.
    """
    planned = schedules_of(configuration)
    findings = [*planned.findings, *([role_missing(configuration)] if _lacks_role(planned) else [])]
    if findings:
        raise ScenarioError(findings)
    known = {each.name: each for each in there.schedules}
    steps = [_step(each, planned, configuration, known.get(each.name), now) for each in planned.schedules]
    wanted = {each.name for each in planned.schedules}
    why = "the scenario has it no longer"
    steps += [
        Step("delete", SCHEDULE, name, {}, why=why, existing=each) for name, each in known.items() if name not in wanted
    ]
    tags = {**configuration.tags, OWNER: configuration.name}
    group = Step("leave" if there.group else "create", GROUP, planned.group, {"tags": tags}, existing=there.group)
    if planned.schedules:
        return _judged(plan, [group, *steps], there)
    # An empty group is of no use; deleting it deletes what is in it.
    return _judged(plan, _removal(there, why), there)


def without_schedules(plan: Plan, there: ScheduleInventory) -> Plan:
    """A plan that removes a deployment, with the removal of its schedules."""
    return _judged(plan, _removal(there, ""), there)


def _lacks_role(planned: Schedules) -> bool:
    return bool(planned.schedules) and planned.role is None


def _removal(there: ScheduleInventory, why: str) -> list[Step]:
    if there.group is None:
        return []
    return [
        Step("delete", each.kind, each.name, {}, why=why, existing=each) for each in (there.group, *there.schedules)
    ]


def _judged(plan: Plan, steps: list[Step], there: ScheduleInventory) -> Plan:
    """The plan with steps for schedules; a group of others is left alone where nothing has to be done in it."""
    if there.group is None or there.group.is_of(plan.scenario) or not steps:
        return replace(plan, steps=(*plan.steps, *steps))
    if all(step.action == "delete" for step in steps):
        return plan
    message = f"there is such a schedule group already, and it is not this scenario's (tag {OWNER}): it is not touched"
    finding = Finding("not-ours", steps[0].title, message, "another name, or that one removed first")
    stopped = replace(steps[0], action="conflict", why=message)
    return replace(plan, steps=(*plan.steps, stopped), conflicts=(*plan.conflicts, finding))


def _step(
    schedule: Schedule, planned: Schedules, configuration: Deployable, existing: Existing | None, now: datetime
) -> Step:
    request = schedule_request(schedule, planned, configuration.region, lambda each: each.name)
    if existing is None:
        passed = schedule.instant is not None and schedule.instant <= now
        why = f"{schedule.expression} has passed: it is not made" if passed else ""
        return Step("leave" if passed else "create", SCHEDULE, schedule.name, request, why=why)
    changes = tuple(_differences(request, existing.description))
    return Step("update" if changes else "leave", SCHEDULE, schedule.name, request, changes, existing=existing)


def _differences(
    request: Mapping[str, Any], described: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[Difference]:
    for member, after in request.items():
        before = described.get(member)
        if isinstance(after, dict) and isinstance(before, dict):
            yield from _differences(after, before, (*path, member))
        elif member == "Input" and isinstance(before, str):
            if _parameters(after) != _parameters(before):
                yield Difference((*path, member), before, after)
        elif after != before:
            yield Difference((*path, member), before, after)


def _parameters(text: str) -> Any:
    """The parameters of a call, objects of an ARN by their names; a text that is no JSON as it is."""

    def plain(value: Any) -> Any:
        match value:
            case str():
                return base_name(value) if value.startswith("arn:") else value
            case dict():
                return {key: plain(each) for key, each in value.items()}
            case list():
                return [plain(each) for each in value]
        return value

    try:
        return plain(json.loads(text))
    except ValueError:
        return text


@dataclass
class ScheduleDeployer:
    """Carries out the steps of a plan that are about schedules.

    Attributes
    ----------
    say : callable
        Told of each step that was done.
    """

    account: AwsAccount
    say: Callable[[str], None]

    def remove(self, plan: Plan) -> None:
        """Delete what goes, before what it would change goes.

        Raises
        ------
        AwsError
            If AWS refuses or does not answer.
        """
        groups = plan.of(GROUP, "delete")
        for step in plan.of(SCHEDULE, "delete") if not groups else ():
            self._call("DeleteSchedule", step.name, {"Name": step.name, "GroupName": _group(plan)})
            self.say(f"deleted {step.title}")
        for step in groups:
            self._call("DeleteScheduleGroup", step.name, {"Name": step.name})
            self.say(f"deleted {step.title}, and the schedules in it")

    def make(self, plan: Plan, configuration: Deployable) -> None:
        """Create and update, when what they change is there.

        Raises
        ------
        AwsError
            If AWS refuses or does not answer.
        """
        for step in plan.of(GROUP, "create"):
            tags = [{"Key": key, "Value": value} for key, value in step.request["tags"].items()]
            self._call("CreateScheduleGroup", step.name, {"Name": step.name, "Tags": tags})
            self.say(f"created {step.title}")
        schedules = {each.name: each for each in schedules_of(configuration).schedules}
        for step in plan.of(SCHEDULE, "create", "update"):
            parameters = input_text(schedules[step.name], self._named)
            request = {**step.request, "Target": {**step.request["Target"], "Input": parameters}}
            self._call("CreateSchedule" if step.action == "create" else "UpdateSchedule", step.name, request)
            self.say(f"{step.action}d {step.title}")

    def _named(self, reference: Reference) -> str:
        """How a call names an object: a policy by its ARN, which is all that AWS takes."""
        if reference.kind != "schedulingPolicies" or reference.given.startswith("arn:"):
            return reference.given
        found = next(inventory.named(self.account.client(), reference.kind, reference.name), None)
        return found.arn if found else reference.name

    def _call(self, operation: str, name: str, arguments: dict[str, Any]) -> Any:
        with aws_errors(operation, name, arguments):
            return getattr(self.account.client("scheduler"), method(operation))(**arguments)


def _group(plan: Plan) -> str:
    """The group that the schedules of a plan are in."""
    return next(step.name for step in plan.steps if step.kind == GROUP)


def now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)
