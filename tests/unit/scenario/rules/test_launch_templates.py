"""Volumes of launch templates at EBS's own bounds, and how templates are referred to.

EBS User Guide, *Amazon EBS volume types*, by volume type: GiB, IOPS, MiB/s, IOPS for each GiB.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.rules.base import GONE, full, of_rule
from tests.scenarios.rules.changes import Change, beside
from tests.scenarios.rules.of_launch_templates import VOLUME, held, volume

DATA_DISK = "/dev/sdb"


def faults(kind: str, device: str = DATA_DISK, **ebs: Any) -> list[str]:
    """The members of a volume that are told, and the volume itself as an empty text."""
    found = of_rule("launch-template-volume", volume(device, volumeType=kind, **ebs))
    return [each.path.removeprefix(full(VOLUME)).removeprefix(".") for each in found]


@pytest.mark.parametrize(
    ("kind", "least", "most", "needed"),
    [
        ("gp2", 1, 16_384, {}),
        ("gp3", 1, 65_536, {}),
        ("io1", 4, 16_384, {"iops": 100}),
        ("io2", 4, 65_536, {"iops": 100}),
        ("st1", 125, 16_384, {}),
        ("sc1", 125, 16_384, {}),
    ],
)
def test_sizes(kind, least, most, needed):
    for size in (least, least + 1, most - 1, most):
        assert faults(kind, volumeSize=size, **needed) == [], size
    assert "volumeSize" in faults(kind, volumeSize=least - 1, **needed)
    assert faults(kind, volumeSize=most + 1, **needed) == ["volumeSize"]


@pytest.mark.parametrize(
    ("kind", "size", "least", "most"),
    [
        ("gp3", 1000, 3000, 80_000),
        ("io1", 2000, 100, 64_000),
        ("io2", 1000, 100, 256_000),
    ],
)
def test_iops(kind, size, least, most):
    for iops in (least, least + 1, most - 1, most):
        assert faults(kind, volumeSize=size, iops=iops) == [], iops
    assert faults(kind, volumeSize=size, iops=least - 1) == ["iops"]
    assert faults(kind, volumeSize=size, iops=most + 1) == ["iops"]


@pytest.mark.parametrize(
    ("kind", "size", "most"),
    [
        ("gp3", 10, 5000),  # 500 for each GiB
        ("gp3", 6, 3000),
        ("gp3", 1, 3000),  # what every volume of the kind has
        ("io1", 10, 500),  # 50
        ("io2", 10, 10_000),  # 1,000
    ],
)
def test_so_many_iops_for_each_gib(kind, size, most):
    assert faults(kind, volumeSize=size, iops=most) == []
    assert faults(kind, volumeSize=size, iops=most + 1) == ["iops"]
    # Beyond what the kind has at all it is told as that, once.
    assert faults(kind, volumeSize=size, iops=300_000) == ["iops"]


@pytest.mark.parametrize(
    ("iops", "most"),
    [
        (None, 750),  # a quarter of the 3,000 that every volume has
        (3000, 750),
        (4000, 1000),
        (8000, 2000),
        (80_000, 2000),
    ],
)
def test_throughput_of_gp3(iops, most):
    stated = {} if iops is None else {"iops": iops}
    for mib_per_s in (125, 126, most):
        assert faults("gp3", volumeSize=1000, throughput=mib_per_s, **stated) == [], mib_per_s
    assert faults("gp3", volumeSize=1000, throughput=124, **stated) == ["throughput"]
    assert faults("gp3", volumeSize=1000, throughput=most + 1, **stated) == ["throughput"]


@pytest.mark.parametrize("kind", ["gp2", "io1", "io2", "st1", "sc1"])
def test_only_gp3_takes_a_throughput(kind):
    needed = {"iops": 1000} if kind.startswith("io") else {}
    assert faults(kind, volumeSize=500, throughput=200, **needed) == ["throughput"]


@pytest.mark.parametrize(("kind", "told"), [("gp2", ["iops"]), ("st1", ["iops"]), ("sc1", ["iops"]), ("gp3", [])])
def test_who_takes_iops(kind, told):
    assert faults(kind, volumeSize=500, iops=3000) == told


@pytest.mark.parametrize("kind", ["io1", "io2"])
def test_who_needs_iops(kind):
    # The volume is told where the member would stand.
    assert faults(kind, volumeSize=500) == [""]


@pytest.mark.parametrize("device", ["/dev/xvda", DATA_DISK])
def test_hard_disks_hold_data_and_boot_nothing(device):
    told = ["volumeType"] if device == "/dev/xvda" else []
    assert faults("st1", device, volumeSize=500) == faults("sc1", device, volumeSize=500) == told
    assert faults("io2", device, volumeSize=500, iops=500) == faults("gp2", device, volumeSize=500) == []


def test_without_a_type_a_root_is_gp3_and_another_disk_gp2():
    # The ECS-optimized image's root, and EC2's default.
    stated = {"volumeSize": 1000, "iops": 4000, "throughput": 1000}

    def told(device: str) -> list[str]:
        return [each.message for each in of_rule("launch-template-volume", volume(device, **stated))]

    assert told("/dev/xvda") == []
    assert told(DATA_DISK) == ["gp2 takes no iops", "gp2 takes no throughput"]


def test_every_fault_of_every_volume_is_told_in_one_go():
    mappings = [
        {"deviceName": "/dev/xvda", "ebs": {"volumeType": "sc1", "volumeSize": 8, "throughput": 500}},
        {"deviceName": DATA_DISK, "ebs": {"volumeType": "gp3", "volumeSize": 8, "iops": 2999, "throughput": 2001}},
        {"deviceName": "/dev/sdc", "noDevice": "", "ebs": {"volumeType": "sc1", "volumeSize": 8}},
    ]
    found = of_rule("launch-template-volume", held({"blockDeviceMappings": mappings}))
    assert sorted(each.path.rpartition("blockDeviceMappings.")[2] for each in found) == [
        "0.ebs.throughput",
        "0.ebs.volumeSize",
        "0.ebs.volumeType",
        "1.ebs.iops",
        "1.ebs.throughput",
    ]


# References


def launched_from(name: str, **members: Any) -> Change:
    return {"resources.launchTemplate": {"launchTemplateName": name, **members}}


def test_a_template_that_is_not_held_is_told_once_for_each_environment():
    overrides = [{"launchTemplateName": "wide", "targetInstanceTypes": ["m6i.xlarge"]}]
    both: Change = {
        **launched_from("wide", overrides=overrides),
        "batch.computeEnvironments.+": beside(launchTemplate={"launchTemplateName": "wide"}),
    }
    assert [each.path for each in of_rule("launch-template-held", both)] == [
        full("resources.launchTemplate"),
        "batch.computeEnvironments.other.computeResources.launchTemplate",
    ]
    template = {"launchTemplates": [{"launchTemplateName": "wide", "launchTemplateData": {}}]}
    assert of_rule("launch-template-held", both, template) == []


def test_a_volume_of_a_template_that_two_environments_use_is_told_once():
    wrong = volume(volumeType="gp2", volumeSize=16_385)
    both = {**wrong, "batch.computeEnvironments.+": beside(launchTemplate={"launchTemplateName": "wide"})}
    assert len(of_rule("launch-template-volume", both)) == 1
    # Of a template that nothing is launched from nothing is asked.
    assert of_rule("launch-template-volume", {**wrong, "resources.launchTemplate": GONE}) == []


@pytest.mark.parametrize(("second", "told"), [("lt-1", []), ("lt-2", ["launchTemplates.1"])])
def test_a_name_has_one_id(second, told):
    versions = [
        {"launchTemplateName": "wide", "launchTemplateId": name, "versionNumber": number, "launchTemplateData": {}}
        for number, name in enumerate(["lt-1", second], 1)
    ]
    found = of_rule("launch-template-name", {"launchTemplates": versions})
    assert len(found) == len(told)
    assert all("has two ids, lt-1 and lt-2" in each.message for each in found)


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"wide": "30s"}, []),
        ({"lt-1": "30s"}, []),  # by its id too
        ({"wied": "30s"}, ["wied"]),
        ({"wide": "30s", "other": "1m", "another": "1m"}, ["other", "another"]),
        ({}, []),
    ],
)
def test_a_boot_delay_is_of_a_template_that_is_used(stated, told):
    given = held({}, launchTemplateId="lt-1"), {"environment": {"ec2": {"bootDelay": stated}}}
    found = of_rule("boot-delay", *given)
    assert [each.path for each in found] == [f"environment.ec2.bootDelay.{name}" for name in told]
    assert [each.suggestion for each in found] == ["wide" if name == "wied" else "" for name in told]


def test_what_a_variant_launches_from_may_be_stated_too():
    variant = {"variants": {"slow": {"batch.computeEnvironments.fleet.computeResources.launchTemplate":
               {"launchTemplateName": "other"}}}}  # fmt: skip
    assert of_rule("boot-delay", held(), {"environment": {"ec2": {"bootDelay": {"other": "1m"}}}}, variant) == []
