"""When fleets are asked for more, and what is kept: worked by hand to the second.

A head that lacks room with nothing on its way is looked at `scaleUpReaction` later, else at the next regular look
(`scaleUpInterval`): docs/defaults.md. Who may start, and so who needs capacity: AWS Batch User Guide, *Job scheduling*,
*Fair-share scheduling*, *Resource-aware scheduling*, *Multi-node parallel jobs*.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.recording import Cause, Status
from batchsim.spec.configuration import Consumable, JobQueue, Shape, SpotTrace
from batchsim.spec.fair_share import FairShare
from batchsim.spec.workload import JobGroup
from tests.worlds import LARGE, XLARGE, by_job, fleet, jobs, offering, run, servers

PLAIN = JobGroup("work", "queue", "definition")
LICENSED = replace(PLAIN, consumables=(("licence", 1),))
LICENCE = [Consumable("licence", 1)]
BOOTS = {"scheduler": {"scaleUpReaction": 10, "scaleDownIdle": 36_000}, "ec2": {"launch": 40, "register": 50}}


def shared(**policy) -> JobQueue:
    return JobQueue("queue", 1, True, ("fleet",), fair_share=FairShare(**policy))


def test_a_job_that_gets_its_licence_gets_its_instance():
    # The licence is free at 10 + 90 + 600; the larger type is asked for 10 s later and registers after 90 s.
    spec = fleet(offerings=(LARGE, XLARGE), min_vcpus=2)
    workload = jobs([0, 0], 600, [2, 4], groups=[LICENSED])
    recording = run(workload, spec, consumables=LICENCE, **BOOTS)
    assert by_job(recording, "starting_at") == [90, 90 + 600 + 10 + 90]


def test_a_job_that_a_reservation_let_go_gets_its_instance():
    # 8 vCPUs, half of them kept while one share is active: the job of 4 waits for those of 2 to end at 90 + 600.
    spec = fleet(offerings=(LARGE, XLARGE), max_vcpus=8, min_vcpus=2)
    mine = replace(PLAIN, share_identifier="a")
    workload = jobs([0, 0, 0], [600, 600, 100], [2, 2, 4], groups=[mine])
    recording = run(workload, spec, queues=[shared(compute_reservation=50)], **BOOTS)
    # One runs on what is kept warm, one on what the regular look at 0 asks for.
    assert by_job(recording, "starting_at") == [90, 90, 90 + 600 + 10 + 90]


def test_a_misfit_of_one_share_keeps_no_other_share_from_capacity():
    groups = [replace(PLAIN, share_identifier=name) for name in "ab"]
    workload = jobs([1, 1], 60, [99, 1], groups=groups, group=[0, 1])
    recording = run(workload, fleet(), queues=[shared()], **BOOTS)
    assert list(recording.status) == [Status.RUNNABLE, Status.SUCCEEDED]
    assert by_job(recording, "starting_at") == [1 + 10 + 90]


@pytest.mark.parametrize("head", [99, 1])
def test_jobs_that_may_overtake_get_their_capacity(head):
    # Behind a head that nothing holds, and behind one that waits an hour for its licence.
    groups = [PLAIN, LICENSED]
    first = jobs([1, 1, 2], [3600, 60, 60], [1, head, 2], groups=groups, group=[1, int(head == 1), 0])
    settings = {**BOOTS, "scheduler": {**BOOTS["scheduler"], "overtake": "fitting"}}
    recording = run(first, fleet(), consumables=LICENCE, **settings)
    # The first look, at 11, finds all that wait: the last job's instance registers with the first one's.
    assert by_job(recording, "starting_at")[-1] == 1 + 10 + 90


def test_a_head_without_its_licence_says_nothing_of_others_of_its_shape():
    settings = {"scheduler": {"overtake": "fitting"}}
    workload = jobs([0, 0, 0], 1000, groups=[LICENSED, PLAIN], group=[0, 0, 1])
    recording = run(workload, servers(8), consumables=LICENCE, **settings)
    assert by_job(recording, "starting_at") == [0, 1000, 0]


def test_overtaking_looks_a_hundred_jobs_deep():
    # 99 jobs that nothing holds leave one place: of three small jobs behind them all start, one after the other is
    # seen; with a hundred none is.
    settings = {"scheduler": {"overtake": "fitting"}}
    for misfits, started in ((99, 3), (100, 0)):
        workload = jobs([0] * (misfits + 3), 10, [99] * misfits + [1] * 3)
        recording = run(workload, servers(8), **settings)
        assert (recording.status == Status.SUCCEEDED).sum() == started


def test_a_planned_job_that_lacks_a_licence_launches_nothing():
    # Found by comparing planning and starting: the first of the share wants the licence that runs until 10,000.
    first = replace(LICENSED, share_identifier="a", scheduling_priority=1)
    second = replace(PLAIN, share_identifier="a")
    workload = jobs([0, 100, 100], [10_000, 10, 10], 2, groups=[first, second], group=[0, 0, 1])
    recording = run(workload, fleet(max_vcpus=16), queues=[shared()], consumables=LICENCE, **BOOTS)
    assert len(recording.instances.environment) == 1


GANG = Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)


def test_nodes_that_registered_first_are_kept_for_the_others():
    # Nodes register between 100 s and 2,000 s after they were asked for; instances go when idle for 60 s.
    nodes = 16
    gang = Shape(2.0 * nodes, 1000 * nodes, nodes=(Shape(2.0, 1000),) * nodes)
    settings = {
        "ec2": {"launch": 0, "register": {"uniform": {"min": 100, "max": 2000}}},
        "scheduler": {"scaleDownIdle": 60, "scaleDownInterval": 60},
    }
    recording = run(jobs([0], 100, 2 * nodes, nodes={2.0 * nodes: gang}), fleet(), **settings)
    assert len(recording.instances.environment) == nodes
    assert by_job(recording, "starting_at") == [recording.instances.registered_at.max()]
    # When the job has ended they go, each at the first look after 60 s.
    ended = recording.stopped_at[0]
    assert np.unique(recording.instances.terminated_at).tolist() == [60 * np.ceil((ended + 60) / 60)]


def test_what_was_kept_for_a_job_that_can_never_have_its_number_goes():
    # Two instances are left over; a third is never to be had, so nothing is kept for the multi-node job of three.
    gang = Shape(6.0, 3000, nodes=(Shape(2.0, 1000),) * 3)
    workload = jobs([0, 0, 50], [100, 100, 10], [2, 2, 6], nodes={6.0: gang})
    capacity = {"pools": [{"instanceTypes": ["c6i"], "vcpus": 4}]}
    recording = run(workload, fleet(), capacity=capacity, scheduler={"scaleDownIdle": 60})
    assert recording.instances.terminated_at[:2].tolist() == [160, 160]


def test_a_multi_node_job_is_provided_for_while_others_boot():
    # The second is asked for at the first regular look, though the first's instances are still on their way.
    settings = {"ec2": {"launch": 0, "register": 100}, "scheduler": {"scaleUpReaction": 10}}
    recording = run(jobs([1, 20], 1000, 4, nodes={4.0: GANG}), fleet(), **settings)
    assert by_job(recording, "starting_at") == [1 + 10 + 100, 60 + 100]


def test_an_instance_kept_for_the_minimum_goes_when_others_make_it_up():
    # c6i.large is kept warm; a job for c6i.xlarge runs from 3600 on for a day, and makes up the minimum of 2 alone.
    spec = fleet(offerings=(LARGE, XLARGE), min_vcpus=2)
    workload = jobs([3600], 86_400, 4, memory_mib=6000)
    recording = run(workload, spec, scheduler={"scaleDownIdle": 60, "scaleDownInterval": 60})
    assert recording.instances.offering.tolist() == [0, 1]
    assert recording.instances.terminated_at[0] == 3600
    # The larger one stays in its place: nothing exchanges it (API CreateComputeEnvironmentRequest.state).
    assert recording.instances.terminated_at[1] == recording.ended_at


def test_a_minimum_is_of_the_type_of_which_it_costs_least():
    # Per vCPU the large one is cheaper (0.9 / 128 < 0.034 / 2), by the hour it is not.
    kinds = (offering("c6i.large", 2, 3775, 0.034), offering("c6i.32xlarge", 128, 253_783, 0.9))
    spec = fleet(purchase_option="SPOT", offerings=kinds, min_vcpus=4)
    recording = run(jobs([0], 600), spec, duration_s=3600)
    assert recording.instances.offering.tolist() == [0, 0]


def test_best_fit_never_passes_its_limit_for_the_minimum():
    spec = fleet(offerings=(XLARGE,), min_vcpus=3, max_vcpus=3, allocation_strategy="BEST_FIT")
    assert len(run(jobs([0], 10), spec, duration_s=100).instances.zone) == 0


def test_best_fit_s_jobs_go_on_when_the_type_they_share_is_short():
    # Three jobs of 2,500 MiB: c6i.xlarge holds all three and costs less than three c6i.large; it is not to be had.
    queues = [JobQueue("queue", 1, True, ("first", "second"))]
    first = fleet("first", offerings=(LARGE, XLARGE), allocation_strategy="BEST_FIT")
    short = {"pools": [{"instanceTypes": ["c6i.xlarge"], "vcpus": 0}]}
    workload = jobs([0] * 3, 100, 1, memory_mib=2500)
    recording = run(workload, first, fleet("second"), queues=queues, capacity=short)
    assert recording.instances.environment.tolist() == [1, 1, 1]
    assert by_job(recording, "starting_at") == [0, 0, 0]
    # Alone it waits, for capacity, and begins when that comes.
    at_100_h = {"pools": [{"instanceTypes": ["c6i.xlarge"], "vcpus": 0, "schedule": [{"at": 360_000, "vcpus": 64}]}]}
    recording = run(workload, first, queues=[JobQueue("queue", 1, True, ("first",))], capacity=at_100_h)
    assert by_job(recording, "starting_at") == [360_000] * 3
    assert [Cause(cause) for cause in recording.causes.cause][:2] == [Cause.BOOT, Cause.CAPACITY]


def test_the_reaction_of_one_fleet_does_not_wait_for_another_s_look():
    # The first fleet boots from 11 on, so its next look would be at 60; the second has nothing on its way at 25.
    queues = [JobQueue("queue", 1, True, ("first",)), JobQueue("other", 1, True, ("second",))]
    groups = [PLAIN, replace(PLAIN, job_queue="other")]
    settings = {"ec2": {"launch": 0, "register": 100}, "scheduler": {"scaleUpReaction": 10}}
    workload = jobs([1, 20, 25], 50, 2, groups=groups, group=[0, 0, 1])
    recording = run(workload, fleet("first"), fleet("second"), queues=queues, **settings)
    requested = sorted(zip(recording.instances.environment.tolist(), recording.instances.requested_at, strict=True))
    # One look is for all: what the first fleet lacks is asked for on the way.
    assert requested == [(0, 11), (0, 35), (1, 35)]


FOUR = Shape(8.0, 4000, nodes=(Shape(2.0, 1000),) * 4)
KEPT_300 = {"scheduler": {"scaleDownIdle": 300}}


def test_a_job_behind_a_multi_node_job_is_not_planned_onto_its_instances():
    # One of four instances is kept warm; a job of 1 vCPU behind the one of four nodes would have it.
    workload = jobs([10, 10], 100, [8, 1], nodes={8.0: FOUR})
    recording = run(workload, fleet(max_vcpus=8, min_vcpus=2), **KEPT_300)
    assert by_job(recording, "starting_at") == [10, 110]
    # The same with an instance that an earlier job left at 100.
    workload = jobs([0, 50, 50], 100, [1, 8, 1], nodes={8.0: FOUR})
    recording = run(workload, fleet(max_vcpus=8), **KEPT_300)
    assert by_job(recording, "starting_at")[1:] == [100, 200]


def test_what_is_ahead_is_launched_first():
    # The head needs c6i.xlarge for its memory, and takes up the limit of 4; the multi-node job behind waits for it.
    workload = jobs([0, 0], 100, [1, 4], nodes={4.0: GANG})
    large = replace(workload, shapes=tuple(Shape(1.0, 6000) if s.vcpus == 1 else s for s in workload.shapes))
    recording = run(large, fleet(offerings=(LARGE, XLARGE), max_vcpus=4))
    assert by_job(recording, "starting_at")[0] == 0
    assert list(recording.status) == [Status.SUCCEEDED] * 2
    # And the other way round: the type of 16 vCPUs for the job behind would pass the limit before the nodes are there.
    sixteen = offering("m6i.4xlarge", 16, 63_218, 0.768, listed=1)
    workload = jobs([0, 0], 100, [4, 1], nodes={4.0: GANG})
    wide = replace(workload, shapes=tuple(Shape(1.0, 30_000) if s.vcpus == 1 else s for s in workload.shapes))
    recording = run(wide, fleet(offerings=(LARGE, sixteen), max_vcpus=8))
    assert by_job(recording, "starting_at") == [0, 0]


def test_nothing_is_kept_for_a_job_that_waits_elsewhere():
    # The multi-node job waits in the first environment for the account's quota, of which the second's idle instances
    # have all: they go 300 s after their jobs' end at 100, and so it starts.
    queues = [JobQueue("queue", 1, True, ("first", "second")), JobQueue("other", 1, True, ("second",))]
    groups = [PLAIN, replace(PLAIN, job_queue="other")]
    workload = jobs([0, 0, 50], 100, [2, 2, 4], nodes={4.0: GANG}, groups=groups, group=[1, 1, 0])
    quota = {"capacity": {"accountvCpus": {"EC2": 4}}}
    recording = run(workload, fleet("first"), fleet("second"), queues=queues, **KEPT_300, **quota)
    assert by_job(recording, "starting_at") == [0, 0, 400]


def test_nothing_is_kept_for_a_job_behind_one_that_nothing_holds():
    workload = jobs([0, 10, 20], 100, [2, 16, 4], nodes={4.0: GANG})
    recording = run(workload, fleet(), duration_s=50_000, **KEPT_300)
    assert recording.instances.terminated_at.tolist() == [400]


def test_no_more_is_kept_than_the_nodes_need():
    # Two of four instances are idle from 1,100 on, two from 2,000. A job of two nodes waits behind a head whose own
    # instance boots from 1,050 to 2,050: those idle for longer go when the others are, and it starts on these.
    workload = jobs([0, 0, 0, 0, 1050, 1060], [1000, 1000, 100, 100, 100, 100], [2, 2, 2, 2, 1, 4], nodes={4.0: GANG})
    large = replace(workload, shapes=tuple(Shape(1.0, 7000) if s.vcpus == 1 else s for s in workload.shapes))
    boots = {"scheduler": {"scaleDownIdle": 20}, "ec2": {"launch": 0, "register": 1000}}
    recording = run(large, fleet(offerings=(LARGE, XLARGE), max_vcpus=12, allocation_strategy="BEST_FIT"), **boots)
    assert recording.instances.offering.tolist() == [0, 0, 0, 0, 1]
    assert sorted(recording.instances.terminated_at.tolist()) == [2000, 2000, 2170, 2170, 2170]
    assert by_job(recording, "starting_at") == [1000, 1000, 1000, 1000, 2050, 2050]


@pytest.mark.parametrize("limit", [{"max_vcpus": 4, "allocation_strategy": "BEST_FIT"}, {}])
def test_nothing_is_kept_behind_a_head_that_lacks_it(limit):
    # Two c6i.large until 100 and 101; the head needs a c6i.xlarge, behind it a job of two nodes would have them.
    workload = jobs([0, 1, 50, 50], 100, [2, 2, 1, 4], nodes={4.0: GANG})
    large = replace(workload, shapes=tuple(Shape(1.0, 7000) if s.vcpus == 1 else s for s in workload.shapes))
    recording = run(large, fleet(offerings=(LARGE, XLARGE), **limit), capacity={"accountvCpus": {"EC2": 4}})
    assert by_job(recording, "starting_at") == [0, 1, 101, 201]


def test_nothing_is_kept_for_a_job_that_lacks_its_licence():
    # There is one licence for two jobs of two nodes, and it is used up. Their instances have all of the quota, which a
    # job of another queue needs from 1,000 on; they go 300 s after the first job's end at 110.
    groups = [LICENSED, replace(PLAIN, job_queue="other")]
    queues = [JobQueue("queue", 1, True, ("fleet",)), JobQueue("other", 1, True, ("second",))]
    workload = jobs([10, 20, 1000], 100, [4, 4, 2], nodes={4.0: GANG}, groups=groups, group=[0, 0, 1])
    spent = [Consumable("licence", 1, replenishable=False)]
    quota = {"capacity": {"accountvCpus": {"EC2": 4}}}
    recording = run(workload, fleet(), fleet("second"), queues=queues, consumables=spent, **KEPT_300, **quota)
    assert by_job(recording, "starting_at")[-1] == 1000
    assert recording.instances.terminated_at.tolist() == [410, 410, 1400]


def test_what_a_multi_node_job_no_longer_waits_for_goes():
    # Two instances are idle from 1,100 on. They are kept while the head's own boots, from 1,050 to 2,050, as the job of
    # two nodes may start next; then a job that nothing holds is before it.
    workload = jobs([0, 0, 1050, 1060, 1070], 100, [2, 2, 1, 16, 4], nodes={4.0: GANG})
    large = replace(workload, shapes=tuple(Shape(1.0, 7000) if s.vcpus == 1 else s for s in workload.shapes))
    boots = {"scheduler": {"scaleDownIdle": 300}, "ec2": {"launch": 0, "register": 1000}}
    spec = fleet(offerings=(LARGE, XLARGE), max_vcpus=8, allocation_strategy="BEST_FIT")
    recording = run(large, spec, duration_s=50_000, **boots)
    assert recording.instances.terminated_at.tolist() == [2050, 2050, 2450]


@pytest.mark.parametrize("listed", [("small", "big"), ("big", "small")])
def test_what_the_head_needs_is_launched_first_whatever_the_order_of_environments(listed):
    offered = {"small": (LARGE,), "big": (offering("c6i.2xlarge", 8, 15_663, 0.34),)}
    fleets = [fleet(name, offerings=offered[name]) for name in listed]
    queues = [JobQueue("queue", 1, True, ("small", "big"))]
    recording = run(jobs([0, 0], 100, [8, 1]), *fleets, queues=queues, capacity={"accountvCpus": {"EC2": 8}})
    assert by_job(recording, "starting_at") == [0, 100]
    assert len(recording.instances.offering) == 1


@pytest.mark.parametrize("listed", ["ab", "ba"])
def test_a_queue_of_higher_priority_is_launched_for_first(listed):
    # A quota of three instances. The urgent queue has a job for each environment, the other one two for `a`.
    queues = [JobQueue("urgent", 9, True, ("a", "b")), JobQueue("bulk", 1, True, ("a",))]
    groups = [replace(PLAIN, job_queue=name) for name in ("urgent", "bulk")]
    workload = jobs([0, 0, 0, 0], 100, [2, 1, 2, 2], groups=groups, group=[0, 0, 1, 1])
    wide = replace(workload, shapes=tuple(Shape(1.0, 7000) if s.vcpus == 1 else s for s in workload.shapes))
    offered = {"a": (LARGE,), "b": (offering("r6i.large", 2, 15_600, 0.126),)}
    fleets = [fleet(name, offerings=offered[name]) for name in listed]
    recording = run(wide, *fleets, queues=queues, capacity={"accountvCpus": {"EC2": 6}})
    assert by_job(recording, "starting_at") == [0, 0, 0, 100]


def test_a_minimum_on_spot_keeps_no_run_going():
    # Half a minute between two interruptions, and each is made up for: the run ends soon after its only job all the
    # same, and what it launched stays in proportion.
    spot = offering("c6i.large", 2, 3775, 0.03, interruptions_per_hour=2.0)
    ends = [
        run(jobs([0], 600), fleet(purchase_option="SPOT", offerings=(spot,), min_vcpus=least, max_vcpus=64),
            preset="measured")
        for least in (0, 64)
    ]  # fmt: skip
    for recording in ends:
        assert list(recording.status) == [Status.SUCCEEDED]
        assert recording.ended_at < recording.stopped_at[0] + 1200


def test_what_makes_up_a_minimum_is_looked_at_again_when_the_minimum_is_made_up_anew():
    # Four c6i.large for 8 vCPUs; at 1,000 the market takes one, and c6i.4xlarge, cheaper by then, stands for it.
    larger = offering("c6i.4xlarge", 16, 30_000, 0.68, price_steps=((0.0, 0.68), (500.0, 0.05)))
    market = SpotTrace((0.0, 1000.0, 1100.0), (4, 3, 9), 1e6)
    spot = fleet(purchase_option="SPOT", min_vcpus=8, offerings=(LARGE, larger), spot_trace=market)
    queues = [JobQueue("queue", 1, True, ("servers",)), JobQueue("other", 1, True, ("fleet",))]
    recording = run(jobs([0], 50_000), spot, servers(1), queues=queues, spot={"notice": 0}, **KEPT_300)
    assert recording.instances.offering.tolist() == [0, 0, 0, 0, 1]
    assert (recording.instances.terminated_at[:4] < 2000).all()
