"""Rules about what a container is given: volumes, secrets, roles; and members that have no effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, entries, mappings
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import containers, is_multinode, tasks
from batchsim.scenario.rules.registry import rule


def _tasks(context: Context) -> Iterator[tuple[Where, dict[str, Any], list[tuple[Where, dict[str, Any]]]]]:
    """What definitions start on a host, with its containers: of containerProperties the one that it is."""
    for where, definition in context.items("jobDefinitions"):
        for place, task in tasks(definition, where):
            alone = place[-1] in ("containerProperties", "container")
            yield place, task, [(place, task)] if alone else list(mappings(task, place, "containers"))


@rule(
    "volume",
    "Each mount point is of a volume that its task has",
    "AWS Batch API, MountPoint.sourceVolume; ECS: \"Unknown volume '…'\" (ansible/ansible#35751)",
    stage="deployment",
    number="V-56",
)
def volumes(context: Context) -> Iterator[Finding]:
    """Without it no task definition can be made of the job's."""
    for place, task, group in _tasks(context):
        named = [
            volume["name"] for _, volume in mappings(task, place, "volumes") if isinstance(volume.get("name"), str)
        ]
        for where, container in group:
            for at, mount in mappings(container, where, "mountPoints"):
                name = mount.get("sourceVolume")
                if isinstance(name, str) and name not in named:
                    yield context.unknown((*at, "sourceVolume"), "volume", name, named)


@rule(
    "efs-volume",
    "A file system is mounted as its access point and its authorization ask for",
    "AWS Batch API, EFSVolumeConfiguration, EFSAuthorizationConfig",
    stage="deployment",
    number="V-56",
)
def efs_volumes(context: Context) -> Iterator[Finding]:
    """Both need encryption in transit, an access point its own root, IAM a job role."""
    for place, task, _ in _tasks(context):
        has_role = bool(task.get("jobRoleArn") or task.get("taskRoleArn"))
        for at, volume in mappings(task, place, "volumes"):
            efs = volume.get("efsVolumeConfiguration")
            yield from _efs(context, (*at, "efsVolumeConfiguration"), efs)
            if dig(efs, "authorizationConfig", "iam") == "ENABLED" and not has_role:
                member = "taskRoleArn" if "taskProperties" in place else "jobRoleArn"
                yield context.finding(place, "IAM authorization of a file system needs a job role", expected=member)


def _efs(context: Context, where: Where, efs: Any) -> Iterator[Finding]:
    point = dig(efs, "authorizationConfig", "accessPointId")
    by_iam = dig(efs, "authorizationConfig", "iam") == "ENABLED"
    if (point or by_iam) and dig(efs, "transitEncryption") != "ENABLED":
        message = f"{'an access point' if point else 'IAM authorization'} needs transit encryption"
        yield context.finding(where, message, expected="transitEncryption: ENABLED")
    if point and dig(efs, "rootDirectory") not in (None, "/"):
        message = "an access point has a root directory of its own"
        yield context.finding((*where, "rootDirectory"), message, expected="/ or none")


@rule(
    "secret-role",
    "Who reads secrets or a private registry has an execution role",
    'AWS Batch User Guide, Specify sensitive data; ECS: "When you are specifying container secrets, you must also '
    "specify a value for 'executionRoleArn'\" (fabfuel/ecs-deploy#87)",
    stage="deployment",
    number="V-56",
)
def secret_roles(context: Context) -> Iterator[Finding]:
    """It is the agent that reads them, before the container is there; on Fargate the role is needed anyway."""
    fargate = {
        where for where, definition in context.items("jobDefinitions")
        if "FARGATE" in entries(definition, "platformCapabilities")
    }  # fmt: skip
    for place, task, group in _tasks(context):
        if task.get("executionRoleArn") or place[:3] in fargate:
            continue
        for where, container in group:
            steps: tuple[tuple[str, ...], ...] = (
                ("secrets",),
                ("logConfiguration", "secretOptions"),
                ("repositoryCredentials",),
            )
            for member in steps:
                if dig(container, *member):
                    message = f"{member[-1]} needs an execution role"
                    yield context.finding((*where, *member), message, expected="executionRoleArn")


#: What can't be set for a container on Windows.
NOT_ON_WINDOWS = ("linuxParameters", "privileged", "user", "ulimits", "readonlyRootFilesystem")


@rule(
    "windows-container",
    "A container on Windows has no members that are for Linux",
    "AWS Batch API, RuntimePlatform.operatingSystemFamily",
    stage="deployment",
    number="V-15",
)
def windows(context: Context) -> Iterator[Finding]:
    """Not simulated, and exported."""
    for place, task, group in _tasks(context):
        family = dig(task, "runtimePlatform", "operatingSystemFamily")
        if not isinstance(family, str) or not family.startswith("WINDOWS"):
            continue
        for where, container in group:
            for member in NOT_ON_WINDOWS:
                if container.get(member):
                    yield context.finding(
                        (*where, member), f"{member} can't be set on Windows", expected=f"no {member}"
                    )
        for at, volume in mappings(task, place, "volumes"):
            if volume.get("efsVolumeConfiguration"):
                message = "efsVolumeConfiguration can't be set on Windows"
                yield context.finding((*at, "efsVolumeConfiguration"), message, expected="another volume")


@rule(
    "no-effect",
    "What a container is given has an effect",
    "AWS Batch API, LinuxParameters.swappiness, ContainerProperties.instanceType",
    severity="warning",
    stage="review",
    number="V-52",
)
def no_effect(context: Context) -> Iterator[Finding]:
    """AWS takes it and does nothing with it."""
    for _, _, group in _tasks(context):
        for where, container in group:
            linux = container.get("linuxParameters")
            if dig(linux, "swappiness") is not None and dig(linux, "maxSwap") is None:
                place = (*where, "linuxParameters", "swappiness")
                yield context.finding(place, "swappiness is ignored without maxSwap", expected="maxSwap")
    for where, definition in context.items("jobDefinitions"):
        for place, container in containers(definition, where) if not is_multinode(definition) else ():
            if container.get("instanceType"):
                message = "instanceType is of multi-node jobs: the environment's types decide"
                yield context.finding((*place, "instanceType"), message, expected="no instanceType")
