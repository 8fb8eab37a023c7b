"""Which of several idle instances go, and which stay for ``minvCpus``: small runs, idle for 50 s where not said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.recording import Recording
from tests.worlds import LARGE, by_job, fleet, jobs, offering, run

SETTINGS = {"scheduler": {"scaleDownIdle": 50.0, "scaleDownInterval": 0.0}}
#: The larger one costs more for each vCPU: it is launched for what needs it.
BOTH = (LARGE, offering("c6i.xlarge", 4, 7738, 0.2))


def gone(recording: Recording) -> list[float]:
    return recording.instances.terminated_at.tolist()


def test_of_those_that_are_idle_alike_the_first_launched_go_and_the_last_stays():
    # Three jobs of 2 vCPUs end at 100; a minimum of 2 vCPUs is one of the instances.
    recording = run(jobs([0] * 3, 100, 2), fleet(min_vcpus=2), duration_s=1000, **SETTINGS)
    assert gone(recording) == [150, 150, 1000]


def test_the_one_that_is_idle_last_stays():
    recording = run(jobs([0] * 3, [300, 100, 200], 2), fleet(min_vcpus=2), duration_s=1000, **SETTINGS)
    assert gone(recording) == [1000, 150, 250]


@pytest.mark.parametrize(
    ("least", "at_end"),
    [(0, []), (1, [4]), (2, [4]), (4, [4]), (5, [2, 4]), (6, [2, 4]), (7, [2, 2, 4]), (8, [2, 2, 4])],
)
def test_an_instance_goes_where_the_minimum_is_kept_without_it(least, at_end):
    # Two of 2 vCPUs run jobs to 100 and one of 4 to 200: the small ones may go at 150, the large one at 250. What a
    # minimum of more than 4 launched besides goes at 50, as these are there.
    work = jobs([0, 0, 0], [100, 100, 200], [2, 2, 4])
    recording = run(work, fleet(offerings=BOTH, min_vcpus=least), duration_s=1000, **SETTINGS)
    kinds = zip(recording.instances.offering, gone(recording), strict=True)
    assert sorted(BOTH[number].vcpus for number, at in kinds if at == 1000) == at_end
    assert set(gone(recording)) <= {50, 150, 250, 1000}


def test_a_job_that_comes_at_the_very_instant_keeps_its_instance():
    # Idle from 100 on, due at 150: the job of 150 has it, and nothing is launched; the job of 151 is late.
    for arrives_at, instances in ((150, 1), (151, 2)):
        recording = run(jobs([0, arrives_at], [100, 10], 2), fleet(), **SETTINGS)
        assert len(gone(recording)) == instances
        assert by_job(recording, "starting_at") == [0, arrives_at]


def test_each_waits_from_its_own_last_job():
    # On one instance the jobs of 1 vCPU end at 30 and at 100, on the other at 60 and 70.
    recording = run(jobs([0] * 4, [30, 100, 60, 70]), fleet(), **SETTINGS)
    assert gone(recording) == [150, 120]


def test_new_jobs_keep_the_fullest_instances_and_let_the_others_go():
    # From 100 on one job runs on each of two instances; what comes then goes beside them, not to a third one, which is
    # idle: binpack takes the one with the least left.
    recording = run(jobs([0] * 5 + [100] * 2, [500, 60, 500, 60, 60, 100, 100]), fleet(), **SETTINGS)
    assert recording.attempts.instance[-2:].tolist() == [0, 1]
    assert gone(recording)[2] == 110


def test_a_minimum_is_launched_once_and_again_after_more_was_there():
    # 4 vCPUs of the minimum are two instances; two jobs more at 100 launch two more, which go; two are left.
    recording = run(jobs([100] * 4, 100, 2), fleet(min_vcpus=4), duration_s=1000, **SETTINGS)
    assert recording.instances.requested_at.tolist() == [0, 0, 100, 100]
    assert sorted(gone(recording)) == [250, 250, 1000, 1000]


@given(
    runtimes=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    gaps=st.lists(st.integers(0, 60), min_size=8, max_size=8),
    least=st.integers(0, 6),
)
def test_the_minimum_is_there_at_all_times_and_nothing_goes_before_its_time(runtimes, gaps, least):
    arrivals, now = [], 0
    for gap in gaps[: len(runtimes)]:
        now += gap
        arrivals.append(now)
    recording = run(jobs(arrivals, runtimes, 2), fleet(min_vcpus=least), duration_s=600, **SETTINGS)
    instances, attempts = recording.instances, recording.attempts
    for at in sorted({0.0, *instances.terminated_at.tolist()}):
        if at < recording.ended_at:
            there = (instances.requested_at <= at) & (instances.terminated_at > at)
            assert 2 * there.sum() >= least
    for number, end in enumerate(instances.terminated_at.tolist()):
        last = attempts.stopped_at[attempts.instance == number].max(initial=instances.requested_at[number])
        # At 50 s after its last job, later only where it made up the minimum, and never before.
        assert end >= min(last + 50, recording.ended_at)
        if not least:
            assert end == last + 50
