"""The scenarios of the cases, in AWS's own request shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchsim.scenario.loading import from_mapping
from batchsim.scenario.scenario import Scenario
from batchsim.units import HOUR

Mapping = dict[str, Any]


def unmanaged(vcpus: int, name: str = "servers") -> Mapping:
    """So many servers."""
    return {"computeEnvironmentName": name, "type": "UNMANAGED", "unmanagedvCpus": vcpus}


def fleet(kind: str, least: int, most: int, name: str = "servers") -> Mapping:
    """Instances of 2 vCPUs, or Fargate."""
    resources: Mapping = {"type": kind, "maxvCpus": most}
    if not kind.startswith("FARGATE"):
        strategy = "SPOT_CAPACITY_OPTIMIZED" if kind == "SPOT" else "BEST_FIT_PROGRESSIVE"
        types = {"instanceTypes": ["c6i.large"], "subnets": ["one"]}
        resources |= {"allocationStrategy": strategy, "minvCpus": least, **types}
    return {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": resources}


def queue(name: str = "queue", environment: str = "servers", priority: int = 1) -> Mapping:
    """A queue before one environment."""
    order = [{"order": 1, "computeEnvironment": environment}]
    return {"jobQueueName": name, "priority": priority, "computeEnvironmentOrder": order}


def definition(name: str = "task", vcpus: float = 1, **members: Any) -> Mapping:
    """What jobs ask for."""
    asked = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": "2048"}]
    container = {"image": "busybox", "resourceRequirements": asked}
    return {"jobDefinitionName": name, "type": "container", "containerProperties": container, **members}


def job(runtime: Any, name: str = "job", **members: Any) -> Mapping:
    """A job."""
    return {"jobName": name, "jobQueue": "queue", "jobDefinition": "task", "runtime": runtime, **members}


def exponential(mean: float) -> Mapping:
    """A run time."""
    return {"exponential": {"mean": mean}}


def poisson(per_s: float) -> Mapping:
    """Random arrivals."""
    return {"poisson": {"rate": per_s * HOUR}}


def workflow(arrivals: Mapping, *jobs: Mapping, name: str = "work") -> Mapping:
    """Jobs that are submitted together."""
    return {"workflow": name, "arrivals": arrivals, "jobs": list(jobs)}


def scenario(
    duration_s: float | None,
    *workload: Mapping,
    environments: Sequence[Mapping],
    queues: Sequence[Mapping] = (),
    definitions: Sequence[Mapping] = (),
    settings: Mapping | None = None,
    **members: Any,
) -> Scenario:
    """A scenario without delays and interruptions, but for those in its settings."""
    return from_mapping(
        {
            "name": "validation",
            **({} if duration_s is None else {"duration": duration_s}),
            "environment": {"preset": "ideal", **(settings or {})},
            "batch": {
                "computeEnvironments": list(environments),
                "jobQueues": list(queues) or [queue()],
                "jobDefinitions": list(definitions) or [definition()],
            },
            "workload": list(workload),
            **members,
        }
    )
