"""EC2's launch templates on their way to and from a scenario: which are meant, and in whose spelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from batchsim.scenario.batch.launch_templates import (
    DEFAULT,
    LATEST,
    LaunchTemplates,
    LaunchTemplateVersion,
    canonical,
    reference_of,
    specifications,
)

CLOUDFORMATION = "AWS::EC2::LaunchTemplate"
TERRAFORM = "aws_launch_template"
#: The AWS CLI's command that makes one.
COMMAND = "create-launch-template"
#: Attributes of a resource that stand for a version of it, in CloudFormation and in Terraform.
VERSIONS = {
    "LatestVersionNumber": LATEST,
    "DefaultVersionNumber": DEFAULT,
    "latest_version": LATEST,
    "default_version": DEFAULT,
}
#: What a description says besides what made the template.
_ONLY_DESCRIBED = ("createTime", "createdBy", "operator")


def imported(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of a scenario's section of what a source has: small first letters, without who made it and when."""
    made = canonical(dict(entry))
    return {key: _filled(value) for key, value in made.items() if key not in _ONLY_DESCRIBED and value is not None}


def _filled(value: Any) -> Any:
    """A value without the empty lists and mappings that descriptions have."""
    if isinstance(value, dict):
        filled = {key: _filled(each) for key, each in value.items()}
        return {key: each for key, each in filled.items() if each not in (None, [], {})}
    return [_filled(each) for each in value] if isinstance(value, list) else value


def referred(
    batch: Mapping[str, Sequence[Mapping[str, Any]]], entries: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The launch templates that compute environments refer to; all of them where there are no environments."""
    environments = batch.get("computeEnvironments")
    if not environments:
        return list(entries)
    references = {reference_of(each) for each in _specifications(environments)}
    return [each for each in entries if _texts((each,), "launchTemplateName", "launchTemplateId") & references]


def by_name(batch: Mapping[str, Sequence[Mapping[str, Any]]], entries: Iterable[Mapping[str, Any]]) -> None:
    """Have environments refer by name to templates that have no id yet, and whose name stands where an id would."""
    entries = list(entries)
    renamed = _texts(entries, "launchTemplateName") - _texts(entries, "launchTemplateId")
    for specification in _specifications(batch.get("computeEnvironments") or ()):
        reference = specification.get("launchTemplateId")
        if isinstance(reference, str) and reference in renamed:
            del specification["launchTemplateId"]
            specification["launchTemplateName"] = reference


def _texts(entries: Iterable[Mapping[str, Any]], *members: str) -> set[str]:
    """What some members say, as far as it is text: nothing is known yet of what else may stand there."""
    return {told for each in entries for member in members if isinstance(told := each.get(member), str)}


def _specifications(environments: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for environment in environments:
        for _, specification in specifications(environment.get("computeResources")):
            yield specification


class Deployed:
    """The launch templates that a configuration is deployed with: of each the one version that is used.

    Parameters
    ----------
    values : mapping
        Of the scenario.

    Attributes
    ----------
    used : dict of str to LaunchTemplateVersion
        By name, in the order of the environments.
    clashing : list of LaunchTemplateVersion
        Second versions of the same template, of which an export can only make one.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._templates = LaunchTemplates.of(values)
        self.used: dict[str, LaunchTemplateVersion] = {}
        self.clashing: list[LaunchTemplateVersion] = []
        batch = values.get("batch") if isinstance(values.get("batch"), dict) else {}
        for specification in _specifications((batch or {}).get("computeEnvironments") or ()):
            version = self._templates.version(specification)
            if version is not None and self.used.setdefault(version.title, version) is not version:
                self.clashing.append(version)

    def request(self, title: str, tags: Mapping[str, str]) -> dict[str, Any]:
        """CreateLaunchTemplate's members for a template, small first letters.

        Parameters
        ----------
        tags : mapping of str to str
            Of everything that is made; the template's own come before them.
        """
        entry = self.used[title].entry
        members = ("versionDescription", "launchTemplateData", "tagSpecifications")
        request = {"launchTemplateName": title, **{key: entry[key] for key in members if key in entry}}
        given = [each for each in request.get("tagSpecifications") or () if isinstance(each, dict)]
        merged = [{"key": key, "value": value} for key, value in {**tags, **_own_tags(given)}.items()]
        if merged:
            others = [each for each in given if not _is_own(each)]
            request["tagSpecifications"] = [*others, {"resourceType": _ITSELF, "tags": merged}]
        return request

    def title(self, specification: Mapping[str, Any]) -> str | None:
        """The name of the template that a specification means; None for one that the scenario does not hold."""
        version = self._templates.version(specification)
        return None if version is None else version.title


#: What tags of a template itself are for.
_ITSELF = "launch-template"


def _is_own(specification: Mapping[str, Any]) -> bool:
    return specification.get("resourceType") == _ITSELF


def _own_tags(specifications: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The tags of a template itself."""
    own = [each for each in specifications if _is_own(each)]
    return {tag["key"]: tag.get("value", "") for each in own for tag in each.get("tags") or ()}


def renumbered(specification: dict[str, Any]) -> None:
    """A number is a version of the account's; what an export makes has one version."""
    if str(specification.get("version") or DEFAULT) not in (DEFAULT, LATEST):
        specification["version"] = LATEST
