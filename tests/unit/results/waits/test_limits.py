"""Jobs that several limits hold, by hand: how much of their time belongs to which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.recording import Cause, CauseColumns
from batchsim.results.waits import limits
from tests.unit.results.recorded import attempt, cause, outcome
from tests.worlds import jobs, servers

NOTHING = np.empty(0), np.empty(0)


def curve(*steps: tuple[float, float]):
    at, level = np.array(steps, float).T
    return at, level


def parts(*entries: dict, waiting, running=NOTHING, wanting=NOTHING) -> dict[str, list[float]]:
    """By cause, which part of the time is its from each instant on; entries follow each other in time."""
    columns = {name: np.array([entry[name] for entry in entries]) for name in CauseColumns.__dataclass_fields__}
    found = limits.parts(
        CauseColumns(**columns), np.arange(len(entries)), waiting=waiting, running=running, wanting=wanting
    )
    at, by_cause = found
    return {"at": at.tolist(), **{each.name: level.tolist() for each, level in by_cause.items()}}


def held(at: float, *of: tuple[Cause, int, float]) -> list[dict]:
    """Limits that hold jobs at once, from the job outwards: cause, how many start without those before, and vCPUs."""
    return [cause(at, each, place=place, beyond=beyond, vcpus=v) for place, (each, beyond, v) in enumerate(of)]


TEN = curve((0, 10), (100, 0))


def test_one_limit_has_all_of_the_time():
    assert parts(*held(0, (Cause.LIMIT, 0, 4.0)), waiting=TEN, running=curve((0, 2))) == {
        "at": [0, 100], "LIMIT": [1, 0],
    }  # fmt: skip


def test_the_inner_limit_has_those_that_would_start_and_the_pace_that_is_lost():
    # Ten wait; without its licence four would start, on 4 vCPUs beside the 4 that run: the six behind would go twice
    # as fast. To the licence belong all seconds of four and half of those of six; the rest to maxvCpus.
    entries = held(0, (Cause.CONSUMABLE, 0, 4.0), (Cause.LIMIT, 4, 9.0))
    found = parts(*entries, waiting=TEN, running=curve((0, 8)), wanting=curve((0, 4)))
    assert found["CONSUMABLE"] == pytest.approx([(4 + 6 / 2) / 10, 0])
    assert found["LIMIT"] == pytest.approx([6 / 2 / 10, 0])


def test_without_a_consumable_resource_it_is_all_that_runs_whose_pace_counts():
    entries = held(0, (Cause.RESERVATION, 0, 4.0), (Cause.LIMIT, 4, 9.0))
    found = parts(*entries, waiting=TEN, running=curve((0, 12)), wanting=curve((0, 4)))
    # 12 of 16 vCPUs run already: a quarter of the others' time is lost to the reservation.
    assert found["RESERVATION"] == pytest.approx([(4 + 6 / 4) / 10, 0])


def test_three_limits_one_outside_of_the_other():
    # Two of ten start without the first, five without both; 2 vCPUs run, then 4, then 8.
    entries = held(0, (Cause.CONSUMABLE, 0, 2.0), (Cause.RESERVATION, 2, 6.0), (Cause.CAPACITY, 5, 50.0))
    found = parts(*entries, waiting=TEN, running=curve((0, 2)), wanting=curve((0, 2)))
    first = 2 + 8 / 2
    second = 3 / 2 + 5 * (1 / 2 - 2 / 8)
    assert found["CONSUMABLE"] == pytest.approx([first / 10, 0])
    assert found["RESERVATION"] == pytest.approx([second / 10, 0])
    assert found["CAPACITY"] == pytest.approx([(10 - first - second) / 10, 0])


def test_parts_of_a_vcpu_run_at_a_pace_too():
    # A quarter of a vCPU runs, and another would without the licence: the eight behind two would go twice as fast.
    entries = held(0, (Cause.CONSUMABLE, 0, 0.25), (Cause.LIMIT, 2, 9.0))
    found = parts(*entries, waiting=TEN, wanting=curve((0, 0.25)))
    assert found["CONSUMABLE"] == pytest.approx([(2 + 8 / 2) / 10, 0])


def test_where_nothing_runs_the_inner_limit_has_it_all():
    entries = held(0, (Cause.CONSUMABLE, 0, 4.0), (Cause.LIMIT, 4, 9.0))
    assert parts(*entries, waiting=TEN)["CONSUMABLE"] == [1, 0]


def test_one_that_would_start_nothing_has_nothing():
    # Without the licence none would start: all of it is the outer limit's.
    entries = held(0, (Cause.CONSUMABLE, 0, 0.0), (Cause.LIMIT, 0, 9.0))
    found = parts(*entries, waiting=TEN, running=curve((0, 4)), wanting=curve((0, 4)))
    assert (found["CONSUMABLE"], found["LIMIT"]) == ([0, 0], [1, 0])


def test_no_more_start_than_wait():
    # Twelve would; ten wait at first and three from 50 s on.
    entries = held(0, (Cause.CONSUMABLE, 0, 12.0), (Cause.LIMIT, 12, 20.0))
    found = parts(*entries, waiting=curve((0, 10), (50, 3), (100, 0)), running=curve((0, 4)), wanting=curve((0, 4)))
    assert found == {"at": [0, 50, 100], "CONSUMABLE": [1, 1, 0], "LIMIT": [0, 0, 0]}


def test_of_an_instant_the_last_judgement_holds_and_before_the_first_there_is_none():
    entries = [
        *held(20, (Cause.CONSUMABLE, 0, 4.0), (Cause.LIMIT, 4, 9.0)),
        *held(20, (Cause.CAPACITY, 0, 4.0)),
        *held(60, (Cause.LIMIT, 0, 4.0)),
    ]
    found = parts(*entries, waiting=TEN, running=curve((0, 4)), wanting=curve((0, 4)))
    assert found == {
        "at": [0, 20, 60, 100],
        "LIMIT": [0, 0, 1, 0], "CAPACITY": [0, 1, 0, 0], "CONSUMABLE": [0, 0, 0, 0],
    }  # fmt: skip


def test_blocked_is_what_is_left():
    found = parts(*held(0, (Cause.LIMIT, 0, 1.0)), *held(50, (Cause.BLOCKED, 0, 0.0)), waiting=TEN)
    assert found == {"at": [0, 50, 100], "LIMIT": [1, 0, 0]}


KINDS = (Cause.CONSUMABLE, Cause.RESERVATION, Cause.LIMIT, Cause.CAPACITY)
LEVELS = st.lists(st.tuples(st.integers(0, 9), st.floats(0, 9)), min_size=1, max_size=4)


@given(LEVELS, st.integers(1, 12), st.integers(0, 8))
def test_the_parts_of_every_second_add_up_to_all_of_it(levels, waiting, runs):
    beyond, vcpus = np.cumsum(levels, axis=0).T
    beyond = np.concatenate([[0], beyond[:-1]])
    entries = held(0, *((kind, int(n), v) for kind, n, v in zip(KINDS, beyond, vcpus, strict=False)))
    found = parts(*entries, waiting=curve((0, waiting)), running=curve((0, runs)), wanting=curve((0, runs)))
    shares = [level[0] for name, level in found.items() if name != "at"]
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) > -1e-12


def test_a_job_s_seconds_are_divided_by_what_runs_and_waits_at_each_moment():
    # One of three jobs of 1 vCPU runs, the others wait for their licences until 60 s, then one of them runs. Until
    # then, without the licence, one would start beside the one that runs: of two it has all of one's seconds and half
    # of the other's, three quarters; from 60 s on, of the one that waits, all.
    work = jobs([0, 0, 0], 60, consumables=(("licence", 1),))
    entries = held(0, (Cause.CONSUMABLE, 0, 1.0), (Cause.LIMIT, 1, 5.0))
    attempts = [attempt(0, 0, 0, 0, 60), attempt(1, 0, 60, 60, 120), attempt(2, 0, 120, 120, 180)]
    made = outcome(work, servers(2), attempts=attempts, causes=entries)
    causes, by_limit = made.waits.with_limits(np.arange(3))
    assert causes["limit"].tolist() == pytest.approx([0, 60, 120])
    assert by_limit["consumableResources"].tolist() == pytest.approx([0, 45, 45 + 60])
    assert by_limit["maxvCpus"].tolist() == pytest.approx([0, 15, 15])
