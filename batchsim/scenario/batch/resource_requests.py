"""What a job asks for, of one container, of several in one task, of several nodes; and how long they have to stop.

API ContainerProperties, EcsTaskProperties, NodeProperties, ConsumableResourceProperties, and SubmitJob's overrides of
each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from batchsim.scenario.document.access import base_name, dig, requirement
from batchsim.spec.configuration import Shape


def shape_of(container: Mapping[str, Any], default: Shape | None = None) -> Shape:
    """What a container (or an override) asks for; what it leaves out comes from the default."""
    vcpus, memory, gpus = (requirement(container, kind) for kind in ("VCPU", "MEMORY", "GPU"))
    fallback = default or Shape(1.0, 4)
    return Shape(
        fallback.vcpus if vcpus is None else vcpus,
        fallback.memory_mib if memory is None else int(memory),
        fallback.gpus if gpus is None else int(gpus),
    )


def overridden(container: Mapping[str, Any], override: Mapping[str, Any]) -> Shape:
    """What a container asks for under an override.

    ``vcpus`` and ``memory`` of an override, the old place, do not change what a definition says in
    ``resourceRequirements`` (API ContainerOverrides).
    """
    listed = {dig(entry, "type") for entry in container.get("resourceRequirements") or ()}
    old = {member for member, kind in (("vcpus", "VCPU"), ("memory", "MEMORY")) if kind in listed}
    effective = {member: value for member, value in override.items() if member not in old}
    return shape_of(effective, shape_of(container))


def main_task(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a definition says its platform and its storage: the container, or the task of several."""
    nodes = definition.get("nodeProperties")
    if isinstance(nodes, dict):
        return main_task(dict(_ranges(nodes, int(nodes["numNodes"])))[int(nodes["mainNode"])])
    tasks = dig(definition.get("ecsProperties"), "taskProperties")
    if isinstance(tasks, list) and tasks and isinstance(tasks[0], dict):
        return tasks[0]
    container = definition.get("containerProperties") or definition.get("container")
    return container if isinstance(container, dict) else {}


def main_container(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container that says what the others leave open: the only one, a task's first, the main node's."""
    nodes = definition.get("nodeProperties")
    if isinstance(nodes, dict):
        ranges = dict(_ranges(nodes, int(nodes["numNodes"])))
        return _range_container(ranges[int(nodes["mainNode"])])
    return _range_container(definition)


def _range_container(value: Mapping[str, Any]) -> Mapping[str, Any]:
    single = value.get("containerProperties") or value.get("container")
    if isinstance(single, dict):
        return single
    containers = _task_containers(value.get("ecsProperties"))
    return containers[0] if containers else {}


def _task_containers(properties: Any) -> list[dict[str, Any]]:
    tasks = dig(properties, "taskProperties")
    task = tasks[0] if isinstance(tasks, list) and tasks else {}
    containers = dig(task, "containers")
    return containers if isinstance(containers, list) else []


def requested(definition: Mapping[str, Any], submit: Mapping[str, Any]) -> Shape:
    """What a job of a definition asks for, as it is submitted.

    Parameters
    ----------
    definition : mapping
        A RegisterJobDefinitionRequest.
    submit : mapping
        Members of a SubmitJobRequest, with overrides; empty for the definition's own.
    """
    nodes = definition.get("nodeProperties")
    if isinstance(nodes, dict):
        return _gang(nodes, submit.get("nodeOverrides") or {})
    if isinstance(definition.get("ecsProperties"), dict):
        return _task(definition["ecsProperties"], submit.get("ecsPropertiesOverride"))
    return overridden(definition.get("containerProperties") or {}, submit.get("containerOverrides") or {})


def _task(properties: Any, override: Any = None) -> Shape:
    """The containers of a task run together: what they ask for is added up (ECS task definitions, task size)."""
    changed = {container.get("name"): container for container in _task_containers(override)}
    shapes = [
        overridden(container, changed.get(container.get("name")) or {}) for container in _task_containers(properties)
    ]
    return _sum(shapes)


def _sum(shapes: list[Shape]) -> Shape:
    return Shape(
        sum(shape.vcpus for shape in shapes),
        sum(shape.memory_mib for shape in shapes),
        sum(shape.gpus for shape in shapes),
    )


def _ranges(properties: Mapping[str, Any], nodes: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Node → the range that says what it is: of nested ranges the narrower (API NodeRangeProperty.targetNodes)."""
    ranges = [(*node_range(entry["targetNodes"], nodes), entry) for entry in properties["nodeRangeProperties"]]
    for first, last, entry in sorted(ranges, key=lambda item: item[0] - item[1]):
        for node in range(first, last + 1):
            yield node, entry


def node_range(text: str, nodes: int) -> tuple[int, int]:
    """First and last node of ``0:3``, ``:3``, ``2:`` or ``2``.

    Examples
    --------
    >>> node_range("2:", 8)
    (2, 7)
    """
    first, separator, last = str(text).partition(":")
    start = int(first or 0)
    return start, min(int(last or nodes - 1) if separator else start, nodes - 1)


def _gang(properties: Mapping[str, Any], overrides: Mapping[str, Any]) -> Shape:
    nodes = int(overrides.get("numNodes") or properties["numNodes"])
    shapes: dict[int, Shape] = {}
    instance_type = ""
    for node, entry in _ranges(properties, nodes):
        shapes[node] = _range_shape(entry)
        types = entry.get("instanceTypes") or [dig(entry, "container", "instanceType")]
        instance_type = types[0] or instance_type
    for entry in overrides.get("nodePropertyOverrides") or ():
        first, last = node_range(entry["targetNodes"], nodes)
        for node in range(first, last + 1):
            group = dict(_ranges(properties, nodes))[node]
            # Of several containers in a task this override names none.
            if not isinstance(group.get("ecsProperties"), dict):
                shapes[node] = overridden(_range_container(group), entry.get("containerOverrides") or {})
    each = [shapes[node] for node in range(nodes)]
    return replace(_sum(each), nodes=tuple(each), main_node=int(properties["mainNode"]), instance_type=instance_type)


def _range_shape(entry: Mapping[str, Any]) -> Shape:
    """What each node of a range asks for."""
    task = entry.get("ecsProperties")
    return _task(task) if isinstance(task, dict) else shape_of(entry.get("container") or {})


#: How long a container has after SIGTERM where it does not say (API TaskContainerProperties.stopTimeout).
STOP_TIMEOUT_S = 30.0


def stop_timeout_s(definition: Mapping[str, Any]) -> float:
    """How long after SIGTERM the last of a definition's containers is killed (API TaskContainerProperties.stopTimeout).

    ``containerProperties`` can't say it. What ``ECS_CONTAINER_STOP_TIMEOUT`` says to an instance's agent is in no
    request, and left out.
    """
    nodes = dig(definition.get("nodeProperties"), "nodeRangeProperties")
    if isinstance(nodes, list):
        return max((stop_timeout_s(entry) for entry in nodes), default=STOP_TIMEOUT_S)
    containers = _task_containers(definition.get("ecsProperties"))
    stated = [container.get("stopTimeout") for container in containers]
    return max((STOP_TIMEOUT_S if each is None else float(each) for each in stated), default=STOP_TIMEOUT_S)


def consumables_requested(definition: Mapping[str, Any], submit: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """Names and quantities of the consumable resources that a job of a definition asks for, as it is submitted.

    A multi-node job asks for what its definition says and for what each of its nodes does (API NodeRangeProperty).
    """
    override = submit.get("consumableResourcePropertiesOverride")
    own = definition.get("consumableResourceProperties") if override is None else override
    wanted = dict(_consumables_of(own))
    properties = definition.get("nodeProperties")
    if isinstance(properties, dict):
        nodes = int(dig(submit, "nodeOverrides", "numNodes") or properties["numNodes"])
        for entry in dict(_ranges(properties, nodes)).values():
            for name, quantity in _consumables_of(entry.get("consumableResourceProperties")):
                wanted[name] = wanted.get(name, 0) + quantity
    return tuple(wanted.items())


def _consumables_of(properties: Any) -> Iterator[tuple[str, int]]:
    for entry in dig(properties, "consumableResourceList") or ():
        yield base_name(entry["consumableResource"]), int(entry["quantity"])
