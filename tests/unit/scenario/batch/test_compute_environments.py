"""What an environment costs beside its instances, and where it is; by hand from a small catalog (`tests.catalogs`).

In it gp3 costs 0.073 USD a GB and month, and Fargate on X86_64 0.05 USD a vCPU-hour and 0.006 a GB-hour.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from batchsim.catalog.user_catalog import read_catalog
from batchsim.scenario.batch.compute_environments import compute_environment, fargate_prices, root_volume_price
from batchsim.scenario.batch.offerings import Market, NoPriceError
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import SpotTrace
from tests.builders import environment, unmanaged
from tests.catalogs import write_catalog

START = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def market(tmp_path):
    def made(trace=None, tables=None, **settings):
        catalog = read_catalog(write_catalog(tmp_path / f"catalog-{len(tables or ())}", **(tables or {})))
        return Market("us-east-1", Assumptions.model_validate(settings), catalog, trace)

    return made


def test_a_root_volume_is_paid_by_its_size(market):
    assert root_volume_price(market()) == pytest.approx(30 * 0.073 / 730)
    assert root_volume_price(market(ec2={"rootVolume": "100GiB"})) == pytest.approx(100 * 0.073 / 730)
    assert root_volume_price(market(ec2={"rootVolume": 0})) == 0
    assert root_volume_price(market(prices={"overrides": {"gp3": {"gbMonth": 0.1}}})) == pytest.approx(30 * 0.1 / 730)
    assert root_volume_price(market(prices={"overrides": {"gp3": {"discount": 0.5}}})) == pytest.approx(
        30 * 0.073 / 730 / 2
    )


def test_fargate_has_the_architectures_that_have_a_price(market):
    usd = fargate_prices(market(), is_spot=False)
    assert list(usd) == ["X86_64"]
    assert (usd["X86_64"].usd_per_vcpu_hour, usd["X86_64"].usd_per_gb_hour) == (0.05, 0.006)
    spot = fargate_prices(market(spot={"fargateDiscount": 0.5}), is_spot=True)
    assert (spot["X86_64"].usd_per_vcpu_hour, spot["X86_64"].usd_per_gb_hour) == (0.025, 0.003)
    stated = market(prices={"overrides": {"FARGATE_ARM": {"vcpuHour": 0.03, "gbHour": 0.004}}})
    assert fargate_prices(stated, is_spot=False)["ARM64"].usd_per_vcpu_hour == 0.03
    nothing = "region,architecture,usd_per_vcpu_hour,usd_per_gb_hour\nus-west-2,X86_64,0.05,0.006\n"
    lacking = market(tables={"fargate_prices": nothing})
    with pytest.raises(NoPriceError, match="no Fargate price for us-east-1"):
        fargate_prices(lacking, is_spot=False)


@pytest.mark.parametrize(
    ("members", "zones"),
    [({}, 3), ({"subnets": ["a", "b"]}, 2), ({"subnets": list("abcdefgh")}, 6), ({"placementGroup": "near"}, 1)],
)
def test_zones_are_as_many_as_subnets(market, members, zones):
    made = compute_environment(environment(**members), market(), START)
    assert made.zones == tuple(f"us-east-1{letter}" for letter in "abcdef"[:zones])


def test_what_an_environment_leaves_out_has_awss_defaults(market):
    made = compute_environment(environment(), market(), START)
    assert (made.enabled, made.desired_vcpus, made.min_scale_down_delay_s) == (True, 0, 0.0)
    longer = environment(scalingPolicy={"minScaleDownDelayMinutes": 20}, desiredvCpus=4)
    made = compute_environment({**longer, "state": "DISABLED"}, market(), START)
    assert (made.enabled, made.desired_vcpus, made.min_scale_down_delay_s) == (False, 4, 1200.0)


def test_a_recorded_market_is_of_spot_only(market):
    trace = SpotTrace((0.0,), (4,), 300.0)
    spot = compute_environment(environment(type="SPOT"), market(trace), START)
    assert (spot.spot_trace, compute_environment(environment(), market(trace), START).spot_trace) == (trace, None)


def test_public_addresses_cost_where_they_are(market):
    assert compute_environment(environment(), market(), START).public_ipv4_usd_per_hour == 0
    assert compute_environment(environment(), market(ec2={"publicIp": True}), START).public_ipv4_usd_per_hour == 0.005
    made = compute_environment(unmanaged(vcpus=8), market(), START)
    assert (made.purchase_option, made.max_vcpus, made.public_ipv4_usd_per_hour) == ("UNMANAGED", 8, 0)
