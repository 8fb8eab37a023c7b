"""Capacity that runs out, and recorded Spot markets: worked by hand.

What strategies and queues make of it: API ComputeResource.allocationStrategy (BEST_FIT waits, the others go on); AWS
Batch User Guide, *Compute environments* (the next in order), *Jobs stuck in RUNNABLE*; EC2 User Guide, *Spot Instance
interruption notices*. Back-off and recordings are batchsim's: docs/defaults.md.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from batchsim.recording import Cause, Status
from batchsim.results.outcome import Outcome
from batchsim.spec.configuration import ComputeEnvironment, JobQueue, Shape, SpotTrace
from batchsim.spec.workload import JobGroup
from tests.worlds import LARGE, XLARGE, by_job, configuration, fleet, jobs, offering, run

OTHER = offering("m6i.large", 2, 7700, 0.096)


def pool(vcpus: int, *types: str, **members) -> dict:
    return {"instanceTypes": list(types), "vcpus": vcpus, **members}


def capacity(*pools: dict, **members) -> dict:
    return {"capacity": {"pools": list(pools), **members}}


def test_another_type_is_launched_when_the_preferred_one_runs_out():
    spec = fleet(offerings=(LARGE, OTHER))
    recording = run(jobs([0] * 4, 100, 2), spec, **capacity(pool(4, "c6i")))
    # c6i.large is cheaper per vCPU: two of it, then m6i.large.
    assert sorted(recording.instances.offering) == [0, 0, 1, 1]
    assert by_job(recording, "starting_at") == [0] * 4


def test_best_fit_waits_for_its_type():
    spec = fleet(offerings=(LARGE, OTHER), allocation_strategy="BEST_FIT")
    recording = run(jobs([0] * 4, 100, 2), spec, **capacity(pool(4, "c6i.large")))
    assert set(recording.instances.offering) == {0}
    assert sorted(by_job(recording, "starting_at")) == [0, 0, 100, 100]
    # What waits, waits for capacity, though m6i.large could be launched.
    assert [Cause(cause) for cause in recording.causes.cause][:2] == [Cause.BOOT, Cause.CAPACITY]


def test_jobs_go_to_the_next_environment_when_the_first_has_no_capacity():
    queues = [JobQueue("queue", 1, True, ("spot", "fleet"))]
    spot = fleet("spot", purchase_option="SPOT")
    recording = run(jobs([0], 100, 2), spot, fleet(), queues=queues, **capacity(pool(0, purchaseOption="SPOT")))
    assert list(recording.instances.environment) == [1]


def test_a_multi_node_job_blocks_the_queue_where_others_go_on():
    # The first environment's pool is empty until 1000; a single job takes the second one, a multi-node job waits.
    queues = [JobQueue("queue", 1, True, ("first", "second"))]
    built = fleet("first"), fleet("second", offerings=(OTHER,))
    empty = capacity({"instanceTypes": ["c6i"], "vcpus": 0, "schedule": [{"at": 1000, "vcpus": 64}]})
    alone = run(jobs([0], 100, 2), *built, queues=queues, **empty)
    assert list(alone.instances.environment) == [1]
    gang = Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)
    together = run(jobs([0, 0], 100, [4, 2], nodes={4.0: gang}), *built, queues=queues, **empty)
    assert by_job(together, "starting_at") == [1000, 1000]
    assert set(together.instances.environment) == {0}
    # An environment that could never hold it is no obstacle, empty pool or not.
    spot_first = [JobQueue("queue", 1, True, ("spot", "second"))]
    spot = fleet("spot", purchase_option="SPOT"), fleet("second", offerings=(OTHER,))
    past = run(jobs([0], 100, 4, nodes={4.0: gang}), *spot, queues=spot_first, **empty)
    assert by_job(past, "starting_at") == [0]


def test_the_account_s_quota_is_a_limit_for_all_environments_together():
    queues = [JobQueue("queue", 1, True, ("a", "b"))]
    settings = {"capacity": {"accountvCpus": {"EC2": 6}}}
    recording = run(jobs([0] * 8, 100, 2), fleet("a", max_vcpus=4), fleet("b"), queues=queues, **settings)
    assert by_job(recording, "starting_at").count(0) == 3


def test_what_waits_for_capacity_waits_for_capacity_and_starts_when_it_comes():
    step = {"schedule": [{"at": 1000, "vcpus": 64}]}
    recording = run(jobs([0], 100, 2), fleet(), **capacity({"instanceTypes": ["c6i"], "vcpus": 0, **step}))
    assert Cause(recording.causes.cause[0]) is Cause.CAPACITY
    assert by_job(recording, "starting_at") == [1000]


def test_a_type_without_capacity_is_left_alone_for_the_back_off():
    # The pool is used up by the first job until 100, but the type was asked for at 0 and again only after 300.
    recording = run(jobs([0, 0], 100, [2, 2]), fleet(offerings=(LARGE,)), **capacity(pool(2, "c6i"), backoff=300))
    starting_at = sorted(by_job(recording, "starting_at"))
    assert starting_at[0] == 0
    assert starting_at[1] == 100  # on the instance that the first job leaves
    recording = run(
        jobs([0, 0], [100, 100], [2, 4]), fleet(offerings=(LARGE, XLARGE)), **capacity(pool(4, "c6i"), backoff=300)
    )
    assert recording.status.tolist() == [Status.SUCCEEDED] * 2


def test_zones_are_tried_in_turn():
    spec = fleet(zones=("us-east-1a", "us-east-1b"))
    recording = run(jobs([0] * 4, 100, 2), spec, **capacity(pool(0, zones=["us-east-1a"])))
    assert set(recording.instances.zone) == {1}
    assert by_job(recording, "starting_at") == [0] * 4


def recorded(*runs: tuple[int, int], tick: float = 100.0) -> SpotTrace:
    ends = np.cumsum([ticks * tick for _, ticks in runs])
    return SpotTrace((0.0, *ends[:-1].tolist()), tuple(count for count, _ in runs), float(ends[-1]))


def spot(trace: SpotTrace, **members):
    return fleet("spot", purchase_option="SPOT", spot_trace=trace, **members)


def test_the_recording_takes_instances_away_when_it_falls():
    # One instance for 1,000 s, none for 500 s, one again: a job of 1,200 s is interrupted once and then runs through.
    recording = run(jobs([0], 1200, attempts=3), spot(recorded((1, 10), (0, 5), (1, 20))), spot={"notice": 0})
    assert by_job(recording, "starting_at") == [0, 1500]
    assert by_job(recording, "stopped_at") == [1000, 2700]
    assert list(recording.instances.reclaimed) == [True, False]


def test_a_notice_comes_before_and_new_jobs_do_not():
    workload = jobs([0, 950], [2000, 10], attempts=2)
    recording = run(workload, spot(recorded((1, 10), (0, 5), (1, 40))), spot={"notice": 120})
    assert by_job(recording, "stopped_at")[0] == 1000
    # At 950 the instance has its notice already: the second job waits for the market, behind the first's retry.
    assert by_job(recording, "starting_at")[-1] >= 1500


def test_only_the_excess_is_taken_and_what_was_launched_last():
    recording = run(jobs([0] * 4, 5000, 2, attempts=5), spot(recorded((4, 10), (1, 100))), spot={"notice": 0})
    gone = np.flatnonzero(recording.instances.terminated_at == 1000)
    assert gone.tolist() == [1, 2, 3]


def test_a_recording_without_any_instance_ends_the_run():
    recording = run(jobs([0], 100), spot(recorded((0, 10))))
    assert list(recording.status) == [Status.RUNNABLE]


def test_interruptions_of_a_year_are_those_of_the_recording():
    # Runs of availability between 1 and 60 ticks, drawn once; an endless supply of work keeps one instance busy.
    generator = np.random.default_rng(7)
    runs: list[tuple[int, int]] = []
    while sum(ticks for _, ticks in runs) * 300 < 365 * 86_400:
        runs.append((len(runs) % 2, int(generator.integers(1, 60))))
    trace = recorded(*runs, tick=300.0)
    # Jobs that are never done, one at a time: each is interrupted at the end of a window.
    windows = sum(count for count, _ in runs)
    workload = jobs([0] * (windows + 5), 1e9, 2)
    recording = run(
        workload, spot(trace, max_vcpus=2), spot={"notice": 0}, duration_s=trace.length_s, horizon_s=trace.length_s
    )
    ends = [at for at, count in zip((*trace.at[1:], trace.length_s), trace.available, strict=True) if count]
    reclaimed = recording.instances.terminated_at[recording.instances.reclaimed]
    assert reclaimed.tolist() == pytest.approx([at for at in ends if at < trace.length_s])


def test_public_recordings_are_read(shared_data, tmp_path):
    from batchsim.scenario.document.document import Document
    from batchsim.scenario.sections.spot_recordings import spot_trace

    folder = shared_data / "spot_traces"
    if not folder.is_dir():
        pytest.skip("the public recordings are not beside the repository")
    for path in sorted(folder.glob("*.json")):
        findings: list = []
        trace = spot_trace(path, Document({}), findings)
        content = json.loads(path.read_text())
        assert findings == []
        assert trace is not None
        assert trace.length_s == sum(t for _, t in content["runs"]) * content["metadata"]["gap_seconds"]


def test_an_instance_under_notice_does_not_outlive_the_market():
    # Ticks of 60 s, a notice of 120: warned at 120 of what falls at 240, the market is empty at 180 already.
    trace = recorded((1, 3), (0, 1), (1, 100), tick=60.0)
    recording = run(jobs([0], 1000, attempts=3), spot(trace), spot={"notice": 120})
    assert recording.instances.terminated_at[0] == 180
    assert by_job(recording, "starting_at") == [0, 240]


def test_what_the_market_takes_before_it_runs_costs_no_boot():
    # Asked for at 0, running at 100, registered at 200; taken at 50: the volume alone was paid for, as boot.
    trace = recorded((1, 1), (0, 1), (1, 100), tick=50.0)
    spec = spot(trace, root_volume_usd_per_hour=0.36)
    workload = jobs([0], 60)
    recording = run(workload, spec, spot={"notice": 0}, ec2={"launch": 100, "register": 100})
    outcome = Outcome(workload, configuration(spec), recording)
    assert np.isnan(recording.instances.running_at[0])
    assert outcome.costs.instance["boot"][0] == pytest.approx(50 * 0.36 / 3600)
    assert outcome.costs.instance["idle"][0] == 0
    # A volume is billed for a minute at least.
    assert outcome.costs.instance["minimum"][0] == pytest.approx((60 - 50) * 0.36 / 3600)
    assert outcome.costs.instance_total[0] == pytest.approx(60 * 0.36 / 3600)


def test_a_quota_of_fargate_is_for_all_its_environments_together():
    # API ResourceRequirement: a new account has 6 vCPUs of Fargate on demand.
    queues = [JobQueue("queue", 1, True, ("a", "b"))]
    both = [ComputeEnvironment(name, "FARGATE", True, 4) for name in "ab"]
    recording = run(jobs([0] * 8, 100), *both, queues=queues, capacity={"accountvCpus": {"FARGATE": 6}})
    assert by_job(recording, "starting_at") == [0] * 6 + [100] * 2
    assert recording.attempts.environment.tolist().count(0) >= 4
    # A queue on one environment is told when a task in the other has ended, and waits for capacity until then.
    queues = [JobQueue("queue", 1, True, ("a",)), JobQueue("other", 1, True, ("b",))]
    groups = [JobGroup("work", name, "definition") for name in ("queue", "other")]
    workload = jobs([0] * 4, [100, 30, 10, 10], groups=groups, group=[0, 0, 1, 1])
    recording = run(workload, *both, queues=queues, capacity={"accountvCpus": {"FARGATE": 2}})
    assert by_job(recording, "starting_at") == [10, 10, 0, 0]
    assert Cause.CAPACITY in [Cause(cause) for cause in recording.causes.cause]


def test_what_no_longer_boots_is_no_longer_waited_for():
    # At its limit with one instance, which boots from 0 to 100 for the first of two jobs that fill it: until then both
    # wait for the boot, afterwards the second waits for the limit.
    recording = run(jobs([0, 0], 1000, 2), fleet(max_vcpus=2), ec2={"launch": 0, "register": 100})
    causes = list(zip(recording.causes.at, map(Cause, recording.causes.cause), strict=True))
    assert causes[:2] == [(0, Cause.BOOT), (100, Cause.LIMIT)]
    # A booting instance that the market takes at 50 is not waited for any more: there is no capacity until 100.
    trace = recorded((1, 1), (0, 1), (1, 100), tick=50.0)
    recording = run(jobs([0], 10), spot(trace, max_vcpus=2), spot={"notice": 0}, ec2={"launch": 0, "register": 80})
    causes = list(zip(recording.causes.at, map(Cause, recording.causes.cause), strict=True))
    assert causes[:3] == [(0, Cause.BOOT), (50, Cause.CAPACITY), (100, Cause.BOOT)]


def test_room_under_notice_is_no_room():
    # Spot of 8 vCPUs, 6 of them in use; the head wants 8, and the job of 1 behind it is blocked, as there is room for
    # it until the notice, 120 s before the instance goes. Then it waits for the limit like the head.
    kind = offering("m6i.2xlarge", 8, 31_000, 0.2, interruptions_per_hour=2.0)
    spec = fleet(purchase_option="SPOT", offerings=(kind,), max_vcpus=8)
    recording = run(jobs([0, 1, 1], [9000, 100, 100], [6, 8, 1]), spec)
    notice_at = recording.instances.terminated_at[0] - 120
    assert recording.instances.reclaimed[0]
    noted = [
        (float(at), int(shape), Cause(cause))
        for at, shape, cause in zip(recording.causes.at, recording.causes.shape, recording.causes.cause, strict=True)
    ]
    assert (1, 0, Cause.BLOCKED) in noted
    assert (pytest.approx(notice_at), 0, Cause.LIMIT) in noted


@pytest.mark.parametrize("step", [(1000.0, 0), (1120.0, 120)])
def test_a_run_does_not_end_before_the_cycle_that_an_end_asks_for(step):
    # A step of a recorded market, or its warning, falls on the instant at which a job ends and the next should start.
    at, notice = step
    market = SpotTrace((0.0, 900.0, at), (4, 3, 9 if notice == 0 else 2), 1e6)
    queues = [JobQueue("queue", 1, True, ("fargate",)), JobQueue("other", 1, True, ("spot",))]
    fargate = ComputeEnvironment("fargate", "FARGATE", True, 1)
    recording = run(jobs([0, 0], 1000), fargate, spot(market), queues=queues, spot={"notice": notice})
    assert by_job(recording, "starting_at") == [0, 1000]


def test_launches_come_back_with_time():
    # A burst of two, then one task each 20 s. The head of 16 vCPUs never fits; the job of 2 behind it is blocked by it
    # once a task may be launched again, and until then waits for that.
    fargate = ComputeEnvironment("fargate", "FARGATE", True, 8)
    rate = {"fargate": {"launchBurst": 2, "launchesPerSecond": 0.05}}
    recording = run(jobs([0] * 4, [1000, 1000, 10, 10], [1, 1, 16, 2]), fargate, **rate)
    noted = [
        (float(at), Cause(cause))
        for at, shape, cause in zip(recording.causes.at, recording.causes.shape, recording.causes.cause, strict=True)
        if shape in (-1, 1)
    ]
    assert (20, Cause.BLOCKED) in noted
