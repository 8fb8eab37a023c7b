"""What becomes of each member of job definitions and of submissions."""

from __future__ import annotations

from batchsim.scenario.batch.member_treatment import GUIDE, NAMES, NEITHER, MemberCoverage, treated

JOB_MEMBERS: dict[str, MemberCoverage] = {
    # Job definitions
    **treated("simulated", NAMES, "RegisterJobDefinitionRequest.jobDefinitionName"),
    "RegisterJobDefinitionRequest.type": MemberCoverage("simulated", "container or multinode"),
    "RegisterJobDefinitionRequest.schedulingPriority": MemberCoverage("simulated", "order within a share"),
    "RegisterJobDefinitionRequest.platformCapabilities": MemberCoverage("simulated", "EC2, FARGATE or MANAGED_INSTANCES"),
    **treated(
        "carried", NEITHER, *(f"RegisterJobDefinitionRequest.{name}" for name in ("parameters", "propagateTags", "tags"))
    ),
    **{
        f"RegisterJobDefinitionRequest.{name}": MemberCoverage("simulated", f"see {shape}")
        for name, shape in (
            ("containerProperties", "ContainerProperties"),
            ("ecsProperties", "EcsProperties"),
            ("nodeProperties", "NodeProperties"),
            ("retryStrategy", "RetryStrategy"),
            ("timeout", "JobTimeout"),
            ("consumableResourceProperties", "ConsumableResourceProperties"),
        )
    },
    "RegisterJobDefinitionRequest.eksProperties": MemberCoverage("refused", "jobs on EKS"),
    "RetryStrategy.attempts": MemberCoverage("simulated", "a retried job goes to the front", GUIDE + "Automated job retries"),
    "RetryStrategy.evaluateOnExit": MemberCoverage("simulated", "see EvaluateOnExit"),
    **treated(
        "simulated",
        "in order; all conditions of an entry; no match retries",
        *(f"EvaluateOnExit.{name}" for name in ("onStatusReason", "onReason", "onExitCode", "action")),
        source=GUIDE + "Automated job retries",
    ),
    "JobTimeout.attemptDurationSeconds": MemberCoverage("simulated", "per attempt; never retried", GUIDE + "Job timeouts"),
    "ConsumableResourceProperties.consumableResourceList": MemberCoverage("simulated", "see ConsumableResourceRequirement"),
    **treated(
        "simulated",
        "locked from STARTING to the end",
        "ConsumableResourceRequirement.consumableResource",
        "ConsumableResourceRequirement.quantity",
        source=GUIDE + "Resource-aware scheduling",
    ),
    "ContainerProperties.image": MemberCoverage("simplified", "pulled once an instance; size and rate are settings"),
    **treated(
        "simulated",
        "taken together on one instance",
        "ContainerProperties.vcpus",
        "ContainerProperties.memory",
        "ContainerProperties.resourceRequirements",
        "TaskContainerProperties.resourceRequirements",
        "ResourceRequirement.type",
        "ResourceRequirement.value",
    ),
    "ContainerProperties.instanceType": MemberCoverage("simulated", "of multi-node jobs"),
    "ContainerProperties.ephemeralStorage": MemberCoverage("simulated", "see EphemeralStorage"),
    "EphemeralStorage.sizeInGiB": MemberCoverage("simulated", "paid beyond 20 GB on Fargate"),
    "ContainerProperties.runtimePlatform": MemberCoverage("simulated", "see RuntimePlatform"),
    "RuntimePlatform.cpuArchitecture": MemberCoverage("simulated", "the price of Fargate; of managed instances the types that a job runs on"),
    "RuntimePlatform.operatingSystemFamily": MemberCoverage("simulated", "LINUX; Windows is refused: its licence is priced apart"),
    **treated(
        "carried",
        NEITHER,
        *(
            f"ContainerProperties.{name}"
            for name in (
                "command", "jobRoleArn", "executionRoleArn", "volumes", "environment", "mountPoints",
                "readonlyRootFilesystem", "privileged", "ulimits", "user", "linuxParameters", "logConfiguration",
                "secrets", "fargatePlatformConfiguration", "enableExecuteCommand", "repositoryCredentials",
            )
        ),
    ),
    "ContainerProperties.networkConfiguration": MemberCoverage("simulated", "see NetworkConfiguration"),
    "EcsTaskProperties.networkConfiguration": MemberCoverage("simulated", "see NetworkConfiguration"),
    "NetworkConfiguration.assignPublicIp": MemberCoverage(
        "simulated", "on Fargate a public IPv4 address is paid for, as long as the task is", "Amazon VPC pricing"
    ),
    "EcsProperties.taskProperties": MemberCoverage("simulated", "see EcsTaskProperties"),
    "EcsTaskProperties.containers": MemberCoverage("simplified", "what they ask for is added up; they end together"),
    "EcsTaskProperties.ephemeralStorage": MemberCoverage("simulated", "see EphemeralStorage"),
    "EcsTaskProperties.runtimePlatform": MemberCoverage("simulated", "see RuntimePlatform"),
    **treated(
        "carried",
        NEITHER,
        *(
            f"EcsTaskProperties.{name}"
            for name in (
                "executionRoleArn", "platformVersion", "ipcMode", "taskRoleArn", "pidMode", "volumes",
                "enableExecuteCommand", "networkMode",
            )
        ),
    ),
    "TaskContainerProperties.image": MemberCoverage("simplified", "the first container's stands for all"),
    "TaskContainerProperties.dependsOn": MemberCoverage("simplified", "all containers start together"),
    **treated(
        "simplified",
        "all containers start together",
        "TaskContainerDependency.containerName",
        "TaskContainerDependency.condition",
    ),
    "TaskContainerProperties.essential": MemberCoverage("simplified", "the job's run time is that of its essential container"),
    **treated(
        "carried",
        NEITHER,
        *(
            f"TaskContainerProperties.{name}"
            for name in (
                "command", "environment", "linuxParameters", "logConfiguration", "mountPoints", "name", "privileged",
                "readonlyRootFilesystem", "repositoryCredentials", "secrets", "ulimits", "user",
                "firelensConfiguration",
            )
        ),
    ),
    "TaskContainerProperties.startTimeout": MemberCoverage("simplified", "without effect, as all containers start together"),
    "TaskContainerProperties.stopTimeout": MemberCoverage(
        "simulated",
        "stopped containers are killed after it, the last one ends the attempt; 30 s where it is not given, also of "
        "containerProperties, which can't",
        "ECS, Fargate Spot termination notices; " + GUIDE + "Job timeouts",
    ),
    "NodeProperties.numNodes": MemberCoverage("simulated", "an instance each, all or none", GUIDE + "Multi-node parallel jobs"),
    "NodeProperties.mainNode": MemberCoverage("simulated", "its end is the job's"),
    "NodeProperties.nodeRangeProperties": MemberCoverage("simulated", "see NodeRangeProperty"),
    "NodeRangeProperty.targetNodes": MemberCoverage("simulated", "of nested ranges the narrower"),
    "NodeRangeProperty.container": MemberCoverage("simulated", "see ContainerProperties"),
    "NodeRangeProperty.ecsProperties": MemberCoverage("simulated", "see EcsProperties"),
    "NodeRangeProperty.instanceTypes": MemberCoverage("simulated", "the one type of all nodes"),
    "NodeRangeProperty.consumableResourceProperties": MemberCoverage("simulated", "added up over the nodes; of nested ranges the narrower holds"),
    "NodeRangeProperty.eksProperties": MemberCoverage("refused", "jobs on EKS"),
    # Submission
    **treated("simulated", NAMES, "SubmitJobRequest.jobName", "SubmitJobRequest.jobQueue", "SubmitJobRequest.jobDefinition"),
    "SubmitJobRequest.shareIdentifier": MemberCoverage("simulated", "the share that the job counts for"),
    "SubmitJobRequest.schedulingPriorityOverride": MemberCoverage("simulated", "order within a share"),
    "SubmitJobRequest.arrayProperties": MemberCoverage("simulated", "see ArrayProperties"),
    "ArrayProperties.size": MemberCoverage("simulated", "2 to 10,000 children", GUIDE + "Array jobs"),
    "SubmitJobRequest.dependsOn": MemberCoverage("simulated", "see JobDependency"),
    "JobDependency.jobId": MemberCoverage("refused", "a scenario knows no job ids: jobName of the same workflow stands here"),
    "JobDependency.type": MemberCoverage("simulated", "N_TO_N and SEQUENTIAL", GUIDE + "Job dependencies"),
    **treated("carried", NEITHER, *(f"SubmitJobRequest.{name}" for name in ("parameters", "propagateTags", "tags"))),
    **{
        f"SubmitJobRequest.{name}": MemberCoverage("simulated", f"see {shape}")
        for name, shape in (
            ("containerOverrides", "ContainerOverrides"),
            ("nodeOverrides", "NodeOverrides"),
            ("retryStrategy", "RetryStrategy, which it replaces"),
            ("timeout", "JobTimeout, which it replaces"),
            ("ecsPropertiesOverride", "EcsPropertiesOverride"),
            ("consumableResourcePropertiesOverride", "ConsumableResourceProperties, which it replaces"),
        )
    },
    "SubmitJobRequest.eksPropertiesOverride": MemberCoverage("refused", "jobs on EKS"),
    "ContainerOverrides.resourceRequirements": MemberCoverage("simulated", "instead of the definition's"),
    **treated(
        "simulated",
        "only where the definition has it in the same old place",
        "ContainerOverrides.vcpus",
        "ContainerOverrides.memory",
        source="API ContainerOverrides",
    ),
    "ContainerOverrides.instanceType": MemberCoverage("refused", "another type for a multi-node job at submission"),
    **treated("carried", NEITHER, "ContainerOverrides.command", "ContainerOverrides.environment"),
    "NodeOverrides.numNodes": MemberCoverage("simulated", "where a range has an open end"),
    "NodeOverrides.nodePropertyOverrides": MemberCoverage("simulated", "see NodePropertyOverride"),
    "NodePropertyOverride.targetNodes": MemberCoverage("simulated"),
    "NodePropertyOverride.containerOverrides": MemberCoverage("simulated", "see ContainerOverrides"),
    **treated(
        "refused",
        "of single nodes at submission",
        *(
            f"NodePropertyOverride.{name}"
            for name in (
                "ecsPropertiesOverride", "instanceTypes", "eksPropertiesOverride",
                "consumableResourcePropertiesOverride",
            )
        ),
    ),
    "EcsPropertiesOverride.taskProperties": MemberCoverage("simulated", "see TaskPropertiesOverride"),
    "TaskPropertiesOverride.containers": MemberCoverage("simulated", "see TaskContainerOverrides"),
    "TaskContainerOverrides.name": MemberCoverage("simulated", "the container that is meant"),
    "TaskContainerOverrides.resourceRequirements": MemberCoverage("simulated", "instead of the definition's"),
    **treated("carried", NEITHER, "TaskContainerOverrides.command", "TaskContainerOverrides.environment"),
}  # fmt: skip
