"""Environments, definitions and queues of ECS Managed Instances, with what matters to a test changed by keyword."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def managed_environment(
    name: str = "managed",
    types: Sequence[str] = ("c6a.2xlarge",),
    *,
    maxv: int = 64,
    spot: bool = False,
    after: int | None = 0,
    **template: Any,
) -> dict[str, Any]:
    """An environment of c6a.2xlarge with 30 GiB whose idle instances go at once."""
    launched: dict[str, Any] = {
        "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/ecsInstanceProfile",
        "networkConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
        "storageConfiguration": {"storageSizeGiB": 30},
        **template,
    }
    if types:
        launched["instanceRequirements"] = {"allowedInstanceTypes": list(types)}
    if spot:
        launched["capacityOptionType"] = "SPOT"
    provider: dict[str, Any] = {
        "infrastructureRoleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole",
        "instanceLaunchTemplate": launched,
    }
    if after is not None:
        provider["infrastructureOptimization"] = {"scaleInAfter": after}
    resources = {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": maxv, "managedInstancesProvider": provider}
    return {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": resources}


def managed_definition(
    name: str = "task",
    vcpus: str = "1",
    memory: str = "1024",
    *,
    architecture: str = "",
    gpus: str = "",
    **members: Any,
) -> dict[str, Any]:
    """A job definition for managed instances."""
    requirements = [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}]
    if gpus:
        requirements.append({"type": "GPU", "value": gpus})
    task: dict[str, Any] = {
        "containers": [{"name": "main", "image": "busybox", "resourceRequirements": requirements}],
    }
    if architecture:
        task["runtimePlatform"] = {"cpuArchitecture": architecture}
    return {
        "jobDefinitionName": name,
        "type": "container",
        "platformCapabilities": ["MANAGED_INSTANCES"],
        "ecsProperties": {"taskProperties": [task]},
        **members,
    }
