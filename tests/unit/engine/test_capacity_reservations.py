"""Reservations of a run, asked as an environment asks them."""

from __future__ import annotations

from batchsim.engine.account_limits import CapacityLimits
from batchsim.engine.agenda import Agenda
from batchsim.engine.capacity_reservations import CapacityReservations
from batchsim.engine.clock import Clock
from batchsim.engine.compute.instance import Instance
from batchsim.engine.recorder import Recorder
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import Shape
from batchsim.spec.reservations import ReservationUse
from tests.worlds import LARGE, XLARGE, by_job, fleet, jobs, reservation, run

ZONES = ("us-east-1a", "us-east-1b")


class Held:
    """The reservations of a run and of one environment, with instances that are launched by hand."""

    def __init__(self, *reservations, spec=None, **capacity):
        settings = Assumptions.model_validate({"preset": "ideal", "capacity": capacity})
        self.limits, self.recorder = CapacityLimits(settings.capacity), Recorder()
        self.all = CapacityReservations(reservations, self.limits, self.recorder)
        self.mine = self.all.of(spec or fleet(zones=ZONES, offerings=(LARGE, XLARGE)))
        self.all.follow(Agenda(Clock(), settings.scheduler, 1))

    def launch(self, zone=0, kind=LARGE, now=0.0):
        number = self.recorder.instance(0, 0, zone, now, now)
        instance = Instance(number, kind, number, zone, now)
        self.mine.launched(instance, now)
        return instance


def test_an_environment_that_uses_none_has_none():
    assert Held().mine is None
    assert Held(reservation(zone="us-east-1f")).mine is None
    assert Held(reservation(), spec=fleet(purchase_option="SPOT")).mine is None
    assert Held(reservation(), spec=fleet(reservation_use=ReservationUse("none"))).mine is None
    assert Held(reservation(is_open=False)).mine is None


def test_one_that_is_confined_has_them_even_where_there_are_none():
    only = Held(reservation(), spec=fleet(reservation_use=ReservationUse("only"))).mine
    assert only.is_confined
    unknown = Held(spec=fleet(reservation_use=ReservationUse(targets=("cr-1",)))).mine
    assert unknown.is_confined
    assert not unknown.uses_any
    assert Held(spec=fleet(reservation_use=ReservationUse(targets=("arn:aws:rg:::group/night",)))).mine is None


def test_zones_with_room_come_in_turn():
    held = Held(reservation("a", zone="us-east-1a"), reservation("b", zone="us-east-1b"))
    assert [held.mine.zone_for(LARGE, turn) for turn in range(3)] == [0, 1, 0]
    assert held.mine.zone_for(XLARGE, 0) is None
    held.launch(zone=0)
    assert [held.mine.zone_for(LARGE, turn) for turn in range(3)] == [1, 1, 1]
    held.launch(zone=1)
    assert held.mine.zone_for(LARGE, 0) is None
    assert held.mine.free(LARGE) == 0


def test_the_first_that_is_stated_is_filled_first():
    held = Held(reservation("first"), reservation("second", 2))
    for _ in range(3):
        held.launch()
    assert held.recorder.stays(1.0).reservation.tolist() == [0, 1, 1]


def test_the_place_of_one_that_goes_is_taken_by_the_first_outside():
    held = Held(reservation())
    inside, second, third = (held.launch() for _ in range(3))
    held.mine.terminated(second, 5.0)
    held.mine.terminated(inside, 7.0)
    stays = held.recorder.stays(9.0)
    assert stays.instance.tolist() == [inside.number, third.number]
    assert (stays.since.tolist(), stays.until.tolist()) == ([0.0, 7.0], [7.0, 9.0])


def test_pools_count_what_runs_outside_and_quotas_what_is_reserved():
    held = Held(reservation(instances=2), pools=[{"vcpus": 4}], accountvCpus={"EC2": 8})

    def left():
        """How many instances fit under the pool and the quota."""
        return held.limits.launchable([LARGE], "EC2", [ZONES], 0.0)[0]

    assert left() == 2  # of the pool; of the quota 8 - 2 x 2 are left
    first, _, third = (held.launch() for _ in range(3))
    assert left() == 1
    # The place of the first is taken by the third, which leaves the pool.
    held.mine.terminated(first, 1.0)
    assert left() == 2
    held.mine.terminated(third, 2.0)
    assert left() == 2


def test_a_multi_node_job_ends_once_with_the_block_that_all_its_nodes_run_in():
    # Two instances until 3,600 s are cleared half an hour before, at 1,800 s; the job of two nodes would run to 5,000.
    # It was ended once for each of its nodes, which no job survives.
    block = reservation(instances=2, is_block=True, is_open=False, ends_at=3600.0)
    confined = fleet(reservation_use=ReservationUse("only", (block.name,)))
    nodes = {4.0: Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)}
    recording = run(jobs([0], 5000, 4, nodes=nodes), confined, reservations=[block])
    assert recording.attempts.stopped_at.tolist() == [1800]
    assert recording.stopped_at.tolist() == [1800]
    assert recording.instances.terminated_at.tolist() == [1800, 1800]
    # One host alone ends the job, and with it its other nodes:
    # a second reservation holds one of the nodes, and ends first.
    short = reservation("short", is_block=True, is_open=False, ends_at=2800.0)
    longer = reservation("longer", is_block=True, is_open=False, ends_at=9000.0)
    both = fleet(reservation_use=ReservationUse("only", ("short", "longer")))
    recording = run(jobs([0, 1], [5000, 10], [4, 1], nodes=nodes), both, reservations=[short, longer])
    # At 1,000 s the first node goes; the other instance is free at once for the job that waits.
    assert by_job(recording, "starting_at") == [0, 1000]
    assert by_job(recording, "stopped_at") == [1000, 1010]
