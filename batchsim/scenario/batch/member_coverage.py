"""What becomes of each member of AWS Batch's requests: simulated, simplified, carried through, or refused.

Members are named by their shape: ``ComputeResource.maxvCpus``. What is carried or refused covers everything inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.scenario.batch.job_member_coverage import JOB_MEMBERS
from batchsim.scenario.batch.member_treatment import GUIDE, NAMES, NEITHER, MemberCoverage, treated
from batchsim.scenario.batch.service_model import shape_named

#: The requests that a scenario is made of.
REQUESTS = (
    "CreateComputeEnvironmentRequest",
    "CreateJobQueueRequest",
    "CreateSchedulingPolicyRequest",
    "CreateConsumableResourceRequest",
    "RegisterJobDefinitionRequest",
    "SubmitJobRequest",
)

MEMBERS: dict[str, MemberCoverage] = {
    # Compute environments
    **treated("simulated", NAMES, "CreateComputeEnvironmentRequest.computeEnvironmentName"),
    "CreateComputeEnvironmentRequest.type": MemberCoverage("simulated", "MANAGED, or UNMANAGED: a pool of processors"),
    "CreateComputeEnvironmentRequest.state": MemberCoverage("simulated", "DISABLED takes no jobs; minvCpus are kept"),
    "CreateComputeEnvironmentRequest.unmanagedvCpus": MemberCoverage(
        "simplified", "the pool's processors; AWS uses it for share reservations alone"
    ),
    "CreateComputeEnvironmentRequest.computeResources": MemberCoverage("simulated", "see ComputeResource"),
    **treated(
        "carried",
        NEITHER,
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
        GUIDE + "Instance type allocation strategies",
    ),
    "ComputeResource.minvCpus": MemberCoverage("simplified", "kept always; of the type of which so many vCPUs cost least, while no job waits"),
    "ComputeResource.maxvCpus": MemberCoverage(
        "simulated",
        "every strategy but BEST_FIT on demand may pass it by less than one instance; on Fargate and of managed instances "
        "it caps what running jobs ask for",
        GUIDE + "Compute environments on Amazon ECS Managed Instances",
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
        GUIDE + "Use Amazon EC2 launch templates with AWS Batch",
    ),
    **treated(
        "simulated",
        "the launch template, by either",
        *(
            f"{shape}.{name}"
            for shape in ("LaunchTemplateSpecification", "LaunchTemplateSpecificationOverride")
            for name in ("launchTemplateId", "launchTemplateName")
        ),
    ),
    **treated(
        "simulated",
        "a number, $Latest, or $Default, which none means",
        "LaunchTemplateSpecification.version",
        "LaunchTemplateSpecificationOverride.version",
    ),
    "LaunchTemplateSpecification.overrides": MemberCoverage("simulated", "see LaunchTemplateSpecificationOverride"),
    "LaunchTemplateSpecificationOverride.targetInstanceTypes": MemberCoverage(
        "simulated", "the types and families that are launched from it, in place of the environment's template"
    ),
    **treated(
        "carried",
        "of EKS",
        "LaunchTemplateSpecification.userdataType",
        "LaunchTemplateSpecificationOverride.userdataType",
    ),
    **treated(
        "carried",
        "may change boot time: state it in the environment section",
        *(f"ComputeResource.{name}" for name in ("imageId", "ec2Configuration")),
    ),
    **treated(
        "carried",
        NEITHER,
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
    **treated(
        "carried",
        NEITHER,
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
    **treated("simulated", NAMES, "CreateJobQueueRequest.jobQueueName"),
    "CreateJobQueueRequest.state": MemberCoverage("simulated", "jobs to a DISABLED queue are refused"),
    "CreateJobQueueRequest.priority": MemberCoverage(
        "simulated", "order of queues in a scheduling cycle; equal ones by name", "API JobQueueDetail.priority"
    ),
    "CreateJobQueueRequest.schedulingPolicyArn": MemberCoverage("simulated", "a policy of the scenario, by name or ARN"),
    "CreateJobQueueRequest.computeEnvironmentOrder": MemberCoverage("simulated", "see ComputeEnvironmentOrder"),
    **treated(
        "simulated",
        "the first that has room or can provide it",
        "ComputeEnvironmentOrder.order",
        "ComputeEnvironmentOrder.computeEnvironment",
        source=GUIDE + "Compute environments",
    ),
    "CreateJobQueueRequest.jobStateTimeLimitActions": MemberCoverage("simulated", "see JobStateTimeLimitAction"),
    **treated(
        "simplified",
        "a head that truly fits nowhere, or whose capacity is not to be had, is cancelled after the time",
        *(f"JobStateTimeLimitAction.{name}" for name in ("reason", "state", "maxTimeSeconds", "action")),
        source=GUIDE + "Jobs stuck in RUNNABLE",
    ),
    **treated("carried", NEITHER, "CreateJobQueueRequest.tags", "CreateJobQueueRequest.jobQueueType"),
    "CreateJobQueueRequest.serviceEnvironmentOrder": MemberCoverage("refused", "queues of service environments"),
    # Scheduling policies
    **treated("simulated", NAMES, "CreateSchedulingPolicyRequest.name"),
    "CreateSchedulingPolicyRequest.fairsharePolicy": MemberCoverage("simulated", "see FairsharePolicy"),
    "CreateSchedulingPolicyRequest.quotaSharePolicy": MemberCoverage("refused", "quota shares (service environments only)"),
    **treated("carried", NEITHER, "CreateSchedulingPolicyRequest.tags"),
    "FairsharePolicy.shareDecaySeconds": MemberCoverage(
        "simplified",
        "use fades linearly over the window, and what runs counts for half of it besides; AWS does not publish the curve",
    ),
    "FairsharePolicy.computeReservation": MemberCoverage("simulated", "(reservation / 100) ** active shares stay free"),
    "FairsharePolicy.shareDistribution": MemberCoverage("simulated", "see ShareAttributes"),
    "ShareAttributes.shareIdentifier": MemberCoverage("simulated", "whole, or a prefix with a final *"),
    "ShareAttributes.weightFactor": MemberCoverage("simulated", "use and what runs, times the factor; the lowest is served next"),
    # Consumable resources
    **treated("simulated", NAMES, "CreateConsumableResourceRequest.consumableResourceName"),
    "CreateConsumableResourceRequest.totalQuantity": MemberCoverage("simulated", "what jobs share"),
    "CreateConsumableResourceRequest.resourceType": MemberCoverage("simulated", "given back at a job's end, or used up"),
    **treated("carried", NEITHER, "CreateConsumableResourceRequest.tags"),
    **JOB_MEMBERS,
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
