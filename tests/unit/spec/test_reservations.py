"""What instances run in a reservation, by what is said of both."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from batchsim.spec.reservation_settings import CapacityReservation
from batchsim.spec.reservations import ReservationUse, is_group
from tests.worlds import reservation

GROUP = "arn:aws:resource-groups:us-east-1:123456789012:group/night"
START = datetime(2026, 11, 2, tzinfo=UTC)
STATED = {"name": "night", "instanceType": "c6i.large", "zone": "us-east-1a", "instances": 2}


def stated(**members):
    return CapacityReservation.model_validate({**STATED, **members})


@pytest.mark.parametrize(
    ("use", "open_", "targeted", "block"),
    [
        (ReservationUse(), True, False, False),
        (ReservationUse("only"), True, False, False),
        (ReservationUse("none"), False, False, False),
        (ReservationUse("none", ("cr-1",)), False, False, False),
        (ReservationUse(targets=("cr-1",)), True, True, True),
        (ReservationUse(targets=("night",)), True, True, True),
        (ReservationUse("only", (GROUP,)), True, True, True),
        (ReservationUse(targets=("cr-2",)), False, False, False),
    ],
)
def test_who_runs_in_it(use, open_, targeted, block):
    named = {"labels": ("night", "cr-1"), "groups": (GROUP,)}
    assert reservation("night", **named).takes(use) is open_
    assert reservation("night", is_open=False, **named).takes(use) is targeted
    assert reservation("night", is_open=False, is_block=True, **named).takes(use) is block


def test_a_target_by_id_holds_to_it_and_a_group_does_not():
    night = reservation("night", labels=("night", "cr-1"), groups=(GROUP,))
    assert night.holds_to(ReservationUse(targets=("cr-1",)))
    assert not night.holds_to(ReservationUse(targets=(GROUP,)))
    assert is_group(GROUP)
    assert not is_group("cr-0123456789abcdef0")
    assert not is_group("arn:aws:ec2:us-east-1:123456789012:capacity-reservation/cr-1")


def test_a_block_is_cleared_half_an_hour_before_its_end():
    assert reservation(ends_at=7200.0, is_block=True).closes_at == 5400.0
    assert reservation(ends_at=7200.0).closes_at == 7200.0


def test_times_are_durations_or_instants():
    assert stated(**{"from": "2h"}).span(START) == (7200.0, float("inf"))
    assert stated(**{"from": "2026-11-02T01:00:00Z", "until": "2026-11-03T00:00:00+01:00"}).span(START) == (
        3600.0,
        82800.0,
    )
    assert stated(**{"from": "2026-11-01T23:00:00Z", "until": 60}).span(START) == (-3600.0, 60.0)


def test_open_is_what_ec2_takes_where_nothing_is_said():
    assert stated().is_open
    assert stated(matching="open").is_open
    assert not stated(matching="targeted").is_open
    block = stated(kind="capacity-block", until="1d", price=48)
    assert block.is_block
    assert not block.is_open


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"price": 3}, "price is a Capacity Block's"),
        ({"kind": "capacity-block", "until": "1d"}, "without price"),
        ({"kind": "capacity-block", "price": 48}, "without until"),
        ({"kind": "capacity-block", "until": "1d", "price": 48, "matching": "open"}, "target it"),
        ({"kind": "on-demnad"}, "did you mean on-demand"),
        ({"tenancy": "host"}, "expected default"),
        ({"platform": "Windows"}, "expected Linux/UNIX"),
        ({"instances": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_refused(members, message):
    with pytest.raises(ValidationError, match=message):
        stated(**members)
