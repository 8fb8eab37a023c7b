"""The ``deployment:`` section: what AWS needs to know and the simulation does not, filled in where AWS wants it.

Subnets, security groups, roles and images differ from account to account while the configuration stays the same. What
the ``batch:`` section says itself is never replaced, but for images.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from batchsim.scenario.document.access import dig, mappings
from batchsim.scenario.document.document import Document, Where
from batchsim.spec.fields import Names, Section

FARGATE = ("FARGATE", "FARGATE_SPOT")

#: API Target.RoleArn of EventBridge Scheduler.
_ROLE_ARN = r"arn:aws(-[a-z]+)*:iam::\d{12}:role/[\w+=,.@/-]+"


def _role_arn(value: str) -> str:
    if not re.fullmatch(_ROLE_ARN, value):
        raise ValueError(f"{value!r} is not a role; expected its ARN, such as arn:aws:iam::123456789012:role/updates")
    return value


class Deployment(Section):
    """What AWS needs besides.

    Attributes
    ----------
    subnets, security_group_ids : tuple of str
        Of every managed compute environment that names none.
    instance_role : str
        Instance profile of EC2 and Spot instances: its name or ARN.
    infrastructure_role_arn, ec2_instance_profile_arn : str
        Of managed instances: the role with which ECS launches them, and their own instance profile.
    service_role, spot_iam_fleet_role, execution_role_arn, job_role_arn : str
        Where AWS takes them; the last two are of job definitions.
    scheduler_role : str
        ARN of the role with which EventBridge Scheduler makes the calls of ``updates:``.
    images : dict of str to str
        Job definition → container image, instead of the one in the definition.
    tags : dict of str to str
        On everything that is created.
    """

    subnets: Names = ()
    security_group_ids: Names = ()
    instance_role: str | None = None
    infrastructure_role_arn: str | None = None
    ec2_instance_profile_arn: str | None = None
    service_role: str | None = None
    spot_iam_fleet_role: str | None = None
    execution_role_arn: str | None = None
    job_role_arn: str | None = None
    scheduler_role: (
        Annotated[str, AfterValidator(_role_arn), Field(json_schema_extra={"pattern": f"^{_ROLE_ARN}$"})] | None
    ) = None
    images: dict[str, str] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)


def _members(value: Any, member: str) -> dict[str, Any]:
    """The mapping under a key; an empty one where there is none."""
    found = dig(value, member)
    return found if isinstance(found, dict) else {}


def _needs_fleet_role(resources: dict[str, Any]) -> bool:
    """API ComputeResource.spotIamFleetRole: for BEST_FIT, which is also what no strategy means."""
    return resources.get("type") == "SPOT" and resources.get("allocationStrategy", "BEST_FIT") == "BEST_FIT"


def _on_fargate(definition: dict[str, Any]) -> bool:
    capabilities = definition.get("platformCapabilities")
    return isinstance(capabilities, list) and "FARGATE" in capabilities


def filled(document: Document) -> Document:
    """A document whose ``batch:`` section has the values of its ``deployment:`` section."""
    given = document.values.get("deployment")
    if not isinstance(document.values.get("batch"), dict):
        return document
    given = given if isinstance(given, dict) else {}
    batch = copy.deepcopy(document.values["batch"])
    for _, environment in mappings(batch, (), "computeEnvironments"):
        _fill(environment, given, "serviceRole")
        resources = _members(environment, "computeResources")
        for member in _needed(resources):
            _fill(resources, given, member)
        for _, holder, member in _of_provider(resources):
            if member not in holder and given.get(_GIVEN.get(member, member)):
                holder[member] = given[_GIVEN.get(member, member)]
    for _, definition in mappings(batch, (), "jobDefinitions"):
        _fill_definition(definition, given)
    return replace(document, values={**document.values, "batch": batch})


#: Members of a provider of managed instances whose values the section has under another name.
_GIVEN = {"securityGroups": "securityGroupIds"}


def _of_provider(resources: dict[str, Any]) -> Iterator[tuple[Where, dict[str, Any], str]]:
    """What AWS wants of a provider of managed instances: steps, object and member; the objects are made if need be.

    API ManagedInstancesProvider, InstanceLaunchTemplate, ManagedInstancesNetworkConfiguration.
    """
    provider = resources.get("managedInstancesProvider")
    if resources.get("type") != "ECS_MANAGED_INSTANCES" or not isinstance(provider, dict):
        return
    steps: Where = ("managedInstancesProvider",)
    yield steps, provider, "infrastructureRoleArn"
    for inner, members in (
        ("instanceLaunchTemplate", ("ec2InstanceProfileArn",)),
        ("networkConfiguration", ("subnets", "securityGroups")),
    ):
        provider = provider.setdefault(inner, {})
        if not isinstance(provider, dict):
            return
        steps = (*steps, inner)
        for member in members:
            yield steps, provider, member


def _needed(resources: dict[str, Any]) -> list[str]:
    """The members of compute resources that AWS wants and a simulation does not (API ComputeResource)."""
    kind = resources.get("type")
    if kind not in ("EC2", "SPOT", *FARGATE):
        return []
    needed = ["subnets"]
    if kind in FARGATE or "launchTemplate" not in resources:
        needed.append("securityGroupIds")
    if kind not in FARGATE:
        needed.append("instanceRole")
    if _needs_fleet_role(resources):
        needed.append("spotIamFleetRole")
    return needed


def _fill_definition(definition: dict[str, Any], given: dict[str, Any]) -> None:
    for _, task in _tasks(definition):
        if _on_fargate(definition):
            _fill(task, given, "executionRoleArn")
    container, images = dig(definition, "containerProperties"), given.get("images")
    if not isinstance(container, dict):
        return
    _fill(container, given, "jobRoleArn")
    if _on_fargate(definition):
        _fill(container, given, "executionRoleArn")
    image = images.get(str(definition.get("jobDefinitionName"))) if isinstance(images, dict) else None
    if isinstance(image, str):
        container["image"] = image


def _tasks(definition: dict[str, Any]) -> Iterator[tuple[Where, dict[str, Any]]]:
    """The tasks of a definition of several containers, with the steps that lead to them."""
    return mappings(definition, (), "ecsProperties", "taskProperties")


def _container(definition: dict[str, Any]) -> Iterator[tuple[Where, dict[str, Any]]]:
    """The only container of a definition, with the step that leads to it."""
    container = definition.get("containerProperties")
    if isinstance(container, dict):
        yield ("containerProperties",), container


def _fill(members: dict[str, Any], given: dict[str, Any], member: str) -> None:
    if member not in members and given.get(member):
        members[member] = given[member]


def missing(batch: Any) -> Iterator[tuple[Where, str]]:
    """What AWS requires and a (filled) ``batch:`` section does not say: the place of the object, and the member.

    API CreateComputeEnvironmentRequest, ComputeResource, ContainerProperties.
    """
    for where, environment in mappings(batch, ("batch",), "computeEnvironments"):
        if environment.get("type") == "UNMANAGED" and not environment.get("serviceRole"):
            yield where, "serviceRole"
        resources = _members(environment, "computeResources")
        for member in _needed(resources):
            if not resources.get(member):
                yield (*where, "computeResources"), member
        for steps, holder, member in _of_provider(copy.deepcopy(resources)):
            if not holder.get(member):
                yield (*where, "computeResources", *steps), member
    yield from _missing_of_definitions(batch)


def _missing_of_definitions(batch: Any) -> Iterator[tuple[Where, str]]:
    for where, definition in mappings(batch, ("batch",), "jobDefinitions"):
        for steps, task in (*_tasks(definition), *_container(definition)):
            if _on_fargate(definition) and not task.get("executionRoleArn"):
                yield (*where, *steps), "executionRoleArn"
            if steps == ("containerProperties",) and not task.get("image"):
                yield (*where, *steps), "image"
