"""The ledger of instances: figures that stay possible, and a count of changes that answers can be kept by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.errors import SimulationError
from batchsim.recording import instance_id
from batchsim.spec.configuration import Shape
from tests.unit.engine.compute.instances import Instances
from tests.worlds import LARGE, XLARGE, fleet

BOTH = fleet(offerings=(LARGE, XLARGE), zones=("a", "b"))
SMALL, BIG = Shape(1.0, 1000), Shape(4.0, 1000)


def test_an_instance_from_its_launch_to_its_end():
    made = Instances(BOTH, [SMALL, BIG])
    ledger = made.ledger
    instance = ledger.launch(XLARGE, 1, 5.0, 8.0)
    # Its vCPUs count from the request on, and nobody can start on it.
    assert (ledger.vcpus, ledger.launches, list(ledger.booting)) == (4, 1, [0])
    assert not ledger.free.has(1)
    ledger.register(instance, 20.0)
    assert not ledger.booting
    assert ledger.free.has(1)
    ledger.withdraw(instance)  # its Spot notice
    assert not ledger.free.has(0)
    assert (ledger.vcpus, ledger.staying(), ledger.in_motion) == (4, [], True)
    ledger.remove(instance, 140.0, "Spot interruption", reclaimed=True)
    assert (ledger.vcpus, ledger.instances, ledger.in_motion, ledger.launches) == (0, {}, False, 1)
    columns = made.recorder.instances(1000.0)
    assert [column.tolist() for column in (columns.offering, columns.zone, columns.reclaimed)] == [[1], [1], [True]]
    assert (columns.requested_at[0], columns.running_at[0]) == (5.0, 8.0)
    assert (columns.registered_at[0], columns.terminated_at[0]) == (20.0, 140.0)


def raised(action) -> SimulationError:
    with pytest.raises(SimulationError) as error:
        action()
    return error.value


def test_a_broken_invariant_says_when_and_which_instance():
    made = Instances(requests=[SMALL])
    made.active()
    second = made.active()
    held = made.ledger.free.take(0, 1.0)
    assert held is not second
    # One that holds a job goes.
    instance = made.ledger.instances[held.number]
    instance.attempts[7] = object()
    error = raised(lambda: made.ledger.remove(instance, 12.5, "scaled in", reclaimed=False))
    assert (error.at, error.instance) == (12.5, instance_id(0))
    # One that is gone goes again.
    made.ledger.remove(second, 20.0, "scaled in", reclaimed=False)
    error = raised(lambda: made.ledger.remove(second, 21.0, "scaled in", reclaimed=False))
    assert (error.at, error.instance) == (21.0, instance_id(1))
    # One gives back what it did not hold.
    made.ledger.free.give(instance, 0, 30.0)
    error = raised(lambda: made.ledger.free.give(instance, 0, 31.0))
    assert (error.at, error.instance) == (31.0, instance_id(0))


def test_vcpus_never_fall_below_none():
    made = Instances()
    instance = made.active()
    made.ledger.vcpus = 1  # written by somebody else
    assert raised(lambda: made.ledger.remove(instance, 3.0, "scaled in", reclaimed=False)).at == 3.0


def test_which_steps_may_change_which_answers():
    """Instances that come or go change what there is and what there will be; jobs change only what there is."""
    made = Instances(BOTH, [SMALL, BIG])
    ledger, changes, free = made.ledger, made.changes, made.ledger.free
    held = {}

    def grew(action) -> tuple[bool, bool]:
        before = changes.generation, changes.outlook_generation
        action()
        return changes.generation > before[0], changes.outlook_generation > before[1]

    def launch():
        held["instance"] = ledger.launch(XLARGE, 0, 0.0, 0.0)

    def take():
        held["node"] = free.take(0, 0.0)

    assert grew(launch) == (True, True)
    assert grew(lambda: ledger.register(held["instance"], 0.0)) == (True, True)
    assert grew(lambda: free.has(0)) == (False, False)  # a question
    assert grew(take) == (True, False)
    # Nobody was refused: what comes back is no news.
    assert grew(lambda: free.give(held["node"], 0, 0.0)) == (False, False)
    assert grew(take) == (True, False)
    assert grew(lambda: free.has(1)) == (False, False)  # BIG is refused
    assert grew(lambda: free.give(held["node"], 0, 0.0)) == (True, False)
    assert grew(lambda: ledger.withdraw(held["instance"])) == (True, True)
    assert grew(lambda: ledger.remove(held["instance"], 0.0, "", reclaimed=True)) == (True, True)


REQUESTS = [Shape(1.0, 900), Shape(2.0, 3000), Shape(4.0, 1000), Shape(3.0, 7000)]


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["launch", "register", "withdraw", "remove", "take", "take", "give"]), st.integers(0, 9)
        ),
        max_size=40,
    )
)
def test_an_answer_that_was_given_holds_until_the_generation_grows(steps):
    made = Instances(BOTH, REQUESTS)
    ledger, held = made.ledger, []

    def answers() -> tuple:
        room = tuple(ledger.free.has(request) for request in range(len(REQUESTS)))
        coming = tuple(any(each.holds(asked) for each in ledger.booting.values()) for asked in REQUESTS)
        # The ledger asks one of each type, which comes to the same as asking all.
        assert coming == tuple(ledger.is_booting_for(asked) for asked in REQUESTS)
        places = [sum(each.places(asked) for each in ledger.booting.values()) for asked in REQUESTS]
        assert places == [ledger.booting_places(asked) for asked in REQUESTS]
        return made.changes.generation, made.changes.outlook_generation, room, (ledger.vcpus, coming)

    for step, number in steps:
        before = answers()
        booting, staying = list(ledger.booting.values()), ledger.staying()
        if step == "launch":
            made.launch((LARGE, XLARGE)[number % 2])
        elif step == "register" and booting:
            ledger.register(booting[number % len(booting)], 0.0)
        elif step == "withdraw" and staying:
            ledger.withdraw(staying[number % len(staying)])
        elif step == "remove":
            idle = [each for each in ledger.instances.values() if not each.held]
            if idle:
                ledger.remove(idle[number % len(idle)], 0.0, "", reclaimed=False)
        elif step == "take":
            node = ledger.free.take(number % len(REQUESTS), 0.0)
            if node is not None:
                held.append((node, number % len(REQUESTS)))
        elif held:
            ledger.free.give(*held.pop(number % len(held)), 0.0)
        after = answers()
        assert after[0] > before[0] or after[2] == before[2]
        assert after[1] > before[1] or after[3] == before[3]
        # The ledger's sum is that of its instances.
        assert ledger.vcpus == sum(each.offering.vcpus for each in ledger.instances.values())


def test_a_node_of_a_multi_node_job_has_its_instance_alone():
    made = Instances(requests=[SMALL])
    instance = made.active()
    taken = made.ledger.take_whole([instance])
    assert taken == [instance]
    assert not made.ledger.free.has(0)
    made.ledger.give_whole(instance)
    assert made.ledger.free.take(0, 0.0) is instance


def test_an_instance_that_takes_no_jobs_any_more_is_not_offered_when_its_node_is_let_go():
    made = Instances(requests=[SMALL])
    instance = made.active()
    made.ledger.take_whole([instance])
    made.ledger.withdraw(instance)
    made.ledger.give_whole(instance)
    assert instance.held == 0
    assert not made.ledger.free.has(0)


def test_one_that_is_withdrawn_while_it_boots_is_not_waited_for():
    made = Instances(BOTH, [SMALL, BIG])
    first, second = made.launch(XLARGE), made.launch(LARGE)
    assert made.ledger.booting_places(SMALL) == 4 + 2
    made.ledger.withdraw(first)
    assert made.ledger.booting_places(SMALL) == 2
    assert not made.ledger.is_booting_for(BIG)
    made.ledger.remove(second, 1.0, "scaled in", reclaimed=False)
    assert not made.ledger.is_booting_for(SMALL)
    assert made.ledger.in_motion  # the first is still to go


def test_what_is_the_minimum_is_so_while_less_would_be_left_without_it():
    made = Instances(fleet(min_vcpus=3))
    first = made.active()
    assert made.ledger.is_minimum(first)  # 2 - 2 < 3
    made.active()
    assert made.ledger.is_minimum(first)  # 4 - 2 < 3
    made.active()
    assert not made.ledger.is_minimum(first)  # 6 - 2
