"""What differs between a request and what AWS describes, and whether AWS can change it in place.

AWS Batch User Guide, *Update a compute environment*; API UpdateComputeEnvironment, ComputeResourceUpdate,
UpdateJobQueue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from batchsim.aws.deployment.inventory import DIGEST, Existing
from batchsim.scenario.document.access import base_name, dig

Path = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One member that differs."""

    path: Path
    before: Any
    after: Any
    #: Why AWS can't change it in place; empty when it can.
    obstacle: str = ""


_PROVIDER: Path = ("computeResources", "managedInstancesProvider")
_LAUNCHED: Path = (*_PROVIDER, "instanceLaunchTemplate")
#: Members of managed instances for which no value is documented that would take them back.
_STAYS: tuple[Path, ...] = (
    (*_LAUNCHED, "instanceRequirements", "allowedInstanceTypes"),
    (*_LAUNCHED, "capacityReservations"),
)
#: What AWS takes for granted where a request says nothing; documented values that take a setting back.
_UNSAID: dict[str, dict[Path, Any]] = {
    "computeEnvironments": {
        ("computeResources", "minvCpus"): 0,
        ("computeResources", "bidPercentage"): 100,
        ("computeResources", "scalingPolicy", "minScaleDownDelayMinutes"): 0,
        ("computeResources", "ec2KeyPair"): "",
        ("computeResources", "imageId"): "",
        ("computeResources", "launchTemplate"): {"launchTemplateId": ""},
        ("computeResources", "placementGroup"): "",
        ("computeResources", "allocationStrategy"): "BEST_FIT",
        (*_LAUNCHED, "capacityOptionType"): "ON_DEMAND",
        (*_PROVIDER, "propagateTags"): "NONE",
    },
    "jobQueues": {("jobStateTimeLimitActions",): [], ("schedulingPolicyArn",): None},
    "schedulingPolicies": {},
    "consumableResources": {("resourceType",): "REPLENISHABLE"},
}
#: Batch's own variable: it follows the load.
_NOT_COMPARED = {("computeResources", "desiredvCpus")}
_UNORDERED = {"subnets", "securityGroupIds", "securityGroups", "allowedInstanceTypes"}
_SCALING = {("state",), ("unmanagedvCpus",), ("context",)} | {
    ("computeResources", *steps)
    for steps in [("minvCpus",), ("maxvCpus",), ("scalingPolicy", "minScaleDownDelayMinutes")]
}
#: Members of these paths can't be updated at all.
_FIXED: dict[str, set[Path]] = {
    "computeEnvironments": {
        ("type",),
        ("computeResources", "spotIamFleetRole"),
        ("eksConfiguration",),
        (*_LAUNCHED, "capacityOptionType"),
        (*_LAUNCHED, "fipsEnabled"),
    },
    "jobQueues": {("jobQueueType",)},
    "schedulingPolicies": set(),
    "consumableResources": {("resourceType",)},
}
#: Members that are exchanged in place, and neither added nor taken away.
_KINDS_OF_SCHEDULING: dict[Path, str] = {
    ("schedulingPolicyArn",): "a queue keeps its kind of scheduling",
    ("fairsharePolicy",): "a policy keeps its kind",
    ("quotaSharePolicy",): "a policy keeps its kind",
}
_LINKED_ROLE = "/aws-service-role/batch.amazonaws.com/"


def digest(request: dict[str, Any]) -> str:
    """A digest of a job definition's request: the same for the same request."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:16]


def differences(request: dict[str, Any], existing: Existing) -> list[Difference]:
    """What an update would change; tags of the object itself included, under ``tags``."""
    described = existing.description
    if existing.kind == "jobDefinitions":
        return _of_definition(request, existing)
    found = list(_given(request, described, ()))
    seen = {difference.path for difference in found}
    for path, value in _UNSAID[existing.kind].items():
        before = dig(described, *path)
        if dig(request, *path) is None and path not in seen and before not in (None, value):
            found.append(Difference(path, before, value))
    found = [replace(each, obstacle=_obstacle(each, request, existing)) for each in found]
    return [*found, *_not_taken_back(request, existing)]


def _not_taken_back(request: dict[str, Any], existing: Existing) -> Iterator[Difference]:
    """What managed instances have and a request no longer says: only other ones go without it."""
    if dig(request, *_PROVIDER) is None or existing.kind != "computeEnvironments":
        return
    for path in _STAYS:
        before = dig(existing.description, *path)
        if before and not dig(request, *path):
            yield Difference(path, before, None, f"{path[-1]} can't be taken back")


def is_by_schedule(change: Difference, scheduled: Sequence[tuple[Path, Any]]) -> bool:
    """Whether a member differs because a schedule has set it since, which a deployment must not take back.

    Parameters
    ----------
    scheduled : sequence of (path, value)
        What schedules set of the object.
    """
    return any(
        change.path[: len(path)] == path
        and _same(change.path[-1], dig(value, *change.path[len(path) :]), change.before)
        for path, value in scheduled
    )


def _of_definition(request: dict[str, Any], existing: Existing) -> list[Difference]:
    """AWS adds members of its own to a description; the digest tells whether the request is another one."""
    if request["tags"][DIGEST] == existing.tags.get(DIGEST):
        return []
    found = [each for each in _given(request, existing.description, ()) if each.path[-1] != DIGEST]
    return found or [Difference(("members no longer given",), None, None)]


def _given(request: Any, described: Any, path: Path) -> Iterator[Difference]:
    """Members of a request that the description has otherwise."""
    for member, after in request.items():
        here = (*path, member)
        before = described.get(member) if isinstance(described, dict) else None
        if here in _NOT_COMPARED or (not path and member.endswith("Name")):
            continue
        if isinstance(after, dict) and isinstance(before, dict):
            yield from _given(after, before, here)
        elif not _same(member, after, before) and not _goes_without_saying(here, after, before):
            yield Difference(here, before, after)


def _goes_without_saying(path: Path, after: Any, before: Any) -> bool:
    """Whether a request says what AWS takes for granted and does not describe."""
    return before is None and any(after == values[path] for values in _UNSAID.values() if path in values)


def _same(member: str, after: Any, before: Any) -> bool:
    if after == before or (before is None and after in ([], {})):
        return True
    if isinstance(after, str) and isinstance(before, str):
        # A name and the ARN of the object with that name.
        return (after.startswith("arn:") != before.startswith("arn:")) and base_name(after) == base_name(before)
    return isinstance(after, list) and isinstance(before, list) and _same_list(member, after, before)


def _same_list(member: str, after: list[Any], before: list[Any]) -> bool:
    if member in _UNORDERED:
        return sorted(after) == sorted(before)
    if member == "computeEnvironmentOrder":
        after, before = (sorted(entries, key=lambda entry: int(entry["order"])) for entries in (after, before))
    return len(after) == len(before) and all(_alike(one, other) for one, other in zip(after, before, strict=True))


def _alike(after: Any, before: Any) -> bool:
    """Whether one entry of a list says nothing that the other contradicts."""
    if isinstance(after, dict) and isinstance(before, dict):
        return all(_same(member, value, before.get(member)) for member, value in after.items())
    return _same("", after, before)


def _obstacle(change: Difference, request: dict[str, Any], existing: Existing) -> str:
    """Why AWS can't make a change in place; empty when it can."""
    path = change.path
    if any(path[: len(fixed)] == fixed for fixed in _FIXED[existing.kind]):
        return f"{path[-1]} can't be changed"
    if path in _KINDS_OF_SCHEDULING:
        return "" if change.before and change.after else _KINDS_OF_SCHEDULING[path]
    if existing.kind != "computeEnvironments" or path in _SCALING or path[0] == "tags":
        return ""
    return _environment_obstacle(change, request, existing)


def _environment_obstacle(change: Difference, request: dict[str, Any], existing: Existing) -> str:
    """What is neither a limit, nor on Fargate or of managed instances, needs an infrastructure update."""
    types = {str(dig(each, "computeResources", "type")) for each in (existing.description, request)}
    kept = _kept_type(types)
    if kept and len(types) > 1:
        return f"type can't be changed from or to {kept}"
    if change.path == ("serviceRole",):
        linked = any(_LINKED_ROLE in str(role) for role in (change.before, change.after))
        return "a service-linked role can't be exchanged" if linked else ""
    return "" if kept else _infrastructure_obstacle(change.path, request, existing)


def _kept_type(types: Set[str]) -> str:
    """What an environment was made as and stays, as people call it; empty for EC2's, which can be exchanged."""
    if any(each.startswith("FARGATE") for each in types):
        return "Fargate"
    return "ECS_MANAGED_INSTANCES" if "ECS_MANAGED_INSTANCES" in types else ""


def _infrastructure_obstacle(path: Path, request: dict[str, Any], existing: Existing) -> str:
    """Why an environment takes no infrastructure update (User Guide, *Performing infrastructure updates*)."""
    role = existing.description.get("serviceRole")
    if role and _LINKED_ROLE not in role:
        return f"{path[-1]} needs an infrastructure update, which needs the service-linked role"
    strategies = [dig(each, "computeResources", "allocationStrategy") for each in (existing.description, request)]
    if any(strategy in (None, "BEST_FIT") for strategy in strategies):
        return f"{path[-1]} needs an infrastructure update, which BEST_FIT does not allow"
    return ""
