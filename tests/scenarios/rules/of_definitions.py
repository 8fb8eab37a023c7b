"""Examples of rules about job definitions and what they ask for."""

from __future__ import annotations

from tests.scenarios.rules.base import EXIT_OTHERWISE, GONE
from tests.scenarios.rules.changes import (
    DEPLOYS,
    FARGATE,
    FARGATE_SPOT,
    FOR_FARGATE,
    RETRY_HOSTS,
    RETRY_TASKS,
    SPOT,
    Example,
    asks,
    behind,
    beside,
    ecs,
    gpu,
    nodes,
    retried,
)

EXAMPLES: dict[str, list[Example]] = {
    "V-15": [
        Example(
            "runtime-platform",
            "container.runtimePlatform.cpuArchitecture",
            {"container.runtimePlatform": {"cpuArchitecture": "ARM64"}},
            {**FARGATE, "container.runtimePlatform": {"cpuArchitecture": "ARM64"}},
        ),
        Example(
            "runtime-platform",
            "container.runtimePlatform.cpuArchitecture",
            {**FARGATE, "container.runtimePlatform": {"cpuArchitecture": "arm64"}},
            {**FARGATE, "container.runtimePlatform": {"cpuArchitecture": "X86_64"}},
        ),
        Example(
            "runtime-platform",
            "job.jobDefinition",
            {**FARGATE_SPOT, "container.runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}},
            {**FARGATE, "container.runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}},
        ),
        Example(
            "arm-on-fargate-spot",
            "job.jobDefinition",
            {**FARGATE_SPOT, "container.runtimePlatform": {"cpuArchitecture": "ARM64"}},
            {**FARGATE, "container.runtimePlatform": {"cpuArchitecture": "ARM64"}},
            "info",
        ),
    ],
    "V-21": [
        Example("definition-kind", "task", {"task.containerProperties": GONE}, {}),
        Example("definition-kind", "task.ecsProperties", {"task.ecsProperties": {"taskProperties": []}}, ecs({})),
        Example(
            "definition-kind", "task", {"task.type": "multinode", "task.containerProperties": GONE}, nodes(2, "0:1")
        ),
        Example("ecs-properties", "task.ecsProperties.taskProperties.0.containers", ecs({"essential": False}), ecs({})),
        Example("ecs-properties", "task.ecsProperties.taskProperties.0.containers", ecs(*[{}] * 11), ecs(*[{}] * 10)),
        Example(
            "ecs-properties",
            "task.ecsProperties.taskProperties.0.containers.main.dependsOn.0.condition",
            ecs({"name": "main", "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]}, {"name": "init"}),
            ecs(
                {"name": "main", "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]},
                {"name": "init", "essential": False},
            ),
        ),
        Example(
            "ecs-properties",
            "task.ecsProperties.taskProperties.0.containers.a.dependsOn.0",
            ecs({"name": "a", "dependsOn": [{"containerName": "a", "condition": "START"}]}),
            ecs({"name": "a", "dependsOn": [{"containerName": "b", "condition": "START"}]}, {"name": "b"}),
        ),
        Example("image-missing", "container", {"container.image": GONE, **DEPLOYS}, DEPLOYS),
    ],
    "V-22": [
        Example(
            "requirements", "container", {"container.resourceRequirements": [{"type": "MEMORY", "value": "1024"}]}, {}
        ),
        Example(
            "requirements",
            "container",
            {"container.resourceRequirements": [{"type": "VCPU", "value": "1"}]},
            {"container.resourceRequirements": [{"type": "VCPU", "value": "1"}], "container.memory": 1024},
        ),
        *(
            Example(
                "requirements",
                f"container.resourceRequirements.{index}.value",
                {"container.resourceRequirements": bad},
                {"container.resourceRequirements": good},
            )
            for index, bad, good in (
                (0, asks("0.5", "1024"), asks("1", "1024")),
                (0, asks("1.5", "1024"), asks("2", "1024")),
                (0, asks("one", "1024"), asks("1", "1024")),
                (1, asks("1", "3"), asks("1", "4")),
                (2, gpu("0.5"), gpu("1")),
            )
        ),
        Example(
            "requirements",
            "container.resourceRequirements.2.type",
            {"container.resourceRequirements": asks("1", "1024", {"type": "VCPU", "value": "1"})},
            {"container.resourceRequirements": asks("1", "1024")},
        ),
        Example("requirements", "container.vcpus", {"container.vcpus": 1}, {}),
        Example(
            "requirements",
            "container.vcpus",
            {**FARGATE, "container.resourceRequirements": [{"type": "MEMORY", "value": "2048"}], "container.vcpus": 1},
            FARGATE,
        ),
        Example(
            "requirements",
            "job.containerOverrides.resourceRequirements.0.value",
            {"job.containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "0"}]}},
            {"job.containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "2"}]}},
        ),
    ],
    "V-23": [
        Example(
            "fargate-size",
            "container.resourceRequirements.1.value",
            {**FARGATE, "container.resourceRequirements": asks("1", "1024")},
            {**FARGATE, "container.resourceRequirements": asks("0.25", "512")},
        ),
        Example(
            "fargate-size",
            "container.resourceRequirements.0.value",
            {**FARGATE, "container.resourceRequirements": asks("3", "8192")},
            {**FARGATE, "container.resourceRequirements": asks("32", "249856")},
        ),
        Example(
            "fargate-size",
            "container.resourceRequirements.2.value",
            {**FARGATE, "container.resourceRequirements": asks("1", "2048", {"type": "GPU", "value": "1"})},
            FARGATE,
        ),
        Example(
            "fargate-size",
            "job.containerOverrides.resourceRequirements.0.value",
            {**FARGATE, "job.containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "1024"}]}},
            {**FARGATE, "job.containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "3072"}]}},
        ),
        Example(
            "fargate-container",
            "container.privileged",
            {**FARGATE, "container.privileged": True},
            {"container.privileged": True},
        ),
        Example(
            "fargate-container",
            "container.linuxParameters.swappiness",
            {**FARGATE, "container.linuxParameters": {"swappiness": 0}},
            {**FARGATE, "container.linuxParameters": {"initProcessEnabled": True}},
        ),
        Example(
            "fargate-container",
            "container.logConfiguration.logDriver",
            {**FARGATE, "container.logConfiguration": {"logDriver": "syslog"}},
            {**FARGATE, "container.logConfiguration": {"logDriver": "splunk"}},
        ),
        Example(
            "fargate-container",
            "container.volumes.data.host",
            {**FARGATE, "container.volumes": [{"name": "data", "host": {"sourcePath": "/data"}}]},
            {**FARGATE, "container.volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
        ),
        Example("execution-role", "container", {**FARGATE, "container.executionRoleArn": GONE}, {}, "warning"),
        Example(
            "execution-role",
            "container",
            {**FARGATE, "container.executionRoleArn": GONE, **DEPLOYS},
            {**FARGATE, "container.executionRoleArn": GONE, "deployment": {"executionRoleArn": "role"}},
        ),
    ],
    "V-24": [
        *(
            Example(
                "ephemeral-storage",
                "container.ephemeralStorage.sizeInGiB",
                {**FARGATE, "container.ephemeralStorage": {"sizeInGiB": bad}},
                {**FARGATE, "container.ephemeralStorage": {"sizeInGiB": good}},
            )
            for bad, good in ((20, 21), (201, 200))
        ),
        Example(
            "ephemeral-storage", "container.ephemeralStorage", {"container.ephemeralStorage": {"sizeInGiB": 30}}, {}
        ),
    ],
    "V-25": [
        Example("attempts", "task.retryStrategy", {"task.retryStrategy": {}}, {"task.retryStrategy": GONE}),
        Example(
            "attempts",
            "job.retryStrategy.attempts",
            {"job.retryStrategy": {"attempts": 11}},
            {"job.retryStrategy": {"attempts": 10}},
        ),
        Example(
            "attempts",
            "task.retryStrategy.evaluateOnExit",
            retried(*[EXIT_OTHERWISE] * 6),
            retried(*[EXIT_OTHERWISE] * 5),
        ),
        Example(
            "attempts", "task.retryStrategy.evaluateOnExit.0", retried({"action": "EXIT"}), retried(EXIT_OTHERWISE)
        ),
        *(
            Example(
                "attempts",
                f"task.retryStrategy.evaluateOnExit.0.{member}",
                retried({member: bad, "action": "exit"}),
                retried({member: good, "action": "exit"}),
            )
            for member, bad, good in (
                ("onExitCode", "1x", "1*"),
                ("onReason", "*x", "x*"),
                ("onStatusReason", "Host EC2 (instance i-*", "Host EC2*"),
                ("onReason", "x" * 513, "x" * 512),
            )
        ),
    ],
    "V-26": [
        Example(
            "retries-everything",
            "task.retryStrategy.evaluateOnExit",
            retried(RETRY_HOSTS),
            retried(RETRY_HOSTS, EXIT_OTHERWISE),
            "warning",
        ),
        Example(
            "retries-everything",
            "task.retryStrategy.evaluateOnExit",
            retried(RETRY_HOSTS, {"onReason": "*", "onExitCode": "1", "action": "EXIT"}),
            retried({"onExitCode": "1", "action": "EXIT"}),
            "warning",
        ),
    ],
    "V-27": [
        Example("spot-attempts", "task", {**SPOT, "task.retryStrategy": GONE}, SPOT, "warning"),
        Example(
            "spot-attempts",
            "job.retryStrategy",
            {**FARGATE_SPOT, "job.retryStrategy": {"attempts": 1}},
            {"job.retryStrategy": {"attempts": 1}},
            "warning",
        ),
        Example(
            "long-on-spot", "job.runtime", {**SPOT, "job.runtime": "61m"}, {**SPOT, "job.runtime": "1h"}, "warning"
        ),
    ],
    "V-28": [
        Example(
            "spot-retry",
            "task.retryStrategy.evaluateOnExit",
            {**FARGATE_SPOT, **retried(RETRY_HOSTS)},
            {**SPOT, **retried(RETRY_HOSTS)},
            "warning",
        ),
        Example(
            "spot-retry",
            "task.retryStrategy.evaluateOnExit",
            {**FARGATE_SPOT, **retried(RETRY_HOSTS, EXIT_OTHERWISE)},
            {**FARGATE_SPOT, **retried(RETRY_HOSTS, RETRY_TASKS, EXIT_OTHERWISE)},
            "warning",
        ),
        Example(
            "spot-retry",
            "task.retryStrategy.evaluateOnExit",
            {**SPOT, **retried(EXIT_OTHERWISE, RETRY_HOSTS)},
            {**SPOT, **retried(RETRY_HOSTS, EXIT_OTHERWISE)},
            "warning",
        ),
    ],
    "V-29": [
        Example(
            "timeout",
            "job.timeout.attemptDurationSeconds",
            {"job.timeout": {"attemptDurationSeconds": 59}, "job.runtime": 1},
            {"job.timeout": {"attemptDurationSeconds": 60}, "job.runtime": 1},
        ),
        Example(
            "short-timeout",
            "task.timeout.attemptDurationSeconds",
            {"task.timeout": {"attemptDurationSeconds": 599}},
            {"task.timeout": {"attemptDurationSeconds": 600}},
            "warning",
        ),
        Example(
            "short-timeout",
            "task.timeout.attemptDurationSeconds",
            {
                "task.timeout": {"attemptDurationSeconds": 1000},
                "job.runtime": {"lognormal": {"median": 600, "p95": 1001}},
            },
            {
                "task.timeout": {"attemptDurationSeconds": 1000},
                "job.runtime": {"lognormal": {"median": 600, "p95": 999}},
            },
            "warning",
        ),
        Example(
            "long-on-fargate",
            "job.runtime",
            {**FARGATE, "job.runtime": "15d"},
            {**FARGATE, "job.runtime": "14d"},
            "warning",
        ),
    ],
    "V-34": [
        Example("nodes", "task.nodeProperties.numNodes", nodes(1001, "0:"), nodes(1000, "0:")),
        Example("nodes", "task.nodeProperties.mainNode", nodes(2, "0:1", main=2), nodes(2, "0:1", main=1)),
        Example("nodes", "task.nodeProperties.nodeRangeProperties", nodes(4, "0:1", "3:"), nodes(4, ":1", "2:", "3:3")),
        Example("nodes", "task.nodeProperties.nodeRangeProperties", nodes(4, *["0:"] * 6), nodes(4, *["0:"] * 5)),
        Example("nodes", "task.nodeProperties.nodeRangeProperties.0.targetNodes", nodes(4, "0-3"), nodes(4, "0:3")),
        Example(
            "nodes",
            "task.platformCapabilities",
            nodes(2, "0:", platformCapabilities=["FARGATE"]),
            nodes(2, "0:", platformCapabilities=["EC2"]),
        ),
        Example(
            "node-types",
            "task.nodeProperties.nodeRangeProperties.1.instanceTypes.0",
            nodes(2, "0:0", "1:", types=("c6i.xlarge", "m6i.xlarge")),
            nodes(2, "0:0", "1:"),
        ),
        Example(
            "node-queue", "job.jobQueue", {**SPOT, **nodes(2, "0:")}, {**SPOT, **behind(beside()), **nodes(2, "0:")}
        ),
        Example(
            "node-type-listed",
            "job.jobDefinition",
            nodes(2, "0:", types=("c7i.xlarge",)),
            nodes(2, "0:", types=("m6i.xlarge",)),
            "warning",
        ),
        Example(
            "node-overrides",
            "job.nodeOverrides.numNodes",
            {**nodes(2, "0:1"), "job.nodeOverrides": {"numNodes": 3}},
            {**nodes(2, "0:"), "job.nodeOverrides": {"numNodes": 3}},
        ),
    ],
    "V-37": [
        Example("platform", "job.jobDefinition", {"resources": FARGATE["resources"]}, FARGATE),
        Example("platform", "job.jobDefinition", FOR_FARGATE, {}),
        Example(
            "ec2-container",
            "container.networkConfiguration",
            {"container.networkConfiguration": {"assignPublicIp": "ENABLED"}},
            {**FARGATE, "container.networkConfiguration": {"assignPublicIp": "ENABLED"}},
        ),
    ],
}
