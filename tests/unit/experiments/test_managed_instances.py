"""What experiments make of environments of ECS Managed Instances."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.experiments.changes.evidence import Evidence
from batchsim.experiments.changes.minimums import minimums
from batchsim.experiments.optimize.capacity import Capacity
from batchsim.report.narrative import cost_sentence
from batchsim.spec.assumption_ranges import RANGES
from tests.builders import environment, job, queue, scenario, workflow
from tests.managed import managed_definition, managed_environment

PROVIDER = "batch.computeEnvironments.managed.computeResources.managedInstancesProvider"
AFTER = f"{PROVIDER}.infrastructureOptimization.scaleInAfter"


def made(*workload, after=0, **members):
    return scenario(
        *(workload or (workflow(job(runtime=600), arrivals={"every": "30m"}),)),
        environments=[managed_environment(after=after)],
        definitions=[managed_definition(vcpus="8", memory="12000")],
        duration="4h",
        **members,
    )


def test_advice_is_to_let_idle_instances_go():
    # Ten minutes of work in each half hour, then twenty idle: two thirds of the bill.
    result = bs.run(made(after=3600))
    advice = bs.advise(result)
    assert [each.set for each in advice] == [{AFTER: 0}]
    assert advice[0].after.cost_usd == pytest.approx(bs.run(made(after=0)).summary["cost_usd"]["total"])


def test_nothing_is_lower_than_at_once():
    assert not list(minimums(Evidence(bs.run(made(after=0)).run)))


def test_no_minimum_and_no_types_are_proposed():
    # Memory strands most of each instance, of which on EC2 other types would be the cure.
    result = bs.run(made(workflow(job(runtime=600, arrayProperties={"size": 20})), after=3600, ideal=False))
    proposed = {path for each in bs.advise(result) for path in each.set}
    assert not any("minvCpus" in path or "nstanceTypes" in path for path in proposed)


def test_spot_is_advised_against_by_its_capacity_option():
    spot = scenario(
        workflow(job(runtime=7200, arrayProperties={"size": 10})),
        environments=[managed_environment(spot=True)],
        definitions=[managed_definition(vcpus="8", memory="12000", retryStrategy={"attempts": 10})],
        settings={"spot": {"interruptions": {"ratePerHour": 1}, "prices": {"discount": 0.05}}},
    )
    changes = [each.set for each in bs.advise(bs.run(spot))]
    assert {f"{PROVIDER}.instanceLaunchTemplate.capacityOptionType": "ON_DEMAND"} in changes


def used(scenario):
    """The assumptions that a scenario uses and may have been stated."""
    return {each.key for each in RANGES if each.is_used(scenario.configuration, scenario.environment)}


def test_sensitivity_tries_what_managed_instances_use():
    keys = used(made(after=None, ideal=False))
    assert {"managedInstances.launch", "managedInstances.scaleInAfter", "prices.managementFee"} <= keys
    assert not keys & {"ec2.launch", "ec2.register", "scheduler.scaleDownIdle", "scheduler.bestFitProgressive"}
    assert "managedInstances.scaleInAfter" not in used(made(after=60, ideal=False))
    assert not any("managed" in key for key in used(scenario()))


def test_the_fee_is_told():
    result = bs.run(made())
    assert "to ECS for managing instances" in cost_sentence(result.summary)
    ec2 = bs.run(scenario(environments=[environment()]))
    assert "managing" not in cost_sentence(ec2.summary)


def test_what_capacity_it_is():
    both = scenario(
        environments=[managed_environment(maxv=48), managed_environment("spot", spot=True, maxv=16)],
        queues=[queue("queue", "managed", "spot")],
        definitions=[managed_definition()],
    )
    found = Capacity.of(both.configuration)
    assert (found.vcpus, found.on_demand_share) == (64, 0.75)


def test_optimize_goes_no_lower_than_the_deadline_lets_it():
    # Eight jobs of 8 vCPUs and ten minutes: two waves in 20 minutes, so four at once at least, 32 vCPUs.
    problem = made(
        workflow(job(runtime=600, arrayProperties={"size": 8})), objectives=["makespan <= 20m", "minimise cost"]
    )
    path = "batch.computeEnvironments.managed.computeResources.maxvCpus"
    found = bs.optimize(problem, {path: [8, 16, 24, 32, 64]}, sensitivity=False)
    assert found.set.get(path, 64) >= 32
    assert bs.run(found.recommendation).summary["makespan_s"] <= 1200
