"""Rules about environments and definitions on EKS: not simulated, and exported as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, figure, mappings
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import EC2, kind_of, pods
from batchsim.scenario.rules.registry import rule

#: What a definition on EKS can't have (API RegisterJobDefinitionRequest).
NOT_ON_EKS = ("platformCapabilities", "propagateTags")
MEMORY = re.compile(r"([0-9]+)Mi")
QUARTER = re.compile(r"[0-9]*\.?[0-9]+")


@rule(
    "eks-environment",
    "An environment on EKS is MANAGED, of EC2 or SPOT, and has a strategy other than BEST_FIT",
    "AWS Batch API, ComputeResource.allocationStrategy, EksConfiguration; AWS Batch User Guide, Amazon EKS compute "
    "environments",
    stage="deployment",
    number="V-57",
)
def environments(context: Context) -> Iterator[Finding]:
    """The strategy is required there."""
    for where, environment in context.items("computeEnvironments"):
        if "eksConfiguration" not in environment:
            continue
        kind = kind_of(environment)
        if kind and kind not in EC2:
            message = f"an environment on EKS can't be {kind}"
            yield context.finding((*where, "eksConfiguration"), message, expected="type: EC2 or SPOT")
            continue
        strategy = dig(environment, "computeResources", "allocationStrategy")
        place = (*where, "computeResources", *(("allocationStrategy",) if strategy else ()))
        if strategy in (None, "BEST_FIT"):
            message = (
                "an environment on EKS can't have BEST_FIT" if strategy else "an environment on EKS needs a strategy"
            )
            expected = "SPOT_PRICE_CAPACITY_OPTIMIZED" if kind == "SPOT" else "BEST_FIT_PROGRESSIVE"
            yield context.finding(place, message, expected=expected)


@rule(
    "eks-definition",
    "A definition on EKS has pods whose containers can be told apart and ask for what can be had",
    "AWS Batch API, RegisterJobDefinitionRequest, EksContainerResourceRequirements, EksSeccompProfile",
    stage="deployment",
    number="V-57",
)
def definitions(context: Context) -> Iterator[Finding]:
    """Limits and requests of memory and GPUs are equal; memory is in Mi, CPUs in quarters."""
    for where, definition in context.items("jobDefinitions"):
        for member in NOT_ON_EKS if "eksProperties" in definition else ():
            if member in definition:
                message = f"{member} can't be given for a definition on EKS"
                yield context.finding((*where, member), message, expected=f"no {member}")
        yield from _names(context, list(pods(definition, where)))
        for place, container in pods(definition, where):
            yield from _resources(context, (*place, "resources"), container.get("resources"))
            profile, at = (
                dig(container, "securityContext", "seccompProfile"),
                (*place, "securityContext", "seccompProfile"),
            )
            if isinstance(profile, dict) and (profile.get("type") == "Localhost") != ("localhostProfile" in profile):
                yield context.finding(
                    at, "localhostProfile is for type Localhost, which needs it", expected="both or none"
                )
        for at, variable in _mounts(definition, where):
            yield context.finding(at, f"there is no volume {variable!r}", expected="a volume of the pod")


def _names(context: Context, found: list[tuple[Where, dict[str, Any]]]) -> Iterator[Finding]:
    seen: set[tuple[Any, ...]] = set()
    for place, container in found:
        name = place[:-1], container.get("name", "Default")
        if isinstance(name[1], str) and name in seen:
            message = f"the container {name[1]!r} comes twice in the pod"
            yield context.finding(place, message, expected="another name")
        seen.add(name if isinstance(name[1], str) else ())


def _mounts(definition: dict[str, Any], where: Where) -> Iterator[tuple[Where, str]]:
    """Mounts of volumes that their pod does not have."""
    groups = [(where, definition), *mappings(definition, where, "nodeProperties", "nodeRangeProperties")]
    for place, group in groups:
        pod = dig(group, "eksProperties", "podProperties")
        named = [volume.get("name") for _, volume in mappings(pod, (), "volumes")]
        for member in ("containers", "initContainers"):
            for at, container in mappings(pod, (*place, "eksProperties", "podProperties"), member):
                for mount_at, mount in mappings(container, at, "volumeMounts"):
                    name = mount.get("name")
                    if isinstance(name, str) and name not in named:
                        yield (*mount_at, "name"), name


def _resources(context: Context, place: Where, resources: Any) -> Iterator[Finding]:
    for group in ("limits", "requests"):
        given = dig(resources, group)
        for name, value in given.items() if isinstance(given, dict) else ():
            expected = _expected(name, value) if isinstance(value, str) else ""
            if expected:
                what = f"{value!r} GPUs" if name == "nvidia.com/gpu" else f"{name} {value!r}"
                yield context.finding((*place, group, name), f"{what} can't be had", expected=expected)
    yield from _above_limits(context, place, resources)


def _above_limits(context: Context, place: Where, resources: Any) -> Iterator[Finding]:
    """Memory and GPUs are as much as their limit, cpu at most."""
    for name in ("memory", "nvidia.com/gpu"):
        most, asked = dig(resources, "limits", name), dig(resources, "requests", name)
        if isinstance(most, str) and isinstance(asked, str) and most != asked:
            yield context.finding((*place, "requests", name), f"{asked} is not the limit {most}", expected=most)
    most, asked = figure(dig(resources, "limits", "cpu")), figure(dig(resources, "requests", "cpu"))
    if most is not None and asked is not None and most < asked:
        message = f"{asked:g} is above the limit {most:g}"
        yield context.finding((*place, "requests", "cpu"), message, expected=f"{most:g}")


def _expected(name: str, value: str) -> str:
    """What a resource of a pod would have to be; empty where it is."""
    if name == "memory":
        return "" if _is_pod_memory(value) else "4Mi or more, whole, in Mi"
    if name == "cpu":
        return "" if _is_pod_cpu(value) else "a multiple of 0.25"
    return "a whole number" if name == "nvidia.com/gpu" and not value.isdecimal() else ""


def _is_pod_memory(value: str) -> bool:
    match = MEMORY.fullmatch(value)
    return match is not None and int(match[1]) >= 4


def _is_pod_cpu(value: str) -> bool:
    number = figure(value) if QUARTER.fullmatch(value) else None
    return number is not None and number > 0 and (4 * number).is_integer()
