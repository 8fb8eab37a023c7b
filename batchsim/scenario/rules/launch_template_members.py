"""Rules about members of launch templates that the simulation has no model of: refused, or carried with a warning."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.redaction import MASK
from batchsim.scenario.batch.instance_volumes import ROOT_DEVICES, reservation_use
from batchsim.scenario.batch.launch_templates import (
    LaunchTemplates,
    LaunchTemplateVersion,
    UnknownVersionError,
    specifications,
)
from batchsim.scenario.document.access import dig, entries, figure, mappings, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.launch_templates import BOOT_DELAY, GUIDE, place_in, used, volume_kind, volume_mappings
from batchsim.scenario.rules.registry import rule

# What is not simulated

#: What is refused: what it is, why, and what to do instead.
_Refused = tuple[str, str, str]
_CARRIED = "no such member; export and deploy take it as it is"


def refused(context: Context) -> Iterator[tuple[Where, _Refused]]:
    """Members of used templates that decide about time or money and are not in the model, for ``not-simulated``."""
    for version in used(context):
        for steps, (what, why, instead) in _refused(version):
            yield place_in(context, version, *steps), (f"{what} of the launch template {version.title}", why, instead)
    yield from _other_reservations(context)


def _refused(version: LaunchTemplateVersion) -> Iterator[tuple[Where, _Refused]]:
    yield from _refused_cpu_options(version.data.get("cpuOptions") or {})
    yield from _refused_placement(version.data.get("placement"))
    for member in ("elasticGpuSpecifications", "elasticInferenceAccelerators"):
        if entries(version.data, member):
            yield (member,), (member, "they are paid by the hour", _CARRIED)
    yield from _refused_volumes(version)


def _refused_cpu_options(cpu: Any) -> Iterator[tuple[Where, _Refused]]:
    for member in ("coreCount", "threadsPerCore"):
        if whole(dig(cpu, member)) is not None and not (member == "threadsPerCore" and cpu[member] == 2):
            why = "it takes vCPUs away, and how AWS Batch counts them then is not published"
            yield ("cpuOptions", member), (f"cpuOptions.{member}", why, _CARRIED)
    if dig(cpu, "amdSevSnp") == "enabled":
        yield ("cpuOptions", "amdSevSnp"), ("cpuOptions.amdSevSnp", "it costs more by the hour", _CARRIED)


def _refused_placement(placement: Any) -> Iterator[tuple[Where, _Refused]]:
    tenancy = dig(placement, "tenancy")
    if tenancy in ("dedicated", "host"):
        yield ("placement", "tenancy"), (f"a tenancy of {tenancy}", "it has prices of its own", "tenancy: default")
    for member in ("hostId", "hostResourceGroupArn"):
        if dig(placement, member):
            yield ("placement", member), (f"placement.{member}", "Dedicated Hosts have prices of their own", _CARRIED)


def _refused_volumes(version: LaunchTemplateVersion) -> Iterator[tuple[Where, _Refused]]:
    for index, mapping, ebs in volume_mappings(version):
        place = "blockDeviceMappings", index, "ebs"
        if volume_kind(mapping, ebs) == "standard":
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
    GUIDE,
    severity="warning",
    number="V-05",
)
def told(context: Context) -> Iterator[Finding]:
    """One warning for each member, with what to state instead."""
    for version in used(context):
        for steps, message, expected in (*_of_instances(context, version), *_of_volumes(version)):
            yield context.finding(place_in(context, version, *steps), message, expected=expected)


#: A member, what of it is not simulated, and what to state instead.
_Told = tuple[Where, str, str]


def _of_instances(context: Context, version: LaunchTemplateVersion) -> Iterator[_Told]:
    data = version.data
    yield from _user_data(context, version)
    if dig(data, "monitoring", "enabled") is True:
        yield ("monitoring",), "detailed monitoring is paid to CloudWatch and not counted", ""
    if dig(data, "creditSpecification", "cpuCredits") == "unlimited":
        yield ("creditSpecification",), "surplus CPU credits are paid and not counted", ""
    yield from _market_options(data)
    for member in ("groupName", "groupId", "availabilityZone", "availabilityZoneId"):
        if dig(data, "placement", member):
            message = f"placement.{member} says where instances run, which bears on no result"
            yield ("placement", member), message, "computeResources.placementGroup and subnets"
    yield from _public_addresses(context, data)


def _market_options(data: dict[str, Any]) -> Iterator[_Told]:
    market = dig(data, "instanceMarketOptions", "marketType")
    if market == "capacity-block":
        message = (
            "AWS Batch ignores market options, and does not say what it makes of a Capacity Block: instances run in "
            "the reservation that capacityReservationSpecification targets"
        )
        yield ("instanceMarketOptions",), message, "a reservation in environment.capacity.reservations"
    elif market is not None:
        yield ("instanceMarketOptions",), "AWS Batch ignores market options", "type: SPOT or EC2 of the environment"


def _public_addresses(context: Context, data: dict[str, Any]) -> Iterator[_Told]:
    """Network interfaces that say otherwise than the scenario whether an instance has a public address."""
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
    for index, mapping, ebs in volume_mappings(version):
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
    GUIDE,
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
            yield context.finding(
                place_in(context, version, "userData"), "user data are not in base64", expected="base64"
            )
        elif "multipart/mixed" not in text.lower():
            message = "user data are no MIME multi-part archive: AWS Batch can't merge them with its own"
            yield context.finding(
                place_in(context, version, "userData"), message, expected="Content-Type: multipart/mixed"
            )
