"""Rules about job definitions for Fargate, and what is for Fargate only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.catalog.fargate import SIZES, is_legal, nearest_legal
from batchsim.errors import Finding, nearest
from batchsim.scenario.document.access import dig, mappings, requirement, requirement_place, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import (
    Override,
    Submission,
    architecture_of,
    attached,
    containers,
    instance_types_of,
    is_fargate,
    kinds_of,
    overrides_of,
    pairs,
    platform_of,
    submissions,
    tasks,
)
from batchsim.scenario.rules.registry import rule

GUIDE = "AWS Batch User Guide, Job definitions on Fargate"
ARCHITECTURES = ("X86_64", "ARM64")
#: Of linuxParameters, what Fargate has not.
LINUX = ("devices", "maxSwap", "sharedMemorySize", "swappiness", "tmpfs")
#: Platform versions before 1.4.0, which have neither EFS nor more storage (User Guide, AWS Batch on Fargate; ECS API,
#: EphemeralStorage).
OLD_VERSIONS = ("1.0.0", "1.3.0")


def _place(container: Any, kind: str) -> Where:
    return requirement_place(container, kind) or ()


def _size(
    context: Context, place: Where, container: Any, vcpus: float | None, memory: float | None
) -> Iterator[Finding]:
    """A finding at the figure that fits no size."""
    if vcpus is None or memory is None or is_legal(vcpus, int(memory)):
        return
    wrong = "MEMORY" if vcpus in SIZES else "VCPU"
    at = _place(container, wrong) or _place(container, "VCPU" if wrong == "MEMORY" else "MEMORY")
    yield _no_size(context, (*place, *at), vcpus, memory)


@rule(
    "fargate-size", "Fargate has a fixed set of sizes, and no GPUs", "AWS Batch API, ResourceRequirement", number="V-23"
)
def fargate_size(context: Context) -> Iterator[Finding]:
    """The vCPU and memory match one of the 77 pairs, in definitions and in what jobs override."""
    for where, definition in context.items("jobDefinitions"):
        if not is_fargate(definition):
            continue
        container = definition.get("containerProperties")
        place: Where = (*where, "containerProperties")
        yield from _size(context, place, container, requirement(container, "VCPU"), requirement(container, "MEMORY"))
        yield from _task_size(context, definition, where)
        for at, each in containers(definition, where):
            yield from _gpu(context, at, each)
    for job in submissions(context, traces=False):
        if not is_fargate(job.definition):
            continue
        for override in overrides_of(job):
            asks = any(_place(override.members, kind) for kind in ("VCPU", "MEMORY"))
            if asks and override.where[-1] == "containerOverrides":
                yield from _size(context, override.where, override.members, job.asks("VCPU"), job.asks("MEMORY"))
            yield from _gpu(context, override.where, override.members)
        yield from _overridden_task_size(context, job)


def _task_size(context: Context, definition: dict[str, Any], where: Where) -> Iterator[Finding]:
    """The containers of a task together are of one of the sizes (ECS API, RegisterTaskDefinition.cpu, .memory)."""
    for place, task in mappings(definition, where, "ecsProperties", "taskProperties"):
        group = [container for _, container in mappings(task, place, "containers")]
        yield from _sum(context, (*place, "containers"), group, [])


def _overridden_task_size(context: Context, job: Submission) -> Iterator[Finding]:
    """The same of what a job makes of it."""
    overrides = [each for each in overrides_of(job) if "ecsPropertiesOverride" in each.where]
    if any(_place(each.members, kind) for each in overrides for kind in ("VCPU", "MEMORY")):
        for _, task in mappings(job.definition, (), "ecsProperties", "taskProperties"):
            group = [container for _, container in mappings(task, (), "containers")]
            yield from _sum(context, (*job.where, "ecsPropertiesOverride"), group, overrides)


def _sum(context: Context, place: Where, group: list[dict[str, Any]], overrides: list[Override]) -> Iterator[Finding]:
    total = {"VCPU": 0.0, "MEMORY": 0.0}
    for kind in total:
        for container in group:
            own = [requirement(each.members, kind) for each in overrides if container in each.changes]
            asked = next((value for value in own if value is not None), requirement(container, kind))
            total[kind] += asked or 0.0
    if group and not is_legal(total["VCPU"], int(total["MEMORY"])):
        yield _no_size(context, place, total["VCPU"], total["MEMORY"])


def _no_size(context: Context, place: Where, vcpus: float, memory: float) -> Finding:
    near = nearest_legal(vcpus, int(memory))
    hint = f"{near[0]:g} vCPU with {near[1]} MiB" if near else "32 vCPU with 249856 MiB at most"
    return context.finding(place, f"Fargate has no size of {vcpus:g} vCPU with {memory:g} MiB", expected=hint)


def _gpu(context: Context, place: Where, container: Any) -> Iterator[Finding]:
    at = requirement_place(container, "GPU")
    if at is not None:
        yield context.finding((*place, *at), "Fargate has no GPUs", expected="an EC2 environment with GPU types")


@rule(
    "fargate-container",
    "A Fargate container has nothing that only a host of one's own can give",
    GUIDE,
    stage="deployment",
    number="V-23",
)
def fargate_container(context: Context) -> Iterator[Finding]:
    """No privileges, no limits and devices of the host, and two log drivers."""
    for where, definition in context.items("jobDefinitions"):
        if is_fargate(definition):
            for place, container in containers(definition, where):
                yield from _container(context, place, container)
            for place, task in tasks(definition, where):
                yield from _task(context, place, task)


def _container(context: Context, place: Where, container: dict[str, Any]) -> Iterator[Finding]:
    for member in ("ulimits", "instanceType"):
        if container.get(member):
            yield context.finding((*place, member), f"{member} can't be given for FARGATE")
    if container.get("privileged") is True:
        yield context.finding((*place, "privileged"), "a Fargate container can't be privileged")
    for member in LINUX:
        if dig(container, "linuxParameters", member) not in (None, [], {}):
            yield context.finding((*place, "linuxParameters", member), f"{member} can't be given for FARGATE")
    driver = dig(container, "logConfiguration", "logDriver")
    if isinstance(driver, str) and driver not in ("awslogs", "splunk"):
        at = (*place, "logConfiguration", "logDriver")
        yield context.finding(at, f"Fargate has no {driver}", expected="awslogs or splunk")


def _task(context: Context, place: Where, task: dict[str, Any]) -> Iterator[Finding]:
    for member in ("ipcMode", "networkMode"):
        if task.get(member):
            yield context.finding((*place, member), f"{member} can't be given for FARGATE")
    version = dig(task, "fargatePlatformConfiguration", "platformVersion") or task.get("platformVersion")
    # Those of Windows are numbered otherwise.
    is_old = version in OLD_VERSIONS and not _is_windows(dig(task, "runtimePlatform", "operatingSystemFamily"))
    if is_old and task.get("ephemeralStorage"):
        message = "ephemeralStorage is supported from Fargate platform version 1.4.0 on"
        yield context.finding((*place, "ephemeralStorage"), message, expected="platformVersion: 1.4.0")
    for at, volume in mappings(task, place, "volumes"):
        if volume.get("host"):
            yield context.finding((*at, "host"), "a Fargate task has no path of the host")
        if volume.get("efsVolumeConfiguration") and is_old:
            message = "EFS is supported for Fargate platform version 1.4.0"
            yield context.finding((*at, "efsVolumeConfiguration"), message, expected="platformVersion: 1.4.0")


@rule(
    "ephemeral-storage",
    "Ephemeral storage is 21 to 200 GiB, for Fargate",
    "AWS Batch API, EphemeralStorage",
    number="V-24",
)
def ephemeral_storage(context: Context) -> Iterator[Finding]:
    """Beyond the 20 GiB that every task has; on EC2 the disk is the instance's."""
    for where, definition in context.items("jobDefinitions"):
        for at, task in tasks(definition, where):
            storage = task.get("ephemeralStorage")
            if not storage:
                continue
            place = (*at, "ephemeralStorage")
            if platform_of(definition) == "EC2":
                message = "ephemeralStorage is for Fargate"
                yield context.finding(place, message, expected="platformCapabilities: [FARGATE], or no such member")
            value = whole(dig(storage, "sizeInGiB"))
            if value is not None and not 21 <= value <= 200:
                yield context.finding((*place, "sizeInGiB"), f"{value} GiB is out of range", expected="21 to 200")


@rule(
    "runtime-platform",
    "A definition's architecture and operating system run on its queue; on EC2 the instance types decide",
    "AWS Batch API, ContainerProperties.runtimePlatform, RuntimePlatform",
    number="V-15",
)
def runtime_platform(context: Context) -> Iterator[Finding]:
    """Fargate runs X86_64 and ARM64, Windows on X86_64 and not on Fargate Spot."""
    for where, definition in context.items("jobDefinitions"):
        for at, task in tasks(definition, where):
            if task.get("runtimePlatform"):
                yield from _of_task(context, where, definition, (*at, "runtimePlatform"), task["runtimePlatform"])
    for job in pairs(context):
        families = _platform_words(job.definition, "operatingSystemFamily")
        # A queue with Fargate behind or before Fargate Spot has where to run it.
        spot_alone = set(kinds_of(context, job.queue)) == {"FARGATE_SPOT"}
        if is_fargate(job.definition) and spot_alone and any(map(_is_windows, families)):
            message = f"Windows does not run on Fargate Spot: {job.job_name} would block {job.queue_name}"
            yield context.finding((*job.where, "jobDefinition"), message)


def _of_task(
    context: Context, where: Where, definition: dict[str, Any], place: Where, platform: Any
) -> Iterator[Finding]:
    word, family = dig(platform, "cpuArchitecture"), dig(platform, "operatingSystemFamily")
    if isinstance(word, str) and word not in ARCHITECTURES:
        message, expected = f"{word!r} is no architecture", " or ".join(ARCHITECTURES)
        near = nearest(word, ARCHITECTURES)
        yield context.finding((*place, "cpuArchitecture"), message, expected=expected, suggestion=near)
    if platform_of(definition) == "EC2":
        yield _on_ec2(context, where, (*place, "cpuArchitecture") if word else place, word)
    elif _is_windows(family) and word == "ARM64":
        yield context.finding((*place, "cpuArchitecture"), "Windows runs on X86_64 only")


def _is_windows(family: Any) -> bool:
    return isinstance(family, str) and family.startswith("WINDOWS")


def _platform_words(definition: dict[str, Any], member: str) -> set[str]:
    """What a definition's tasks say of their platform."""
    said = (dig(task, "runtimePlatform", member) for _, task in tasks(definition, ()))
    return {word for word in said if isinstance(word, str)}


def _on_ec2(context: Context, definition_where: Where, place: Where, word: Any) -> Finding:
    """RuntimePlatform on EC2, and what the queues of the definition's jobs really run on."""
    message = "runtimePlatform is for Fargate: on EC2 the instance types decide"
    if isinstance(word, str):
        for job in pairs(context):
            for _, environment in attached(context, job.queue):
                found = {architecture_of(kind) for kind in instance_types_of(environment, context)}
                if job.definition_where == definition_where and found and word.lower() not in found:
                    name = environment["computeEnvironmentName"]
                    message += f", and {name} of {job.queue_name} has {' and '.join(sorted(found))} types"
                    return context.finding(place, message, expected="instance types of the image's architecture")
    return context.finding(place, message, expected="no runtimePlatform")


@rule(
    "arm-on-fargate-spot",
    "Fargate Spot takes ARM64, though older pages exclude it",
    "AWS Batch User Guide, Create a compute environment",
    severity="info",
    stage="review",
    number="V-15",
)
def arm_on_fargate_spot(context: Context) -> Iterator[Finding]:
    """A word of caution."""
    for job in pairs(context):
        arm = "ARM64" in _platform_words(job.definition, "cpuArchitecture")
        if is_fargate(job.definition) and arm and "FARGATE_SPOT" in kinds_of(context, job.queue):
            message = f"{job.queue_name} has Fargate Spot, which takes ARM64 by AWS's newest pages only"
            yield context.finding((*job.where, "jobDefinition"), message)


@rule(
    "ec2-container",
    "A container for EC2 has no members that are for Fargate or managed instances",
    "AWS Batch API, ContainerProperties, EcsTaskProperties; RegisterJobDefinition: 'networkConfiguration not "
    "applicable for EC2'",
    stage="deployment",
    number="V-37",
)
def ec2_container(context: Context) -> Iterator[Finding]:
    """Its network and platform version are the instance's."""
    for where, definition in context.items("jobDefinitions"):
        if platform_of(definition) != "EC2":
            continue
        for place, task in tasks(definition, where):
            for member in ("networkConfiguration", "fargatePlatformConfiguration", "platformVersion", "networkMode"):
                if task.get(member):
                    whose = "MANAGED_INSTANCES" if member == "networkMode" else "Fargate"
                    yield context.finding((*place, member), f"{member} is for {whose}", expected=f"no {member}")
