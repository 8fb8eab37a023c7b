"""Rules about the instance types of compute environments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.catalog.instance_types import instance_types as known_types
from batchsim.catalog.instance_types import known_entries, missing_families
from batchsim.catalog.offerings import on_demand_usd_per_hour
from batchsim.catalog.tables import NotInCatalogError
from batchsim.errors import Finding, Severity, nearest
from batchsim.scenario.document import Where
from batchsim.scenario.reading import dig, entries, figure, mappings
from batchsim.scenario.rules.context import Context, rule
from batchsim.scenario.rules.reach import EC2, architecture_of, attached, instance_types_of, kind_of, types_of
from batchsim.scenario.stated_prices import cures

API = "AWS Batch API, ComputeResource.instanceTypes"
SETS = ("optimal", "default_x86_64", "default_arm64")


def _listing(context: Context) -> Iterator[tuple[Where, dict[str, Any], list[Any]]]:
    """Environments that list instance types: place of the list, environment, entries."""
    for where, environment in context.items("computeEnvironments"):
        if kind_of(environment) in EC2:
            listed = entries(environment, "computeResources", "instanceTypes")
            yield (*where, "computeResources", "instanceTypes"), environment, listed


@rule("instance-type", "Environments list instance types that exist and are offered in the region", API, number="V-05")
def instance_types(context: Context) -> Iterator[Finding]:
    """Unknown or absent types can't be launched."""
    region = context.document.values.get("region", "us-east-1")
    stated = {option: _priced(context, option) for option in EC2}
    try:
        offered = on_demand_usd_per_hour(region, context.catalog) if isinstance(region, str) else None
    except NotInCatalogError:
        # Of a region that the catalog lacks there are the prices that are stated.
        offered = {} if dig(context.document.values, "environment", "prices", "overrides") else None
    for place, environment, listed in _listing(context):
        if not listed:
            message = f"{kind_of(environment)} needs instanceTypes"
            yield context.finding(place[:-1], message, expected="types, families or default_x86_64")
        for index, entry in enumerate(listed):
            types = types_of(entry, context)
            if not isinstance(entry, str) or (entry in SETS and not types):
                continue
            if not types:
                message = f"there is {context.catalog.lacks(f'no instance type or family {entry!r}')}"
                yield context.finding(
                    (*place, index), message, suggestion=nearest(entry, known_entries(context.catalog))
                )
                continue
            priced = {*(offered or ()), *stated[kind_of(environment)]}
            if offered is not None and not any({each.name, each.family} & priced for each in types):
                message = f"the catalog has no price of {entry} in {region}"
                example = f"{entry}: USD per hour" if "." in entry else f"{types[0].family}: USD per vCPU-hour"
                yield context.finding((*place, index), message, expected=cures(example))


def _priced(context: Context, option: str) -> set[str]:
    """The types and families of which the scenario states a price for a purchase option."""
    overrides = dig(context.document.values, "environment", "prices", "overrides")
    members = ("onDemand", "spot") if option == "SPOT" else ("onDemand",)
    return {
        key
        for key, entry in (overrides.items() if isinstance(overrides, dict) else ())
        if figure(entry) is not None or any(figure(dig(entry, member)) is not None for member in members)
    }


@rule(
    "instance-type-set",
    "The catalog has the families that optimal, default_x86_64 and default_arm64 stand for",
    API,
    number="V-49",
)
def sets(context: Context) -> Iterator[Finding]:
    """A catalog that was refreshed may lack them."""
    for place, _, listed in _listing(context):
        for index, entry in enumerate(listed):
            lacking = missing_families(entry, context.catalog) if isinstance(entry, str) else []
            if lacking:
                message = f"the catalog lacks {', '.join(lacking)} of the families that {entry} stands for"
                # A region need not offer all of them.
                severity: Severity = "warning" if types_of(entry, context) else "error"
                expected = "families that the catalog has"
                yield context.finding((*place, index), message, expected=expected, severity=severity)


@rule(
    "optimal",
    "What optimal stands for has changed",
    API,
    severity="warning",
    stage="review",
    number="V-49",
)
def optimal(context: Context) -> Iterator[Finding]:
    """Since November 2025 it is default_x86_64; before it was c4, m4, r4."""
    for place, _, listed in _listing(context):
        for index, entry in enumerate(listed):
            if entry == "optimal" and types_of(entry, context):
                families = ", ".join(dict.fromkeys(kind.family for kind in types_of(entry, context)))
                message = f"optimal stands for {families}; before November 2025 for c4, m4, r4, and AWS may change it"
                yield context.finding((*place, index), message, expected="the families that are meant")


@rule(
    "architecture",
    "An environment has one architecture, and so has a queue",
    "AWS Batch API, ComputeResource.instanceTypes, ComputeEnvironmentOrder",
    number="V-14",
)
def architectures(context: Context) -> Iterator[Finding]:
    """Arm-based types can't be used with others."""
    for place, _, listed in _listing(context):
        by_architecture: dict[str, list[str]] = {}
        for entry in listed:
            for name in dict.fromkeys(architecture_of(kind) for kind in types_of(entry, context)):
                by_architecture.setdefault(name, []).append(entry)
        if len(by_architecture) > 1:
            message = (
                f"Arm types ({', '.join(by_architecture['arm64'])}) can't be used with others "
                f"({', '.join(by_architecture['x86_64'])}): an environment has one architecture"
            )
            yield context.finding(place, message, expected="x86_64 or arm64 types only")
    for where, queue in context.items("jobQueues"):
        by_environment = {}
        for _, environment in attached(context, queue):
            found = {architecture_of(kind) for kind in instance_types_of(environment, context)}
            if kind_of(environment) in EC2 and len(found) == 1:
                by_environment[environment["computeEnvironmentName"]] = found.pop()
        if len(set(by_environment.values())) > 1:
            listing = ", ".join(f"{name} has {word}" for name, word in by_environment.items())
            message = f"a queue's environments have one architecture: {listing}"
            yield context.finding((*where, "computeEnvironmentOrder"), message)


@rule("capacity-pool", "Pools of capacity are of types, families and zones that exist")
def capacity_pools(context: Context) -> Iterator[Finding]:
    """A pool of a misspelt type would be no limit."""
    known = known_types(context.catalog)
    families = {name.partition(".")[0] for name in known}
    region = context.document.values.get("region", "us-east-1")
    zones = [f"{region}{letter}" for letter in "abcdef"]
    for where, pool in mappings(context.document.values, (), "environment", "capacity", "pools"):
        for index, name in enumerate(entries(pool, "instanceTypes")):
            if isinstance(name, str) and name not in known and name not in families:
                place = (*where, "instanceTypes", index)
                yield context.unknown(place, "instance type or family", name, [*families, *known])
        for index, name in enumerate(entries(pool, "zones")):
            if isinstance(name, str) and name not in zones:
                yield context.unknown((*where, "zones", index), f"zone of {region}", name, zones)


@rule(
    "interruptions",
    "interruptions: none stands beside no rate of interruptions",
    severity="warning",
)
def interruptions(context: Context) -> Iterator[Finding]:
    """The word is for Fargate Spot too, so that the rate has no effect."""
    spot = dig(context.document.values, "environment", "spot")
    rate = figure(dig(spot, "fargateRatePerHour"))
    if dig(spot, "interruptions") == "none" and rate:
        message = (
            f"interruptions: none leaves Fargate Spot without them too: the rate of {rate:g} an hour has no effect"
        )
        expected = "0, or interruptions: {ratePerHour: 0}, which is for EC2 alone"
        yield context.finding(("environment", "spot", "fargateRatePerHour"), message, expected=expected)


@rule(
    "spot-diversity",
    "A SPOT environment has types of several families to choose from",
    "AWS Batch User Guide, Best practices",
    severity="warning",
    stage="review",
    number="V-40",
)
def spot_diversity(context: Context) -> Iterator[Finding]:
    """One pool that dries up interrupts everything and launches nothing."""
    for place, environment, _ in _listing(context):
        families = {kind.family for kind in instance_types_of(environment, context)}
        if kind_of(environment) == "SPOT" and len(families) == 1:
            message = f"all Spot types are of one family, {families.pop()}: when it is short, nothing is left"
            yield context.finding(place, message, expected="several families of the same architecture")
