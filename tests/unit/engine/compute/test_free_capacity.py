"""Placement: which node takes a job, against the definition of the strategies over all nodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.changes import Changes
from batchsim.engine.compute.free_capacity import FreeCapacity, Node
from batchsim.errors import SimulationError
from batchsim.spec.configuration import Shape

ASKED = st.builds(
    Shape, vcpus=st.integers(1, 8).map(float), memory_mib=st.integers(1, 8), gpus=st.sampled_from([0, 0, 0, 1])
)
CAPACITIES = st.lists(st.builds(Shape, st.integers(0, 8).map(float), st.integers(0, 8), st.integers(0, 2)), max_size=8)


def free_capacity(*requests: Shape, strategy: str = "binpack") -> FreeCapacity:
    return FreeCapacity(strategy, requests, Changes())


@given(
    capacities=CAPACITIES,
    requests=st.lists(ASKED, min_size=1, max_size=5),
    # Take a job, or let a node's last one go, or withdraw a node and offer it again.
    steps=st.lists(st.tuples(st.sampled_from(["take", "give", "offer"]), st.integers(0, 7)), max_size=30),
    strategy=st.sampled_from(["binpack", "spread"]),
)
def test_takes_the_least_or_the_most_left_that_holds_the_job(capacities, requests, steps, strategy):
    free = free_capacity(*requests, strategy=strategy)
    nodes = [
        Node(number, capacity.vcpus, capacity.memory_mib, capacity.gpus) for number, capacity in enumerate(capacities)
    ]
    held: list[list[int]] = [[] for _ in nodes]
    for node in nodes:
        free.add(node)
    sign = 1 if strategy == "binpack" else -1
    # GPUs that nobody asks for tell nodes apart no more than their age does.
    of_matter = sign if any(asked.gpus for asked in requests) else 0
    for step, number in steps:
        if step == "take":
            request = number % len(requests)
            able = [node for node in nodes if node.holds(requests[request])]
            expected = min(
                able, key=lambda n: (sign * n.memory_mib, sign * n.vcpus, of_matter * n.gpus, n.number), default=None
            )
            assert free.has(request) == (expected is not None)
            holding = {each for each, asked in enumerate(requests) if any(node.holds(asked) for node in nodes)}
            assert free.fitting(set(range(len(requests)))) == holding
            assert free.take(request, 0.0) is expected
            if expected is not None:
                held[expected.number].append(request)
        elif number < len(nodes) and step == "give":
            if held[number]:
                free.give(nodes[number], held[number].pop(), 0.0)
        elif number < len(nodes):
            free.discard(nodes[number])
            free.add(nodes[number])


@given(capacities=CAPACITIES, asked=ASKED)
def test_places_are_as_many_as_jobs_can_be_taken(capacities, asked):
    free = free_capacity(asked)
    for number, capacity in enumerate(capacities):
        free.add(Node(number, capacity.vcpus, capacity.memory_mib, capacity.gpus))
    found, taken = free.places(0), 0
    while free.take(0, 0.0) is not None:
        taken += 1
    assert found == taken


def test_vcpu_and_memory_are_taken_together_or_not_at_all():
    free = free_capacity(Shape(2.0, 2000), Shape(1.0, 1000))
    free.add(Node(0, 4.0, 1000))
    free.add(Node(1, 1.0, 8000))
    assert free.take(0, 0.0) is None
    taken = free.take(1, 0.0)
    assert taken is not None
    assert (taken.number, taken.vcpus, taken.memory_mib) == (0, 3.0, 0)


def test_a_withdrawn_node_is_not_found_and_what_it_gives_back_neither():
    free, withdrawn = free_capacity(Shape(1.0, 1)), Node(0, 2.0, 100)
    free.add(withdrawn)
    assert free.take(0, 0.0) is withdrawn
    free.discard(withdrawn)
    free.discard(withdrawn)
    free.give(withdrawn, 0, 0.0)
    assert (withdrawn.vcpus, withdrawn.memory_mib, withdrawn.held) == (2.0, 100, 0)
    assert free.take(0, 0.0) is None
    assert free.nodes() == []


@pytest.mark.parametrize("strategy", ["binpack", "spread"])
def test_equal_nodes_go_by_launch(strategy):
    free = free_capacity(Shape(2.0, 100), strategy=strategy)
    for number in (2, 0, 1):
        free.add(Node(number, 2.0, 100))
    taken = free.take(0, 0.0)
    assert taken is not None
    assert taken.number == 0


def test_what_is_taken_in_a_copy_is_not_taken():
    free = free_capacity(Shape(2.0, 100))
    free.add(Node(0, 2.0, 100))
    copy = free.copy([Node(1, 2.0, 100)])
    assert [copy.take(0, 0.0).number, copy.take(0, 0.0).number, copy.take(0, 0.0)] == [0, 1, None]
    assert free.take(0, 0.0).number == 0


def test_changes_are_counted_when_an_answer_may_be_another():
    changes = Changes()
    free = FreeCapacity("binpack", [Shape(1.0, 10), Shape(4.0, 10)], changes)
    free.add(Node(0, 4.0, 100))
    node = free.take(0, 0.0)
    assert changes.generation == 1
    # Nobody was refused: what comes back is news to nobody.
    free.give(node, 0, 0.0)
    assert changes.generation == 1
    node = free.take(0, 0.0)
    assert free.take(1, 0.0) is None
    free.give(node, 0, 0.0)
    assert changes.generation == 3
    assert free.take(1, 0.0) is node


def test_a_job_that_was_never_held_breaks_the_ledger():
    free, node = free_capacity(Shape(1.0, 10)), Node(7, 4.0, 100)
    free.add(node)
    with pytest.raises(SimulationError, match=r"at 12.5 s, .*i-0+7"):
        free.give(node, 0, 12.5)


def test_whoever_takes_the_last_room_leaves_none_for_others_alike():
    free = free_capacity(Shape(3.0, 10), Shape(1.0, 10))
    free.add(Node(0, 4.0, 100))
    assert free.take(0, 0.0) is not None
    assert free.no_fit == {0}  # one vCPU is left: known without another look
    assert free.take(1, 0.0) is not None
    assert free.no_fit == {0, 1}
    free.give(free._nodes[0], 1, 0.0)
    assert free.no_fit == {0}


def test_memory_may_be_what_is_missing():
    free = free_capacity(Shape(1.0, 60))
    free.add(Node(0, 4.0, 100))
    assert free.take(0, 0.0) is not None
    assert free.no_fit == set()  # vCPUs are left, and memory is looked for when it is asked for
    assert free.take(0, 0.0) is None
    assert free.no_fit == {0}
