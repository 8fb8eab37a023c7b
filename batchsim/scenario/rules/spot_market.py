"""What the Spot market says of the environments that were resolved: bids below it, types that it has no figures of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from batchsim.catalog.catalog import NotInCatalogError
from batchsim.catalog.spot_advisor import spot_advice
from batchsim.errors import Finding
from batchsim.scenario.batch.offerings import NAMED
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.placeable import PlacedJob
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment, Configuration, Offering, Shape
from batchsim.spec.memory_margin import at_the_edge

Environments = Mapping[str, ComputeEnvironment]


def unknown_hazards(context: Context, configuration: Configuration, settings: Assumptions) -> Iterator[Finding]:
    """Types whose Spot price is stated, and of whose interruptions the Advisor says nothing."""
    if settings.spot.interruptions != "advisor":
        return
    try:
        advised = spot_advice(configuration.region, context.catalog)
    except NotInCatalogError:
        advised = {}
    for environment in configuration.environments:
        names = [o.instance_type for o in environment.offerings if o.instance_type not in advised]
        if environment.launches_spot_instances and names:
            where, _ = context.environments[environment.name]
            types = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
            message = f"no Spot statistics of {types} in {configuration.region}: taken for the Advisor's worst bucket"
            yield context.document.finding(
                (*where, "computeResources", "instanceTypes"),
                "spot-statistics",
                message,
                expected="environment.spot.interruptions: {ratePerHour: …} where the rate is known",
                severity="warning",
            )


def below_market(context: Context, configuration: Configuration, jobs: Sequence[PlacedJob]) -> Iterator[Finding]:
    """Environments whose ``bidPercentage`` is below the market: of all types, of some, or of all that hold some job."""
    environments = {environment.name: environment for environment in configuration.environments}
    affordable = {name: replace(each, offerings=each.offerings_at(0.0)) for name, each in environments.items()}
    if affordable == environments:
        return
    for name, environment in environments.items():
        if environment.offerings and not affordable[name].offerings:
            yield _bid(context, environment, environment.offerings, "no type can be launched", "jobs wait for capacity")
    told = set()
    for name, finding in _of_jobs(context, configuration, jobs, affordable):
        told.add(name)
        yield finding
    for name, environment in environments.items():
        if name not in told:
            yield from _left_out(context, environment, affordable[name])


def _left_out(context: Context, environment: ComputeEnvironment, affordable: ComputeEnvironment) -> Iterator[Finding]:
    """Types above the bid, where there are others: other sizes are launched, which jobs may fill less."""
    left_out = [each for each in environment.offerings if each not in affordable.offerings]
    if affordable.offerings and left_out:
        message = f"{len(left_out)} of {len(environment.offerings)} types can't be launched"
        yield _bid(context, environment, left_out, message, "the others are, in their place")


def _of_jobs(
    context: Context, configuration: Configuration, jobs: Sequence[PlacedJob], affordable: Environments
) -> Iterator[tuple[str, Finding]]:
    queues = {queue.name: queue for queue in configuration.queues}
    for _, job in jobs:
        attached = configuration.attached(queues[job.group.job_queue])
        yield from _unaffordable(context, job.shape, attached, affordable)


def _unaffordable(
    context: Context, shape: Shape, attached: Sequence[ComputeEnvironment], affordable: Environments
) -> Iterator[tuple[str, Finding]]:
    """Environments of which all types that hold a job are above the bid, while others of theirs are not."""
    if (edge := at_the_edge(shape, attached)) is not None:
        shape, _ = edge  # as it is placed
    able = [environment for environment in attached if environment.can_hold(shape)]
    if any(affordable[each.name].can_hold(shape) for each in able):
        return
    for each in able:
        if affordable[each.name].offerings:
            holding = [offering for offering in each.offerings if offering.holds(shape)]
            asked = f"{shape.vcpus:g} vCPU and {shape.asked_memory_mib} MiB"
            message = f"no type that holds {asked} can be launched"
            yield each.name, _bid(context, each, holding, message, "jobs wait for capacity")


def _percent_of_on_demand(offering: Offering) -> float:
    """The market's price, before any discount, as the bid is stated; infinite where on demand costs nothing."""
    assert offering.market_usd_per_hour is not None  # noqa: S101 (only Spot has bids)
    on_demand = offering.on_demand_usd_per_hour
    return 100 * offering.market_usd_per_hour / on_demand if on_demand else math.inf


def _bid(
    context: Context, environment: ComputeEnvironment, types: Sequence[Offering], message: str, outcome: str
) -> Finding:
    where, value = context.environments[environment.name]
    bid = value["computeResources"].get("bidPercentage", 100)
    percents = {each: _percent_of_on_demand(each) for each in types}
    cheapest = sorted(percents, key=lambda each: (percents[each], each.instance_type))
    told = [
        f"{each.instance_type} costs {each.market_usd_per_hour:.4g} USD/h, "
        + (f"{percents[each]:.1f} % of " if math.isfinite(percents[each]) else "and on demand ")
        + f"{each.on_demand_usd_per_hour:.4g}"
        for each in cheapest[:NAMED]
    ]
    others = f" and {len(cheapest) - NAMED} more above that" if len(cheapest) > NAMED else ""
    least = percents[cheapest[0]]
    expected = "other types"
    if least <= 100:
        expected = f"{math.ceil(round(least, 6))} or more, or none: the market price is paid anyway"
    return context.document.finding(
        (*where, "computeResources", "bidPercentage"),
        "bid-below-market",
        f"{message} at {bid} % of the on-demand price: as SPOT {', '.join(told)}{others}; {outcome}",
        expected=expected,
        severity="warning",
        source="AWS Batch API, ComputeResource.bidPercentage",
    )
