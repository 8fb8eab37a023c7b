"""Rules about job queues."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.document.access import base_name, dig, mappings, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import attached, is_spot, kind_of, kinds_of
from batchsim.scenario.rules.registry import rule

API = "AWS Batch API, CreateJobQueueRequest"


@rule("priority", "A queue's priority is 0 to 1000", "CloudFormation, AWS::Batch::JobQueue", number="V-16")
def priority(context: Context) -> Iterator[Finding]:
    """Larger is earlier."""
    for where, queue in context.items("jobQueues"):
        value = whole(queue.get("priority"))
        if value is not None and not 0 <= value <= 1000:
            yield context.finding((*where, "priority"), f"{value} is out of range", expected="0 to 1000")


@rule(
    "environment-order",
    "A queue has one to three compute environments that exist, in distinct order",
    API,
    number="V-11",
)
def environment_order(context: Context) -> Iterator[Finding]:
    """What the queue's jobs run on."""
    for where, queue in context.items("jobQueues"):
        entries = queue.get("computeEnvironmentOrder")
        if entries is None:
            entries = []
        if not isinstance(entries, list):
            continue  # told with the shape's other faults
        if not 1 <= len(entries) <= 3:
            if not queue.get("serviceEnvironmentOrder"):  # what has some is refused elsewhere
                message = f"{len(entries)} entries in computeEnvironmentOrder"
                yield context.finding(where, message, expected="1 to 3")
            continue
        yield from _ordered(context, (*where, "computeEnvironmentOrder"), entries)


def _ordered(context: Context, where: Where, entries: list[Any]) -> Iterator[Finding]:
    """What is found of a queue's environments, one by one."""
    orders = []
    for index, entry in enumerate(entries):
        reference, order = dig(entry, "computeEnvironment"), whole(dig(entry, "order"))
        place = (*where, index)
        if isinstance(reference, str) and base_name(reference) not in context.environments:
            yield context.unknown(
                (*place, "computeEnvironment"), "compute environment", base_name(reference), context.environments
            )
        if order is not None and order in orders:
            yield context.finding((*place, "order"), f"order {order} comes twice", expected="another number")
        orders.append(order)


@rule(
    "queue-mix",
    "A queue's environments are all EC2 and SPOT, or all Fargate, all managed instances, all unmanaged, or all on EKS",
    API,
    number="V-13",
)
def mix(context: Context) -> Iterator[Finding]:
    """AWS refuses to mix them."""
    for where, queue in context.items("jobQueues"):
        kinds = {}
        entries = queue.get("computeEnvironmentOrder")
        for entry in entries if isinstance(entries, list) else []:
            name = base_name(dig(entry, "computeEnvironment"))
            if name in context.environments:
                environment = context.environments[name][1]
                kind = dig(environment, "computeResources", "type") or environment.get("type")
                kind = "EKS" if "eksConfiguration" in environment else kind
                kinds[
                    str(kind).replace("SPOT", "EC2") if kind in ("EC2", "SPOT") else str(kind).removesuffix("_SPOT")
                ] = name
        if len(kinds) > 1:
            yield context.finding(
                (*where, "computeEnvironmentOrder"),
                f"a queue can't mix {' and '.join(sorted(kinds))}",
                expected=f"a queue for each: {', '.join(kinds.values())}",
            )


@rule(
    "service-environments",
    "A queue has compute environments or service environments",
    "AWS Batch API, CreateJobQueueRequest.serviceEnvironmentOrder",
    stage="deployment",
    number="V-13",
)
def service_environments(context: Context) -> Iterator[Finding]:
    """Never both."""
    for where, queue in context.items("jobQueues"):
        if queue.get("serviceEnvironmentOrder") and queue.get("computeEnvironmentOrder"):
            message = "a queue of compute environments has no service environments"
            yield context.finding((*where, "serviceEnvironmentOrder"), message, expected="one of the two")


#: The kinds of environments that each type of queue has.
QUEUE_TYPES = {
    "ECS": ("EC2", "SPOT", "UNMANAGED"),
    "ECS_FARGATE": ("FARGATE", "FARGATE_SPOT"),
    "ECS_MANAGED_INSTANCES": ("ECS_MANAGED_INSTANCES",),
    "EKS": ("EKS",),
}


@rule(
    "queue-type",
    "The jobQueueType of a queue is that of its environments",
    "AWS Batch API, CreateJobQueueRequest.jobQueueType",
    stage="deployment",
    number="V-13",
)
def queue_type(context: Context) -> Iterator[Finding]:
    """SAGEMAKER_TRAINING has service environments."""
    for where, queue in context.items("jobQueues"):
        given = queue.get("jobQueueType")
        kinds = {
            "EKS" if "eksConfiguration" in environment else kind_of(environment)
            for _, environment in attached(context, queue)
        }
        if not isinstance(given, str) or not kinds:
            continue
        wanted = [name for name, of in QUEUE_TYPES.items() if kinds <= set(of)]
        if wanted and given not in wanted:
            message = f"{given} is not the type of a queue of {' and '.join(sorted(kinds))}"
            yield context.finding((*where, "jobQueueType"), message, expected=wanted[0])


@rule("disabled-queue", "Jobs are submitted to queues that accept them", "AWS Batch API, JQState")
def disabled(context: Context) -> Iterator[Finding]:
    """A DISABLED queue refuses new jobs."""
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            name = base_name(job.get("jobQueue"))
            if name in context.queues and context.queues[name][1].get("state") == "DISABLED":
                yield context.finding((*where, "jobQueue"), f"the queue {name} is DISABLED and refuses jobs")


@rule(
    "disabled-environment",
    "The compute environments of a queue are ENABLED",
    "AWS Batch User Guide, Jobs stuck in RUNNABLE",
    severity="warning",
    stage="review",
    number="V-12",
)
def disabled_environment(context: Context) -> Iterator[Finding]:
    """A DISABLED one takes no jobs, and its minvCpus are still paid."""
    for where, queue in context.items("jobQueues"):
        for place, entry in mappings(queue, where, "computeEnvironmentOrder"):
            name = base_name(entry.get("computeEnvironment"))
            if name in context.environments and context.environments[name][1].get("state") == "DISABLED":
                yield context.finding((*place, "computeEnvironment"), f"{name} is DISABLED and takes no jobs")


#: What jobStateTimeLimitActions can react to; the newest page of the User Guide lists these four.
REASONS = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
)


@rule(
    "time-limit",
    "A time limit has one of AWS's reasons, 600 to 86,400 s, and cancels",
    "AWS Batch API, JobStateTimeLimitAction; AWS Batch User Guide, Jobs stuck in RUNNABLE",
    number="V-17",
)
def time_limits(context: Context) -> Iterator[Finding]:
    """For the job at the head of the queue, in RUNNABLE."""
    for where, queue in context.items("jobQueues"):
        for place, action in mappings(queue, where, "jobStateTimeLimitActions"):
            reason, seconds = action.get("reason"), whole(action.get("maxTimeSeconds"))
            if isinstance(reason, str) and reason not in REASONS:
                message = f"{reason!r} is no reason that a time limit can react to"
                near = nearest(reason, REASONS)
                yield context.finding(
                    (*place, "reason"), message, expected=f"one of {', '.join(REASONS)}", suggestion=near
                )
            if seconds is not None and not 600 <= seconds <= 86_400:
                yield context.finding(
                    (*place, "maxTimeSeconds"), f"{seconds} s is out of range", expected="600 to 86400"
                )
            if action.get("action") == "TERMINATE":
                message = "TERMINATE is for queues of service jobs"
                yield context.finding((*place, "action"), message, expected="CANCEL")


@rule(
    "spot-only",
    "A queue with nothing but Spot has a time limit, or an on-demand environment behind it",
    "AWS Batch User Guide, Jobs stuck in RUNNABLE",
    severity="info",
    stage="review",
    number="V-40",
)
def spot_only(context: Context) -> Iterator[Finding]:
    """When Spot is short its jobs wait, for as long as it takes."""
    for where, queue in context.items("jobQueues"):
        spot = [is_spot(environment) for _, environment in attached(context, queue)]
        if spot and all(spot) and not queue.get("jobStateTimeLimitActions"):
            yield context.finding(
                (*where, "computeEnvironmentOrder"),
                "all environments are Spot: while it is short, jobs wait without a limit",
                expected="an on-demand environment behind them, or jobStateTimeLimitActions",
            )


SPOT_OF = {"EC2": "SPOT", "FARGATE": "FARGATE_SPOT"}


@rule(
    "dearer-first",
    "A queue tries Spot before on-demand",
    "AWS Batch API, ComputeEnvironmentOrder",
    severity="warning",
    stage="review",
)
def dearer_first(context: Context) -> Iterator[Finding]:
    """The second environment is used when the first has no room."""
    for where, queue in context.items("jobQueues"):
        kinds = kinds_of(context, queue)
        if any(SPOT_OF.get(first) == second for first, second in pairwise(kinds)):
            yield context.finding(
                (*where, "computeEnvironmentOrder"), "on-demand comes before Spot: the dearer is filled first"
            )


@rule(
    "shared-environment",
    "Priority between queues on one compute environment is no guarantee",
    "AWS Batch API, JobQueueDetail.priority",
    severity="info",
    stage="review",
    number="V-43",
)
def shared_environments(context: Context) -> Iterator[Finding]:
    """Queues are visited in cycles, and nothing that runs is ever preempted."""
    sharing: dict[str, list[tuple[int, str, Where]]] = {}
    for where, queue in context.items("jobQueues"):
        priority_, name = whole(queue.get("priority")), queue.get("jobQueueName")
        named = (
            base_name(entry.get("computeEnvironment")) for _, entry in mappings(queue, where, "computeEnvironmentOrder")
        )
        # What a queue names twice it shares with nobody.
        for environment in dict.fromkeys(named):
            if environment in context.environments and priority_ is not None:
                sharing.setdefault(environment, []).append((priority_, str(name), (*where, "priority")))
    for environment, queues in sharing.items():
        queues.sort(key=lambda each: -each[0])
        if len({each[0] for each in queues}) > 1:
            (high, first, place), (low, last, _) = queues[0], queues[-1]
            yield context.finding(
                place,
                f"{first} ({high}) is looked at before {last} ({low}) on {environment}, but gets no room from its "
                "running jobs, and what it can't use at that moment goes to the other",
            )
        elif len(queues) > 1:
            names = " and ".join(each[1] for each in queues)
            message = f"{names} share {environment} at the same priority: their order is not defined"
            yield context.finding(queues[-1][2], message, severity="warning")
