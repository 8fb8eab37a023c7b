"""Rules about job queues."""

from __future__ import annotations

from collections.abc import Iterator

from batchsim.errors import Finding
from batchsim.scenario.rules.context import Context, base_name, dig, rule, whole

API = "AWS Batch API, CreateJobQueueRequest"


@rule("priority", "A queue's priority is 0 to 1000", "CloudFormation, AWS::Batch::JobQueue")
def priority(context: Context) -> Iterator[Finding]:
    """Larger is earlier."""
    for where, queue in context.items("jobQueues"):
        value = whole(queue.get("priority"))
        if value is not None and not 0 <= value <= 1000:
            yield context.finding((*where, "priority"), f"{value} is out of range", expected="0 to 1000")


@rule("environment-order", "A queue has one to three compute environments that exist, in distinct order", API)
def environment_order(context: Context) -> Iterator[Finding]:
    """What the queue's jobs run on."""
    for where, queue in context.items("jobQueues"):
        entries = queue.get("computeEnvironmentOrder")
        if not isinstance(entries, list) or not 1 <= len(entries) <= 3:
            if "serviceEnvironmentOrder" not in queue and (entries is None or isinstance(entries, list)):
                yield context.finding(where, "a queue needs 1 to 3 entries in computeEnvironmentOrder")
            continue
        orders = []
        for index, entry in enumerate(entries):
            reference, order = dig(entry, "computeEnvironment"), whole(dig(entry, "order"))
            place = (*where, "computeEnvironmentOrder", index)
            if isinstance(reference, str) and base_name(reference) not in context.environments:
                yield context.unknown(
                    (*place, "computeEnvironment"), "compute environment", base_name(reference), context.environments
                )
            if order is not None and order in orders:
                yield context.finding((*place, "order"), f"order {order} comes twice")
            orders.append(order)


@rule("queue-mix", "A queue's environments are all EC2 and SPOT, or all Fargate, or all unmanaged", API)
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
                kinds[
                    str(kind).replace("SPOT", "EC2") if kind in ("EC2", "SPOT") else str(kind).removesuffix("_SPOT")
                ] = name
        if len(kinds) > 1:
            yield context.finding(
                (*where, "computeEnvironmentOrder"), f"a queue can't mix {' and '.join(sorted(kinds))}"
            )


@rule("disabled-queue", "Jobs are submitted to queues that accept them", "AWS Batch API, JQState")
def disabled(context: Context) -> Iterator[Finding]:
    """A DISABLED queue refuses new jobs."""
    for _, _, jobs in context.workflows():
        for where, job in jobs:
            name = base_name(job.get("jobQueue"))
            if name in context.queues and context.queues[name][1].get("state") == "DISABLED":
                yield context.finding((*where, "jobQueue"), f"the queue {name} is DISABLED and refuses jobs")
