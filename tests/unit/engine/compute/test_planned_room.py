"""Room that launches are planned with: what is free or on its way, and what may be launched or run yet."""

from __future__ import annotations

from batchsim.engine.changes import Changes
from batchsim.engine.compute.free_capacity import FreeCapacity, Node
from batchsim.engine.compute.planned_room import PlannedRoom, PlannedTasks
from batchsim.spec.configuration import Shape

ONE, FOUR = Shape(1.0, 1000), Shape(4.0, 4000)
VCPUS = [1.0, 4.0]


def free(*capacities: Shape) -> FreeCapacity:
    made = FreeCapacity("binpack", (ONE, FOUR), Changes())
    for number, capacity in enumerate(capacities):
        made.add(Node(number, capacity.vcpus, capacity.memory_mib, capacity.gpus))
    return made


def test_places_are_taken_until_none_is_left():
    room = PlannedRoom(free(Shape(2.0, 4000)), 8.0, VCPUS)
    assert [room.take(0, 0.0) for _ in range(3)] == [True, True, False]
    assert room.left == 8.0  # what is there needs no launch


def test_a_limit_on_instances_is_counted_by_what_is_ordered_and_may_be_passed_by_the_last():
    room = PlannedRoom(free(), 5.0, VCPUS)
    room.order(1)
    assert room.left == 1.0
    # One vCPU is left: an instance for four may be asked for, it is for the launch to say whether it passes maxvCpus.
    assert room.may_order(1)
    room.order(1)
    assert room.left == -3.0
    assert not room.may_order(0)


def test_a_limit_on_jobs_holds_for_each_of_them():
    tasks = PlannedTasks(free(), 5.0, VCPUS)
    assert tasks.may_order(1)
    tasks.order(1)
    assert not tasks.may_order(1)  # 4 more of one vCPU left
    assert tasks.may_order(0)


def test_there_what_runs_on_room_that_is_free_counts_as_well():
    tasks = PlannedTasks(free(Shape(8.0, 16_000)), 5.0, VCPUS)
    assert tasks.take(1, 0.0)
    assert tasks.left == 1.0
    # Room is for another four vCPUs, the limit for one.
    assert not tasks.take(1, 0.0)
    assert tasks.take(0, 0.0)
    assert not tasks.take(0, 0.0)


def test_what_finds_no_room_takes_nothing_of_the_limit():
    tasks = PlannedTasks(free(Shape(2.0, 4000)), 5.0, VCPUS)
    assert not tasks.take(1, 0.0)
    assert tasks.left == 5.0
