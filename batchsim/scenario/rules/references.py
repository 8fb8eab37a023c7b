"""Who goes where: jobs, the queues and definitions they name, and the compute environments behind the queues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from batchsim.catalog.catalog import NotInCatalogError
from batchsim.catalog.instance_types import InstanceType, allowed, expand
from batchsim.scenario.batch.managed_instances import types_allowed
from batchsim.scenario.document.access import (
    OLD_MEMBERS,
    base_name,
    dig,
    entries,
    figure,
    mappings,
    requirement,
    requirement_place,
    whole,
)
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context

FARGATE = ("FARGATE", "FARGATE_SPOT")
EC2 = ("EC2", "SPOT")
SPOT = ("SPOT", "FARGATE_SPOT")
MANAGED = "ECS_MANAGED_INSTANCES"
#: Where an environment of managed instances says how its instances are launched.
LAUNCHED = ("computeResources", "managedInstancesProvider", "instanceLaunchTemplate")
TYPES_ALLOWED = (*LAUNCHED, "instanceRequirements", "allowedInstanceTypes")


def kind_of(environment: dict[str, Any]) -> str:
    """EC2, SPOT, FARGATE … or UNMANAGED; empty when it does not say."""
    if environment.get("type") == "UNMANAGED":
        return "UNMANAGED"
    kind = dig(environment, "computeResources", "type")
    return kind if isinstance(kind, str) else ""


def is_spot(environment: dict[str, Any]) -> bool:
    """Whether an environment runs on spare capacity; managed instances say so in their launch template."""
    kind = kind_of(environment)
    return kind in SPOT or (kind == MANAGED and dig(environment, *LAUNCHED, "capacityOptionType") == "SPOT")


def platform_of(definition: dict[str, Any]) -> str:
    """The platform that a definition is for."""
    capabilities = entries(definition, "platformCapabilities")
    return next((word for word in ("FARGATE", "MANAGED_INSTANCES") if word in capabilities), "EC2")


def is_fargate(definition: dict[str, Any]) -> bool:
    """Whether a definition says that it is for Fargate."""
    return platform_of(definition) == "FARGATE"


def is_multinode(definition: dict[str, Any]) -> bool:
    """Whether a definition is of multi-node parallel jobs."""
    return definition.get("type") == "multinode"


def attached(context: Context, queue: dict[str, Any]) -> list[tuple[Where, dict[str, Any]]]:
    """A queue's compute environments with their places, in the order in which they are tried."""
    listed = [entry for entry in entries(queue, "computeEnvironmentOrder") if isinstance(entry, dict)]
    listed.sort(key=lambda entry: figure(entry.get("order")) or 0.0)
    names = (base_name(entry.get("computeEnvironment")) for entry in listed)
    return [context.environments[name] for name in names if name in context.environments]


def kinds_of(context: Context, queue: dict[str, Any]) -> list[str]:
    """The kinds of a queue's compute environments, in order."""
    return [kind_of(environment) for _, environment in attached(context, queue)]


def types_of(entry: Any, context: Context, *, wildcards: bool = False) -> tuple[InstanceType, ...]:
    """The instance types that an entry of ``instanceTypes`` stands for; none when there is no such entry.

    Parameters
    ----------
    wildcards : bool
        Whether it is one of ``allowedInstanceTypes``, which may hold some.
    """
    try:
        if wildcards and isinstance(entry, str):
            return allowed(entry, context.catalog)
        return expand(entry, catalog=context.catalog) if isinstance(entry, str) else ()
    except (NotInCatalogError, KeyError):
        return ()


def instance_types_of(environment: dict[str, Any], context: Context) -> list[InstanceType]:
    """Every instance type that an environment lists, families expanded; those that ECS chooses from where it may."""
    if kind_of(environment) == MANAGED:
        listed = [entry for entry in entries(environment, *TYPES_ALLOWED) if isinstance(entry, str)]
        if not listed:
            return [*types_allowed({}, context.catalog)]
        return [kind for entry in listed for kind in types_of(entry, context, wildcards=True)]
    listed = entries(environment, "computeResources", "instanceTypes")
    return [kind for entry in listed for kind in types_of(entry, context)]


def architecture_of(kind: InstanceType) -> str:
    """x86_64 or arm64."""
    return "arm64" if "arm64" in kind.architectures else "x86_64"


@dataclass(frozen=True)
class Submission:
    """A job (or a trace) with the queue and the definition that it names.

    Attributes
    ----------
    where, job
        The job's place and members; of a trace those of the trace.
    """

    where: Where
    job: dict[str, Any]
    queue_where: Where
    queue: dict[str, Any]
    definition_where: Where
    definition: dict[str, Any]

    @property
    def queue_name(self) -> str:
        """The queue's name."""
        return str(self.queue["jobQueueName"])

    @property
    def definition_name(self) -> str:
        """The definition's name."""
        return str(self.definition["jobDefinitionName"])

    @property
    def job_name(self) -> str:
        """What to call the job in a message."""
        return str(self.job.get("jobName") or self.job.get("name") or "the trace")

    def asks(self, kind: str) -> float | None:
        """What the job asks for of VCPU, MEMORY or GPU: its own word, else the definition's."""
        own = requirement(self._override(kind), kind)
        return requirement(self.definition.get("containerProperties"), kind) if own is None else own

    def _override(self, kind: str) -> Any:
        """What the job changes, without an old member that changes nothing (API ContainerOverrides.vcpus, .memory)."""
        override = self.job.get("containerOverrides")
        place = requirement_place(self.definition.get("containerProperties"), kind)
        if place is None or len(place) == 1 or not isinstance(override, dict):
            return override
        return {name: value for name, value in override.items() if name != OLD_MEMBERS.get(kind)}

    def asks_where(self, kind: str) -> Where:
        """Where it says so; the definition's container where it does not."""
        for where, member, container in (
            (self.where, "containerOverrides", self._override(kind)),
            (self.definition_where, "containerProperties", self.definition.get("containerProperties")),
        ):
            place = requirement_place(container, kind)
            if place is not None:
                return (*where, member, *place)
        return (*self.definition_where, "containerProperties")

    def member(self, name: str) -> tuple[Where, Any]:
        """A member that the job may replace (``retryStrategy``, ``timeout``), with its place."""
        if name in self.job:
            return (*self.where, name), self.job[name]
        return (*self.definition_where, name), self.definition.get(name)


def submissions(context: Context, *, traces: bool = True) -> Iterator[Submission]:
    """Jobs of workflows, and traces, whose queue and definition exist."""
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            yield from _submission(context, where, job, job.get("jobQueue"))
    for where, trace in context.traces() if traces else ():
        queues = trace.get("queues")
        for queue in [trace.get("jobQueue"), *(queues.values() if isinstance(queues, dict) else ())]:
            yield from _submission(context, where, trace, queue)


def _submission(context: Context, where: Where, job: dict[str, Any], queue: Any) -> Iterator[Submission]:
    definition = job.get("jobDefinition")
    if not isinstance(queue, str) or not isinstance(definition, str):
        return
    named, used = context.queues.get(base_name(queue)), context.definitions.get(base_name(definition))
    if named is not None and used is not None:
        yield Submission(where, job, *named, *used)


def pairs(context: Context) -> Iterator[Submission]:
    """The first submission of each pair of definition and queue."""
    seen = set()
    for each in submissions(context):
        pair = each.definition_name, each.queue_name
        if pair not in seen:
            seen.add(pair)
            yield each


def tasks(definition: dict[str, Any], where: Where) -> Iterator[tuple[Where, dict[str, Any]]]:
    """What a definition starts on one host: its container, or the task of its containers."""
    container = definition.get("containerProperties")
    if isinstance(container, dict):
        yield (*where, "containerProperties"), container
    yield from mappings(definition, where, "ecsProperties", "taskProperties")
    for place, group in mappings(definition, where, "nodeProperties", "nodeRangeProperties"):
        if isinstance(group.get("container"), dict):
            yield (*place, "container"), group["container"]
        yield from mappings(group, place, "ecsProperties", "taskProperties")


def containers(definition: dict[str, Any], where: Where) -> Iterator[tuple[Where, dict[str, Any]]]:
    """Every container of a definition."""
    for place, task in tasks(definition, where):
        if place[-1] in ("containerProperties", "container"):
            yield place, task
        else:
            yield from mappings(task, place, "containers")


def pods(definition: dict[str, Any], where: Where) -> Iterator[tuple[Where, dict[str, Any]]]:
    """Every container of a definition's pods on EKS."""
    groups = [(where, definition), *mappings(definition, where, "nodeProperties", "nodeRangeProperties")]
    for place, group in groups:
        steps = ("eksProperties", "podProperties")
        for member in ("containers", "initContainers"):
            yield from mappings(group, place, *steps, member)


RANGE = re.compile(r"(\d{0,9})(:?)(\d{0,9})")


def nodes_of(job: dict[str, Any], definition: dict[str, Any]) -> int:
    """How many nodes a multi-node job has; 1 where nobody says."""
    own = whole(dig(job, "nodeOverrides", "numNodes"))
    return own or whole(dig(definition, "nodeProperties", "numNodes")) or 1


def node_bounds(text: Any, nodes: int) -> tuple[int, int] | None:
    """First and last node of a range such as 0:3, :3, 4: or : (API NodeOverrides.numNodes); None for what is none."""
    match = RANGE.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        return None
    first = int(match[1] or 0)
    if not match[2]:
        return first, first
    return first, int(match[3]) if match[3] else nodes - 1


@dataclass(frozen=True)
class Override:
    """What a job changes of a container, and the containers that it changes.

    Attributes
    ----------
    where, members
        The override's place and what it says.
    changes : list of dict
        The containers of the definition; none where it names one that is not there.
    """

    where: Where
    members: dict[str, Any]
    changes: list[dict[str, Any]]


def overrides_of(job: Submission) -> Iterator[Override]:
    """Every container override of a job: of its container, of a task's containers, of nodes."""
    container = job.definition.get("containerProperties")
    own = job.job.get("containerOverrides")
    if isinstance(own, dict):
        yield Override((*job.where, "containerOverrides"), own, [container] if isinstance(container, dict) else [])
    yield from _of_task(job.job, job.where, job.definition)
    yield from _of_nodes(job)


def overrides_of_nodes(job: Submission) -> Iterator[tuple[Where, dict[str, Any], list[dict[str, Any]]]]:
    """Place and members of each override of nodes, and the ranges of the definition that are meant."""
    nodes = (*job.where, "nodeOverrides")
    for place, override in mappings(job.job.get("nodeOverrides"), nodes, "nodePropertyOverrides"):
        groups = entries(job.definition, "nodeProperties", "nodeRangeProperties")
        count = nodes_of(job.job, job.definition)
        target = node_bounds(override.get("targetNodes"), count)
        mine = [group for group in groups if target and node_bounds(dig(group, "targetNodes"), count) == target]
        yield place, override, mine


def _of_nodes(job: Submission) -> Iterator[Override]:
    for place, override, mine in overrides_of_nodes(job):
        changed = [container for group in mine if isinstance(container := dig(group, "container"), dict)]
        if isinstance(override.get("containerOverrides"), dict):
            yield Override((*place, "containerOverrides"), override["containerOverrides"], changed)
        for group in mine:
            yield from _of_task(override, place, group)


def _of_task(override: dict[str, Any], where: Where, properties: dict[str, Any]) -> Iterator[Override]:
    named = [
        container
        for _, task in mappings(properties, (), "ecsProperties", "taskProperties")
        for _, container in mappings(task, (), "containers")
    ]
    for place, task in mappings(override, where, "ecsPropertiesOverride", "taskProperties"):
        for at, container in mappings(task, place, "containers"):
            mine = [each for each in named if each.get("name") == container.get("name")]
            yield Override(at, container, mine)


def retrying(context: Context) -> Iterator[tuple[Where, dict[str, Any]]]:
    """Everything that may carry a retry strategy or a timeout: definitions and jobs."""
    yield from context.items("jobDefinitions")
    for _, _, jobs in context.workflows:
        yield from jobs
