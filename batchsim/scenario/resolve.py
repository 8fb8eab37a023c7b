"""From AWS's request shapes to a `Configuration`: families expanded, defaults filled in, prices attached.

Runs on a document that has passed the checks of shape and meaning; what it finds besides is a figure that the catalog
lacks, and jobs that nothing can hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from batchsim.catalog.billing import public_ipv4_usd_per_hour, root_volume_usd_per_hour
from batchsim.catalog.catalog import BUNDLED, Catalog, NotInCatalogError
from batchsim.catalog.fargate import STORAGE_USD_PER_GB_HOUR, price
from batchsim.catalog.instance_types import InstanceType, expand
from batchsim.catalog.memory import is_measured, usable_memory_mib
from batchsim.catalog.prices import on_demand_usd_per_hour, regions, spot_usd_per_hour
from batchsim.catalog.spot_advisor import WORST_BUCKET, SpotAdvice, interruption_hazard_per_hour, spot_advice
from batchsim.errors import Finding
from batchsim.scenario.batch.memory_margin import at_the_edge, margin_finding, margin_mib
from batchsim.scenario.batch.resource_requests import (
    consumables_requested,
    main_container,
    main_task,
    requested,
    stop_timeout_s,
)
from batchsim.scenario.document.access import base_name, dig
from batchsim.scenario.document.document import Document, Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import UNIFORM_TRACES
from batchsim.scenario.sections.spot_recordings import PriceSteps, spot_prices, spot_trace
from batchsim.spec.assumptions import Discount, Environment, InterruptionTrace, PriceHistory, RatePerHour
from batchsim.spec.configuration import (
    ComputeEnvironment,
    Configuration,
    Consumable,
    FairShare,
    FargatePrices,
    JobDefinition,
    JobQueue,
    Offering,
    RetryRule,
    SavingsPlan,
    Shape,
    SpotTrace,
    TimeLimit,
)
from batchsim.spec.placeable import why_never
from batchsim.spec.stated_prices import FARGATE_KEYS, StatedPrices, cures
from batchsim.units import HOURS_PER_MONTH, MIB_PER_GIB

#: How a strategy's choice of pools bears on the Advisor's hazard (assumptions: AWS states the direction, no figures).
HAZARD_FACTORS = {
    "SPOT_CAPACITY_OPTIMIZED": 0.5,
    "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED": 0.5,
    "SPOT_PRICE_CAPACITY_OPTIMIZED": 0.7,
    "BEST_FIT": 2.0,
}
#: Factors on the registration delay: driver start, big hosts, firmware (assumptions).
GPU_BOOT, LARGE_BOOT, METAL_BOOT = 1.5, 1.3, 4.0
LARGE_VCPUS = 192
DEFAULT_ZONES = 3


@dataclass(frozen=True, slots=True)
class _Recordings:
    """What was recorded of the Spot market; None where the scenario names no recording."""

    trace: SpotTrace | None = None
    prices: Mapping[str, PriceSteps] | None = None


class _UnpricedError(ValueError):
    """Types of which the recorded prices have none at the start."""


class _NoPriceError(ValueError):
    """A figure that the catalog lacks and the scenario does not state.

    Parameters
    ----------
    example : str
        The override that would state it.
    """

    def __init__(self, lacking: str, example: str) -> None:
        super().__init__(lacking, example)
        self.lacking, self.example = lacking, example


@contextmanager
def _cured_by(example: str) -> Iterator[None]:
    """What the catalog lacks could be stated like this."""
    try:
        yield
    except NotInCatalogError as error:
        raise _NoPriceError(str(error), example) from None


def resolve(
    document: Document,
    region: str,
    start: datetime,
    settings: Environment,
    base: Path,
    catalog: Catalog = BUNDLED,
) -> tuple[Configuration, list[Finding]]:
    """The configuration of a checked document, and what was found on the way.

    Parameters
    ----------
    start : datetime
        The wall-clock time of the simulation's beginning.
    base : Path
        Folder that the paths of recordings are relative to.
    """
    context = Context(document, catalog=catalog)
    findings: list[Finding] = []
    market, prices = settings.spot.interruptions, settings.spot.prices
    recordings = _Recordings(
        spot_trace(base / market.trace, document, findings) if isinstance(market, InterruptionTrace) else None,
        spot_prices(base / prices.history, start, document, findings) if isinstance(prices, PriceHistory) else None,
    )
    if findings:
        return Configuration(region, (), (), ()), findings
    environments = []
    for where, value in context.items("computeEnvironments"):
        try:
            made = _environment(value, region, settings, catalog, recordings)
            if settings.ec2.public_ip or made.fargate is not None:
                made = replace(made, public_ipv4_usd_per_hour=public_ipv4_usd_per_hour(start))
            environments.append(made)
        except _UnpricedError as error:
            place: Where = (*where, "computeResources", "instanceTypes")
            expected = "a price of each type at the start or before, or spot: USD under environment.prices.overrides"
            findings.append(document.finding(place, "not-in-catalog", str(error), expected=expected))
        except _NoPriceError as error:
            expected = cures(error.example)
            findings.append(document.finding(where, "not-in-catalog", error.lacking, expected=expected))
    policies = {value["name"]: _fair_share(value) for _, value in context.items("schedulingPolicies")}
    plan = settings.prices.savings_plan
    configuration = Configuration(
        region=region,
        environments=tuple(environments),
        queues=tuple(_queue(value, policies) for _, value in context.items("jobQueues")),
        definitions=tuple(_definition(value, settings) for _, value in context.definitions.values()),
        consumables=tuple(_consumable(value) for _, value in context.items("consumableResources")),
        savings_plan=None if plan is None else SavingsPlan(plan.usd_per_hour, plan.discount),
        stated_prices=StatedPrices(settings.prices.overrides),
    )
    if not findings:
        findings += _empty_environments(context, configuration)
        findings += _below_market(context, configuration)
        findings += _unknown_hazards(context, configuration, settings)
        findings += _unpriced_traces(context, configuration)
        findings += _never_placeable(context, configuration)
    return configuration, findings


def _environment(
    value: Mapping[str, Any], region: str, settings: Environment, catalog: Catalog, recordings: _Recordings
) -> ComputeEnvironment:
    name, enabled = value["computeEnvironmentName"], value.get("state", "ENABLED") == "ENABLED"
    resources = value.get("computeResources")
    if value["type"] == "UNMANAGED" or resources is None:
        return ComputeEnvironment(name, "UNMANAGED", enabled, value["unmanagedvCpus"])
    kind, limit = resources["type"], resources["maxvCpus"]
    if kind in {"FARGATE", "FARGATE_SPOT"}:
        spot = kind == "FARGATE_SPOT"
        return ComputeEnvironment(
            name,
            kind,
            enabled,
            limit,
            fargate=_fargate_prices(region, settings, catalog, spot=spot),
            interruptions_per_hour=settings.spot.fargate_hazard_per_hour if spot else 0.0,
        )
    strategy = resources.get("allocationStrategy", "BEST_FIT")
    return ComputeEnvironment(
        name,
        kind,
        enabled,
        limit,
        min_vcpus=resources.get("minvCpus", 0),
        desired_vcpus=resources.get("desiredvCpus", 0),
        allocation_strategy=strategy,
        offerings=tuple(_offerings(resources, region, settings, catalog, strategy, recordings)),
        zones=_zones(resources, region),
        min_scale_down_delay_s=60.0 * (dig(resources, "scalingPolicy", "minScaleDownDelayMinutes") or 0),
        root_volume_usd_per_hour=_root_volume_price(region, settings, catalog),
        spot_trace=recordings.trace if kind == "SPOT" else None,
    )


def _zones(resources: Mapping[str, Any], region: str) -> tuple[str, ...]:
    """Zones of the subnets: which they are is not known offline, only how many there can be."""
    count = 1 if resources.get("placementGroup") else min(len(resources.get("subnets") or []) or DEFAULT_ZONES, 6)
    return tuple(f"{region}{letter}" for letter in "abcdef"[:count])


def _root_volume_price(region: str, settings: Environment, catalog: Catalog) -> float:
    gib, stated = settings.ec2.root_volume / MIB_PER_GIB, StatedPrices(settings.prices.overrides)
    if stated.volume_usd_per_gb_month is not None:
        return stated.volume_usd_per_gb_month * gib / HOURS_PER_MONTH
    with _cured_by("gp3: {gbMonth: USD}"):
        return root_volume_usd_per_hour(region, gib, catalog) * stated.volume_share if gib else 0.0


def _fargate_prices(region: str, settings: Environment, catalog: Catalog, *, spot: bool) -> dict[str, FargatePrices]:
    option, stated = "FARGATE_SPOT" if spot else "FARGATE", StatedPrices(settings.prices.overrides)
    prices, lacking = {}, ""
    for architecture in ("X86_64", "ARM64"):
        usd = stated.fargate(option, architecture)
        if usd is None:
            try:
                listed = stated.fargate("FARGATE", architecture) or price(region, architecture, catalog)
            except NotInCatalogError as error:
                lacking = lacking or str(error)
                continue
            factor = stated.fargate_share(option, architecture)
            factor *= 1 - settings.spot.fargate_discount if spot else 1.0
            usd = listed[0] * factor, listed[1] * factor
        prices[architecture] = FargatePrices(*usd, STORAGE_USD_PER_GB_HOUR)
    if not prices:
        raise _NoPriceError(lacking, "FARGATE: {vcpuHour: USD, gbHour: USD}")
    return prices


def _offerings(
    resources: Mapping[str, Any],
    region: str,
    settings: Environment,
    catalog: Catalog,
    strategy: str,
    recordings: _Recordings,
) -> Iterator[Offering]:
    """The types that may be launched: an explicit size leaves the expansion of its family."""
    on_demand = _listed_prices(region, settings, catalog)
    stated, option = StatedPrices(settings.prices.overrides), resources["type"]
    spot = option == "SPOT"
    entries = resources["instanceTypes"]
    seen: set[str] = {entry for entry in entries if "." in entry}
    unpriced: list[str] = []
    for listed, entry in enumerate(entries):
        for kind in expand(entry, catalog=catalog):
            if (kind.name in seen) != (entry == kind.name):
                continue
            seen.add(kind.name)
            usd, share = stated.on_demand(kind), stated.instance_share(kind, option)
            usd = on_demand.get(kind.name) if usd is None else usd
            if usd is None:
                if not spot or stated.spot(kind) is None:
                    continue
                usd = math.inf  # no bid is below a price that nobody knows
            if not spot:
                if "on-demand" in kind.usage_classes:
                    yield _offering(kind, listed, settings, usd * share, usd)
                continue
            offer = _spot(kind, region, settings, catalog, usd, stated.spot(kind))
            if offer is None:
                continue
            spot_usd, bucket, hazard = offer
            bid = usd * resources.get("bidPercentage", 100) / 100
            steps: PriceSteps = ()
            if recordings.prices is not None and stated.spot(kind) is None:
                steps = recordings.prices.get(kind.name, ())
                if not steps or steps[0][0] > 0:
                    unpriced.append(kind.name)
                    continue
                spot_usd = steps[0][1]
            factor = HAZARD_FACTORS.get(strategy, 1.0) if settings.spot.interruptions == "advisor" else 1.0
            yield _offering(
                kind,
                listed,
                settings,
                spot_usd * share,
                usd,
                market_usd_per_hour=spot_usd,
                interruption_bucket=bucket,
                interruptions_per_hour=hazard * factor,
                # Nobody pays more than the bid, while the instances that it ends are still there.
                price_steps=tuple((at, min(paid, bid) * share) for at, paid in steps),
                above_bid=_above(bid, steps or ((0.0, spot_usd),)),
            )
    if unpriced:
        types = ", ".join(unpriced[:5]) + (" …" if len(unpriced) > 5 else "")
        raise _UnpricedError(f"the recorded Spot prices have none at the start for {types}")


def _above(bid: float, steps: PriceSteps) -> tuple[tuple[float, bool], ...]:
    """From when on a price is above the bid, or is not; empty where it never is."""
    above: list[tuple[float, bool]] = []
    for at, usd in steps:
        # A hair of rounding error is not a higher price.
        passes = usd > bid * (1 + 1e-9)
        if not above or passes != above[-1][1]:
            above.append((at, passes))
    return tuple(above) if any(passes for _, passes in above) else ()


def _listed_prices(region: str, settings: Environment, catalog: Catalog) -> Mapping[str, float]:
    """The catalog's on-demand prices; none in a region of which it has none and the scenario states its own."""
    if settings.prices.overrides and region not in regions(catalog):
        return {}
    with _cured_by("c6i.large: USD per hour"):
        return on_demand_usd_per_hour(region, catalog)


def _spot(
    kind: InstanceType, region: str, settings: Environment, catalog: Catalog, on_demand: float, stated: float | None
) -> tuple[float, int, float] | None:
    """Spot price, bucket and hazard of a type; None where it can't be had, as far as is known."""
    if "spot" not in kind.usage_classes:
        return None
    market = settings.spot
    with _cured_by(f"{kind.name}: {{spot: USD per hour}}"):
        advice = _advice(kind, region, catalog, stated=stated is not None, needed=market.prices == "advisor")
        live: Mapping[str, float] = {}
        if stated is None and market.prices == "advisor" and not catalog.is_bundled:
            live = spot_usd_per_hour(region, catalog)
    if advice is None:
        return None
    usd = on_demand * (1 - (market.prices.discount if isinstance(market.prices, Discount) else advice.savings))
    usd = live.get(kind.name, usd) if stated is None else stated
    if isinstance(market.interruptions, RatePerHour):
        hazard = market.interruptions.rate_per_hour
    elif market.interruptions != "advisor":
        hazard = 0.0
    else:
        hazard = interruption_hazard_per_hour(advice.bucket) * market.hazard_scale
    return usd, advice.bucket, hazard


def _advice(kind: InstanceType, region: str, catalog: Catalog, *, stated: bool, needed: bool) -> SpotAdvice | None:
    """The Advisor's statistics of a type; None where they say that the region does not have it on Spot.

    Of a type whose price is `stated`, and of a region without statistics unless prices are `needed` of them, the worst
    is assumed.

    Raises
    ------
    NotInCatalogError
        If they are needed and the catalog has none of the region.
    """
    unknown = SpotAdvice(WORST_BUCKET, 0.0)
    try:
        return spot_advice(region, catalog).get(kind.name, unknown if stated else None)
    except NotInCatalogError:
        if needed and not stated:
            raise
        return unknown


def _offering(
    kind: InstanceType, listed: int, settings: Environment, usd: float, on_demand: float, **spot: Any
) -> Offering:
    boot = GPU_BOOT if kind.gpus else 1.0
    if kind.bare_metal:
        boot *= METAL_BOOT
    elif kind.vcpus > LARGE_VCPUS:
        boot *= LARGE_BOOT
    image, stated = settings.image, settings.ec2.memory.get(kind.name)
    memory_mib = usable_memory_mib(kind, reserved_mib=settings.ec2.reserved_memory) if stated is None else int(stated)
    # What was not measured is the worst of the table already: a job beyond it is no question of images.
    margin = margin_mib(memory_mib, kind.memory_mib) if stated is None and is_measured(kind) else 0
    return Offering(
        instance_type=kind.name,
        listed=listed,
        vcpus=kind.vcpus,
        memory_mib=memory_mib,
        memory_margin_mib=margin,
        memory_stated=stated is not None,
        gpus=kind.gpus,
        architecture="arm64" if "arm64" in kind.architectures else "x86_64",
        price_usd_per_hour=usd,
        on_demand_usd_per_hour=on_demand,
        boot_factor=boot,
        pull_mib_per_s=image.local_storage_pull_rate if kind.local_storage_gb else image.pull_rate,
        **spot,
    )


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


def _queue(value: Mapping[str, Any], policies: Mapping[str, FairShare]) -> JobQueue:
    order = sorted(value["computeEnvironmentOrder"], key=lambda entry: entry["order"])
    reference = value.get("schedulingPolicyArn")
    return JobQueue(
        name=value["jobQueueName"],
        priority=value["priority"],
        enabled=value.get("state", "ENABLED") == "ENABLED",
        environments=tuple(base_name(entry["computeEnvironment"]) for entry in order),
        fair_share=policies[base_name(reference)] if reference else None,
        time_limits=tuple(
            TimeLimit(entry["reason"], float(entry["maxTimeSeconds"]))
            for entry in value.get("jobStateTimeLimitActions") or ()
        ),
    )


def retry_rules(strategy: Mapping[str, Any] | None) -> tuple[int, tuple[RetryRule, ...]]:
    """Attempts and rules of a retry strategy; one attempt without one."""
    entries = (strategy or {}).get("evaluateOnExit") or ()
    return (strategy or {}).get("attempts", 1), tuple(
        RetryRule(
            "RETRY" if entry["action"].upper() == "RETRY" else "EXIT",
            entry.get("onExitCode"),
            entry.get("onReason"),
            entry.get("onStatusReason"),
        )
        for entry in entries
    )


def _definition(value: Mapping[str, Any], settings: Environment) -> JobDefinition:
    container, task = main_container(value), main_task(value)
    attempts, rules = retry_rules(value.get("retryStrategy"))
    override = settings.image.job_definitions.get(value["jobDefinitionName"])
    return JobDefinition(
        name=value["jobDefinitionName"],
        shape=requested(value, {}),
        request=value,
        attempts=attempts,
        evaluate_on_exit=rules,
        timeout_s=dig(value, "timeout", "attemptDurationSeconds"),
        stop_timeout_s=stop_timeout_s(value),
        architecture=dig(task, "runtimePlatform", "cpuArchitecture") or "X86_64",
        platform="FARGATE" if "FARGATE" in (value.get("platformCapabilities") or []) else "EC2",
        image=container.get("image", ""),
        image_size_mib=settings.image.size if override is None else override.size,
        ephemeral_storage_gib=dig(task, "ephemeralStorage", "sizeInGiB") or 20,
        public_ip=dig(task, "networkConfiguration", "assignPublicIp") == "ENABLED",
        scheduling_priority=value.get("schedulingPriority", 0),
        consumables=consumables_requested(value, {}),
    )


def _empty_environments(context: Context, configuration: Configuration) -> Iterator[Finding]:
    for environment in configuration.environments:
        if environment.purchase_option in {"EC2", "SPOT"} and not environment.offerings:
            where, _ = context.environments[environment.name]
            place: Where = (*where, "computeResources", "instanceTypes")
            message = f"none of the types can be had as {environment.purchase_option} in {configuration.region}"
            member = "spot" if environment.purchase_option == "SPOT" else "onDemand"
            expected = f"types with a price there, as {cures(f'c6i.large: {{{member}: USD per hour}}')}"
            source = "AWS Batch API, ComputeResource.instanceTypes"
            yield context.document.finding(place, "no-offering", message, expected=expected, source=source)


def _unknown_hazards(context: Context, configuration: Configuration, settings: Environment) -> Iterator[Finding]:
    """Types whose Spot price is stated, and of whose interruptions the Advisor says nothing."""
    if settings.spot.interruptions != "advisor":
        return
    try:
        advised = spot_advice(configuration.region, context.catalog)
    except NotInCatalogError:
        advised = {}
    for environment in configuration.environments:
        names = [o.instance_type for o in environment.offerings if o.instance_type not in advised]
        if environment.purchase_option == "SPOT" and names:
            where, _ = context.environments[environment.name]
            types = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
            message = f"no Spot statistics of {types} in {configuration.region}: taken for the Advisor's worst bucket"
            yield context.document.finding(
                (*where, "computeResources", "instanceTypes"),
                "spot-statistics",
                message,
                expected="environment.spot.interruptions: {ratePerHour: …} where the rate is known",
                severity="warning",
            )


#: So many types are named in a message.
NAMED = 5


def _below_market(context: Context, configuration: Configuration) -> Iterator[Finding]:
    """Environments whose ``bidPercentage`` is below the market: of all types, of some, or of all that hold some job."""
    environments = {environment.name: environment for environment in configuration.environments}
    affordable = {name: replace(each, offerings=each.offerings_at(0.0)) for name, each in environments.items()}
    if affordable == environments:
        return
    for name, environment in environments.items():
        if environment.offerings and not affordable[name].offerings:
            yield _bid(context, environment, environment.offerings, "no type can be launched", "jobs wait for capacity")
    queues = {queue.name: queue for queue in configuration.queues}
    definitions = {definition.name: definition for definition in configuration.definitions}
    told = set()
    for _, _, jobs in context.workflows():
        for _, job in jobs:
            shape = requested(definitions[base_name(job["jobDefinition"])].request, job)
            attached = [environments[name] for name in queues[base_name(job["jobQueue"])].environments]
            if (edge := at_the_edge(shape, attached)) is not None:
                shape, _ = edge  # as it is placed
            able = [environment for environment in attached if environment.can_hold(shape)]
            if any(affordable[each.name].can_hold(shape) for each in able):
                continue
            for each in able:
                if affordable[each.name].offerings:
                    holding = [offering for offering in each.offerings if offering.holds(shape)]
                    asked = f"{shape.vcpus:g} vCPU and {shape.asked_memory_mib} MiB"
                    message = f"no type that holds {asked} can be launched"
                    yield _bid(context, each, holding, message, "jobs wait for capacity")
                    told.add(each.name)
    for name, environment in environments.items():
        some = affordable[name].offerings
        left_out = [each for each in environment.offerings if each not in some]
        if some and left_out and name not in told:
            # Other sizes are launched, which jobs may fill less.
            message = f"{len(left_out)} of {len(environment.offerings)} types can't be launched"
            yield _bid(context, environment, left_out, message, "the others are, in their place")


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


def _never_placeable(context: Context, configuration: Configuration) -> Iterator[Finding]:
    """Jobs that AWS takes and nothing can hold: they stay RUNNABLE for ever and block their queue."""
    queues = {queue.name: queue for queue in configuration.queues}
    definitions = {definition.name: definition for definition in configuration.definitions}
    for _, _, jobs in context.workflows():
        for where, job in jobs:
            queue, definition = queues[base_name(job["jobQueue"])], definitions[base_name(job["jobDefinition"])]
            shape = requested(definition.request, job)
            attached = configuration.attached(queue)
            if any(e.fargate is not None and definition.architecture not in e.fargate for e in attached):
                yield _unpriced_task(context, (*where, "jobDefinition"), configuration.region, definition.architecture)
            elif queue.enabled and (edge := at_the_edge(shape, attached)) is not None:
                yield margin_finding(context.document, (*where, "jobDefinition"), *edge)
            elif (refusal := why_never(queue, attached, shape)) is not None:
                # The run shows what comes of it, so it is a warning.
                yield context.document.finding(
                    (*where, "jobDefinition"),
                    refusal.code,
                    refusal.message,
                    expected=refusal.expected,
                    severity="warning",
                    source="AWS Batch User Guide, Jobs stuck in RUNNABLE",
                )
            else:
                yield from _above_reservation(context, (*where, "jobDefinition"), queue, shape, attached)
            yield from _short_of_consumables(
                context, where, configuration, consumables_requested(definition.request, job)
            )


def _unpriced_traces(context: Context, configuration: Configuration) -> Iterator[Finding]:
    """Fargate tasks of traces without a price; which definition a job of a table names is known when it is read."""
    on_fargate = [environment.fargate for environment in configuration.environments if environment.fargate is not None]
    for where, trace in context.traces():
        named = base_name(trace.get("jobDefinition"))
        for definition in configuration.definitions:
            may_run = definition.name == named if trace.get("format") in UNIFORM_TRACES else True
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
