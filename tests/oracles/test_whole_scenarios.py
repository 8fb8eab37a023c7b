"""Scenarios in AWS's own shapes, from the request to the figure: what the engine's tests do not go through."""

from __future__ import annotations

import math

import numpy as np
import pytest

import batchsim as bs
from batchsim.catalog.spot_advisor import spot_advice
from batchsim.scenario.loading import from_mapping, loads
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow

C6I_LARGE = 0.085


def requirements(vcpus: int, memory: int) -> list[dict]:
    return [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": str(memory)}]


def made(batch: dict, jobs: list[dict], **members) -> bs.Result:
    """A run of a batch section, every delay zero unless stated."""
    return bs.run(
        from_mapping(
            {
                "name": "test",
                "batch": batch,
                "workload": [workflow(*jobs)],
                "environment": {"preset": "ideal"},
                **members,
            }
        )
    )


def test_fair_share_from_the_request_to_the_order():
    batch = {
        "computeEnvironments": [unmanaged(1)],
        "schedulingPolicies": [
            {
                "name": "fair",
                "fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "big*", "weightFactor": 0.1}]},
            }
        ],
        "jobQueues": [{**queue("queue", "servers"), "schedulingPolicyArn": "fair"}],
        "jobDefinitions": [definition(schedulingPriority=3)],
    }
    jobs = [
        job("first", 100, shareIdentifier="small"),
        job("second", 100, shareIdentifier="small", schedulingPriorityOverride=1),
        job("third", 100, shareIdentifier="bigA"),
        job("fourth", 100, shareIdentifier="small"),
    ]
    result = made(batch, jobs).jobs.set_index("job_name")
    # All unused: the first job's share. Then bigA, unused; then small again, its higher priority first.
    assert result["starting_at"].to_dict() == {"first": 0, "third": 100, "fourth": 200, "second": 300}
    assert result["share_identifier"].to_dict()["third"] == "bigA"


def test_a_task_of_several_containers_asks_for_their_sum():
    task = {
        "jobDefinitionName": "task",
        "type": "container",
        "ecsProperties": {
            "taskProperties": [
                {
                    "containers": [
                        {"name": "main", "image": "a", "resourceRequirements": requirements(1, 1000)},
                        {
                            "name": "sidecar",
                            "image": "b",
                            "essential": False,
                            "resourceRequirements": requirements(1, 500),
                        },
                    ]
                }
            ]
        },
    }
    override = {"taskProperties": [{"containers": [{"name": "sidecar", "resourceRequirements": requirements(1, 700)}]}]}
    result = bs.run(
        scenario(workflow(job("plain"), job("more", ecsPropertiesOverride=override)), definitions=[task])
    ).jobs.set_index("job_name")
    assert result["vcpus"].to_dict() == {"plain": 2, "more": 2}
    assert result["memory_mib"].to_dict() == {"plain": 1500, "more": 1700}


NODES = {
    "jobDefinitionName": "task",
    "type": "multinode",
    "nodeProperties": {
        "numNodes": 3,
        "mainNode": 0,
        "nodeRangeProperties": [
            {"targetNodes": "0:", "container": {"image": "a", "resourceRequirements": requirements(1, 1000)}},
            {"targetNodes": "0:0", "container": {"image": "a", "resourceRequirements": requirements(2, 2000)}},
        ],
    },
}


def test_a_multi_node_job_is_billed_whole_instances():
    result = bs.run(scenario(workflow(job(runtime=3600)), definitions=[NODES]))
    row = result.jobs.iloc[0]
    # The main node's range is the narrower one: 2 + 1 + 1 vCPU.
    assert (row["vcpus"], row["memory_mib"], row["status"]) == (4, 4000, "SUCCEEDED")
    assert len(result.instances) == 3
    assert result.instances["jobs"].tolist() == [1, 1, 1]
    volume = 30 * 0.08 / 730
    assert row["cost_usd"] == pytest.approx(3 * (C6I_LARGE + volume))
    assert result.summary["cost_usd"]["by_purpose"]["idle"] == pytest.approx(0)


def test_the_number_of_nodes_is_overridden_at_submission():
    more = job(runtime=60, nodeOverrides={"numNodes": 5})
    assert len(bs.run(scenario(workflow(more), definitions=[NODES])).instances) == 5


def test_the_old_place_overrides_only_what_is_in_the_old_place():
    # API ContainerOverrides: vcpus and memory do not change what resourceRequirements say.
    old = {
        "jobDefinitionName": "old",
        "type": "container",
        "containerProperties": {"image": "a", "vcpus": 1, "memory": 500},
    }
    override = {"vcpus": 2, "memory": 700}
    jobs = [job("new", containerOverrides=override), job("old", jobDefinition="old", containerOverrides=override)]
    result = bs.run(scenario(workflow(*jobs), definitions=[definition(), old])).jobs.set_index("job_name")
    assert result["vcpus"].to_dict() == {"new": 1, "old": 2}
    assert result["memory_mib"].to_dict() == {"new": 1024, "old": 700}


def test_what_a_node_can_t_be_given_at_submission_is_refused():
    override = {"nodePropertyOverrides": [{"targetNodes": "0:", "instanceTypes": ["c6i.large"]}]}
    with pytest.raises(bs.ScenarioError, match="instanceTypes of single nodes is not simulated yet"):
        scenario(workflow(job(nodeOverrides=override)), definitions=[NODES])


def test_a_licence_from_the_request_to_the_wait():
    wants = {"consumableResourceList": [{"consumableResource": "licence", "quantity": 2}]}
    batch = {
        "computeEnvironments": [unmanaged(8)],
        "consumableResources": [{"consumableResourceName": "licence", "totalQuantity": 3}],
        "jobQueues": [queue("queue", "servers")],
        "jobDefinitions": [definition(consumableResourceProperties=wants)],
    }
    one = {"consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]}
    jobs = [job("a", 100), job("b", 100, consumableResourcePropertiesOverride=one), job("c", 100)]
    result = made(batch, jobs)
    assert result.jobs["starting_at"].tolist() == [0, 0, 100]
    assert result.summary["wait_s"]["limit"] == 100


def test_a_time_limit_from_the_request_to_the_reason():
    limit = {
        "reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        "state": "RUNNABLE",
        "maxTimeSeconds": 900,
        "action": "CANCEL",
    }
    batch = {
        "computeEnvironments": [environment()],
        "jobQueues": [{**queue("queue", "fleet"), "jobStateTimeLimitActions": [limit]}],
        "jobDefinitions": [definition(memory="900000"), definition("small")],
    }
    result = made(batch, [job("large"), job("next", 60, jobDefinition="small")]).jobs.set_index("job_name")
    assert result["status"].to_dict() == {"large": "FAILED", "next": "SUCCEEDED"}
    assert result.loc["large", "stopped_at"] == 900
    assert result.loc["large", "status_reason"].endswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
    assert result.loc["next", "starting_at"] == 900


def test_shares_of_a_trace(tmp_path):
    (tmp_path / "trace.csv").write_text(
        "job_name,submitted_at,runtime_s,share_identifier,scheduling_priority\n"
        "a,0,100,red,0\nb,1,100,red,0\nc,2,100,red,9\nd,3,100,blue,0\n"
    )
    batch = {
        "computeEnvironments": [unmanaged(1)],
        "schedulingPolicies": [{"name": "fair", "fairsharePolicy": {}}],
        "jobQueues": [{**queue("queue", "servers"), "schedulingPolicyArn": "fair"}],
        "jobDefinitions": [definition()],
    }
    entry = {"format": "csv", "path": "trace.csv", "jobQueue": "queue", "jobDefinition": "task"}
    values = {"name": "test", "batch": batch, "workload": [{"trace": entry}], "environment": {"preset": "ideal"}}
    result = bs.run(from_mapping(values, base=tmp_path)).jobs.set_index("job_name")
    assert result["starting_at"].to_dict() == {"a": 0, "d": 100, "c": 200, "b": 300}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bucket", "low", "high"), [(0, 0.0, 0.05), (1, 0.05, 0.10), (2, 0.10, 0.15), (3, 0.15, 0.20), (4, 0.20, 1.0)]
)
def test_a_month_of_spot_is_interrupted_as_often_as_its_bucket_says(bucket, low, high):
    # An instance that is always busy, a month long, 200 replications of 20: the share that is interrupted in it.
    kinds = [
        name
        for name, advice in spot_advice("us-east-1").items()
        if advice.bucket == bucket and name.endswith(".large") and name[:2] in {"c5", "c6", "m5", "m6", "r5", "r6"}
    ]
    month = 730 * 3600
    fleet = environment(type="SPOT", allocationStrategy="BEST_FIT_PROGRESSIVE", maxvCpus=40, instanceTypes=kinds[:1])
    busy = job(runtime=month, arrayProperties={"size": 20}, jobDefinition="task")
    built = scenario(
        workflow(busy),
        environments=[fleet],
        definitions=[definition(vcpus="2", memory="2048")],
        settings={"spot": {"interruptions": "advisor", "hazardScale": 1}},
    )
    interrupted = [
        bs.run(built, seed=seed).attempts["status_reason"].str.startswith("Host EC2").sum() / 20 for seed in range(200)
    ]
    mean, error = float(np.mean(interrupted)), float(np.std(interrupted)) / math.sqrt(200)
    assert low < mean < high
    assert error < 0.01


def licensed_nodes(nodes: int, *ranges: tuple[str, int]) -> dict:
    """A multi-node definition whose ranges ask for so many licences a node."""
    entries = [
        {
            "targetNodes": target,
            "container": {"image": "a", "resourceRequirements": requirements(1, 1000)},
            "consumableResourceProperties": {
                "consumableResourceList": [{"consumableResource": "licence", "quantity": quantity}]
            },
        }
        for target, quantity in ranges
    ]
    properties = {"numNodes": nodes, "mainNode": 0, "nodeRangeProperties": entries}
    return {"jobDefinitionName": "task", "type": "multinode", "nodeProperties": properties}


@pytest.mark.parametrize(
    ("definition", "override", "starts"),
    [
        # Two jobs of two nodes, a licence a node: both at once; of four nodes: one after the other.
        (licensed_nodes(2, ("0:", 1)), {}, [0, 0]),
        (licensed_nodes(2, ("0:", 1)), {"nodeOverrides": {"numNodes": 4}}, [0, 100]),
        # Of nested ranges the narrower holds (API NodeRangeProperty.targetNodes): 3 × 0 + 2 = 2 licences a job.
        (licensed_nodes(4, ("0:", 0), ("0:0", 2)), {}, [0, 0]),
        (licensed_nodes(4, ("0:", 1), ("0:0", 0)), {}, [0, 100]),
    ],
)
def test_each_node_asks_for_what_its_range_says(definition, override, starts):
    batch = {
        "computeEnvironments": [environment()],
        "consumableResources": [{"consumableResourceName": "licence", "totalQuantity": 4}],
        "jobQueues": [queue("queue", "fleet")],
        "jobDefinitions": [definition],
    }
    result = made(batch, [job("a", 100, **override), job("b", 100, **override)])
    assert sorted(result.jobs["starting_at"]) == starts


def test_retries_are_decided_by_what_the_container_s_end_was():
    # API EvaluateOnExit: the first entry whose conditions all match; here each job always fails in its own way.
    rules = [
        {"onReason": "CannotPullContainer*", "action": "RETRY"},
        {"onStatusReason": "Task failed to start", "action": "EXIT"},
        {"onExitCode": "13*", "onReason": "OutOfMemory*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ]
    batch = {
        "computeEnvironments": [unmanaged(8)],
        "jobQueues": [queue("queue", "servers")],
        "jobDefinitions": [definition(retryStrategy={"attempts": 3, "evaluateOnExit": rules})],
    }
    always = {"probability": 1}
    pull, memory = "CannotPullContainerError: denied", "OutOfMemoryError: Container killed due to memory usage"
    jobs = [
        job("pull", 60, failure={**always, "toStart": True, "reason": pull}),
        job("init", 60, failure={**always, "toStart": True, "reason": "DockerTimeoutError"}),
        job("memory", 60, failure={**always, "exitCode": 137, "reason": memory, "after": 20}),
        job("code", 60, failure={**always, "exitCode": 139, "reason": "Error"}),
        job("none", 60, failure={**always, "exitCode": 13}),
    ]
    environment = {"preset": "ideal", "image": {"containerStart": 5}}
    result = made(batch, jobs, environment=environment)
    table = result.jobs.set_index("job_name")
    assert table["attempts"].to_dict() == {"pull": 3, "init": 1, "memory": 3, "code": 1, "none": 1}
    # What fails to start does so when it would have started, and never was RUNNING.
    assert table["stopped_at"].to_dict() == {"pull": 3 * 5, "init": 5, "memory": 3 * (5 + 20), "code": 65, "none": 65}
    assert table["started_at"].isna().to_dict() == {
        "pull": True, "init": True, "memory": False, "code": False, "none": False
    }  # fmt: skip
    assert table["exit_code"].isna().sum() == 2
    assert table.loc["pull", "status_reason"] == "Task failed to start"
    # The scenario as it was run says the same.
    again = bs.run(loads(result.scenario.to_yaml()))
    assert again.jobs.equals(result.jobs)


def warned(batch: dict, *jobs: dict) -> dict[str, str]:
    """The warnings of a scenario, by code."""
    return {finding.code: finding.message for finding in from_mapping(
        {"name": "test", "batch": batch, "workload": [workflow(*jobs)]}).warnings}  # fmt: skip


def test_a_job_that_a_reservation_keeps_for_long_is_told():
    batch = {
        "computeEnvironments": [environment(maxvCpus=4, instanceTypes=["c6i.xlarge"])],
        "schedulingPolicies": [{"name": "fair", "fairsharePolicy": {"computeReservation": 25}}],
        "jobQueues": [{**queue("queue", "fleet"), "schedulingPolicyArn": "fair"}],
        "jobDefinitions": [definition(vcpus="4")],
    }
    # 4 × (1 − 0.25) = 3 vCPUs while one share is active.
    told = warned(batch, job(shareIdentifier="a"))["above-reservation"]
    assert told.startswith("computeReservation 25 leaves 3 of 4 vCPUs")
    batch["jobDefinitions"] = [definition(vcpus="3")]
    assert "above-reservation" not in warned(batch, job(shareIdentifier="a"))


def test_nodes_that_together_ask_for_more_than_there_is_are_told():
    batch = {
        "computeEnvironments": [environment()],
        "consumableResources": [{"consumableResourceName": "licence", "totalQuantity": 4}],
        "jobQueues": [queue("queue", "fleet")],
        "jobDefinitions": [licensed_nodes(4, ("0:", 1))],
    }
    assert "consumable-quantity" not in warned(batch, job())
    assert "5 of licence together" in warned(batch, job(nodeOverrides={"numNodes": 5}))["consumable-quantity"]
