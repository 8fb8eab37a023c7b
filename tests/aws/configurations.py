"""Configurations to export and deploy: a small one, and one that has everything a deployment can hold."""

from __future__ import annotations

import copy
from typing import Any

from batchsim.aws.deployment.deployable import Deployable, deployable
from batchsim.scenario.document.document import Document

DEPLOYMENT = {
    "subnets": ["subnet-0a1b2c3d", "subnet-1a2b3c4d"],
    "securityGroupIds": ["sg-0a1b2c3d"],
    "instanceRole": "ecsInstanceRole",
    "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
    "tags": {"team": "data"},
}

SMALL: dict[str, Any] = {
    "name": "small",
    "region": "us-east-1",
    "batch": {
        "computeEnvironments": [
            {
                "computeEnvironmentName": "spot",
                "type": "MANAGED",
                "computeResources": {
                    "type": "SPOT",
                    "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
                    "minvCpus": 0,
                    "maxvCpus": 256,
                    "instanceTypes": ["c6i", "m6i.4xlarge"],
                    "bidPercentage": 80,
                    "scalingPolicy": {"minScaleDownDelayMinutes": 20},
                },
            },
            {
                "computeEnvironmentName": "on-demand",
                "type": "MANAGED",
                "computeResources": {
                    "type": "EC2",
                    "allocationStrategy": "BEST_FIT_PROGRESSIVE",
                    "maxvCpus": 64,
                    "instanceTypes": ["c6i"],
                },
            },
        ],
        "jobQueues": [
            {
                "jobQueueName": "nightly",
                "priority": 10,
                "computeEnvironmentOrder": [
                    {"order": 1, "computeEnvironment": "spot"},
                    {"order": 2, "computeEnvironment": "on-demand"},
                ],
            },
            {
                "jobQueueName": "urgent",
                "priority": 20,
                "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "on-demand"}],
            },
        ],
        "jobDefinitions": [
            {
                "jobDefinitionName": "extract",
                "type": "container",
                "containerProperties": {
                    "image": "busybox",
                    "command": ["sh", "-c", "echo ${PART} and Ref::part"],
                    "environment": [
                        {"name": "DB_PASSWORD", "value": "hunter2"},
                        {"name": "maxvCpus", "value": "on"},
                    ],
                    "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "3600"}],
                },
                "retryStrategy": {
                    "attempts": 3,
                    "evaluateOnExit": [
                        {"onStatusReason": "Host EC2*", "action": "RETRY"},
                        {"onReason": "*", "action": "EXIT"},
                    ],
                },
                "timeout": {"attemptDurationSeconds": 3600},
                "tags": {"costCentre": "on"},
            },
            {
                "jobDefinitionName": "load",
                "type": "container",
                "containerProperties": {
                    "image": "busybox",
                    "resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "7000"}],
                },
            },
        ],
    },
    "workload": [
        {
            "workflow": "etl",
            "jobs": [
                # Not in the order of their dependencies.
                {
                    "jobName": "report",
                    "jobQueue": "urgent",
                    "jobDefinition": "load",
                    "dependsOn": [{"jobName": "load"}, {"jobName": "extract"}],
                    "runtime": "1m",
                },
                {
                    "jobName": "extract",
                    "jobQueue": "nightly",
                    "jobDefinition": "extract",
                    "arrayProperties": {"size": 20},
                    "runtime": "10m",
                },
                {
                    "jobName": "load",
                    "jobQueue": "nightly",
                    "jobDefinition": "load",
                    "arrayProperties": {"size": 20},
                    "dependsOn": [{"jobName": "extract", "type": "N_TO_N"}, {"type": "SEQUENTIAL"}],
                    "runtime": "5m",
                },
            ],
        }
    ],
    "deployment": DEPLOYMENT,
}


def small() -> dict[str, Any]:
    """A Spot and an on-demand environment, two queues, two definitions, one workflow."""
    return copy.deepcopy(SMALL)


def everything() -> dict[str, Any]:
    """Fair share, a time limit, consumable resources, Fargate, a multi-node and a multi-container definition too."""
    values = small()
    batch = values["batch"]
    batch["schedulingPolicies"] = [
        {
            "name": "fair",
            "fairsharePolicy": {
                "shareDecaySeconds": 3600,
                "computeReservation": 25,
                "shareDistribution": [{"shareIdentifier": "research*", "weightFactor": 0.5}],
            },
        }
    ]
    batch["consumableResources"] = [{"consumableResourceName": "licence", "totalQuantity": 4}]
    batch["computeEnvironments"].append(
        {
            "computeEnvironmentName": "fargate",
            "type": "MANAGED",
            "computeResources": {"type": "FARGATE", "maxvCpus": 32},
        }
    )
    batch["jobQueues"].append(
        {
            "jobQueueName": "shared",
            "priority": 5,
            "schedulingPolicyArn": "fair",
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "on-demand"}],
            "jobStateTimeLimitActions": [
                {
                    "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
                    "state": "RUNNABLE",
                    "maxTimeSeconds": 1800,
                    "action": "CANCEL",
                }
            ],
        }
    )
    batch["jobQueues"].append(
        {
            "jobQueueName": "serverless",
            "priority": 1,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "fargate"}],
        }
    )
    requirements = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    batch["jobDefinitions"] += [
        {
            "jobDefinitionName": "task",
            "type": "container",
            "platformCapabilities": ["FARGATE"],
            "containerProperties": {
                "image": "busybox",
                "resourceRequirements": requirements,
                "ephemeralStorage": {"sizeInGiB": 40},
                "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
                "networkConfiguration": {"assignPublicIp": "ENABLED"},
            },
        },
        {
            "jobDefinitionName": "pair",
            "type": "container",
            "platformCapabilities": ["FARGATE"],
            "ecsProperties": {
                "taskProperties": [
                    {
                        "containers": [
                            {"name": "main", "image": "busybox", "resourceRequirements": requirements},
                            {"name": "side", "image": "busybox", "resourceRequirements": requirements},
                        ]
                    }
                ]
            },
        },
        {
            "jobDefinitionName": "licensed",
            "type": "container",
            "containerProperties": {"image": "busybox", "resourceRequirements": requirements},
            "consumableResourceProperties": {
                "consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]
            },
        },
        {
            "jobDefinitionName": "simulation",
            "type": "multinode",
            "nodeProperties": {
                "numNodes": 2,
                "mainNode": 0,
                "nodeRangeProperties": [
                    {
                        "targetNodes": "0:1",
                        "container": {"image": "busybox", "resourceRequirements": requirements},
                    }
                ],
            },
        },
    ]
    return values


def managed(provider: dict[str, Any] | None = None, **launched: Any) -> dict[str, Any]:
    """A queue of managed instances, on demand and then Spot, and a definition for them.

    Parameters
    ----------
    provider : dict, optional
        What the provider of the on-demand environment has besides roles and network.
    **launched
        What its launch template has.
    """
    values = small()

    def environment(name: str, given: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
        network = {"subnets": ["subnet-0a1b2c3d"], "securityGroups": ["sg-0a1b2c3d"]}
        profile = "arn:aws:iam::123456789012:instance-profile/ecsInstanceRoleForManagedInstances"
        return {
            "computeEnvironmentName": name,
            "type": "MANAGED",
            "computeResources": {
                "type": "ECS_MANAGED_INSTANCES",
                "maxvCpus": 64,
                "managedInstancesProvider": {
                    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole",
                    "instanceLaunchTemplate": {
                        "ec2InstanceProfileArn": profile, "networkConfiguration": network, **template,
                    },
                    **given,
                },
            },
        }  # fmt: skip

    requirements = [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4000"}]
    container = {"name": "main", "image": "busybox", "resourceRequirements": requirements}
    values["batch"] = {
        "computeEnvironments": [
            environment("on-demand", provider or {}, launched),
            environment("spot", {}, {"capacityOptionType": "SPOT"}),
        ],
        "jobQueues": [
            {
                "jobQueueName": "nightly",
                "priority": 10,
                "computeEnvironmentOrder": [
                    {"order": 1, "computeEnvironment": "on-demand"},
                    {"order": 2, "computeEnvironment": "spot"},
                ],
            }
        ],
        "jobDefinitions": [
            {
                "jobDefinitionName": "extract",
                "type": "container",
                "platformCapabilities": ["MANAGED_INSTANCES"],
                "ecsProperties": {"taskProperties": [{"containers": [container]}]},
            }
        ],
    }
    job = {"jobName": "extract", "jobQueue": "nightly", "jobDefinition": "extract", "runtime": "10m"}
    values["workload"] = [{"workflow": "etl", "jobs": [job]}]
    return values


def prepared(values: dict[str, Any]) -> Deployable:
    """A deployable of plain values."""
    return deployable(Document(values, "scenario.yaml"))


#: The minimum of Spot instances by night, on weekdays; the priority of a queue six hours after the start.
UPDATES: list[dict[str, Any]] = [
    {
        "cron": "0 20 * * 1-5",
        "timezone": "Europe/Berlin",
        "set": {"batch.computeEnvironments.spot.computeResources.minvCpus": 64},
    },
    {"at": "6h", "set": {"batch.jobQueues.nightly.priority": 3}},
]


def scheduled(
    values: dict[str, Any], updates: list[dict[str, Any]] | None = None, role: str | None = None
) -> Deployable:
    """A deployable of plain values with updates, and the role for them."""
    deployment = {**values.get("deployment", {}), **({"schedulerRole": role} if role else {})}
    given = {"updates": UPDATES if updates is None else updates}
    return prepared({**values, **given, **({"deployment": deployment} if deployment else {})})
