"""The two readings of BEST_FIT_PROGRESSIVE: the estimate by hand, and against runs with either."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.cli.main import main
from batchsim.validation.readings import differing_readings
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, job, queue, scenario, workflow

HOUR = 3600
KINDS = ["c6i", "m6i", "r6i"]
VOLUME = 30 * 0.08 / 730  # 30 GiB of gp3, USD per hour


def made(memory: str, *jobs: dict, size: int = 16, **resources):
    resources = {"instanceTypes": KINDS, "maxvCpus": 512, **resources}
    return scenario(
        workflow(*(jobs or [job(runtime=HOUR, arrayProperties={"size": size})])),
        environments=[environment(**resources)],
        definitions=[definition(memory=memory), definition("small", memory="1800")],
    )


def told(plan) -> list[str]:
    found = list(differing_readings(plan, build_workload(plan)))
    assert all(finding.code == "two-readings" and finding.severity == "warning" for finding in found)
    return [finding.message for finding in found]


def test_both_types_and_what_a_job_costs_on_them_are_named():
    plan = made("15000")
    (finding,) = differing_readings(plan, build_workload(plan))
    assert finding.path == "batch.computeEnvironments.fleet.computeResources.allocationStrategy"
    price, fit = (5.44 + VOLUME) / 16, 0.126 + VOLUME
    assert f"price launches c6i.32xlarge, {price:.3g} USD an hour of a job" in finding.message
    assert f"fit launches r6i.large, {fit:.3g} USD an hour of a job" in finding.message
    assert f"{price / fit:.1f} times apart" in finding.message
    assert "price is simulated" in finding.message
    assert "fit is simulated" in told(plan.with_({"environment.scheduler.bestFitProgressive": "fit"}))[0]


@pytest.mark.parametrize(("memory", "size"), [("15000", 16), ("3000", 100), ("7000", 8), ("15000", 2)])
def test_the_estimate_is_what_runs_cost(memory, size):
    plan = made(memory, size=size)
    cost = {
        reading: bs.run(plan.with_({"environment.scheduler.bestFitProgressive": reading})).summary["cost_usd"]["total"]
        for reading in ("price", "fit")
    }
    assert f"{cost['price'] / cost['fit']:.1f} times apart" in told(plan)[0]


@pytest.mark.parametrize(
    "plan",
    [
        made("1800"),
        made("15000", instanceTypes=["r6i"]),
        made("15000", allocationStrategy="BEST_FIT"),
        made("15000", type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED"),
        # Of a thousand job-hours ten differ.
        made(
            "15000",
            job("few", HOUR, arrayProperties={"size": 10}),
            job("many", HOUR, jobDefinition="small", arrayProperties={"size": 990}),
        ),
        scenario(
            environments=[environment(type="FARGATE")],
            definitions=[definition(platformCapabilities=["FARGATE"], memory="2048")],
        ),
    ],
    ids=["light", "one-family", "best-fit", "spot", "few", "fargate"],
)
def test_where_it_does_not_matter_nothing_is_said(plan):
    assert told(plan) == []


def test_jobs_count_for_the_first_environment_that_can_hold_them():
    first = environment("first", instanceTypes=["c6i.large"], maxvCpus=2)
    plan = scenario(
        workflow(job(runtime=HOUR), job("heavy", HOUR, jobDefinition="heavy")),
        environments=[first, environment("second", instanceTypes=KINDS)],
        queues=[queue("queue", "first", "second")],
        definitions=[definition(), definition("heavy", memory="15000")],
    )
    (finding,) = differing_readings(plan, build_workload(plan))
    assert finding.path.startswith("batch.computeEnvironments.second.")


def test_a_multi_node_job_has_an_instance_for_each_node():
    container = definition(memory="15000")["containerProperties"]
    nodes = {"numNodes": 4, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0:", "container": container}]}
    gang = {"jobDefinitionName": "task", "type": "multinode", "nodeProperties": nodes}
    plan = scenario(workflow(job(runtime=HOUR)), environments=[environment(instanceTypes=KINDS)], definitions=[gang])
    (message,) = told(plan)
    # A node is nearly all of c6i.2xlarge's 16 GiB, at 0.34 USD.
    assert f"price launches c6i.2xlarge, {4 * (0.34 + VOLUME):.3g} USD" in message
    assert f"fit launches r6i.large, {4 * (0.126 + VOLUME):.3g} USD" in message


def test_run_and_compare_say_so(tmp_path, capsys, monkeypatch):
    for figure in ("run.queue_figure", "comparison.compare_figure"):
        monkeypatch.setattr(f"batchsim.report.figures.{figure}", lambda *_: None)
    monkeypatch.setattr("batchsim.report.figures.style.save_png", lambda _, path: path.write_bytes(b""))
    plan = made("15000", size=2).with_({"name": "plan"})
    path = tmp_path / "plan.yaml"
    path.write_text(plan.to_yaml() + "variants:\n  none:\n  more: {environment.ec2.launch: 10}\n")
    for command in ("run", "compare"):
        assert main([command, str(path), "--quiet", "--out", str(tmp_path / command)]) == 0
        assert capsys.readouterr().err.count("[two-readings]") == 1
