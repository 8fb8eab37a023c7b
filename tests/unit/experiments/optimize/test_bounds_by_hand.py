"""Bounds worked by hand: what is done of each resource, by whom, and where nothing is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.experiments.optimize import bounds
from batchsim.experiments.optimize.bounds import Bounds, shortest_success_s
from batchsim.experiments.optimize.configurations import Configurations
from batchsim.experiments.parameters import grid_of
from batchsim.scenario.scenario import Scenario
from batchsim.spec.objectives import parse_objective
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow

RESOURCES = "batch.computeEnvironments.fleet.computeResources"


def is_excluded(made: Scenario, *texts: str) -> bool:
    found = Bounds(made, [parse_objective(text) for text in texts], made.seed)
    return found.of(made.configuration) is not None


def servers(vcpus: int, *jobs, **more) -> Scenario:
    return scenario(workflow(*jobs), environments=[unmanaged(vcpus)], duration=60, **more)


def split(limit_s: float, of: str) -> tuple[str, str]:
    """An objective just below and just above what is possible."""
    return f"{of} <= {limit_s - 1:g}s", f"{of} <= {limit_s + 1:g}s"


def gpu_jobs(**resources) -> Scenario:
    made = definition(vcpus="1", memory="1024")
    made["containerProperties"]["resourceRequirements"].append({"type": "GPU", "value": "1"})
    return scenario(
        workflow(job(runtime=100, arrayProperties={"size": 12})),
        environments=[environment(allocationStrategy="BEST_FIT", **resources)],
        definitions=[made],
        duration=60,
    )


def test_gpus_are_capacity_whatever_vcpus_are_left():
    # g4dn.xlarge has 4 vCPUs and one GPU: of 16 vCPUs four jobs hold a GPU at once, 12 take 300 s.
    made = gpu_jobs(instanceTypes=["g4dn.xlarge"], maxvCpus=16)
    below, above = split(300, "makespan")
    assert is_excluded(made, below)
    assert not is_excluded(made, above)
    # A strategy that passes the limit by an instance less one vCPU has 19 vCPUs: 4.75 GPUs, 252.6 s.
    passing = made.with_({f"{RESOURCES}.allocationStrategy": "BEST_FIT_PROGRESSIVE"})
    below, above = split(12 * 100 / 4.75, "makespan")
    assert is_excluded(passing, below)
    assert not is_excluded(passing, above)


def test_an_arrival_has_all_capacity_to_itself_and_another_one_its_own_time():
    """10 jobs of 60 s on 4 vCPUs each hour: 150 s for each arrival, whatever the others do."""
    made = scenario(
        workflow(job(runtime=60, arrayProperties={"size": 10}), arrivals={"every": "1h"}),
        environments=[unmanaged(4)],
        duration="3h",
        start="2026-01-05T00:00:00Z",
    )
    for end_s, of in ((150, "min"), (3600 + 150, "p50"), (2 * 3600 + 150, "max")):
        below, above = split(end_s, f"{of}(finished_at)")
        assert is_excluded(made, below)
        assert not is_excluded(made, above)
    # The last of 30 jobs comes after two hours.
    below, above = split(2 * 3600 + 60, "makespan")
    assert is_excluded(made, below)
    assert not is_excluded(made, above)


def test_a_time_of_day_is_bounded_by_the_run_that_is_due_last():
    made = scenario(
        workflow(job(runtime=3600), arrivals={"cron": "0 2 * * *"}),
        environments=[unmanaged(1)],
        duration="1d",
        start="2026-01-05T00:00:00Z",
    )
    assert is_excluded(made, "max(finished_at) <= 02:59")
    assert not is_excluded(made, "max(finished_at) <= 03:01")


def two_queues() -> Scenario:
    """An hour of work in one queue, a minute in the other; each has four processors of its own."""
    return scenario(
        workflow(
            {**job("long", 3600), "jobQueue": "first"},
            {**job("short", 60), "jobQueue": "second"},
        ),
        environments=[unmanaged(4, "one"), unmanaged(4, "two")],
        queues=[queue("first", "one"), queue("second", "two")],
        duration=60,
    )


def test_an_objective_is_about_its_own_jobs():
    made = two_queues()
    assert is_excluded(made, "max(turnaround) <= 10m")
    assert is_excluded(made, "max(turnaround, jobQueue=first) <= 10m")
    assert not is_excluded(made, "max(turnaround, jobQueue=second) <= 10m")
    assert is_excluded(made, "max(turnaround, jobName=short) <= 59s")


def test_which_objective_can_not_be_kept_is_said():
    texts = ["p95(queue_time) <= 1h", "cost <= 0", "makespan <= 59m"]
    found = Bounds(two_queues(), [parse_objective(text) for text in texts], 0).of(two_queues().configuration)
    assert found is not None
    assert found.objective == 2


@pytest.mark.parametrize("text", ["utilisation >= 100%", "max(queue_time) >= 1h", "failed <= 0", "makespan >= 1s"])
def test_of_floors_and_counts_nothing_is_said(text):
    assert not is_excluded(servers(1, job(runtime=60, arrayProperties={"size": 50})), text)


def test_capacity_of_environments_that_are_disabled_is_none():
    jobs = workflow(job(runtime=60, arrayProperties={"size": 16}))
    fleets = [unmanaged(4, "one"), unmanaged(4, "two")]
    both = scenario(jobs, environments=fleets, duration=60)
    half = scenario(jobs, environments=[fleets[0], {**fleets[1], "state": "DISABLED"}], queues=[queue("queue", "one", "two")], duration=60)  # fmt: skip  # noqa: E501
    for made, least_s in ((both, 120), (half, 240)):
        below, above = split(least_s, "makespan")
        assert is_excluded(made, below)
        assert not is_excluded(made, above)


# Queue times: within limit + longest job + a minute


def test_jobs_that_a_timeout_ends_hold_their_place_no_longer():
    # 100 jobs on 4 processors, each of them ended after a minute: 4 x (600 + 60 + 60) / 60 = 48 start in time.
    jobs = job(runtime=6000, arrayProperties={"size": 100})
    short = [definition(timeout={"attemptDurationSeconds": 60})]
    assert is_excluded(servers(4, jobs, definitions=short), "p50(queue_time) <= 10m")
    # 51 are p50 and all that is below it: from 4 x (645 + 120) / 60 = 51 on nothing is said.
    assert not is_excluded(servers(4, jobs, definitions=short), "p50(queue_time) <= 646s")
    assert is_excluded(servers(4, jobs), "p50(queue_time) <= 10m")


def test_jobs_that_fail_to_start_hold_nothing():
    jobs = job(runtime=60, arrayProperties={"size": 100}, failure={"probability": 1, "toStart": True})
    assert not is_excluded(servers(4, jobs), "p50(queue_time) <= 10m")


def test_of_jobs_that_wait_for_others_nothing_is_known():
    many = job("many", 60, arrayProperties={"size": 100}, dependsOn=[{"jobName": "first"}])
    made = servers(4, job("first"), many)
    assert not is_excluded(made, "p95(queue_time, jobName=many) <= 10m")
    alone = servers(4, job("first"), {**many, "dependsOn": []})
    assert is_excluded(alone, "p95(queue_time, jobName=many) <= 10m")


def test_where_spot_instances_may_be_taken_back_nothing_is_said_of_waiting():
    jobs = workflow(job(runtime=60, arrayProperties={"size": 300}))
    spot = environment(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", maxvCpus=4)
    for rate, excluded in ((0, True), (0.1, False)):
        made = scenario(jobs, environments=[spot], duration=60, settings={"spot": {"interruptions": {"ratePerHour": rate}}})  # fmt: skip  # noqa: E501
        assert is_excluded(made, "p95(queue_time) <= 10m") is excluded


def test_jobs_of_two_arrivals_hours_apart_do_not_wait_for_each_other():
    # 100 jobs of a minute every four hours: the arrivals together have all night, each has its own ten minutes.
    made = scenario(
        workflow(job(runtime=60, arrayProperties={"size": 100}), arrivals={"every": "4h"}),
        environments=[unmanaged(4)],
        duration="1d",
    )
    assert is_excluded(made, "p95(queue_time) <= 10m")
    assert not is_excluded(made, "p95(queue_time) <= 30m")


# Attempts


def test_jobs_that_may_be_tried_again_too_often_to_be_drawn_take_no_time(monkeypatch):
    retried = [definition(retryStrategy={"attempts": 3})]
    jobs = job(runtime=60, arrayProperties={"size": 10})
    made = servers(4, jobs, definitions=retried)
    below, _ = split(150, "makespan")
    assert is_excluded(made, below)
    monkeypatch.setattr(bounds, "MOST_DRAWN", 19)  # 10 jobs of two more attempts each
    assert not is_excluded(made, below)
    assert shortest_success_s(build_workload(made)).tolist() == [0.0] * 10
    monkeypatch.setattr(bounds, "MOST_DRAWN", 20)
    assert is_excluded(made, below)


def test_a_job_that_never_succeeds_takes_no_time():
    made = servers(1, job(runtime=100, failure={"probability": 1, "exitCode": 1}))
    assert shortest_success_s(build_workload(made)).tolist() == [0.0]


# Many configurations


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 2, 4, 8, 16]), st.sampled_from(["c6i", "r6i", "m6i"])), min_size=2, max_size=6
    ),
    st.sampled_from(["makespan", "p95(queue_time)", "max(finished_at)"]),
    st.integers(60, 2400),
)
def test_a_bound_does_not_depend_on_which_configurations_were_asked_before(several, metric, limit):
    made = scenario(
        workflow(job(runtime=100, arrayProperties={"size": 40})),
        definitions=[definition(vcpus="1", memory="3500")],
        duration=60,
    )
    text = parse_objective(f"{metric} <= {limit}s")
    one_after_the_other = Bounds(made, [text], made.seed)
    for most, family in several:
        changed = made.with_({f"{RESOURCES}.maxvCpus": most, f"{RESOURCES}.instanceTypes": [f"{family}.large"]})
        alone = Bounds(made, [text], made.seed).of(changed.configuration)
        assert (one_after_the_other.of(changed.configuration) is None) == (alone is None)


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([16, 32, 64], 2),
        ([16, 32], None),
        ({"choices": {"small": {f"{RESOURCES}.minvCpus": 0, f"{RESOURCES}.maxvCpus": 16}}}, None),
        ({"choices": {"other": {f"{RESOURCES}.minvCpus": 8, f"{RESOURCES}.maxvCpus": 64},
                      "same": {f"{RESOURCES}.minvCpus": 0, f"{RESOURCES}.maxvCpus": 64}}}, 1),
    ],
    ids=["a value", "none of them", "a part of a choice", "a whole choice"],
)  # fmt: skip
def test_which_candidate_is_the_scenario_as_it_was_written(values, written):
    path = "size" if isinstance(values, dict) else f"{RESOURCES}.maxvCpus"
    made = scenario(search={path: values}, objectives=["cost <= 5"], duration=60)
    assert Configurations(made, grid_of(made, "search"), None, made.seed).written() == written
