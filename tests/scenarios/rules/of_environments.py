"""Examples of rules about compute environments, queues and scheduling policies."""

from __future__ import annotations

from batchsim.catalog.prices import on_demand_usd_per_hour
from batchsim.catalog.spot_advisor import spot_advice
from tests.scenarios.rules.base import GONE
from tests.scenarios.rules.changes import (
    DEPLOYS,
    FARGATE,
    FARGATE_SPOT,
    MANAGED,
    SPOT,
    Example,
    behind,
    beside,
    fair,
    limit,
    on,
    order,
)

#: A type of us-east-1 that the Spot Advisor does not list.
NEVER_ON_SPOT = min(on_demand_usd_per_hour("us-east-1").keys() - spot_advice("us-east-1").keys())

EXAMPLES: dict[str, list[Example]] = {
    "V-01": [
        Example("name", "batch.jobQueues.a queue.jobQueueName", {"queue.jobQueueName": "a queue"}, {}),
        Example("name", "workload.work.jobs._j.jobName", {"job.jobName": "_j"}, {"job.jobName": "9_j-" + "x" * 124}),
        Example(
            "name-start",
            "batch.jobDefinitions._t.jobDefinitionName",
            {"batch.jobDefinitions.+": {"jobDefinitionName": "_t", "type": "container"}},
            {"batch.jobDefinitions.+": {"jobDefinitionName": "t_", "type": "container"}},
            "warning",
        ),
    ],
    "V-02": [
        Example(
            "duplicate-name",
            "batch.computeEnvironments.fleet.computeEnvironmentName",
            {"batch.computeEnvironments.+": beside("fleet")},
            {"batch.computeEnvironments.+": beside("queue")},  # another kind's name
        )
    ],
    "V-03": [
        Example("unknown-word", "resources.type", {"resources.type": "EC3"}, SPOT),
        Example("missing-key", "resources", {"resources.maxvCpus": GONE}, {"resources.minvCpus": GONE}),
        Example("wrong-type", "resources.maxvCpus", {"resources.maxvCpus": "64"}, {"resources.maxvCpus": 65}),
        Example(
            "out-of-range",
            "resources.ec2Configuration.0.imageType",
            {"resources.ec2Configuration": [{"imageType": ""}]},
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
        ),
        Example(
            "missing-resources",
            "fleet",
            {"fleet.computeResources": GONE},
            {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}},
        ),
        Example(
            "service-role",
            "fleet",
            {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}},
            {
                "fleet": {
                    "computeEnvironmentName": "fleet",
                    "type": "UNMANAGED",
                    "unmanagedvCpus": 4,
                    "serviceRole": "r",
                }
            },
            "warning",
        ),
    ],
    "V-04": [
        Example("vcpu-bounds", "resources.minvCpus", {"resources.minvCpus": 65}, {"resources.minvCpus": 64}),
        Example(
            "vcpu-bounds",
            "resources.desiredvCpus",
            {"resources.minvCpus": 4, "resources.desiredvCpus": 3},
            {"resources.minvCpus": 4, "resources.desiredvCpus": 4},
        ),
        Example(
            "vcpu-bounds",
            "resources.maxvCpus",
            {"resources.maxvCpus": -1, "resources.minvCpus": GONE},
            {"resources.maxvCpus": 0},
        ),
    ],
    "V-05": [
        Example("ec2-needs", "resources", {"resources.subnets": GONE}, {}, "warning"),
        Example("ec2-needs", "resources", {"resources.subnets": GONE, **DEPLOYS}, DEPLOYS),
        Example(
            "ec2-needs",
            "resources",
            {"resources.securityGroupIds": GONE, **DEPLOYS},
            {"resources.securityGroupIds": GONE, "resources.launchTemplate": {"launchTemplateName": "t"}, **DEPLOYS},
        ),
        Example(
            "ec2-needs",
            "resources",
            {"resources.instanceRole": GONE, **DEPLOYS},
            {"resources.instanceRole": GONE, "deployment": {"instanceRole": "role"}},
        ),
        Example("instance-type", "resources", {"resources.instanceTypes": []}, {"resources.instanceTypes": ["c6i"]}),
        Example("instance-type", "resources.instanceTypes.0", {"resources.instanceTypes": ["c6i.huge"]}, {}),
        Example(
            "no-offering",
            "resources.instanceTypes",
            {**SPOT, "resources.instanceTypes": [NEVER_ON_SPOT]},
            {**SPOT, "resources.instanceTypes": ["c6i"]},
        ),
        Example(
            "launch-template",
            "resources.launchTemplate",
            {"resources.launchTemplate": {"launchTemplateName": "t", "launchTemplateId": "lt-1"}},
            {"resources.launchTemplate": {"launchTemplateName": "t"}},
        ),
        Example(
            "launch-template",
            "resources.launchTemplate.overrides.0.targetInstanceTypes.0",
            {
                "resources.launchTemplate": {
                    "launchTemplateId": "t",
                    "overrides": [{"launchTemplateId": "u", "targetInstanceTypes": ["m7i"]}],
                }
            },
            {
                "resources.launchTemplate": {
                    "launchTemplateId": "t",
                    "overrides": [{"launchTemplateId": "u", "targetInstanceTypes": ["m6i.xlarge"]}],
                }
            },
        ),
        Example(
            "ec2-configuration",
            "resources.ec2Configuration.0.imageType",
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2"}]},
            {"resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
        ),
        Example(
            "ec2-configuration",
            "resources.ec2Configuration.0.imageType",
            {**on("EC2", "a1.xlarge"), "resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
            {**on("EC2", "m6g.xlarge"), "resources.ec2Configuration": [{"imageType": "ECS_AL2023"}]},
        ),
    ],
    "V-06": [
        Example("fargate-member", "resources.minvCpus", on("FARGATE", minvCpus=0), FARGATE),
        Example("fargate-member", "resources.scalingPolicy", on("FARGATE_SPOT", scalingPolicy={}), FARGATE_SPOT),
        Example("fargate-needs", "resources", on("FARGATE", subnets=[]), FARGATE, "warning"),
        Example(
            "fargate-network",
            "resources.subnets",
            on("FARGATE", subnets=[f"subnet-{n}" for n in range(17)]),
            on("FARGATE", subnets=[f"subnet-{n}" for n in range(16)]),
        ),
    ],
    "V-07": [
        Example(
            "spot-fleet-role",
            "resources",
            {**SPOT, "resources.allocationStrategy": "BEST_FIT", **DEPLOYS},
            {**SPOT, **DEPLOYS},
        ),
        Example(
            "spot-fleet-role",
            "resources",
            {**SPOT, "resources.allocationStrategy": GONE},
            {**SPOT, "resources.allocationStrategy": GONE, "deployment": {"spotIamFleetRole": "role"}},
            "warning",
        ),
    ],
    "V-08": [
        Example(
            "strategy",
            "resources.allocationStrategy",
            {"resources.allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"},
            {**SPOT, "resources.allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"},
        ),
        Example(
            "strategy",
            "resources.allocationStrategy",
            {**SPOT, "resources.allocationStrategy": "BEST_FIT_PROGRESSIVE_ORDERED"},
            {"resources.allocationStrategy": "BEST_FIT_PROGRESSIVE_ORDERED"},
        ),
        Example(
            "strategy",
            "resources.allocationStrategy",
            {**MANAGED, "resources.allocationStrategy": "BEST_FIT"},
            MANAGED,
        ),
    ],
    "V-09": [
        Example("bid", "resources.bidPercentage", {"resources.bidPercentage": 50}, on("SPOT", bidPercentage=50)),
        Example("bid", "resources.bidPercentage", on("SPOT", bidPercentage=0), on("SPOT", bidPercentage=1)),
        Example(
            "bid", "resources.bidPercentage", on("SPOT", bidPercentage=101), on("SPOT", bidPercentage=100), "warning"
        ),
    ],
    "V-10": [
        Example(
            "scale-down-delay",
            "resources.scalingPolicy.minScaleDownDelayMinutes",
            {"resources.scalingPolicy": {"minScaleDownDelayMinutes": bad}},
            {"resources.scalingPolicy": {"minScaleDownDelayMinutes": good}},
        )
        for bad, good in ((19, 20), (10_081, 10_080), (1, 0))
    ],
    "V-11": [
        Example("environment-order", "queue", {"queue.computeEnvironmentOrder": []}, {}),
        Example(
            "environment-order",
            "queue",
            {"queue.computeEnvironmentOrder": GONE, "queue.serviceEnvironmentOrder": []},
            {"queue.serviceEnvironmentOrder": []},
        ),
        Example(
            "environment-order",
            "queue",
            {"queue.computeEnvironmentOrder": order("fleet", "fleet", "fleet", "fleet")},
            {"queue.computeEnvironmentOrder": order("fleet", "fleet", "fleet")},
        ),
        Example(
            "environment-order",
            "queue.computeEnvironmentOrder.0.computeEnvironment",
            {"queue.computeEnvironmentOrder": order("flet")},
            {"queue.computeEnvironmentOrder": order("arn:aws:batch:us-east-1:123456789012:compute-environment/fleet")},
        ),
        Example(
            "environment-order",
            "queue.computeEnvironmentOrder.1.order",
            {**behind(beside()), "queue.computeEnvironmentOrder.1.order": 1},
            behind(beside()),
        ),
    ],
    "V-12": [
        Example(
            "disabled-environment",
            "queue.computeEnvironmentOrder.0.computeEnvironment",
            {"fleet.state": "DISABLED"},
            {"fleet.state": "ENABLED"},
            "warning",
        ),
        Example("created-disabled", "fleet.state", {"fleet.state": "DISABLED"}, {"fleet.state": "ENABLED"}),
    ],
    "V-13": [
        Example(
            "queue-mix",
            "queue.computeEnvironmentOrder",
            {**FARGATE, **behind(beside())},
            {**SPOT, **behind(beside())},
        ),
        Example("queue-mix", "queue.computeEnvironmentOrder", {**MANAGED, **behind(beside())}, MANAGED),
    ],
    "V-14": [
        Example(
            "architecture", "resources.instanceTypes", on("EC2", "m7g", "optimal"), on("EC2", "m7g", "default_arm64")
        ),
        Example(
            "architecture",
            "queue.computeEnvironmentOrder",
            behind(beside(instanceTypes=["m7g"])),
            behind(beside(instanceTypes=["m7i"])),
        ),
    ],
    "V-16": [
        Example("priority", "queue.priority", {"queue.priority": bad}, {"queue.priority": good})
        for bad, good in ((-1, 0), (1001, 1000))
    ],
    "V-17": [
        Example(
            "time-limit",
            f"queue.jobStateTimeLimitActions.0.{member}",
            limit(**{member: bad}),
            limit(**{member: good}),
        )
        for member, bad, good in (
            ("reason", "because", "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"),
            (
                "reason",
                "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS",
                "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
            ),
            ("maxTimeSeconds", 599, 600),
            ("maxTimeSeconds", 86_401, 86_400),
            ("action", "TERMINATE", "CANCEL"),
        )
    ],
    "V-18": [
        *(
            Example(
                "fair-share-policy",
                f"batch.schedulingPolicies.policy.fairsharePolicy.{member}",
                fair(**{member: bad}),
                fair(**{member: good}),
            )
            for member, bad, good in (
                ("shareDecaySeconds", -1, 0),
                ("shareDecaySeconds", 604_801, 604_800),
                ("computeReservation", 100, 99),
            )
        ),
        *(
            Example(
                "fair-share-policy",
                f"batch.schedulingPolicies.policy.fairsharePolicy.shareDistribution.1.{member}",
                fair(shareDistribution=[{"shareIdentifier": "blue"}, {"shareIdentifier": "red", member: bad}]),
                fair(shareDistribution=[{"shareIdentifier": "blue"}, {"shareIdentifier": "red", member: good}]),
            )
            for member, bad, good in (
                ("weightFactor", 0.00009, 0.0001),
                ("weightFactor", 1000, 999.9999),
                ("shareIdentifier", "bl*", "red*"),
                ("shareIdentifier", "blue", "blue1"),
                ("shareIdentifier", "a b", "a"),
                ("shareIdentifier", "x" * 256, "x" * 255),
            )
        ),
        Example(
            "fair-share-policy",
            "batch.schedulingPolicies.policy",
            {"batch.schedulingPolicies": [{"name": "policy"}]},
            fair(),
        ),
        Example(
            "scheduling-policy",
            "queue.schedulingPolicyArn",
            {**fair(), "queue.schedulingPolicyArn": "polcy"},
            {**fair(), "queue.schedulingPolicyArn": "policy"},
        ),
    ],
    "V-19": [
        Example("share-identifier", "job", {**fair(), "job.shareIdentifier": GONE}, fair()),
        Example("share-identifier", "job.shareIdentifier", {"job.shareIdentifier": "blue"}, {}),
        Example("share-identifier", "job.shareIdentifier", {**fair(), "job.shareIdentifier": "a-b"}, fair()),
        Example(
            "share-weight",
            "job.shareIdentifier",
            fair(shareDistribution=[{"shareIdentifier": "red"}, {"shareIdentifier": "gr*"}]),
            fair(shareDistribution=[{"shareIdentifier": "bl*"}]),
            "warning",
        ),
    ],
    "V-20": [
        Example(
            "scheduling-priority",
            "task.schedulingPriority",
            {**fair(), "task.schedulingPriority": 10_000},
            {**fair(), "task.schedulingPriority": 9999},
        ),
        Example(
            "scheduling-priority",
            "job.schedulingPriorityOverride",
            {**fair(), "job.schedulingPriorityOverride": -1},
            {**fair(), "job.schedulingPriorityOverride": 0},
        ),
        Example(
            "scheduling-priority-unused",
            "task.schedulingPriority",
            {"task.schedulingPriority": 1},
            {**fair(), "task.schedulingPriority": 1},
            "warning",
        ),
    ],
}
