"""Small fleets from the first instance to the last, their times and their bill by purpose worked out by hand.

An instance of 2 vCPUs and 4,000 MiB costs 0.36 USD an hour, a ten-thousandth of a dollar a second; volumes cost
nothing. Jobs ask for all of an instance unless a case says otherwise, so what it costs while they run is theirs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from batchsim.results.cost.totals import CostTotals
from batchsim.results.outcome import Outcome
from batchsim.spec.configuration import ComputeEnvironment, JobQueue, SpotTrace
from batchsim.spec.updates import Updates
from batchsim.spec.workload import JobGroup, Workload
from tests.unit.engine.updates.entries import cancel, changed, terminate
from tests.worlds import by_job, configuration, fleet, jobs, offering, run, servers

KIND = offering("c6i.large", 2, 4000, 0.36)


def instances_of(**members: Any) -> ComputeEnvironment:
    return fleet(**{"offerings": (KIND,), **members})


def work(submitted_at: list[float], runtime_s: Any, vcpus: Any = 2, **members: Any) -> Workload:
    return jobs(submitted_at, runtime_s, vcpus, memory_mib=members.pop("memory_mib", 4000), **members)


def ran(workload: Workload, *environments: ComputeEnvironment, **settings: Any) -> tuple[Any, dict[str, float]]:
    """What happened, and what was paid by purpose in seconds of an instance, as far as that is anything."""
    recording = run(workload, *environments, **settings)
    made = configuration(*environments, queues=settings.get("queues", ()))
    outcome = Outcome(workload, made, recording)
    by_purpose = CostTotals(outcome).by_purpose_in_all()
    assert sum(by_purpose.values()) == pytest.approx(float(outcome.costs.total), abs=1e-12)
    seconds = {purpose: round(10_000 * paid, 6) for purpose, paid in by_purpose.items()}
    return recording, {purpose: paid for purpose, paid in seconds.items() if paid}


def test_an_attempt_that_fails_is_rework_and_the_one_that_succeeds_is_useful():
    # 100 s and exit 1, then 300 s more; the instance is there all the while.
    made = replace(work([0], 100, exit_code=1, attempts=2), later_attempt=lambda job, number: (300.0, 0))
    recording, paid = ran(made, instances_of())
    assert by_job(recording, "stopped_at") == [100, 400]
    assert paid == {"rework": 100, "useful": 300}


def test_boot_idle_time_and_the_tick_of_scaling_in():
    # Asked for at 0, paid from 40 on, registered at 100. Jobs from 100 to 200 and from 230 to 260; idle for 50 s at
    # 310, looked at every minute: gone at 360.
    settings = {"ec2": {"launch": 40, "register": 60}, "scheduler": {"scaleDownIdle": 50.0, "scaleDownInterval": 60.0}}
    recording, paid = ran(work([0, 230], [100, 30]), instances_of(), **settings)
    assert by_job(recording, "starting_at") == [100, 230]
    assert recording.instances.terminated_at.tolist() == [360]
    assert paid == {"boot": 60, "useful": 130, "idle": 30 + 100}


def test_every_image_pull_is_boot_and_a_warm_one_is_not_pulled():
    # 90 MiB at 1 MiB/s on the first of two jobs that follow each other.
    kind = replace(KIND, pull_mib_per_s=1.0)
    settings = {"image": {"containerStart": 0, "warm": 0}}
    one = instances_of(offerings=(kind,), max_vcpus=2)
    recording, paid = ran(work([0, 0], 100, image_size_mib=90.0), one, **settings)
    assert by_job(recording, "started_at") == [90, 190]
    assert paid == {"boot": 90, "useful": 200}


def test_a_job_that_runs_into_its_timeout_costs_what_it_ran_and_what_it_took_to_stop():
    # SIGTERM at 600, SIGKILL at 630. The job behind it starts then.
    recording, paid = ran(
        work([0, 0], [5000, 100], timeout_s=600.0, attempts=5), instances_of(max_vcpus=2), scheduler={"stop": 60}
    )
    assert by_job(recording, "stopped_at") == [630, 730]
    assert paid == {"rework": 630, "useful": 100}


@pytest.mark.parametrize(
    ("end", "paid"),
    [
        # Of two jobs, one runs from 0 and one waits. Cancelled at 300, the first runs to its end.
        (cancel, {"useful": 1000}),
        (terminate, {"rework": 300}),
    ],
    ids=["CancelJob", "TerminateJob"],
)
def test_a_cancelled_job_costs_nothing_and_a_terminated_one_what_it_had_run(end, paid):
    found = ran(work([0, 0], 1000), instances_of(max_vcpus=2), updates=Updates((end(300),)))
    assert found[1] == paid


def test_what_a_reclaimed_instance_ran_is_rework_after_its_first_hour_and_free_in_it():
    # The market has one instance to 3,000, from 3,100 to 7,100 and from 8,000 on: attempts of 3,000 and 4,000 s are
    # lost, the first for nothing (EC2 User Guide, Billing for interrupted Spot Instances); the third, of 5,000 s, ends.
    market = SpotTrace((0.0, 3000.0, 3100.0, 7100.0, 8000.0), (1, 0, 1, 0, 1), 1e6)
    spot = instances_of(purchase_option="SPOT", spot_trace=market)
    recording, paid = ran(work([0], 5000, attempts=3), spot, spot={"notice": 0})
    assert by_job(recording, "starting_at") == [0, 3100, 8000]
    assert paid == {"rework": 4000, "useful": 5000}


def test_a_minimum_is_idle_but_for_what_runs_on_it():
    # Two instances for 1,000 s, of which a job uses 100 s.
    _, paid = ran(work([300], 100), instances_of(min_vcpus=4), duration_s=1000)
    assert paid == {"idle": 1900, "useful": 100}


def test_room_beside_a_job_is_idle_and_stranded_while_what_waits_is_too_large_for_it():
    # One instance. A job of 1 vCPU and half the memory takes half of it from 0 to 200; from 50 on one of 2 vCPUs waits:
    # 50 s of half an instance are idle, 150 s stranded.
    small = {"memory_mib": 2000}
    recording, paid = ran(work([0, 50], [200, 100], [1, 2], **small), instances_of(max_vcpus=2))
    share = (9 * 1 + 2000 / 1024) / (9 * 2 + 4000 / 1024)
    of_two = (9 * 2 + 2000 / 1024) / (9 * 2 + 4000 / 1024)
    assert by_job(recording, "starting_at") == [0, 200]
    assert paid["useful"] == pytest.approx(200 * share + 100 * of_two, abs=1e-5)
    assert paid["stranded"] == pytest.approx(150 * (1 - share), abs=1e-5)
    assert paid["idle"] == pytest.approx(50 * (1 - share) + 100 * (1 - of_two), abs=1e-5)


def test_jobs_overflow_to_the_dearer_environment_and_come_back():
    # The first environment has one instance; the second, twice as dear, as many as it takes. Jobs of 100 s at 0, 10 and
    # 20: one here, two there. At 150 the first is free again, and those there are gone.
    dear = instances_of(name="dear", offerings=(replace(KIND, price_usd_per_hour=0.72),))
    recording, paid = ran(work([0, 10, 20, 150], 100), instances_of(name="cheap", max_vcpus=2), dear)
    assert by_job(recording, "environment") == [0, 1, 1, 0]
    assert by_job(recording, "starting_at") == [0, 10, 20, 150]
    assert paid == {"useful": 100 + 2 * 100 + 2 * 100 + 100}


def test_an_array_s_barrier_is_paid_idle_where_instances_wait_for_it():
    # Three children of 100, 200 and 300 s on three instances that are kept for 500 s when idle; the job behind the
    # array runs from 300 to 400 on one of them, the first launched. The others go at 700 and 800.
    edges = [(4, 0), (4, 1), (4, 2), (3, 4)]
    recording, paid = ran(
        work([0] * 4, [100, 200, 300, 100], waits_for=edges, parents=1),
        instances_of(),
        scheduler={"scaleDownIdle": 500.0},
    )
    assert by_job(recording, "starting_at") == [0, 0, 0, 300]
    assert sorted(recording.instances.terminated_at.tolist()) == [700, 800, 900]
    assert paid == {"useful": 700, "idle": 700 + 800 + 900 - 700}


def test_two_queues_on_one_fleet_from_the_first_job_to_the_last():
    # Two instances. Low: four jobs of 100 s at 0; high: two jobs of 100 s at 50. At 100 both instances go to high.
    groups = [JobGroup("work", name, "definition") for name in ("low", "high")]
    queues = [JobQueue("low", 1, True, ("fleet",)), JobQueue("high", 9, True, ("fleet",))]
    made = work([0] * 4 + [50] * 2, 100, groups=groups, group=[0] * 4 + [1] * 2)
    recording, paid = ran(made, instances_of(max_vcpus=4), queues=queues)
    assert by_job(recording, "starting_at") == [0, 0, 200, 200, 100, 100]
    assert np.all(recording.instances.terminated_at == 300)
    assert paid == {"useful": 600}


def test_a_boot_that_nobody_needed_any_more():
    # Two instances are asked for at 0 and register at 100; the job that one was for is cancelled at 60. It is paid from
    # 0 on, and goes when it has been idle for 30 s; the other runs its job to 200.
    groups = [JobGroup(name, "queue", "definition") for name in ("kept", "cancelled")]
    recording, paid = ran(
        work([0, 0], 100, groups=groups, group=[0, 1]),
        instances_of(),
        updates=Updates((cancel(60, workflow="cancelled"),)),
        ec2={"register": 100.0},
        scheduler={"scaleDownIdle": 30.0},
    )
    assert sorted(recording.instances.terminated_at.tolist()) == [130, 230]
    assert paid == {"boot": 200, "useful": 100, "idle": 30 + 30}


def test_what_a_job_waits_for_is_judged_anew_when_its_queue_has_other_environments():
    # Both processors are busy to 1,000: the job of 10 waits for the limit. From 100 on its queue has a fleet instead,
    # for which there is no capacity until 500; then it starts.
    queue = JobQueue("queue", 1, True, ("servers",))
    after = replace(queue, environments=("fleet",))
    closed = {"pools": [{"schedule": [{"at": 0, "vcpus": 0}, {"at": 500, "vcpus": 2}]}]}
    made, environments = work([0, 10], [1000, 50]), (servers(2), instances_of())
    recording = changed(made, *environments, queues=[queue], changes=[(100, after)], capacity=closed)
    assert by_job(recording, "starting_at") == [0, 500]
    waits = Outcome(made, configuration(*environments, queues=[queue]), recording).waits.of(np.arange(2))
    assert {cause: seconds[1] for cause, seconds in waits.items() if seconds[1]} == {"limit": 90, "capacity": 400}
