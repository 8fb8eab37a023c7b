"""What rules say: of each message one case, with the place it stands at and what is to be done instead.

`test_rules.py` holds that a rule finds the bad and not the good; here a reader's words are held, figures and names in
them, and that a fault is told once.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.scenarios.rules.base import GONE, changed, found, full
from tests.scenarios.rules.changes import (
    FARGATE,
    FARGATE_SPOT,
    OTHER_QUEUE,
    SPOT,
    asks,
    behind,
    beside,
    consumes,
    ecs,
    fair,
    gpu,
    job,
    limit,
    nodes,
    order,
    retried,
)
from tests.scenarios.rules.examples import EXAMPLES

ON_FARGATE = {"task.platformCapabilities": ["FARGATE"]}
CONTAINER = "task.ecsProperties.taskProperties.0.containers.0"
NEXT = "workload.work.jobs.next"
WAITS, WAITS_FOR_JOB = f"{NEXT}.dependsOn.0", f"{NEXT}.dependsOn.job"
FIRST_ENTRY = "task.retryStrategy.evaluateOnExit.0"
LIMIT = "queue.jobStateTimeLimitActions.0"
EFS = {"fileSystemId": "fs-1"}
BEST_FIT = "waits for one instance type when it is short, and takes no infrastructure updates"
NO_GUARANTEE = "but gets no room from its running jobs, and what it can't use at that moment goes to the other"
ENDED = "more than one run in twenty is ended, and not retried"


def waits(**entry: object) -> dict:
    """A second job that waits for something."""
    return {"workload.work.jobs.+": job(dependsOn=[entry])}


#: Code, place, changes, message, what is expected (or was meant).
MESSAGES = [
    # Compute environments
    ("missing-resources", "fleet", [{"fleet.computeResources": GONE}],
     "a MANAGED environment needs computeResources", ""),
    ("missing-resources", "fleet", [{"fleet.type": "UNMANAGED", "fleet.computeResources": GONE}],
     "the simulation needs to know how many vCPUs an UNMANAGED environment has", "unmanagedvCpus of 0 or more"),
    ("missing-resources", "resources", [{"fleet.type": "UNMANAGED", "fleet.unmanagedvCpus": 8}],
     "an UNMANAGED environment has no computeResources", ""),
    ("unmanaged-vcpus", "fleet.unmanagedvCpus", [{"fleet.unmanagedvCpus": 8}],
     "a MANAGED environment has no unmanagedvCpus", "computeResources.maxvCpus"),
    ("fargate-member", "resources.instanceTypes", [FARGATE, {"resources.instanceTypes": ["c6i"]}],
     "instanceTypes can't be given for FARGATE", ""),
    ("fargate-member", "resources.minvCpus", [FARGATE_SPOT, {"resources.minvCpus": 0}],
     "minvCpus can't be given for FARGATE_SPOT", ""),
    ("bid", "resources.bidPercentage", [{"resources.bidPercentage": 60}],
     "bidPercentage is for SPOT only", "type: SPOT, or no bidPercentage"),
    ("bid", "resources.bidPercentage", [SPOT, {"resources.bidPercentage": 0}],
     "0 % of the on-demand price buys nothing", "1 to 100, or none: the market price is paid anyway"),
    ("bid", "resources.bidPercentage", [SPOT, {"resources.bidPercentage": 101}],
     "Spot never costs 101 % of the on-demand price", "1 to 100, or none"),
    ("scale-down-delay", "resources.scalingPolicy.minScaleDownDelayMinutes",
     [{"resources.scalingPolicy": {"minScaleDownDelayMinutes": 19}}], "19 is out of range", "0, or 20 to 10080"),
    ("best-fit", "resources", [{"resources.allocationStrategy": GONE}],
     f"no allocationStrategy means BEST_FIT: it {BEST_FIT}", "BEST_FIT_PROGRESSIVE"),
    ("best-fit", "resources.allocationStrategy", [{"resources.allocationStrategy": "BEST_FIT"}],
     f"BEST_FIT {BEST_FIT}", "BEST_FIT_PROGRESSIVE"),
    # Job queues
    ("environment-order", "queue", [{"queue.computeEnvironmentOrder": []}],
     "0 entries in computeEnvironmentOrder", "1 to 3"),
    ("environment-order", "queue", [{"queue.computeEnvironmentOrder": order(*["fleet"] * 4)}],
     "4 entries in computeEnvironmentOrder", "1 to 3"),
    ("environment-order", "queue.computeEnvironmentOrder.0.computeEnvironment",
     [{"queue.computeEnvironmentOrder": order("fleeet")}], "there is no compute environment 'fleeet'", "fleet"),
    ("environment-order", "queue.computeEnvironmentOrder.1.order",
     [behind(beside()), {"queue.computeEnvironmentOrder.1.order": 1}], "order 1 comes twice", "another number"),
    ("queue-mix", "queue.computeEnvironmentOrder", [FARGATE, behind(beside(type="SPOT"))],
     "a queue can't mix EC2 and FARGATE", "a queue for each: fleet, other"),
    ("queue-type", "queue.jobQueueType", [{"queue.jobQueueType": "ECS_FARGATE"}],
     "ECS_FARGATE is not the type of a queue of EC2", "ECS"),
    ("disabled-queue", "job.jobQueue", [{"queue.state": "DISABLED"}],
     "the queue queue is DISABLED and refuses jobs", ""),
    ("disabled-environment", "queue.computeEnvironmentOrder.0.computeEnvironment", [{"fleet.state": "DISABLED"}],
     "fleet is DISABLED and takes no jobs", ""),
    ("time-limit", f"{LIMIT}.reason", [limit(reason="MISCONFIGURATION:JOB_RESOURCE_REQUIREMENTS")],
     "'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENTS' is no reason that a time limit can react to",
     "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
    ("time-limit", f"{LIMIT}.maxTimeSeconds", [limit(maxTimeSeconds=599)], "599 s is out of range", "600 to 86400"),
    ("time-limit", f"{LIMIT}.action", [limit(action="TERMINATE")],
     "TERMINATE is for queues of service jobs", "CANCEL"),
    ("spot-only", "queue.computeEnvironmentOrder", [SPOT],
     "all environments are Spot: while it is short, jobs wait without a limit",
     "an on-demand environment behind them, or jobStateTimeLimitActions"),
    ("dearer-first", "queue.computeEnvironmentOrder",
     [behind(beside(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED"))],
     "on-demand comes before Spot: the dearer is filled first", ""),
    ("shared-environment", "batch.jobQueues.second.priority", [{"batch.jobQueues.+": OTHER_QUEUE}],
     f"second (2) is looked at before queue (1) on fleet, {NO_GUARANTEE}", ""),
    ("shared-environment", "batch.jobQueues.second.priority", [{"batch.jobQueues.+": {**OTHER_QUEUE, "priority": 1}}],
     "queue and second share fleet at the same priority: their order is not defined", ""),
    # Scheduling policies and shares
    ("fair-share-policy", "batch.schedulingPolicies.policy", [{"batch.schedulingPolicies": [{"name": "policy"}]}],
     "a policy has either a fairsharePolicy or a quotaSharePolicy", "one of the two"),
    ("fair-share-policy", "batch.schedulingPolicies.policy.fairsharePolicy.computeReservation",
     [fair(computeReservation=100)], "100 is out of range", "0 to 99"),
    ("fair-share-policy", "batch.schedulingPolicies.policy.fairsharePolicy.shareDistribution.1.shareIdentifier",
     [fair(shareDistribution=[{"shareIdentifier": "b*"}, {"shareIdentifier": "blue"}])],
     "'blue' overlaps 'b*'", "shares that exclude each other"),
    ("fair-share-policy", "batch.schedulingPolicies.policy.fairsharePolicy.shareDistribution.0.shareIdentifier",
     [fair(shareDistribution=[{"shareIdentifier": "team blue"}])],
     "'team blue' is no share identifier", "1 to 255 letters and digits, and a final * for a prefix"),
    ("fair-share-policy", "batch.schedulingPolicies.policy.fairsharePolicy.shareDistribution.0.weightFactor",
     [fair(shareDistribution=[{"shareIdentifier": "blue", "weightFactor": 0.00001}])],
     "1e-05 is out of range", "0.0001 to 999.9999"),
    ("scheduling-policy", "queue.schedulingPolicyArn", [fair(), {"queue.schedulingPolicyArn": "polcy"}],
     "there is no scheduling policy 'polcy'", "policy"),
    ("share-identifier", "job", [fair(), {"job.shareIdentifier": GONE}],
     "queue is a fair-share queue: its jobs need a shareIdentifier", "shareIdentifier"),
    ("share-identifier", "job.shareIdentifier", [{"job.shareIdentifier": "blue"}],
     "queue has no scheduling policy: its jobs have no shareIdentifier", "a queue with a schedulingPolicyArn"),
    ("share-weight", "job.shareIdentifier", [fair(shareDistribution=[{"shareIdentifier": "bleu"}])],
     "the policy of queue gives 'blue' no weight: it has 1", "bleu"),
    ("fair-share-priority", "job", [fair()],
     "queue is a fair-share queue: AWS refuses a job without a scheduling priority",
     "schedulingPriorityOverride, or schedulingPriority in task; 0 will do"),
    ("scheduling-priority", "task.schedulingPriority", [{"task.schedulingPriority": 10_000}],
     "10000 is out of range", "0 to 9999"),
    ("scheduling-priority-unused", "task.schedulingPriority", [{"task.schedulingPriority": 1}],
     "queue has no scheduling policy: the priority has no effect there", ""),
    ("scheduling-priority-override", "job.schedulingPriorityOverride", [{"job.schedulingPriorityOverride": 1}],
     "queue has no scheduling policy: AWS refuses a job with a priority",
     "a queue with a schedulingPolicyArn, or no schedulingPriorityOverride"),
    # Job definitions
    ("definition-kind", "task", [{"task.containerProperties": GONE}], "containerProperties is missing", ""),
    ("definition-kind", "task", [{"task.type": "multinode", "task.containerProperties": GONE}],
     "a multinode definition needs nodeProperties", ""),
    ("definition-kind", "task.containerProperties", [{"task.type": "multinode"}],
     "a multinode definition has no containerProperties", ""),
    ("definition-kind", "task.nodeProperties", [nodes(2, "0:"), {"task.type": "container"}],
     "nodeProperties are for type multinode", ""),
    ("ecs-properties", f"{CONTAINER[:-2]}", [ecs({"essential": False})], "no container is essential", "at least one"),
    ("ecs-properties", f"{CONTAINER[:-2]}", [ecs(*[{}] * 11)], "11 containers", "1 to 10"),
    ("ecs-properties", "task.ecsProperties.taskProperties.0.containers.main.name",
     [ecs({"name": "main"}, {"name": "main"})], "the container 'main' comes twice", "another name"),
    ("attempts", "task.retryStrategy.attempts", [{"task.retryStrategy.attempts": 11}],
     "11 is out of range", "1 to 10"),
    ("attempts", "task.retryStrategy", [{"task.retryStrategy.attempts": GONE}],
     "evaluateOnExit needs attempts", "attempts, or no retryStrategy"),
    ("attempts", "task.retryStrategy", [{"task.retryStrategy": {}}],
     "a retry strategy needs attempts", "attempts, or no retryStrategy"),
    ("attempts", "task.retryStrategy.evaluateOnExit", [retried(*[{"onExitCode": "1", "action": "EXIT"}] * 6)],
     "6 entries are too many", "5 at most"),
    ("attempts", FIRST_ENTRY, [retried({"action": "EXIT"})],
     "an entry needs a condition", "one of onExitCode, onReason, onStatusReason"),
    ("attempts", f"{FIRST_ENTRY}.onExitCode", [retried({"onExitCode": "1*3", "action": "EXIT"})],
     "'1*3' is not a pattern that AWS takes", "digits and a final *"),
    ("retries-everything", "task.retryStrategy.evaluateOnExit",
     [retried({"onStatusReason": "Host EC2*", "action": "RETRY"})],
     "a failure that no entry matches is retried too", 'a last entry {onReason: "*", action: EXIT}'),
    ("timeout", "task.timeout.attemptDurationSeconds", [{"task.timeout": {"attemptDurationSeconds": 59}}],
     "59 s is too short", "60 or more"),
    ("short-timeout", "task.timeout.attemptDurationSeconds", [{"task.timeout": {"attemptDurationSeconds": 300}}],
     f"300 s is less than the 95 % quantile of job's runtime, 10 min: {ENDED}", "600 or more"),
    ("long-on-fargate", "job.runtime", [FARGATE, {"job.runtime": "15d"}],
     "runs of 15 d 00 h (95 % quantile) may be ended on Fargate after 14 days", ""),
    ("long-on-spot", "job.runtime", [SPOT, {"job.runtime": "2h"}],
     "half of its runs take more than 2 h 00 min, on nothing but Spot: each interruption starts anew",
     "on-demand, or checkpoints"),
    ("container-timeout", f"{CONTAINER}.stopTimeout", [FARGATE, ecs({"stopTimeout": 121}), ON_FARGATE],
     "121 s is out of range", "2 to 120"),
    ("container-timeout", f"{CONTAINER}.startTimeout", [ecs({"startTimeout": 1})],
     "1 s is out of range", "2 or more"),
    # On Fargate
    ("fargate-size", "container.resourceRequirements.0.value",
     [FARGATE, {"container.resourceRequirements": asks("3", "8192")}],
     "Fargate has no size of 3 vCPU with 8192 MiB", "4 vCPU with 8192 MiB"),
    ("fargate-size", "container.resourceRequirements.2.value", [FARGATE, {"container.resourceRequirements": gpu()}],
     "Fargate has no GPUs", "an EC2 environment with GPU types"),
    ("fargate-container", "container.privileged", [FARGATE, {"container.privileged": True}],
     "a Fargate container can't be privileged", ""),
    ("fargate-container", "container.logConfiguration.logDriver",
     [FARGATE, {"container.logConfiguration": {"logDriver": "fluentd"}}], "Fargate has no fluentd",
     "awslogs or splunk"),
    ("fargate-container", "container.linuxParameters.maxSwap", [FARGATE, {"container.linuxParameters": {"maxSwap": 1}}],
     "maxSwap can't be given for FARGATE", ""),
    ("fargate-container", "container.volumes.data.host",
     [FARGATE, {"container.volumes": [{"name": "data", "host": {"sourcePath": "/data"}}]}],
     "a Fargate task has no path of the host", ""),
    ("ephemeral-storage", "container.ephemeralStorage.sizeInGiB",
     [FARGATE, {"container.ephemeralStorage": {"sizeInGiB": 20}}], "20 GiB is out of range", "21 to 200"),
    ("ephemeral-storage", "container.ephemeralStorage", [{"container.ephemeralStorage": {"sizeInGiB": 50}}],
     "ephemeralStorage is for Fargate", "platformCapabilities: [FARGATE], or no such member"),
    ("runtime-platform", "job.jobDefinition",
     [FARGATE_SPOT, {"container.runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}],
     "Windows does not run on Fargate Spot: job would block queue", ""),
    ("runtime-platform", "container.runtimePlatform.cpuArchitecture",
     [FARGATE, {"container.runtimePlatform": {"cpuArchitecture": "ARM"}}], "'ARM' is no architecture", "ARM64"),
    # Containers
    ("efs-volume", "container.volumes.data.efsVolumeConfiguration",
     [{"container.volumes": [{"name": "data", "efsVolumeConfiguration":
                              {**EFS, "authorizationConfig": {"accessPointId": "fsap-1"}}}]}],
     "an access point needs transit encryption", "transitEncryption: ENABLED"),
    ("efs-volume", "container",
     [{"container.volumes": [{"name": "data", "efsVolumeConfiguration":
                              {**EFS, "transitEncryption": "ENABLED", "authorizationConfig": {"iam": "ENABLED"}}}]}],
     "IAM authorization of a file system needs a job role", "jobRoleArn"),
    ("secret-role", "container.secrets", [{"container.secrets": [{"name": "KEY", "valueFrom": "arn"}]}],
     "secrets needs an execution role", "executionRoleArn"),
    ("no-effect", "container.linuxParameters.swappiness", [{"container.linuxParameters": {"swappiness": 60}}],
     "swappiness is ignored without maxSwap", "maxSwap"),
    ("no-effect", "container.instanceType", [{"container.instanceType": "c6i.large"}],
     "instanceType is of multi-node jobs: the environment's types decide", "no instanceType"),
    ("reserved-variable", "container.environment.AWS_BATCH_MINE.name",
     [{"container.environment": [{"name": "AWS_BATCH_MINE", "value": "1"}]}],
     "AWS_BATCH_MINE is reserved for AWS Batch", "another name"),
    # Multi-node jobs
    ("nodes", "task.nodeProperties.numNodes", [nodes(1001, "0:")], "1001 is out of range", "1 to 1000"),
    ("nodes", "task.nodeProperties.mainNode", [nodes(2, "0:", main=2)], "there is no node 2 among 2", "0 to 1"),
    ("nodes", "task.nodeProperties.nodeRangeProperties.0.targetNodes", [nodes(2, "0:2")],
     "'0:2' is no range of 2 nodes", "such as 0:1"),
    ("nodes", "task.nodeProperties.nodeRangeProperties", [nodes(3, "0:0", "2:")], "no range has node 1",
     "all nodes covered"),
    ("node-types", "task.nodeProperties.nodeRangeProperties.1.instanceTypes.0",
     [nodes(2, "0:0", "1:", types=("c6i.xlarge", "m6i.xlarge"))],
     "all nodes are of one instance type, here c6i.xlarge and m6i.xlarge", "c6i.xlarge"),
    ("node-queue", "job.jobQueue", [SPOT, nodes(2, "0:")],
     "queue has SPOT only, where multi-node jobs can't run", "a queue with an EC2 environment"),
    ("node-overrides", "job.nodeOverrides.numNodes", [nodes(2, "0:1"), {"job.nodeOverrides": {"numNodes": 4}}],
     "task has no range with an open end", "targetNodes such as 1:"),
    ("node-overrides", "job.nodeOverrides.numNodes", [nodes(4, "0:2", "3:"), {"job.nodeOverrides": {"numNodes": 3}}],
     "3 nodes don't reach the open range and the main node", ""),
    # Consumable resources
    ("consumable-quantity", "task.consumableResourceProperties.consumableResourceList.0.quantity", [consumes(3)],
     "3 of licence can't be had: there are 2", "2 at most"),
    ("consumable-quantity", "task.consumableResourceProperties.consumableResourceList.0.quantity", [consumes(-1)],
     "-1 is negative", "0 or more"),
    ("consumable-quantity", "task.consumableResourceProperties.consumableResourceList.0.consumableResource",
     [consumes(1, name="licences")], "there is no consumable resource 'licences'", "licence"),
    # Jobs
    ("dependency", f"{WAITS}.jobId", [waits(jobId="1")], "a scenario knows no job ids",
     "jobName of a job of this workflow"),
    ("dependency", WAITS, [waits(type="N_TO_N")], "the job that is waited for is missing", "jobName"),
    ("dependency", WAITS, [waits(type="SEQUENTIAL")], "SEQUENTIAL without a job is for arrays: child by child", ""),
    ("dependency", WAITS_FOR_JOB, [waits(jobName="job", type="N_TO_N")], "N_TO_N is between two arrays", ""),
    ("dependency", WAITS_FOR_JOB,
     [{"job.arrayProperties": {"size": 3},
       "workload.work.jobs.+": job(arrayProperties={"size": 2}, dependsOn=[{"jobName": "job", "type": "N_TO_N"}])}],
     "N_TO_N needs arrays of one size; next has 2, job has 3", ""),
    ("dependency", f"{NEXT}.dependsOn.jbo.jobName", [waits(jobName="jbo")],
     "there is no job of this workflow named 'jbo'", "job"),
    ("parameter", "job", [{"container.command": ["run", "Ref::input"], "job.parameters": {"inputs": "x"}}],
     "Ref::input has no parameter in job: AWS refuses the job", "inputs"),
    ("empty-argument", "job.containerOverrides.command.1", [{"job.containerOverrides": {"command": ["run", ""]}}],
     "an empty text: AWS refuses the job", "an argument, or none"),
    ("submission-rate", "workload.work.arrivals", [{"workload.work.arrivals": {"every": 0.01}}],
     "100 submissions a second, 100 with all workflows: AWS takes 50", "slower arrivals, or arrays"),
    # Names, tags, sizes
    ("duplicate-name", "batch.jobQueues.queue.jobQueueName", [{"batch.jobQueues.+": {**OTHER_QUEUE,
                                                                                    "jobQueueName": "queue"}}],
     "'queue' comes twice", ""),
    ("name", "workload.work.jobs._job.jobName", [{"job.jobName": "_job"}],
     "'_job' is no name", "a letter or digit, then up to 127 letters, digits, - and _"),
    ("name-start", "batch.computeEnvironments._fleet.computeEnvironmentName",
     [{"queue.computeEnvironmentOrder": order("_fleet"), "fleet.computeEnvironmentName": "_fleet"}],
     "'_fleet' begins with '_'", "a letter or digit first"),
    ("tags", "task.tags.aws:team", [{"task.tags": {"aws:team": "x"}}],
     "tags that begin with aws: are AWS's own", "another key"),
    ("tags", "task.tags", [{"task.tags": {f"key{n}": "x" for n in range(51)}}], "51 tags are too many", "50 at most"),
    ("out-of-range", "task.tags.team", [{"task.tags": {"team": "x" * 257}}],
     "a text of 257 characters is too long", "256 characters or less"),
    ("out-of-range", "resources.ec2Configuration.0.imageType", [{"resources.ec2Configuration": [{"imageType": ""}]}],
     "a text of 0 characters is too short", "1 characters or more"),
    ("out-of-range", "queue.priority", [{"queue.priority": 2**31}], "2147483648 is too large", "2147483647 or less"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "at", "changes", "message", "remedy"), MESSAGES, ids=[f"{m[0]}-{n}" for n, m in enumerate(MESSAGES)]
)
def test_a_message_says_what_is_wrong_and_what_to_do(code, at, changes, message, remedy):
    findings = found(changed(*changes))
    told = [each for each in findings if (each.code, each.path, each.message) == (code, full(at), message)]
    assert len(told) == 1, sorted((each.code, each.path, each.message) for each in findings)
    assert remedy in (told[0].expected, told[0].suggestion)


#: Where two rules have a say at one place: AWS takes neither what the one asks for nor what the other does, or what
#: is not simulated would not be deployed either.
TWO_SAYS = {
    frozenset({"not-simulated", "service-environments"}),
    frozenset({"share-identifier", "fair-share-priority"}),
    frozenset({"definition-kind", "ecs-properties"}),
    frozenset({"not-simulated", "managed-definition"}),
    frozenset({"deciding-word", "managed-definition"}),
    frozenset({"not-simulated", "eks-environment"}),
}


@pytest.mark.parametrize("number", sorted(EXAMPLES))
def test_a_fault_is_told_once(number):
    for example in EXAMPLES[number]:
        errors = [finding for finding in found(changed(example.bad)) if finding.severity == "error"]
        places = Counter(finding.path for finding in errors)
        for path in (path for path, count in places.items() if count > 1):
            assert frozenset(finding.code for finding in errors if finding.path == path) in TWO_SAYS
