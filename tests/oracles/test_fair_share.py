"""Fair share worked by hand, and its documented proportions (AWS Batch User Guide, Fair-share scheduling)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.engine.queues.share_usage import ShareUsage
from batchsim.recording import Cause, Status
from batchsim.spec.configuration import Consumable, JobQueue
from batchsim.spec.fair_share import FairShare
from batchsim.spec.workload import JobGroup
from tests.worlds import by_job, fleet, jobs, run, servers


def shares(**policy) -> JobQueue:
    return JobQueue("queue", 1, True, ("servers",), fair_share=FairShare(**policy))


def group(identifier: str, priority: int = 0) -> JobGroup:
    return JobGroup("work", "queue", "definition", share_identifier=identifier, scheduling_priority=priority)


def test_use_fades_linearly_over_the_window():
    usage = ShareUsage([1.0], 600.0)
    usage.change(0, 0.0, 2.0)
    usage.change(0, 100.0, -2.0)
    # Two vCPUs for 100 s, the oldest second 100 s old: 2 * (100 - 100² / 1200).
    assert usage.at(100.0)[0] == pytest.approx(2 * (100 - 100**2 / 1200))
    # Of the same 100 s the last 50 are between 550 and 600 s old.
    assert usage.at(650.0)[0] == pytest.approx(2 * (50 - (600**2 - 550**2) / 1200))
    assert usage.at(701.0)[0] == 0.0


def test_use_of_what_still_runs_counts():
    usage = ShareUsage([1.0], 600.0)
    usage.change(0, 50.0, 3.0)
    assert usage.at(60.0)[0] == pytest.approx(3 * (10 - 10**2 / 1200))


def test_the_share_that_has_used_least_is_served_next():
    # One server: a runs 0-100; then b, which has used nothing, comes before a's second job, which was there first.
    workload = jobs([0, 1, 2], 100, groups=[group("a"), group("b")], group=[0, 0, 1])
    assert by_job(run(workload, servers(1), queues=[shares()]), "starting_at") == [0, 200, 100]


def test_shares_that_have_used_alike_take_turns():
    # Two servers, nothing used yet: one job of each, not both of the first.
    workload = jobs([0] * 4, 10, groups=[group("a"), group("b")], group=[0, 0, 1, 1])
    assert by_job(run(workload, servers(2), queues=[shares()]), "starting_at") == [0, 10, 0, 10]


def test_a_weight_of_an_eighth_gets_eight_times_as_much():
    # API ShareAttributes.weightFactor works out this very example.
    queue = shares(window_s=604_800.0, weights=(("big", 0.125),))
    workload = jobs([0] * 4000, 60, groups=[group("big"), group("small")], group=[0, 1] * 2000)
    starting_at = np.array(by_job(run(workload, servers(18), queues=[queue]), "starting_at"))
    first = starting_at < 3600  # both still have jobs waiting
    big, small = first[0::2].sum(), first[1::2].sum()
    assert small < 2000
    assert big / small == pytest.approx(8, rel=0.03)


def test_a_prefix_gives_its_weight_to_every_identifier_that_begins_so():
    policy = FairShare(weights=(("user*", 0.5), ("batch", 2.0)))
    assert [policy.weight(name) for name in ("userA", "user", "batch", "batchB")] == [0.5, 0.5, 2.0, 1.0]


@pytest.mark.parametrize(("reservation", "active", "allowed"), [(50, 1, 8), (50, 2, 12), (25, 1, 12), (25, 2, 15)])
def test_a_reservation_keeps_its_power_of_the_active_shares(reservation, active, allowed):
    # (computeReservation / 100) ** active of 16 vCPUs stay free: 50 % -> 8, 4; 25 % -> 4, 1 (API FairsharePolicy).
    groups = [group(f"share{number}") for number in range(active)]
    workload = jobs([0] * 32, 100, groups=groups, group=[n % active for n in range(32)])
    recording = run(workload, servers(16), queues=[shares(compute_reservation=reservation)])
    assert by_job(recording, "starting_at").count(0) == allowed


def test_what_is_reserved_is_there_for_a_share_that_becomes_active():
    groups = [group("a"), group("b")]
    workload = jobs([0] * 16 + [10], 100, groups=groups, group=[0] * 16 + [1])
    starting_at = by_job(run(workload, servers(16), queues=[shares(compute_reservation=50)]), "starting_at")
    # 8 at once; when b comes two shares are active and 12 may run: b, which has used nothing, and three more of a.
    assert starting_at[-1] == 10
    assert sorted(starting_at[:-1]) == [0] * 8 + [10] * 3 + [100] * 5


def test_jobs_that_the_reservation_holds_back_wait_for_a_limit():
    workload = jobs([0] * 16, 100, groups=[group("a")])
    recording = run(workload, servers(16), queues=[shares(compute_reservation=50)])
    assert Cause(recording.causes.cause[0]) is Cause.RESERVATION


def test_within_a_share_priority_comes_before_submission():
    workload = jobs([0, 1, 2, 3], 10, groups=[group("a"), group("a", 5)], group=[0, 0, 1, 0])
    assert by_job(run(workload, servers(1), queues=[shares()]), "starting_at") == [0, 20, 10, 30]


def test_a_share_whose_next_job_has_no_room_does_not_keep_the_others():
    # Four servers: a's job of 4 waits for b's of 1 to end; b goes on.
    workload = jobs([0, 1, 2], [10, 5, 5], [1, 4, 1], groups=[group("b"), group("a")], group=[0, 1, 0])
    assert by_job(run(workload, servers(4), queues=[shares()]), "starting_at") == [0, 10, 2]


def test_a_job_that_lacks_a_licence_does_not_keep_others_of_its_shape():
    wanting = replace(group("a"), consumables=(("licence", 1),))
    workload = jobs([0, 1, 2], 10, groups=[wanting, group("b")], group=[0, 0, 1])
    recording = run(workload, servers(4), queues=[shares()], consumables=[Consumable("licence", 1)])
    assert by_job(recording, "starting_at") == [0, 10, 2]


def test_in_a_cycle_a_share_without_its_licence_says_nothing_of_others_of_its_shape():
    # All unused at 1: a's job is first in the tie and lacks the licence that c's holds; b's, of the same shape, starts.
    wanting = [replace(group(name), consumables=(("licence", 1),)) for name in "ca"]
    workload = jobs([0, 1, 1], 10, groups=[*wanting, group("b")], group=[0, 1, 2])
    recording = run(workload, servers(4), queues=[shares()], consumables=[Consumable("licence", 1)])
    assert by_job(recording, "starting_at") == [0, 10, 1]


def test_a_retried_job_goes_to_the_front_of_its_share():
    one = JobGroup("work", "queue", "definition", attempts=2, share_identifier="a")
    workload = jobs([0, 0, 0], 10, groups=[one], exit_code=[1, 0, 0], later_exit_code=0)
    assert by_job(run(workload, servers(1), queues=[shares()]), "starting_at") == [0, 10, 20, 30]


def test_a_queue_that_no_job_is_sent_to_keeps_nobody():
    shared = JobQueue("shared", 1, True, ("fleet",), fair_share=FairShare())
    plain = JobQueue("queue", 1, True, ("fleet",))
    workload = jobs([0], 10, groups=[JobGroup("work", "queue", "definition")])
    recording = run(workload, fleet(), queues=[shared, plain])
    assert (recording.status == Status.SUCCEEDED).all()


def test_a_disabled_environment_has_nothing_to_reserve():
    # Half of the 16 vCPUs that take jobs stay free for a second share: four jobs of two.
    queue = JobQueue("queue", 1, True, ("servers", "off"), fair_share=FairShare(compute_reservation=50))
    workload = jobs([0] * 16, 100, 2, groups=[group("a")])
    recording = run(workload, servers(16), fleet("off", max_vcpus=16, enabled=False), queues=[queue])
    assert by_job(recording, "starting_at").count(0) == 4


def test_use_is_exact_again_after_a_window_without_changes():
    # Thousands of changes of vCPUs that binary fractions can't hold; then one vCPU-third runs for a whole window.
    usage = ShareUsage([1.0], 600.0)
    for step in range(5000):
        usage.change(0, 0.1 * step, 1 / 3 if step % 2 == 0 else -1 / 3)
    usage.change(0, 1000.0, 1 / 3)
    running = sum(1 / 3 if step % 2 == 0 else -1 / 3 for step in range(5000)) + 1 / 3
    assert usage.at(1600.0)[0] == running * 600.0 / 2


def test_a_reservation_is_the_cause_only_where_there_would_be_room_but_for_it():
    # Four servers, of which the share may use two; it does until 100, and another queue uses the other two until 50.
    # The share's third job waits for the limit until then, and for the reservation afterwards.
    fair = JobQueue("queue", 1, True, ("servers",), fair_share=FairShare(compute_reservation=50))
    plain = JobQueue("plain", 2, True, ("servers",))
    groups = [group("a"), JobGroup("work", "plain", "definition")]
    workload = jobs([0] * 5, [100, 100, 10, 50, 50], groups=groups, group=[0, 0, 0, 1, 1])
    recording = run(workload, servers(4), queues=[fair, plain])
    noted = [
        (float(at), Cause(cause))
        for at, queue, cause in zip(recording.causes.at, recording.causes.queue, recording.causes.cause, strict=True)
        if queue == 0
    ]
    assert noted[:2] == [(0, Cause.LIMIT), (50, Cause.RESERVATION)]
    assert by_job(recording, "starting_at")[2] == 100
