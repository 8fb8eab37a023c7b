"""Examples of rules about ECS Managed Instances: their environments, queues and definitions."""

from __future__ import annotations

from tests.scenarios.rules.base import GONE
from tests.scenarios.rules.changes import (
    DEPLOYS,
    FOR_MANAGED,
    MANAGED,
    SPOT,
    Change,
    Example,
    behind,
    ecs,
    nodes,
    order,
)

PROVIDER = "resources.managedInstancesProvider"
LAUNCHED = f"{PROVIDER}.instanceLaunchTemplate"
ALLOWED = f"{LAUNCHED}.instanceRequirements"


def options(*words: str) -> Change:
    """Environments of managed instances in the queue, with these capacity options."""
    first, *others = words
    made: Change = {**MANAGED, **FOR_MANAGED, f"{LAUNCHED}.capacityOptionType": first}
    for option in others:
        launched = {**MANAGED["resources"]["managedInstancesProvider"]["instanceLaunchTemplate"]}
        provider = {
            "infrastructureRoleArn": "role",
            "instanceLaunchTemplate": {**launched, "capacityOptionType": option},
        }
        resources = {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": 4, "managedInstancesProvider": provider}
        made |= behind({"computeEnvironmentName": "other", "type": "MANAGED", "computeResources": resources})
    return made


EXITS: Change = {"task.retryStrategy": {"attempts": 3, "evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]}}


def with_(**changes: object) -> Change:
    """An environment of managed instances, and a definition for them, with further changes."""
    return {**MANAGED, **FOR_MANAGED, **changes}


def allowing(*types: str) -> Change:
    """Instances of these types."""
    return with_(**{ALLOWED: {"allowedInstanceTypes": list(types)}})


def for_arm(*types: str) -> Change:
    """The same, for a job of Arm containers."""
    platform = {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    return {**allowing(*types), "task.ecsProperties.taskProperties.0.runtimePlatform": platform}


def task(**members: object) -> Change:
    """The definition's task says more."""
    return with_(**{f"task.ecsProperties.taskProperties.0.{member}": value for member, value in members.items()})


EXAMPLES: dict[str, list[Example]] = {
    "V-03": [
        Example(
            "managed-instances",
            "resources",
            {"resources": {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": 4}},
            # Roles and network may come from elsewhere.
            {"resources": {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": 4, "managedInstancesProvider": {}}},
        ),
        Example("managed-instances", "resources.capacityTags", {"resources.capacityTags": {"a": "b"}}, with_()),
        Example(
            "managed-instances", PROVIDER, {PROVIDER: {}}, with_(**{"resources.capacityTags": {"a": "b"}})
        ),
        *(
            Example("managed-instances", f"resources.{member}", with_(**{f"resources.{member}": value}), with_())
            for member, value in {
                "minvCpus": 0,
                "desiredvCpus": 0,
                "instanceTypes": ["c6i.xlarge"],
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
                "instanceRole": "profile",
                "bidPercentage": 80,
                "imageId": "ami-1",
                "ec2Configuration": [{"imageType": "ECS_AL2023"}],
                "ec2KeyPair": "key",
                "launchTemplate": {"launchTemplateId": "lt-1"},
                "placementGroup": "group",
                "spotIamFleetRole": "role",
                "tags": {"a": "b"},
                "scalingPolicy": {"minScaleDownDelayMinutes": 20},
            }.items()
        ),
    ],
    "V-05": [
        Example("managed-needs", PROVIDER, with_(**{f"{PROVIDER}.infrastructureRoleArn": GONE}), with_(), "warning"),
        Example("managed-needs", f"{LAUNCHED}.networkConfiguration",
                with_(**{f"{LAUNCHED}.networkConfiguration": {"subnets": ["subnet-1"]}, **DEPLOYS}), with_(**DEPLOYS)),
        Example("managed-types", f"{ALLOWED}.allowedInstanceTypes.0", allowing("optimal"), allowing("c6i")),
        Example("instance-type", f"{ALLOWED}.allowedInstanceTypes.0", allowing("c6x.large"), allowing("c6i.large")),
        Example(
            "managed-reservations",
            f"{LAUNCHED}.capacityReservations.reservationPreference",
            {**options("SPOT"), f"{LAUNCHED}.capacityReservations": {"reservationPreference": "RESERVATIONS_ONLY"}},
            {
                **options("ON_DEMAND"),
                f"{LAUNCHED}.capacityReservations": {"reservationPreference": "RESERVATIONS_ONLY"},
            },
            "warning",
        ),
    ],
    "V-08": [
        Example(
            "strategy",
            "resources.allocationStrategy",
            with_(**{"resources.allocationStrategy": "BEST_FIT_PROGRESSIVE"}),
            with_(),
        )
    ],
    "V-10": [
        *(
            Example(
                "scale-in-after",
                f"{PROVIDER}.infrastructureOptimization.scaleInAfter",
                with_(**{f"{PROVIDER}.infrastructureOptimization": {"scaleInAfter": bad}}),
                with_(**{f"{PROVIDER}.infrastructureOptimization": {"scaleInAfter": good}}),
            )
            for bad, good in ((-2, -1), (3601, 3600), (10_000, 0))
        ),
        Example(
            "managed-storage",
            f"{LAUNCHED}.storageConfiguration.storageSizeGiB",
            with_(**{f"{LAUNCHED}.storageConfiguration": {"storageSizeGiB": 0}}),
            with_(**{f"{LAUNCHED}.storageConfiguration": {"storageSizeGiB": 1}}),
        ),
    ],
    "V-13": [
        Example(
            "managed-spot-order",
            "queue.computeEnvironmentOrder",
            options("SPOT", "ON_DEMAND"),
            options("ON_DEMAND", "SPOT"),
        ),
        # The numbers of the order count, not the places in the list.
        Example(
            "managed-spot-order",
            "queue.computeEnvironmentOrder",
            {**options("ON_DEMAND", "SPOT"), "queue.computeEnvironmentOrder": order("other", "fleet")},
            {**options("ON_DEMAND", "SPOT"), "queue.computeEnvironmentOrder": order("fleet", "other")[::-1]},
        ),
        Example(
            "queue-mix",
            "queue.computeEnvironmentOrder",
            {
                **with_(),
                **behind({"computeEnvironmentName": "other", "type": "MANAGED", "computeResources": SPOT["resources"]}),
            },
            options("ON_DEMAND", "ON_DEMAND"),
        ),
    ],
    "V-14": [
        Example("managed-architecture", f"{ALLOWED}.allowedInstanceTypes", for_arm("c6i"), for_arm("c6i", "c6g")),
        Example("managed-architecture", f"{ALLOWED}.allowedInstanceTypes", allowing("c6g"), for_arm("c6g")),
    ],
    "V-27": [
        Example("spot-attempts", "job.retryStrategy", {**options("SPOT"), "job.retryStrategy": {"attempts": 1}},
                {**options("ON_DEMAND"), "job.retryStrategy": {"attempts": 1}}, "warning"),
    ],
    "V-28": [
        Example("spot-retry", "task.retryStrategy.evaluateOnExit",
                {**options("SPOT"), **EXITS}, {**options("ON_DEMAND"), **EXITS}, "warning"),
    ],
    "V-34": [
        Example(
            "nodes",
            "task.platformCapabilities",
            {**MANAGED, **nodes(2, "0:1", platformCapabilities=["MANAGED_INSTANCES"])},
            nodes(2, "0:1"),
        ),
        Example("node-queue", "job.jobQueue", {**MANAGED, **nodes(2, "0:1")}, nodes(2, "0:1")),
    ],
    "V-37": [
        Example("platform", "job.jobDefinition", {**MANAGED}, with_()),
        Example(
            "managed-definition",
            "task.platformCapabilities",
            {**MANAGED, "task.platformCapabilities": ["MANAGED_INSTANCES"]},
            with_(),
        ),
        *(
            Example("managed-definition", f"task.ecsProperties.taskProperties.0.{at}", task(**{member: value}), good)
            for at, member, value, good in (
                ("networkConfiguration", "networkConfiguration", {"assignPublicIp": "ENABLED"},
                 task(networkMode="host")),
                ("ephemeralStorage", "ephemeralStorage", {"sizeInGiB": 21}, with_()),
                ("platformVersion", "platformVersion", "1.4.0", with_()),
                ("runtimePlatform.operatingSystemFamily", "runtimePlatform",
                 {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
                 task(runtimePlatform={"operatingSystemFamily": "LINUX"})),
            )
        ),
        # Only managed instances take the member.
        Example("ec2-container", "task.ecsProperties.taskProperties.0.networkMode",
                {**ecs({}), "task.ecsProperties.taskProperties.0.networkMode": "host"}, task(networkMode="host")),
    ],
    "V-40": [
        Example("spot-only", "queue.computeEnvironmentOrder", options("SPOT"), options("ON_DEMAND", "SPOT"), "info"),
    ],
    "V-51": [
        Example(
            "deciding-word",
            f"{LAUNCHED}.capacityOptionType",
            with_(**{f"{LAUNCHED}.capacityOptionType": "SPOTT"}),
            with_(**{f"{LAUNCHED}.capacityOptionType": "SPOT"}),
        ),
        Example(
            "deciding-word",
            f"{LAUNCHED}.capacityReservations.reservationPreference",
            with_(**{f"{LAUNCHED}.capacityReservations": {"reservationPreference": "RESERVATIONS"}}),
            with_(**{f"{LAUNCHED}.capacityReservations": {"reservationPreference": "RESERVATIONS_FIRST"}}),
        ),
        Example(
            "deciding-word",
            "task.ecsProperties.taskProperties.0.runtimePlatform.operatingSystemFamily",
            task(runtimePlatform={"operatingSystemFamily": "LINUXX"}),
            task(runtimePlatform={"operatingSystemFamily": "LINUX"}),
        ),
    ],
    "V-45": [
        # What its instances have is not limited at all: a size above maxvCpus is launched for many small jobs.
        Example(
            "overshoot",
            "resources.maxvCpus",
            {"resources.maxvCpus": 3},
            {**allowing("c6i.xlarge"), "resources.maxvCpus": 3},
            "warning",
        ),
    ],
}  # fmt: skip
