"""A CloudFormation template's Batch resources as requests of the API.

Only the Batch resources are looked at, and of the others only that they exist. What is decided by AWS, or by parameters
that nobody gave, is asked for where it decides when a job runs or what it costs, and left out with a note elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchsim.aws import launch_templates
from batchsim.aws.cloudformation_names import property_of, to_api
from batchsim.aws.importers.coercion import Coercion
from batchsim.aws.importers.evaluator import Evaluator
from batchsim.aws.importers.found_requests import FoundRequest, FoundSchedule, SourceRequests
from batchsim.aws.importers.found_schedules import filled
from batchsim.aws.importers.stacks import Stacks
from batchsim.aws.importers.template_values import Unresolved, text_of
from batchsim.aws.objects import OBJECTS
from batchsim.errors import Finding, nearest
from batchsim.scenario.batch.ec2_model import REQUEST, ec2_shape
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.document.access import dig
from batchsim.scenario.document.document import Document, Where

KINDS = {kind.cloudformation: section for section, kind in OBJECTS.items()}

#: Batch resources that batchsim knows of and does not simulate.
NOT_SIMULATED = ("AWS::Batch::QuotaShare", "AWS::Batch::ServiceEnvironment")

#: Properties that only CloudFormation knows, by their path in a resource, and what they are about.
ONLY_CLOUDFORMATION: dict[str, dict[tuple[str, ...], str]] = {
    "computeEnvironments": {
        ("ReplaceComputeEnvironment",): "",
        ("UpdatePolicy",): "what an update of the stack does to running jobs",
        ("ComputeResources", "UpdateToLatestImageVersion"): "updates of the stack",
    },
    "jobDefinitions": {
        ("ResourceRetentionPolicy",): "earlier revisions in updates of the stack",
        ("SkipDeregisterOnUpdate",): "earlier revisions in updates of the stack",
    },
}

_SAM = "AWS::Serverless-"
_SCHEDULE = "AWS::Scheduler::Schedule"


def is_template(values: Any) -> bool:
    """Whether a document is a CloudFormation template."""
    return isinstance(values, dict) and ("AWSTemplateFormatVersion" in values or "Resources" in values)


def convert(documents: Sequence[Document], parameters: Mapping[str, str], region: str) -> list[SourceRequests]:
    """The Batch resources of each of some templates, which may import what another one exports.

    Parameters
    ----------
    parameters : mapping of str to str
        Values of the templates' parameters, and of ``AWS::AccountId``, ``AWS::StackName``, ``AWS::StackId``.
    region : str
        What ``AWS::Region`` is.
    """
    stacks = Stacks()
    templates = [_Template(document, parameters, region, stacks) for document in documents]
    requests = [template.requests() for template in templates]
    # What one asks of another is found there: findings are complete when all have been read.
    return [template.found(each) for template, each in zip(templates, requests, strict=True)]


class _Template:
    """One template on its way."""

    def __init__(self, document: Document, parameters: Mapping[str, str], region: str, stacks: Stacks) -> None:
        self._document = document
        self._evaluator = Evaluator(document, parameters, region, stacks)
        self._findings: list[Finding] = []
        self._schedules: list[FoundSchedule] = []
        self._launch_templates: dict[str, None] = {}

    def requests(self) -> tuple[FoundRequest, ...]:
        """The requests in it."""
        self._findings += self._transforms()
        return tuple(self._requests())

    def found(self, requests: tuple[FoundRequest, ...]) -> SourceRequests:
        """The requests, and everything that was found."""
        findings = (*self._evaluator.findings, *self._findings)
        return SourceRequests(requests, findings, self._evaluator.parameters.names, tuple(self._schedules))

    def _finding(self, where: Where, code: str, message: str, **more: Any) -> None:
        self._findings.append(self._document.finding(where, code, message, **more))

    def _transforms(self) -> Iterator[Finding]:
        given = self._document.values.get("Transform")
        for transform in given if isinstance(given, list) else [given]:
            if transform is not None and not (isinstance(transform, str) and transform.startswith(_SAM)):
                shown = transform if isinstance(transform, str) else "a macro"
                message = f"{shown} is not run: the resources are read as they are written"
                yield self._document.finding(("Transform",), "transform", message, severity="info")

    def _requests(self) -> Iterator[FoundRequest]:
        resources = self._document.values.get("Resources")
        if not isinstance(resources, dict):
            self._finding(("Resources",), "wrong-shape", "the template has no resources", expected="a mapping")
            return
        kinds = {logical: self._kind(logical, resource) for logical, resource in resources.items()}
        batch = {logical: kind for logical, kind in kinds.items() if kind is not None}
        for logical in batch:
            # Names first: what refers to a resource may stand before it.
            self._evaluator.name(logical)
        for logical, kind in batch.items():
            if self._is_made(logical, resources[logical]):
                yield from self._request(kind, logical, resources[logical])
        self._schedules += self._schedules_among(resources)
        for logical in self._launch_templates:
            yield from self._launch_template(logical, resources[logical])
        if not batch:
            self._refuse_empty()

    def _refuse_empty(self) -> None:
        """Say that there is nothing to import, where no fault says why."""
        if not any(finding.severity == "error" for finding in self._findings):
            expected = ", ".join(KINDS)
            self._finding(("Resources",), "nothing-to-import", "the template has no Batch resource", expected=expected)

    def _kind(self, logical: str, resource: Any) -> str | None:
        """The list that a resource belongs to; None for one that is no business of ours, or has a fault."""
        where: Where = ("Resources", logical)
        if logical.startswith("Fn::ForEach"):
            message = "Fn::ForEach is not evaluated"
            self._finding(where, "unknown-function", message, expected="the resources written out", key=True)
            return None
        if logical.startswith("Fn::Transform"):
            return None
        resource_type = resource.get("Type") if isinstance(resource, dict) else None
        if not isinstance(resource_type, str):
            self._finding(where, "wrong-shape", "not a resource", expected="a mapping with a Type")
            return None
        if resource_type in NOT_SIMULATED:
            self._finding((*where, "Type"), "not-simulated", f"{resource_type} is not simulated yet")
        elif resource_type.startswith("AWS::Batch::") and resource_type not in KINDS:
            near = nearest(resource_type, KINDS)
            self._finding((*where, "Type"), "unknown-word", f"{resource_type} is not known", suggestion=near)
        return KINDS.get(resource_type)

    def _is_made(self, logical: str, resource: dict[str, Any]) -> bool:
        """Whether the condition of a resource, if it has one, holds."""
        if "Condition" not in resource:
            return True
        where: Where = ("Resources", logical, "Condition")
        condition = resource["Condition"]
        if not isinstance(condition, str):
            self._finding(where, "wrong-shape", "not the name of a condition", expected="a text")
            return False
        held = self._evaluator.condition(condition, where)
        if isinstance(held, Unresolved):
            if not held.reported:
                message = f"whether {logical} is made is not known: {held.why}"
                self._finding(where, "unresolved", message, expected=held.remedy)
            return False
        return held

    def _properties(self, logical: str, resource: dict[str, Any], where: Where) -> dict[str, Any] | None:
        """The properties of a resource; None, and a fault, where there are none or they are not known."""
        properties = self._evaluator.value(resource.get("Properties", {}), where)
        if isinstance(properties, dict):
            return properties
        if not isinstance(properties, Unresolved):
            self._finding(where, "wrong-shape", "not properties", expected="a mapping")
        elif not properties.reported:
            message = f"the properties of {logical} are not known: {properties.why}"
            self._finding(where, "unresolved", message, expected=properties.remedy)
        return None

    def _request(self, kind: str, logical: str, resource: dict[str, Any]) -> Iterator[FoundRequest]:
        where: Where = ("Resources", logical, "Properties")
        properties = self._properties(logical, resource, where)
        if properties is None:
            return
        if kind == "computeEnvironments":
            self._refer_by_name(properties)
        named = property_of(OBJECTS[kind].name_member)
        if isinstance(properties.get(named), Unresolved) and isinstance(name := self._evaluator.name(logical), str):
            properties[named] = name
        name = text_of(properties.get(named, logical)) or logical
        request = {OBJECTS[kind].name_member: logical, **to_api(self._api_only(kind, logical, properties), kind)}
        coercion = Coercion(self._document, kind, name, where, self._evaluator.called)
        request = coercion.request(request)
        self._findings += coercion.findings
        if kind == "computeEnvironments":
            self._warn_of_replacement(logical, properties)
            self._warn_of_no_minimum(logical, properties)
        if kind == "jobDefinitions" and _is_hollow(request.get("retryStrategy")):
            # AWS Batch refuses an empty strategy, and CloudFormation does not send it.
            request.pop("retryStrategy", None)
        yield FoundRequest(kind, name, request, self._document.place(("Resources", logical), key=True))

    def _schedules_among(self, resources: dict[str, Any]) -> Iterator[FoundSchedule]:
        for logical, resource in resources.items():
            if dig(resource, "Type") == _SCHEDULE and self._is_made(logical, resource):
                yield self._schedule(logical, resource)

    def _schedule(self, logical: str, resource: dict[str, Any]) -> FoundSchedule:
        """A schedule; of what is not known yet, only what a text says around an account's number is taken."""
        where: Where = ("Resources", logical, "Properties")
        found = self._evaluator.value(resource.get("Properties", {}), where)
        properties = filled(found) if isinstance(found, dict) else {}
        return FoundSchedule(logical, properties, self._document.place(("Resources", logical), key=True))

    def _refer_by_name(self, properties: dict[str, Any]) -> None:
        """Have an environment refer by name to the launch templates of the same template, which are read then."""
        resources = properties.get("ComputeResources")
        specification = resources.get("LaunchTemplate") if isinstance(resources, dict) else None
        if not isinstance(specification, dict):
            return
        overrides = specification.get("Overrides")
        for each in (specification, *(overrides if isinstance(overrides, list) else ())):
            for member in ("LaunchTemplateId", "LaunchTemplateName", "Version") if isinstance(each, dict) else ():
                self._refer(each, member)

    def _refer(self, specification: dict[str, Any], member: str) -> None:
        value, resources = specification.get(member), self._document.values["Resources"]
        logical, attribute = _resource_of(value)
        if member == "LaunchTemplateName" and isinstance(value, str):
            logical = next((each for each, of in resources.items() if self._goes_by(each, of, value)), "")
        if dig(resources.get(logical), "Type") != launch_templates.CLOUDFORMATION:
            return
        if member == "Version":
            specification[member] = launch_templates.VERSIONS.get(attribute, value)
            return
        del specification[member]
        specification["LaunchTemplateName"] = self._evaluator.name(logical)
        self._launch_templates.setdefault(logical)

    def _goes_by(self, logical: str, resource: Any, name: str) -> bool:
        """Whether a resource is the launch template of a name."""
        is_template = dig(resource, "Type") == launch_templates.CLOUDFORMATION
        return is_template and self._evaluator.name(logical) == name

    def _launch_template(self, logical: str, resource: dict[str, Any]) -> Iterator[FoundRequest]:
        """A launch template that an environment refers to; CloudFormation spells it as EC2 does."""
        where: Where = ("Resources", logical, "Properties")
        if not self._is_made(logical, resource):
            return
        properties = self._evaluator.value(resource.get("Properties", {}), where)
        if not isinstance(properties, dict):
            return
        name = text_of(self._evaluator.name(logical)) or logical
        coercion = Coercion(self._document, SECTION, name, where, self._evaluator.called, shape=ec2_shape(REQUEST))
        request = coercion.request({**properties, "LaunchTemplateName": name})
        request.setdefault("LaunchTemplateData", {})
        self._findings += coercion.findings
        entry = launch_templates.imported(request)
        yield FoundRequest(SECTION, name, entry, self._document.place(("Resources", logical), key=True))

    def _api_only(self, kind: str, logical: str, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties without those that the API has no member for."""
        kept = properties
        for path, about in ONLY_CLOUDFORMATION.get(kind, {}).items():
            shortened = _without(kept, path)
            if shortened is kept:
                continue
            kept = shortened
            if about:
                message = f"left out: it is about {about}"
                self._finding(("Resources", logical, "Properties", *path), "left-out", message, severity="info")
        return kept

    def _warn_of_replacement(self, logical: str, properties: dict[str, Any]) -> None:
        replaced = text_of(properties.get("ReplaceComputeEnvironment")) not in ("false", "False")
        if not replaced or "ComputeEnvironmentName" not in properties:
            return
        self._finding(
            ("Resources", logical, "Properties", "ComputeEnvironmentName"),
            "named-replacement",
            f"CloudFormation can't replace the compute environment {logical}: its name is taken while it exists",
            expected="no name, or ReplaceComputeEnvironment: false",
            severity="warning",
            source="AWS CloudFormation, AWS::Batch::ComputeEnvironment, ReplaceComputeEnvironment",
        )

    def _warn_of_no_minimum(self, logical: str, properties: dict[str, Any]) -> None:
        resources = properties.get("ComputeResources")
        if not isinstance(resources, dict) or "MinvCpus" in resources or properties.get("Type") == "UNMANAGED":
            return
        if text_of(resources.get("Type")) in ("EC2", "SPOT"):
            self._finding(
                ("Resources", logical, "Properties", "ComputeResources"),
                "min-vcpus",
                "no MinvCpus: AWS refuses an environment without it, and 0 is taken here",
                expected="MinvCpus: 0",
                severity="warning",
            )


def _resource_of(value: Any) -> tuple[str, str]:
    """The resource that a value is made by, and its attribute; empty where it is anything else."""
    holes = value.holes if isinstance(value, Unresolved) and len(value.parts) == 1 else ()
    return holes[0].resource if holes else ("", "")


def _without(value: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A mapping without what stands at a path; the same mapping if nothing does."""
    step, *rest = path
    if step not in value:
        return value
    if not rest:
        return {key: content for key, content in value.items() if key != step}
    inner = value[step]
    shortened = _without(inner, tuple(rest)) if isinstance(inner, dict) else inner
    return value if shortened is inner else {**value, step: shortened}


def _is_hollow(value: Any) -> bool:
    """Whether a mapping has nothing in it but empty lists and mappings."""
    return isinstance(value, dict) and all(content in ({}, []) for content in value.values())
