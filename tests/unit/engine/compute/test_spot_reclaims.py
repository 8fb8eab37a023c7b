"""What becomes of instances and jobs when Spot capacity is taken back, to the second.

EC2 User Guide, *Spot Instance interruption notices*; AWS Batch User Guide, *Automated job retries*. Instances have 2
vCPUs; a notice is two minutes where a case does not say otherwise.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.recording import Recording, Status
from batchsim.spec.configuration import ComputeEnvironment, SpotTrace
from tests.worlds import LARGE, by_job, fleet, jobs, run

AT_ONCE = {"spot": {"notice": 0.0}}


def market(*steps: tuple[float, int], length_s: float = 1e6, **members) -> ComputeEnvironment:
    """A fleet of a market that has so many instances from each instant on."""
    at, available = zip(*steps, strict=True)
    return fleet(purchase_option="SPOT", spot_trace=SpotTrace(at, available, length_s), **members)


def dear(*steps: tuple[float, bool], **members) -> ComputeEnvironment:
    """A fleet whose price is above the bid, or is not, from each instant on."""
    return fleet(purchase_option="SPOT", offerings=(replace(LARGE, above_bid=steps),), **members)


def ends(recording: Recording) -> list[tuple[float, bool]]:
    """When instances went, and whether they were taken back."""
    return list(zip(recording.instances.terminated_at.tolist(), recording.instances.reclaimed.tolist(), strict=True))


def test_a_recording_is_gone_through_again_and_again():
    # One instance for 100 s and none for 100 s, again and again. The job of 150 waits for the second round, the one of
    # 350 for the third.
    recording = run(jobs([0, 150, 350], 60), market((0, 1), (100, 0), length_s=200.0), **AT_ONCE)
    assert by_job(recording, "starting_at") == [0, 200, 400]


def test_a_job_as_long_as_the_market_has_capacity_ends_in_time_and_a_longer_one_does_not():
    for runtime_s, attempts in ((99, 1), (101, 3)):
        work = jobs([0], runtime_s, attempts=3)
        recording = run(work, market((0, 1), (100, 0), length_s=200.0), horizon_s=600, **AT_ONCE)
        assert len(recording.attempts.job) == attempts
        assert by_job(recording, "starting_at") == [0, 200, 400][:attempts]


def test_the_jobs_of_a_lost_host_come_first_again_in_their_order():
    # Two jobs run on the one instance, and a third waits. At 100 the host is lost; at 200 both begin again, then the
    # third at 500.
    work = jobs([0, 1, 2], 300, attempts=2)
    recording = run(work, market((0, 1), (100, 0), (200, 1), max_vcpus=2), **AT_ONCE)
    assert by_job(recording, "starting_at") == [0, 200, 1, 200, 500]
    assert by_job(recording, "runnable_at") == [0, 100, 1, 100, 2]


@pytest.mark.parametrize(
    ("image_s", "started"),
    [(0, True), (99, True), (101, False)],
    ids=["it ran", "it had just begun", "it still pulled"],
)
def test_an_attempt_that_still_pulls_its_image_never_ran(image_s, started):
    work = jobs([0], 300, image_size_mib=float(image_s))
    spot = market((0, 1), (100, 0), offerings=(replace(LARGE, pull_mib_per_s=1.0),))
    recording = run(work, spot, horizon_s=500, image={"containerStart": 0}, **AT_ONCE)
    assert by_job(recording, "stopped_at") == [100]
    assert by_job(recording, "exit_code") == [-1]
    assert np.isnan(recording.attempts.started_at[0]) != started


def test_an_instance_that_boots_when_its_notice_comes_takes_no_job():
    # Asked for at 0, it would register at 150; the notice comes at 100, the end at 220. The job starts on one that is
    # asked for when the price is below the bid again, at 400, and registers at 550.
    recording = run(jobs([0], 10), dear((0, False), (100, True), (400, False)), ec2={"register": 150.0})
    assert ends(recording) == [(220, True), (560, False)]
    assert np.isnan(recording.instances.registered_at[0])
    assert by_job(recording, "starting_at") == [550]


def test_an_idle_instance_is_taken_as_a_busy_one():
    # Idle from 10 on and kept for 300 s; the notice comes at 100.
    recording = run(jobs([0], 10), dear((0, False), (100, True)), scheduler={"scaleDownIdle": 300.0}, duration_s=500)
    assert ends(recording) == [(220, True)]


def test_a_minimum_that_was_taken_is_made_up_when_the_market_has_it_again():
    # Taken at 220 after the notice of 100; from 1,000 on there are instances again.
    recording = run(jobs([0], 10), dear((0, False), (100, True), (1000, False), min_vcpus=4), duration_s=2000)
    assert recording.instances.requested_at.tolist() == [0, 0, 1000, 1000]
    assert ends(recording) == [(220, True)] * 2 + [(2000, False)] * 2


def test_a_minimum_is_made_up_by_another_type_at_once_when_one_gets_too_dear():
    # The notice comes at 100. Until 220 the instance still counts, as it is there.
    cheap = replace(LARGE, above_bid=((0.0, False), (100.0, True)))
    other = replace(LARGE, instance_type="m6i.large", price_usd_per_hour=0.2)
    spot = fleet(purchase_option="SPOT", offerings=(cheap, other), min_vcpus=2)
    recording = run(jobs([0], 10), spot, duration_s=1000)
    assert recording.instances.requested_at.tolist() == [0, 220]
    assert recording.instances.offering.tolist() == [0, 1]


def test_a_market_that_falls_by_one_takes_the_last_one_launched_and_leaves_the_others():
    # Three instances; from 1,000 on two, from 2,000 on one, from 3,000 on three. Notices two minutes before.
    work = jobs([0, 0, 0], 10_000, 2, attempts=5)
    recording = run(work, market((0, 3), (1000, 2), (2000, 1), (3000, 3)), horizon_s=5000)
    assert ends(recording)[:3] == [(5000, False), (2000, True), (1000, True)]
    # Both begin again when there is room for them, the one submitted first on the instance launched first.
    assert by_job(recording, "starting_at") == [0, 0, 3000, 0, 3000]


def test_what_comes_after_the_warning_goes_without_one():
    # The market is empty from 200 on, of which it is warned at 80; before there is none. A job of 150 launches one, as
    # the market has it yet: it runs for 50 s.
    recording = run(jobs([150], 300), market((0, 1), (200, 0)), horizon_s=1000)
    assert by_job(recording, "starting_at") == [150]
    assert by_job(recording, "stopped_at") == [200]


def test_a_price_that_falls_during_the_notice_does_not_take_it_back():
    # Above the bid from 100 to 150 alone: the instance goes at 220 all the same, and the job begins again on another,
    # which was to be had from 150 on, when room is found for it at 220.
    recording = run(jobs([0], 1000, attempts=2), dear((0, False), (100, True), (150, False)))
    assert ends(recording) == [(220, True), (1220, False)]
    assert by_job(recording, "starting_at") == [0, 220]


def test_a_job_that_ends_within_the_notice_has_succeeded_and_its_instance_is_taken_all_the_same():
    recording = run(jobs([0], 150), dear((0, False), (100, True)), duration_s=1000)
    assert recording.status.tolist() == [Status.SUCCEEDED]
    assert recording.stopped_at.tolist() == [150]
    assert ends(recording) == [(220, True)]


@pytest.mark.parametrize(("notice", "gone_at"), [(0, 100), (30, 130), (120, 220)])
def test_the_notice_is_as_long_as_it_is_said_to_be(notice, gone_at):
    work = jobs([0], 1000)
    recording = run(work, dear((0, False), (100, True)), spot={"notice": float(notice)}, duration_s=500)
    assert ends(recording) == [(gone_at, True)]
    assert recording.stopped_at.tolist() == [gone_at]
