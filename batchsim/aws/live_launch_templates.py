"""The launch templates of an account that compute environments refer to, asked of EC2; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from batchsim.aws.client import AwsAccount
from batchsim.aws.descriptions import pages
from batchsim.aws.launch_templates import imported
from batchsim.errors import AwsError, Finding
from batchsim.redaction import redacted
from batchsim.scenario.batch.launch_templates import DEFAULT, SECTION, reference_of, specifications

_OPERATION = "DescribeLaunchTemplateVersions"


def described_versions(account: AwsAccount, specification: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The version that a LaunchTemplateSpecification means, as an entry of a scenario.

    Raises
    ------
    AwsError
        If EC2 refuses, does not answer, or has no such template.
    """
    member = "LaunchTemplateName" if specification.get("launchTemplateName") else "LaunchTemplateId"
    asked = {member: reference_of(specification), "Versions": [str(specification.get("version") or DEFAULT)]}
    client = account.client("ec2")
    for version in pages(client, _OPERATION, "LaunchTemplateVersions", reference_of(specification), **asked):
        yield imported(version)


def live_launch_templates(
    account: AwsAccount, environments: Iterable[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """What environments are launched from, each version once; notes on what EC2 did not tell."""
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    notes: list[Finding] = []
    for environment in environments:
        for _, specification in specifications(environment.get("computeResources")):
            try:
                for entry in described_versions(account, specification):
                    found.setdefault((entry.get("launchTemplateId"), entry.get("versionNumber")), entry)
            except AwsError as error:
                message = redacted(f"left out: the launch template {reference_of(specification)}: {error}")
                expected = f"ec2:{_OPERATION} allowed, or what `aws ec2 describe-launch-template-versions` prints"
                notes.append(Finding("left-out", SECTION, message, expected, severity="warning", file="<account>"))
    return list(found.values()), notes
