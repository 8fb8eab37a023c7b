"""Requests as the AWS CLI and boto3 take them: ``aws batch create-job-queue --cli-input-json file://…``."""

from __future__ import annotations

import json
from typing import Any

from batchsim.aws.deployment.deployable import Deployable, policy_name
from batchsim.aws.objects import OBJECTS
from batchsim.errors import Finding, ScenarioError


def export(configuration: Deployable) -> dict[str, str]:
    """A folder of requests, one for each object: ``<command>/<name>.json``.

    Raises
    ------
    ScenarioError
        With everything that AWS requires and the scenario does not say.
    """
    findings = [lack.finding for lack in configuration.missing]
    findings += _unknown_arns(configuration)
    if findings:
        raise ScenarioError(findings)
    return {
        f"{kind.command}/{name}.json": _text(_tagged(request, configuration.tags))
        for section, kind in OBJECTS.items()
        for name, request in configuration.named(section).items()
    }


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
