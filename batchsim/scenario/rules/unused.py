"""Rules about things that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from batchsim.errors import Finding
from batchsim.scenario.document.access import base_name, dig, entries
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.definitions import PLATFORMS
from batchsim.scenario.rules.references import kinds_of, platform_of, submissions
from batchsim.scenario.rules.registry import rule
from batchsim.spec.traces import is_uniform


@rule(
    "unused",
    "Every environment is in a queue, and queues and definitions are made for each other",
    "AWS Batch User Guide, Job queues",
    severity="warning",
    stage="review",
    number="V-41",
)
def unused(context: Context) -> Iterator[Finding]:
    """What nothing uses is paid for, or was misspelt elsewhere."""
    used = {
        base_name(dig(entry, "computeEnvironment"))
        for _, queue in context.items("jobQueues")
        for entry in entries(queue, "computeEnvironmentOrder")
    }
    for name, (where, _) in context.environments.items():
        if name not in used:
            yield context.finding((*where, "computeEnvironmentName"), f"no queue has the environment {name}")
    yield from _for_each_other(context)


def _for_each_other(context: Context) -> Iterator[Finding]:
    """Queues without a job or a definition for them, and definitions without a queue."""
    offered = {name: _platforms(context, name) for name in context.queues}
    wanted = {name: platform_of(definition) for name, (_, definition) in context.definitions.items()}
    busy = {job.queue_name for job in submissions(context)}
    # Other traces name queues job by job.
    told = all(is_uniform(trace.get("format")) for _, trace in context.traces())
    for name, (where, _) in context.queues.items():
        place = (*where, "jobQueueName")
        if offered[name] and not offered[name] & set(wanted.values()):
            message = f"no job definition is for {' and '.join(sorted(offered[name]))}, which {name} has"
            yield context.finding(place, message)
        elif told and name not in busy:
            yield context.finding(place, f"no job goes to {name}")
    yield from _without_a_queue(context, set[str]().union(*offered.values()), wanted)


def _without_a_queue(context: Context, platforms: set[str], wanted: dict[str, str]) -> Iterator[Finding]:
    for name, (where, _) in context.definitions.items():
        if platforms and wanted[name] not in platforms:
            place = (*where, "jobDefinitionName")
            yield context.finding(place, f"no queue has an environment for {wanted[name]}, which {name} needs")


def _platforms(context: Context, queue: str) -> set[str]:
    kinds = (kind.removesuffix("_SPOT") for kind in kinds_of(context, context.queues[queue][1]) if kind)
    return {PLATFORMS.get(kind, "EC2") for kind in kinds}
