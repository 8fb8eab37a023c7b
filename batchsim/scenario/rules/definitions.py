"""Rules about job definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document import Where
from batchsim.scenario.rules.context import Context, dig, requirement, rule, whole

API = "AWS Batch API, RegisterJobDefinitionRequest"


def retrying(context: Context) -> Iterator[tuple[Where, dict[str, Any]]]:
    """Everything that may carry a retry strategy or a timeout: definitions and jobs."""
    yield from context.items("jobDefinitions")
    for _, _, jobs in context.workflows():
        yield from jobs


def is_fargate(definition: dict[str, Any]) -> bool:
    """Whether a definition says that it is for Fargate."""
    capabilities = definition.get("platformCapabilities")
    return isinstance(capabilities, list) and "FARGATE" in capabilities


@rule("requirements", "A definition asks for VCPU and MEMORY, in figures", API)
def requirements(context: Context) -> Iterator[Finding]:
    """What placement needs to know."""
    for where, definition in context.items("jobDefinitions"):
        container = definition.get("containerProperties")
        if definition.get("type") != "container" or not isinstance(container, dict):
            if definition.get("type") == "container" and not {"ecsProperties", "eksProperties"} & set(definition):
                yield context.finding(where, "containerProperties is missing")
            continue
        place = (*where, "containerProperties")
        fargate = is_fargate(definition)
        for kind, least in (("VCPU", 0.25 if fargate else 1), ("MEMORY", 4)):
            value = requirement(container, kind)
            if value is None:
                yield context.finding(
                    place,
                    f"no {kind} in resourceRequirements, or not a figure",
                    expected=f'{{type: {kind}, value: "…"}}',
                )
            elif value > 1e9:
                yield context.finding(place, f"{kind} {value:g} can't be had", expected="what an instance can hold")
            elif value < least or (not fargate and value != int(value)):
                yield context.finding(
                    place,
                    f"{kind} {value:g} can't be had",
                    expected=f"a whole number of {least} or more" if not fargate else f"{least} or more",
                )
        gpus = requirement(container, "GPU")
        if gpus is not None and (gpus < 1 or gpus != int(gpus)):
            yield context.finding(place, f"GPU {gpus:g} can't be had", expected="a whole number of 1 or more")


@rule("fargate-size", "Fargate has a fixed set of sizes, and no GPUs", "AWS Batch API, ResourceRequirement")
def fargate_size(context: Context) -> Iterator[Finding]:
    """The vCPU and memory match one of the 77 pairs."""
    from batchsim.catalog.fargate import is_legal, nearest_legal

    for where, definition in context.items("jobDefinitions"):
        if not is_fargate(definition):
            continue
        container = definition.get("containerProperties")
        place = (*where, "containerProperties")
        vcpus, memory = requirement(container, "VCPU"), requirement(container, "MEMORY")
        if requirement(container, "GPU") is not None:
            yield context.finding(place, "Fargate has no GPUs")
        if vcpus is not None and memory is not None and not is_legal(vcpus, int(memory)):
            near = nearest_legal(vcpus, int(memory))
            hint = f"{near[0]:g} vCPU with {near[1]} MiB" if near else "32 vCPU with 249856 MiB at most"
            yield context.finding(place, f"Fargate has no size of {vcpus:g} vCPU with {memory:g} MiB", expected=hint)


@rule(
    "attempts",
    "1 to 10 attempts, at most 5 evaluateOnExit entries of legal patterns",
    "AWS Batch API, RetryStrategy, EvaluateOnExit",
)
def retries(context: Context) -> Iterator[Finding]:
    """Retry strategies of definitions and jobs."""
    for where, thing in retrying(context):
        strategy = thing.get("retryStrategy")
        if not isinstance(strategy, dict):
            continue
        place = (*where, "retryStrategy")
        attempts = whole(strategy.get("attempts"))
        if attempts is not None and not 1 <= attempts <= 10:
            yield context.finding((*place, "attempts"), f"{attempts} is out of range", expected="1 to 10")
        entries = strategy.get("evaluateOnExit")
        if not isinstance(entries, list):
            continue
        if attempts is None and "attempts" not in strategy:
            yield context.finding(place, "evaluateOnExit needs attempts")
        if len(entries) > 5:
            yield context.finding(
                (*place, "evaluateOnExit"), f"{len(entries)} entries are too many", expected="5 at most"
            )
        for index, entry in enumerate(entries):
            for member in ("onExitCode", "onReason", "onStatusReason"):
                pattern = dig(entry, member)
                letters = "[0-9]" if member == "onExitCode" else r"[A-Za-z0-9.:\s]"
                if isinstance(pattern, str) and not re.fullmatch(rf"{letters}{{0,511}}\*?", pattern):
                    yield context.finding(
                        (*place, "evaluateOnExit", index, member),
                        f"{pattern!r} is not a pattern that AWS takes",
                        expected="digits and a final *"
                        if member == "onExitCode"
                        else "letters, digits, . : and blanks, and a final *",
                    )


@rule("timeout", "A timeout is 60 s or more", "AWS Batch API, JobTimeout")
def timeout(context: Context) -> Iterator[Finding]:
    """Of definitions and jobs."""
    for where, thing in retrying(context):
        value = whole(dig(thing, "timeout", "attemptDurationSeconds"))
        if value is not None and value < 60:
            yield context.finding(
                (*where, "timeout", "attemptDurationSeconds"), f"{value} s is too short", expected="60 or more"
            )


@rule("ephemeral-storage", "Ephemeral storage is 21 to 200 GiB", "AWS Batch API, EphemeralStorage")
def ephemeral_storage(context: Context) -> Iterator[Finding]:
    """Beyond the 20 GiB that every task has."""
    for where, definition in context.items("jobDefinitions"):
        value = whole(dig(definition, "containerProperties", "ephemeralStorage", "sizeInGiB"))
        if value is not None and not 21 <= value <= 200:
            place = (*where, "containerProperties", "ephemeralStorage", "sizeInGiB")
            yield context.finding(place, f"{value} GiB is out of range", expected="21 to 200")
