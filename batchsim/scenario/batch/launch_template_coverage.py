"""What becomes of each member of EC2's launch templates, as `batchsim.scenario.batch.member_coverage` says of Batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.scenario.batch.ec2_model import REQUEST, ec2_shape
from batchsim.scenario.batch.member_treatment import NEITHER, MemberCoverage, Treatment

_BATCH = "AWS Batch User Guide, Use Amazon EC2 launch templates with AWS Batch"
_IGNORED = "AWS Batch ignores it"
_EBS = "Amazon EBS pricing; Amazon EBS User Guide, Amazon EBS volume types"


def _all(shape: str, treatment: Treatment, how: str, names: str, source: str = "") -> dict[str, MemberCoverage]:
    return {f"{shape}.{name}": MemberCoverage(treatment, how, source) for name in names.split()}


_DATA = "RequestLaunchTemplateData"
_VOLUME = "LaunchTemplateEbsBlockDeviceRequest"
_MAPPING = "LaunchTemplateBlockDeviceMappingRequest"
_RESERVATION = "LaunchTemplateCapacityReservationSpecificationRequest"

MEMBERS: dict[str, MemberCoverage] = {
    **_all(REQUEST, "simulated", "what environments refer to", "LaunchTemplateName"),
    **_all(REQUEST, "simulated", "see RequestLaunchTemplateData", "LaunchTemplateData"),
    **_all(REQUEST, "carried", NEITHER, "VersionDescription TagSpecifications Operator"),
    **_all(REQUEST, "carried", "of the call, not of the template: not exported", "DryRun ClientToken"),
    **_all(_DATA, "simulated", "see LaunchTemplateBlockDeviceMappingRequest", "BlockDeviceMappings"),
    **_all(
        _DATA, "simulated", "see LaunchTemplateCapacityReservationSpecificationRequest", "CapacityReservationSpecification"
    ),
    **_all(
        _DATA,
        "carried",
        "runs before an instance registers: state environment.ec2.bootDelay, and ECS_RESERVED_MEMORY as "
        "environment.ec2.reservedMemory; never shown",
        "UserData",
        _BATCH,
    ),
    **_all(_DATA, "carried", "may change boot time: state environment.ec2.bootDelay", "ImageId", _BATCH),
    **_all(_DATA, "carried", _IGNORED, "InstanceType IamInstanceProfile DisableApiTermination", _BATCH),
    **_all(
        _DATA, "carried", f"{_IGNORED}; told with a warning, also where it says capacity-block", "InstanceMarketOptions", _BATCH
    ),
    **_all(
        _DATA,
        "carried",
        f"{_IGNORED[:9]} ignores its subnets; a public address is told where environment.ec2.publicIp says otherwise",
        "NetworkInterfaces",
        _BATCH,
    ),
    **_all(
        _DATA,
        "refused",
        "fewer vCPUs than the type has (coreCount, threadsPerCore: 1), and amdSevSnp, which costs more; what leaves them "
        "as they are is carried",
        "CpuOptions",
        "EC2 User Guide, CPU options",
    ),
    **_all(
        _DATA,
        "refused",
        "a tenancy of dedicated or host, which costs more; the rest is carried, a placement group or zone with a warning",
        "Placement",
        "Amazon EC2 pricing, Dedicated Instances",
    ),
    **_all(_DATA, "refused", "paid by the hour", "ElasticGpuSpecifications ElasticInferenceAccelerators"),
    **_all(_DATA, "carried", "CloudWatch's price of detailed monitoring is not counted: a warning", "Monitoring"),
    **_all(
        _DATA, "carried", "surplus credits of burstable types are not counted: a warning where unlimited", "CreditSpecification"
    ),
    **_all(_DATA, "carried", "licences are not counted", "LicenseSpecifications"),
    **_all(
        _DATA,
        "carried",
        NEITHER,
        "KernelId EbsOptimized KeyName RamDiskId InstanceInitiatedShutdownBehavior TagSpecifications SecurityGroupIds "
        "SecurityGroups HibernationOptions MetadataOptions EnclaveOptions InstanceRequirements PrivateDnsNameOptions "
        "MaintenanceOptions DisableApiStop Operator NetworkPerformanceOptions SecondaryInterfaces",
    ),
    **_all(
        _MAPPING, "simulated", "/dev/xvda and /dev/sda1 are the root volume, any other a further one", "DeviceName",
        "EC2 User Guide, Device names for volumes",
    ),
    **_all(_MAPPING, "simulated", "see LaunchTemplateEbsBlockDeviceRequest", "Ebs"),
    **_all(_MAPPING, "simulated", "takes the image's volume away", "NoDevice"),
    **_all(_MAPPING, "simulated", "an instance store costs nothing", "VirtualName"),
    **_all(_VOLUME, "simulated", "paid by the GB; a further volume without one is refused", "VolumeSize", _EBS),
    **_all(
        _VOLUME, "simulated", "gp3, gp2, io1, io2, st1, sc1; without one gp3 of the root volume, else gp2; standard is refused",
        "VolumeType", _EBS + "; EC2 API, CreateVolume",
    ),
    **_all(_VOLUME, "simulated", "paid beyond gp3's 3,000; of io1 and io2 all", "Iops", _EBS),
    **_all(
        _VOLUME, "simulated", "paid beyond gp3's 125 MiB/s; the root volume's says how fast images are pulled", "Throughput", _EBS
    ),
    **_all(
        _VOLUME, "simplified", "volumes end with their instance: a warning where one may outlive it", "DeleteOnTermination"
    ),
    **_all(_VOLUME, "carried", "its price by the GiB is not counted: a warning", "VolumeInitializationRate", _EBS),
    **_all(_VOLUME, "carried", NEITHER, "Encrypted KmsKeyId SnapshotId EbsCardIndex"),
    **_all(
        _RESERVATION,
        "simulated",
        "open, none, capacity-reservations-only; a target by its id is used alone, one by its group before on demand",
        "CapacityReservationPreference CapacityReservationTarget",
        "EC2 User Guide, Capacity Reservations",
    ),
    **_all(
        "CapacityReservationTarget", "simulated", "a reservation of environment.capacity.reservations",
        "CapacityReservationId CapacityReservationResourceGroupArn",
    ),
}  # fmt: skip


def members() -> Iterator[tuple[str, str]]:
    """Shape and member of everything that a launch template may say, as far as what becomes of it lets look inside."""
    waiting: list[Any] = [ec2_shape(REQUEST)]
    while waiting:
        shape = waiting.pop()
        inside = []
        for name, inner in shape.members.items():
            yield shape.name, name
            known = MEMBERS.get(f"{shape.name}.{name}")
            while inner.type_name == "list":
                inner = inner.member
            if inner.type_name == "structure" and (known is None or known.treatment == "simulated"):
                inside.append(inner)
        waiting += reversed(inside)
