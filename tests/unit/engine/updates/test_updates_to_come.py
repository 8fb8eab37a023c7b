"""For which updates a run goes on: those that may let a job start that waits, and no others. By hand.

The job of each case comes at 0, and can't start before the update at 5,000, when it does.
"""

from __future__ import annotations

import pytest

from batchsim.spec.configuration import JobQueue
from batchsim.spec.fair_share import FairShare
from batchsim.spec.workload import JobGroup
from tests.unit.engine.updates.entries import changed
from tests.worlds import LARGE, XLARGE, by_job, fleet, jobs, offering

OTHER = offering("m6i.large", 2, 7700, 0.096)
#: No vCPUs are to be had in the first zone, in which `FIRST` launches.
NOTHING_THERE = {"capacity": {"pools": [{"zones": ["us-east-1a"], "vcpus": 0}]}}
FIRST, SECOND = fleet("first"), fleet("second", zones=("us-east-1b",))
BOTH = JobQueue("queue", 1, True, ("first", "second"))
SMALL = {"offerings": (LARGE, XLARGE), "min_vcpus": 2, "allocation_strategy": "BEST_FIT"}


@pytest.mark.parametrize(
    ("environments", "queue", "update", "vcpus"),
    [
        ((FIRST, fleet("second", zones=("us-east-1b",), enabled=False)), BOTH, SECOND, 1),
        ((FIRST, fleet("second", zones=("us-east-1b",), max_vcpus=0)), BOTH, SECOND, 1),
        ((FIRST, SECOND), JobQueue("queue", 1, True, ("first",)), BOTH, 1),
        ((FIRST,), JobQueue("queue", 1, True, ("first",)), fleet("first", zones=("us-east-1a", "us-east-1b")), 1),
        # An instance of the minimum leaves 2 of 4 vCPUs under the limit, for a job of 4: a higher limit, no minimum.
        ((fleet("second", max_vcpus=4, zones=("us-east-1b",), **SMALL),), None, {"max_vcpus": 8}, 4),
        ((fleet("second", max_vcpus=4, zones=("us-east-1b",), **SMALL),), None, {"max_vcpus": 4, "min_vcpus": 0}, 4),
    ],
    ids=["enabled", "limit", "queue", "zones", "limit beside the minimum", "no minimum"],
)
def test_an_update_that_brings_room_is_waited_for_though_others_could_hold_the_job(environments, queue, update, vcpus):
    if isinstance(update, dict):
        update = fleet("second", zones=("us-east-1b",), **{**SMALL, **update})
    recording = changed(
        jobs([0], 10, vcpus, memory_mib=2000),
        *environments,
        queues=[queue] if queue else [],
        changes=[(5000, update)],
        **NOTHING_THERE,
    )
    assert by_job(recording, "starting_at") == [5000]


LATER = 30 * 86_400


def test_an_update_that_changes_something_else_is_not_waited_for():
    # What there was before the update at 50 does not come back by one of another environment.
    beside = fleet("second", min_vcpus=2, offerings=(OTHER,))
    queues = [JobQueue("queue", 1, True, ("first",)), JobQueue("other", 1, True, ("second",))]
    none = {"capacity": {"pools": [{"instanceTypes": ["c6i"], "vcpus": 0}]}}
    unrelated = (LATER, fleet("second", min_vcpus=2, max_vcpus=32, offerings=(OTHER,)))
    assert changed(jobs([0], 10), FIRST, beside, queues=queues, changes=[unrelated], **none).ended_at == 0
    types = (50, fleet("first", offerings=(XLARGE,)))
    assert changed(jobs([0], 10), FIRST, beside, queues=queues, changes=[types, unrelated], **none).ended_at == 50


def test_a_lower_limit_is_not_waited_for():
    lower = (LATER, fleet("first", max_vcpus=8))
    assert changed(jobs([0], 10), FIRST, changes=[lower], **NOTHING_THERE).ended_at == 0


def test_a_state_that_has_passed_is_not_hoped_for():
    # ENABLED from 100 to 200 alone, and the job comes at 300.
    shut = fleet("first", enabled=False)
    assert changed(jobs([300], 10), shut, changes=[(100, fleet("first")), (200, shut)]).ended_at == 300


def test_a_policy_that_reserves_less_is_waited_for():
    # Of 2 vCPUs half is reserved for shares that are not active: a job of 2 has to wait until nothing is.
    groups = [JobGroup("work", "queue", "definition", share_identifier="a")]
    reserving = JobQueue("queue", 1, True, ("first",), fair_share=FairShare(compute_reservation=50))
    free = JobQueue("queue", 1, True, ("first",), fair_share=FairShare())
    work, one = jobs([0], 10, 2, groups=groups), fleet("first", max_vcpus=2)
    assert changed(work, one, queues=[reserving], changes=[(5000, reserving)]).ended_at == 0
    assert by_job(changed(work, one, queues=[reserving], changes=[(5000, free)]), "starting_at") == [5000]
