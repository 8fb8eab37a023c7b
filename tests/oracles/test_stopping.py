"""From SIGTERM to the end of an attempt: as long as its containers take, and no longer than stopTimeout.

AWS Batch User Guide, *Job timeouts* (SIGTERM, SIGKILL after 30 s); API ``TaskContainerProperties.stopTimeout``; ECS,
*Fargate Spot termination notices* (SIGTERM comes with the two-minute warning).
"""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.spec.configuration import ComputeEnvironment
from tests.builders import definition, job, scenario, workflow
from tests.worlds import by_job, jobs, run, servers

ASKED = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]


def task(*stop_timeouts: int | None, **members) -> dict:
    """A definition whose task has a container for each; None does not say."""
    stated = [{} if seconds is None else {"stopTimeout": seconds} for seconds in stop_timeouts]
    containers = [
        {"name": f"c{n}", "image": "busybox", "essential": n == 0, "resourceRequirements": ASKED, **each}
        for n, each in enumerate(stated)
    ]
    made = {
        "jobDefinitionName": "task",
        "type": "container",
        "ecsProperties": {"taskProperties": [{"containers": containers}]},
    }
    return {**made, "timeout": {"attemptDurationSeconds": 60}, **members}


@pytest.mark.parametrize(
    ("made", "stop", "ended_at"),
    [
        # A container that ends 2 s after SIGTERM does so whatever it might take.
        (task(10), 2, 60 + 2),
        (task(None), 2, 60 + 2),
        # One that does not listen is killed: after its own time, or after 30 s.
        (task(10), 50, 60 + 10),
        (task(100), 50, 60 + 50),
        (task(100), 200, 60 + 100),
        (task(None), 50, 60 + 30),
        (definition(timeout={"attemptDurationSeconds": 60}), 50, 60 + 30),
        # The last of a task's containers ends it.
        (task(10, 40), 50, 60 + 40),
        (task(10, None), 50, 60 + 30),
    ],
)
def test_a_timeout_ends_an_attempt_when_its_containers_have_stopped(made, stop, ended_at):
    result = bs.run(scenario(workflow(job(runtime=600)), definitions=[made], settings={"scheduler": {"stop": stop}}))
    assert list(result.jobs["stopped_at"]) == [ended_at]
    assert list(result.jobs["exit_code"]) == [137]


def test_the_containers_of_all_nodes_have_to_stop():
    ranges = [
        {"targetNodes": f"{node}", "ecsProperties": task(seconds)["ecsProperties"]}
        for node, seconds in enumerate((5, 20))
    ]
    nodes = {"numNodes": 2, "mainNode": 0, "nodeRangeProperties": ranges}
    made = {
        "jobDefinitionName": "task",
        "type": "multinode",
        "nodeProperties": nodes,
        "timeout": {"attemptDurationSeconds": 60},
    }
    result = bs.run(scenario(workflow(job(runtime=600)), definitions=[made], settings={"scheduler": {"stop": 50}}))
    assert list(result.jobs["stopped_at"]) == [60 + 20]


def test_an_engine_s_job_is_killed_after_30_s():
    recording = run(jobs([0], 600, timeout_s=100.0), servers(1), scheduler={"stop": 45})
    assert by_job(recording, "stopped_at") == [100 + 30]


@pytest.mark.parametrize(
    ("stop", "stop_timeout_s", "notice", "after_s"),
    [(2, 30.0, 120, 2), (45, 30.0, 120, 30), (45, 90.0, 120, 45), (200, 120.0, 120, 120), (45, 30.0, 0, 0)],
)
def test_a_fargate_spot_task_ends_after_its_warning_as_soon_as_its_containers_do(stop, stop_timeout_s, notice, after_s):
    spot = ComputeEnvironment("spot", "FARGATE_SPOT", True, 64, interruptions_per_hour=1.0)
    settings = {"scheduler": {"stop": stop}, "spot": {"notice": notice}}
    workload = jobs([0], 1e6, stop_timeout_s=stop_timeout_s)
    # The same random number as with nothing to wait for: the warning comes at the same instant.
    warned_at = by_job(run(jobs([0], 1e6), spot), "stopped_at")[0]
    assert by_job(run(workload, spot, **settings), "stopped_at") == [pytest.approx(warned_at + after_s)]


def test_what_would_have_ended_before_it_is_killed_succeeds():
    spot = ComputeEnvironment("spot", "FARGATE_SPOT", True, 64, interruptions_per_hour=1.0)
    warned_at = by_job(run(jobs([0], 1e6), spot), "stopped_at")[0]
    recording = run(jobs([0], warned_at + 10), spot, scheduler={"stop": 20})
    assert by_job(recording, "exit_code") == [0]
