from __future__ import annotations

import pickle

import pytest

import batchsim as bs
from batchsim.scenario.loading import load, loads
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.objectives import parse_objective
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.conftest import ROOT

SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_written_scenario_is_the_scenario(path, tmp_path):
    original = load(path)
    (tmp_path / "copy.yaml").write_text(original.to_yaml(relative_to=tmp_path))
    copy = load(tmp_path / "copy.yaml")
    assert copy.environment == original.environment
    assert copy.configuration == original.configuration
    assert loads(original.to_yaml(), base=original.base) == original


def test_scenarios_are_equal_by_value():
    assert scenario() == scenario()
    assert scenario() != scenario(seed=1)
    assert hash(scenario()) == hash(scenario())
    assert pickle.loads(pickle.dumps(scenario())) == scenario()  # noqa: S301 (our own)


def test_with_changes_a_copy():
    original = scenario()
    changed = original.with_(maxvCpus=8)
    assert changed.configuration.environments[0].max_vcpus == 8
    assert original.configuration.environments[0].max_vcpus == 64
    assert original.with_({"seed": 5}).seed == 5


def test_a_member_that_is_there_twice_asks_for_a_path():
    two = scenario(environments=[environment("a"), environment("b")])
    with pytest.raises(bs.ScenarioError) as caught:
        two.with_(maxvCpus=8)
    assert caught.value.findings[0].expected == (
        "batch.computeEnvironments.a.computeResources.maxvCpus or batch.computeEnvironments.b.computeResources.maxvCpus"
    )


LIMIT = "batch.computeEnvironments.fleet.computeResources.maxvCpus"


def test_a_variant_at_fault_is_told_by_its_name_when_it_is_asked_for():
    made = scenario(variants={"wrong": {LIMIT: "many"}, "lost": {"batch.jobQueue.queue.priority": 1}, "right": {}})
    assert made.variant("right").configuration == made.configuration
    with pytest.raises(bs.ScenarioError, match=r"maxvCpus: in variant wrong: 'many' does not fit"):
        made.variant("wrong")
    # Side by side nothing is run before all of them can be.
    with pytest.raises(bs.ScenarioError) as caught:
        bs.compare(made)
    assert {finding.message.partition(":")[0] for finding in caught.value.findings} == {
        "in variant wrong",
        "in variant lost",
    }


def test_spot_prices_hazards_and_bids():
    spot = environment(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", instanceTypes=["c6i"])
    offerings = scenario(environments=[spot], ideal=False).configuration.environments[0].offerings
    from batchsim.catalog.prices import on_demand_usd_per_hour
    from batchsim.catalog.spot_advisor import interruption_hazard_per_hour, spot_advice

    for offering in offerings:
        advice = spot_advice("us-east-1")[offering.instance_type]
        usd = on_demand_usd_per_hour("us-east-1")[offering.instance_type]
        assert offering.price_usd_per_hour == pytest.approx(usd * (1 - advice.savings))
        # The bucket's hazard, ten times over, halved by a capacity-optimised strategy.
        assert offering.interruptions_per_hour == pytest.approx(interruption_hazard_per_hour(advice.bucket) * 10 * 0.5)
    cheapest = min(offering.price_usd_per_hour / offering.on_demand_usd_per_hour for offering in offerings)
    spot["computeResources"]["bidPercentage"] = round(100 * cheapest)
    bid = scenario(environments=[spot]).configuration.environments[0].offerings_at(0.0)
    assert 0 < len(bid) < len(offerings)
    assert all(o.price_usd_per_hour <= 1.000001 * o.on_demand_usd_per_hour * round(100 * cheapest) / 100 for o in bid)


def test_an_explicit_size_leaves_its_family():
    listed = environment(instanceTypes=["c6i", "m6i.large", "c6i.large"])
    offerings = scenario(environments=[listed]).configuration.environments[0].offerings
    assert [o.instance_type for o in offerings].count("c6i.large") == 1
    assert {o.instance_type: o.listed for o in offerings}["c6i.large"] == 2
    assert {o.instance_type: o.listed for o in offerings}["c6i.xlarge"] == 0


def test_zones_follow_the_subnets():
    zones = scenario(environments=[environment(subnets=["a", "b"])]).configuration.environments[0].zones
    assert zones == ("us-east-1a", "us-east-1b")


def test_no_strategy_is_best_fit():
    plain = environment()
    del plain["computeResources"]["allocationStrategy"]
    assert scenario(environments=[plain]).configuration.environments[0].allocation_strategy == "BEST_FIT"


def test_fargate_of_a_region_without_a_price_is_refused():
    with pytest.raises(bs.ScenarioError, match="no Fargate price for us-gov-west-1"):
        scenario(
            environments=[environment(type="FARGATE")],
            definitions=[definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])],
            region="us-gov-west-1",
        )


def test_a_definition_for_the_wrong_platform_is_refused():
    with pytest.raises(bs.ScenarioError, match="task is for EC2, the queue queue is not"):
        scenario(environments=[environment(type="FARGATE")])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p95(queue_time, jobQueue=q) <= 10m", ("p95", "queue_time", (("jobQueue", "q"),), "<=", 600, False)),
        ("max(finished_at, workflow=w) <= 06:30", ("max", "finished_at", (("workflow", "w"),), "<=", 6.5 * 3600, True)),
        ("cost < $500", ("", "cost", (), "<", 500, False)),
        ("utilisation >= 60%", ("", "utilisation", (), ">=", 0.6, False)),
        ("minimise cost", ("", "cost", (), "", 0, False)),
    ],
)
def test_objectives(text, expected):
    objective = parse_objective(text)
    assert expected == (
        objective.statistic,
        objective.metric,
        objective.where,
        objective.comparison,
        objective.limit,
        objective.clock,
    )


def test_objectives_are_evaluated_by_their_meaning():
    # One server: jobs of 60 s arrive together; the second waits 60 s. Submitted at 22:00, done at 22:02.
    result = bs.run(
        scenario(
            workflow(job("a"), job("b"), arrivals={"at": "22h"}),
            environments=[unmanaged(1)],
            queues=[queue("queue", "servers")],
            start="2026-11-02T00:00:00Z",
            objectives=[
                "max(queue_time) <= 60s",
                "mean(queue_time) <= 29s",
                "max(finished_at) <= 22:02",
                "max(finished_at) <= 22:01",
                "max(finished_at) <= 06:00",
                "cost <= 0",
                "makespan <= 2m",
                "minimise cost",
            ],
        )
    )
    kept = [objective["kept"] for objective in result.summary["objectives"]]
    assert kept == [True, False, True, False, True, True, True, None]
    values = [objective["value"] for objective in result.summary["objectives"]]
    assert values[:3] == [60, 30, 22 * 3600 + 120]
    # Against six o'clock the deadline is the next morning's: eight hours less two minutes early.
    assert values[4] == 6 * 3600 - (8 * 3600 - 120)


def test_every_class_of_error_survives_pickling_and_rebuilding():
    for error in (
        bs.ScenarioError([bs.Finding("code", "path", "message")]),
        bs.OutputError("folder", "reason"),
        bs.AwsError(bs.Finding("aws", "CreateJobQueue q", "message"), "CreateJobQueue", "q", "ServerException", "busy"),
        bs.SimulationError("broken", 1.0, "job", "instance"),
    ):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own)
        assert str(again) == str(error) == str(type(error)(*error.args))


def test_an_absent_section_of_the_environment_may_be_set():
    made = scenario(settings={"preset": "ideal"})
    changed = made.with_({"environment.prices.overrides": {"c6i.large": 0.5}})
    assert changed.environment.prices.overrides == {"c6i.large": 0.5}


def rates(preset, spot):
    """Interruptions an hour of EC2 Spot and of Fargate Spot, and what is told; the same for the scenario as written."""
    made = scenario(
        workflow(job(jobDefinition="small", jobQueue="fargate")),
        environments=[
            environment("ec2", type="SPOT", allocationStrategy="BEST_FIT_PROGRESSIVE"),
            environment("fargate", type="FARGATE_SPOT"),
        ],
        queues=[queue("ec2", "ec2"), queue("fargate", "fargate")],
        definitions=[definition("small", vcpus="0.25", memory="512", platformCapabilities=["FARGATE"])],
        ideal=False,
        settings={"preset": preset, "spot": spot},
    )
    again = loads(made.to_yaml())
    assert again == made
    assert again.configuration == made.configuration
    ec2, fargate = made.configuration.environments
    told = [finding.path for finding in made.warnings if finding.code == "interruptions"]
    assert told == [finding.path for finding in again.warnings if finding.code == "interruptions"]
    return ec2.offerings[0].interruptions_per_hour, fargate.interruptions_per_hour, told


@pytest.mark.parametrize(
    ("preset", "spot", "ec2", "fargate"),
    [
        # The preset is there for what is not stated.
        ("ideal", {}, 0.0, 0.0),
        ("ideal", {"fargateRatePerHour": 0.5}, 0.0, 0.5),
        ("ideal", {"interruptions": {"ratePerHour": 0.5}}, 0.5, 0.0),
        ("ideal", {"interruptions": {"ratePerHour": 0.5}, "fargateRatePerHour": 0.25}, 0.5, 0.25),
        ("ideal", {"interruptions": "none"}, 0.0, 0.0),
        ("measured", {"interruptions": {"ratePerHour": 0.5}}, 0.5, 0.01),
        ("measured", {"interruptions": {"ratePerHour": 0}}, 0.0, 0.01),
        ("measured", {"interruptions": "none"}, 0.0, 0.0),
        ("measured", {"interruptions": "none", "fargateRatePerHour": 0}, 0.0, 0.0),
    ],
)
def test_a_stated_rate_of_interruptions_holds_under_any_preset(preset, spot, ec2, fargate):
    assert rates(preset, spot) == (ec2, fargate, [])


@pytest.mark.parametrize("preset", ["ideal", "measured"])
def test_interruptions_that_come_together_are_told_of_where_there_are_none(preset):
    spot = {"interruptions": "none", "together": 0.5}
    assert rates(preset, spot) == (0.0, 0.0, ["environment.spot.together"])
    assert rates(preset, {**spot, "together": 0}) == (0.0, 0.0, [])
    assert rates(preset, {**spot, "interruptions": {"ratePerHour": 0.5}})[2] == []


def test_together_holds_where_it_is_stated_and_is_0_under_ideal():
    assert Assumptions().spot.together == 0.9
    assert Assumptions(preset="ideal").spot.together == 0.0
    assert Assumptions.model_validate({"preset": "ideal", "spot": {"together": 1}}).spot.together == 1.0
    for wrong in (-0.1, 1.1, "most"):
        with pytest.raises(ValueError, match="together"):
            Assumptions.model_validate({"spot": {"together": wrong}})


@pytest.mark.parametrize("preset", ["ideal", "measured"])
def test_none_beside_a_rate_is_told(preset):
    told = ["environment.spot.fargateRatePerHour"]
    assert rates(preset, {"interruptions": "none", "fargateRatePerHour": 0.5}) == (0.0, 0.0, told)
