"""Capacity reservations as a scenario states them: what belongs to which kind, and from when until when they are."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from batchsim.spec.reservation_settings import CapacityReservation

NIGHT = {"name": "night", "instanceType": "p5.48xlarge", "zone": "us-east-1a", "instances": 2}
BLOCK = {**NIGHT, "kind": "capacity-block", "until": "2026-11-03T11:30:00Z", "price": 480.0}
START = datetime(2026, 11, 2, tzinfo=UTC)


def read(**members: object) -> CapacityReservation:
    return CapacityReservation.model_validate(members)


def refusal(**members: object) -> str:
    with pytest.raises(ValidationError) as caught:
        read(**members)
    (error,) = caught.value.errors()
    return error["msg"].removeprefix("Value error, ")


def test_an_on_demand_one_is_open_unless_it_is_targeted_and_a_block_never_is():
    # EC2 API, InstanceMatchCriteria: open is the default; Capacity Blocks take targeted instances alone.
    assert read(**NIGHT).is_open
    assert not read(**NIGHT, matching="targeted").is_open
    assert read(**BLOCK).is_block
    assert not read(**BLOCK).is_open
    assert read(**BLOCK, matching="targeted").is_block


def test_its_times_are_seconds_since_the_start():
    assert read(**NIGHT).span(START) == (0.0, math.inf)
    # 1 November 18:00 is six hours before, 3 November 11:30 a day and 11.5 hours after.
    begun = read(**{**BLOCK, "from": "2026-11-01T18:00:00Z"})
    assert begun.span(START) == (-6 * 3600, (24 + 11.5) * 3600)
    assert read(**{**NIGHT, "from": "2h", "until": "26h"}).span(START) == (2 * 3600, 26 * 3600)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({**NIGHT, "price": 9.0}, ("price is a Capacity Block's; a reservation costs the on-demand rate, which "
                                  "prices.overrides states")),
        ({**BLOCK, "price": None}, "a Capacity Block without price; expected what its offer says: price, until"),
        ({**BLOCK, "until": None}, "a Capacity Block without until; expected what its offer says: price, until"),
        ({**BLOCK, "matching": "open"}, ("a Capacity Block takes only instances that target it; expected matching: "
                                        "targeted")),
        ({**NIGHT, "kind": "capacity-blok"}, "expected on-demand or capacity-block; did you mean capacity-block?"),
        ({**NIGHT, "tenancy": "dedicated"}, ("'dedicated' is not modelled: Batch's instances share hardware; expected "
                                            "default")),
        ({**NIGHT, "platform": "Windows"}, ("'Windows' is not modelled: Batch's instances run Linux; expected "
                                           "Linux/UNIX")),
        ({**NIGHT, "instances": 0}, "Input should be greater than or equal to 1"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_by_name(members, message):
    assert refusal(**members) == message
