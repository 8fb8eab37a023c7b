"""Requests as the AWS CLI and boto3 take them: ``aws batch create-job-queue --cli-input-json file://…``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from batchsim.aws.deployment.deployable import Deployable, one_version_each, policy_name
from batchsim.aws.launch_templates import COMMAND, renumbered
from batchsim.aws.objects import OBJECTS
from batchsim.aws.schedules.schedule import Reference, Schedules, schedules_of
from batchsim.aws.schedules.target import role_missing, schedule_request
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.batch.launch_templates import as_ec2, specifications


def export(configuration: Deployable) -> dict[str, str]:
    """A folder of requests, one for each object: ``<command>/<name>.json``; of schedules those of ``aws scheduler``.

    Raises
    ------
    ScenarioError
        With everything that AWS requires and the scenario does not say.
    """
    findings = [lack.finding for lack in configuration.missing]
    findings += [*_unknown_arns(configuration), *one_version_each(configuration)]
    planned = schedules_of(configuration)
    findings += planned.findings
    if planned.schedules and planned.role is None:
        findings.append(role_missing(configuration))
    findings += _policies_without_arn(configuration, planned)
    if findings:
        raise ScenarioError(findings)
    held = configuration.launch_templates
    templates = {f"{COMMAND}/{name}.json": _text(as_ec2(held.request(name, configuration.tags))) for name in held.used}
    requests = {
        f"{kind.command}/{name}.json": _text(_tagged(_by_name(request, configuration), configuration.tags))
        for section, kind in OBJECTS.items()
        for name, request in configuration.named(section).items()
    }
    return templates | requests | _scheduled(configuration, planned)


def _scheduled(configuration: Deployable, planned: Schedules) -> dict[str, str]:
    """Requests that create the group of schedules, and each of them."""
    if not planned.schedules:
        return {}
    tags = [{"Key": key, "Value": value} for key, value in configuration.tags.items()]
    group = {"Name": planned.group, **({"Tags": tags} if tags else {})}
    requests = {f"create-schedule-group/{planned.group}.json": _text(group)}
    for schedule in planned.schedules:
        request = schedule_request(schedule, planned, configuration.region, lambda each: each.given)
        requests[f"create-schedule/{schedule.name}.json"] = _text(request)
    return requests


def _policies_without_arn(configuration: Deployable, planned: Schedules) -> Iterator[Finding]:
    """Policies are updated, and given to a queue, by their ARNs, which have the account's number in them."""
    for schedule in planned.schedules:
        for member in ("arn", "schedulingPolicyArn"):
            policy = schedule.request.get(member)
            if isinstance(policy, Reference) and not policy.given.startswith("arn:"):
                message = (
                    f"to update {schedule.about} AWS needs the ARN of the policy {policy.name}, which is not known here"
                )
                expected = "another format: CloudFormation and Terraform refer to the policy itself"
                yield configuration.document.finding(("updates",), "deployment-value", message, expected=expected)


def _by_name(request: dict[str, Any], configuration: Deployable) -> dict[str, Any]:
    """A request that refers to launch templates by the names that they are made with; others stay as given."""
    request = json.loads(json.dumps(request))
    for _, specification in specifications(request.get("computeResources")):
        title = configuration.launch_templates.title(specification)
        if title is not None:
            specification.pop("launchTemplateId", None)
            specification["launchTemplateName"] = title
            renumbered(specification)
    return dict(request)


def _unknown_arns(configuration: Deployable) -> list[Finding]:
    """A queue needs its policy's ARN, which has the account's number in it."""
    policies = list(configuration.named("schedulingPolicies"))
    return [
        configuration.document.finding(
            ("batch", "jobQueues", index, "schedulingPolicyArn"),
            "deployment-value",
            "AWS needs the policy's ARN here",
            expected=f"arn:aws:batch:{configuration.region}:<account>:scheduling-policy/{policy_name(queue, policies)}",
        )
        for index, queue in enumerate(configuration.batch["jobQueues"])
        if policy_name(queue, policies) and not str(queue["schedulingPolicyArn"]).startswith("arn:")
    ]


def _tagged(request: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    return {**request, "tags": {**tags, **request.get("tags", {})}} if tags else request


def _text(request: dict[str, Any]) -> str:
    return json.dumps(request, indent=2, ensure_ascii=False) + "\n"
