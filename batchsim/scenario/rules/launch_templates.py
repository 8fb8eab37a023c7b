"""Rules about the launch templates of a scenario: that what environments refer to is there, and EBS has its volumes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from batchsim.catalog.volumes import GP3_IOPS, GP3_MIB_PER_S, KINDS, VolumeKind
from batchsim.errors import Finding, nearest
from batchsim.scenario.batch.ec2_model import ec2_member
from batchsim.scenario.batch.instance_volumes import DEFAULT_KIND, ROOT_DEVICES, ROOT_KIND
from batchsim.scenario.batch.launch_templates import (
    LaunchTemplates,
    LaunchTemplateVersion,
    UnknownVersionError,
    reference_of,
    specifications,
)
from batchsim.scenario.document.access import dig, mappings, texts, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule

GUIDE = "AWS Batch User Guide, Use Amazon EC2 launch templates with AWS Batch"
BOOT_DELAY = ("environment", "ec2", "bootDelay")
_SPECIFICATION = "AWS Batch API, LaunchTemplateSpecification"


def _specifications(context: Context) -> Iterator[tuple[Where, dict[str, Any]]]:
    """Every reference of an environment to a launch template, with its place."""
    for where, environment in context.items("computeEnvironments"):
        yield from specifications(environment.get("computeResources"), (*where, "computeResources"))


def used(context: Context) -> Iterator[LaunchTemplateVersion]:
    """The versions that environments are launched from, each once, as far as the scenario holds them."""
    templates, seen = LaunchTemplates.of(context.document.values), set[Where]()
    for _, specification in _specifications(context):
        try:
            version = templates.version(specification)
        except UnknownVersionError:
            continue
        if version is not None and version.where not in seen:
            seen.add(version.where)
            yield version


def place_in(context: Context, version: LaunchTemplateVersion, *steps: str | int) -> Where:
    """The place of a member of a version, its keys as they are written there."""
    where, value = version.where, context.document.values
    for step in version.where:
        value = value[step]  # type: ignore[index]
    for step in ("launchTemplateData", *steps):
        if isinstance(step, str) and isinstance(value, dict) and ec2_member(step) in value:
            step = ec2_member(step)
        where = (*where, step)
        try:
            value = value[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            value = {}
    return where


def volume_mappings(version: LaunchTemplateVersion) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Block device mappings that make an EBS volume: number, the mapping, what is said of the volume."""
    for where, mapping in mappings(version.data, (), "blockDeviceMappings"):
        ebs = mapping.get("ebs")
        if isinstance(ebs, dict) and "noDevice" not in mapping:
            yield int(where[-1]), mapping, ebs


def volume_kind(mapping: dict[str, Any], ebs: dict[str, Any]) -> str:
    """The type of a mapping's volume, that of an image's root or EC2's own where it has none."""
    return str(ebs.get("volumeType") or (ROOT_KIND if mapping.get("deviceName") in ROOT_DEVICES else DEFAULT_KIND))


# References


@rule(
    "launch-template-held",
    "The launch templates of compute environments are in the section launchTemplates",
    _SPECIFICATION,
    severity="warning",
    number="V-05",
)
def held(context: Context) -> Iterator[Finding]:
    """What is not there is carried, and bears on no result; a boot delay of it may be stated."""
    templates = LaunchTemplates.of(context.document.values)
    told: set[tuple[Where, str]] = set()
    for where, specification in _specifications(context):
        reference, environment = reference_of(specification), where[:3]
        if reference and not templates.held(specification) and (environment, reference) not in told:
            told.add((environment, reference))
            yield context.finding(
                where,
                f"the launch template {reference} is not in launchTemplates: its volumes and the rest of it bear on no "
                "result",
                expected="what `aws ec2 describe-launch-template-versions` prints, under launchTemplates",
            )


@rule(
    "launch-template-version",
    "An environment refers to a version of its launch template that is given",
    _SPECIFICATION + ".version",
    number="V-05",
)
def version_known(context: Context) -> Iterator[Finding]:
    """A number, $Latest or $Default; without one, $Default."""
    templates = LaunchTemplates.of(context.document.values)
    for where, specification in _specifications(context):
        try:
            templates.version(specification)
        except UnknownVersionError as error:
            place = (*where, "version") if "version" in specification else where
            yield context.finding(place, error.message, expected=error.expected)


@rule(
    "launch-template-name",
    "A version of a launch template comes once, and a name has one id",
    "Amazon EC2 API, LaunchTemplateVersion",
    number="V-05",
)
def names(context: Context) -> Iterator[Finding]:
    """EC2 numbers the versions of a template."""
    seen: dict[tuple[str, int], Where] = {}
    ids: dict[str, str] = {}
    for version in LaunchTemplates.of(context.document.values).versions:
        key = version.title, version.number
        if key in seen:
            message = f"there are two versions {version.number} of the launch template {version.title}"
            yield context.finding(version.where, message, expected="versionNumber, as EC2 describes each version")
        seen.setdefault(key, version.where)
        if version.name and version.id and ids.setdefault(version.name, version.id) != version.id:
            message = f"the launch template {version.name} has two ids, {ids[version.name]} and {version.id}"
            yield context.finding(version.where, message, expected="one of them")


@rule(
    "boot-delay",
    "Boot delays are stated of launch templates that an environment refers to",
    severity="warning",
)
def boot_delays(context: Context) -> Iterator[Finding]:
    """One under another name would change nothing; a variant may use what the base states."""
    stated = dig(context.document.values, *BOOT_DELAY)
    if not isinstance(stated, dict) or not stated:
        return
    known = {reference_of(specification) for _, specification in _specifications(context)}
    for version in used(context):
        known |= {version.name, version.id}
    words = known | {*texts([context.document.values.get(section) for section in ("variants", "search", "sweep")])}
    if context.document.written is not None:
        words |= {*texts(context.document.written.values)}
    for name in stated:
        if name not in words:
            expected = "one that an environment refers to, or no such entry"
            message, near = f"no environment is launched from {name}", nearest(str(name), known - {""})
            yield context.finding((*BOOT_DELAY, name), message, expected=expected, suggestion=near)


# Volumes


@rule(
    "launch-template-volume",
    "Volumes of launch templates have sizes, IOPS and throughput that EBS has",
    "Amazon EBS User Guide, Amazon EBS volume types",
    number="V-05",
)
def volume_bounds(context: Context) -> Iterator[Finding]:
    """Bounds by volume type, IOPS by size, throughput by IOPS; hard disks don't boot."""
    for version in used(context):
        for index, mapping, ebs in volume_mappings(version):
            kind = volume_kind(mapping, ebs)
            if kind not in KINDS:
                continue
            for member, message, expected in _faults(kind, KINDS[kind], mapping, ebs):
                place = place_in(
                    context, version, "blockDeviceMappings", index, "ebs", *([member] if member in ebs else [])
                )
                yield context.finding(place, message, expected=expected)


def _faults(
    kind: str, known: VolumeKind, mapping: dict[str, Any], ebs: dict[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """What of a volume EBS does not take: the member, what is wrong, what would be right."""
    if not known.boots and mapping.get("deviceName") in ROOT_DEVICES:
        yield "volumeType", f"an instance can't boot from {kind}", "gp3, gp2, io1 or io2"
    told = set()
    for member, bounds, unit in (
        ("volumeSize", known.gib, " GiB"),
        ("iops", known.iops, ""),
        ("throughput", known.mib_per_s, " MiB/s"),
    ):
        value = whole(ebs.get(member))
        if value is None:
            continue
        if bounds is None:
            yield member, f"{kind} takes no {member}", f"no {member}, or gp3"
        elif not bounds[0] <= value <= bounds[1]:
            told.add(member)
            yield member, f"{member} {value} is none that {kind} has", f"{bounds[0]:,} to {bounds[1]:,}{unit}"
    yield from (fault for fault in _ratios(kind, known, ebs) if fault[0] not in told)


def _ratios(kind: str, known: VolumeKind, ebs: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    gib, iops, mib_per_s = (whole(ebs.get(member)) for member in ("volumeSize", "iops", "throughput"))
    if known.needs_iops and iops is None:
        yield "iops", f"{kind} has no iops", "iops: a number"
    if iops and iops > _most_iops(kind, known, gib):
        yield "iops", f"{iops} IOPS are too many for {gib} GiB of {kind}", f"{known.iops_per_gib} for each GiB at most"
    provided = iops or GP3_IOPS
    if kind == "gp3" and mib_per_s and mib_per_s > max(provided / 4, GP3_MIB_PER_S):
        yield "throughput", f"{mib_per_s} MiB/s are too many for {provided} IOPS", "a quarter of iops at most"


def _most_iops(kind: str, known: VolumeKind, gib: int | None) -> float:
    """So many IOPS a volume of this size may have; any number where its size is open, or its kind has no bounds."""
    if not gib or not known.iops:
        return math.inf
    return max(known.iops_per_gib * gib, GP3_IOPS if kind == "gp3" else 0)
