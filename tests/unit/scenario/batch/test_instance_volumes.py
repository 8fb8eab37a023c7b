"""Volumes of an instance that is launched from a template: which there are, what they cost, how fast an image comes.

A month has 730 hours. In the small catalog (`tests.catalogs`) gp3 costs 0.073 USD a GB and month, and no other kind of
volume has a price; the bundled one has them all.
"""

from __future__ import annotations

import pytest

from batchsim.catalog.catalog import BUNDLED
from batchsim.catalog.user_catalog import read_catalog
from batchsim.catalog.volumes import EbsVolume
from batchsim.scenario.batch.instance_volumes import pull_rate, reservation_use, volumes, volumes_price
from batchsim.scenario.batch.offerings import Market, NoPriceError
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.reservations import OPEN, ReservationUse
from tests.catalogs import write_catalog

ROOT = EbsVolume("gp3", 30.0)


def mapped(*mappings):
    """The volumes of a template, of an image whose root volume has 30 GiB."""
    return volumes({"blockDeviceMappings": list(mappings)}, 30.0)


def ebs(device, **members):
    return {"deviceName": device, "ebs": members}


@pytest.fixture
def market(tmp_path):
    def made(overrides=None, *, bundled=False, image=None):
        settings = {"prices": {"overrides": overrides or {}}, "image": image or {}}
        catalog = BUNDLED if bundled else read_catalog(write_catalog(tmp_path / "catalog"))
        return Market("us-east-1", Assumptions.model_validate(settings), catalog)

    return made


@pytest.mark.parametrize(
    ("mappings", "expected"),
    [
        ([], [ROOT]),
        # What the mapping of the root leaves open is the image's; of a further volume it is CreateVolume's: gp2.
        ([ebs("/dev/xvda")], [ROOT]),
        ([ebs("/dev/xvda", volumeSize=100)], [EbsVolume("gp3", 100.0)]),
        ([ebs("/dev/sda1", volumeType="io2", iops=5000)], [EbsVolume("io2", 30.0, 5000)]),
        ([ebs("/dev/xvda", volumeSize=50, iops=4000, throughput=250)], [EbsVolume("gp3", 50.0, 4000, 250)]),
        ([ebs("/dev/sdb", volumeSize=200)], [ROOT, EbsVolume("gp2", 200.0)]),
        (
            [ebs("/dev/sdb", volumeSize=500, volumeType="st1"), ebs("/dev/xvda", volumeSize=8)],
            [EbsVolume("gp3", 8.0), EbsVolume("st1", 500.0)],
        ),
        # A device that the image has and the instance shall not; an instance store, which comes with the type.
        ([{"deviceName": "/dev/xvda", "noDevice": ""}], []),
        ([{"deviceName": "/dev/sdb", "noDevice": ""}], [ROOT]),
        ([{"deviceName": "/dev/sdb", "virtualName": "ephemeral0"}], [ROOT]),
    ],
)
def test_which_volumes_an_instance_has(mappings, expected):
    assert mapped(*mappings) == expected


def test_each_volume_is_paid_by_its_size(market):
    # us-east-1: gp3 at 8 cents, gp2 at 10, sc1 at 1.5 a GB and month.
    held = [EbsVolume("gp3", 100), EbsVolume("gp2", 50), EbsVolume("sc1", 1000)]
    by_month = 100 * 0.08 + 50 * 0.10 + 1000 * 0.015
    assert volumes_price(held, market(bundled=True)) == pytest.approx(by_month / 730)
    assert volumes_price([], market()) == 0
    # What has no size is not there, whatever its kind.
    assert volumes_price([EbsVolume("gp3", 10), EbsVolume("standard", 0)], market()) == pytest.approx(10 * 0.073 / 730)


@pytest.mark.parametrize(
    ("overrides", "by_month"),
    [
        # 100 GB, 500 IOPS and 125 MiB/s beyond what is included; us-east-1 has 0.08, 0.005 and 0.04 USD.
        ({}, 8 + 2.5 + 5),
        ({"gp3": {"gbMonth": 0.1}}, 10 + 2.5 + 5),
        ({"gp3": {"iopsMonth": 0.01}}, 8 + 5 + 5),
        ({"gp3": {"throughputMonth": 0.02}}, 8 + 2.5 + 2.5),
        ({"gp3": {"gbMonth": 0.1, "iopsMonth": 0.0, "throughputMonth": 0.1}}, 10 + 12.5),
        # A discount is off all of it.
        ({"gp3": {"discount": 0.2}}, 0.8 * 15.5),
        # What is said of another kind changes nothing.
        ({"gp2": {"gbMonth": 1.0}}, 15.5),
    ],
)
def test_stated_prices_and_discounts_of_volumes(market, overrides, by_month):
    volume = EbsVolume("gp3", 100, 3500, 250)
    assert volumes_price([volume], market(overrides, bundled=True)) == pytest.approx(by_month / 730)


def test_a_kind_that_the_catalog_lacks_needs_no_more_than_what_is_used_of_it(market):
    # The volume is paid by the GB alone: its other prices are not asked for.
    assert volumes_price([EbsVolume("gp2", 73)], market({"gp2": {"gbMonth": 0.2}})) == pytest.approx(73 * 0.2 / 730)
    assert volumes_price([EbsVolume("io1", 73, 0)], market({"io1": {"gbMonth": 0.2}})) == pytest.approx(0.02)
    with pytest.raises(NoPriceError) as caught:
        volumes_price([EbsVolume("io1", 73, 400)], market({"io1": {"gbMonth": 0.2}}))
    assert caught.value.example == "io1: {gbMonth: USD, iopsMonth: USD}"


@pytest.mark.parametrize(
    ("kind", "lacking", "example"),
    [
        ("gp2", "ebs_volume_prices.csv", "gp2: {gbMonth: USD}"),
        # Magnetic volumes are paid by the request too.
        ("standard", "no price of standard volumes", "gp3: {gbMonth: USD}"),
    ],
)
def test_a_volume_without_a_price_says_what_would_help(market, kind, lacking, example):
    with pytest.raises(NoPriceError, match=lacking) as caught:
        volumes_price([EbsVolume(kind, 100)], market())
    assert caught.value.example == example


@pytest.mark.parametrize(
    ("image", "throughput", "rate"),
    [
        # In proportion to the disk that the rate was measured on, and no faster than a local one.
        ({}, 125, 45.0),
        ({}, 250, 90.0),
        ({}, 1000, 150.0),
        ({"pullRate": 60, "volumeThroughput": 250}, 125, 30.0),
        ({"localStoragePullRate": 80}, 250, 80.0),
        # A network that is faster than what is said of local disks is not slowed down by them.
        ({"pullRate": 200, "localStoragePullRate": 150}, 250, 200.0),
    ],
)
def test_an_image_comes_as_fast_as_the_root_volume_takes_it(market, image, throughput, rate):
    root = EbsVolume("gp3", 30, None, throughput)
    assert pull_rate(root, market(image=image)) == pytest.approx(rate)


RESERVED = "arn:aws:resource-groups:us-east-1:123456789012:group/reserved"


@pytest.mark.parametrize(
    ("said", "use"),
    [
        (None, OPEN),
        ({"capacityReservationPreference": "none"}, ReservationUse("none")),
        ({"capacityReservationPreference": "capacity-reservations-only"}, ReservationUse("only")),
        # By its id an instance runs there or not at all; of a group it goes on demand when that is full.
        ({"capacityReservationTarget": {"capacityReservationId": "cr-1"}}, ReservationUse("only", ("cr-1",))),
        (
            {"capacityReservationTarget": {"capacityReservationResourceGroupArn": RESERVED}},
            ReservationUse("open", (RESERVED,)),
        ),
        (
            {
                "capacityReservationPreference": "capacity-reservations-only",
                "capacityReservationTarget": {"capacityReservationResourceGroupArn": RESERVED},
            },
            ReservationUse("only", (RESERVED,)),
        ),
    ],
)
def test_which_reservations_its_instances_use(said, use):
    assert reservation_use({} if said is None else {"capacityReservationSpecification": said}) == use
