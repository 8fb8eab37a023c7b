"""Attempts beside each other on their hosts, and when a host has none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batchsim.report.perfetto.tenancies import Tenants, nanoseconds

SPANS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 10)), max_size=40)


def tenants(spans: list[tuple[int, int, int]]) -> Tenants:
    """Of host, start and length; in the order that they have to be in."""
    ordered = sorted((host, start, start + length) for host, start, length in spans)
    host, start, stop = np.array(ordered, np.int64).reshape(-1, 3).T
    return Tenants(np.arange(len(host)), host, np.zeros(len(host), bool), start, stop)


def test_instants_are_whole_nanoseconds():
    assert nanoseconds(np.array([0.0, 1.5, 7569.634552524])).tolist() == [0, 1_500_000_000, 7_569_634_552_524]


def test_two_that_overlap_have_slots_of_their_own_and_the_third_the_first_that_is_free():
    assert tenants([(0, 0, 10), (0, 2, 3), (0, 5, 9), (0, 6, 1), (1, 0, 99)]).slots().tolist() == [0, 1, 1, 2, 0]


@given(SPANS)
def test_slots_never_overlap_and_are_no_more_than_needed(spans):
    made = tenants(spans)
    slot = made.slots()
    for host in set(made.host.tolist()):
        for number in set(slot[made.host == host].tolist()):
            rows = np.flatnonzero((made.host == host) & (slot == number))
            assert all(made.stop[one] <= made.start[other] for one, other in pairwise(rows))
        here = made.host == host
        # What takes no time is held at no instant, and yet needs a slot at its own.
        most = max(
            (
                sum(((made.start <= at) & ((at < made.stop) | (made.start == made.stop) & (made.start == at)) & here))
                for at in made.start[here]
            ),
            default=0,
        )
        assert slot[here].max() + 1 <= most


@given(SPANS)
def test_gaps_and_what_is_held_make_up_the_life_of_an_instance(spans):
    made = tenants(spans)
    born, gone = np.zeros(3, np.int64), np.full(3, 50, np.int64)
    instance, start, stop = made.gaps(born, gone)
    seconds = np.arange(50)
    for host in range(3):
        held = np.zeros(50, int)
        for one, other in zip(made.start[made.host == host], made.stop[made.host == host], strict=True):
            held |= (seconds >= one) & (seconds < other)
        idle = np.zeros(50, int)
        for one, other in zip(start[instance == host], stop[instance == host], strict=True):
            assert one < other
            idle += (seconds >= one) & (seconds < other)
        assert (idle == 1 - held).all()
