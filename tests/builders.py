"""Small scenarios: the smallest valid thing, with what matters to a test changed by keyword."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from batchsim.scenario.loading import from_mapping
from batchsim.scenario.scenario import Scenario


def environment(name: str = "fleet", **resources: Any) -> dict[str, Any]:
    """An EC2 environment of c6i.large; keywords change its computeResources."""
    values = {
        "type": "EC2",
        "allocationStrategy": "BEST_FIT_PROGRESSIVE",
        "minvCpus": 0,
        "maxvCpus": 64,
        "instanceTypes": ["c6i.large"],
        **resources,
    }
    if values["type"].startswith("FARGATE"):
        values = {"type": values["type"], "maxvCpus": values["maxvCpus"]}
    return {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": values}


def unmanaged(vcpus: int, name: str = "servers") -> dict[str, Any]:
    """The textbook's c servers."""
    return {"computeEnvironmentName": name, "type": "UNMANAGED", "unmanagedvCpus": vcpus}


def queue(name: str = "queue", *environments: str, priority: int = 1) -> dict[str, Any]:
    """A job queue."""
    order = [{"order": number, "computeEnvironment": each} for number, each in enumerate(environments or ("fleet",))]
    return {"jobQueueName": name, "priority": priority, "computeEnvironmentOrder": order}


def definition(name: str = "task", vcpus: str = "1", memory: str = "1024", **members: Any) -> dict[str, Any]:
    """A job definition."""
    requirements = [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}]
    container = {"image": "busybox", "resourceRequirements": requirements}
    return {"jobDefinitionName": name, "type": "container", "containerProperties": container, **members}


def job(name: str = "job", runtime: Any = 60, **members: Any) -> dict[str, Any]:
    """A job of a workflow."""
    return {"jobName": name, "jobQueue": "queue", "jobDefinition": "task", "runtime": runtime, **members}


def workflow(*jobs: dict[str, Any], name: str = "work", **members: Any) -> dict[str, Any]:
    """A workflow that arrives once at second 0."""
    return {"workflow": name, "jobs": list(jobs or (job(),)), **members}


def scenario(
    *workload: dict[str, Any],
    environments: Sequence[dict[str, Any]] = (),
    queues: Sequence[dict[str, Any]] = (),
    definitions: Sequence[dict[str, Any]] = (),
    ideal: bool = True,
    base: Path | str = ".",
    settings: dict[str, Any] | None = None,
    **members: Any,
) -> Scenario:
    """A scenario; without settings every delay is zero."""
    chosen = list(environments or (environment(),))
    names = [each["computeEnvironmentName"] for each in chosen]
    return from_mapping(
        {
            "name": "test",
            "batch": {
                "computeEnvironments": chosen,
                "jobQueues": list(queues or (queue("queue", *names),)),
                "jobDefinitions": list(definitions or (definition(),)),
            },
            "workload": list(workload or (workflow(),)),
            "environment": {**({"preset": "ideal"} if ideal else {}), **(settings or {})},
            **members,
        },
        base=base,
    )
