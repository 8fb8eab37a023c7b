"""By number: what a rule finds, where and how bad it is, and what is near it and right."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.scenarios.rules.base import EXIT_OTHERWISE, GONE, NETWORK, ON_EC2

Change = dict[str, Any]


class Example(NamedTuple):
    """A change of the base scenario that a rule finds fault with, and one that it does not."""

    code: str
    at: str | tuple[str, ...]
    bad: Change
    good: Change
    severity: str = "error"


def asks(vcpus: str, memory: str, *more: dict[str, str]) -> list[dict[str, str]]:
    """Resource requirements."""
    return [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}, *more]


def on(kind: str, *types: str, **members: Any) -> Change:
    """The environment is of another kind."""
    if kind.startswith("FARGATE"):
        return {"resources": {"type": kind, "maxvCpus": 64, **NETWORK, **members}, **FOR_FARGATE}
    strategy = "SPOT_PRICE_CAPACITY_OPTIMIZED" if kind == "SPOT" else "BEST_FIT_PROGRESSIVE"
    types = types or ("c6i.xlarge", "m6i.xlarge")
    resources = {"type": kind, "allocationStrategy": strategy, "maxvCpus": 64, "instanceTypes": list(types)}
    return {"resources": {**resources, **ON_EC2, **members}}


FOR_FARGATE: Change = {
    "task.platformCapabilities": ["FARGATE"],
    "container.resourceRequirements": asks("1", "2048"),
    "container.executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
}
FARGATE, FARGATE_SPOT, SPOT = on("FARGATE"), on("FARGATE_SPOT"), on("SPOT")


def beside(name: str = "other", **resources: Any) -> dict[str, Any]:
    """A second environment, of another family."""
    given = {
        "type": "EC2",
        "allocationStrategy": "BEST_FIT_PROGRESSIVE",
        "maxvCpus": 64,
        "instanceTypes": ["r6i.xlarge"],
    }
    return {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": {**given, **ON_EC2, **resources}}


def order(*names: str) -> list[dict[str, Any]]:
    """A queue's environments."""
    return [{"order": number, "computeEnvironment": name} for number, name in enumerate(names, 1)]


def behind(environment: dict[str, Any]) -> Change:
    """A second environment, second in the queue too."""
    name = environment["computeEnvironmentName"]
    return {"batch.computeEnvironments.+": environment, "queue.computeEnvironmentOrder": order("fleet", name)}


def fair(**policy: Any) -> Change:
    """The queue is a fair-share queue of this policy, and its job has a share."""
    return {
        "batch.schedulingPolicies": [{"name": "policy", "fairsharePolicy": policy}],
        "queue.schedulingPolicyArn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/policy",
        "job.shareIdentifier": "blue",
    }


def limit(**members: Any) -> Change:
    """The queue has a time limit."""
    reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
    action = {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL", **members}
    return {"queue.jobStateTimeLimitActions": [action]}


def nodes(count: int, *ranges: str, main: int = 0, types: tuple[str, ...] = ("c6i.xlarge",), **members: Any) -> Change:
    """The definition is of a multi-node job."""
    container = {"image": "busybox", "resourceRequirements": asks("1", "1024")}
    groups = [
        {"targetNodes": each, "container": container, "instanceTypes": [types[n % len(types)]]}
        for n, each in enumerate(ranges)
    ]
    properties = {"numNodes": count, "mainNode": main, "nodeRangeProperties": groups}
    return {"task": {"jobDefinitionName": "task", "type": "multinode", "nodeProperties": properties, **members}}


def ecs(*containers: dict[str, Any]) -> Change:
    """The definition is of several containers."""
    group = [{"image": "busybox", "resourceRequirements": asks("1", "512"), **each} for each in containers]
    properties = {"taskProperties": [{"containers": group}]}
    return {"task": {"jobDefinitionName": "task", "type": "container", "ecsProperties": properties}}


def consumes(quantity: int, total: int = 2, name: str = "licence") -> Change:
    """The definition needs some of a consumable resource."""
    return {
        "batch.consumableResources": [{"consumableResourceName": "licence", "totalQuantity": total}],
        "task.consumableResourceProperties": {
            "consumableResourceList": [{"consumableResource": name, "quantity": quantity}]
        },
    }


def retried(*entries: dict[str, str], attempts: int = 3) -> Change:
    """The definition's retry strategy."""
    return {"task.retryStrategy": {"attempts": attempts, "evaluateOnExit": list(entries)}}


def job(name: str = "next", **members: Any) -> dict[str, Any]:
    """A second job."""
    return {"jobName": name, "jobQueue": "queue", "jobDefinition": "task", "runtime": 600, **members}


def gpu(count: str = "1") -> list[dict[str, str]]:
    """Requirements with a GPU."""
    return asks("1", "1024", {"type": "GPU", "value": count})


RETRY_HOSTS = {"onStatusReason": "Host EC2*", "action": "RETRY"}
RETRY_TASKS = {"onStatusReason": "Your Spot Task was interrupted*", "action": "RETRY"}
OTHER_QUEUE = {"jobQueueName": "second", "priority": 2, "computeEnvironmentOrder": order("fleet")}
TO_OTHER_QUEUE = {"batch.jobQueues.+": OTHER_QUEUE, "workload.work.jobs.+": job(jobQueue="second")}
DEPLOYS = {"deployment": {}}
MANAGED = {
    "resources": {
        "type": "ECS_MANAGED_INSTANCES",
        "maxvCpus": 4,
        "managedInstancesProvider": {
            "infrastructureRoleArn": "role",
            "instanceLaunchTemplate": {
                "ec2InstanceProfileArn": "profile",
                "networkConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
            },
        },
    }
}

EXAMPLES: dict[str, list[Example]] = {
    "V-01": [
        Example("name", "batch.jobQueues.a queue.jobQueueName", {"queue.jobQueueName": "a queue"}, {}),
        Example("name", "workload.work.jobs._j.jobName", {"job.jobName": "_j"}, {"job.jobName": "9_j-" + "x" * 124}),
        Example(
            "name-start",
            "batch.jobDefinitions._t.jobDefinitionName",
            {"batch.jobDefinitions.+": {"jobDefinitionName": "_t", "type": "container"}},
            {"batch.jobDefinitions.+": {"jobDefinitionName": "t_", "type": "container"}},
            "warning",
        ),
    ],
    "V-02": [
        Example(
            "duplicate-name",
            "batch.computeEnvironments.fleet.computeEnvironmentName",
            {"batch.computeEnvironments.+": beside("fleet")},
            {"batch.computeEnvironments.+": beside("queue")},  # another kind's name
        )
    ],
    "V-03": [
        Example("unknown-word", "resources.type", {"resources.type": "EC3"}, SPOT),
        Example("missing-key", "resources", {"resources.maxvCpus": GONE}, {"resources.minvCpus": GONE}),
        Example("wrong-type", "resources.maxvCpus", {"resources.maxvCpus": "64"}, {"resources.maxvCpus": 65}),
        Example(
            "out-of-range",
            "resources.ec2Configuration.0.imageType",
            {"resources.ec2Configuration": [{"imageType": ""}]},
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
        ),
        Example(
            "missing-resources",
            "fleet",
            {"fleet.computeResources": GONE},
            {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}},
        ),
        Example(
            "managed-instances",
            "resources",
            {"resources": {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": 4}},
            MANAGED,
        ),
        Example(
            "service-role",
            "fleet",
            {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}},
            {
                "fleet": {
                    "computeEnvironmentName": "fleet",
                    "type": "UNMANAGED",
                    "unmanagedvCpus": 4,
                    "serviceRole": "r",
                }
            },
            "warning",
        ),
    ],
    "V-04": [
        Example("vcpu-bounds", "resources.minvCpus", {"resources.minvCpus": 65}, {"resources.minvCpus": 64}),
        Example(
            "vcpu-bounds",
            "resources.desiredvCpus",
            {"resources.minvCpus": 4, "resources.desiredvCpus": 3},
            {"resources.minvCpus": 4, "resources.desiredvCpus": 4},
        ),
        Example(
            "vcpu-bounds",
            "resources.maxvCpus",
            {"resources.maxvCpus": -1, "resources.minvCpus": GONE},
            {"resources.maxvCpus": 0},
        ),
    ],
    "V-05": [
        Example("ec2-needs", "resources", {"resources.subnets": GONE}, {}, "warning"),
        Example("ec2-needs", "resources", {"resources.subnets": GONE, **DEPLOYS}, DEPLOYS),
        Example(
            "ec2-needs",
            "resources",
            {"resources.securityGroupIds": GONE, **DEPLOYS},
            {"resources.securityGroupIds": GONE, "resources.launchTemplate": {"launchTemplateName": "t"}, **DEPLOYS},
        ),
        Example(
            "ec2-needs",
            "resources",
            {"resources.instanceRole": GONE, **DEPLOYS},
            {"resources.instanceRole": GONE, "deployment": {"instanceRole": "role"}},
        ),
        Example("instance-type", "resources", {"resources.instanceTypes": []}, {"resources.instanceTypes": ["c6i"]}),
        Example("instance-type", "resources.instanceTypes.0", {"resources.instanceTypes": ["c6i.huge"]}, {}),
        Example(
            "no-offering",
            "resources.instanceTypes",
            {**SPOT, "resources.bidPercentage": 1},
            {**SPOT, "resources.bidPercentage": 100},
        ),
        Example(
            "launch-template",
            "resources.launchTemplate",
            {"resources.launchTemplate": {"launchTemplateName": "t", "launchTemplateId": "lt-1"}},
            {"resources.launchTemplate": {"launchTemplateName": "t"}},
        ),
        Example(
            "launch-template",
            "resources.launchTemplate.overrides.0.targetInstanceTypes.0",
            {
                "resources.launchTemplate": {
                    "launchTemplateId": "t",
                    "overrides": [{"launchTemplateId": "u", "targetInstanceTypes": ["m7i"]}],
                }
            },
            {
                "resources.launchTemplate": {
                    "launchTemplateId": "t",
                    "overrides": [{"launchTemplateId": "u", "targetInstanceTypes": ["m6i.xlarge"]}],
                }
            },
        ),
        Example(
            "ec2-configuration",
            "resources.ec2Configuration.0.imageType",
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2"}]},
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
        ),
        Example(
            "ec2-configuration",
            "resources.ec2Configuration.0.imageType",
            {**on("EC2", "a1.xlarge"), "resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
            {**on("EC2", "m6g.xlarge"), "resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
        ),
    ],
    "V-06": [
        Example("fargate-member", "resources.minvCpus", on("FARGATE", minvCpus=0), FARGATE),
        Example("fargate-member", "resources.scalingPolicy", on("FARGATE_SPOT", scalingPolicy={}), FARGATE_SPOT),
        Example("fargate-needs", "resources", on("FARGATE", subnets=[]), FARGATE, "warning"),
        Example(
            "fargate-network",
            "resources.subnets",
            on("FARGATE", subnets=[f"subnet-{n}" for n in range(17)]),
            on("FARGATE", subnets=[f"subnet-{n}" for n in range(16)]),
        ),
    ],
    "V-07": [
        Example(
            "spot-fleet-role",
            "resources",
            {**SPOT, "resources.allocationStrategy": "BEST_FIT", **DEPLOYS},
            {**SPOT, **DEPLOYS},
        ),
        Example(
            "spot-fleet-role",
            "resources",
            {**SPOT, "resources.allocationStrategy": GONE},
            {**SPOT, "resources.allocationStrategy": GONE, "deployment": {"spotIamFleetRole": "role"}},
            "warning",
        ),
    ],
    "V-08": [
        Example(
            "strategy",
            "resources.allocationStrategy",
            {"resources.allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"},
            {**SPOT, "resources.allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"},
        ),
        Example(
            "strategy",
            "resources.allocationStrategy",
            {**SPOT, "resources.allocationStrategy": "BEST_FIT_PROGRESSIVE_ORDERED"},
            {"resources.allocationStrategy": "BEST_FIT_PROGRESSIVE_ORDERED"},
        ),
        Example(
            "strategy",
            "resources.allocationStrategy",
            {**MANAGED, "resources.allocationStrategy": "BEST_FIT"},
            MANAGED,
        ),
    ],
    "V-09": [
        Example("bid", "resources.bidPercentage", {"resources.bidPercentage": 50}, on("SPOT", bidPercentage=50)),
        Example("bid", "resources.bidPercentage", on("SPOT", bidPercentage=0), on("SPOT", bidPercentage=1)),
        Example(
            "bid", "resources.bidPercentage", on("SPOT", bidPercentage=101), on("SPOT", bidPercentage=100), "warning"
        ),
    ],
    "V-10": [
        Example(
            "scale-down-delay",
            "resources.scalingPolicy.minScaleDownDelayMinutes",
            {"resources.scalingPolicy": {"minScaleDownDelayMinutes": bad}},
            {"resources.scalingPolicy": {"minScaleDownDelayMinutes": good}},
        )
        for bad, good in ((19, 20), (10_081, 10_080), (1, 0))
    ],
    "V-11": [
        Example("environment-order", "queue", {"queue.computeEnvironmentOrder": []}, {}),
        Example(
            "environment-order",
            "queue",
            {"queue.computeEnvironmentOrder": order("fleet", "fleet", "fleet", "fleet")},
            {"queue.computeEnvironmentOrder": order("fleet", "fleet", "fleet")},
        ),
        Example(
            "environment-order",
            "queue.computeEnvironmentOrder.0.computeEnvironment",
            {"queue.computeEnvironmentOrder": order("flet")},
            {"queue.computeEnvironmentOrder": order("arn:aws:batch:us-east-1:123456789012:compute-environment/fleet")},
        ),
        Example(
            "environment-order",
            "queue.computeEnvironmentOrder.1.order",
            {**behind(beside()), "queue.computeEnvironmentOrder.1.order": 1},
            behind(beside()),
        ),
    ],
    "V-12": [
        Example(
            "disabled-environment",
            "queue.computeEnvironmentOrder.0.computeEnvironment",
            {"fleet.state": "DISABLED"},
            {"fleet.state": "ENABLED"},
            "warning",
        ),
        Example("created-disabled", "fleet.state", {"fleet.state": "DISABLED"}, {"fleet.state": "ENABLED"}),
    ],
    "V-13": [
        Example(
            "queue-mix",
            "queue.computeEnvironmentOrder",
            {**FARGATE, **behind(beside())},
            {**SPOT, **behind(beside())},
        ),
        Example("queue-mix", "queue.computeEnvironmentOrder", {**MANAGED, **behind(beside())}, MANAGED),
    ],
    "V-14": [
        Example(
            "architecture", "resources.instanceTypes", on("EC2", "m7g", "optimal"), on("EC2", "m7g", "default_arm64")
        ),
        Example(
            "architecture",
            "queue.computeEnvironmentOrder",
            behind(beside(instanceTypes=["m7g"])),
            behind(beside(instanceTypes=["m7i"])),
        ),
    ],
    "V-15": [
        Example(
            "runtime-platform",
            "container.runtimePlatform.cpuArchitecture",
            {"container.runtimePlatform": {"cpuArchitecture": "ARM64"}},
            {**FARGATE, "container.runtimePlatform": {"cpuArchitecture": "ARM64"}},
        ),
        Example(
            "runtime-platform",
            "container.runtimePlatform.cpuArchitecture",
            {**FARGATE, "container.runtimePlatform": {"cpuArchitecture": "arm64"}},
            {**FARGATE, "container.runtimePlatform": {"cpuArchitecture": "X86_64"}},
        ),
        Example(
            "runtime-platform",
            "job.jobDefinition",
            {**FARGATE_SPOT, "container.runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}},
            {**FARGATE, "container.runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}},
        ),
        Example(
            "arm-on-fargate-spot",
            "job.jobDefinition",
            {**FARGATE_SPOT, "container.runtimePlatform": {"cpuArchitecture": "ARM64"}},
            {**FARGATE, "container.runtimePlatform": {"cpuArchitecture": "ARM64"}},
            "info",
        ),
    ],
    "V-16": [
        Example("priority", "queue.priority", {"queue.priority": bad}, {"queue.priority": good})
        for bad, good in ((-1, 0), (1001, 1000))
    ],
    "V-17": [
        Example(
            "time-limit",
            f"queue.jobStateTimeLimitActions.0.{member}",
            limit(**{member: bad}),
            limit(**{member: good}),
        )
        for member, bad, good in (
            ("reason", "because", "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"),
            (
                "reason",
                "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS",
                "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
            ),
            ("maxTimeSeconds", 599, 600),
            ("maxTimeSeconds", 86_401, 86_400),
            ("action", "TERMINATE", "CANCEL"),
        )
    ],
    "V-18": [
        *(
            Example(
                "fair-share-policy",
                f"batch.schedulingPolicies.policy.fairsharePolicy.{member}",
                fair(**{member: bad}),
                fair(**{member: good}),
            )
            for member, bad, good in (
                ("shareDecaySeconds", -1, 0),
                ("shareDecaySeconds", 604_801, 604_800),
                ("computeReservation", 100, 99),
            )
        ),
        *(
            Example(
                "fair-share-policy",
                f"batch.schedulingPolicies.policy.fairsharePolicy.shareDistribution.1.{member}",
                fair(shareDistribution=[{"shareIdentifier": "blue"}, {"shareIdentifier": "red", member: bad}]),
                fair(shareDistribution=[{"shareIdentifier": "blue"}, {"shareIdentifier": "red", member: good}]),
            )
            for member, bad, good in (
                ("weightFactor", 0.00009, 0.0001),
                ("weightFactor", 1000, 999.9999),
                ("shareIdentifier", "bl*", "red*"),
                ("shareIdentifier", "blue", "blue1"),
                ("shareIdentifier", "a b", "a"),
                ("shareIdentifier", "x" * 256, "x" * 255),
            )
        ),
        Example(
            "fair-share-policy",
            "batch.schedulingPolicies.policy",
            {"batch.schedulingPolicies": [{"name": "policy"}]},
            fair(),
        ),
        Example(
            "scheduling-policy",
            "queue.schedulingPolicyArn",
            {**fair(), "queue.schedulingPolicyArn": "polcy"},
            {**fair(), "queue.schedulingPolicyArn": "policy"},
        ),
    ],
    "V-19": [
        Example("share-identifier", "job", {**fair(), "job.shareIdentifier": GONE}, fair()),
        Example("share-identifier", "job.shareIdentifier", {"job.shareIdentifier": "blue"}, {}),
        Example("share-identifier", "job.shareIdentifier", {**fair(), "job.shareIdentifier": "a-b"}, fair()),
    ],
    "V-20": [
        Example(
            "scheduling-priority",
            "task.schedulingPriority",
            {**fair(), "task.schedulingPriority": 10_000},
            {**fair(), "task.schedulingPriority": 9999},
        ),
        Example(
            "scheduling-priority",
            "job.schedulingPriorityOverride",
            {**fair(), "job.schedulingPriorityOverride": -1},
            {**fair(), "job.schedulingPriorityOverride": 0},
        ),
        Example(
            "scheduling-priority-unused",
            "job.schedulingPriorityOverride",
            {"job.schedulingPriorityOverride": 1},
            {**fair(), "job.schedulingPriorityOverride": 1},
            "warning",
        ),
        Example(
            "scheduling-priority-unused",
            "task.schedulingPriority",
            {"task.schedulingPriority": 1},
            {**fair(), "task.schedulingPriority": 1},
            "warning",
        ),
    ],
    "V-21": [
        Example("definition-kind", "task", {"task.containerProperties": GONE}, {}),
        Example("definition-kind", "task.ecsProperties", {"task.ecsProperties": {"taskProperties": []}}, ecs({})),
        Example(
            "definition-kind", "task", {"task.type": "multinode", "task.containerProperties": GONE}, nodes(2, "0:1")
        ),
        Example("ecs-properties", "task.ecsProperties.taskProperties.0.containers", ecs({"essential": False}), ecs({})),
        Example("ecs-properties", "task.ecsProperties.taskProperties.0.containers", ecs(*[{}] * 11), ecs(*[{}] * 10)),
        Example(
            "ecs-properties",
            "task.ecsProperties.taskProperties.0.containers.main.dependsOn.0.condition",
            ecs({"name": "main", "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]}, {"name": "init"}),
            ecs(
                {"name": "main", "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]},
                {"name": "init", "essential": False},
            ),
        ),
        Example(
            "ecs-properties",
            "task.ecsProperties.taskProperties.0.containers.a.dependsOn.0",
            ecs({"name": "a", "dependsOn": [{"containerName": "a", "condition": "START"}]}),
            ecs({"name": "a", "dependsOn": [{"containerName": "b", "condition": "START"}]}, {"name": "b"}),
        ),
        Example("image-missing", "container", {"container.image": GONE, **DEPLOYS}, DEPLOYS),
    ],
    "V-22": [
        Example(
            "requirements", "container", {"container.resourceRequirements": [{"type": "MEMORY", "value": "1024"}]}, {}
        ),
        Example(
            "requirements",
            "container",
            {"container.resourceRequirements": [{"type": "VCPU", "value": "1"}]},
            {"container.resourceRequirements": [{"type": "VCPU", "value": "1"}], "container.memory": 1024},
        ),
        *(
            Example(
                "requirements",
                f"container.resourceRequirements.{index}.value",
                {"container.resourceRequirements": bad},
                {"container.resourceRequirements": good},
            )
            for index, bad, good in (
                (0, asks("0.5", "1024"), asks("1", "1024")),
                (0, asks("1.5", "1024"), asks("2", "1024")),
                (0, asks("one", "1024"), asks("1", "1024")),
                (1, asks("1", "3"), asks("1", "4")),
                (2, gpu("0.5"), gpu("1")),
            )
        ),
        Example(
            "requirements",
            "container.resourceRequirements.2.type",
            {"container.resourceRequirements": asks("1", "1024", {"type": "VCPU", "value": "1"})},
            {"container.resourceRequirements": asks("1", "1024")},
        ),
        Example("requirements", "container.vcpus", {"container.vcpus": 1}, {}),
        Example(
            "requirements",
            "container.vcpus",
            {**FARGATE, "container.resourceRequirements": [{"type": "MEMORY", "value": "2048"}], "container.vcpus": 1},
            FARGATE,
        ),
        Example(
            "requirements",
            "job.containerOverrides.resourceRequirements.0.value",
            {"job.containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "0"}]}},
            {"job.containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "2"}]}},
        ),
    ],
    "V-23": [
        Example(
            "fargate-size",
            "container.resourceRequirements.1.value",
            {**FARGATE, "container.resourceRequirements": asks("1", "1024")},
            {**FARGATE, "container.resourceRequirements": asks("0.25", "512")},
        ),
        Example(
            "fargate-size",
            "container.resourceRequirements.0.value",
            {**FARGATE, "container.resourceRequirements": asks("3", "8192")},
            {**FARGATE, "container.resourceRequirements": asks("32", "249856")},
        ),
        Example(
            "fargate-size",
            "container.resourceRequirements.2.value",
            {**FARGATE, "container.resourceRequirements": asks("1", "2048", {"type": "GPU", "value": "1"})},
            FARGATE,
        ),
        Example(
            "fargate-size",
            "job.containerOverrides.resourceRequirements.0.value",
            {**FARGATE, "job.containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "1024"}]}},
            {**FARGATE, "job.containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "3072"}]}},
        ),
        Example(
            "fargate-container",
            "container.privileged",
            {**FARGATE, "container.privileged": True},
            {"container.privileged": True},
        ),
        Example(
            "fargate-container",
            "container.linuxParameters.swappiness",
            {**FARGATE, "container.linuxParameters": {"swappiness": 0}},
            {**FARGATE, "container.linuxParameters": {"initProcessEnabled": True}},
        ),
        Example(
            "fargate-container",
            "container.logConfiguration.logDriver",
            {**FARGATE, "container.logConfiguration": {"logDriver": "syslog"}},
            {**FARGATE, "container.logConfiguration": {"logDriver": "splunk"}},
        ),
        Example(
            "fargate-container",
            "container.volumes.data.host",
            {**FARGATE, "container.volumes": [{"name": "data", "host": {"sourcePath": "/data"}}]},
            {**FARGATE, "container.volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
        ),
        Example("execution-role", "container", {**FARGATE, "container.executionRoleArn": GONE}, {}, "warning"),
        Example(
            "execution-role",
            "container",
            {**FARGATE, "container.executionRoleArn": GONE, **DEPLOYS},
            {**FARGATE, "container.executionRoleArn": GONE, "deployment": {"executionRoleArn": "role"}},
        ),
    ],
    "V-24": [
        *(
            Example(
                "ephemeral-storage",
                "container.ephemeralStorage.sizeInGiB",
                {**FARGATE, "container.ephemeralStorage": {"sizeInGiB": bad}},
                {**FARGATE, "container.ephemeralStorage": {"sizeInGiB": good}},
            )
            for bad, good in ((20, 21), (201, 200))
        ),
        Example(
            "ephemeral-storage", "container.ephemeralStorage", {"container.ephemeralStorage": {"sizeInGiB": 30}}, {}
        ),
    ],
    "V-25": [
        Example("attempts", "task.retryStrategy", {"task.retryStrategy": {}}, {"task.retryStrategy": GONE}),
        Example(
            "attempts",
            "job.retryStrategy.attempts",
            {"job.retryStrategy": {"attempts": 11}},
            {"job.retryStrategy": {"attempts": 10}},
        ),
        Example(
            "attempts",
            "task.retryStrategy.evaluateOnExit",
            retried(*[EXIT_OTHERWISE] * 6),
            retried(*[EXIT_OTHERWISE] * 5),
        ),
        Example(
            "attempts", "task.retryStrategy.evaluateOnExit.0", retried({"action": "EXIT"}), retried(EXIT_OTHERWISE)
        ),
        *(
            Example(
                "attempts",
                f"task.retryStrategy.evaluateOnExit.0.{member}",
                retried({member: bad, "action": "exit"}),
                retried({member: good, "action": "exit"}),
            )
            for member, bad, good in (
                ("onExitCode", "1x", "1*"),
                ("onReason", "*x", "x*"),
                ("onStatusReason", "Host EC2 (instance i-*", "Host EC2*"),
                ("onReason", "x" * 513, "x" * 512),
            )
        ),
    ],
    "V-26": [
        Example(
            "retries-everything",
            "task.retryStrategy.evaluateOnExit",
            retried(RETRY_HOSTS),
            retried(RETRY_HOSTS, EXIT_OTHERWISE),
            "warning",
        ),
        Example(
            "retries-everything",
            "task.retryStrategy.evaluateOnExit",
            retried(RETRY_HOSTS, {"onReason": "*", "onExitCode": "1", "action": "EXIT"}),
            retried({"onExitCode": "1", "action": "EXIT"}),
            "warning",
        ),
    ],
    "V-27": [
        Example("spot-attempts", "task", {**SPOT, "task.retryStrategy": GONE}, SPOT, "warning"),
        Example(
            "spot-attempts",
            "job.retryStrategy",
            {**FARGATE_SPOT, "job.retryStrategy": {"attempts": 1}},
            {"job.retryStrategy": {"attempts": 1}},
            "warning",
        ),
        Example(
            "long-on-spot", "job.runtime", {**SPOT, "job.runtime": "61m"}, {**SPOT, "job.runtime": "1h"}, "warning"
        ),
    ],
    "V-28": [
        Example(
            "spot-retry",
            "task.retryStrategy.evaluateOnExit",
            {**FARGATE_SPOT, **retried(RETRY_HOSTS)},
            {**SPOT, **retried(RETRY_HOSTS)},
            "warning",
        ),
        Example(
            "spot-retry",
            "task.retryStrategy.evaluateOnExit",
            {**FARGATE_SPOT, **retried(RETRY_HOSTS, EXIT_OTHERWISE)},
            {**FARGATE_SPOT, **retried(RETRY_HOSTS, RETRY_TASKS, EXIT_OTHERWISE)},
            "warning",
        ),
        Example(
            "spot-retry",
            "task.retryStrategy.evaluateOnExit",
            {**SPOT, **retried(EXIT_OTHERWISE, RETRY_HOSTS)},
            {**SPOT, **retried(RETRY_HOSTS, EXIT_OTHERWISE)},
            "warning",
        ),
    ],
    "V-29": [
        Example(
            "timeout",
            "job.timeout.attemptDurationSeconds",
            {"job.timeout": {"attemptDurationSeconds": 59}, "job.runtime": 1},
            {"job.timeout": {"attemptDurationSeconds": 60}, "job.runtime": 1},
        ),
        Example(
            "short-timeout",
            "task.timeout.attemptDurationSeconds",
            {"task.timeout": {"attemptDurationSeconds": 599}},
            {"task.timeout": {"attemptDurationSeconds": 600}},
            "warning",
        ),
        Example(
            "short-timeout",
            "task.timeout.attemptDurationSeconds",
            {
                "task.timeout": {"attemptDurationSeconds": 1000},
                "job.runtime": {"lognormal": {"median": 600, "p95": 1001}},
            },
            {
                "task.timeout": {"attemptDurationSeconds": 1000},
                "job.runtime": {"lognormal": {"median": 600, "p95": 999}},
            },
            "warning",
        ),
        Example(
            "long-on-fargate",
            "job.runtime",
            {**FARGATE, "job.runtime": "15d"},
            {**FARGATE, "job.runtime": "14d"},
            "warning",
        ),
    ],
    "V-30": [
        Example(
            "never-placeable",
            "job.jobDefinition",
            {"container.resourceRequirements": asks("1", "15665")},
            {"container.resourceRequirements": asks("1", "15664")},
            "warning",
        ),
        Example("never-placeable", "job.jobDefinition", {"fleet.state": "DISABLED"}, {}, "warning"),
    ],
    "V-31": [
        Example(
            "memory-cliff",
            "container.resourceRequirements.1.value",
            {**on("EC2", "m6i"), "container.resourceRequirements": asks("2", "8192")},
            {**on("EC2", "m6i"), "container.resourceRequirements": asks("2", "7700")},
            "warning",
        ),
        Example(
            "memory-cliff",
            "job.containerOverrides.resourceRequirements.0.value",
            {
                **on("EC2", "m6i"),
                "job.containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "7900"}]},
            },
            # Nothing with so many vCPUs has so little memory.
            {**on("EC2", "m6i"), "job.containerOverrides": {"resourceRequirements": asks("16", "7900")}},
            "warning",
        ),
    ],
    "V-32": [
        Example(
            "above-max-vcpus",
            "job.jobDefinition",
            {"resources.maxvCpus": 3, "container.resourceRequirements": asks("4", "1024")},
            {"resources.maxvCpus": 4, "container.resourceRequirements": asks("4", "1024")},
            "warning",
        ),
        Example(
            "above-max-vcpus", "job.jobDefinition", {"resources.maxvCpus": 0}, {"resources.maxvCpus": 1}, "warning"
        ),
        Example("node-vcpus", "job.jobQueue", nodes(17, "0:16"), nodes(16, "0:15"), "warning"),
    ],
    "V-33": [
        Example(
            "no-gpu-type",
            "job.jobDefinition",
            {"container.resourceRequirements": gpu()},
            {**on("EC2", "g4dn"), "container.resourceRequirements": gpu()},
            "warning",
        ),
        Example(
            "gpu-types",
            "resources.instanceTypes",
            on("EC2", "g4dn"),
            {**on("EC2", "g4dn"), "container.resourceRequirements": gpu()},
            "info",
        ),
        Example(
            "gpu-types",
            "resources.instanceTypes",
            {**on("EC2", "g4dn", "m6i"), "container.resourceRequirements": gpu()},
            {**on("EC2", "g4dn", "g5"), "container.resourceRequirements": gpu()},
            "warning",
        ),
    ],
    "V-34": [
        Example("nodes", "task.nodeProperties.numNodes", nodes(1001, "0:"), nodes(1000, "0:")),
        Example("nodes", "task.nodeProperties.mainNode", nodes(2, "0:1", main=2), nodes(2, "0:1", main=1)),
        Example("nodes", "task.nodeProperties.nodeRangeProperties", nodes(4, "0:1", "3:"), nodes(4, ":1", "2:", "3:3")),
        Example("nodes", "task.nodeProperties.nodeRangeProperties", nodes(4, *["0:"] * 6), nodes(4, *["0:"] * 5)),
        Example("nodes", "task.nodeProperties.nodeRangeProperties.0.targetNodes", nodes(4, "0-3"), nodes(4, "0:3")),
        Example(
            "nodes",
            "task.platformCapabilities",
            nodes(2, "0:", platformCapabilities=["FARGATE"]),
            nodes(2, "0:", platformCapabilities=["EC2"]),
        ),
        Example(
            "node-types",
            "task.nodeProperties.nodeRangeProperties.1.instanceTypes.0",
            nodes(2, "0:0", "1:", types=("c6i.xlarge", "m6i.xlarge")),
            nodes(2, "0:0", "1:"),
        ),
        Example(
            "node-queue", "job.jobQueue", {**SPOT, **nodes(2, "0:")}, {**SPOT, **behind(beside()), **nodes(2, "0:")}
        ),
        Example(
            "node-overrides",
            "job.nodeOverrides.numNodes",
            {**nodes(2, "0:1"), "job.nodeOverrides": {"numNodes": 3}},
            {**nodes(2, "0:"), "job.nodeOverrides": {"numNodes": 3}},
        ),
    ],
    "V-35": [
        *(
            Example(
                "array",
                "job.arrayProperties.size",
                {"job.arrayProperties": {"size": bad}},
                {"job.arrayProperties": {"size": good}},
            )
            for bad, good in ((1, 2), (10_001, 10_000))
        ),
        Example(
            "reference",
            "job.jobQueue",
            {"job.jobQueue": "quue"},
            {"job.jobQueue": "arn:aws:batch:us-east-1:1:job-queue/queue"},
        ),
        Example("reference", "job.jobDefinition", {"job.jobDefinition": "tsk"}, {"job.jobDefinition": "task:3"}),
        Example(
            "duplicate-job",
            "workload.work.jobs.job.jobName",
            {"workload.work.jobs.+": job("job")},
            {"workload.work.jobs.+": job()},
        ),
        *(
            Example(
                "dependency",
                f"workload.work.jobs.next.dependsOn{at}",
                {"workload.work.jobs.+": job(**bad)},
                {"workload.work.jobs.+": job(**good)},
            )
            for at, bad, good in (
                ("", {"dependsOn": [{"jobName": "job"}] * 21}, {"dependsOn": [{"jobName": "job"}] * 20}),
                ("", {"dependsOn": [{"jobName": "next"}]}, {"dependsOn": [{"jobName": "job"}]}),
                (".jbo.jobName", {"dependsOn": [{"jobName": "jbo"}]}, {"dependsOn": [{"jobName": "job"}]}),
                (
                    ".0",
                    {"dependsOn": [{"type": "SEQUENTIAL"}]},
                    {"arrayProperties": {"size": 2}, "dependsOn": [{"type": "SEQUENTIAL"}]},
                ),
                (".job", {"arrayProperties": {"size": 2}, "dependsOn": [{"jobName": "job", "type": "N_TO_N"}]}, {}),
            )
        ),
        Example(
            "dependency",
            "workload.work.jobs.next.dependsOn.job",
            {
                "job.arrayProperties": {"size": 2},
                "workload.work.jobs.+": job(
                    arrayProperties={"size": 3}, dependsOn=[{"jobName": "job", "type": "N_TO_N"}]
                ),
            },
            {
                "job.arrayProperties": {"size": 3},
                "workload.work.jobs.+": job(
                    arrayProperties={"size": 3}, dependsOn=[{"jobName": "job", "type": "N_TO_N"}]
                ),
            },
        ),
    ],
    "V-36": [
        Example(
            "consumable-quantity",
            "batch.consumableResources.licence.totalQuantity",
            consumes(0, total=-1),
            consumes(0, total=0),
        ),
        *(
            Example(
                "consumable-quantity",
                f"task.consumableResourceProperties.consumableResourceList.0.{member}",
                consumes(**{argument: bad}, **more),
                consumes(**{argument: good}, **more),
            )
            for member, argument, bad, good, more in (
                ("quantity", "quantity", 3, 2, {}),
                ("quantity", "quantity", -1, 0, {}),
                (
                    "consumableResource",
                    "name",
                    "licnce",
                    "arn:aws:batch:us-east-1:1:consumable-resource/licence",
                    {"quantity": 1},
                ),
            )
        ),
    ],
    "V-37": [
        Example("platform", "job.jobDefinition", {"resources": FARGATE["resources"]}, FARGATE),
        Example("platform", "job.jobDefinition", FOR_FARGATE, {}),
        Example(
            "platform",
            "task.platformCapabilities",
            {**MANAGED, "task.platformCapabilities": ["MANAGED_INSTANCES"]},
            {**MANAGED, **ecs({}), "task.platformCapabilities": ["MANAGED_INSTANCES"]},
        ),
        Example(
            "ec2-container",
            "container.networkConfiguration",
            {"container.networkConfiguration": {"assignPublicIp": "ENABLED"}},
            {**FARGATE, "container.networkConfiguration": {"assignPublicIp": "ENABLED"}},
        ),
    ],
    "V-38": [
        Example(
            "definition-size", "task", {"container.command": ["x" * 24_576]}, {"container.command": ["x" * 24_000]}
        ),
        Example(
            "submission-size", "job", {"job.parameters": {"p": "x" * 30_720}}, {"job.parameters": {"p": "x" * 30_500}}
        ),
        Example(
            "submission-size",
            "job.containerOverrides",
            {"job.containerOverrides": {"command": ["x" * 8192]}},
            {"job.containerOverrides": {"command": ["x" * 8100]}},
            "warning",
        ),
        Example(
            "tags",
            "queue.tags",
            {"queue.tags": {str(n): "" for n in range(51)}},
            {"queue.tags": {str(n): "" for n in range(50)}},
        ),
        Example("tags", "fleet.tags.key", {"fleet.tags": {"key": "x" * 257}}, {"fleet.tags": {"key": "x" * 256}}),
        Example(
            "tags",
            "job.tags",
            {"job.tags": {"own": ""}, "task.tags": {str(n): "" for n in range(50)}, "task.propagateTags": True},
            {"job.tags": {"own": ""}, "task.tags": {str(n): "" for n in range(50)}},
        ),
        Example("image-name", "container.image", {"container.image": "x" * 256}, {"container.image": "x" * 255}),
        Example(
            "reserved-variable",
            "container.environment.AWS_BATCH_X.name",
            {"container.environment": [{"name": "AWS_BATCH_X", "value": "1"}]},
            {"container.environment": [{"name": "MY_AWS_BATCH", "value": "1"}]},
        ),
    ],
    "V-39": [
        Example(
            "quota",
            "batch.jobQueues",
            {"batch.jobQueues": [{**OTHER_QUEUE, "jobQueueName": f"q{n}"} for n in range(51)]},
            {"batch.jobQueues": [{**OTHER_QUEUE, "jobQueueName": f"q{n}"} for n in range(50)]},
        ),
        Example(
            "submission-rate",
            "workload.work.arrivals",
            {"duration": "1h", "workload.work.arrivals": {"poisson": {"rate": "51/s"}}},
            {"duration": "1h", "workload.work.arrivals": {"poisson": {"rate": "49/s"}}},
            "warning",
        ),
        Example(
            "submission-rate",
            "workload.work.arrivals",
            {"duration": "1h", "workload.work.arrivals": {"every": 0.03}, "workload.work.jobs.+": job()},
            {"duration": "1h", "workload.work.arrivals": {"every": 0.05}, "workload.work.jobs.+": job()},
            "warning",
        ),
    ],
    "V-40": [
        Example("spot-only", "queue.computeEnvironmentOrder", SPOT, {**SPOT, **behind(beside())}, "info"),
        Example("spot-only", "queue.computeEnvironmentOrder", FARGATE_SPOT, {**FARGATE_SPOT, **limit()}, "info"),
        Example("spot-diversity", "resources.instanceTypes", on("SPOT", "c6i.xlarge", "c6i.large"), SPOT, "warning"),
    ],
    "V-41": [
        Example(
            "unused",
            "batch.computeEnvironments.other.computeEnvironmentName",
            {"batch.computeEnvironments.+": beside()},
            behind(beside()),
            "warning",
        ),
        Example(
            "unused",
            "batch.jobQueues.second.jobQueueName",
            {"batch.jobQueues.+": OTHER_QUEUE},
            TO_OTHER_QUEUE,
            "warning",
        ),
        Example(
            "unused",
            "batch.jobDefinitions.idle.jobDefinitionName",
            {
                "batch.jobDefinitions.+": {
                    "jobDefinitionName": "idle",
                    "type": "container",
                    "platformCapabilities": ["FARGATE"],
                }
            },
            {"batch.jobDefinitions.+": {"jobDefinitionName": "idle", "type": "container"}},
            "warning",
        ),
    ],
    "V-42": [
        Example("minimum-cost", "resources.minvCpus", {"resources.minvCpus": 4}, {"resources.minvCpus": 0}, "info")
    ],
    "V-43": [
        Example(
            "shared-environment",
            "batch.jobQueues.second.priority",
            TO_OTHER_QUEUE,
            {**behind(beside()), **TO_OTHER_QUEUE, "queue.computeEnvironmentOrder": order("other")},
            "info",
        ),
        Example(
            "shared-environment",
            "batch.jobQueues.second.priority",
            {**TO_OTHER_QUEUE, "queue.priority": 2},
            {},
            "warning",
        ),
    ],
    "V-44": [
        Example(
            "best-fit", "resources.allocationStrategy", {"resources.allocationStrategy": "BEST_FIT"}, {}, "warning"
        ),
        Example("best-fit", "resources", {"resources.allocationStrategy": GONE}, FARGATE, "warning"),
    ],
    "V-45": [
        Example("overshoot", "resources.maxvCpus", {"resources.maxvCpus": 3}, {"resources.maxvCpus": 4}, "warning"),
        Example(
            "overshoot",
            "resources.maxvCpus",
            {**SPOT, "resources.maxvCpus": 3, "resources.allocationStrategy": "BEST_FIT"},
            {"resources.maxvCpus": 3, "resources.allocationStrategy": "BEST_FIT"},
            "warning",
        ),
    ],
    "V-46": [
        Example("short-jobs", "job.runtime", {"job.runtime": 179}, {"job.runtime": 180}, "info"),
        Example(
            "short-jobs",
            "job.runtime",
            {"job.runtime": {"exponential": {"mean": 60}}},
            {"job.runtime": 60, "resources.minvCpus": 4},
            "info",
        ),
    ],
    "V-47": [
        Example(
            "not-simulated",
            "fleet.eksConfiguration",
            {"fleet.eksConfiguration": {"eksClusterArn": "a", "kubernetesNamespace": "b"}},
            {},
        ),
        Example(
            "not-simulated",
            ("batch.schedulingPolicies", "batch.schedulingPolicies.policy.quotaSharePolicy"),
            {
                "batch.schedulingPolicies": [
                    {"name": "policy", "quotaSharePolicy": {"idleResourceAssignmentStrategy": "FIFO"}}
                ]
            },
            {},
        ),
        Example(
            "not-simulated",
            "queue.serviceEnvironmentOrder",
            {"queue.serviceEnvironmentOrder": [{"order": 1, "serviceEnvironment": "s"}]},
            {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}},
        ),
    ],
    "V-48": [
        Example("unknown-key", "resources.maxvCpu", {"resources.maxvCpu": 4}, {}),
        Example("unknown-key", "job.runtimes", {"job.runtimes": 4}, {}),
    ],
    "V-49": [
        Example("optimal", "resources.instanceTypes.0", on("EC2", "optimal"), on("EC2", "default_x86_64"), "warning"),
    ],
}
