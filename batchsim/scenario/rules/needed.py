"""Rules about what AWS needs to create the environments and the simulation does not: network, roles, images.

It may be given in the ``batch:`` section or in a ``deployment:`` section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from batchsim.errors import Finding
from batchsim.scenario.deployment import missing
from batchsim.scenario.document import Where
from batchsim.scenario.reading import dig, entries, mappings
from batchsim.scenario.rules.context import Context, rule
from batchsim.scenario.rules.reach import EC2, FARGATE, kind_of

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
    "A launch template goes by its id or its name, with 10 overrides of listed types at most",
    "AWS Batch API, LaunchTemplateSpecification",
    stage="deployment",
    number="V-05",
)
def launch_template(context: Context) -> Iterator[Finding]:
    """Overrides name types of the environment, each type once, and none of AWS's sets."""
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
        seen: set[str] = set()
        for each, members in [(place, template), *overrides]:
            if ("launchTemplateId" in members) == ("launchTemplateName" in members):
                yield context.finding(each, "a launch template goes by launchTemplateId or launchTemplateName")
            for index, entry in enumerate(entries(members, "targetInstanceTypes")):
                target = (*each, "targetInstanceTypes", index)
                if not isinstance(entry, str):
                    continue
                if entry not in listed or entry == "optimal" or entry.startswith("default_"):
                    yield context.finding(target, f"{entry} is no type or family of the environment's instanceTypes")
                if entry in seen:
                    yield context.finding(target, f"{entry} comes twice")
                seen.add(entry)


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
        listed = [
            entry for entry in entries(environment, "computeResources", "instanceTypes") if isinstance(entry, str)
        ]
        families = {entry.partition(".")[0] for entry in listed}
        for each, configuration in configured:
            image = configuration.get("imageType")
            if not isinstance(image, str):
                continue
            if image.startswith("ECS_AL2") and not image.startswith("ECS_AL2023"):
                message = f"{image} is refused for new environments since {AL2_ENDED}"
                yield context.finding((*each, "imageType"), message, expected=image.replace("ECS_AL2", "ECS_AL2023", 1))
            barred = {"ECS_AL2023": {"a1"}, "ECS_AL2023_NVIDIA": {"p3", "g3"}}.get(image, set()) & families
            if barred:
                yield context.finding((*each, "imageType"), f"{image} does not run on {', '.join(sorted(barred))}")
