"""Every number that AWS bounds: taken at either bound, refused one beyond, and then the bounds are named.

The figures are those of AWS's documentation, by hand; where a rule's text gives no largest, very much is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.scenarios.rules.base import GONE, full, of_rule, of_rules
from tests.scenarios.rules.changes import (
    FARGATE,
    MANAGED,
    SPOT,
    Change,
    consumes,
    ecs,
    fair,
    limit,
    nodes,
)
from tests.scenarios.rules.of_requests import on_fargate

MUCH = 2**31 - 1


class Bound(NamedTuple):
    """A number of a scenario and the least and the most that AWS takes; None where it names none."""

    name: str
    code: str
    at: str
    least: int
    most: int | None
    having: Callable[[int], Change]


def at(path: str, *around: Change) -> Callable[[int], Change]:
    """The number stands under a path; what else the scenario has."""
    return lambda value: {key: each for change in (*around, {path: value}) for key, each in change.items()}


POLICY = "batch.schedulingPolicies.policy.fairsharePolicy"
CONTAINER = "task.ecsProperties.taskProperties.0.containers.0"
PROVIDER = "resources.managedInstancesProvider"
STORAGE = f"{PROVIDER}.instanceLaunchTemplate.storageConfiguration"
RESOURCE = "batch.consumableResources.licence.totalQuantity"
LISTED = "task.consumableResourceProperties.consumableResourceList.0.quantity"

BOUNDS = [
    # Queues and shares
    Bound("priority", "priority", "queue.priority", 0, 1000, at("queue.priority")),
    Bound("time limit", "time-limit", "queue.jobStateTimeLimitActions.0.maxTimeSeconds", 600, 86_400,
          lambda value: limit(maxTimeSeconds=value)),
    Bound("decay", "fair-share-policy", f"{POLICY}.shareDecaySeconds", 0, 604_800,
          lambda value: fair(shareDecaySeconds=value)),
    Bound("reservation", "fair-share-policy", f"{POLICY}.computeReservation", 0, 99,
          lambda value: fair(computeReservation=value)),
    Bound("priority in a share", "scheduling-priority", "task.schedulingPriority", 0, 9999,
          at("task.schedulingPriority")),
    Bound("priority of a job", "scheduling-priority", "job.schedulingPriorityOverride", 0, 9999,
          at("job.schedulingPriorityOverride", fair())),
    # Environments
    Bound("minimum", "vcpu-bounds", "resources.minvCpus", 0, 64, at("resources.minvCpus")),
    Bound("desired", "vcpu-bounds", "resources.desiredvCpus", 4, 64,
          at("resources.desiredvCpus", {"resources.minvCpus": 4})),
    Bound("desired without a minimum", "vcpu-bounds", "resources.desiredvCpus", 0, 64,
          at("resources.desiredvCpus", {"resources.minvCpus": GONE})),
    Bound("bid", "bid", "resources.bidPercentage", 1, 100, at("resources.bidPercentage", SPOT)),
    Bound("idle minutes", "scale-down-delay", "resources.scalingPolicy.minScaleDownDelayMinutes", 20, 10_080,
          lambda value: {"resources.scalingPolicy": {"minScaleDownDelayMinutes": value}}),
    Bound("idle seconds", "scale-in-after", f"{PROVIDER}.infrastructureOptimization.scaleInAfter", -1, 3600,
          lambda value: {**MANAGED, f"{PROVIDER}.infrastructureOptimization": {"scaleInAfter": value}}),
    Bound("volume", "managed-storage", f"{STORAGE}.storageSizeGiB", 1, None,
          lambda value: {**MANAGED, STORAGE: {"storageSizeGiB": value}}),
    # Definitions and jobs
    Bound("attempts", "attempts", "task.retryStrategy.attempts", 1, 10, at("task.retryStrategy.attempts")),
    Bound("attempts of a job", "attempts", "job.retryStrategy.attempts", 1, 10,
          lambda value: {"job.retryStrategy": {"attempts": value}}),
    Bound("timeout", "timeout", "task.timeout.attemptDurationSeconds", 60, None,
          lambda value: {"task.timeout": {"attemptDurationSeconds": value}}),
    Bound("timeout of a job", "timeout", "job.timeout.attemptDurationSeconds", 60, None,
          lambda value: {"job.timeout": {"attemptDurationSeconds": value}}),
    Bound("start on EC2", "container-timeout", f"{CONTAINER}.startTimeout", 2, None,
          lambda value: ecs({"startTimeout": value})),
    Bound("stop on EC2", "container-timeout", f"{CONTAINER}.stopTimeout", 2, None,
          lambda value: ecs({"stopTimeout": value})),
    Bound("start on Fargate", "container-timeout", f"{CONTAINER}.startTimeout", 2, 120,
          lambda value: on_fargate({"startTimeout": value})),
    Bound("stop on Fargate", "container-timeout", f"{CONTAINER}.stopTimeout", 2, 120,
          lambda value: on_fargate({"stopTimeout": value})),
    Bound("storage", "ephemeral-storage", "container.ephemeralStorage.sizeInGiB", 21, 200,
          lambda value: {**FARGATE, "container.ephemeralStorage": {"sizeInGiB": value}}),
    Bound("array", "array", "job.arrayProperties.size", 2, 10_000,
          lambda value: {"job.arrayProperties": {"size": value}}),
    Bound("nodes", "nodes", "task.nodeProperties.numNodes", 1, 1000, lambda value: nodes(value, "0:")),
    Bound("main node", "nodes", "task.nodeProperties.mainNode", 0, 3, lambda value: nodes(4, "0:", main=value)),
    Bound("nodes of a job", "node-overrides", "job.nodeOverrides.numNodes", 1, 1000,
          lambda value: {**nodes(2, "0:"), "job.nodeOverrides": {"numNodes": value}}),
    Bound("resource", "consumable-quantity", RESOURCE, 0, None, lambda value: consumes(0, total=value)),
    Bound("quantity", "consumable-quantity", LISTED, 0, 2, lambda value: consumes(value, total=2)),
    Bound("quantity of nothing", "consumable-quantity", LISTED, 0, 0, lambda value: consumes(value, total=0)),
]  # fmt: skip

BEYOND = [
    *((bound, bound.least - 1) for bound in BOUNDS),
    *((bound, bound.most + 1) for bound in BOUNDS if bound.most is not None),
]


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.name)
def test_a_number_at_its_bounds_and_within_is_taken(bound):
    most = MUCH if bound.most is None else bound.most
    for value in sorted({bound.least, min(bound.least + 1, most), max(most - 1, bound.least), most}):
        assert of_rule(bound.code, bound.having(value)) == [], value


@pytest.mark.parametrize(("bound", "value"), BEYOND, ids=[f"{bound.name} {value}" for bound, value in BEYOND])
def test_one_beyond_is_told_once_at_its_place_with_the_bound_that_it_passes(bound, value):
    findings = of_rules(bound.having(value))
    assert [each.path for each in findings if each.code == bound.code] == [full(bound.at)]
    # No other rule says it again.
    told = [each for each in findings if each.path == full(bound.at)]
    (finding,) = [each for each in told if each.severity == "error" or each.code == bound.code]
    assert str(value) in finding.message
    passed = bound.least if value < bound.least else bound.most
    assert str(passed) in finding.expected or "maxvCpus" in finding.message
