"""Which limit has which part of a wait: a second belongs to the limit whose removal alone would end it.

Bounds are written as (limit, how many jobs would start without it and those inside of it), from the job outwards.
"""

from __future__ import annotations

import math

import pytest

from batchsim.engine.scheduling.wait_limits import ALONE, OUTWARDS, Reason, reasons_of, started
from batchsim.recording import Cause

CONSUMABLE, LIMIT, CAPACITY, RESERVATION = Cause.CONSUMABLE, Cause.LIMIT, Cause.CAPACITY, Cause.RESERVATION


def test_from_the_job_outwards_the_share_comes_first_and_capacity_last():
    assert OUTWARDS == (RESERVATION, CONSUMABLE, LIMIT, CAPACITY)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        # maxvCpus alone: whatever is inside of it holds nothing.
        ([(LIMIT, 4.0)], [0, 0, 4, 4]),
        # Without the licences 2 would start, without maxvCpus as well 5.
        ([(CONSUMABLE, 2.0), (LIMIT, 5.0)], [0, 2, 5, 5]),
        # The limit outside holds more than the one inside: it frees nothing of its own.
        ([(CONSUMABLE, 5.0), (LIMIT, 3.0)], [0, 5, 5, 5]),
        ([(RESERVATION, 1.0), (CONSUMABLE, 2.0), (LIMIT, 3.0), (CAPACITY, math.inf)], [1, 2, 3, math.inf]),
        ([], [0, 0, 0, 0]),
    ],
)
def test_how_many_would_start_without_a_limit_and_those_inside(bounds, expected):
    assert [started(bounds, limit) for limit in OUTWARDS] == expected


def test_where_one_limit_holds_each_shape_it_is_the_whole_reason():
    bounds = {0: [(LIMIT, math.inf)], 1: [(CAPACITY, math.inf)]}
    assert reasons_of(bounds, [1.0, 2.0], {0: 3, 1: 1}) == {0: ALONE[LIMIT], 1: ALONE[CAPACITY]}


def test_two_limits_share_the_jobs_of_a_shape():
    # Ten jobs of 2 vCPUs wait. Room is for 4 of them under maxvCpus, the licences hold them; for all without it.
    bounds = {0: [(CONSUMABLE, 4.0), (LIMIT, math.inf)]}
    # The wait of 4 jobs, of 4 x 2 = 8 vCPUs, is the licences'; that of the others maxvCpus's.
    assert reasons_of(bounds, [2.0], {0: 10}) == {0: (Reason(CONSUMABLE, 4.0, 8.0), Reason(LIMIT, math.inf))}


def test_no_more_start_than_wait():
    # Room for 100 without the licences, and 3 wait: 3 x 2 vCPUs.
    bounds = {0: [(CONSUMABLE, 100.0), (LIMIT, math.inf)]}
    assert reasons_of(bounds, [2.0], {0: 3}) == {0: (Reason(CONSUMABLE, 100.0, 6.0), Reason(LIMIT, math.inf))}


def test_a_limit_without_which_nothing_more_would_start_holds_nothing():
    # Where licences and maxvCpus are used up at once, the outer one is the cause.
    bounds = {0: [(CONSUMABLE, 0.0), (LIMIT, math.inf)]}
    assert reasons_of(bounds, [1.0], {0: 5}) == {0: ALONE[LIMIT]}
    # Three limits, of which the one in the middle frees no more than the first.
    bounds = {0: [(CONSUMABLE, 2.0), (LIMIT, 2.0), (CAPACITY, math.inf)]}
    assert reasons_of(bounds, [1.0], {0: 5}) == {0: (Reason(CONSUMABLE, 2.0, 2.0), Reason(CAPACITY, math.inf))}


def test_jobs_that_lack_a_resource_move_at_the_pace_of_all_that_lack_it():
    # Shapes 0 and 1 lack licences, 2 does not. Without them 1 x 4 + 2 x 1 vCPUs start of those that lack them.
    bounds = {
        0: [(CONSUMABLE, 1.0), (LIMIT, math.inf)],
        1: [(CONSUMABLE, 2.0), (LIMIT, math.inf)],
        2: [(LIMIT, math.inf)],
    }
    found = reasons_of(bounds, [4.0, 1.0, 8.0], {0: 9, 1: 9, 2: 9})
    assert found[0] == (Reason(CONSUMABLE, 1.0, 6.0), Reason(LIMIT, math.inf))
    assert found[1] == (Reason(CONSUMABLE, 2.0, 6.0), Reason(LIMIT, math.inf))
    assert found[2] == ALONE[LIMIT]


def test_jobs_held_by_their_share_move_at_the_pace_of_the_queue():
    # Without the reservation 2 jobs of 1 vCPU start, and nothing else of the queue does.
    bounds = {0: [(RESERVATION, 2.0), (LIMIT, math.inf)], 1: [(LIMIT, 3.0), (CAPACITY, math.inf)]}
    found = reasons_of(bounds, [1.0, 4.0], {0: 9, 1: 9})
    assert found[0] == (Reason(RESERVATION, 2.0, 2.0), Reason(LIMIT, math.inf))
    # Without maxvCpus 3 x 4 vCPUs of shape 1 start and all 9 x 1 of shape 0.
    assert found[1] == (Reason(LIMIT, 3.0, 3 * 4 + 9 * 1), Reason(CAPACITY, math.inf))


def test_a_limit_that_frees_no_job_of_a_shape_but_others_of_the_queue_is_kept():
    # Shape 0 would not start without its reservation, shape 1 would: those behind it wait shorter all the same.
    bounds = {0: [(RESERVATION, 0.0), (LIMIT, math.inf)], 1: [(RESERVATION, 2.0), (LIMIT, math.inf)]}
    found = reasons_of(bounds, [4.0, 1.0], {0: 9, 1: 9})
    assert found[0] == (Reason(RESERVATION, 0.0, 2.0), Reason(LIMIT, math.inf))
