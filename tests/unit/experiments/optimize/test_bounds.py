"""Bounds: what is excluded misses its objective when it is simulated, however the scenario looks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from batchsim.experiments.optimize.bounds import REPLICATIONS, Bounds, shortest_success_s
from batchsim.experiments.optimize.configurations import Configurations
from batchsim.experiments.parameters import grid_of
from batchsim.experiments.run import run_once
from batchsim.scenario.scenario import Scenario
from batchsim.spec.objectives import parse_objective
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, job, scenario, unmanaged, workflow


def bounded(made: Scenario, *texts: str):
    return Bounds(made, [parse_objective(text) for text in texts], made.seed).of(made.configuration)


def with_jobs(*jobs, vcpus: int = 4, objectives=(), **more) -> Scenario:
    return scenario(workflow(*jobs), environments=[unmanaged(vcpus)], objectives=list(objectives), duration=60, **more)


def test_a_job_that_nothing_holds_is_a_bound():
    made = scenario(definitions=[definition(vcpus="3")], environments=[environment(instanceTypes=["c6i.large"])])
    found = bounded(made, "p95(queue_time) <= 1h")
    assert found.objective == 0
    assert "can ever hold" in found.why or "hold" in found.why


def test_work_above_capacity_until_the_deadline_is_a_bound_and_less_is_none():
    # 10 jobs of 60 s on 4 processors: 150 s of work for each, the last ends at 180 s.
    jobs = job(runtime=60, arrayProperties={"size": 10})
    assert bounded(with_jobs(jobs), "max(finished_at) <= 149s") is not None
    assert bounded(with_jobs(jobs), "max(finished_at) <= 151s") is None
    assert bounded(with_jobs(jobs), "makespan <= 149s") is not None


def test_the_critical_path_beyond_the_deadline_is_a_bound():
    chain = [job("a", 100), job("b", 50, dependsOn=[{"jobName": "a"}])]
    assert bounded(with_jobs(*chain, vcpus=100), "max(finished_at) <= 149s") is not None
    assert bounded(with_jobs(*chain, vcpus=100), "max(finished_at) <= 151s") is None
    assert bounded(with_jobs(*chain, vcpus=100), "max(turnaround) <= 149s") is not None
    # Half of the jobs are there after 100 s.
    assert bounded(with_jobs(*chain, vcpus=100), "min(turnaround) <= 99s") is not None
    assert bounded(with_jobs(*chain, vcpus=100), "min(turnaround) <= 101s") is None


def test_memory_is_capacity_too():
    # Each takes all the memory of the type: two at a time on maxvCpus 4, whatever vCPUs are left.
    made = scenario(
        workflow(job(runtime=100, arrayProperties={"size": 8})),
        definitions=[definition(vcpus="1", memory="3500")],
        environments=[environment(maxvCpus=4, allocationStrategy="BEST_FIT")],
        duration=60,
    )
    # 8 jobs, 3,500 MiB of at most 3,9xx MiB for 2 vCPUs each: 4 vCPUs hold two of them: 400 s at least, less the slack.
    assert bounded(made, "makespan <= 300s") is not None
    assert bounded(made, "makespan <= 500s") is None


def test_work_above_capacity_of_jobs_that_are_to_start_soon_is_a_bound():
    # 100 jobs of 60 s on 4 processors. Within 10 min, the longest job and a minute: 4 x 720 / 60 = 48 can start.
    jobs = job(runtime=60, arrayProperties={"size": 100})
    assert bounded(with_jobs(jobs), "max(queue_time) <= 10m") is not None
    assert bounded(with_jobs(jobs), "p95(queue_time) <= 10m") is not None
    assert bounded(with_jobs(jobs), "p50(queue_time) <= 10m") is not None
    # 51 of 100 can: 50 that p50 is above, and the one that it is.
    assert bounded(with_jobs(jobs), "p50(queue_time) <= 11m") is None
    assert bounded(with_jobs(jobs), "mean(queue_time) <= 1s") is None
    # An overload that goes on: a job of two minutes each minute on one processor, for four hours.
    many = scenario(
        workflow(job(runtime=120), arrivals={"every": "1m"}), environments=[unmanaged(1)], duration=4 * 3600
    )
    assert bounded(many, "p95(queue_time) <= 1h") is not None
    assert bounded(many, "p95(queue_time) <= 5h") is None


def test_where_jobs_may_fail_nothing_is_said():
    jobs = job(runtime=60, arrayProperties={"size": 10})
    assert bounded(with_jobs(jobs), "max(finished_at) <= 149s", "failed <= 10%") is None


def test_later_attempts_may_be_shorter():
    made = with_jobs(
        job(runtime={"uniform": {"min": 10, "max": 100}}, failure={"probability": 0.5, "exitCode": 1}),
        definitions=[definition(retryStrategy={"attempts": 5})],
    )
    workload = build_workload(made)
    drawn = [(float(workload.runtime_s[0]), int(workload.exit_code[0]))]
    drawn += [workload.later_attempt(0, number) for number in range(2, 6)]
    assert shortest_success_s(workload)[0] == min(runtime for runtime, code in drawn if code == 0)


METRICS = [
    *("max(finished_at)", "p50(finished_at)", "makespan", "max(turnaround)", "mean(turnaround)"),
    *("max(queue_time)", "p95(queue_time)", "p50(queue_time)"),
]


@given(
    sizes=st.lists(st.tuples(st.integers(1, 12), st.integers(5, 300)), min_size=1, max_size=3),
    vcpus=st.sampled_from(["1", "2"]),
    memory=st.sampled_from(["1000", "3000"]),
    most=st.sampled_from([2, 4, 8]),
    kind=st.sampled_from(["EC2", "SPOT", "UNMANAGED", "FARGATE"]),
    limit=st.integers(5, 1500),
    metric=st.sampled_from(METRICS),
    attempts=st.integers(1, 3),
    chained=st.booleans(),
)
def test_what_is_excluded_misses_its_objective_when_it_is_simulated(
    sizes, vcpus, memory, most, kind, limit, metric, attempts, chained
):
    jobs = []
    for number, (size, seconds) in enumerate(sizes):
        more = {"dependsOn": [{"jobName": f"job{number - 1}"}]} if chained and number else {}
        runtime = {"uniform": {"min": seconds / 2, "max": seconds}}
        array = {"arrayProperties": {"size": size}} if size > 1 else {}
        failure = {"failure": {"probability": 0.2, "exitCode": 1, "after": 1}} if attempts > 1 else {}
        jobs.append(job(f"job{number}", runtime, **array, **more, **failure))
    resources = {"maxvCpus": most, "instanceTypes": ["c6i.large", "m6i.large"]}
    if kind == "SPOT":
        resources |= {"type": "SPOT", "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"}
    where = unmanaged(most) if kind == "UNMANAGED" else environment(**{"type": kind, **resources})
    definitions = [definition(vcpus=vcpus, memory=memory, retryStrategy={"attempts": attempts})]
    if kind == "FARGATE":
        shape = {"platformCapabilities": ["FARGATE"], "retryStrategy": {"attempts": attempts}}
        definitions = [definition(vcpus=vcpus, memory="4096", **shape)]
        definitions[0]["containerProperties"]["executionRoleArn"] = "arn:aws:iam::123456789012:role/x"
    text = f"{metric} <= {limit}s"
    made = scenario(
        workflow(*jobs, arrivals={"every": "40s"}),
        environments=[where],
        definitions=definitions,
        duration=100,
        objectives=[text],
        settings={"spot": {"interruptions": {"ratePerHour": 5}}} if kind == "SPOT" else None,
    )
    is_excluded = bounded(made, text) is not None
    event(f"excluded: {is_excluded}")
    for replication in range(REPLICATIONS if is_excluded else 0):
        entry = run_once(made, made.seed, replication).summary["objectives"][0]
        assert entry["kept"] is False


def test_a_job_above_the_limit_may_find_room_on_an_instance_that_passes_it():
    # maxvCpus 3 is passed by the one instance of 16 that is launched for the small jobs, which the large one fits on.
    text = "max(queue_time) <= 1h"
    made = scenario(
        workflow(job("small", arrayProperties={"size": 3}), {**job("large"), "jobDefinition": "large"}),
        environments=[environment(maxvCpus=3, instanceTypes=["c6i.4xlarge"])],
        definitions=[definition(), definition("large", vcpus="4")],
        duration=60,
        objectives=[text],
    )
    assert run_once(made, made.seed, 0).summary["objectives"][0]["kept"]
    assert bounded(made, text) is None
    # BEST_FIT passes no limit.
    strict = made.with_({"batch.computeEnvironments.fleet.computeResources.allocationStrategy": "BEST_FIT"})
    assert not run_once(strict, strict.seed, 0).summary["objectives"][0]["kept"]
    assert bounded(strict, text) is not None
    # Where there may be none, none is launched that passes the limit.
    closed = made.with_({"batch.computeEnvironments.fleet.computeResources.maxvCpus": 0})
    assert bounded(closed, text) is not None


def excluded(made: Scenario) -> set[int]:
    """Which candidates of a scenario's search a bound excludes; nothing is simulated."""
    return set(Configurations(made, grid_of(made, "search"), None, made.seed).excluded)


def test_a_bound_is_that_of_the_candidates_own_jobs(tmp_path):
    # Arrivals of an hour take more than 20 minutes, those of ten minutes less; the scenario as written has an hour's.
    every_minute = scenario(
        workflow(job(runtime=60), arrivals={"every": "1m"}),
        environments=[unmanaged(4)],
        duration=3600,
        objectives=["makespan <= 20m"],
        search={"duration": {"values": ["1h", "10m"]}},
    )
    assert excluded(every_minute) == {0}
    # What a trace does not say its definition does: jobs of 4 vCPUs on 4 take turns, those of one do not.
    (tmp_path / "jobs.csv").write_text("job_name,submitted_at,runtime_s\n" + "a,0,600\n" * 4)
    path = "batch.jobDefinitions.task.containerProperties.resourceRequirements.VCPU.value"
    made = scenario(
        {"trace": {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}},
        environments=[unmanaged(4)],
        definitions=[definition(vcpus="4")],
        base=tmp_path,
        duration=60,
        objectives=["makespan <= 20m"],
        search={path: {"values": ["4", "1"]}},
    )
    assert excluded(made) == {0}


def test_the_bound_of_capacity_is_near_what_perfect_packing_does():
    """It excludes something: jobs of one size that fill the processors all the time end at the bound."""
    made = with_jobs(job(runtime=60, arrayProperties={"size": 8}), objectives=["makespan <= 1h"])
    value = run_once(made, made.seed, 0).summary["objectives"][0]["value"]
    assert value == pytest.approx(120)
    assert bounded(made, f"makespan <= {value - 1:g}s") is not None
    assert np.isfinite(value)
