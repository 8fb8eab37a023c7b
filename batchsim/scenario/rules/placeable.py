"""Whether what was resolved can ever run: environments without a type, jobs that nothing holds or that have no price.

These findings come after resolving: they need to know what each job asks for and what may be launched for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchsim.errors import Finding
from batchsim.scenario.document.access import base_name
from batchsim.scenario.document.document import Document, Where
from batchsim.scenario.rules.context import Context
from batchsim.spec.configuration import ComputeEnvironment, Configuration, JobQueue, Offering, Shape
from batchsim.spec.memory_margin import MARGIN, at_the_edge
from batchsim.spec.placeable import why_never
from batchsim.spec.stated_prices import FARGATE_KEYS, cures
from batchsim.spec.traces import is_uniform
from batchsim.spec.workflows import ResolvedJob

#: A job of a workflow, with its place.
PlacedJob = tuple[Where, ResolvedJob]


def empty_environments(context: Context, configuration: Configuration) -> Iterator[Finding]:
    """Environments of which no type can be had."""
    for environment in configuration.environments:
        if environment.launches_instances and not environment.offerings:
            where, _ = context.environments[environment.name]
            place: Where = (*where, "computeResources", "instanceTypes")
            message = f"none of the types can be had as {environment.purchase_option} in {configuration.region}"
            member = "spot" if environment.is_spot else "onDemand"
            expected = f"types with a price there, as {cures(f'c6i.large: {{{member}: USD per hour}}')}"
            source = "AWS Batch API, ComputeResource.instanceTypes"
            yield context.document.finding(place, "no-offering", message, expected=expected, source=source)


def never_placeable(context: Context, configuration: Configuration, jobs: Sequence[PlacedJob]) -> Iterator[Finding]:
    """Jobs that AWS takes and nothing can hold: they stay RUNNABLE for ever and block their queue."""
    queues = {queue.name: queue for queue in configuration.queues}
    for where, job in jobs:
        queue = queues[job.group.job_queue]
        attached = configuration.attached(queue)
        yield from _why_never(context, (*where, "jobDefinition"), configuration, queue, attached, job)
        yield from _short_of_consumables(context, where, configuration, job.group.consumables)


def _why_never(
    context: Context,
    where: Where,
    configuration: Configuration,
    queue: JobQueue,
    attached: Sequence[ComputeEnvironment],
    job: ResolvedJob,
) -> Iterator[Finding]:
    """The first reason why a job never runs, or only under conditions."""
    architecture = job.group.architecture
    if any(e.fargate is not None and architecture not in e.fargate for e in attached):
        yield _unpriced_task(context, where, configuration.region, architecture)
    elif queue.enabled and (edge := at_the_edge(job.shape, attached)) is not None:
        yield margin_finding(context.document, where, *edge)
    elif (refusal := why_never(queue, attached, job.shape)) is not None:
        # The run shows what comes of it, so it is a warning.
        yield context.document.finding(
            where,
            refusal.code,
            refusal.message,
            expected=refusal.expected,
            severity="warning",
            source="AWS Batch User Guide, Jobs stuck in RUNNABLE",
        )
    else:
        yield from _above_reservation(context, where, queue, job.shape, attached)


def margin_finding(document: Document, where: Where, placed: Shape, offering: Offering) -> Finding:
    """What is said of a job that is placed on a type within the margin of its memory."""
    node = max(placed.nodes or (placed,), key=lambda each: each.asked_memory_mib)
    kind, usable = offering.instance_type, offering.memory_mib
    return document.finding(
        where,
        "memory-margin",
        f"{node.asked_memory_mib} MiB are {node.beyond_mib} more than the measured table gives {kind} ({usable}), and "
        f"nothing else in the queue holds them: taken to fit, within the {100 * MARGIN:g} % by which images differ",
        expected=f"{usable} at most, or what the ECS agent registers as environment.ec2.memory: {{{kind}: MiB}}",
        severity="warning",
        source="AWS Batch User Guide, Compute resource memory management",
    )


def unpriced_traces(context: Context, configuration: Configuration) -> Iterator[Finding]:
    """Fargate tasks of traces without a price; which definition a job of a table names is known when it is read."""
    on_fargate = [environment.fargate for environment in configuration.environments if environment.fargate is not None]
    for where, trace in context.traces():
        named = base_name(trace.get("jobDefinition"))
        for definition in configuration.definitions:
            may_run = definition.name == named or not is_uniform(trace.get("format"))
            lacking = any(definition.architecture not in prices for prices in on_fargate)
            if may_run and definition.platform == "FARGATE" and lacking:
                yield _unpriced_task(context, where, configuration.region, definition.architecture)


def _unpriced_task(context: Context, where: Where, region: str, architecture: str) -> Finding:
    lacking = context.catalog.lacks(f"no Fargate price for {region} ({architecture})")
    example = f"{FARGATE_KEYS['FARGATE', architecture]}: {{vcpuHour: USD, gbHour: USD}}"
    return context.document.finding(where, "not-in-catalog", str(lacking), expected=cures(example))


def _above_reservation(
    context: Context, where: Where, queue: JobQueue, shape: Shape, attached: Sequence[ComputeEnvironment]
) -> Iterator[Finding]:
    """A job that a share's reservation keeps from starting until many shares are active."""
    most = sum(environment.max_vcpus for environment in attached if environment.enabled)
    if queue.fair_share is None or shape.vcpus <= queue.fair_share.allowed_vcpus(most, 1):
        return
    policy = queue.fair_share
    message = (
        f"computeReservation {policy.compute_reservation} leaves {policy.allowed_vcpus(most, 1):g} of {most} vCPUs "
        f"while one share of {queue.name} is active: a job of {shape.vcpus:g} waits until others are"
    )
    yield context.document.finding(
        where,
        "above-reservation",
        message,
        expected="a smaller computeReservation, or more maxvCpus",
        severity="warning",
        source="AWS Batch API, FairsharePolicy.computeReservation",
    )


def _short_of_consumables(
    context: Context, where: Where, configuration: Configuration, wanted: Sequence[tuple[str, int]]
) -> Iterator[Finding]:
    """A job whose nodes together ask for more than there is; what one of them asks for is looked at before."""
    totals = {consumable.name: consumable.total for consumable in configuration.consumables}
    for name, quantity in wanted:
        if quantity > totals[name]:
            yield context.document.finding(
                where,
                "consumable-quantity",
                f"the nodes of the job ask for {quantity} of {name} together, and there are {totals[name]}",
                expected=f"{totals[name]} at most",
                severity="warning",
                source="AWS Batch User Guide, Resource-aware scheduling",
            )
