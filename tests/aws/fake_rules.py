"""What AWS Batch refuses, in its own words where they are public."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from batchsim.catalog.fargate import is_legal

NAME = r"[A-Za-z0-9_-]{1,128}"
NOT_ON_FARGATE = ("allocationStrategy", "minvCpus", "desiredvCpus", "instanceTypes", "instanceRole", "bidPercentage")


class RefusedError(Exception):
    """AWS's ClientException."""


def check_allowed(value: Any, shape: Any) -> None:
    """Refuse what is not in the model's lists; retry actions go in any case."""
    for word, inner in _scalars(value, shape):
        allowed = list(getattr(inner, "enum", ()))
        if allowed and word not in allowed and not (inner.name == "RetryAction" and word.upper() in allowed):
            raise RefusedError(f"{word} is not one of {', '.join(allowed)}")


def _scalars(value: Any, shape: Any) -> Iterator[tuple[Any, Any]]:
    if shape.type_name == "structure":
        for member, content in value.items():
            yield from _scalars(content, shape.members[member])
    elif shape.type_name == "list":
        for item in value:
            yield from _scalars(item, shape.member)
    elif shape.type_name == "string":
        yield value, shape


def check_environment(request: Mapping[str, Any]) -> None:
    """API CreateComputeEnvironment, ComputeResource."""
    if not re.fullmatch(NAME, request["computeEnvironmentName"]):
        raise RefusedError("invalid computeEnvironmentName")
    if request.get("state", "ENABLED") != "ENABLED":
        raise RefusedError("a compute environment must be created ENABLED")
    if request["type"] == "UNMANAGED":
        if "computeResources" in request or "aws-service-role" in request.get("serviceRole", "aws-service-role"):
            raise RefusedError("an UNMANAGED environment needs a serviceRole and has no computeResources")
        return
    resources = request.get("computeResources")
    if not resources:
        raise RefusedError("computeResources must be provided for a MANAGED compute environment")
    kind = resources["type"]
    if kind.startswith("FARGATE"):
        for member in NOT_ON_FARGATE:
            if member in resources:
                raise RefusedError(f"{member} is not applicable for Fargate.")
        needed = ["subnets", "securityGroupIds"]
    elif kind == "ECS_MANAGED_INSTANCES":
        for member in (*NOT_ON_FARGATE, "subnets", "securityGroupIds"):
            if member in resources:
                raise RefusedError(f"{member} is not applicable for ECS_MANAGED_INSTANCES.")
        needed = ["managedInstancesProvider"]
    else:
        needed = ["subnets", "instanceRole", "instanceTypes"]
        needed += [] if "launchTemplate" in resources else ["securityGroupIds"]
        strategy = resources.get("allocationStrategy", "BEST_FIT")
        if strategy.startswith("SPOT") and kind == "EC2":
            raise RefusedError(f"Invalid compute resource allocation strategy {strategy} for type EC2")
        needed += ["spotIamFleetRole"] if (kind, strategy) == ("SPOT", "BEST_FIT") else []
        if resources.get("minvCpus", 0) > resources["maxvCpus"]:
            raise RefusedError("minvCpus must not be above maxvCpus")
    for member in needed:
        if not resources.get(member):
            raise RefusedError(f"{member} must be provided for {kind}")


def check_queue(entries: list[dict[str, Any]], kinds: list[Any]) -> None:
    """API CreateJobQueue, ComputeEnvironmentOrder."""
    if not 1 <= len(entries) <= 3 or len({entry["order"] for entry in entries}) < len(entries):
        raise RefusedError("1 to 3 compute environments in distinct order")
    if len({str(kind).partition("_")[0].replace("SPOT", "EC2") for kind in kinds}) > 1:
        raise RefusedError("compute environments of several platforms can't be mixed")


def check_definition(request: Mapping[str, Any]) -> None:
    """API RegisterJobDefinition."""
    if not re.fullmatch(NAME, request["jobDefinitionName"]):
        raise RefusedError("invalid jobDefinitionName")
    if "retryStrategy" in request:
        attempts = request["retryStrategy"].get("attempts")
        if attempts is None:
            raise RefusedError("RetryAttempts must be provided with retry strategy")
        if not 1 <= attempts <= 10:
            raise RefusedError("attempts must be between 1 and 10")
    if request.get("timeout", {}).get("attemptDurationSeconds", 60) < 60:
        raise RefusedError("attemptDurationSeconds must be 60 or more")
    if len(request.get("tags", {})) > 50:
        raise RefusedError("50 tags at most")
    if "containerProperties" in request:
        container = request["containerProperties"]
        asked = {entry["type"]: entry["value"] for entry in container.get("resourceRequirements", [])}
        if "VCPU" not in asked and "vcpus" not in container:
            raise RefusedError("vCPU is not provided.")
        if "FARGATE" in request.get("platformCapabilities", ()):
            vcpus, memory = float(asked["VCPU"]), int(asked["MEMORY"])
            if not is_legal(vcpus, memory):
                raise RefusedError(f"Fargate resource requirements ({vcpus:.2f} vCPU, {memory} MiB) not valid.")
            if "executionRoleArn" not in container:
                raise RefusedError("executionRoleArn must be provided for Fargate")


def check_submission(
    request: Mapping[str, Any], queue: Mapping[str, Any], definition: Mapping[str, Any], jobs: Mapping[str, Any]
) -> None:
    """API SubmitJob."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", request["jobName"]):
        raise RefusedError("invalid jobName")
    if queue["state"] == "DISABLED":
        raise RefusedError("Cannot submit, JobQueue is disabled")
    if ("schedulingPolicyArn" in queue) != ("shareIdentifier" in request):
        raise RefusedError("shareIdentifier is for queues with a scheduling policy, and required there")
    if not 2 <= request.get("arrayProperties", {}).get("size", 2) <= 10_000:
        raise RefusedError("array size must be between 2 and 10000")
    dependencies = request.get("dependsOn", [])
    if len(dependencies) > 20:
        raise RefusedError("Job cannot have more than 20 dependencies")
    for entry in dependencies:
        needed = jobs.get(entry.get("jobId"))
        if "jobId" in entry and needed is None:
            raise RefusedError(f"{entry['jobId']} does not exist")
        if "jobId" not in entry and ("arrayProperties" not in request or entry.get("type") != "SEQUENTIAL"):
            raise RefusedError("a dependency without a job is SEQUENTIAL, of an array")
        if entry.get("type") == "N_TO_N" and needed is not None:
            sizes = [each.get("arrayProperties", {}).get("size") for each in (request, needed)]
            if sizes[0] != sizes[1]:
                raise RefusedError("N_TO_N needs arrays of one size")
