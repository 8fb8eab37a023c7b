"""Rules about what AWS needs to create the environments and the simulation does not: network, roles, images.

It may be given in the ``batch:`` section or in a ``deployment:`` section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.document.access import dig, entries, mappings
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.instance_types import SETS
from batchsim.scenario.rules.references import EC2, FARGATE, MANAGED, kind_of
from batchsim.scenario.rules.registry import rule
from batchsim.scenario.sections.deployment import missing

API = "AWS Batch API, ComputeResource"


def _missing(context: Context, wanted: Callable[[str, str], bool]) -> Iterator[Finding]:
    """Findings about missing members; `wanted` is asked with the kind of environment and the member."""
    values = context.document.values
    deploys = isinstance(values.get("deployment"), dict)
    environments = dict(context.items("computeEnvironments"))
    lacking: dict[Where, list[str]] = {}
    for where, member in missing(values.get("batch")):
        if wanted(kind_of(environments.get(where[:3], {})), member):
            lacking.setdefault(where, []).append(member)
    for where, members in lacking.items():
        elsewhere = "in the deployment: section" if deploys else "a deployment: section (needed to deploy only)"
        yield context.finding(
            where,
            f"no {' and no '.join(members)}",
            expected=f"{' and '.join(members)} in the batch section, or {elsewhere}",
            severity="error" if deploys else "warning",
        )


@rule(
    "ec2-needs",
    "EC2 and SPOT environments have subnets, security groups and an instance role",
    API,
    stage="deployment",
    number="V-05",
)
def ec2_needs(context: Context) -> Iterator[Finding]:
    """Security groups may be those of the launch template."""
    yield from _missing(context, lambda kind, member: kind in EC2 and member != "spotIamFleetRole")


@rule(
    "managed-needs",
    "Managed instances have an infrastructure role, an instance profile, subnets and security groups",
    "AWS Batch API, ManagedInstancesProvider, InstanceLaunchTemplate, ManagedInstancesNetworkConfiguration",
    stage="deployment",
    number="V-05",
)
def managed_needs(context: Context) -> Iterator[Finding]:
    """The policies of role and profile are of their own (User Guide, Amazon ECS Managed Instances)."""
    yield from _missing(context, lambda kind, _member: kind == MANAGED)


@rule("fargate-needs", "Fargate environments have subnets and security groups", API, stage="deployment", number="V-06")
def fargate_needs(context: Context) -> Iterator[Finding]:
    """And nothing besides."""
    yield from _missing(context, lambda kind, _member: kind in FARGATE)


@rule(
    "spot-fleet-role",
    "SPOT with BEST_FIT, or without a strategy, has a spotIamFleetRole",
    "AWS Batch API, ComputeResource.spotIamFleetRole",
    stage="deployment",
    number="V-07",
)
def spot_fleet_role(context: Context) -> Iterator[Finding]:
    """Other strategies don't use a Spot Fleet."""
    yield from _missing(context, lambda kind, member: kind in EC2 and member == "spotIamFleetRole")


@rule(
    "service-role",
    "An UNMANAGED environment has a serviceRole",
    "AWS Batch API, CreateComputeEnvironmentRequest.serviceRole",
    stage="deployment",
    number="V-03",
)
def service_role(context: Context) -> Iterator[Finding]:
    """The others may use the service-linked role."""
    yield from _missing(context, lambda _kind, member: member == "serviceRole")


@rule(
    "execution-role",
    "A Fargate definition has an executionRoleArn",
    "AWS Batch API, ContainerProperties.executionRoleArn",
    stage="deployment",
    number="V-23",
)
def execution_role(context: Context) -> Iterator[Finding]:
    """It pulls the image and writes the logs."""
    yield from _missing(context, lambda _kind, member: member == "executionRoleArn")


@rule(
    "image-missing",
    "A container has an image",
    "AWS Batch API, ContainerProperties.image",
    stage="deployment",
    number="V-21",
)
def image_missing(context: Context) -> Iterator[Finding]:
    """The simulation only needs its size."""
    yield from _missing(context, lambda _kind, member: member == "image")


@rule(
    "fargate-network",
    "A Fargate environment has 1 to 16 subnets and 1 to 5 security groups",
    "AWS Batch API, ComputeResource.subnets, ComputeResourceUpdate.securityGroupIds",
    stage="deployment",
    number="V-06",
)
def fargate_network(context: Context) -> Iterator[Finding]:
    """None at all is a missing member."""
    for where, environment in context.items("computeEnvironments"):
        if kind_of(environment) not in FARGATE:
            continue
        for member, most in (("subnets", 16), ("securityGroupIds", 5)):
            count = len(entries(environment, "computeResources", member))
            if count > most:
                place = (*where, "computeResources", member)
                yield context.finding(place, f"{count} {member} are too many", expected=f"1 to {most}")


@rule(
    "created-disabled",
    "A compute environment is created ENABLED",
    "AWS Batch API, CreateComputeEnvironmentRequest.state",
    stage="deployment",
    number="V-12",
)
def created_disabled(context: Context) -> Iterator[Finding]:
    """It may be disabled afterwards."""
    for where, environment in context.items("computeEnvironments"):
        if environment.get("state") == "DISABLED":
            message = "AWS creates ENABLED environments only"
            yield context.finding((*where, "state"), message, expected="ENABLED, and an update afterwards")


@rule(
    "launch-template",
    "A launch template goes by its id or its name, with 10 overrides at most, of listed types that exclude each other",
    "AWS Batch API, LaunchTemplateSpecification, LaunchTemplateSpecificationOverride",
    stage="deployment",
    number="V-05",
)
def launch_template(context: Context) -> Iterator[Finding]:
    """Overrides name types or families of the environment, and none of AWS's sets."""
    for where, environment in context.items("computeEnvironments"):
        template = dig(environment, "computeResources", "launchTemplate")
        if not isinstance(template, dict):
            continue
        place = (*where, "computeResources", "launchTemplate")
        listed = entries(environment, "computeResources", "instanceTypes")
        overrides = list(mappings(template, place, "overrides"))
        if len(overrides) > 10:
            message = f"{len(overrides)} overrides are too many"
            yield context.finding((*place, "overrides"), message, expected="10 at most")
        for each, members in [(place, template), *overrides]:
            if ("launchTemplateId" in members) == ("launchTemplateName" in members):
                yield context.finding(each, "a launch template goes by launchTemplateId or launchTemplateName")
        for each, members in overrides:
            if not entries(members, "targetInstanceTypes"):
                yield context.finding(each, "an override is for some of the types", expected="targetInstanceTypes")
        yield from _targets(context, listed, overrides)


def _targets(context: Context, listed: list[Any], overrides: list[tuple[Where, dict[str, Any]]]) -> Iterator[Finding]:
    """Types and families that overrides are for: within what the environment lists, none in two of them."""
    seen: list[str] = []
    for at, entry in _targeted(overrides):
        # A size of a listed family is one of its types; of AWS's sets nobody knows what they hold.
        known = any(name in listed for name in (entry, entry.partition(".")[0], *SETS))
        if entry in SETS or not known:
            yield context.finding(at, f"{entry} is no type or family of the environment's instanceTypes")
        if entry in seen:
            yield context.finding(at, f"{entry} comes twice")
        elif overlapping := next((each for each in seen if _overlap(each, entry)), None):
            message = f"{entry} overlaps {overlapping}: an override can't be for a family, another for a size of it"
            yield context.finding(at, message, expected="types that exclude each other")
        seen.append(entry)


def _targeted(overrides: list[tuple[Where, dict[str, Any]]]) -> Iterator[tuple[Where, str]]:
    """What overrides list as their targets, with its places."""
    for place, members in overrides:
        for index, entry in enumerate(entries(members, "targetInstanceTypes")):
            if isinstance(entry, str):
                yield (*place, "targetInstanceTypes", index), entry


def _overlap(first: str, second: str) -> bool:
    return first.partition(".")[0] == second.partition(".")[0] and ("." in first) != ("." in second)


#: Images that AWS provides (API Ec2Configuration.imageType).
IMAGES = tuple(
    f"{kind}_{image}" for kind in ("ECS", "EKS") for image in ("AL2", "AL2_NVIDIA", "AL2023", "AL2023_NVIDIA")
)
#: Families that an image can't boot.
BARRED = {"ECS_AL2023": {"a1"}, "EKS_AL2023": {"a1"}, "ECS_AL2023_NVIDIA": {"p3", "g3"}}
#: From this day on AWS refuses Amazon Linux 2 for new environments.
AL2_ENDED = date(2026, 6, 30)


@rule(
    "ec2-configuration",
    "ec2Configuration has one or two images that new environments may have and the types can boot",
    "AWS Batch API, Ec2Configuration.imageType",
    stage="deployment",
    number="V-05",
)
def ec2_configuration(context: Context) -> Iterator[Finding]:
    """Amazon Linux 2 is over; a1, p3 and g3 are not for Amazon Linux 2023."""
    for where, environment in context.items("computeEnvironments"):
        place = (*where, "computeResources")
        configured = list(mappings(environment.get("computeResources"), place, "ec2Configuration"))
        if len(configured) > 2:
            message = f"{len(configured)} entries are too many"
            yield context.finding((*place, "ec2Configuration"), message, expected="1 or 2")
        for each, configuration in configured:
            image = configuration.get("imageType")
            if not isinstance(image, str) or not image:
                continue
            if image not in IMAGES:
                message, near = f"{image!r} is no image type", nearest(image, IMAGES)
                yield context.finding((*each, "imageType"), message, expected=", ".join(IMAGES), suggestion=near)
            else:
                own = configuration.get("imageIdOverride") or dig(environment, "computeResources", "imageId")
                yield from _image(context, (*each, "imageType"), environment, image, has_own=bool(own))


def _image(
    context: Context, place: Where, environment: dict[str, Any], image: str, *, has_own: bool
) -> Iterator[Finding]:
    """An image type beside the orchestrator, the types and the day; `has_own` where an image's id is given instead."""
    wanted = "EKS" if "eksConfiguration" in environment else "ECS"
    if not image.startswith(wanted):
        message = f"{image} is not for environments on {wanted}"
        yield context.finding(place, message, expected=image.replace(image[:3], wanted, 1))
    if image.startswith("ECS_AL2") and not image.startswith("ECS_AL2023") and not has_own:
        message = f"{image} is refused for new environments since {AL2_ENDED}"
        yield context.finding(place, message, expected=image.replace("ECS_AL2", "ECS_AL2023", 1))
    listed = [entry for entry in entries(environment, "computeResources", "instanceTypes") if isinstance(entry, str)]
    barred = BARRED.get(image, set()) & {entry.partition(".")[0] for entry in listed}
    if barred:
        yield context.finding(place, f"{image} does not run on {', '.join(sorted(barred))}")


@rule(
    "min-vcpus",
    "An EC2 or SPOT environment has minvCpus",
    "CreateComputeEnvironment: 'Resource minvCpus is required.' (getmoto/moto#6470)",
    severity="warning",
    stage="deployment",
    number="V-05",
)
def min_vcpus(context: Context) -> Iterator[Finding]:
    """The documentation says that they may be left out."""
    for where, environment in context.items("computeEnvironments"):
        resources = environment.get("computeResources")
        if kind_of(environment) in EC2 and isinstance(resources, dict) and "minvCpus" not in resources:
            message = "no minvCpus: AWS refuses the environment; batchsim simulates, exports and deploys it with 0"
            yield context.finding((*where, "computeResources"), message, expected="minvCpus: 0")
