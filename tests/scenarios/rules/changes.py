"""Changes of the base scenario, in the words of AWS Batch."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.scenarios.rules.base import BASE, NETWORK, ON_EC2

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
FOR_MANAGED: Change = {
    **ecs({"name": "main"}),
    "task.platformCapabilities": ["MANAGED_INSTANCES"],
    "task.retryStrategy": BASE["batch"]["jobDefinitions"][0]["retryStrategy"],
}
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
