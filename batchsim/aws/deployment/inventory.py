"""What is in the account: everything of the kinds that a deployment makes, and which of it is the deployment's.

A thing is a deployment's when its tag `OWNER` has the scenario's name. Only such things are ever changed or deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from batchsim.aws.client import Account, aws_errors, error_code
from batchsim.aws.objects import OBJECTS
from batchsim.errors import ScenarioError

#: Tag that says whose a thing is; its value is the scenario's name.
OWNER = "batchsim:scenario"
#: Tag of a job definition's revision: a digest of the request that made it.
DIGEST = "batchsim:digest"


@dataclass(frozen=True)
class Existing:
    """One thing in the account.

    Attributes
    ----------
    description : dict
        As AWS describes it.
    status, reason : str
        AWS's ``status`` (VALID, CREATING, INVALID, …; VALID where a kind has none) and ``statusReason``.
    """

    kind: str
    name: str
    arn: str
    description: dict[str, Any]
    status: str = "VALID"
    reason: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return self.description.get("tags") or {}

    def is_of(self, scenario: str) -> bool:
        """Whether it belongs to the deployment of a scenario."""
        return self.tags.get(OWNER) == scenario


@dataclass(frozen=True)
class Inventory:
    """Everything there is, by kind and name; of a job definition the latest active revision."""

    things: dict[str, dict[str, Existing]]
    #: All active revisions of job definitions by name, oldest first.
    revisions: dict[str, list[Existing]] = field(default_factory=dict)

    def get(self, kind: str, name: str) -> Existing | None:
        """A thing, or None."""
        return self.things[kind].get(name)

    def of(self, scenario: str, kind: str) -> Iterator[Existing]:
        """Things of one kind that belong to a scenario."""
        return (thing for thing in self.things[kind].values() if thing.is_of(scenario))


def look(account: Account) -> Inventory:
    """Read the account.

    Raises
    ------
    ScenarioError
        If AWS refuses.
    """
    client = account.client()
    things: dict[str, dict[str, Existing]] = {kind: {} for kind in OBJECTS}
    revisions: dict[str, list[Existing]] = {}
    for kind, read in _READERS.items():
        for thing in read(client):
            if kind == "jobDefinitions":
                revisions.setdefault(thing.name, []).append(thing)
            else:
                things[kind][thing.name] = thing
    for name, all_ in revisions.items():
        all_.sort(key=lambda revision: int(revision.description["revision"]))
        things["jobDefinitions"][name] = all_[-1]
    return Inventory(things, revisions)


def pages(client: Any, operation: str, member: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """All items of a paginated operation."""
    with aws_errors(client.meta.method_to_api_mapping[operation]):
        for page in client.get_paginator(operation).paginate(**parameters):
            yield from page.get(member) or []


def environments(client: Any, *names: str) -> Iterator[Existing]:
    """Compute environments; all, or those named that exist."""
    only = {"computeEnvironments": list(names)} if names else {}
    for value in pages(client, "describe_compute_environments", "computeEnvironments", **only):
        yield _existing("computeEnvironments", value)


def queues(client: Any, *names: str) -> Iterator[Existing]:
    """Job queues; all, or those named that exist."""
    only = {"jobQueues": list(names)} if names else {}
    for value in pages(client, "describe_job_queues", "jobQueues", **only):
        yield _existing("jobQueues", value)


def _policies(client: Any) -> Iterator[Existing]:
    arns = [item["arn"] for item in pages(client, "list_scheduling_policies", "schedulingPolicies")]
    for start in range(0, len(arns), 100):
        with aws_errors("DescribeSchedulingPolicies"):
            answer = client.describe_scheduling_policies(arns=arns[start : start + 100])
        for value in answer["schedulingPolicies"]:
            yield _existing("schedulingPolicies", value)


def _resources(client: Any) -> Iterator[Existing]:
    try:
        listed = list(pages(client, "list_consumable_resources", "consumableResources"))
    except ScenarioError as error:
        if error_code(error) == "404":
            return  # an endpoint that does not know of them has none
        raise
    for item in listed:
        with aws_errors(f"DescribeConsumableResource {item['consumableResourceName']}"):
            value = client.describe_consumable_resource(consumableResource=item["consumableResourceArn"])
        value.pop("ResponseMetadata", None)
        yield _existing("consumableResources", value)


def definitions(client: Any, name: str | None = None) -> Iterator[Existing]:
    """Active revisions of job definitions; of all, or of one name."""
    only = {"jobDefinitionName": name} if name else {}
    for value in pages(client, "describe_job_definitions", "jobDefinitions", status="ACTIVE", **only):
        yield _existing("jobDefinitions", value)


def read(client: Any, kind: str, name: str) -> Iterator[Existing]:
    """Things of one kind, at least those of one name."""
    if kind in ("schedulingPolicies", "consumableResources"):
        return _READERS[kind](client)
    named: Callable[[Any, str], Iterator[Existing]] = _READERS[kind]
    return named(client, name)


_READERS: dict[str, Callable[..., Iterator[Existing]]] = {
    "schedulingPolicies": _policies,
    "consumableResources": _resources,
    "computeEnvironments": environments,
    "jobQueues": queues,
    "jobDefinitions": definitions,
}


def _existing(section: str, value: dict[str, Any]) -> Existing:
    kind = OBJECTS[section]
    status = value.get("status") if kind.has_state else None
    name, arn, reason = value[kind.name_member], value[kind.arn_member], value.get("statusReason") or ""
    return Existing(section, name, arn, value, status or "VALID", reason)
