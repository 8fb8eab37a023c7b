"""When a Spot instance gets its notice, and what becomes of what runs on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.recording import Status, instance_id
from batchsim.spec.configuration import SpotTrace
from tests.unit.engine.parts import context
from tests.worlds import LARGE, fleet, jobs, run

SPOT = {"purchase_option": "SPOT"}
#: Up to 100 s below the bid, above it until 1,000 s.
BID = replace(LARGE, above_bid=((0.0, False), (100.0, True), (1000.0, False)))


@pytest.mark.parametrize("hazard", [0.05, 2.0, 50.0])
def test_an_instance_lives_for_what_was_drawn_and_its_notice_at_least(hazard):
    """Lifetimes are drawn in units of their mean; each belongs to the number of its launch."""
    work = jobs([0] * 40, 1e6, 2)
    environment = fleet(max_vcpus=80, offerings=(replace(LARGE, interruptions_per_hour=hazard),), **SPOT)
    recording = run(work, environment, horizon_s=1e6)
    lifetimes = context(work).draws("interruption", "fleet").column(40) / hazard * 3600
    lived = (recording.instances.terminated_at - recording.instances.running_at)[:40]
    assert lived == pytest.approx(np.maximum(lifetimes, 120))
    assert recording.instances.reclaimed[:40].all()


def test_what_runs_goes_on_during_the_notice_and_nothing_begins():
    # The price passes the bid at 100. The first job ends within the notice of 120 s, the second is lost at 220; the
    # third, which comes at 150 and would have room on that instance, waits for the price.
    recording = run(jobs([0, 0, 150], [200, 900, 10], 1), fleet(offerings=(BID,), max_vcpus=2, **SPOT))
    # Attempts are recorded as they end.
    assert recording.attempts.job.tolist() == [0, 1, 2]
    assert recording.attempts.stopped_at.tolist() == [200, 220, 1010]
    assert recording.attempts.starting_at.tolist() == [0, 0, 1000]
    assert recording.status.tolist() == [Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED]
    reason = recording.reasons[recording.attempts.reason[1]]
    assert reason == f"Host EC2 (instance {instance_id(0)}) terminated."
    assert recording.attempts.exit_code[1] == -1


def test_a_job_whose_host_was_taken_begins_again_where_it_may():
    recording = run(jobs([0], 900, 1, attempts=2), fleet(offerings=(BID,), **SPOT))
    assert recording.attempts.number.tolist() == [1, 2]
    assert recording.attempts.starting_at.tolist() == [0, 1000]
    assert recording.attempts.stopped_at.tolist() == [220, 1900]


def test_of_a_recorded_market_with_fewer_instances_those_launched_last_go():
    # Three can be had, and one from 500 s on: the others get their notice 120 s before.
    market = SpotTrace(at=(0.0, 500.0), available=(3, 1), length_s=10_000.0)
    recording = run(jobs([0] * 3, 600, 2), fleet(spot_trace=market, **SPOT))
    assert recording.instances.terminated_at.tolist()[1:] == [500, 500]
    assert recording.instances.reclaimed.tolist() == [False, True, True]
    assert recording.status.tolist() == [Status.SUCCEEDED, Status.FAILED, Status.FAILED]


def test_a_recorded_market_has_no_hazard_beside_it():
    market = SpotTrace(at=(0.0,), available=(5,), length_s=1000.0)
    hazardous = replace(LARGE, interruptions_per_hour=50.0)
    recording = run(jobs([0], 50_000), fleet(spot_trace=market, offerings=(hazardous,), **SPOT))
    assert recording.status.tolist() == [Status.SUCCEEDED]
