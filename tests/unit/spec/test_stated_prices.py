"""Which stated price holds of what, figure by figure, without a run; bills of runs are in the oracles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.catalog.instance_types import instance_types
from batchsim.catalog.volumes import KINDS
from batchsim.spec.assumptions import PriceOverride
from batchsim.spec.stated_prices import NOTHING_STATED, StatedPrices

LARGE, XLARGE = instance_types()["c6i.large"], instance_types()["c6i.xlarge"]  # 2 and 4 vCPUs


def stated(**overrides):
    """What a scenario states, with ``c6i_large`` for ``c6i.large``."""
    return StatedPrices({
        key.replace("c6i_", "c6i."): PriceOverride.model_validate(value) if isinstance(value, dict) else value
        for key, value in overrides.items()
    })  # fmt: skip


@pytest.mark.parametrize(
    ("prices", "large", "xlarge"),
    [
        (stated(), None, None),
        (stated(c6i_large={"managementFee": 0.01}), 0.01, None),
        (stated(c6i={"managementFee": 0.005}), 2 * 0.005, 4 * 0.005),  # per vCPU-hour
        (stated(c6i_large={"managementFee": 0.02}, c6i={"managementFee": 0.005}), 0.02, 4 * 0.005),
        # What has another figure of the type alone leaves the family's fee; a bare price states none.
        (stated(c6i_large={"onDemand": 0.1}, c6i={"managementFee": 0.005}), 2 * 0.005, 4 * 0.005),
        (stated(c6i_large=0.1, c6i={"managementFee": 0.005}), 2 * 0.005, 4 * 0.005),
        (stated(c6i_large={"discount": 0.5, "managementFee": 0.03}), 0.03, None),
        (stated(c6i_large={"managementFee": 0}), 0.0, None),
    ],
)
def test_what_ecs_takes_for_managing_an_instance(prices, large, xlarge):
    assert (prices.management_fee(LARGE), prices.management_fee(XLARGE)) == (large, xlarge)


@pytest.mark.parametrize(
    ("prices", "on_demand", "spot", "shares"),
    [
        (stated(), None, None, (1, 1)),
        (stated(c6i_large=0.05), 0.05, None, (1, 1)),
        (stated(c6i=0.03, c6i_large={"spot": 0.02}), 2 * 0.03, 0.02, (1, 1)),
        (stated(c6i={"spot": 0.01}, EC2={"discount": 0.25}), None, 2 * 0.01, (0.75, 1)),
        (stated(c6i={"discount": 0.1}, SPOT={"discount": 0.5}), None, None, (0.9, 0.9)),
        (stated(EC2={"discount": 0.25}, SPOT={"discount": 0.5}), None, None, (0.75, 0.5)),
        # A type's discount is of the catalog's price, though its family states one.
        (stated(c6i_large={"discount": 0.2}, c6i=0.03), None, None, (0.8, 0.8)),
        # A fee is beside the price, and hides neither the family's nor its discount.
        (stated(c6i_large={"managementFee": 0.01}, c6i=0.03), 2 * 0.03, None, (1, 1)),
        (stated(c6i_large={"managementFee": 0.01}, c6i={"discount": 0.1}), None, None, (0.9, 0.9)),
        (stated(c6i_large={"discount": 1}), None, None, (0, 0)),
    ],
)
def test_what_is_paid_of_an_instance(prices, on_demand, spot, shares):
    assert prices.on_demand(LARGE) == (None if on_demand is None else pytest.approx(on_demand))
    assert prices.spot(LARGE) == (None if spot is None else pytest.approx(spot))
    assert [prices.instance_share(LARGE, option) for option in ("EC2", "SPOT")] == pytest.approx(shares)


@given(st.floats(0, 10), st.integers(1, 192))
def test_a_family_s_figure_is_by_the_vcpu(usd, vcpus):
    size = replace(LARGE, name="c6i.any", vcpus=vcpus)
    assert stated(c6i=usd).on_demand(size) == pytest.approx(usd * vcpus)
    assert stated(c6i={"onDemand": usd}).on_demand(size) == stated(c6i=usd).on_demand(size)


@pytest.mark.parametrize(
    ("option", "architecture", "price", "share"),
    [
        ("FARGATE", "X86_64", (0.05, 0.006), 1),
        ("FARGATE", "ARM64", None, 0.8),
        ("FARGATE_SPOT", "X86_64", None, 0.7),
        ("FARGATE_SPOT", "ARM64", (0.01, 0.001), 0.7),  # what holds of x86 holds of ARM, where it states nothing
    ],
)
def test_what_is_paid_of_a_task(option, architecture, price, share):
    prices = stated(
        FARGATE={"vcpuHour": 0.05, "gbHour": 0.006},
        FARGATE_ARM={"discount": 0.2},
        FARGATE_SPOT={"discount": 0.3},
        FARGATE_SPOT_ARM={"vcpuHour": 0.01, "gbHour": 0.001},
    )
    assert prices.fargate(option, architecture) == price
    assert prices.fargate_share(option, architecture) == pytest.approx(share)


def test_a_discount_of_tasks_is_not_one_of_spot_tasks():
    prices = stated(FARGATE={"discount": 0.2})
    assert prices.fargate_share("FARGATE", "ARM64") == pytest.approx(0.8)
    assert prices.fargate_share("FARGATE_SPOT", "X86_64") == 1.0


@pytest.mark.parametrize(
    ("kind", "entry", "price"),
    [
        ("gp3", {"gbMonth": 0.07}, (0.07, None, None)),
        ("gp3", {"gbMonth": 0.07, "iopsMonth": 0.004, "throughputMonth": 0.03}, (0.07, 0.004, 0.03)),
        ("io2", {"iopsMonth": 0.05}, (None, 0.05, 0.0)),  # no throughput is paid for
        ("gp2", {"gbMonth": 0.09}, (0.09, 0.0, 0.0)),  # nor operations
        ("st1", {"discount": 0.1}, (None, 0.0, 0.0)),
    ],
)
def test_what_is_paid_of_a_volume(kind, entry, price):
    prices = stated(**{kind: entry})
    assert prices.volume(kind) == price
    assert prices.volume_share(kind) == pytest.approx(1 - entry.get("discount", 0))


def test_where_nothing_is_stated_the_catalog_s_price_is_paid_whole():
    assert NOTHING_STATED.on_demand(LARGE) is NOTHING_STATED.spot(LARGE) is NOTHING_STATED.management_fee(LARGE) is None
    assert NOTHING_STATED.instance_share(LARGE, "SPOT") == NOTHING_STATED.fargate_share("FARGATE", "ARM64") == 1.0
    for kind in KINDS:
        of_it, iops, throughput = NOTHING_STATED.volume(kind)
        assert of_it is None
        assert (iops is None) == (kind in {"gp3", "io1", "io2"})
        assert (throughput is None) == (kind == "gp3")
        assert NOTHING_STATED.volume_share(kind) == 1.0


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({}, "nothing is stated"),
        ({"discount": 0.1, "onDemand": 1}, "a discount stands beside a price"),
        ({"vcpuHour": 0.1}, "half a price; expected both"),
        ({"discount": 1.01}, "less than or equal to 1"),
        ({"onDemand": -0.01}, "onDemand"),
        ({"spotPrice": 0.1}, "spotPrice"),
    ],
)
def test_what_states_no_price_is_refused(entry, told):
    with pytest.raises(ValueError, match=told):
        PriceOverride.model_validate(entry)
