"""Why jobs waited, by hand: each second between submission and STARTING has one cause."""

from __future__ import annotations

import numpy as np
import pytest

from batchsim.columns import WAIT_CAUSES
from batchsim.recording import Cause, Status
from batchsim.results.waits.attribution import CauseTimes
from tests.unit.results.recorded import NAN, attempt, cause, outcome
from tests.worlds import jobs, servers

#: From 10 s on boot, from 30 s on a limit, from 40 s on nothing.
CAUSES = [cause(10, Cause.BOOT), cause(30, Cause.LIMIT), cause(40, Cause.BLOCKED)]


def waited(made, job: int = 0) -> dict[str, float]:
    """Seconds by cause, without those of which there are none."""
    found = {name: float(seconds[job]) for name, seconds in made.waits.of(np.arange(len(made.workload))).items()}
    assert list(found) == list(WAIT_CAUSES)
    return {name: seconds for name, seconds in found.items() if seconds}


def test_each_second_has_the_cause_of_its_time():
    # Before the first entry it is blocked, from 0 to 10; so it is from 40 to 45.
    made = outcome(jobs([0], 60), servers(1), attempts=[attempt(0, 0, 45, 46, 99)], causes=CAUSES)
    assert waited(made) == {"boot": 20, "limit": 10, "blocked": 10 + 5}


def test_the_wait_is_what_lies_between():
    made = outcome(jobs([15], 60), servers(1), attempts=[attempt(0, 15, 35, 36, 99)], causes=CAUSES)
    assert waited(made) == {"boot": 15, "limit": 5}


def test_what_waits_for_others_waits_for_them_until_it_is_runnable():
    needs = jobs([0, 0], 60, waits_for=[(1, 0)])
    attempts = [attempt(0, 0, 0, 0, 12), attempt(1, 12, 20, 21, 99)]
    made = outcome(needs, servers(1), attempts=attempts, causes=CAUSES, runnable_at=[0, 12])
    assert waited(made, 1) == {"dependency": 12, "boot": 8}


def test_from_the_first_attempt_to_the_last_it_is_retry():
    attempts = [
        attempt(0, 0, 12, 13, 20, status=Status.FAILED),
        attempt(0, 20, 35, 36, 99, number=2),
    ]
    made = outcome(jobs([0], 60), servers(1), attempts=attempts, causes=CAUSES)
    # The causes of its time in the queue count until its first attempt only.
    assert waited(made) == {"boot": 2, "blocked": 10, "retry": 23}


def test_a_retry_that_never_started_lasts_to_the_end():
    failed = attempt(0, 0, 0, 1, 20, status=Status.FAILED)
    made = outcome(jobs([0], 60), servers(1), attempts=[failed], status=[Status.RUNNABLE], stopped_at=[NAN])
    assert waited(made) == {"retry": 1000}


def test_one_that_never_started_waited_to_its_end_or_the_runs():
    made = outcome(jobs([0, 0], 60), servers(1), causes=CAUSES, stopped_at=[25, NAN], ended_at=50)
    assert waited(made, 0) == {"blocked": 10, "boot": 15}
    assert waited(made, 1) == {"blocked": 20, "boot": 20, "limit": 10}


def test_one_that_is_submitted_after_the_end_has_not_waited():
    assert waited(outcome(jobs([70], 60), servers(1), runnable_at=[NAN], ended_at=50)) == {}


def test_an_entry_of_a_shape_counts_for_it_until_the_queue_is_looked_at_anew():
    # Shape 1 waits for capacity from 10 s on; at 20 s all of the queue is blocked.
    causes = [cause(0, Cause.BOOT), cause(10, Cause.CAPACITY, shape=1), cause(20, Cause.BLOCKED)]
    attempts = [attempt(0, 0, 25, 25, 99), attempt(1, 0, 25, 25, 99)]
    made = outcome(jobs([0, 0], 60, vcpus=[1, 2]), servers(8), attempts=attempts, causes=causes)
    assert waited(made, 0) == {"boot": 20, "blocked": 5}
    assert waited(made, 1) == {"boot": 10, "capacity": 10, "blocked": 5}


def test_of_several_entries_of_an_instant_the_last_holds():
    causes = [cause(0, Cause.BOOT), cause(0, Cause.LIMIT), cause(10, Cause.LIMIT)]
    made = outcome(jobs([0], 60), servers(1), attempts=[attempt(0, 0, 30, 30, 99)], causes=causes)
    assert waited(made) == {"limit": 30}


def test_some_jobs_are_worked_out_by_their_numbers_or_as_a_stretch():
    attempts = [attempt(0, 0, 12, 13, 50), attempt(1, 0, 35, 36, 99), attempt(2, 0, 45, 45, 120)]
    made = outcome(jobs([0, 0, 0], 60), servers(1), attempts=attempts, causes=CAUSES)
    some, stretch = made.waits.of(np.array([2, 1])), made.waits.of(slice(1, 3))
    for name in WAIT_CAUSES:
        assert some[name].tolist()[::-1] == stretch[name].tolist()


def test_parts_of_time_are_added_up():
    # Half of the time from 10 to 20 s, all of it from then on.
    times = CauseTimes(np.array([10.0, 20.0]), {Cause.LIMIT: np.array([0.5, 1.0])})
    found = times.between(np.array([0.0, 12.0, 25.0]), np.array([5.0, 30.0, 26.0]))
    assert found[Cause.LIMIT].tolist() == [0, 4 + 10, 1]
    assert CauseTimes(np.empty(0), {}).between(np.array([0.0]), np.array([1.0])) == {}


def test_sums_by_part_are_those_of_the_jobs():
    from batchsim.results.waits.totals import WaitsByPart

    attempts = [attempt(0, 0, 12, 13, 50), attempt(1, 0, 35, 36, 99, environment=1)]
    made = outcome(jobs([0, 0, 0], 60), servers(1), servers(1, "others"), attempts=attempts, causes=CAUSES)
    totals = WaitsByPart(made.waits, made.workload.group, made.last_environment)
    assert totals.causes(environment=0)["boot"] == 2
    assert totals.causes(environment=1)["boot"] == 20
    assert totals.causes(environment=1)["limit"] == 5
    # The third never began an attempt.
    assert totals.causes(environment=-1)["blocked"] == 10 + 960
    assert totals.causes()["boot"] == 2 + 20 + 20
    assert totals.causes(groups=np.array([False]))["boot"] == 0
    assert totals.limits()["maxvCpus"] == pytest.approx(5 + 10)
