"""What volumes cost by the month and how fast they are: examples of the Amazon EBS pages, worked by hand.

EBS pricing page (us-east-1): gp3 0.08 USD per GB, 0.005 per IOPS beyond 3,000, 0.04 per MiB/s beyond 125; io2 0.125 per
GB, 0.065 per IOPS up to 32,000, 0.7 of that up to 64,000, 0.49 beyond. EBS User Guide, *Amazon EBS volume types*.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.catalog.catalog import Catalog, NotInCatalogError
from batchsim.catalog.volumes import KINDS, EbsVolume, VolumePrices, volume_prices
from tests.catalogs import TABLES

OWN = Catalog(folder="mine", texts=TABLES)


@pytest.mark.parametrize(
    ("volume", "usd"),
    [
        (EbsVolume("gp3", 30), 30 * 0.08),
        (EbsVolume("gp3", 30, 3000, 125), 30 * 0.08),  # as much as every one has
        (EbsVolume("gp3", 30, 3001, 126), 30 * 0.08 + 0.005 + 0.04),
        (EbsVolume("gp3", 500, 16_000, 1000), 500 * 0.08 + 13_000 * 0.005 + 875 * 0.04),
        (EbsVolume("gp2", 100), 100 * 0.10),
        (EbsVolume("io1", 100, 1000), 100 * 0.125 + 1000 * 0.065),  # from the first operation on
        (EbsVolume("io1", 2000, 64_000), 2000 * 0.125 + 64_000 * 0.065),  # the same for each
        (EbsVolume("io2", 100, 32_000), 100 * 0.125 + 32_000 * 0.065),
        (EbsVolume("io2", 100, 32_001), 100 * 0.125 + 32_000 * 0.065 + 0.065 * 0.7),
        (EbsVolume("io2", 100, 64_000), 100 * 0.125 + 32_000 * 0.065 + 32_000 * 0.065 * 0.7),
        (EbsVolume("io2", 100, 64_001), 100 * 0.125 + 32_000 * 0.065 * 1.7 + 0.065 * 0.49),
        (EbsVolume("io2", 100, 100_000), 100 * 0.125 + 32_000 * 0.065 * 1.7 + 36_000 * 0.065 * 0.49),
        (EbsVolume("st1", 500), 500 * 0.045),
        (EbsVolume("sc1", 500), 500 * 0.015),
    ],
    ids=str,
)
def test_a_month_of_a_volume_in_us_east_1(volume, usd):
    assert volume_prices(volume.kind, "us-east-1").usd_per_month(volume) == pytest.approx(usd)


@given(st.integers(100, 256_000), st.integers(100, 256_000))
def test_more_operations_never_cost_less_and_each_less_than_the_first(one, other):
    prices = VolumePrices(0.0, 0.065)
    few, many = sorted((one, other))
    costs = [prices.usd_per_month(EbsVolume("io2", 10, iops)) for iops in (few, many)]
    assert costs[0] <= costs[1]
    assert costs[1] / many <= costs[0] / few + 1e-12


@pytest.mark.parametrize(
    ("volume", "mib_per_s"),
    [
        (EbsVolume("gp3", 30), 125),
        (EbsVolume("gp3", 30, 4000, 1000), 1000),
        (EbsVolume("gp2", 170), 128),
        (EbsVolume("gp2", 171), 250),
        # 256 KiB an operation until 500 MiB/s (2,000), then 500 until 32,000 IOPS, 16 KiB each until 1,000 MiB/s.
        (EbsVolume("io1", 100, 1000), 250),
        (EbsVolume("io1", 100, 2000), 500),
        (EbsVolume("io1", 1000, 32_000), 500),
        (EbsVolume("io1", 2000, 48_000), 750),
        (EbsVolume("io1", 2000, 64_000), 1000),
        (EbsVolume("io2", 100, 4000), 1000),
        (EbsVolume("io2", 1000, 256_000), 4000),
        (EbsVolume("st1", 1024), 250),  # a burst of 250 MiB/s per TiB
        (EbsVolume("st1", 4096), 500),
        (EbsVolume("sc1", 1024), 80),
        (EbsVolume("sc1", 16_384), 250),
    ],
    ids=str,
)
def test_how_fast_an_image_is_unpacked_at_most(volume, mib_per_s):
    assert volume.throughput_mib_per_s == mib_per_s


@pytest.mark.parametrize(
    ("kind", "gib", "iops", "per_gib", "boots"),
    [
        ("gp3", (1, 65_536), (3_000, 80_000), 500, True),
        ("gp2", (1, 16_384), None, 0, True),
        ("io1", (4, 16_384), (100, 64_000), 50, True),
        ("io2", (4, 65_536), (100, 256_000), 1_000, True),
        ("st1", (125, 16_384), None, 0, False),
        ("sc1", (125, 16_384), None, 0, False),
    ],
)
def test_bounds_are_those_of_the_page_on_volume_types(kind, gib, iops, per_gib, boots):
    found = KINDS[kind]
    assert (found.gib, found.iops, found.iops_per_gib, found.boots) == (gib, iops, per_gib, boots)
    assert found.needs_iops == kind.startswith("io")


@pytest.mark.parametrize(("region", "gb", "iops"), [("us-east-1", 0.08, 0.005), ("ap-northeast-1", 0.096, 0.006)])
def test_gp3_has_its_own_price_of_an_operation_and_half_a_gb_s_of_throughput(region, gb, iops):
    found = volume_prices("gp3", region)
    assert (found.gb, found.iops, found.mib_per_s) == pytest.approx((gb, iops, gb / 2))


def test_a_catalog_of_ones_own_has_the_operations_of_gp3_at_a_sixteenth_of_its_gb():
    found = volume_prices("gp3", "us-east-1", OWN)
    assert (found.gb, found.iops, found.mib_per_s) == pytest.approx((0.073, 0.073 / 16, 0.073 / 2))


@pytest.mark.parametrize("kind", ["io1", "gp2"])
def test_it_has_no_other_kinds_and_none_of_the_bundled_ones(kind):
    with pytest.raises(NotInCatalogError, match=r"no table ebs_volume_prices\.csv in the catalog mine"):
        volume_prices(kind, "us-east-1", OWN)


@pytest.mark.parametrize(("kind", "told"), [("gp3", "no price of gp3 volumes"), ("io2", "no price of io2 volumes")])
def test_a_region_without_a_price_is_named(kind, told):
    with pytest.raises(NotInCatalogError, match=f"{told} for mars-north-1"):
        volume_prices(kind, "mars-north-1")
