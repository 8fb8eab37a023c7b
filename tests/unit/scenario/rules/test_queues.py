"""Queues, shares and the market around them: which neighbours go together, and what is told of those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.rules.base import GONE, full, of_rule, of_rules
from tests.scenarios.rules.changes import (
    DEPLOYS,
    FARGATE,
    FARGATE_SPOT,
    FOR_MANAGED,
    MANAGED,
    OTHER_QUEUE,
    SPOT,
    Change,
    behind,
    beside,
    ecs,
    fair,
    job,
    nodes,
    on,
    order,
)
from tests.scenarios.rules.of_managed_instances import allowing, for_arm, options
from tests.scenarios.rules.of_requests import on_eks, pod

EC2: Change = on("EC2")
UNMANAGED: Change = {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}}
KINDS: dict[str, Change] = {
    "EC2": EC2, "SPOT": SPOT, "FARGATE": FARGATE, "FARGATE_SPOT": FARGATE_SPOT, "ECS_MANAGED_INSTANCES": MANAGED,
    "UNMANAGED": UNMANAGED, "EKS": on_eks(),
}  # fmt: skip
#: What AWS takes on one queue.
TOGETHER = [{"EC2", "SPOT"}, {"FARGATE", "FARGATE_SPOT"}, *({kind} for kind in KINDS)]
CAPACITY_OPTION = "resources.managedInstancesProvider.instanceLaunchTemplate.capacityOptionType"
ORDER = full("queue.computeEnvironmentOrder")


def second(kind: str) -> dict[str, Any]:
    """An environment of a kind, named other."""
    if kind == "UNMANAGED":
        return {**UNMANAGED["fleet"], "computeEnvironmentName": "other"}
    made = {**beside(), "computeResources": KINDS[kind].get("resources", EC2["resources"])}
    return {**made, "eksConfiguration": KINDS[kind]["fleet.eksConfiguration"]} if kind == "EKS" else made


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_what_goes_together_on_a_queue(first, other):
    told = of_rule("queue-mix", KINDS[first], behind(second(other)))
    assert [each.path for each in told] == ([] if any({first, other} <= each for each in TOGETHER) else [ORDER])


@pytest.mark.parametrize(
    ("kinds", "word"),
    [
        (("EC2",), "ECS"),
        (("SPOT", "EC2"), "ECS"),
        (("UNMANAGED",), "ECS"),
        (("FARGATE_SPOT", "FARGATE"), "ECS_FARGATE"),
        (("ECS_MANAGED_INSTANCES",), "ECS_MANAGED_INSTANCES"),
        (("EKS",), "EKS"),
    ],
)
def test_each_queue_has_one_type(kinds, word):
    first, *others = kinds
    given = [KINDS[first], *(behind(second(kind)) for kind in others)]
    for other in ("ECS", "ECS_FARGATE", "ECS_MANAGED_INSTANCES", "EKS", "SAGEMAKER_TRAINING"):
        told = of_rule("queue-type", *given, {"queue.jobQueueType": other})
        assert [each.expected for each in told] == ([] if other == word else [word])


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (("EC2", "SPOT"), True),
        (("SPOT", "EC2"), False),
        (("FARGATE", "FARGATE_SPOT"), True),
        (("FARGATE_SPOT", "FARGATE"), False),
        (("EC2", "EC2"), False),
    ],
)
def test_spot_is_tried_before_on_demand(kinds, told):
    given = KINDS[kinds[0]], behind(second(kinds[1]))
    assert bool(of_rule("dearer-first", *given)) == told
    # The numbers decide, not the places in the list.
    swapped = {"queue.computeEnvironmentOrder": order("other", "fleet")[::-1]}
    assert bool(of_rule("dearer-first", *given, swapped)) == (kinds in (("SPOT", "EC2"), ("FARGATE_SPOT", "FARGATE")))


def test_the_first_and_the_last_of_three_queues_on_an_environment_are_named():
    def queues(*priorities: int) -> Change:
        return {
            "batch.jobQueues": [
                {**OTHER_QUEUE, "jobQueueName": f"q{number}", "priority": priority}
                for number, priority in enumerate(priorities)
            ]
        }

    (finding,) = of_rule("shared-environment", queues(5, 9, 1))
    assert finding.path == "batch.jobQueues.q1.priority"
    assert finding.message.startswith("q1 (9) is looked at before q2 (1) on fleet")
    (finding,) = of_rule("shared-environment", queues(3, 3, 3))
    assert (finding.severity, finding.message.split(" share ")[0]) == ("warning", "q0 and q1 and q2")
    assert of_rule("shared-environment", queues(3)) == []
    # One that names it twice shares it with nobody.
    assert of_rule("shared-environment", {"queue.computeEnvironmentOrder": order("fleet", "fleet")}) == []


# Shares


@pytest.mark.parametrize(
    ("first", "other", "overlaps"),
    [
        ("blue", "blue", True),
        ("blue", "blues", False),
        ("blue*", "blue", True),
        ("blue*", "blues", True),
        ("blue*", "blu", False),
        ("bl*", "blue*", True),
        ("blu*", "ble*", False),
        ("b*", "red", False),
        ("Blue", "blue", False),
    ],
)
def test_shares_exclude_each_other(first, other, overlaps):
    for pair in ((first, other), (other, first)):
        listed = [{"shareIdentifier": name} for name in ("z1", *pair)]
        told = of_rule("fair-share-policy", fair(shareDistribution=listed))
        assert len(told) == overlaps
        assert all(each.message == f"'{pair[1]}' overlaps '{pair[0]}'" for each in told)


@pytest.mark.parametrize(
    ("named", "share", "told"),
    [
        (["red", "blue"], "blue", False),
        (["red", "blue"], "green", True),
        (["bl*", "red"], "blue", False),
        (["blue*"], "blu", True),
        ([], "blue", False),  # a policy of no weights gives all one
    ],
)
def test_a_share_has_a_weight_where_the_policy_gives_any(named, share, told):
    listed = [{"shareIdentifier": name, "weightFactor": 0.5} for name in named]
    found = of_rule("share-weight", fair(shareDistribution=listed), {"job.shareIdentifier": share})
    assert [each.path for each in found] == ([full("job.shareIdentifier")] if told else [])


def test_each_job_is_told_of_its_share_and_its_priority():
    jobs = {"workload.work.jobs": [job("a"), job("b", shareIdentifier="a b", schedulingPriorityOverride=1), job("c")]}
    assert [each.path for each in of_rule("share-identifier", fair(), jobs)] == [
        "workload.work.jobs.a",
        "workload.work.jobs.b.shareIdentifier",
        "workload.work.jobs.c",
    ]
    assert [each.path.rpartition(".")[2] for each in of_rule("fair-share-priority", fair(), jobs)] == ["a", "c"]
    quota = {"batch.schedulingPolicies.policy": {"name": "policy", "quotaSharePolicy": {}}}
    assert of_rule("fair-share-priority", fair(), jobs, quota) == []


# Types and the market


@pytest.mark.parametrize(
    ("environment", "family"),
    [
        (on("SPOT", "c6i.large", "c6i.xlarge"), "c6i"),
        (on("SPOT", "c6i"), "c6i"),
        (on("SPOT", "c6i.large", "m6i.large"), ""),
        (on("SPOT", "optimal"), ""),
        (on("EC2", "c6i"), ""),
        ({**allowing("c6i"), CAPACITY_OPTION: "SPOT"}, "c6i"),
        ({**allowing("c6i"), CAPACITY_OPTION: "ON_DEMAND"}, ""),
        (options("SPOT"), ""),  # any type may be launched
    ],
)
def test_spot_of_one_family_has_nothing_to_go_to(environment, family):
    told = of_rule("spot-diversity", environment)
    assert [each.message.partition("one family, ")[2].partition(":")[0] for each in told] == (
        [family] if family else []
    )


@pytest.mark.parametrize(
    ("spot", "told"),
    [
        ({"interruptions": "none"}, []),
        ({"interruptions": "none", "fargateRatePerHour": 0.1}, ["fargateRatePerHour"]),
        ({"interruptions": "none", "fargateRatePerHour": 0, "together": 0}, []),
        ({"interruptions": "none", "fargateRatePerHour": 0.1, "together": 0.5}, ["together", "fargateRatePerHour"]),
        ({"interruptions": {"trace": "market.json"}, "together": 0.5, "fargateRatePerHour": 0.1}, ["together"]),
        ({"interruptions": {"ratePerHour": 1}, "together": 0.5, "fargateRatePerHour": 0.1}, []),
        ({"together": 0.5, "fargateRatePerHour": 0.1}, []),
    ],
)
def test_what_has_no_effect_beside_interruptions(spot, told):
    found = of_rule("interruptions", {"environment": {"spot": spot}})
    assert [each.path for each in found] == [f"environment.spot.{member}" for member in told]
    assert all(each.severity == "warning" and each.expected for each in found)


def test_a_pool_is_of_types_families_and_zones_of_the_region():
    pools = [
        {"instanceTypes": ["c6i.large", "m6i", "c6i.lagre"], "zones": ["eu-west-1a", "eu-west-1f", "us-east-1a"]},
        {"instanceTypes": ["c6x"], "zones": ["eu-west-1g"]},
    ]
    found = of_rule("capacity-pool", {"region": "eu-west-1", "environment": {"capacity": {"pools": pools}}})
    assert [(each.path.partition("pools.")[2], each.suggestion) for each in found] == [
        ("0.instanceTypes.2", "c6i.large"),
        ("0.zones.2", "eu-west-1a"),
        ("1.instanceTypes.0", "c6i"),
        ("1.zones.0", "eu-west-1f"),
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (for_arm("c6g", "c6i"), False),
        (for_arm("c6i"), True),
        # Where one environment of the queue may launch anything, one of its types fits.
        ({**for_arm("c6i"), "queue.computeEnvironmentOrder": order("fleet", "any")}, False),
    ],
)
def test_a_type_of_the_jobs_architecture(change, told):
    anything = {**beside("any"), "computeResources": MANAGED["resources"]}
    found = of_rule("managed-architecture", change, {"batch.computeEnvironments.+": anything})
    assert bool(found) == told


# What AWS needs to create them


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("ec2-needs", {"resources.subnets": GONE}),
        ("fargate-needs", {**FARGATE, "resources.subnets": GONE}),
        ("managed-needs", {**MANAGED, **FOR_MANAGED, "resources.managedInstancesProvider.infrastructureRoleArn": GONE}),
        ("spot-fleet-role", {**SPOT, "resources.allocationStrategy": GONE}),
        ("service-role", UNMANAGED),
        ("execution-role", {**FARGATE, "container.executionRoleArn": GONE}),
        ("image-missing", {"container.image": GONE}),
    ],
)
@pytest.mark.parametrize("deploys", [{}, DEPLOYS], ids=["", "deploys"])
def test_what_is_missing_is_told_by_one_rule_and_is_an_error_where_it_is_deployed(code, change, deploys):
    needs = {
        "ec2-needs", "fargate-needs", "managed-needs", "spot-fleet-role", "service-role", "execution-role",
        "image-missing",
    }  # fmt: skip
    (finding,) = [each for each in of_rules(change, deploys) if each.code in needs]
    assert (finding.code, finding.severity) == (code, "error" if deploys else "warning")
    assert ("in the deployment: section" in finding.expected) == bool(deploys)


def test_all_that_is_missing_at_a_place_is_told_together():
    bare = {f"resources.{member}": GONE for member in ("subnets", "securityGroupIds", "instanceRole")}
    (finding,) = of_rule("ec2-needs", bare)
    assert finding.path == full("resources")
    for member in ("subnets", "securityGroupIds", "instanceRole"):
        assert f"no {member}" in finding.message


# What a job can't say yet


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"job.containerOverrides": {"instanceType": "c6i.large"}}, ["job.containerOverrides.instanceType"]),
        ({**pod(), "job.eksPropertiesOverride": {}}, ["job.eksPropertiesOverride", "task.eksProperties"]),
        (
            {**nodes(2, "0:"), "job.nodeOverrides": {"nodePropertyOverrides": [
                {"targetNodes": "0:", "containerOverrides": {}, "instanceTypes": ["c6i.large"],
                 "ecsPropertiesOverride": {}}]}},
            [f"job.nodeOverrides.nodePropertyOverrides.0.{member}"
             for member in ("ecsPropertiesOverride", "instanceTypes")],
        ),
        ({**ecs({"name": "main"}), "job.ecsPropertiesOverride": {}}, []),
        ({"job.containerOverrides": {"command": ["true"]}}, []),
    ],
)  # fmt: skip
def test_what_is_not_simulated_of_a_job_is_refused_by_name(change, told):
    assert sorted(each.path for each in of_rule("not-simulated", change)) == sorted(full(at) for at in told)
