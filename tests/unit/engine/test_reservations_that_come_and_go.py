"""Who is in which reservation while they begin and end and instances come and go: hand cases, and laws.

EC2 User Guide, *On-Demand Capacity Reservations* and *Cancel a Capacity Reservation*. Two vCPUs an instance.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.account_limits import CapacityLimits
from batchsim.engine.capacity_reservations import CapacityReservations
from batchsim.engine.clock import Clock
from batchsim.engine.compute.instance import Instance
from batchsim.engine.recorder import Recorder
from batchsim.recording import Recording
from batchsim.spec.reservations import ReservationUse
from tests.unit.engine.parts import agenda, assumptions
from tests.worlds import LARGE, by_job, fleet, jobs, reservation, run

ZONES = ("us-east-1a", "us-east-1b")


def stays(recording: Recording) -> list[tuple[int, int, float, float]]:
    """Which instance was in which reservation, from when until when."""
    columns = recording.reservations
    rows = zip(columns.instance, columns.reservation, columns.since, columns.until, strict=True)
    return sorted((int(instance), int(held), float(since), float(until)) for instance, held, since, until in rows)


def test_an_instance_whose_reservation_ends_goes_into_the_next_that_has_room():
    # Three instances; the first reservation, of two, ends at 100, the second has one place, which the third instance
    # has. When that is gone, at 200, the one launched first takes it.
    first, second = reservation("first", 2, ends_at=100.0), reservation("second", 1)
    recording = run(jobs([0, 0, 0], [500, 500, 200], 2), fleet(), reservations=[first, second])
    assert stays(recording) == [(0, 0, 0, 100), (0, 1, 200, 500), (1, 0, 0, 100), (2, 1, 0, 200)]


def test_an_end_and_a_beginning_at_one_instant_leave_nobody_outside():
    first, second = reservation("first", 2, ends_at=100.0), reservation("second", 2, starts_at=100.0)
    for order in ([first, second], [second, first]):
        recording = run(jobs([0, 0], 500, 2), fleet(), reservations=order)
        held = {(instance, order[held].name, since, until) for instance, held, since, until in stays(recording)}
        assert held == {
            (n, name, *when) for n in (0, 1) for name, when in (("first", (0, 100)), ("second", (100, 500)))
        }


def test_one_that_begins_takes_the_instances_that_were_launched_first():
    # Three run when it begins at 100, of which it takes two; one of these ends at 150, and the third takes its place.
    recording = run(
        jobs([0, 10, 20], [500, 140, 500], 2), fleet(), reservations=[reservation("late", 2, starts_at=100.0)]
    )
    assert stays(recording) == [(0, 0, 100, 500), (1, 0, 100, 150), (2, 0, 150, 520)]


def test_environments_that_use_none_or_others_are_passed_over_by_one_that_begins():
    late = reservation("late", 2, starts_at=100.0)
    none = fleet("none", reservation_use=ReservationUse("none"), max_vcpus=2)
    other = fleet("other", reservation_use=ReservationUse(targets=("late",)), max_vcpus=2)
    # The first job runs where reservations are not used. The second waits for its reservation, which it targets.
    recording = run(jobs([0, 0], 500, 2), none, other, reservations=[late])
    assert by_job(recording, "starting_at") == [0, 100]
    assert stays(recording) == [(1, 0, 100, 600)]


def test_the_quota_is_free_again_when_a_reservation_ends():
    # Of 6 vCPUs of quota two unused instances take 4, so one job of 2 vCPUs runs beside them, elsewhere; from 100 on
    # three do, from what is free.
    idle = reservation("idle", 2, zone="us-east-1f", ends_at=100.0)
    recording = run(
        jobs([0] * 3, 300, 2), fleet(), reservations=[idle], capacity={"accountvCpus": {"EC2": 6}, "backoff": 0}
    )
    assert by_job(recording, "starting_at") == [0, 100, 100]


# Laws


TIMES = st.integers(0, 20)
SPECS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(ZONES), TIMES, st.integers(1, 20)), min_size=1, max_size=3
)
STEPS = st.lists(st.tuples(TIMES, st.sampled_from(["launch", "launch", "end"]), st.integers(0, 9)), max_size=25)


@given(specs=SPECS, steps=STEPS)
def test_nobody_is_outside_while_there_is_room_and_quota_and_pool_count_who_is(specs, steps):
    """Whatever comes and goes when: of each kind as many are reserved as there are places or instances."""
    reservations = [
        reservation(f"r{number}", count, zone=zone, starts_at=float(at), ends_at=float(at + length))
        for number, (count, zone, at, length) in enumerate(specs)
    ]
    clock = Clock()
    made = agenda(1, clock)
    limits = CapacityLimits(assumptions(capacity={"pools": [{"vcpus": 900}], "accountvCpus": {"EC2": 500}}).capacity)
    recorder = Recorder()
    held = CapacityReservations(reservations, limits, recorder)
    mine = held.of(fleet(zones=ZONES))
    held.follow(made)
    there: list[Instance] = []

    def step(event):
        kind, number = event.subject
        if kind == "launch":
            row = recorder.instance(0, 0, number % 2, event.at, event.at)
            there.append(Instance(row, LARGE, row, number % 2, event.at))
            mine.launched(there[-1], event.at)
        elif there:
            mine.terminated(there.pop(number % len(there)), event.at)

    def look(event):
        now = event.at
        active = [each for each in reservations if each.starts_at <= now < each.ends_at]
        places, inside = [0, 0], [0, 0]
        for each in active:
            places[ZONES.index(each.zone)] += each.instances
        for each in held.all:
            for stay in each.inside.values():
                inside[stay.instance.zone] += 1
        instances = [sum(each.zone == zone for each in there) for zone in (0, 1)]
        assert inside == [min(places[zone], instances[zone]) for zone in (0, 1)]
        assert mine.free(LARGE) == sum(places) - sum(inside)
        # Two vCPUs each: the quota counts what is reserved, used or not, and both count what runs outside.
        outside = len(there) - sum(inside)
        left = min(450 - outside, 250 - outside - sum(places))
        assert limits.launchable([LARGE], "EC2", [ZONES], now) == [left]

    for at, kind, number in sorted(steps, key=lambda each: each[0]):
        made.at(float(at), step, (kind, number))
    for at in range(42):
        made.at(at + 0.5, look)
    clock.run_until_stopped()
    # As recorded: nobody is in two at once, none holds more than it has, nor before it begins or after it ends.
    columns = recorder.stays(42.0)
    for at in range(42):
        now = (columns.since <= at + 0.5) & (columns.until > at + 0.5)
        assert len(set(columns.instance[now].tolist())) == now.sum()
        for number, each in enumerate(reservations):
            most = each.instances if each.starts_at <= at + 0.5 < each.ends_at else 0
            assert (columns.reservation[now] == number).sum() <= most


@pytest.mark.parametrize("ends_at", [50.0, math.inf])
def test_a_block_is_filled_by_no_instance_that_was_not_launched_into_it(ends_at):
    # The block begins at 10 with a place for one. The instance that runs since 0 and targets its group stays outside;
    # the one that is launched at 20 runs in it, until half an hour before the block's end at most.
    block = reservation(
        "block", 1, is_block=True, is_open=False, groups=("arn:aws:rg:::group/night",), starts_at=10.0,
        ends_at=ends_at + 1800,
    )  # fmt: skip
    targets = fleet(reservation_use=ReservationUse(targets=("arn:aws:rg:::group/night",)))
    recording = run(jobs([0, 20], 100, 2), targets, reservations=[block], duration_s=200)
    assert stays(recording) == [(1, 0, 20, min(ends_at, 120))]
