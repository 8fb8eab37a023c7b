"""Capacity reservations resolved: from when until when, for whom, and what an hour of each instance costs."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from batchsim.catalog.user_catalog import read_catalog
from batchsim.scenario.batch.offerings import Market, NoPriceError
from batchsim.scenario.batch.reservations import reservations
from batchsim.spec.assumptions import Assumptions
from tests.catalogs import write_catalog

START = datetime(2026, 11, 2, tzinfo=UTC)
KEPT = {"name": "kept", "instanceType": "c6i.xlarge", "zone": "us-east-1a", "instances": 3}
BLOCK = {**KEPT, "name": "block", "kind": "capacity-block", "until": "24h", "price": 720.0}


@pytest.fixture
def made(tmp_path):
    """The reservations at the prices of the small catalog: c6i.xlarge has 4 vCPUs and costs 0.20 USD an hour."""
    catalog = read_catalog(write_catalog(tmp_path / "catalog"))

    def resolved(*stated, overrides=None, region="us-east-1"):
        settings = {"capacity": {"reservations": list(stated)}, "prices": {"overrides": overrides or {}}}
        return tuple(reservations(Market(region, Assumptions.model_validate(settings), catalog), START))

    return resolved


def test_a_reservation_is_paid_at_the_on_demand_rate_from_the_start_without_an_end(made):
    (kept,) = made(KEPT)
    assert (kept.usd_per_hour, kept.instances, kept.vcpus) == (0.2, 3, 4)
    assert (kept.starts_at, kept.ends_at) == (0.0, math.inf)
    assert (kept.is_open, kept.is_block, kept.labels, kept.groups) == (True, False, ("kept",), ())


def test_times_are_seconds_since_the_start_however_they_are_written(made):
    by_hours, by_clock = made(
        {**KEPT, "from": "6h", "until": "30h"},
        {**KEPT, "name": "clock", "from": "2026-11-02T06:00:00Z", "until": "2026-11-03T07:00:00+01:00"},
    )
    assert (by_hours.starts_at, by_hours.ends_at) == (by_clock.starts_at, by_clock.ends_at) == (6 * 3600, 30 * 3600)
    (before,) = made({**KEPT, "from": "2026-11-01T00:00:00Z"})
    assert before.starts_at == -24 * 3600


@pytest.mark.parametrize(
    ("times", "usd"),
    [
        # 720 USD by three instances and 24 hours; by the twelve from noon on; of a block that has no time nothing.
        ({}, 720 / 3 / 24),
        ({"from": "12h"}, 720 / 3 / 12),
        ({"from": "24h"}, 0.0),
    ],
)
def test_a_capacity_block_is_its_price_by_its_instances_and_hours(made, times, usd):
    (block,) = made({**BLOCK, **times})
    assert block.usd_per_hour == pytest.approx(usd)
    assert (block.is_block, block.is_open) == (True, False)


def test_a_targeted_one_is_for_those_who_name_it_by_its_name_its_id_or_a_group(made):
    (kept,) = made({**KEPT, "matching": "targeted", "id": "cr-1", "groups": ["group"]})
    assert (kept.is_open, kept.labels, kept.groups) == (False, ("kept", "cr-1"), ("group",))


def test_a_stated_price_is_paid(made):
    assert made(KEPT, overrides={"c6i.xlarge": 0.05})[0].usd_per_hour == 0.05
    # By the family: four vCPUs at two cents.
    assert made(KEPT, overrides={"c6i": 0.02})[0].usd_per_hour == pytest.approx(0.08)


def test_a_price_that_nobody_knows_is_named_with_what_would_help(made):
    with pytest.raises(NoPriceError, match=r"no on-demand price of c6i\.xlarge in eu-west-1") as caught:
        made(KEPT, region="eu-west-1", overrides={"c6i.large": 0.1})
    assert caught.value.example == "c6i.xlarge: USD per hour"
    # A block states its own.
    assert made(BLOCK, region="eu-west-1", overrides={"c6i.large": 0.1})[0].usd_per_hour == pytest.approx(10.0)


def test_they_stay_in_their_order(made):
    assert [each.name for each in made(BLOCK, KEPT)] == ["block", "kept"]
    assert made() == ()
