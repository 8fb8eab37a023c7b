"""EC2's launch templates in the Terraform AWS provider, ``aws_launch_template``: an attribute for each member.

Of the provider's schema at version 6.62. The provider has what EC2 keeps in ``LaunchTemplateData`` beside the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.aws.terraform import Attributes


def _same(*members: str) -> Attributes:
    """Members whose attributes are called as they are, in snake_case."""
    return {member: "".join(f"_{c.lower()}" if c.isupper() else c for c in member).lstrip("_") for member in members}


#: What stands beside the data of a template.
NAME, DESCRIPTION = "name", "description"

#: Members of LaunchTemplateData.
DATA: Attributes = {
    **_same(
        "ImageId", "InstanceType", "KeyName", "KernelId", "EbsOptimized", "UserData", "DisableApiTermination",
        "DisableApiStop", "InstanceInitiatedShutdownBehavior",
    ),
    "RamDiskId": "ram_disk_id",
    "SecurityGroupIds": "vpc_security_group_ids",
    "SecurityGroups": "security_group_names",
    "BlockDeviceMappings": (
        "block_device_mappings",
        {
            **_same("DeviceName", "NoDevice", "VirtualName"),
            "Ebs": (
                "ebs",
                _same(
                    "DeleteOnTermination", "Encrypted", "Iops", "KmsKeyId", "SnapshotId", "Throughput", "VolumeSize",
                    "VolumeType", "VolumeInitializationRate",
                ),
            ),
        },
    ),
    "CapacityReservationSpecification": (
        "capacity_reservation_specification",
        {
            **_same("CapacityReservationPreference"),
            "CapacityReservationTarget": (
                "capacity_reservation_target",
                _same("CapacityReservationId", "CapacityReservationResourceGroupArn"),
            ),
        },
    ),
    "CpuOptions": ("cpu_options", _same("AmdSevSnp", "CoreCount", "ThreadsPerCore", "NestedVirtualization")),
    "CreditSpecification": ("credit_specification", _same("CpuCredits")),
    "EnclaveOptions": ("enclave_options", _same("Enabled")),
    "HibernationOptions": ("hibernation_options", _same("Configured")),
    "IamInstanceProfile": ("iam_instance_profile", _same("Arn", "Name")),
    "InstanceMarketOptions": (
        "instance_market_options",
        {
            **_same("MarketType"),
            "SpotOptions": (
                "spot_options",
                _same(
                    "BlockDurationMinutes", "InstanceInterruptionBehavior", "MaxPrice", "SpotInstanceType", "ValidUntil"
                ),
            ),
        },
    ),
    "LicenseSpecifications": ("license_specification", _same("LicenseConfigurationArn")),
    "MaintenanceOptions": ("maintenance_options", _same("AutoRecovery")),
    "MetadataOptions": (
        "metadata_options",
        {
            **_same("HttpEndpoint", "HttpPutResponseHopLimit", "HttpTokens", "InstanceMetadataTags"),
            "HttpProtocolIpv6": "http_protocol_ipv6",
        },
    ),
    "Monitoring": ("monitoring", _same("Enabled")),
    "NetworkInterfaces": (
        "network_interfaces",
        {
            **_same(
                "AssociateCarrierIpAddress", "AssociatePublicIpAddress", "DeleteOnTermination", "Description",
                "DeviceIndex", "InterfaceType", "NetworkCardIndex", "NetworkInterfaceId", "PrivateIpAddress",
                "SubnetId",
            ),
            "Groups": "security_groups",
        },
    ),
    "Placement": (
        "placement",
        _same(
            "Affinity", "AvailabilityZone", "GroupId", "GroupName", "HostId", "HostResourceGroupArn",
            "PartitionNumber", "SpreadDomain", "Tenancy",
        ),
    ),
    "PrivateDnsNameOptions": (
        "private_dns_name_options",
        {
            **_same("HostnameType"),
            "EnableResourceNameDnsAAAARecord": "enable_resource_name_dns_aaaa_record",
            "EnableResourceNameDnsARecord": "enable_resource_name_dns_a_record",
        },
    ),
    "TagSpecifications": ("tag_specifications", {**_same("ResourceType"), "Tags": ("tags", _same("Key", "Value"))}),
}  # fmt: skip

#: Attributes that say nothing of the template itself.
COMPUTED = frozenset({"latest_version", "default_version", "update_default_version"})


def with_listed_tags(values: dict[str, Any]) -> dict[str, Any]:
    """A resource's values with the tags of its specifications as EC2 lists them: key and value."""
    specifications = values.get("tag_specifications")
    if not isinstance(specifications, list):
        return values
    listed = [
        {**each, "tags": [{"key": key, "value": value} for key, value in each["tags"].items()]}
        if isinstance(each, dict) and isinstance(each.get("tags"), dict)
        else each
        for each in specifications
    ]
    return {**values, "tag_specifications": listed}


def with_mapped_tags(block: dict[str, Any]) -> dict[str, Any]:
    """The same the other way: tags as a map, which is what the provider takes."""
    for each in block.get("tag_specifications", ()):
        each["tags"] = dict(_pairs(each.get("tags") or ()))
    return block


def _pairs(tags: Any) -> Iterator[tuple[str, Any]]:
    return ((tag["key"], tag.get("value", "")) for tag in tags)
