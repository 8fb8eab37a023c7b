"""Updates of what an environment launches, where capacity is reserved: instances are in what their launch says.

EC2 User Guide, *Launch instances into an existing Capacity Reservation*: which reservations an instance runs in stands
in the launch template that it was launched from.
"""

from __future__ import annotations

from batchsim.spec.reservations import ReservationUse
from tests.unit.engine.updates.entries import changed
from tests.worlds import LARGE, by_job, fleet, jobs, offering, reservation, run

OTHER = offering("m6i.large", 2, 7700, 0.096)
OPEN, NONE, ONLY = fleet(), fleet(reservation_use=ReservationUse("none")), fleet(reservation_use=ReservationUse("only"))


def stays(recording) -> list[tuple[int, float, float]]:
    """Which instance was in the reservation, from when until when."""
    columns = recording.reservations
    return list(zip(columns.instance.tolist(), columns.since.tolist(), columns.until.tolist(), strict=True))


def test_a_type_that_comes_by_an_update_is_launched_into_what_is_reserved_of_it():
    # m6i.large until 100; then c6i.large, one of which is reserved: the job of 200 has that, the one of 210 has not.
    recording = changed(
        jobs([0, 200, 210], [10, 50, 50], 2),
        fleet(offerings=(OTHER,)),
        reservations=[reservation()],
        changes=[(100, fleet(offerings=(LARGE,)))],
    )
    assert by_job(recording, "starting_at") == [0, 200, 210]
    assert stays(recording) == [(1, 200, 250), (2, 250, 260)]  # whose place the other one takes


def test_a_preference_that_comes_by_an_update_is_that_of_instances_launched_from_then_on():
    jobs_of_two = jobs([0, 50, 200], [100, 400, 10], 2)
    # From 150 on in none. The second went into the reservation before, when it was free at 100; the third does not.
    leaving = changed(jobs_of_two, OPEN, reservations=[reservation()], changes=[(150, NONE)])
    assert stays(leaving) == [(0, 0, 100), (1, 100, 450)]
    # From 150 on in any: only who is launched then, and the first two never.
    coming = changed(jobs_of_two, NONE, reservations=[reservation()], changes=[(150, OPEN)])
    assert stays(coming) == [(2, 200, 210)]


def test_from_the_update_on_nothing_is_launched_outside_what_is_reserved():
    # Two run from 0, one of them in the reservation. From 50 on nothing else is launched: the two of 60 have to wait
    # for that one's instance, at 100, and for one another.
    recording = changed(
        jobs([0, 0, 60, 60], [100, 300, 10, 10], 2),
        OPEN,
        reservations=[reservation()],
        changes=[(50, ONLY)],
    )
    assert by_job(recording, "starting_at") == [0, 0, 100, 110]


def test_where_nothing_is_reserved_reservations_alone_are_nothing_to_launch_into():
    # From the start, and from 50 on until 500.
    assert run(jobs([0], 10, 2), ONLY).attempts.job.tolist() == []
    recording = changed(jobs([0, 60], 10, 2), OPEN, changes=[(50, ONLY), (500, OPEN)])
    assert by_job(recording, "starting_at") == [0, 500]


def test_where_nothing_is_reserved_a_target_that_comes_by_an_update_is_nothing_to_launch_into():
    target = fleet(reservation_use=ReservationUse("open", ("cr-0123456789abcdef0",)))
    recording = changed(jobs([0, 60], 10, 2), OPEN, changes=[(50, target), (500, OPEN)])
    assert by_job(recording, "starting_at") == [0, 500]
