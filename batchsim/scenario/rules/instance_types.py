"""Rules about the instance types of compute environments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from batchsim.catalog.catalog import NotInCatalogError
from batchsim.catalog.instance_types import InstanceType, known_entries, missing_families
from batchsim.catalog.instance_types import instance_types as known_types
from batchsim.catalog.prices import derived_prices, offered_without_price, on_demand_usd_per_hour
from batchsim.catalog.spot_advisor import derived_advice, spot_advice
from batchsim.errors import Finding, Severity, nearest
from batchsim.scenario.batch.service_model import ec2_instance_types
from batchsim.scenario.document.access import dig, entries, figure, mappings
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import (
    EC2,
    MANAGED,
    TYPES_ALLOWED,
    architecture_of,
    attached,
    instance_types_of,
    is_spot,
    kind_of,
    types_of,
)
from batchsim.scenario.rules.registry import rule
from batchsim.spec.stated_prices import cures

API = "AWS Batch API, ComputeResource.instanceTypes"
SETS = ("optimal", "default_x86_64", "default_arm64")
#: How figures that the catalog lacks are added.
ADDED = cures("TYPE: USD per hour")
CATALOGUED = (
    "a type of the catalog, or a catalog of your own: `batchsim prices refresh` writes one with all types of its "
    "regions; environment.prices.overrides prices those it has"
)


def _listing(context: Context) -> Iterator[tuple[Where, dict[str, Any], list[Any]]]:
    """Environments that list instance types: place of the list, environment, entries.

    Managed instances that list none may be of any type: then there is no list.
    """
    for where, environment in context.items("computeEnvironments"):
        managed = kind_of(environment) == MANAGED
        steps = TYPES_ALLOWED if managed else ("computeResources", "instanceTypes")
        listed = entries(environment, *steps)
        if kind_of(environment) in EC2 or (managed and listed):
            yield (*where, *steps), environment, listed


@rule("instance-type", "Environments list instance types that exist and are offered in the region", API, number="V-05")
def instance_types(context: Context) -> Iterator[Finding]:
    """Unknown or absent types can't be launched."""
    for place, environment, listed in _listing(context):
        if not listed:
            message = f"{kind_of(environment)} needs instanceTypes"
            yield context.finding(place[:-1], message, expected="types, families or default_x86_64")
        priced = _priced(context, environment)
        for index, entry in enumerate(listed):
            types = types_of(entry, context, wildcards=kind_of(environment) == MANAGED)
            if not types and isinstance(entry, str) and entry not in SETS:
                known = known_entries(context.catalog)
                yield unknown_type(context, (*place, index), entry, "instance type or family", known)
            elif types and priced is not None:
                yield from _unpriced(context, (*place, index), entry, types, priced)


def _unpriced(
    context: Context, place: Where, entry: str, types: Sequence[InstanceType], priced: set[str]
) -> Iterator[Finding]:
    """An entry of whose types none has a price."""
    if priced.isdisjoint(each.name for each in types):
        message = f"the catalog has no price of {entry} in {_region(context)}"
        example = f"{entry}: USD per hour" if "." in entry else f"{types[0].family}: USD per vCPU-hour"
        yield context.finding(place, message, expected=f"a type that the region offers, or {cures(example)}")


def _region(context: Context) -> str:
    region = context.document.values.get("region", "us-east-1")
    return region if isinstance(region, str) else ""


def _stated(context: Context, *members: str) -> set[str]:
    """The types of which the scenario states an on-demand price, a Spot price or either, itself or by their family.

    Parameters
    ----------
    *members : {"onDemand", "spot"}
        Which of them count; a bare figure is the on-demand price.
    """
    overrides = dig(context.document.values, "environment", "prices", "overrides")
    given: dict[str, Any] = overrides if isinstance(overrides, dict) else {}
    keys = {key for key, entry in given.items() if _states_price(entry, members)}
    return {
        name
        for name, kind in (known_types(context.catalog).items() if keys else ())
        # A type's own discount is off the catalog's price, not off what its family states.
        if name in keys or (kind.family in keys and figure(dig(given.get(name), "discount")) is None)
    }


def _states_price(entry: Any, members: Collection[str]) -> bool:
    is_bare = "onDemand" in members and figure(entry) is not None
    return is_bare or any(figure(dig(entry, member)) is not None for member in members)


def _prices_of(environment: dict[str, Any]) -> tuple[str, ...]:
    """The stated figures that are a price for an environment: Spot follows from on demand."""
    return ("onDemand", "spot") if is_spot(environment) else ("onDemand",)


def _priced(context: Context, environment: dict[str, Any]) -> set[str] | None:
    """Types with a price for an environment; None where the catalog does not know the region."""
    stated = _stated(context, *_prices_of(environment))
    try:
        return {*on_demand_usd_per_hour(_region(context), context.catalog), *stated}
    except NotInCatalogError:
        # Of a region that the catalog lacks there are the prices that are stated.
        return stated if dig(context.document.values, "environment", "prices", "overrides") else None


def unknown_type(context: Context, place: Where, name: str, what: str, known: Collection[str]) -> Finding:
    """A type that the catalog does not know, though AWS may."""
    if any(name in (each, each.partition(".")[0]) for each in ec2_instance_types()):
        message = f"{name} is not in the catalog {context.catalog.folder}".rstrip()
        return context.finding(place, message, expected=CATALOGUED)
    message = f"there is {context.catalog.lacks(f'no {what} {name!r}')}"
    return context.finding(place, message, suggestion=nearest(name, known))


def _by_family(names: Sequence[str], chosen: Collection[str]) -> str:
    """The chosen ones of some types, shortly and in their order: ``c6i.large, .xlarge; all of m6i``."""
    families: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        families.setdefault(name.partition(".")[0], []).append(name)
    told = []
    for family, members in families.items():
        sizes = [name.partition(".")[2] for name in members if name in chosen]
        if len(sizes) == len(members) > 1:
            told.append(f"all of {family}")
        elif sizes:
            told.append(f"{family}.{', .'.join(sizes)}")
    return "; ".join(told)


def _listed(context: Context, environment: dict[str, Any]) -> list[InstanceType]:
    """The types that an environment lists and could launch."""
    spot = is_spot(environment)
    return [
        kind
        for kind in instance_types_of(environment, context)
        if ("spot" if spot else "on-demand") in kind.usage_classes
    ]


@rule(
    "no-price",
    "Every type that an environment lists, and its region offers, has a price and, for SPOT, Spot statistics",
    severity="warning",
)
def no_price(context: Context) -> Iterator[Finding]:
    """A size that is left out changes which sizes are launched."""
    region = _region(context)
    for place, environment, _ in _listing(context):
        names, priced = [kind.name for kind in _listed(context, environment)], _priced(context, environment)
        if priced is None:
            return
        without = {*names} & offered_without_price(region, context.catalog) - priced
        if without and len(without) < len({*names}):
            message = f"left out, the catalog has no price of them in {region}: {_by_family(names, without)}"
            yield context.finding(place, message, expected=ADDED)
        advised = _with_advice(context)
        if is_spot(environment) and advised is not None:
            without = {*names} & priced - advised - _stated(context, "spot")
            if without and without != {*names} & priced:
                message = (
                    f"left out, the catalog has no Spot statistics of them in {region}: {_by_family(names, without)}"
                )
                expected = f"types with statistics there, or {cures('TYPE: {spot: USD per hour}')}"
                yield context.finding(place, message, expected=expected)


def _with_advice(context: Context) -> set[str] | None:
    """The types with Spot statistics; None where the region has none at all, which leaves no type out."""
    try:
        return {*spot_advice(_region(context), context.catalog)}
    except NotInCatalogError:
        return None


@rule(
    "derived-price",
    "Prices and Spot statistics are figures of AWS, not derived from those of other types",
    severity="info",
    stage="review",
)
def derived(context: Context) -> Iterator[Finding]:
    """What the bundled tables fill, and how (``catalog/data/SOURCES.md``)."""
    region = _region(context)
    for place, environment, _ in _listing(context):
        given = _stated(context, *_prices_of(environment))
        listed = list(dict.fromkeys(kind.name for kind in _listed(context, environment)))
        try:
            usd, sources = on_demand_usd_per_hour(region, context.catalog), derived_prices(region, context.catalog)
        except NotInCatalogError:
            continue
        told = [
            f"{name} ~{usd[name]:g}{_source(name, sources)}" for name in listed if name in sources and name not in given
        ]
        if told:
            message = f"prices in {region} that are derived from those of other types: {', '.join(told)}"
            yield context.finding(place, message, expected=ADDED)
        if is_spot(environment):
            yield from _neighbours(context, place, listed, {*usd, *given})


def _neighbours(context: Context, place: Where, listed: Sequence[str], priced: Collection[str]) -> Iterator[Finding]:
    """Types that have the Spot statistics of another family, unless their Spot price is stated."""
    region = _region(context)
    sources, with_price = derived_advice(region, context.catalog), _stated(context, "spot")
    advised = [name for name in listed if name not in with_price]
    neighbours: dict[str, list[str]] = {}
    for name in advised:
        if name in sources and name in priced:
            neighbours.setdefault(sources[name], []).append(name)
    if neighbours:
        told = [f"those of {family} for {_by_family(advised, each)}" for family, each in neighbours.items()]
        message = f"Spot statistics in {region} that are a neighbour's: {'; '.join(told)}"
        yield context.finding(place, message, expected="statistics of its own: environment.spot states others")


def _source(name: str, sources: Mapping[str, str]) -> str:
    """The family that a figure was derived from, where it is not the type's own."""
    return "" if sources[name] == name.partition(".")[0] else f" (by {sources[name]})"


@rule(
    "not-offered",
    "A region offers every size of the families that an environment lists",
    severity="info",
    stage="review",
)
def not_offered(context: Context) -> Iterator[Finding]:
    """A family is what of it the region has."""
    region = _region(context)
    for place, environment, _ in _listing(context):
        priced = _priced(context, environment)
        if priced is None:
            return
        names = [kind.name for kind in instance_types_of(environment, context)]
        absent = {*names} - priced - offered_without_price(region, context.catalog)
        if absent and absent != {*names}:
            message = f"not offered in {region}, as far as the catalog knows: {_by_family(names, absent)}"
            yield context.finding(place, message, expected="other families, where these sizes matter")


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
    for place, environment, listed in _listing(context):
        by_architecture: dict[str, list[str]] = {}
        for entry in listed if kind_of(environment) in EC2 else ():
            for name in dict.fromkeys(architecture_of(kind) for kind in types_of(entry, context)):
                by_architecture.setdefault(name, []).append(entry)
        if len(by_architecture) > 1:
            message = (
                f"Arm types ({', '.join(by_architecture['arm64'])}) can't be used with others "
                f"({', '.join(by_architecture['x86_64'])}): an environment has one architecture"
            )
            yield context.finding(place, message, expected="x86_64 or arm64 types only")
    yield from _architectures_of_queues(context)


def _architectures_of_queues(context: Context) -> Iterator[Finding]:
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
    pools = list(mappings(context.document.values, (), "environment", "capacity", "pools"))
    if not pools:
        return
    known = known_types(context.catalog)
    families = {name.partition(".")[0] for name in known}
    region = context.document.values.get("region", "us-east-1")
    zones = [f"{region}{letter}" for letter in "abcdef"]
    for where, pool in pools:
        for index, name in _texts(pool, "instanceTypes"):
            if name not in known and name not in families:
                place = (*where, "instanceTypes", index)
                yield unknown_type(context, place, name, "instance type or family", [*families, *known])
        for index, name in _texts(pool, "zones"):
            if name not in zones:
                yield context.unknown((*where, "zones", index), f"zone of {region}", name, zones)


def _texts(value: dict[str, Any], member: str) -> list[tuple[int, str]]:
    """The texts in a list, with their places."""
    return [(index, each) for index, each in enumerate(entries(value, member)) if isinstance(each, str)]


@rule(
    "interruptions",
    "Beside interruptions: none stands no rate, and beside none or a recorded market not how they come together",
    severity="warning",
)
def interruptions(context: Context) -> Iterator[Finding]:
    """The word is for Fargate Spot too; and in a recorded market what goes together, and for how long, is recorded."""
    spot = dig(context.document.values, "environment", "spot")
    rate, kind = figure(dig(spot, "fargateRatePerHour")), dig(spot, "interruptions")
    is_recorded = isinstance(kind, dict) and "trace" in kind
    if (kind == "none" or is_recorded) and figure(dig(spot, "together")):
        told = "a recorded market has its own events" if is_recorded else "interruptions: none leaves none to come so"
        message = f"together has no effect: {told}"
        expected = "no such entry, or interruptions: advisor or a ratePerHour"
        yield context.finding(("environment", "spot", "together"), message, expected=expected)
    if kind == "none" and rate:
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
        if is_spot(environment) and len(families) == 1:
            message = f"all Spot types are of one family, {families.pop()}: when it is short, nothing is left"
            yield context.finding(place, message, expected="several families of the same architecture")
