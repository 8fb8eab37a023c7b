"""Rules about the launch templates of a scenario: that what environments refer to is there, and can be simulated."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from batchsim.catalog.volumes import GP3_IOPS, GP3_MIB_PER_S, KINDS, VolumeKind
from batchsim.errors import Finding, nearest
from batchsim.redaction import MASK
from batchsim.scenario.batch.ec2_model import ec2_member
from batchsim.scenario.batch.instance_volumes import DEFAULT_KIND, ROOT_DEVICES, ROOT_KIND, reservation_use
from batchsim.scenario.batch.launch_templates import (
    LaunchTemplates,
    LaunchTemplateVersion,
    UnknownVersionError,
    reference_of,
    specifications,
)
from batchsim.scenario.document.access import dig, entries, figure, mappings, texts, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule

_GUIDE = "AWS Batch User Guide, Use Amazon EC2 launch templates with AWS Batch"
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


def _at(context: Context, version: LaunchTemplateVersion, *steps: str | int) -> Where:
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


def _mappings(version: LaunchTemplateVersion) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Block device mappings that make an EBS volume: number, the mapping, what is said of the volume."""
    for where, mapping in mappings(version.data, (), "blockDeviceMappings"):
        ebs = mapping.get("ebs")
        if isinstance(ebs, dict) and "noDevice" not in mapping:
            yield int(where[-1]), mapping, ebs


def _kind(mapping: dict[str, Any], ebs: dict[str, Any]) -> str:
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
        for index, mapping, ebs in _mappings(version):
            kind = _kind(mapping, ebs)
            if kind not in KINDS:
                continue
            for member, message, expected in _faults(kind, KINDS[kind], mapping, ebs):
                place = _at(context, version, "blockDeviceMappings", index, "ebs", *([member] if member in ebs else []))
                yield context.finding(place, message, expected=expected)


def _faults(
    kind: str, known: VolumeKind, mapping: dict[str, Any], ebs: dict[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """What of a volume EBS does not take: the member, what is wrong, what would be right."""
    if not known.boots and mapping.get("deviceName") in ROOT_DEVICES:
        yield "volumeType", f"an instance can't boot from {kind}", "gp3, gp2, io1 or io2"
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
            yield member, f"{member} {value} is none that {kind} has", f"{bounds[0]:,} to {bounds[1]:,}{unit}"
    yield from _ratios(kind, known, ebs)


def _ratios(kind: str, known: VolumeKind, ebs: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    gib, iops, mib_per_s = (whole(ebs.get(member)) for member in ("volumeSize", "iops", "throughput"))
    if known.needs_iops and iops is None:
        yield "iops", f"{kind} has no iops", "iops: a number"
    included = GP3_IOPS if kind == "gp3" else 0
    if gib and iops and known.iops and iops > max(known.iops_per_gib * gib, included):
        yield "iops", f"{iops} IOPS are too many for {gib} GiB of {kind}", f"{known.iops_per_gib} for each GiB at most"
    if kind == "gp3" and mib_per_s and mib_per_s > max((iops or GP3_IOPS) / 4, GP3_MIB_PER_S):
        yield "throughput", f"{mib_per_s} MiB/s are too many for {iops or GP3_IOPS} IOPS", "a quarter of iops at most"


# What is not simulated


#: What is refused: what it is, why, and what to do instead.
_Refused = tuple[str, str, str]
_CARRIED = "no such member; export and deploy take it as it is"


def refused(context: Context) -> Iterator[tuple[Where, _Refused]]:
    """Members of used templates that decide about time or money and are not in the model, for ``not-simulated``."""
    for version in used(context):
        for steps, (what, why, instead) in _refused(version):
            yield _at(context, version, *steps), (f"{what} of the launch template {version.title}", why, instead)
    yield from _other_reservations(context)


def _refused(version: LaunchTemplateVersion) -> Iterator[tuple[tuple[str | int, ...], _Refused]]:
    data = version.data
    cpu = data.get("cpuOptions") or {}
    for member in ("coreCount", "threadsPerCore"):
        if whole(dig(cpu, member)) is not None and not (member == "threadsPerCore" and cpu[member] == 2):
            why = "it takes vCPUs away, and how AWS Batch counts them then is not published"
            yield ("cpuOptions", member), (f"cpuOptions.{member}", why, _CARRIED)
    if dig(cpu, "amdSevSnp") == "enabled":
        yield ("cpuOptions", "amdSevSnp"), ("cpuOptions.amdSevSnp", "it costs more by the hour", _CARRIED)
    tenancy = dig(data, "placement", "tenancy")
    if tenancy in ("dedicated", "host"):
        yield ("placement", "tenancy"), (f"a tenancy of {tenancy}", "it has prices of its own", "tenancy: default")
    for member in ("hostId", "hostResourceGroupArn"):
        if dig(data, "placement", member):
            yield ("placement", member), (f"placement.{member}", "Dedicated Hosts have prices of their own", _CARRIED)
    for member in ("elasticGpuSpecifications", "elasticInferenceAccelerators"):
        if entries(data, member):
            yield (member,), (member, "they are paid by the hour", _CARRIED)
    for index, mapping, ebs in _mappings(version):
        place = "blockDeviceMappings", index, "ebs"
        if _kind(mapping, ebs) == "standard":
            yield (*place, "volumeType"), ("a standard volume", "it is paid by the request too", "gp3")
        if not figure(ebs.get("volumeSize")) and mapping.get("deviceName") not in ROOT_DEVICES:
            why = "its size is that of a snapshot, which nobody knows offline"
            yield place, ("a volume without volumeSize", why, "volumeSize: GiB")


def _other_reservations(context: Context) -> Iterator[tuple[Where, _Refused]]:
    """Overrides whose instances would use other capacity reservations than the environment's others."""
    templates = LaunchTemplates.of(context.document.values)
    for where, environment in context.items("computeEnvironments"):
        found = list(specifications(environment.get("computeResources"), (*where, "computeResources")))
        uses = [(place, _use(templates, specification)) for place, specification in found]
        for place, use in uses[1:]:
            if use != uses[0][1]:
                what = "another capacityReservationSpecification for some of the types"
                yield place, (what, "an environment uses reservations in one way", "an environment for these types")


def _use(templates: LaunchTemplates, specification: dict[str, Any]) -> Any:
    try:
        version = templates.version(specification)
    except UnknownVersionError:
        version = None
    return reservation_use({} if version is None else version.data)


# What is carried and bears on time or money


@rule(
    "launch-template-member",
    "Launch templates say nothing that bears on time or money and is carried alone",
    _GUIDE,
    severity="warning",
    number="V-05",
)
def told(context: Context) -> Iterator[Finding]:
    """One warning for each member, with what to state instead."""
    for version in used(context):
        for steps, message, expected in (*_of_instances(context, version), *_of_volumes(version)):
            yield context.finding(_at(context, version, *steps), message, expected=expected)


_Told = tuple[tuple[str | int, ...], str, str]


def _of_instances(context: Context, version: LaunchTemplateVersion) -> Iterator[_Told]:
    data = version.data
    yield from _user_data(context, version)
    if dig(data, "monitoring", "enabled") is True:
        yield ("monitoring",), "detailed monitoring is paid to CloudWatch and not counted", ""
    if dig(data, "creditSpecification", "cpuCredits") == "unlimited":
        yield ("creditSpecification",), "surplus CPU credits are paid and not counted", ""
    market = dig(data, "instanceMarketOptions", "marketType")
    if market == "capacity-block":
        message = (
            "AWS Batch ignores market options, and does not say what it makes of a Capacity Block: instances run in "
            "the reservation that capacityReservationSpecification targets"
        )
        yield ("instanceMarketOptions",), message, "a reservation in environment.capacity.reservations"
    elif market is not None:
        yield ("instanceMarketOptions",), "AWS Batch ignores market options", "type: SPOT or EC2 of the environment"
    for member in ("groupName", "groupId", "availabilityZone", "availabilityZoneId"):
        if dig(data, "placement", member):
            message = f"placement.{member} says where instances run, which bears on no result"
            yield ("placement", member), message, "computeResources.placementGroup and subnets"
    public = dig(context.document.values, "environment", "ec2", "publicIp") is True
    for where, interface in mappings(data, (), "networkInterfaces"):
        stated = interface.get("associatePublicIpAddress")
        if isinstance(stated, bool) and stated != public:
            message = (
                f"each instance has {'a' if stated else 'no'} public address: environment.ec2.publicIp says otherwise"
            )
            place = ("networkInterfaces", where[-1], "associatePublicIpAddress")
            yield place, message, f"environment.ec2.publicIp: {str(stated).lower()}"


def _user_data(context: Context, version: LaunchTemplateVersion) -> Iterator[_Told]:
    """User data are looked at for what the simulation should be told, and never shown."""
    text = decoded_user_data(version.data.get("userData"))
    if text is None:
        return
    if not any(dig(context.document.values, *BOOT_DELAY, name) is not None for name in (version.name, version.id)):
        message = "user data run before an instance registers: how long is not stated"
        yield ("userData",), message, f"environment.ec2.bootDelay: {{{version.title}: 30s}}"
    reserved = re.search(r"ECS_RESERVED_MEMORY[\"' ]*=[\"' ]*(\d+)", text)
    known = dig(context.document.values, "environment", "ec2", "reservedMemory")
    if reserved is not None and known is None:
        message = "user data set ECS_RESERVED_MEMORY, which is not read from there"
        yield ("userData",), message, f"environment.ec2.reservedMemory: {reserved[1]}MiB"


def decoded_user_data(value: Any) -> str | None:
    """The text of user data, base64 or plain; None where there is none, or none to be seen."""
    if not isinstance(value, str) or not value or value == MASK:
        return None
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return value


def _of_volumes(version: LaunchTemplateVersion) -> Iterator[_Told]:
    for index, mapping, ebs in _mappings(version):
        place = "blockDeviceMappings", index, "ebs"
        is_root = mapping.get("deviceName") in ROOT_DEVICES
        if ebs.get("deleteOnTermination", is_root) is not True:
            message = f"{mapping.get('deviceName')} may outlive its instance: what it costs from then on is not counted"
            yield (*place, "deleteOnTermination"), message, "deleteOnTermination: true"
        if whole(ebs.get("volumeInitializationRate")) is not None:
            yield (*place, "volumeInitializationRate"), "volume initialization is paid by the GiB and not counted", ""


@rule(
    "launch-template-user-data",
    "User data of launch templates are a MIME multi-part archive in base64",
    _GUIDE,
    stage="deployment",
    number="V-05",
)
def user_data(context: Context) -> Iterator[Finding]:
    """AWS Batch merges them with its own."""
    for version in used(context):
        value = version.data.get("userData")
        text = decoded_user_data(value)
        if text is None:
            continue
        if text == value:
            yield context.finding(_at(context, version, "userData"), "user data are not in base64", expected="base64")
        elif "multipart/mixed" not in text.lower():
            message = "user data are no MIME multi-part archive: AWS Batch can't merge them with its own"
            yield context.finding(_at(context, version, "userData"), message, expected="Content-Type: multipart/mixed")
