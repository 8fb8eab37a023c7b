"""From AWS's request shapes to a `Configuration`: families expanded, defaults filled in, prices attached.

Runs on a document that has passed the checks of shape and meaning; what it finds besides is a figure that the catalog
lacks, and jobs that nothing can hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from batchsim.catalog.catalog import BUNDLED, Catalog
from batchsim.errors import Finding
from batchsim.scenario.batch.compute_environments import compute_environment
from batchsim.scenario.batch.job_groups import job_definition, resolved_workflow
from batchsim.scenario.batch.launch_templates import LaunchTemplates
from batchsim.scenario.batch.offerings import Market, NoPriceError, UnpricedError
from batchsim.scenario.batch.price_sources import price_sources
from batchsim.scenario.batch.reservations import reservations
from batchsim.scenario.document.access import base_name
from batchsim.scenario.document.document import Document, Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.placeable import PlacedJob, empty_environments, never_placeable, unpriced_traces
from batchsim.scenario.rules.reservations import PATH, misused_reservations
from batchsim.scenario.rules.spot_market import below_market, unknown_hazards
from batchsim.scenario.sections.models import TraceSource, Workflow
from batchsim.scenario.sections.spot_recordings import spot_prices, spot_trace
from batchsim.scenario.updates.resolving import resolve_updates
from batchsim.scenario.updates.timeline import Timeline
from batchsim.spec.assumptions import Assumptions, InterruptionTrace, PriceHistory
from batchsim.spec.configuration import (
    ComputeEnvironment,
    Configuration,
    Consumable,
    JobDefinition,
    JobQueue,
    SavingsPlan,
    TimeLimit,
)
from batchsim.spec.fair_share import FairShare
from batchsim.spec.price_sources import PriceSources
from batchsim.spec.reservations import Reservation
from batchsim.spec.stated_prices import cures
from batchsim.spec.traces import Trace
from batchsim.spec.updates import NO_UPDATES, Updates
from batchsim.spec.workflows import ResolvedWorkflow


@dataclass(frozen=True)
class Resolved:
    """What a run is made from, and what was found on the way.

    Attributes
    ----------
    sources : tuple of ResolvedWorkflow or Trace
        The entries of the workload, in their order.
    market : Market
        Where prices came from.
    price_sources : PriceSources
        What a summary tells of it.
    updates : Updates
        What is updated while the simulation runs.
    """

    configuration: Configuration
    sources: tuple[ResolvedWorkflow | Trace, ...]
    findings: tuple[Finding, ...]
    market: Market
    price_sources: PriceSources
    updates: Updates = NO_UPDATES


def resolve(
    document: Document,
    workload: Sequence[Workflow | TraceSource],
    region: str,
    start: datetime,
    settings: Assumptions,
    base: Path,
    catalog: Catalog = BUNDLED,
    before: Market | None = None,
    timeline: Timeline | None = None,
) -> Resolved:
    """The configuration and the workload of a checked document.

    Parameters
    ----------
    workload : sequence of Workflow or TraceSource
        The entries of the document, without faults.
    start : datetime
        The wall-clock time of the simulation's beginning.
    base : Path
        Folder that the paths of recordings are relative to.
    before : Market, optional
        Of a scenario that this one was made from by changes: it serves again where none of them bears on prices.
    timeline : Timeline, optional
        What its updates make of the document.
    """
    context = Context(document, catalog=catalog)
    findings: list[Finding] = []
    if before is not None and before.is_same(region, settings, catalog):
        market = before
    else:
        market = _market(document, region, start, settings, base, catalog, findings)
    if findings:
        return Resolved(Configuration(region, (), (), ()), (), tuple(findings), market, PriceSources())
    requests = {name: value for name, (_, value) in context.definitions.items()}
    definitions = {name: job_definition(value, settings) for name, value in requests.items()}
    configuration = _configuration(context, market, start, definitions.values(), findings)
    sources = tuple(_sources(workload, definitions, requests))
    if not findings:
        findings += _judged(context, configuration, sources, settings)
    updates = NO_UPDATES
    if timeline is not None and not any(finding.severity == "error" for finding in findings):
        updates = _updates(timeline, market, start, catalog, findings)
    told = price_sources(region, start, settings, catalog, updates.recorded(configuration).environments)
    return Resolved(configuration, sources, tuple(findings), market, told, updates)


def _updates(timeline: Timeline, market: Market, start: datetime, catalog: Catalog, findings: list[Finding]) -> Updates:
    """What the engine is told of updates; findings where what they set has no price, or no type."""

    def environment(index: int, changed: Document) -> ComputeEnvironment:
        context = Context(changed, catalog=catalog)
        where, value = list(context.items("computeEnvironments"))[index]
        made = _environment(where, value, context, market, start, findings)
        if made is None:
            return ComputeEnvironment(value["computeEnvironmentName"], "EC2", False, 0)  # there are findings
        findings.extend(empty_environments(context, Configuration(market.region, (made,), (), ())))
        return made

    def queue(index: int, changed: Document) -> JobQueue:
        return _queue(changed.values["batch"]["jobQueues"][index], Context(changed))

    def consumable(index: int, changed: Document) -> Consumable:
        return _consumable(changed.values["batch"]["consumableResources"][index])

    return resolve_updates(timeline, start, environment=environment, queue=queue, consumable=consumable)


def _configuration(
    context: Context, market: Market, start: datetime, definitions: Iterable[JobDefinition], findings: list[Finding]
) -> Configuration:
    """What is in the account; findings for what has no price."""
    plan = market.settings.prices.savings_plan
    return Configuration(
        region=market.region,
        environments=tuple(_environments(context, market, start, findings)),
        queues=tuple(_queue(value, context) for _, value in context.items("jobQueues")),
        definitions=tuple(definitions),
        consumables=tuple(_consumable(value) for _, value in context.items("consumableResources")),
        savings_plan=None if plan is None else SavingsPlan(plan.usd_per_hour, plan.discount),
        stated_prices=market.stated,
        reservations=tuple(_reservations(context, market, start, findings)),
    )


def _sources(
    workload: Sequence[Workflow | TraceSource],
    definitions: Mapping[str, JobDefinition],
    requests: Mapping[str, Mapping[str, Any]],
) -> Iterator[ResolvedWorkflow | Trace]:
    for entry in workload:
        yield resolved_workflow(entry, definitions, requests) if isinstance(entry, Workflow) else entry.trace


def _judged(
    context: Context,
    configuration: Configuration,
    sources: Sequence[ResolvedWorkflow | Trace],
    settings: Assumptions,
) -> Iterator[Finding]:
    """What is found of a configuration that could be made."""
    jobs = list(_placed_jobs(sources))
    yield from empty_environments(context, configuration)
    yield from below_market(context, configuration, jobs)
    yield from unknown_hazards(context, configuration, settings)
    yield from misused_reservations(context, configuration, settings)
    yield from unpriced_traces(context, configuration)
    yield from never_placeable(context, configuration, jobs)


def _market(
    document: Document,
    region: str,
    start: datetime,
    settings: Assumptions,
    base: Path,
    catalog: Catalog,
    findings: list[Finding],
) -> Market:
    """Where prices come from, the recordings that the scenario names read; with findings where they can't be."""
    market, prices = settings.spot.interruptions, settings.spot.prices
    return Market(
        region,
        settings,
        catalog,
        spot_trace(base / market.trace, document, findings) if isinstance(market, InterruptionTrace) else None,
        spot_prices(base / prices.history, start, document, findings) if isinstance(prices, PriceHistory) else None,
    )


def _environments(
    context: Context, market: Market, start: datetime, findings: list[Finding]
) -> Iterator[ComputeEnvironment]:
    """The compute environments whose prices are known; findings for the others."""
    for where, value in context.items("computeEnvironments"):
        made = _environment(where, value, context, market, start, findings)
        if made is not None:
            yield made


def _environment(
    where: Where, value: Mapping[str, Any], context: Context, market: Market, start: datetime, findings: list[Finding]
) -> ComputeEnvironment | None:
    """A compute environment; a finding where its price is not known."""
    try:
        return compute_environment(value, market, start, LaunchTemplates.of(context.document.values))
    except UnpricedError as error:
        place: Where = (*where, "computeResources", "instanceTypes")
        expected = "a price of each type at the start or before, or spot: USD under environment.prices.overrides"
        findings.append(context.document.finding(place, "not-in-catalog", str(error), expected=expected))
    except NoPriceError as error:
        expected = cures(error.example)
        findings.append(context.document.finding(where, "not-in-catalog", error.lacking, expected=expected))
    return None


def _reservations(context: Context, market: Market, start: datetime, findings: list[Finding]) -> Iterator[Reservation]:
    """The capacity reservations; a finding where the price of one is not known."""
    try:
        yield from reservations(market, start)
    except NoPriceError as error:
        findings.append(context.document.finding(PATH, "not-in-catalog", error.lacking, expected=cures(error.example)))


def _placed_jobs(sources: Sequence[ResolvedWorkflow | Trace]) -> Iterator[PlacedJob]:
    for index, source in enumerate(sources):
        if isinstance(source, ResolvedWorkflow):
            for number, job in enumerate(source.jobs):
                yield ("workload", index, "jobs", number), job


def _fair_share(value: Mapping[str, Any]) -> FairShare:
    policy = value.get("fairsharePolicy") or {}
    return FairShare(
        # 0 stands for the default window (API FairsharePolicy.shareDecaySeconds).
        window_s=float(policy.get("shareDecaySeconds") or FairShare().window_s),
        compute_reservation=policy.get("computeReservation", 0),
        weights=tuple(
            (entry["shareIdentifier"], float(entry.get("weightFactor", 1.0)))
            for entry in policy.get("shareDistribution", [])
        ),
    )


def _consumable(value: Mapping[str, Any]) -> Consumable:
    replenishable = value.get("resourceType", "REPLENISHABLE") == "REPLENISHABLE"
    return Consumable(value["consumableResourceName"], value.get("totalQuantity", 0), replenishable)


def _queue(value: Mapping[str, Any], context: Context) -> JobQueue:
    order = sorted(value["computeEnvironmentOrder"], key=lambda entry: entry["order"])
    reference = value.get("schedulingPolicyArn")
    return JobQueue(
        name=value["jobQueueName"],
        priority=value["priority"],
        enabled=value.get("state", "ENABLED") == "ENABLED",
        environments=tuple(base_name(entry["computeEnvironment"]) for entry in order),
        fair_share=_fair_share(context.policies[base_name(reference)][1]) if reference else None,
        time_limits=tuple(
            TimeLimit(entry["reason"], float(entry["maxTimeSeconds"]))
            for entry in value.get("jobStateTimeLimitActions") or ()
        ),
    )
