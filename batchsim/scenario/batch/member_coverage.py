"""What becomes of each member of AWS Batch's requests: simulated, simplified, carried through, or refused.

Members are named by their shape: ``ComputeResource.maxvCpus``. What is carried or refused covers everything inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from batchsim.scenario.batch.service_model import shape_named

Treatment = Literal["simulated", "simplified", "carried", "refused"]

#: The requests that a scenario is made of.
REQUESTS = (
    "CreateComputeEnvironmentRequest",
    "CreateJobQueueRequest",
    "CreateSchedulingPolicyRequest",
    "CreateConsumableResourceRequest",
    "RegisterJobDefinitionRequest",
    "SubmitJobRequest",
)


@dataclass(frozen=True)
class MemberCoverage:
    """What becomes of one member.

    Attributes
    ----------
    how : str
        What it does, or what is simplified; why it is carried or refused.
    source : str
        Where AWS says what it means, beyond the shape's own text.
    """

    treatment: Treatment
    how: str = ""
    source: str = ""


def _all(treatment: Treatment, how: str, *members: str, source: str = "") -> dict[str, MemberCoverage]:
    return dict.fromkeys(members, MemberCoverage(treatment, how, source))


_NAMES = "names the thing; results and overrides go by it"
_NEITHER = "bears neither on when a job runs nor on what batchsim counts as cost"
_GUIDE = "User Guide, "

MEMBERS: dict[str, MemberCoverage] = {
    # Compute environments
    **_all("simulated", _NAMES, "CreateComputeEnvironmentRequest.computeEnvironmentName"),
    "CreateComputeEnvironmentRequest.type": MemberCoverage("simulated", "MANAGED, or UNMANAGED: a pool of processors"),
    "CreateComputeEnvironmentRequest.state": MemberCoverage("simulated", "DISABLED takes no jobs; minvCpus are kept"),
    "CreateComputeEnvironmentRequest.unmanagedvCpus": MemberCoverage(
        "simplified", "the pool's processors; AWS uses it for share reservations alone"
    ),
    "CreateComputeEnvironmentRequest.computeResources": MemberCoverage("simulated", "see ComputeResource"),
    **_all(
        "carried",
        _NEITHER,
        *(f"CreateComputeEnvironmentRequest.{name}" for name in ("serviceRole", "tags", "context", "ecsSettings")),
    ),
    "CreateComputeEnvironmentRequest.eksConfiguration": MemberCoverage(
        "refused", "environments on EKS: the cluster's own scheduler places the pods, beside others"
    ),
    "ComputeResource.type": MemberCoverage(
        "simulated", "EC2, SPOT, FARGATE, FARGATE_SPOT, ECS_MANAGED_INSTANCES"
    ),
    "ComputeResource.allocationStrategy": MemberCoverage(
        "simplified",
        "AWS names each strategy's aim; how fit is scored and a size chosen within a family is batchsim's; of two readings "
        "of BEST_FIT_PROGRESSIVE scheduler.bestFitProgressive chooses",
        _GUIDE + "Instance type allocation strategies",
    ),
    "ComputeResource.minvCpus": MemberCoverage("simplified", "kept always; of the type of which so many vCPUs cost least, while no job waits"),
    "ComputeResource.maxvCpus": MemberCoverage(
        "simulated",
        "every strategy but BEST_FIT on demand may pass it by less than one instance; on Fargate and of managed instances "
        "it caps what running jobs ask for",
        _GUIDE + "Compute environments on Amazon ECS Managed Instances",
    ),
    "ComputeResource.desiredvCpus": MemberCoverage("simplified", "launched at the start; Batch's own variable afterwards"),
    "ComputeResource.instanceTypes": MemberCoverage("simulated", "types, families, optimal and default_…"),
    "ComputeResource.subnets": MemberCoverage(
        "simplified", "their number says how many zones there are; three where none are given"
    ),
    "ComputeResource.placementGroup": MemberCoverage("simplified", "one zone"),
    "ComputeResource.bidPercentage": MemberCoverage(
        "simulated",
        "types whose market price is above it are not launched: jobs wait for capacity; a recorded price that passes it "
        "ends instances with a notice; the market price is paid, never more than the bid",
        "EC2, Spot Instance interruptions",
    ),
    "ComputeResource.scalingPolicy": MemberCoverage("simulated", "see ComputeScalingPolicy"),
    "ComputeScalingPolicy.minScaleDownDelayMinutes": MemberCoverage("simulated", "per instance, from the end of its last job"),
    "ComputeResource.launchTemplate": MemberCoverage(
        "simulated",
        "as the section launchTemplates says: see RequestLaunchTemplateData; one that is not there is carried, with a warning",
        _GUIDE + "Use Amazon EC2 launch templates with AWS Batch",
    ),
    **_all(
        "simulated",
        "the launch template, by either",
        *(
            f"{shape}.{name}"
            for shape in ("LaunchTemplateSpecification", "LaunchTemplateSpecificationOverride")
            for name in ("launchTemplateId", "launchTemplateName")
        ),
    ),
    **_all(
        "simulated",
        "a number, $Latest, or $Default, which none means",
        "LaunchTemplateSpecification.version",
        "LaunchTemplateSpecificationOverride.version",
    ),
    "LaunchTemplateSpecification.overrides": MemberCoverage("simulated", "see LaunchTemplateSpecificationOverride"),
    "LaunchTemplateSpecificationOverride.targetInstanceTypes": MemberCoverage(
        "simulated", "the types and families that are launched from it, in place of the environment's template"
    ),
    **_all(
        "carried",
        "of EKS",
        "LaunchTemplateSpecification.userdataType",
        "LaunchTemplateSpecificationOverride.userdataType",
    ),
    **_all(
        "carried",
        "may change boot time: state it in the environment section",
        *(f"ComputeResource.{name}" for name in ("imageId", "ec2Configuration")),
    ),
    **_all(
        "carried",
        _NEITHER,
        *(
            f"ComputeResource.{name}"
            for name in ("securityGroupIds", "ec2KeyPair", "instanceRole", "tags", "spotIamFleetRole", "capacityTags")
        ),
    ),
    # Managed instances
    "ComputeResource.managedInstancesProvider": MemberCoverage("simulated", "see ManagedInstancesProvider"),
    "ManagedInstancesProvider.instanceLaunchTemplate": MemberCoverage("simulated", "see InstanceLaunchTemplate"),
    "ManagedInstancesProvider.infrastructureOptimization": MemberCoverage("simulated", "see InfrastructureOptimization"),
    "InfrastructureOptimization.scaleInAfter": MemberCoverage(
        "simplified",
        "an instance goes when it was idle so long; busy ones are not emptied for a better fit; where it is not given "
        "environment.managedInstances.scaleInAfter holds, as AWS does not publish its default",
    ),
    "InstanceLaunchTemplate.networkConfiguration": MemberCoverage("simulated", "see ManagedInstancesNetworkConfiguration"),
    "ManagedInstancesNetworkConfiguration.subnets": MemberCoverage(
        "simplified", "their number says how many zones there are; three where none are given"
    ),
    "InstanceLaunchTemplate.instanceRequirements": MemberCoverage("simulated", "see InstanceRequirementsRequest"),
    "InstanceRequirementsRequest.allowedInstanceTypes": MemberCoverage(
        "simplified", "types and families, or all; which of them ECS launches is batchsim's: on which the jobs that wait cost least"
    ),
    "InstanceLaunchTemplate.capacityOptionType": MemberCoverage("simulated", "ON_DEMAND, or SPOT with its market and interruptions"),
    "InstanceLaunchTemplate.storageConfiguration": MemberCoverage("simulated", "see ManagedInstancesStorageConfiguration"),
    "ManagedInstancesStorageConfiguration.storageSizeGiB": MemberCoverage(
        "simulated", "the volume that is paid for; environment.managedInstances.storage where it is not given"
    ),
    "InstanceLaunchTemplate.capacityReservations": MemberCoverage("simulated", "see CapacityReservationRequest"),
    "CapacityReservationRequest.reservationPreference": MemberCoverage(
        "simulated", "whether capacity is of environment.capacity.reservations only, of them first, or of none of them"
    ),
    "CapacityReservationRequest.reservationGroupArn": MemberCoverage("simulated", "the reservations that are meant, by the group's name"),
    **_all(
        "carried",
        _NEITHER,
        "ManagedInstancesProvider.propagateTags",
        "ManagedInstancesProvider.infrastructureRoleArn",
        "InstanceLaunchTemplate.ec2InstanceProfileArn",
        "InstanceLaunchTemplate.monitoring",
        "InstanceLaunchTemplate.fipsEnabled",
        "InstanceLaunchTemplate.instanceMetadataTagsPropagation",
        "InstanceLaunchTemplate.localStorageConfiguration",
        "ManagedInstancesNetworkConfiguration.securityGroups",
    ),
    # Job queues
    **_all("simulated", _NAMES, "CreateJobQueueRequest.jobQueueName"),
    "CreateJobQueueRequest.state": MemberCoverage("simulated", "jobs to a DISABLED queue are refused"),
    "CreateJobQueueRequest.priority": MemberCoverage(
        "simulated", "order of queues in a scheduling cycle; equal ones by name", "API JobQueueDetail.priority"
    ),
    "CreateJobQueueRequest.schedulingPolicyArn": MemberCoverage("simulated", "a policy of the scenario, by name or ARN"),
    "CreateJobQueueRequest.computeEnvironmentOrder": MemberCoverage("simulated", "see ComputeEnvironmentOrder"),
    **_all(
        "simulated",
        "the first that has room or can provide it",
        "ComputeEnvironmentOrder.order",
        "ComputeEnvironmentOrder.computeEnvironment",
        source=_GUIDE + "Compute environments",
    ),
    "CreateJobQueueRequest.jobStateTimeLimitActions": MemberCoverage("simulated", "see JobStateTimeLimitAction"),
    **_all(
        "simplified",
        "a head that truly fits nowhere, or whose capacity is not to be had, is cancelled after the time",
        *(f"JobStateTimeLimitAction.{name}" for name in ("reason", "state", "maxTimeSeconds", "action")),
        source=_GUIDE + "Jobs stuck in RUNNABLE",
    ),
    **_all("carried", _NEITHER, "CreateJobQueueRequest.tags", "CreateJobQueueRequest.jobQueueType"),
    "CreateJobQueueRequest.serviceEnvironmentOrder": MemberCoverage("refused", "queues of service environments"),
    # Scheduling policies
    **_all("simulated", _NAMES, "CreateSchedulingPolicyRequest.name"),
    "CreateSchedulingPolicyRequest.fairsharePolicy": MemberCoverage("simulated", "see FairsharePolicy"),
    "CreateSchedulingPolicyRequest.quotaSharePolicy": MemberCoverage("refused", "quota shares (service environments only)"),
    **_all("carried", _NEITHER, "CreateSchedulingPolicyRequest.tags"),
    "FairsharePolicy.shareDecaySeconds": MemberCoverage(
        "simplified",
        "use fades linearly over the window, and what runs counts for half of it besides; AWS does not publish the curve",
    ),
    "FairsharePolicy.computeReservation": MemberCoverage("simulated", "(reservation / 100) ** active shares stay free"),
    "FairsharePolicy.shareDistribution": MemberCoverage("simulated", "see ShareAttributes"),
    "ShareAttributes.shareIdentifier": MemberCoverage("simulated", "whole, or a prefix with a final *"),
    "ShareAttributes.weightFactor": MemberCoverage("simulated", "use and what runs, times the factor; the lowest is served next"),
    # Consumable resources
    **_all("simulated", _NAMES, "CreateConsumableResourceRequest.consumableResourceName"),
    "CreateConsumableResourceRequest.totalQuantity": MemberCoverage("simulated", "what jobs share"),
    "CreateConsumableResourceRequest.resourceType": MemberCoverage("simulated", "given back at a job's end, or used up"),
    **_all("carried", _NEITHER, "CreateConsumableResourceRequest.tags"),
    # Job definitions
    **_all("simulated", _NAMES, "RegisterJobDefinitionRequest.jobDefinitionName"),
    "RegisterJobDefinitionRequest.type": MemberCoverage("simulated", "container or multinode"),
    "RegisterJobDefinitionRequest.schedulingPriority": MemberCoverage("simulated", "order within a share"),
    "RegisterJobDefinitionRequest.platformCapabilities": MemberCoverage("simulated", "EC2, FARGATE or MANAGED_INSTANCES"),
    **_all(
        "carried", _NEITHER, *(f"RegisterJobDefinitionRequest.{name}" for name in ("parameters", "propagateTags", "tags"))
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
    "RetryStrategy.attempts": MemberCoverage("simulated", "a retried job goes to the front", _GUIDE + "Automated job retries"),
    "RetryStrategy.evaluateOnExit": MemberCoverage("simulated", "see EvaluateOnExit"),
    **_all(
        "simulated",
        "in order; all conditions of an entry; no match retries",
        *(f"EvaluateOnExit.{name}" for name in ("onStatusReason", "onReason", "onExitCode", "action")),
        source=_GUIDE + "Automated job retries",
    ),
    "JobTimeout.attemptDurationSeconds": MemberCoverage("simulated", "per attempt; never retried", _GUIDE + "Job timeouts"),
    "ConsumableResourceProperties.consumableResourceList": MemberCoverage("simulated", "see ConsumableResourceRequirement"),
    **_all(
        "simulated",
        "locked from STARTING to the end",
        "ConsumableResourceRequirement.consumableResource",
        "ConsumableResourceRequirement.quantity",
        source=_GUIDE + "Resource-aware scheduling",
    ),
    "ContainerProperties.image": MemberCoverage("simplified", "pulled once an instance; size and rate are settings"),
    **_all(
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
    **_all(
        "carried",
        _NEITHER,
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
    **_all(
        "carried",
        _NEITHER,
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
    **_all(
        "simplified",
        "all containers start together",
        "TaskContainerDependency.containerName",
        "TaskContainerDependency.condition",
    ),
    "TaskContainerProperties.essential": MemberCoverage("simplified", "the job's run time is that of its essential container"),
    **_all(
        "carried",
        _NEITHER,
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
        "ECS, Fargate Spot termination notices; " + _GUIDE + "Job timeouts",
    ),
    "NodeProperties.numNodes": MemberCoverage("simulated", "an instance each, all or none", _GUIDE + "Multi-node parallel jobs"),
    "NodeProperties.mainNode": MemberCoverage("simulated", "its end is the job's"),
    "NodeProperties.nodeRangeProperties": MemberCoverage("simulated", "see NodeRangeProperty"),
    "NodeRangeProperty.targetNodes": MemberCoverage("simulated", "of nested ranges the narrower"),
    "NodeRangeProperty.container": MemberCoverage("simulated", "see ContainerProperties"),
    "NodeRangeProperty.ecsProperties": MemberCoverage("simulated", "see EcsProperties"),
    "NodeRangeProperty.instanceTypes": MemberCoverage("simulated", "the one type of all nodes"),
    "NodeRangeProperty.consumableResourceProperties": MemberCoverage("simulated", "added up over the nodes; of nested ranges the narrower holds"),
    "NodeRangeProperty.eksProperties": MemberCoverage("refused", "jobs on EKS"),
    # Submission
    **_all("simulated", _NAMES, "SubmitJobRequest.jobName", "SubmitJobRequest.jobQueue", "SubmitJobRequest.jobDefinition"),
    "SubmitJobRequest.shareIdentifier": MemberCoverage("simulated", "the share that the job counts for"),
    "SubmitJobRequest.schedulingPriorityOverride": MemberCoverage("simulated", "order within a share"),
    "SubmitJobRequest.arrayProperties": MemberCoverage("simulated", "see ArrayProperties"),
    "ArrayProperties.size": MemberCoverage("simulated", "2 to 10,000 children", _GUIDE + "Array jobs"),
    "SubmitJobRequest.dependsOn": MemberCoverage("simulated", "see JobDependency"),
    "JobDependency.jobId": MemberCoverage("refused", "a scenario knows no job ids: jobName of the same workflow stands here"),
    "JobDependency.type": MemberCoverage("simulated", "N_TO_N and SEQUENTIAL", _GUIDE + "Job dependencies"),
    **_all("carried", _NEITHER, *(f"SubmitJobRequest.{name}" for name in ("parameters", "propagateTags", "tags"))),
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
    **_all(
        "simulated",
        "only where the definition has it in the same old place",
        "ContainerOverrides.vcpus",
        "ContainerOverrides.memory",
        source="API ContainerOverrides",
    ),
    "ContainerOverrides.instanceType": MemberCoverage("refused", "another type for a multi-node job at submission"),
    **_all("carried", _NEITHER, "ContainerOverrides.command", "ContainerOverrides.environment"),
    "NodeOverrides.numNodes": MemberCoverage("simulated", "where a range has an open end"),
    "NodeOverrides.nodePropertyOverrides": MemberCoverage("simulated", "see NodePropertyOverride"),
    "NodePropertyOverride.targetNodes": MemberCoverage("simulated"),
    "NodePropertyOverride.containerOverrides": MemberCoverage("simulated", "see ContainerOverrides"),
    **_all(
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
    **_all("carried", _NEITHER, "TaskContainerOverrides.command", "TaskContainerOverrides.environment"),
}  # fmt: skip


def members() -> Iterator[tuple[str, str]]:
    """Shape and member of everything that can be written, as far as what is carried or refused lets look inside."""
    seen: set[str] = set()
    waiting: list[Any] = [shape_named(name) for name in reversed(REQUESTS)]
    while waiting:
        shape = waiting.pop()
        if shape.name in seen:
            continue
        seen.add(shape.name)
        inside = []
        for name, inner in shape.members.items():
            yield shape.name, name
            known = MEMBERS.get(f"{shape.name}.{name}")
            while inner.type_name == "list":
                inner = inner.member
            if inner.type_name == "structure" and (known is None or known.treatment not in ("carried", "refused")):
                inside.append(inner)
        waiting += reversed(inside)
