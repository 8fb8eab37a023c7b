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
class Coverage:
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


def _all(treatment: Treatment, how: str, *members: str, source: str = "") -> dict[str, Coverage]:
    return dict.fromkeys(members, Coverage(treatment, how, source))


_NAMES = "names the thing; results and overrides go by it"
_NEITHER = "bears neither on when a job runs nor on what batchsim counts as cost"
_GUIDE = "User Guide, "

MEMBERS: dict[str, Coverage] = {
    # Compute environments
    **_all("simulated", _NAMES, "CreateComputeEnvironmentRequest.computeEnvironmentName"),
    "CreateComputeEnvironmentRequest.type": Coverage("simulated", "MANAGED, or UNMANAGED: a pool of processors"),
    "CreateComputeEnvironmentRequest.state": Coverage("simulated", "DISABLED takes no jobs; minvCpus are kept"),
    "CreateComputeEnvironmentRequest.unmanagedvCpus": Coverage(
        "simplified", "the pool's processors; AWS uses it for share reservations alone"
    ),
    "CreateComputeEnvironmentRequest.computeResources": Coverage("simulated", "see ComputeResource"),
    **_all(
        "carried",
        _NEITHER,
        *(f"CreateComputeEnvironmentRequest.{name}" for name in ("serviceRole", "tags", "context", "ecsSettings")),
    ),
    "CreateComputeEnvironmentRequest.eksConfiguration": Coverage("refused", "environments on EKS"),
    "ComputeResource.type": Coverage(
        "simulated", "EC2, SPOT, FARGATE, FARGATE_SPOT; ECS_MANAGED_INSTANCES is refused"
    ),
    "ComputeResource.allocationStrategy": Coverage(
        "simplified",
        "AWS names each strategy's aim; how fit is scored and a size chosen within a family is batchsim's; of two readings "
        "of BEST_FIT_PROGRESSIVE scheduler.bestFitProgressive chooses",
        _GUIDE + "Instance type allocation strategies",
    ),
    "ComputeResource.minvCpus": Coverage("simplified", "kept always; of the type of which so many vCPUs cost least, while no job waits"),
    "ComputeResource.maxvCpus": Coverage(
        "simulated", "every strategy but BEST_FIT on demand may pass it by less than one instance"
    ),
    "ComputeResource.desiredvCpus": Coverage("simplified", "launched at the start; Batch's own variable afterwards"),
    "ComputeResource.instanceTypes": Coverage("simulated", "types, families, optimal and default_…"),
    "ComputeResource.subnets": Coverage(
        "simplified", "their number says how many zones there are; three where none are given"
    ),
    "ComputeResource.placementGroup": Coverage("simplified", "one zone"),
    "ComputeResource.bidPercentage": Coverage(
        "simulated",
        "types whose market price is above it are not launched: jobs wait for capacity; a recorded price that passes it "
        "ends instances with a notice; the market price is paid, never more than the bid",
        "EC2, Spot Instance interruptions",
    ),
    "ComputeResource.scalingPolicy": Coverage("simulated", "see ComputeScalingPolicy"),
    "ComputeScalingPolicy.minScaleDownDelayMinutes": Coverage("simulated", "per instance, from the end of its last job"),
    "ComputeResource.launchTemplate": Coverage(
        "carried", "may change boot time, memory and volumes, also of single types: state those in the environment section"
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
    "ComputeResource.managedInstancesProvider": Coverage("refused", "ECS managed instances"),
    # Job queues
    **_all("simulated", _NAMES, "CreateJobQueueRequest.jobQueueName"),
    "CreateJobQueueRequest.state": Coverage("simulated", "jobs to a DISABLED queue are refused"),
    "CreateJobQueueRequest.priority": Coverage(
        "simulated", "order of queues in a scheduling cycle; equal ones by name", "API JobQueueDetail.priority"
    ),
    "CreateJobQueueRequest.schedulingPolicyArn": Coverage("simulated", "a policy of the scenario, by name or ARN"),
    "CreateJobQueueRequest.computeEnvironmentOrder": Coverage("simulated", "see ComputeEnvironmentOrder"),
    **_all(
        "simulated",
        "the first that has room or can provide it",
        "ComputeEnvironmentOrder.order",
        "ComputeEnvironmentOrder.computeEnvironment",
        source=_GUIDE + "Compute environments",
    ),
    "CreateJobQueueRequest.jobStateTimeLimitActions": Coverage("simulated", "see JobStateTimeLimitAction"),
    **_all(
        "simplified",
        "a head that truly fits nowhere, or whose capacity is not to be had, is cancelled after the time",
        *(f"JobStateTimeLimitAction.{name}" for name in ("reason", "state", "maxTimeSeconds", "action")),
        source=_GUIDE + "Jobs stuck in RUNNABLE",
    ),
    **_all("carried", _NEITHER, "CreateJobQueueRequest.tags", "CreateJobQueueRequest.jobQueueType"),
    "CreateJobQueueRequest.serviceEnvironmentOrder": Coverage("refused", "queues of service environments"),
    # Scheduling policies
    **_all("simulated", _NAMES, "CreateSchedulingPolicyRequest.name"),
    "CreateSchedulingPolicyRequest.fairsharePolicy": Coverage("simulated", "see FairsharePolicy"),
    "CreateSchedulingPolicyRequest.quotaSharePolicy": Coverage("refused", "quota shares (service environments only)"),
    **_all("carried", _NEITHER, "CreateSchedulingPolicyRequest.tags"),
    "FairsharePolicy.shareDecaySeconds": Coverage(
        "simplified",
        "use fades linearly over the window, and what runs counts for half of it besides; AWS does not publish the curve",
    ),
    "FairsharePolicy.computeReservation": Coverage("simulated", "(reservation / 100) ** active shares stay free"),
    "FairsharePolicy.shareDistribution": Coverage("simulated", "see ShareAttributes"),
    "ShareAttributes.shareIdentifier": Coverage("simulated", "whole, or a prefix with a final *"),
    "ShareAttributes.weightFactor": Coverage("simulated", "use and what runs, times the factor; the lowest is served next"),
    # Consumable resources
    **_all("simulated", _NAMES, "CreateConsumableResourceRequest.consumableResourceName"),
    "CreateConsumableResourceRequest.totalQuantity": Coverage("simulated", "what jobs share"),
    "CreateConsumableResourceRequest.resourceType": Coverage("simulated", "given back at a job's end, or used up"),
    **_all("carried", _NEITHER, "CreateConsumableResourceRequest.tags"),
    # Job definitions
    **_all("simulated", _NAMES, "RegisterJobDefinitionRequest.jobDefinitionName"),
    "RegisterJobDefinitionRequest.type": Coverage("simulated", "container or multinode"),
    "RegisterJobDefinitionRequest.schedulingPriority": Coverage("simulated", "order within a share"),
    "RegisterJobDefinitionRequest.platformCapabilities": Coverage("simulated", "EC2 or FARGATE"),
    **_all(
        "carried", _NEITHER, *(f"RegisterJobDefinitionRequest.{name}" for name in ("parameters", "propagateTags", "tags"))
    ),
    **{
        f"RegisterJobDefinitionRequest.{name}": Coverage("simulated", f"see {shape}")
        for name, shape in (
            ("containerProperties", "ContainerProperties"),
            ("ecsProperties", "EcsProperties"),
            ("nodeProperties", "NodeProperties"),
            ("retryStrategy", "RetryStrategy"),
            ("timeout", "JobTimeout"),
            ("consumableResourceProperties", "ConsumableResourceProperties"),
        )
    },
    "RegisterJobDefinitionRequest.eksProperties": Coverage("refused", "jobs on EKS"),
    "RetryStrategy.attempts": Coverage("simulated", "a retried job goes to the front", _GUIDE + "Automated job retries"),
    "RetryStrategy.evaluateOnExit": Coverage("simulated", "see EvaluateOnExit"),
    **_all(
        "simulated",
        "in order; all conditions of an entry; no match retries",
        *(f"EvaluateOnExit.{name}" for name in ("onStatusReason", "onReason", "onExitCode", "action")),
        source=_GUIDE + "Automated job retries",
    ),
    "JobTimeout.attemptDurationSeconds": Coverage("simulated", "per attempt; never retried", _GUIDE + "Job timeouts"),
    "ConsumableResourceProperties.consumableResourceList": Coverage("simulated", "see ConsumableResourceRequirement"),
    **_all(
        "simulated",
        "locked from STARTING to the end",
        "ConsumableResourceRequirement.consumableResource",
        "ConsumableResourceRequirement.quantity",
        source=_GUIDE + "Resource-aware scheduling",
    ),
    "ContainerProperties.image": Coverage("simplified", "pulled once an instance; size and rate are settings"),
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
    "ContainerProperties.instanceType": Coverage("simulated", "of multi-node jobs"),
    "ContainerProperties.ephemeralStorage": Coverage("simulated", "see EphemeralStorage"),
    "EphemeralStorage.sizeInGiB": Coverage("simulated", "paid beyond 20 GB on Fargate"),
    "ContainerProperties.runtimePlatform": Coverage("simulated", "see RuntimePlatform"),
    "RuntimePlatform.cpuArchitecture": Coverage("simulated", "the price of Fargate"),
    "RuntimePlatform.operatingSystemFamily": Coverage("simulated", "LINUX; Windows is refused"),
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
    "ContainerProperties.networkConfiguration": Coverage("simulated", "see NetworkConfiguration"),
    "EcsTaskProperties.networkConfiguration": Coverage("simulated", "see NetworkConfiguration"),
    "NetworkConfiguration.assignPublicIp": Coverage(
        "simulated", "on Fargate a public IPv4 address is paid for, as long as the task is", "Amazon VPC pricing"
    ),
    "EcsProperties.taskProperties": Coverage("simulated", "see EcsTaskProperties"),
    "EcsTaskProperties.containers": Coverage("simplified", "what they ask for is added up; they end together"),
    "EcsTaskProperties.ephemeralStorage": Coverage("simulated", "see EphemeralStorage"),
    "EcsTaskProperties.runtimePlatform": Coverage("simulated", "see RuntimePlatform"),
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
    "TaskContainerProperties.image": Coverage("simplified", "the first container's stands for all"),
    "TaskContainerProperties.dependsOn": Coverage("simplified", "all containers start together"),
    **_all(
        "simplified",
        "all containers start together",
        "TaskContainerDependency.containerName",
        "TaskContainerDependency.condition",
    ),
    "TaskContainerProperties.essential": Coverage("simplified", "the job's run time is that of its essential container"),
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
    "TaskContainerProperties.startTimeout": Coverage("simplified", "without effect, as all containers start together"),
    "TaskContainerProperties.stopTimeout": Coverage(
        "simulated",
        "stopped containers are killed after it, the last one ends the attempt; 30 s where it is not given, also of "
        "containerProperties, which can't",
        "ECS, Fargate Spot termination notices; " + _GUIDE + "Job timeouts",
    ),
    "NodeProperties.numNodes": Coverage("simulated", "an instance each, all or none", _GUIDE + "Multi-node parallel jobs"),
    "NodeProperties.mainNode": Coverage("simulated", "its end is the job's"),
    "NodeProperties.nodeRangeProperties": Coverage("simulated", "see NodeRangeProperty"),
    "NodeRangeProperty.targetNodes": Coverage("simulated", "of nested ranges the narrower"),
    "NodeRangeProperty.container": Coverage("simulated", "see ContainerProperties"),
    "NodeRangeProperty.ecsProperties": Coverage("simulated", "see EcsProperties"),
    "NodeRangeProperty.instanceTypes": Coverage("simulated", "the one type of all nodes"),
    "NodeRangeProperty.consumableResourceProperties": Coverage("simulated", "added up over the nodes; of nested ranges the narrower holds"),
    "NodeRangeProperty.eksProperties": Coverage("refused", "jobs on EKS"),
    # Submission
    **_all("simulated", _NAMES, "SubmitJobRequest.jobName", "SubmitJobRequest.jobQueue", "SubmitJobRequest.jobDefinition"),
    "SubmitJobRequest.shareIdentifier": Coverage("simulated", "the share that the job counts for"),
    "SubmitJobRequest.schedulingPriorityOverride": Coverage("simulated", "order within a share"),
    "SubmitJobRequest.arrayProperties": Coverage("simulated", "see ArrayProperties"),
    "ArrayProperties.size": Coverage("simulated", "2 to 10,000 children", _GUIDE + "Array jobs"),
    "SubmitJobRequest.dependsOn": Coverage("simulated", "see JobDependency"),
    "JobDependency.jobId": Coverage("refused", "a scenario knows no job ids: jobName of the same workflow stands here"),
    "JobDependency.type": Coverage("simulated", "N_TO_N and SEQUENTIAL", _GUIDE + "Job dependencies"),
    **_all("carried", _NEITHER, *(f"SubmitJobRequest.{name}" for name in ("parameters", "propagateTags", "tags"))),
    **{
        f"SubmitJobRequest.{name}": Coverage("simulated", f"see {shape}")
        for name, shape in (
            ("containerOverrides", "ContainerOverrides"),
            ("nodeOverrides", "NodeOverrides"),
            ("retryStrategy", "RetryStrategy, which it replaces"),
            ("timeout", "JobTimeout, which it replaces"),
            ("ecsPropertiesOverride", "EcsPropertiesOverride"),
            ("consumableResourcePropertiesOverride", "ConsumableResourceProperties, which it replaces"),
        )
    },
    "SubmitJobRequest.eksPropertiesOverride": Coverage("refused", "jobs on EKS"),
    "ContainerOverrides.resourceRequirements": Coverage("simulated", "instead of the definition's"),
    **_all(
        "simulated",
        "only where the definition has it in the same old place",
        "ContainerOverrides.vcpus",
        "ContainerOverrides.memory",
        source="API ContainerOverrides",
    ),
    "ContainerOverrides.instanceType": Coverage("refused", "another type for a multi-node job at submission"),
    **_all("carried", _NEITHER, "ContainerOverrides.command", "ContainerOverrides.environment"),
    "NodeOverrides.numNodes": Coverage("simulated", "where a range has an open end"),
    "NodeOverrides.nodePropertyOverrides": Coverage("simulated", "see NodePropertyOverride"),
    "NodePropertyOverride.targetNodes": Coverage("simulated"),
    "NodePropertyOverride.containerOverrides": Coverage("simulated", "see ContainerOverrides"),
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
    "EcsPropertiesOverride.taskProperties": Coverage("simulated", "see TaskPropertiesOverride"),
    "TaskPropertiesOverride.containers": Coverage("simulated", "see TaskContainerOverrides"),
    "TaskContainerOverrides.name": Coverage("simulated", "the container that is meant"),
    "TaskContainerOverrides.resourceRequirements": Coverage("simulated", "instead of the definition's"),
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


def page() -> str:
    """The page of what is modelled, in Markdown."""
    lines = [
        "# What is modelled",
        "",
        "Each member of the requests that a scenario is made of, and what becomes of it. *Simulated*: as AWS documents",
        "it. *Simplified*: simulated, with the simplification said. *Carried*: goes to the export unchanged and bears on",
        "no result. *Refused*: a scenario that has it is not run, and the message names it. What a member means is said",
        "by AWS's own shape of that name (AWS Batch API Reference); further sources stand beside it. This page is made",
        "from the code, and a test holds it against the installed service model.",
    ]
    current = ""
    for shape, member in members():
        known = MEMBERS[f"{shape}.{member}"]
        if shape != current:
            lines += ["", f"## {shape}", "", "| member | | how | source |", "|---|---|---|---|"]
            current = shape
        lines.append(f"| `{member}` | {known.treatment} | {known.how} | {known.source} |")
    lines += ["", _BEYOND]
    return "\n".join(lines)


_BEYOND = """\
## What no request says

| | |
|---|---|
| Spot interruptions | constant hazard per instance from the Spot Instance Advisor's monthly frequency p: `-ln(1 - p) / 730` an hour, times `spot.hazardScale`; or a rate; or a recorded market. Each instance for itself: that a pool's instances are often reclaimed together is only in recorded markets. Rebalance recommendations are left out: Batch does not act on them (an assumption) |
| Capacity | unlimited, unless `environment.capacity` says EC2 pools, and account quotas of each purchase option; a shortage of Fargate Spot beyond its quota is left out. Where environments share a quota or a pool, it goes to queues by priority, and first to the environment that the head needs (an assumption). After 1,000 looks in a row that launched something and let no job start, no more is launched |
| Delays, cadence of the scheduler | settings, each with its evidence: [defaults](defaults.md). How many jobs Batch places a second on EC2 is not published, and not limited here |
| Scale-in | an idle instance goes after `scheduler.scaleDownIdle`, also while jobs wait that it can't hold (AWS says no more than that Batch scales in when no jobs are RUNNABLE); what makes up `minvCpus` is kept, and empty nodes for a multi-node job that may start next, or behind a head whose own capacity is on its way (an assumption) |
| Failures | as a workload says them: exit codes, reasons, containers that do not start |
| Savings Plans | a commitment in USD an hour, paid always, applied to on-demand EC2 and the vCPUs and memory of Fargate first, hour by hour |
| Prices | of the catalog, or stated: `environment.prices.overrides` ([settings](environment.md)). A discount that is stated is taken off what is paid and changes nothing of the market; strategies go by what is paid |
| Memory of instances | measured by host generation, good to about 2 %: a job within 2 % above it that nothing else in its queue holds is taken to fit, with a warning; `ec2.memory` states a type's own figure, which is exact |
| Root volumes | gp3, from launch to termination, a minute at least (Amazon EBS pricing) |
| Public IPv4 addresses | 0.005 USD an hour each where the run starts on 2024-02-01 or later (Amazon VPC pricing): of Fargate tasks by `assignPublicIp`, as long as the task is billed; of instances with `ec2.publicIp`, as long as their root volume (assumptions). Not less on Spot, and not covered by a Savings Plan |
| Not counted as cost | data transfer, NAT, logs, image storage, surplus CPU credits of burstable types |

## Why a job waits

Every second between submission and the last attempt's STARTING has one cause, or a part in each of several limits that
hold the job; so has what a job waits for an attempt that never starts.

| cause | rule |
|---|---|
| `dependency` | until the job is RUNNABLE, for a job that waits for others |
| `retry` | from the first attempt's STARTING to the last's; to the end of the run, or the job's, where a retry never starts |
| `limit` | RUNNABLE, and held by `maxvCpus`, by a share's reservation, or by a consumable resource that is used up: see below |
| `boot` | RUNNABLE, and an environment has capacity for such jobs on its way, or may launch it |
| `capacity` | RUNNABLE, and no environment can provide what it needs: no type fits, the market, a pool or a quota is empty, the launch rate is used up |
| `blocked` | the rest: it would have room now, or capacity that may be launched, but stands behind a head that waits for something else; SUBMITTED; or until the scheduler's next cycle |

Causes of RUNNABLE jobs are judged after every scheduling cycle that looked at their queue or started a job anywhere, when
all queues have taken what they can, and after every look at scaling out. A job of the
head's shape waits for what the head waits for; one of another shape is blocked when it would have room, and else waits
for what it would wait for at the head. Of several environments, one that can provide decides (`boot`), else one at its
limit (`limit`), else there is no capacity.

Several limits may hold a job at once. **A second of waiting belongs to the limit whose removal alone would end it.** From
the job outwards the limits are `computeReservation`, consumable resources, `maxvCpus`, and capacity that can be had
(account quotas, pools, a recorded market). Take them away one after the other, the innermost first:

- As many jobs as start then, because everything outside has room for them, waited for that limit: the reservation is
  blamed only where room, a consumable resource and capacity would be there without it; `maxvCpus` only where an account
  quota would let more be launched.
- Those behind them do not start, but the queue moves on faster: if jobs with R vCPUs run, and K more would, each would
  wait for R / (R + K) of the time. The difference belongs to that limit too.
- What is left belongs to the next limit outwards, and in the end to the outermost. So, where two are used up to the same
  vCPU, and neither's removal alone would end anything, the outer one is named: without the inner one there would still be
  no room.

For example, 16 vCPUs, of which a reservation of 10 % leaves 14 to the shares that are active, and 40 jobs of one vCPU: of
the 26 that wait, 2 would start without the reservation, and the other 24 would wait 1/8 shorter. It is blamed for
2 + 24/8 = 5 of 26 seconds, `maxvCpus` for 21. Jobs of a queue that ask for the same are alike, and are not told apart: each
has the same part of its time in each cause. For consumable resources, R and K are those of jobs that want any. Fargate's
launch rate comes back by itself, and is the cause only where nothing else holds a job.

## What a dollar is for

| purpose | rule |
|---|---|
| `useful` | attempts that succeeded, or still ran at the end, while they ran |
| `rework` | attempts that failed or were interrupted, while they ran |
| `boot` | instances until they are registered; attempts while they pull their image and start |
| `stranded` | room that nothing used while jobs waited that could use the environment and none fitted; the timeline and the pictures call the same so |
| `idle` | room that nothing used otherwise; what a Savings Plan committed and bought nothing |
| `minimum` | billed beyond use: the first minute of instances, volumes, addresses and tasks; seconds rounded up |

An attempt's share of its instance follows AWS's split cost allocation (9 to 1 for a vCPU and a GiB; 95 % by GPU on GPU
instances, an assumption); a node of a multi-node job has its instance whole.

Both tables sum exactly: per job, and in the summary per job queue, workflow and in all. Per compute environment the waits
are those of the jobs whose last attempt it had, with those that were never placed beside them; the costs are what it was
billed, with the unused commitment of a Savings Plan beside them. A queue or workflow bears what its attempts cost, and of
what else an environment cost a part in proportion to that.
"""
