"""Examples of rules about jobs, what holds them, what it costs, and what nothing uses."""

from __future__ import annotations

from tests.scenarios.rules.base import GONE
from tests.scenarios.rules.changes import (
    FARGATE,
    FARGATE_SPOT,
    OTHER_QUEUE,
    SPOT,
    TO_OTHER_QUEUE,
    Example,
    asks,
    behind,
    beside,
    consumes,
    fair,
    gpu,
    job,
    limit,
    nodes,
    on,
    order,
)

EXAMPLES: dict[str, list[Example]] = {
    "V-30": [
        Example(
            "never-placeable",
            "job.jobDefinition",
            # 2 % of 15,664 are 313.
            {"container.resourceRequirements": asks("1", "15978")},
            {"container.resourceRequirements": asks("1", "15977")},
            "warning",
        ),
        Example(
            "memory-margin",
            "job.jobDefinition",
            {"container.resourceRequirements": asks("1", "15665")},
            {"container.resourceRequirements": asks("1", "15664")},
            "warning",
        ),
        Example("never-placeable", "job.jobDefinition", {"fleet.state": "DISABLED"}, {}, "warning"),
    ],
    "V-31": [
        Example(
            "memory-cliff",
            "container.resourceRequirements.1.value",
            {**on("EC2", "m6i"), "container.resourceRequirements": asks("2", "8192")},
            {**on("EC2", "m6i"), "container.resourceRequirements": asks("2", "7700")},
            "warning",
        ),
        Example(
            "memory-cliff",
            "job.containerOverrides.resourceRequirements.0.value",
            {
                **on("EC2", "m6i"),
                "job.containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "7900"}]},
            },
            # Nothing with so many vCPUs has so little memory.
            {**on("EC2", "m6i"), "job.containerOverrides": {"resourceRequirements": asks("16", "7900")}},
            "warning",
        ),
    ],
    "V-32": [
        Example(
            "above-max-vcpus",
            "job.jobDefinition",
            {"resources.maxvCpus": 3, "container.resourceRequirements": asks("4", "1024")},
            {"resources.maxvCpus": 4, "container.resourceRequirements": asks("4", "1024")},
            "warning",
        ),
        Example(
            "above-max-vcpus", "job.jobDefinition", {"resources.maxvCpus": 0}, {"resources.maxvCpus": 1}, "warning"
        ),
        Example("node-vcpus", "job.jobDefinition", nodes(17, "0:16"), nodes(16, "0:15"), "warning"),
    ],
    "V-33": [
        Example(
            "no-gpu-type",
            "job.jobDefinition",
            {"container.resourceRequirements": gpu()},
            {**on("EC2", "g4dn"), "container.resourceRequirements": gpu()},
            "warning",
        ),
        Example(
            "gpu-types",
            "resources.instanceTypes",
            on("EC2", "g4dn"),
            {**on("EC2", "g4dn"), "container.resourceRequirements": gpu()},
            "info",
        ),
        Example(
            "gpu-types",
            "resources.instanceTypes",
            {**on("EC2", "g4dn", "m6i"), "container.resourceRequirements": gpu()},
            {**on("EC2", "g4dn", "g5"), "container.resourceRequirements": gpu()},
            "warning",
        ),
    ],
    "V-35": [
        *(
            Example(
                "array",
                "job.arrayProperties.size",
                {"job.arrayProperties": {"size": bad}},
                {"job.arrayProperties": {"size": good}},
            )
            for bad, good in ((1, 2), (10_001, 10_000))
        ),
        Example(
            "reference",
            "job.jobQueue",
            {"job.jobQueue": "quue"},
            {"job.jobQueue": "arn:aws:batch:us-east-1:1:job-queue/queue"},
        ),
        Example("reference", "job.jobDefinition", {"job.jobDefinition": "tsk"}, {"job.jobDefinition": "task:3"}),
        Example(
            "duplicate-job",
            "workload.work.jobs.job.jobName",
            {"workload.work.jobs.+": job("job")},
            {"workload.work.jobs.+": job()},
        ),
        *(
            Example(
                "dependency",
                f"workload.work.jobs.next.dependsOn{at}",
                {"workload.work.jobs.+": job(**bad)},
                {"workload.work.jobs.+": job(**good)},
            )
            for at, bad, good in (
                ("", {"dependsOn": [{"jobName": "job"}] * 21}, {"dependsOn": [{"jobName": "job"}] * 20}),
                ("", {"dependsOn": [{"jobName": "next"}]}, {"dependsOn": [{"jobName": "job"}]}),
                (".jbo.jobName", {"dependsOn": [{"jobName": "jbo"}]}, {"dependsOn": [{"jobName": "job"}]}),
                (
                    ".0",
                    {"dependsOn": [{"type": "SEQUENTIAL"}]},
                    {"arrayProperties": {"size": 2}, "dependsOn": [{"type": "SEQUENTIAL"}]},
                ),
                (".job", {"arrayProperties": {"size": 2}, "dependsOn": [{"jobName": "job", "type": "N_TO_N"}]}, {}),
            )
        ),
        Example(
            "dependency",
            "workload.work.jobs.next.dependsOn.job",
            {
                "job.arrayProperties": {"size": 2},
                "workload.work.jobs.+": job(
                    arrayProperties={"size": 3}, dependsOn=[{"jobName": "job", "type": "N_TO_N"}]
                ),
            },
            {
                "job.arrayProperties": {"size": 3},
                "workload.work.jobs.+": job(
                    arrayProperties={"size": 3}, dependsOn=[{"jobName": "job", "type": "N_TO_N"}]
                ),
            },
        ),
    ],
    "V-36": [
        Example(
            "consumable-quantity",
            "batch.consumableResources.licence.totalQuantity",
            consumes(0, total=-1),
            consumes(0, total=0),
        ),
        *(
            Example(
                "consumable-quantity",
                f"task.consumableResourceProperties.consumableResourceList.0.{member}",
                consumes(**{argument: bad}, **more),
                consumes(**{argument: good}, **more),
            )
            for member, argument, bad, good, more in (
                ("quantity", "quantity", 3, 2, {}),
                ("quantity", "quantity", -1, 0, {}),
                (
                    "consumableResource",
                    "name",
                    "licnce",
                    "arn:aws:batch:us-east-1:1:consumable-resource/licence",
                    {"quantity": 1},
                ),
            )
        ),
    ],
    "V-38": [
        Example(
            "definition-size", "task", {"container.command": ["x" * 24_576]}, {"container.command": ["x" * 24_000]}
        ),
        Example(
            "submission-size", "job", {"job.parameters": {"p": "x" * 30_720}}, {"job.parameters": {"p": "x" * 30_500}}
        ),
        Example(
            "submission-size",
            "job.containerOverrides",
            {"job.containerOverrides": {"command": ["x" * 8192]}},
            {"job.containerOverrides": {"command": ["x" * 8100]}},
            "warning",
        ),
        Example(
            "tags",
            "queue.tags",
            {"queue.tags": {str(n): "" for n in range(51)}},
            {"queue.tags": {str(n): "" for n in range(50)}},
        ),
        Example(
            "tags",
            "job.tags",
            {"job.tags": {"own": ""}, "task.tags": {str(n): "" for n in range(50)}, "task.propagateTags": True},
            {"job.tags": {"own": ""}, "task.tags": {str(n): "" for n in range(50)}},
        ),
        Example("image-name", "container.image", {"container.image": "x" * 256}, {"container.image": "x" * 255}),
        Example(
            "reserved-variable",
            "container.environment.AWS_BATCH_X.name",
            {"container.environment": [{"name": "AWS_BATCH_X", "value": "1"}]},
            {"container.environment": [{"name": "MY_AWS_BATCH", "value": "1"}]},
        ),
    ],
    "V-39": [
        Example(
            "quota",
            "batch.jobQueues",
            {"batch.jobQueues": [{**OTHER_QUEUE, "jobQueueName": f"q{n}"} for n in range(51)]},
            {"batch.jobQueues": [{**OTHER_QUEUE, "jobQueueName": f"q{n}"} for n in range(50)]},
        ),
        Example(
            "quota",
            "batch.jobQueues.queue",
            {**fair(), "workload.work.jobs": [job(f"j{n}", shareIdentifier=f"s{n}") for n in range(501)]},
            {**fair(), "workload.work.jobs": [job(f"j{n}", shareIdentifier=f"s{n}") for n in range(500)]},
        ),
        Example(
            "submission-rate",
            "workload.work.arrivals",
            {"duration": "1h", "workload.work.arrivals": {"poisson": {"rate": "51/s"}}},
            {"duration": "1h", "workload.work.arrivals": {"poisson": {"rate": "49/s"}}},
            "warning",
        ),
        Example(
            "submission-rate",
            "workload.work.arrivals",
            {"duration": "1h", "workload.work.arrivals": {"every": 0.03}, "workload.work.jobs.+": job()},
            {"duration": "1h", "workload.work.arrivals": {"every": 0.05}, "workload.work.jobs.+": job()},
            "warning",
        ),
    ],
    "V-40": [
        Example("spot-only", "queue.computeEnvironmentOrder", SPOT, {**SPOT, **behind(beside())}, "info"),
        Example("spot-only", "queue.computeEnvironmentOrder", FARGATE_SPOT, {**FARGATE_SPOT, **limit()}, "info"),
        Example("spot-diversity", "resources.instanceTypes", on("SPOT", "c6i.xlarge", "c6i.large"), SPOT, "warning"),
    ],
    "V-41": [
        Example(
            "unused",
            "batch.computeEnvironments.other.computeEnvironmentName",
            {"batch.computeEnvironments.+": beside()},
            behind(beside()),
            "warning",
        ),
        Example(
            "unused",
            "batch.jobQueues.second.jobQueueName",
            {"batch.jobQueues.+": OTHER_QUEUE},
            TO_OTHER_QUEUE,
            "warning",
        ),
        Example(
            "unused",
            "batch.jobDefinitions.idle.jobDefinitionName",
            {
                "batch.jobDefinitions.+": {
                    "jobDefinitionName": "idle",
                    "type": "container",
                    "platformCapabilities": ["FARGATE"],
                }
            },
            {"batch.jobDefinitions.+": {"jobDefinitionName": "idle", "type": "container"}},
            "warning",
        ),
    ],
    "V-42": [
        Example("minimum-cost", "resources.minvCpus", {"resources.minvCpus": 4}, {"resources.minvCpus": 0}, "info")
    ],
    "V-43": [
        Example(
            "shared-environment",
            "batch.jobQueues.second.priority",
            TO_OTHER_QUEUE,
            {**behind(beside()), **TO_OTHER_QUEUE, "queue.computeEnvironmentOrder": order("other")},
            "info",
        ),
        Example(
            "shared-environment",
            "batch.jobQueues.second.priority",
            {**TO_OTHER_QUEUE, "queue.priority": 2},
            {},
            "warning",
        ),
    ],
    "V-44": [
        Example(
            "best-fit", "resources.allocationStrategy", {"resources.allocationStrategy": "BEST_FIT"}, {}, "warning"
        ),
        Example("best-fit", "resources", {"resources.allocationStrategy": GONE}, FARGATE, "warning"),
    ],
    "V-45": [
        Example("overshoot", "resources.maxvCpus", {"resources.maxvCpus": 3}, {"resources.maxvCpus": 4}, "warning"),
        Example("overshoot", "resources.maxvCpus", {"resources.maxvCpus": 3}, {"resources.maxvCpus": 0}, "warning"),
        Example(
            "overshoot",
            "resources.maxvCpus",
            {**SPOT, "resources.maxvCpus": 3, "resources.allocationStrategy": "BEST_FIT"},
            {"resources.maxvCpus": 3, "resources.allocationStrategy": "BEST_FIT"},
            "warning",
        ),
    ],
    "V-46": [
        Example("short-jobs", "job.runtime", {"job.runtime": 179}, {"job.runtime": 180}, "info"),
        Example(
            "short-jobs",
            "job.runtime",
            {"job.runtime": {"exponential": {"mean": 60}}},
            {"job.runtime": 60, "resources.minvCpus": 4},
            "info",
        ),
    ],
    "V-47": [
        Example(
            "not-simulated",
            "fleet.eksConfiguration",
            {"fleet.eksConfiguration": {"eksClusterArn": "a", "kubernetesNamespace": "b"}},
            {},
        ),
        Example(
            "not-simulated",
            "batch.schedulingPolicies.policy.quotaSharePolicy",
            {
                "batch.schedulingPolicies": [
                    {"name": "policy", "quotaSharePolicy": {"idleResourceAssignmentStrategy": "FIFO"}}
                ]
            },
            {},
        ),
        Example(
            "not-simulated",
            "queue.serviceEnvironmentOrder",
            {"queue.serviceEnvironmentOrder": [{"order": 1, "serviceEnvironment": "s"}]},
            {"fleet": {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 4}},
        ),
    ],
    "V-48": [
        Example("unknown-key", "resources.maxvCpu", {"resources.maxvCpu": 4}, {}),
        Example("unknown-key", "job.runtimes", {"job.runtimes": 4}, {}),
    ],
    "V-49": [
        Example("optimal", "resources.instanceTypes.0", on("EC2", "optimal"), on("EC2", "default_x86_64"), "warning"),
    ],
}
