"""Rules about compute environments of ECS Managed Instances, and about the queues and definitions that go with them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, entries, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.instance_types import SETS
from batchsim.scenario.rules.references import (
    EC2,
    LAUNCHED,
    MANAGED,
    TYPES_ALLOWED,
    architecture_of,
    attached,
    instance_types_of,
    is_spot,
    kind_of,
    pairs,
    platform_of,
    tasks,
)
from batchsim.scenario.rules.registry import rule

GUIDE = "AWS Batch User Guide, Compute environments on Amazon ECS Managed Instances"
QUEUES = "AWS Batch User Guide, Job queues on Amazon ECS Managed Instances"
DEFINITIONS = "AWS Batch User Guide, Job definitions on Amazon ECS Managed Instances"
#: The strategy is left to the rule on strategies. What stands in the provider instead, where it does.
INSTEAD = {
    "instanceTypes": "instanceRequirements.allowedInstanceTypes",
    "subnets": "networkConfiguration.subnets",
    "securityGroupIds": "networkConfiguration.securityGroups",
    "instanceRole": "ec2InstanceProfileArn",
    "scalingPolicy": "infrastructureOptimization.scaleInAfter",
    "tags": "capacityTags",
    **dict.fromkeys(
        (
            "bidPercentage", "desiredvCpus", "minvCpus", "imageId", "ec2Configuration", "ec2KeyPair", "launchTemplate",
            "placementGroup", "spotIamFleetRole",
        ),
        "",
    ),
}  # fmt: skip


def _managed(context: Context) -> Iterator[tuple[Where, dict[str, Any]]]:
    """The environments of managed instances."""
    return ((where, each) for where, each in context.items("computeEnvironments") if kind_of(each) == MANAGED)


@rule(
    "managed-instances",
    "An environment of ECS_MANAGED_INSTANCES has a managedInstancesProvider and none of the members that are for EC2; "
    "no other has it, or capacityTags",
    f"AWS Batch API, ManagedInstancesProvider, ComputeResource.capacityTags; {GUIDE}",
    number="V-03",
)
def managed_instances(context: Context) -> Iterator[Finding]:
    """Types, network and roles are given by the provider; there is no minimum."""
    for where, environment in context.items("computeEnvironments"):
        resources = environment.get("computeResources")
        place, kind = (*where, "computeResources"), kind_of(environment)
        if not isinstance(resources, dict):
            continue
        for member in ("managedInstancesProvider", "capacityTags") if kind in EC2 else ():
            if member in resources:
                message = f"{member} can't be given for {kind}"
                yield context.finding((*place, member), message, expected=f"type: {MANAGED}")
        if kind != MANAGED:
            continue
        if "managedInstancesProvider" not in resources:
            yield context.finding(place, f"{MANAGED} needs a managedInstancesProvider")
        yield from _given_instead(context, place, resources)


def _given_instead(context: Context, place: Where, resources: dict[str, Any]) -> Iterator[Finding]:
    """Members whose place the provider takes."""
    for member, instead in INSTEAD.items():
        if member in resources:
            expected = f"{instead}, or no {member}" if instead else f"no {member}"
            yield context.finding((*place, member), f"{member} can't be given for {MANAGED}", expected=expected)


@rule(
    "scale-in-after",
    "scaleInAfter is -1 (never) or 0 to 3,600 s",
    "AWS Batch API, InfrastructureOptimization.scaleInAfter",
    number="V-10",
)
def scale_in_after(context: Context) -> Iterator[Finding]:
    """How long an instance may be idle."""
    steps = ("computeResources", "managedInstancesProvider", "infrastructureOptimization", "scaleInAfter")
    for where, environment in _managed(context):
        wait = whole(dig(environment, *steps))
        if wait is not None and not -1 <= wait <= 3600:
            yield context.finding((*where, *steps), f"{wait} is out of range", expected="-1 (never) to 3600")


@rule(
    "managed-storage",
    "The volume of a managed instance has a GiB at least",
    "Amazon ECS API, ManagedInstancesStorageConfiguration.storageSizeGiB",
    number="V-10",
)
def storage(context: Context) -> Iterator[Finding]:
    """AWS Batch's own shape states no bound."""
    for where, environment in _managed(context):
        steps = (*LAUNCHED, "storageConfiguration", "storageSizeGiB")
        size = whole(dig(environment, *steps))
        if size is not None and size < 1:
            yield context.finding((*where, *steps), f"{size} GiB is out of range", expected="1 or more")


@rule(
    "managed-types",
    "allowedInstanceTypes are types and families: AWS's sets are for EC2",
    "AWS Batch API, InstanceRequirementsRequest.allowedInstanceTypes",
    number="V-05",
)
def types(context: Context) -> Iterator[Finding]:
    """Without any every type may be launched."""
    for where, environment in _managed(context):
        for index, entry in enumerate(entries(environment, *TYPES_ALLOWED)):
            if entry in SETS:
                message = f"{entry} stands for types in instanceTypes alone"
                expected = "types or families, or no instanceRequirements: then all are allowed"
                yield context.finding((*where, *TYPES_ALLOWED, index), message, expected=expected)


@rule(
    "managed-reservations",
    "Managed instances that are Spot ask for no capacity reservations",
    "AWS Batch API, CapacityReservationRequest; Amazon EC2 User Guide, On-Demand Capacity Reservations",
    severity="warning",
    stage="deployment",
    number="V-05",
)
def reservations(context: Context) -> Iterator[Finding]:
    """A reservation holds on-demand capacity, which no Spot instance uses."""
    for where, environment in _managed(context):
        preference = dig(environment, *LAUNCHED, "capacityReservations", "reservationPreference")
        if is_spot(environment) and preference in ("RESERVATIONS_ONLY", "RESERVATIONS_FIRST"):
            message = f"{preference} beside capacityOptionType SPOT: Spot instances use no reservation"
            place = (*where, *LAUNCHED, "capacityReservations", "reservationPreference")
            yield context.finding(place, message, expected="capacityOptionType: ON_DEMAND, or RESERVATIONS_EXCLUDED")


@rule(
    "managed-spot-order",
    "Of managed instances a queue tries on-demand before Spot",
    QUEUES,
    number="V-13",
)
def spot_order(context: Context) -> Iterator[Finding]:
    """AWS takes no other order."""
    for where, queue in context.items("jobQueues"):
        spot = [is_spot(each) for _, each in attached(context, queue) if kind_of(each) == MANAGED]
        if any(first and not second for first, second in pairwise(spot)):
            message = "Spot comes before on-demand, an order that AWS refuses for managed instances"
            yield context.finding((*where, "computeEnvironmentOrder"), message, expected="on-demand first")


@rule(
    "managed-definition",
    "A definition for MANAGED_INSTANCES is of ecsProperties, with nothing that is for Fargate, for EC2 or for Windows",
    DEFINITIONS,
    number="V-37",
)
def definition(context: Context) -> Iterator[Finding]:
    """Sizes are free and GPUs may be asked for; containerProperties are not taken."""
    for where, each in context.items("jobDefinitions"):
        if platform_of(each) != "MANAGED_INSTANCES":
            continue
        if each.get("type") == "container" and "ecsProperties" not in each:
            message, place = "a definition for MANAGED_INSTANCES has ecsProperties", (*where, "platformCapabilities")
            yield context.finding(place, message, expected="ecsProperties")
        for place, task in tasks(each, where):
            for member in ("networkConfiguration", "ephemeralStorage", "platformVersion"):
                if task.get(member):
                    message = f"{member} is for Fargate"
                    yield context.finding((*place, member), message, expected=f"no {member}")
            family = dig(task, "runtimePlatform", "operatingSystemFamily")
            if isinstance(family, str) and family != "LINUX":
                at = (*place, "runtimePlatform", "operatingSystemFamily")
                yield context.finding(at, "managed instances run Linux", expected="LINUX")


@rule(
    "managed-architecture",
    "An environment of managed instances has types of the architecture of its queue's jobs",
    "AWS Batch User Guide, Running mixed-architecture jobs (X86_64 and ARM64)",
    number="V-14",
)
def architectures(context: Context) -> Iterator[Finding]:
    """One queue may run both; each job needs a type of its own."""
    for job in pairs(context):
        if platform_of(job.definition) != "MANAGED_INSTANCES":
            continue
        wanted = _architecture_wanted(job.definition)
        environments = attached(context, job.queue)
        if not all(_limits_types(each) for _, each in environments):
            continue  # where any type may be launched, one of them fits
        found = {architecture_of(kind) for _, each in environments for kind in instance_types_of(each, context)}
        if found and wanted not in found:
            message = (
                f"{job.definition_name} is for {wanted}, and {job.queue_name} allows no such type: it never starts"
            )
            place = (*environments[0][0], *TYPES_ALLOWED)
            yield context.finding(place, message, expected="types of each architecture that jobs use, or no list")


def _limits_types(environment: dict[str, Any]) -> bool:
    """Whether an environment is of managed instances, and of some types only."""
    return kind_of(environment) == MANAGED and bool(entries(environment, *TYPES_ALLOWED))


def _architecture_wanted(definition: dict[str, Any]) -> str:
    words = [dig(task, "runtimePlatform", "cpuArchitecture") for _, task in tasks(definition, ())]
    return "arm64" if "ARM64" in words else "x86_64"
