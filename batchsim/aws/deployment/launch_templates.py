"""Whether an account has the launch templates that were simulated: they belong to EC2, and are not made here.

A deployment makes objects of AWS Batch alone; ``export`` writes what makes the templates. What environments would be
launched from has to be there, and be what was simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.aws.client import AwsAccount
from batchsim.aws.deployment.deployable import Deployable
from batchsim.aws.launch_templates import imported
from batchsim.aws.live_launch_templates import described_versions
from batchsim.errors import AwsError, Finding
from batchsim.redaction import redacted
from batchsim.scenario.batch.launch_templates import LaunchTemplates, reference_of, specifications

_MADE_BY = "`batchsim export --format boto3` writes the create-launch-template request of what was simulated"


def unlike(account: AwsAccount, configuration: Deployable) -> list[Finding]:
    """Findings about launch templates that the account lacks, or has otherwise than they were simulated."""
    templates, findings = LaunchTemplates.of(configuration.document.values), list[Finding]()
    for index, environment in enumerate(configuration.batch["computeEnvironments"]):
        resources = ("batch", "computeEnvironments", index, "computeResources")
        for where, specification in specifications(environment.get("computeResources"), resources):
            version = templates.version(specification)
            if version is None:
                continue
            reference = reference_of(specification)
            try:
                there = next(described_versions(account, specification), None)
            except AwsError as error:
                message = redacted(f"whether the account has the launch template {reference} is not known: {error}")
                findings.append(configuration.document.finding(where, "launch-template", message, expected=_MADE_BY))
                continue
            if there is None:
                message = f"the account has no launch template {reference} of this version"
                findings.append(configuration.document.finding(where, "launch-template", message, expected=_MADE_BY))
                continue
            simulated = imported({"launchTemplateData": version.data}).get("launchTemplateData", {})
            differing = sorted(set(_differing(simulated, there.get("launchTemplateData") or {})))
            if differing:
                message = f"the account's launch template {reference} differs in {', '.join(differing)}"
                findings.append(configuration.document.finding(where, "launch-template", message, expected=_MADE_BY))
    return findings


def _differing(first: Any, second: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of members in which two differ; values, user data among them, are not told."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in {**first, **second}:
            yield from _differing(first.get(key), second.get(key), f"{path}.{key}" if path else key)
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _differing(one, other, f"{path}.{index}")
    elif first != second:
        yield path
