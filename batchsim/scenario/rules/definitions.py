"""Rules about what job definitions are made of, and what they and their jobs ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import OLD_MEMBERS, dig, entries, figure, mappings, requirement_place
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import (
    Submission,
    containers,
    is_fargate,
    is_multinode,
    kinds_of,
    overrides_of,
    platform_of,
    submissions,
)
from batchsim.scenario.rules.registry import rule
from batchsim.spec.traces import is_uniform

API = "AWS Batch API, RegisterJobDefinitionRequest"
PROPERTIES = ("containerProperties", "ecsProperties", "eksProperties")
PLATFORMS = {"FARGATE": "FARGATE", "ECS_MANAGED_INSTANCES": "MANAGED_INSTANCES"}


@rule(
    "definition-kind",
    "A container definition has one of container, ECS and EKS properties, a multinode one nodeProperties",
    API,
    number="V-21",
)
def definition_kind(context: Context) -> Iterator[Finding]:
    """What the job is made of is said once."""
    for where, definition in context.items("jobDefinitions"):
        given = [member for member in (*PROPERTIES, "nodeProperties") if member in definition]
        if is_multinode(definition):
            if "nodeProperties" not in given:
                yield context.finding(where, "a multinode definition needs nodeProperties")
            for member in (member for member in given if member != "nodeProperties"):
                yield context.finding((*where, member), f"a multinode definition has no {member}")
        elif definition.get("type") == "container":
            yield from _of_container(context, where, given)


def _of_container(context: Context, where: Where, given: list[str]) -> Iterator[Finding]:
    """What a container definition is made of, of the properties that it has."""
    if not given:
        yield context.finding(where, "containerProperties is missing")
    elif len(given) > 1:
        message = f"a definition has one of {', '.join(PROPERTIES)}; this one has {' and '.join(given)}"
        yield context.finding((*where, given[1]), message)
    elif given == ["nodeProperties"]:
        yield context.finding((*where, "nodeProperties"), "nodeProperties are for type multinode")


@rule(
    "ecs-properties",
    "ecsProperties have one task of 1 to 10 containers of names of their own, one of them essential, without circles",
    "AWS Batch API, EcsProperties, TaskContainerProperties",
    number="V-21",
)
def ecs_properties(context: Context) -> Iterator[Finding]:
    """A job of several containers on one host."""
    for where, definition in context.items("jobDefinitions"):
        if not isinstance(definition.get("ecsProperties"), dict):
            continue
        listed = list(mappings(definition, where, "ecsProperties", "taskProperties"))
        if len(listed) != 1:
            message = f"{len(listed)} entries in taskProperties"
            yield context.finding((*where, "ecsProperties"), message, expected="exactly one")
        for place, task in listed:
            group = list(mappings(task, place, "containers"))
            if not 1 <= len(group) <= 10:
                yield context.finding((*place, "containers"), f"{len(group)} containers", expected="1 to 10")
            # What is not said to be essential is.
            if group and all(container.get("essential") is False for _, container in group):
                yield context.finding((*place, "containers"), "no container is essential", expected="at least one")
            yield from _twice(context, group)
            yield from _waits(context, group)


def _twice(context: Context, group: list[tuple[Where, dict[str, Any]]]) -> Iterator[Finding]:
    """Containers of one name: overrides and dependencies can't tell them apart."""
    seen: set[str] = set()
    for place, container in group:
        name = container.get("name")
        if isinstance(name, str) and name in seen:
            yield context.finding((*place, "name"), f"the container {name!r} comes twice", expected="another name")
        seen.add(name if isinstance(name, str) else "")


def _waits(context: Context, group: list[tuple[Where, dict[str, Any]]]) -> Iterator[Finding]:
    """Containers that wait for containers."""
    by_name = {container["name"]: container for _, container in group if isinstance(container.get("name"), str)}
    for place, container in group:
        for at, entry in mappings(container, place, "dependsOn"):
            needed, condition = entry.get("containerName"), entry.get("condition")
            if not isinstance(needed, str):
                continue
            if needed not in by_name:
                yield context.unknown((*at, "containerName"), "container", needed, by_name)
            elif condition in ("COMPLETE", "SUCCESS") and by_name[needed].get("essential") is not False:
                message = f"{needed} is essential: its end ends the job"
                yield context.finding(
                    (*at, "condition"), message, expected="START, or a container that is not essential"
                )
            if _leads_to(by_name, needed, container.get("name")):
                yield context.finding(at, f"{container.get('name')} and {needed} wait for each other")


def _leads_to(by_name: dict[str, dict[str, Any]], start: str, end: Any) -> bool:
    """Whether `start` waits for `end`, directly or not, or is it."""
    seen, open_ = set(), [start]
    while open_:
        name = open_.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            needed = (dig(entry, "containerName") for entry in entries(by_name.get(name), "dependsOn"))
            open_ += [each for each in needed if isinstance(each, str)]
    return False


@rule(
    "requirements",
    "VCPU and MEMORY are asked for once each, in figures that can be had, as AWS reads them; GPUs are whole",
    "AWS Batch API, ResourceRequirement; kestra-io/plugin-aws#504",
    number="V-22",
)
def requirements(context: Context) -> Iterator[Finding]:
    """What placement needs to know; a job may replace what its definition says."""
    for where, definition in context.items("jobDefinitions"):
        fargate = is_fargate(definition)
        found = list(containers(definition, where))
        for place, container in found:
            yield from _figures(context, place, container, fargate=fargate)
        for kind in ("VCPU", "MEMORY"):
            # Of the containers of one task it is enough that one of them says it.
            for place in _silent(found, kind):
                yield context.finding(
                    place, f"no {kind} in resourceRequirements", expected=f'{{type: {kind}, value: "…"}}'
                )
    for job in submissions(context, traces=False):
        for override in overrides_of(job):
            yield from _figures(context, override.where, override.members, fargate=is_fargate(job.definition))


def _silent(found: list[tuple[Where, dict[str, Any]]], kind: str) -> Iterator[Where]:
    """Places of containers or tasks that do not say how much of a kind they need."""
    said: dict[Where, bool] = {}
    for place, container in found:
        task = place[:-2] if "taskProperties" in place else place
        said[task] = said.get(task, False) or requirement_place(container, kind) is not None
    yield from (task for task, is_said in said.items() if not is_said)


def _figures(context: Context, place: Where, container: dict[str, Any], *, fargate: bool) -> Iterator[Finding]:
    seen: set[str] = set()
    for at, entry in mappings(container, place, "resourceRequirements"):
        kind = entry.get("type")
        if kind not in ("VCPU", "MEMORY", "GPU"):
            continue
        if kind in seen:
            yield context.finding((*at, "type"), f"{kind} comes twice")
        elif "value" in entry:
            yield from _figure(context, (*at, "value"), kind, entry["value"], fargate=fargate)
        seen.add(kind)
    for kind, member in OLD_MEMBERS.items():
        if container.get(member) is None:
            continue
        at = (*place, member)
        if kind in seen:
            message = f"{kind} is in resourceRequirements too"
            yield context.finding(at, message, expected=f"resourceRequirements without {member}")
        elif fargate:
            message = f"{member} can't be given for FARGATE"
            yield context.finding(at, message, expected=f'resourceRequirements: [{{type: {kind}, value: "…"}}]')
        else:
            yield from _figure(context, at, kind, container[member], fargate=fargate)


#: How AWS reads a figure: 'Value 1.0 for type VCPU in resourceRequirement is not valid. Please provide a numeric
#: value.' (kestra-io/plugin-aws#504)
WHOLE, FRACTION = re.compile(r"[0-9]+"), re.compile(r"[0-9]*\.?[0-9]+")


#: What a container has at least; of vCPUs on Fargate it may be a fraction.
LEAST = {"VCPU": 1, "MEMORY": 4, "GPU": 1}
LEAST_ON_FARGATE = 0.25

#: No instance has so many of anything.
MOST = 1e9


def _figure(context: Context, place: Where, kind: str, value: Any, *, fargate: bool) -> Iterator[Finding]:
    number = figure(value)
    least: float = LEAST[kind]
    form, expected = WHOLE, f"a whole number of {least} or more"
    may_be_fraction = fargate and kind == "VCPU"
    if may_be_fraction:
        least = LEAST_ON_FARGATE
        form, expected = FRACTION, f"{least} or more"
    if number is None:
        if isinstance(value, str):
            yield context.finding(place, f"{kind} {value!r} is no figure", expected=f"{least} or more")
    elif _is_misspelt(value, number, form):
        message = f"{kind} {value!r} is not a figure as AWS reads it"
        yield context.finding(place, message, expected=f'"{int(number)}"')
    elif number > MOST:
        yield context.finding(place, f"{kind} {number:g} can't be had", expected="what an instance can hold")
    elif number < least or not (number.is_integer() or may_be_fraction):
        yield context.finding(place, f"{kind} {number:g} can't be had", expected=expected)


def _is_misspelt(value: Any, number: float, form: re.Pattern[str]) -> bool:
    """Whether a text means a whole number and AWS does not read it as one."""
    return isinstance(value, str) and number.is_integer() and not form.fullmatch(value)


@rule(
    "platform",
    "A definition is for the platform of the queues that its jobs go to",
    "AWS Batch API, RegisterJobDefinitionRequest.platformCapabilities",
    number="V-37",
)
def platform(context: Context) -> Iterator[Finding]:
    """EC2 unless it says otherwise; an UNMANAGED environment is one of EC2 instances."""
    for job in submissions(context):
        if "format" in job.job and not is_uniform(job.job["format"]):
            continue  # The trace may send each job elsewhere.
        wanted, offered = platform_of(job.definition), set(platforms_of(context, job))
        if offered and wanted not in offered:
            yield context.finding(
                (*job.where, "jobDefinition"),
                f"{job.definition_name} is for {wanted}, the queue {job.queue_name} is not",
                expected=f"platformCapabilities: [{min(offered)}]",
            )


def platforms_of(context: Context, job: Submission) -> list[str]:
    """The platforms of the queue's environments."""
    kinds = [kind.removesuffix("_SPOT") for kind in kinds_of(context, job.queue) if kind]
    return [PLATFORMS.get(kind, "EC2") for kind in kinds]
