"""What a launch template means for the instances of an environment: volumes, the pull of images, boot, reservations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from batchsim.catalog.instance_types import instance_types
from batchsim.catalog.volumes import KINDS, EbsVolume, VolumePrices, volume_prices
from batchsim.scenario.batch.launch_templates import (
    LaunchTemplates,
    LaunchTemplateVersion,
    UnknownVersionError,
    reference_of,
    specification_for,
)
from batchsim.scenario.batch.offerings import Market, NoPriceError, cured_by
from batchsim.scenario.document.access import dig, figure, mappings, whole
from batchsim.spec.configuration import ComputeEnvironment, Offering
from batchsim.spec.reservations import OPEN, ReservationUse
from batchsim.spec.stated_prices import VOLUME_FORMS
from batchsim.units import HOURS_PER_MONTH, MIB_PER_GIB

#: What images call their root volume: those of Amazon Linux, and others (EC2 User Guide, *Device names for volumes*).
ROOT_DEVICES = ("/dev/xvda", "/dev/sda1")
#: What EC2 makes where a volume has no type (EC2 API, CreateVolume).
DEFAULT_KIND = "gp2"
#: What the root volume of the ECS-optimised images is.
ROOT_KIND = "gp3"


def volumes(data: Mapping[str, Any], root_gib: float) -> list[EbsVolume]:
    """The EBS volumes of an instance that is launched from a template, the root volume first.

    What a mapping of the root device leaves open is the image's: gp3, and `root_gib` large. A mapping with
    ``noDevice`` takes a volume of the image away; one with ``virtualName`` is an instance store, which costs nothing.
    """
    root: EbsVolume | None = EbsVolume(ROOT_KIND, root_gib)
    further: list[EbsVolume] = []
    for _, mapping in mappings(data, (), "blockDeviceMappings"):
        is_root, ebs = mapping.get("deviceName") in ROOT_DEVICES, mapping.get("ebs")
        if "noDevice" in mapping:
            root = None if is_root else root
        elif isinstance(ebs, dict) and is_root:
            root = _volume(ebs, ROOT_KIND, root_gib)
        elif isinstance(ebs, dict):
            further.append(_volume(ebs, DEFAULT_KIND, 0.0))
    return [*([] if root is None else [root]), *further]


def _volume(ebs: Mapping[str, Any], kind: str, gib: float) -> EbsVolume:
    """The volume of a mapping, of the kind and the size given where the mapping leaves them open."""
    size_gib = figure(ebs.get("volumeSize")) or gib
    return EbsVolume(str(ebs.get("volumeType") or kind), size_gib, whole(ebs.get("iops")), whole(ebs.get("throughput")))


def volumes_price(held: Sequence[EbsVolume], market: Market) -> float:
    """What volumes cost, in USD per hour.

    Raises
    ------
    NoPriceError
        If the catalog has no price of one, and the scenario states none.
    """
    return sum(_prices(volume, market).usd_per_month(volume) for volume in held if volume.gib) / HOURS_PER_MONTH


def _prices(volume: EbsVolume, market: Market) -> VolumePrices:
    """What is stated of a kind of volume; what is not and is needed, the catalog's less its discount."""
    kind, stated = volume.kind, market.stated
    if kind not in KINDS:
        raise NoPriceError(f"no price of {kind} volumes", "gp3: {gbMonth: USD}")
    gb, iops, mib_per_s = stated.volume(kind)
    if gb is not None and not VolumePrices(0.0, 1.0, 1.0).usd_per_month(volume):
        return VolumePrices(gb)
    if gb is not None and iops is not None and mib_per_s is not None:
        return VolumePrices(gb, iops, mib_per_s)
    with cured_by(f"{kind}: {VOLUME_FORMS[kind]}"):
        listed = volume_prices(kind, market.region, market.catalog)
    share = stated.volume_share(kind)
    return VolumePrices(
        listed.gb * share if gb is None else gb,
        listed.iops * share if iops is None else iops,
        listed.mib_per_s * share if mib_per_s is None else mib_per_s,
    )


def pull_rate(root: EbsVolume, market: Market) -> float:
    """How fast an image is pulled and unpacked onto a root volume, compressed.

    ``image.pullRate`` is that of a volume of ``image.volumeThroughput``; another volume's is in proportion, until the
    disk is no limit any more: as on local NVMe. AWS publishes neither: an assumption (`docs/defaults.md`).
    """
    image = market.settings.image
    scaled = image.pull_rate * root.throughput_mib_per_s / image.volume_throughput
    return min(scaled, max(image.local_storage_pull_rate, image.pull_rate))


def launched_from(
    environment: ComputeEnvironment, resources: Mapping[str, Any], market: Market, templates: LaunchTemplates
) -> ComputeEnvironment:
    """An environment whose instances are launched as its launch template says, and its overrides for some types.

    Of a template that the scenario does not hold nothing is known: its instances are as without one, but for a stated
    boot delay.

    Raises
    ------
    NoPriceError
        As `volumes_price`.
    """
    specification = resources.get("launchTemplate")
    if not isinstance(specification, dict):
        return environment
    offerings = tuple(
        _launched(offering, specification_for(specification, offering.instance_type), market, templates)
        for offering in environment.offerings
    )
    return replace(environment, offerings=offerings, reservation_use=_reservation_use(specification, templates))


def _reservation_use(specification: Mapping[str, Any], templates: LaunchTemplates) -> ReservationUse:
    version = _version(specification, templates)
    return OPEN if version is None else reservation_use(version.data)


def reservation_use(data: Mapping[str, Any]) -> ReservationUse:
    """What a template's ``capacityReservationSpecification`` says.

    EC2 User Guide, *Launch instances into an existing Capacity Reservation*: an instance that is targeted at a
    reservation by its id runs there or not at all; one that is targeted at a group runs on demand when that is full.
    """
    said = data.get("capacityReservationSpecification")
    word = dig(said, "capacityReservationPreference")
    by_id = dig(said, "capacityReservationTarget", "capacityReservationId")
    group = dig(said, "capacityReservationTarget", "capacityReservationResourceGroupArn")
    targets = tuple(target for target in (by_id, group) if isinstance(target, str))
    if word == "capacity-reservations-only" or by_id:
        return ReservationUse("only", targets)
    return ReservationUse("none" if word == "none" else "open", targets)


def _version(specification: Mapping[str, Any], templates: LaunchTemplates) -> LaunchTemplateVersion | None:
    """The version that is meant; None where it is not held, or a rule tells that it is none of those given."""
    try:
        return templates.version(specification)
    except UnknownVersionError:
        return None


def _launched(
    offering: Offering, specification: Mapping[str, Any], market: Market, templates: LaunchTemplates
) -> Offering:
    ec2 = market.settings.ec2
    data, references = None, [reference_of(specification)]
    version = _version(specification, templates)
    if version is not None:
        data, references = version.data, [version.name, version.id]
    delay = next((ec2.boot_delay[name] for name in references if name in ec2.boot_delay), 0.0)
    offering = replace(offering, boot_delay_s=delay) if delay else offering
    if not mappings_of_volumes(data):
        return offering
    assert data is not None  # noqa: S101 (it has volumes)
    held = volumes(data, ec2.root_volume / MIB_PER_GIB)
    usd = volumes_price(held, market)
    is_local = bool(instance_types(market.catalog)[offering.instance_type].local_storage_gb)
    rate = offering.pull_mib_per_s
    if not is_local and has_root(data) and held and held[0].kind in KINDS:
        rate = pull_rate(held[0], market)
    return replace(offering, volumes_usd_per_hour=usd, pull_mib_per_s=rate)


def mappings_of_volumes(data: Mapping[str, Any] | None) -> bool:
    """Whether a template says anything of volumes."""
    return bool(dig(data, "blockDeviceMappings"))


def has_root(data: Mapping[str, Any]) -> bool:
    """Whether a template says what the root volume is."""
    return any(
        mapping.get("deviceName") in ROOT_DEVICES and isinstance(mapping.get("ebs"), dict)
        for _, mapping in mappings(data, (), "blockDeviceMappings")
    )
