"""Prices, buckets and hazards of instance types, by hand from a small catalog (`tests.catalogs`).

In it c6i.large costs 0.10 USD on demand; on Spot the Advisor has it in bucket 1 at savings of 50 %, and EC2's history
at 0.04. c6i.xlarge costs 0.20, is in bucket 2 at 75 %, and has no Spot price of its own. z9x is not on Spot.
"""

from __future__ import annotations

import math

import pytest

from batchsim.catalog.instance_types import InstanceType
from batchsim.catalog.user_catalog import read_catalog
from batchsim.scenario.batch.offerings import (
    Market,
    NoPriceError,
    UnpricedError,
    above_bid,
    boot_factor,
    offerings,
    spot_quote,
)
from batchsim.spec.allocation_strategies import ALLOCATION_STRATEGIES
from batchsim.spec.assumptions import Assumptions
from tests.catalogs import write_catalog


@pytest.fixture
def market(tmp_path):
    def made(recorded=None, region="us-east-1", tables=None, **settings):
        catalog = read_catalog(write_catalog(tmp_path / f"catalog-{len(tables or ())}", **(tables or {})))
        return Market(region, Assumptions.model_validate(settings), catalog, recorded_prices=recorded)

    return made


def offered(market, **resources):
    """Offerings by type."""
    given = {"type": "SPOT", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "instanceTypes": ["c6i"], **resources}
    return {each.instance_type: each for each in offerings(given, market)}


def hazard(monthly_share):
    """Per hour, at the default scale of 10."""
    return -math.log(1 - monthly_share) / 730 * 10


def test_on_demand_prices_are_the_catalogs_or_the_scenarios(market):
    found = offered(market(), type="EC2", instanceTypes=["c6i", "z9x"])
    assert {name: each.price_usd_per_hour for name, each in found.items()} == {
        "c6i.large": 0.1,
        "c6i.xlarge": 0.2,
        "z9x.large": 0.3,
    }
    assert {each.interruption_bucket for each in found.values()} == {-1}
    # 0.01 USD a vCPU and hour of a family of 2 and 4; a discount of 25 % on a type.
    stated = offered(market(prices={"overrides": {"c6i": 0.01, "z9x.large": {"discount": 0.25}}}), type="EC2")
    assert {name: each.price_usd_per_hour for name, each in stated.items()} == {"c6i.large": 0.02, "c6i.xlarge": 0.04}
    discounted = offered(
        market(prices={"overrides": {"z9x.large": {"discount": 0.25}}}), type="EC2", instanceTypes=["z9x"]
    )
    assert discounted["z9x.large"].price_usd_per_hour == 0.3 * 0.75
    assert discounted["z9x.large"].on_demand_usd_per_hour == 0.3


def test_spot_prices_come_from_the_history_and_else_from_the_savings(market):
    found = offered(market())
    assert found["c6i.large"].price_usd_per_hour == 0.04
    assert found["c6i.xlarge"].price_usd_per_hour == 0.2 * (1 - 0.75)
    assert found["c6i.large"].market_usd_per_hour == 0.04
    # A discount of the scenario's own is off the on-demand price, of every type.
    discounted = offered(market(spot={"prices": {"discount": 0.6}}))
    assert discounted["c6i.large"].price_usd_per_hour == 0.1 * (1 - 0.6)
    assert discounted["c6i.xlarge"].price_usd_per_hour == 0.2 * (1 - 0.6)
    stated = offered(market(prices={"overrides": {"c6i.large": {"spot": 0.01}}}, spot={"prices": {"discount": 0.6}}))
    assert stated["c6i.large"].price_usd_per_hour == 0.01


def test_buckets_become_hazards_by_the_strategy(market):
    # Buckets 1 and 2 stand for 7.5 and 12.5 % of instances a month.
    shares = {"c6i.large": 0.075, "c6i.xlarge": 0.125}
    for strategy, traits in ALLOCATION_STRATEGIES.items():
        for name, each in offered(market(), allocationStrategy=strategy).items():
            assert each.interruptions_per_hour == pytest.approx(hazard(shares[name]) * traits.hazard_factor)
    assert offered(market())["c6i.large"].interruption_bucket == 1
    # Who states no strategy has BEST_FIT.
    unstated = {each.instance_type: each for each in offerings({"type": "SPOT", "instanceTypes": ["c6i"]}, market())}
    assert unstated["c6i.large"].interruptions_per_hour == pytest.approx(hazard(0.075) * 2)


@pytest.mark.parametrize(
    ("interruptions", "expected"), [("none", 0.0), ({"ratePerHour": 0.25}, 0.25), ({"trace": "unread.json"}, 0.0)]
)
def test_a_stated_hazard_has_no_factor(market, interruptions, expected):
    found = offered(market(spot={"interruptions": interruptions}), allocationStrategy="BEST_FIT")
    assert {each.interruptions_per_hour for each in found.values()} == {expected}


def test_what_is_not_on_spot_is_left_out(market):
    assert offered(market(), instanceTypes=["z9x"]) == {}
    # The Advisor has no line of it, which says that the region does not have it on Spot; a stated price knows better.
    tables = {"spot_advisor": "instance_type,us-east-1\nc6i.large,1:50\n"}
    assert list(offered(market(tables=tables))) == ["c6i.large"]
    stated = market(tables=tables, prices={"overrides": {"c6i.xlarge": {"spot": 0.07}}})
    assert offered(stated)["c6i.xlarge"].price_usd_per_hour == 0.07


def test_recorded_prices_are_paid_up_to_the_bid(market):
    recorded = {"c6i.large": ((0.0, 0.04), (600.0, 0.09), (1200.0, 0.05))}
    found = offered(market(recorded), instanceTypes=["c6i.large"], bidPercentage=60)["c6i.large"]
    # A bid of 0.06: above it nothing is launched, and whoever is still there pays no more.
    assert found.price_steps == ((0.0, 0.04), (600.0, pytest.approx(0.06)), (1200.0, 0.05))
    assert found.above_bid == ((0.0, False), (600.0, True), (1200.0, False))
    assert found.price_usd_per_hour == found.market_usd_per_hour == 0.04


@pytest.mark.parametrize("steps", [(), ((60.0, 0.04),)])
def test_a_type_without_a_recorded_price_at_the_start_is_named(market, steps):
    with pytest.raises(UnpricedError, match=r"none at the start for c6i\.large, c6i\.xlarge"):
        offered(market({"c6i.large": steps}))


def test_the_bid_refers_to_the_on_demand_price(market):
    assert offered(market(), bidPercentage=40)["c6i.large"].above_bid == ()  # 0.04 is 40 % of 0.10
    assert offered(market(), bidPercentage=39)["c6i.large"].above_bid == ((0.0, True),)


def test_above_bid_joins_what_is_alike():
    assert above_bid(1.0, ((0.0, 0.5), (1.0, 1.0), (2.0, 1.5), (3.0, 2.0), (4.0, 0.1))) == (
        (0.0, False),
        (2.0, True),
        (4.0, False),
    )
    assert above_bid(math.inf, ((0.0, 1e9),)) == ()


def test_a_region_without_figures_says_what_would_help(market):
    with pytest.raises(NoPriceError) as caught:
        offered(market(region="eu-west-1"), type="EC2")
    assert "eu-west-1" in caught.value.lacking
    assert caught.value.example == "c6i.large: USD per hour"
    # Stated prices need no region of the catalog; no bid is below an on-demand price that nobody knows.
    stated = market(region="eu-west-1", prices={"overrides": {"c6i.large": {"spot": 0.05}}})
    assert {name: each.above_bid for name, each in offered(stated, bidPercentage=1).items()} == {"c6i.large": ()}


def test_a_size_that_is_listed_leaves_its_family(market):
    found = offered(market(), type="EC2", instanceTypes=["c6i", "z9x.large", "c6i.large"])
    assert {name: each.listed for name, each in found.items()} == {"c6i.xlarge": 0, "z9x.large": 1, "c6i.large": 2}


def test_a_quote_is_of_one_type(market):
    kind = kind_of(vcpus=2)
    assert spot_quote(kind, 0.1, "SPOT_CAPACITY_OPTIMIZED", market()).usd_per_hour == 0.04
    assert spot_quote(kind_of(usage_classes=("on-demand",)), 0.1, "BEST_FIT", market()) is None


def kind_of(**changes):
    members = {
        "name": "c6i.large",
        "vcpus": 2,
        "memory_mib": 4096,
        "gpus": 0,
        "gpu_model": "",
        "architectures": ("x86_64",),
        "current_generation": True,
        "bare_metal": False,
        "local_storage_gb": 0,
        "usage_classes": ("on-demand", "spot"),
    }
    return InstanceType(**{**members, **changes})


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({}, 1.0),
        ({"gpus": 1}, 1.5),
        ({"vcpus": 192}, 1.0),
        ({"vcpus": 193}, 1.3),
        ({"vcpus": 448, "bare_metal": True}, 4.0),
        ({"vcpus": 448, "gpus": 8}, 1.5 * 1.3),
    ],
)
def test_big_hosts_and_drivers_take_longer(changes, factor):
    assert boot_factor(kind_of(**changes)) == factor
