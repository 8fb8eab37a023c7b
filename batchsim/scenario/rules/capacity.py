"""Rules about what instances can hold, and what is paid for: they need the configuration to be resolved."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from batchsim.catalog.instance_types import instance_types
from batchsim.errors import Finding
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import EC2, Submission, attached, submissions
from batchsim.scenario.rules.registry import rule
from batchsim.scenario.rules.timeouts import runtime_of
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape, cheapest_for
from batchsim.spec.memory_margin import at_the_edge
from batchsim.units import HOURS_PER_MONTH, MINUTE, format_duration, format_usd

#: What an operating system leaves lies here, as a share of the hardware's memory, for most types.
NEAR_NOMINAL = 0.95, 0.98
#: A job that misses a size by no more than this could be made to fit it.
NEAR_USABLE = 1.10


def _resolved(context: Context) -> dict[str, ComputeEnvironment]:
    """The EC2 and SPOT environments of the configuration that have types to launch."""
    environments = context.configuration.environments if context.configuration is not None else ()
    return {each.name: each for each in environments if each.offerings}


def _shape(job: Submission) -> Shape | None:
    vcpus, memory, gpus = (job.asks(kind) for kind in ("VCPU", "MEMORY", "GPU"))
    return None if vcpus is None or memory is None else Shape(vcpus, int(memory), int(gpus or 0))


#: A job, what it asks for, and the environments of its queue.
Reached = tuple[Submission, Shape, list[ComputeEnvironment]]


def reached(context: Context) -> Iterator[Reached]:
    """Jobs, what they ask for, and the resolved environments of their queues."""
    resolved = _resolved(context)
    for job in submissions(context):
        shape = _shape(job)
        names = [environment["computeEnvironmentName"] for _, environment in attached(context, job.queue)]
        if shape is not None:
            yield job, shape, [resolved[name] for name in names if name in resolved]


@rule(
    "memory-cliff",
    "Jobs keep away from the edge of an instance's usable memory",
    "AWS Batch User Guide, Compute resource memory management",
    severity="warning",
    stage="review",
    number="V-31",
)
def memory_cliff(context: Context) -> Iterator[Finding]:
    """A job sized like the hardware goes to the next size, or waits for ever."""
    seen = set()
    for job, shape, environments in reached(context):
        if at_the_edge(shape, environments) is not None:
            continue  # told as memory-margin
        for environment in environments:
            key = job.asks_where("MEMORY"), environment.name
            missed = just_missed(context, environment, shape)
            if missed is not None and key not in seen:
                seen.add(key)
                yield _cliff(context, key[0], environment, shape, missed)


def just_missed(context: Context, environment: ComputeEnvironment, shape: Shape) -> Offering | None:
    """The cheapest type that the job would have if its memory were not so near to the type's."""
    edge = []
    for offering in environment.offerings:
        nominal = instance_types(context.catalog)[offering.instance_type].memory_mib
        near = not offering.memory_stated and NEAR_NOMINAL[0] * nominal <= shape.memory_mib <= NEAR_NOMINAL[1] * nominal
        above = offering.memory_mib < shape.memory_mib <= NEAR_USABLE * offering.memory_mib
        if (near or above) and shape.vcpus <= offering.vcpus and shape.gpus <= offering.gpus:
            edge.append(offering)
    return min(edge, key=lambda offering: (offering.price_usd_per_hour, offering.instance_type), default=None)


def _cliff(context: Context, place: Where, environment: ComputeEnvironment, shape: Shape, missed: Offering) -> Finding:
    nominal = instance_types(context.catalog)[missed.instance_type].memory_mib
    of_type = f"{missed.memory_mib} MiB usable on {missed.instance_type} ({nominal} nominal)"
    if shape.memory_mib <= missed.memory_mib:
        message = f"MEMORY {shape.memory_mib} is at the edge of the {of_type}, which differs from image to image"
    else:
        larger = [each for each in environment.offerings if each.holds(shape)]
        following = min(larger, key=lambda each: (each.price_usd_per_hour, each.instance_type), default=None)
        message = f"MEMORY {shape.memory_mib} is above the {of_type}: "
        if following is None:
            message += f"{environment.name} has no larger type"
        else:
            message += (
                f"the next is {following.instance_type} with {following.memory_mib} usable, at "
                f"{_rate(following)} instead of {_rate(missed)}"
            )
    safe = missed.memory_mib if missed.memory_stated else min(missed.memory_mib, int(NEAR_NOMINAL[0] * nominal))
    return context.finding(place, message, expected=f"{safe} or less")


def _rate(offering: Offering) -> str:
    return f"{offering.price_usd_per_hour:.4g} USD/h"


@rule(
    "gpu-types",
    "GPU types are used by GPU jobs, and GPU jobs have environments of GPU types only",
    "AWS Batch User Guide, GPU jobs",
    severity="info",
    stage="review",
    number="V-33",
)
def gpu_types(context: Context) -> Iterator[Finding]:
    """A GPU that no job asks for is paid for all the same."""
    jobs = list(reached(context))
    used = _with_gpu_jobs(jobs)
    for name, environment in _resolved(context).items():
        where, _ = context.environments[name]
        place = (*where, "computeResources", "instanceTypes")
        with_gpus = [offering.instance_type for offering in environment.offerings if offering.gpus]
        if with_gpus and name not in used:
            message = f"{with_gpus[0]} has GPUs that no job of this environment's queues asks for"
            yield context.finding(place, message, expected="types without GPUs")
    yield from _mixed(context, jobs)


def _with_gpu_jobs(jobs: Sequence[Reached]) -> set[str]:
    """Names of the environments that jobs with GPUs may run on."""
    # A trace's jobs may ask for GPUs of their own.
    reached_by = [environments for job, shape, environments in jobs if shape.gpus or "format" in job.job]
    return {environment.name for environments in reached_by for environment in environments}


def _mixed(context: Context, jobs: Sequence[Reached]) -> Iterator[Finding]:
    """Environments of GPU jobs that have types with GPUs and without."""
    mixed = set()
    for job, shape, environments in jobs:
        for environment in environments:
            kinds = {bool(offering.gpus) for offering in environment.offerings}
            if shape.gpus and len(kinds) == 2 and environment.name not in mixed:
                mixed.add(environment.name)
                where, _ = context.environments[environment.name]
                message = f"types without GPUs beside GPU types: {job.job_name} may get stuck in RUNNABLE"
                place = (*where, "computeResources", "instanceTypes")
                yield context.finding(place, message, expected="GPU types only", severity="warning")


@rule(
    "minimum-cost",
    "minvCpus are paid for all the time",
    "AWS Batch API, ComputeResource.minvCpus",
    severity="info",
    stage="review",
    number="V-42",
)
def minimum_cost(context: Context) -> Iterator[Finding]:
    """Also while the environment is DISABLED.

    The type is the one that the simulation keeps: that of which so many vCPUs cost least, then the smallest.
    """
    for name, environment in _resolved(context).items():
        offerings = environment.offerings_at(0.0)
        if environment.min_vcpus <= 0 or not offerings:
            continue
        where, _ = context.environments[name]
        kept = cheapest_for(environment.min_vcpus, offerings)
        count = math.ceil(environment.min_vcpus / kept.vcpus)
        beside = environment.volumes_usd_per_hour(kept) + environment.public_ipv4_usd_per_hour
        per_hour = count * (kept.price_usd_per_hour + beside)
        yield context.finding(
            (*where, "computeResources", "minvCpus"),
            f"{environment.min_vcpus} vCPUs are paid all the time: about {format_usd(per_hour * HOURS_PER_MONTH)} a "
            f"month for {count} {kept.instance_type} (the cheapest) at {_rate(kept)}, with root volumes"
            + (" and public addresses" if environment.public_ipv4_usd_per_hour else ""),
        )


@rule(
    "overshoot",
    "No instance type is larger than maxvCpus",
    "AWS Batch API, ComputeResource.maxvCpus",
    severity="warning",
    stage="review",
    number="V-45",
)
def overshoot(context: Context) -> Iterator[Finding]:
    """All strategies but on-demand BEST_FIT may pass the limit by up to one instance; a limit of 0 launches none."""
    for name, environment in _resolved(context).items():
        largest = max(environment.offerings, key=lambda each: (each.vcpus, each.instance_type))
        passes = environment.limits_instances and environment.overshoots
        if passes and largest.vcpus > environment.max_vcpus > 0:
            where, _ = context.environments[name]
            yield context.finding(
                (*where, "computeResources", "maxvCpus"),
                f"one {largest.instance_type} has {largest.vcpus} vCPUs, and {environment.allocation_strategy} may "
                f"launch it although maxvCpus is {environment.max_vcpus}",
                expected=f"types of {environment.max_vcpus} vCPUs or less",
            )


@rule(
    "short-jobs",
    "Jobs run for three minutes or more where instances are started for them",
    "AWS Batch User Guide, Best practices",
    severity="info",
    stage="review",
    number="V-46",
)
def short_jobs(context: Context) -> Iterator[Finding]:
    """From zero, an instance takes minutes to start and to go."""
    for job in submissions(context, traces=False):
        first = next((environment for _, environment in attached(context, job.queue)), {})
        resources = first.get("computeResources")
        runtime = runtime_of(job.job)
        if runtime is None or not isinstance(resources, dict) or resources.get("type") not in EC2:
            continue
        if not resources.get("minvCpus") and runtime.mean_s() < 3 * MINUTE:
            yield context.finding(
                (*job.where, "runtime"),
                f"runs of {format_duration(runtime.mean_s())} on average, on instances that "
                "are started from zero and take minutes to start",
                expected="several tasks in one job, an array, or Fargate",
            )
