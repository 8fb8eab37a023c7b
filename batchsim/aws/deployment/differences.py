"""What differs between a request and what AWS describes, and whether AWS can change it in place.

AWS Batch User Guide, *Update a compute environment*; API UpdateComputeEnvironment, ComputeResourceUpdate,
UpdateJobQueue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from batchsim.aws.deployment.inventory import DIGEST, Existing
from batchsim.scenario.document.access import base_name, dig

Path = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One member that differs."""

    path: Path
    before: Any
    after: Any
    #: Why AWS can't change it in place; empty when it can.
    obstacle: str = ""


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
    },
    "jobQueues": {("jobStateTimeLimitActions",): [], ("schedulingPolicyArn",): None},
    "schedulingPolicies": {},
    "consumableResources": {("resourceType",): "REPLENISHABLE"},
}
#: Batch's own variable: it follows the load.
_NOT_COMPARED = {("computeResources", "desiredvCpus")}
_UNORDERED = {"subnets", "securityGroupIds"}
_SCALING = {("state",), ("unmanagedvCpus",), ("context",)} | {
    ("computeResources", *steps)
    for steps in [("minvCpus",), ("maxvCpus",), ("scalingPolicy", "minScaleDownDelayMinutes")]
}
#: Members of these paths can't be updated at all.
_FIXED: dict[str, set[Path]] = {
    "computeEnvironments": {("type",), ("computeResources", "spotIamFleetRole"), ("eksConfiguration",)},
    "jobQueues": {("jobQueueType",)},
    "schedulingPolicies": set(),
    "consumableResources": {("resourceType",)},
}
_LINKED_ROLE = "/aws-service-role/batch.amazonaws.com/"


def digest(request: dict[str, Any]) -> str:
    """A digest of a job definition's request: the same for the same request."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:16]


def differences(request: dict[str, Any], existing: Existing) -> list[Change]:
    """What an update would change; tags of the thing itself included, under ``tags``."""
    kind, described = existing.kind, existing.description
    if kind == "jobDefinitions":
        # AWS adds members of its own to a description; the digest tells whether the request is another one.
        if request["tags"][DIGEST] == existing.tags.get(DIGEST):
            return []
        return [change for change in _given(request, described, ()) if change.path[-1] != DIGEST] or [
            Change(("members no longer given",), None, None)
        ]
    changes = list(_given(request, described, ()))
    seen = {change.path for change in changes}
    for path, value in _UNSAID[kind].items():
        before = dig(described, *path)
        if dig(request, *path) is None and path not in seen and before not in (None, value):
            changes.append(Change(path, before, value))
    return [_judged(change, request, existing) for change in changes]


def _given(request: Any, described: Any, path: Path) -> Iterator[Change]:
    """Members of a request that the description has otherwise."""
    for member, after in request.items():
        here = (*path, member)
        before = described.get(member) if isinstance(described, dict) else None
        if here in _NOT_COMPARED or (not path and member.endswith("Name")):
            continue
        if isinstance(after, dict) and isinstance(before, dict):
            yield from _given(after, before, here)
        elif not _same(member, after, before):
            unsaid = next((values[here] for values in _UNSAID.values() if here in values), None)
            if before is None and after == unsaid:
                continue
            yield Change(here, before, after)


def _same(member: str, after: Any, before: Any) -> bool:
    if after == before or (before is None and after in ([], {})):
        return True
    if member in _UNORDERED and isinstance(after, list) and isinstance(before, list):
        return sorted(after) == sorted(before)
    if isinstance(after, str) and isinstance(before, str):
        # A name and the ARN of the thing with that name.
        return (after.startswith("arn:") != before.startswith("arn:")) and base_name(after) == base_name(before)
    if isinstance(after, list) and isinstance(before, list):
        if member == "computeEnvironmentOrder":
            after, before = (sorted(entries, key=lambda entry: int(entry["order"])) for entries in (after, before))
        return len(after) == len(before) and all(_alike(one, other) for one, other in zip(after, before, strict=True))
    return False


def _alike(after: Any, before: Any) -> bool:
    """Whether one entry of a list says nothing that the other contradicts."""
    if isinstance(after, dict) and isinstance(before, dict):
        return all(_same(member, value, before.get(member)) for member, value in after.items())
    return _same("", after, before)


def _judged(change: Change, request: dict[str, Any], existing: Existing) -> Change:
    obstacle = _obstacle(change, request, existing)
    return Change(change.path, change.before, change.after, obstacle) if obstacle else change


def _obstacle(change: Change, request: dict[str, Any], existing: Existing) -> str:
    """Why AWS can't make a change in place."""
    path = change.path
    if any(path[: len(fixed)] == fixed for fixed in _FIXED[existing.kind]):
        return f"{path[-1]} can't be changed"
    if existing.kind == "jobQueues" and path == ("schedulingPolicyArn",):
        return "" if change.before and change.after else "a queue keeps its kind of scheduling"
    if existing.kind == "schedulingPolicies" and path in {("fairsharePolicy",), ("quotaSharePolicy",)}:
        return "" if change.before else "a policy keeps its kind"
    if existing.kind != "computeEnvironments" or path in _SCALING or path[0] == "tags":
        return ""
    kinds = [dig(existing.description, "computeResources", "type"), dig(request, "computeResources", "type")]
    on_fargate = [str(kind).startswith("FARGATE") for kind in kinds]
    if on_fargate[0] != on_fargate[1] or (all(on_fargate) and kinds[0] != kinds[1]):
        return "type can't be changed from or to Fargate"
    if path == ("serviceRole",):
        linked = [_LINKED_ROLE in str(role) for role in (change.before, change.after)]
        return "" if not any(linked) else "a service-linked role can't be exchanged"
    if all(on_fargate):
        return ""
    role = existing.description.get("serviceRole")
    if role and _LINKED_ROLE not in role:
        return f"{path[-1]} needs an infrastructure update, which needs the service-linked role"
    strategies = [dig(value, "computeResources", "allocationStrategy") for value in (existing.description, request)]
    if any(strategy in (None, "BEST_FIT") for strategy in strategies):
        return f"{path[-1]} needs an infrastructure update, which BEST_FIT does not allow"
    return ""
