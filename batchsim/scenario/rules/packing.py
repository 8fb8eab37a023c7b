"""A rule about jobs that leave much of each instance unused, though a little less memory or a family would pack."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from batchsim.catalog.catalog import NotInCatalogError
from batchsim.errors import Finding
from batchsim.scenario.batch.packing import (
    LETTERS,
    Fit,
    cheapest_fit,
    family_of,
    fit,
    memory_that_packs,
    relative,
    types_of,
)
from batchsim.scenario.rules.capacity import just_missed, reached
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape

#: A job that would cost this share less an hour, packed better, is worth a word.
WORTH = 0.2


@rule(
    "packs-badly",
    "Jobs fill the vCPUs and the memory of the instances that are launched for them",
    "AWS Batch User Guide, Compute resource memory management",
    severity="warning",
    stage="review",
)
def packs_badly(context: Context) -> Iterator[Finding]:
    """What one kind of job leaves of an instance can be used by others only: where there are none it is wasted.

    A job at the edge of a whole instance's memory is told by ``memory-cliff``.
    """
    seen = set()
    for job, shape, environments in reached(context):
        for environment in environments:
            place = job.asks_where("MEMORY")
            if (place, environment.name) in seen or just_missed(context, environment, shape) is not None:
                continue
            now = _likely(environment, shape)
            cures = [] if now is None else list(_cures(context, environment, shape, now))
            if now is not None and cures:
                seen.add((place, environment.name))
                message = (
                    f"{job.definition_name} {now}: {100 * now.stranded:.0f} % of the {now.spare} of each instance of "
                    f"{environment.name} is stranded, unless other jobs fill it"
                )
                yield context.finding(place, message, expected=", or ".join(cures))


def _likely(environment: ComputeEnvironment, shape: Shape) -> Fit | None:
    """How the job fits on the family that would be launched for it: the first listed, or that of the lowest price.

    On Spot any family may be: that on which it fits worst. Of the family's sizes it is the one on which an hour of the
    job costs least: it can do no better than that.
    """
    holding = [offering for offering in environment.offerings if fit(shape, offering) is not None]
    if not holding:
        return None
    if environment.strategy.keeps_type or (environment.is_managed_by_ecs and not environment.is_spot):
        return cheapest_fit(shape, holding)
    families: dict[str, list[Offering]] = {}
    for offering in holding:
        families.setdefault(family_of(offering), []).append(offering)
    if environment.launches_spot_instances:
        return _worst_fit(shape, families.values())
    if environment.strategy.is_ordered:
        first = min(holding, key=lambda each: each.listed)
    else:
        first = min(holding, key=lambda each: (round(each.price_usd_per_hour / each.vcpus, 9), each.listed))
    return cheapest_fit(shape, families[family_of(first)])


def _worst_fit(shape: Shape, families: Iterable[Sequence[Offering]]) -> Fit | None:
    """How the job fits on the family that is worst for it.

    What costs nobody knows how much on demand is not known to be the worst.
    """
    fits = [cheapest_fit(shape, sizes) for sizes in families]
    known = [each for each in fits if each is not None and math.isfinite(each.usd_per_job_hour)]
    return max(known, key=lambda each: each.usd_per_job_hour, default=None)


def _cures(context: Context, environment: ComputeEnvironment, shape: Shape, now: Fit) -> Iterator[str]:
    """Requests and families on which an hour of the job would cost so much less that it is worth a word."""
    if not math.isfinite(now.usd_per_job_hour):
        return  # only its Spot price is stated: there is nothing to compare with
    most = (1 - WORTH) * now.usd_per_job_hour
    sizes = [each for each in environment.offerings if family_of(each) == family_of(now.offering)]
    memory = memory_that_packs(shape, sizes)
    if memory is not None:
        lower = cheapest_fit(replace(shape, memory_mib=memory), sizes)
        if lower is not None and lower.usd_per_job_hour <= most:
            yield f"MEMORY of {memory} or less, where the jobs can do with it"
    better = min(_on_relatives(context, sizes, shape), key=lambda each: each.usd_per_job_hour, default=None)
    if better is not None and better.usd_per_job_hour <= most:
        less = 1 - better.usd_per_job_hour / now.usd_per_job_hour
        yield f"types of {family_of(better.offering)}, on which a job costs {100 * less:.0f} % less"


def _on_relatives(context: Context, sizes: Sequence[Offering], shape: Shape) -> Iterator[Fit]:
    """The job on the families of other memory per vCPU."""
    family = family_of(sizes[0])
    resolved = context.configuration
    assert resolved is not None  # noqa: S101 (environments are of a configuration)
    for letter in LETTERS:
        other = relative(family, letter, context.catalog)
        if other is None or other == family:
            continue
        try:
            types = types_of([other], sizes[0], resolved.region, context.catalog, resolved.stated_prices)
        except NotInCatalogError:
            continue
        found = cheapest_fit(shape, types)
        if found is not None:
            yield found
