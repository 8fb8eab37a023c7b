"""Rules about capacity reservations: what they are of, when they are there, and who can use them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from batchsim.catalog.instance_types import instance_types
from batchsim.errors import Finding
from batchsim.scenario.document.access import mappings
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.instance_types import unknown_type
from batchsim.scenario.rules.registry import declare, rule
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment, Configuration
from batchsim.spec.reservations import BLOCK_CLEARED_S, Reservation, is_group
from batchsim.units import format_duration, parse_duration

PATH: Final = ("environment", "capacity", "reservations")
SOURCE = "EC2 User Guide, Reserve compute capacity with EC2 On-Demand Capacity Reservations"

declare(
    "reservation-use",
    "What compute environments target is among the reservations, which are there while they can be used, and are used",
    SOURCE,
)


@rule("capacity-reservation", "Reservations are of types and zones that exist, each under a name of its own", SOURCE)
def capacity_reservations(context: Context) -> Iterator[Finding]:
    """A reservation of a misspelt type would be paid for and used by nothing."""
    region = context.document.values.get("region", "us-east-1")
    zones = [f"{region}{letter}" for letter in "abcdef"]
    taken: set[str] = set()
    for where, stated in mappings(context.document.values, (), *PATH):
        kind, zone = stated.get("instanceType"), stated.get("zone")
        known = instance_types(context.catalog)
        if isinstance(kind, str) and kind not in known:
            yield unknown_type(context, (*where, "instanceType"), kind, "instance type", known)
        if isinstance(zone, str) and zone not in zones:
            yield context.unknown((*where, "zone"), f"zone of {region}", zone, zones)
        labels = _labels(stated)
        for member, label in labels.items():
            if label in taken:
                yield context.finding((*where, member), f"{label} is another reservation's", expected="another one")
        taken |= {*labels.values()}


def _labels(stated: dict[str, Any]) -> dict[str, str]:
    """What a reservation may be targeted by, by the member that says it."""
    return {member: stated[member] for member in ("name", "id") if isinstance(stated.get(member), str)}


def misused_reservations(context: Context, configuration: Configuration, settings: Assumptions) -> Iterator[Finding]:
    """What is found of reservations and of those who use them when both are known."""
    for index, reservation in enumerate(configuration.reservations):
        yield from _times(context, (*PATH, index), reservation)
    yield from _over_quota(context, configuration.reservations, settings.capacity.account_vcpus.get("EC2", math.inf))
    for environment in configuration.environments:
        if environment.launches_on_demand_instances:
            yield from _targets(context, environment, configuration.reservations)
    for index, reservation in enumerate(configuration.reservations):
        if not any(uses(environment, reservation) for environment in configuration.environments):
            yield _finding(
                context,
                (*PATH, index),
                f"no compute environment uses {reservation.name}: none launches {reservation.instance_type} in "
                f"{reservation.zone} {'and targets it' if not reservation.is_open else 'on demand'}; it is paid for",
                severity="warning",
            )


def uses(environment: ComputeEnvironment, reservation: Reservation) -> bool:
    """Whether instances of an environment may run in a reservation."""
    return (
        environment.launches_on_demand_instances
        and environment.enabled
        and reservation.takes(environment.reservation_use)
        and reservation.zone in environment.zones
        and any(offering.instance_type == reservation.instance_type for offering in environment.offerings)
    )


def _finding(context: Context, where: Where, message: str, expected: str = "", severity: str = "error") -> Finding:
    more: dict[str, Any] = {"expected": expected} if expected else {}
    return context.document.finding(where, "reservation-use", message, severity=severity, source=SOURCE, **more)


def _times(context: Context, where: Where, reservation: Reservation) -> Iterator[Finding]:
    if reservation.closes_at <= max(reservation.starts_at, 0.0):
        least = f"more than {format_duration(BLOCK_CLEARED_S)} after from" if reservation.is_block else "after from"
        if reservation.ends_at <= 0:
            least = "after the scenario's start"
        yield _finding(context, (*where, "until"), f"{reservation.name} ends before it can be used", expected=least)
    elif reservation.is_block and reservation.ends_at > _duration_s(context):
        yield _finding(
            context,
            (*where, "until"),
            f"{reservation.name} ends after the scenario's duration: its whole price is paid in a part of its time",
            expected="a duration as long as the block, or the price of the part",
            severity="warning",
        )
    if reservation.is_block and reservation.starts_at < 0:
        yield _finding(
            context,
            (*where, "from"),
            f"{reservation.name} begins before the scenario: its price is of time that is not simulated",
            expected="the scenario's start or later, and the price of the rest",
        )


def _duration_s(context: Context) -> float:
    """Until when jobs arrive; infinite without it."""
    stated = context.document.values.get("duration")
    return math.inf if stated is None else parse_duration(stated)


def _over_quota(context: Context, reservations: Sequence[Reservation], quota: float) -> Iterator[Finding]:
    """AWS refuses a reservation beyond the quota, which counts it, used or not; Capacity Blocks do not count."""
    on_demand = [each for each in reservations if not each.is_block]
    for index, reservation in enumerate(reservations):
        at = max(reservation.starts_at, 0.0)
        together = sum(each.instances * each.vcpus for each in on_demand if each.starts_at <= at < each.ends_at)
        if not reservation.is_block and together > quota:
            yield _finding(
                context,
                (*PATH, index, "instances"),
                f"{together} vCPUs are reserved when {reservation.name} begins, and accountvCpus allows {quota:g} of "
                f"EC2, which counts them",
                expected="fewer, or a larger accountvCpus.EC2",
            )


def _targets(
    context: Context, environment: ComputeEnvironment, reservations: Sequence[Reservation]
) -> Iterator[Finding]:
    """What is found of the reservations that an environment targets, and of one that runs nowhere else."""
    use = environment.reservation_use
    known = {label for each in reservations for label in (*each.labels, *each.groups)}
    yield from _unknown_targets(context, environment, known)
    confined = use.preference == "only" or any(each.holds_to(use) for each in reservations)
    usable = any(uses(environment, each) for each in reservations)
    if confined and environment.enabled and not usable and known.issuperset(use.targets):
        where, _ = context.environments[environment.name]
        yield _finding(
            context,
            where,
            f"{environment.name} launches instances in capacity reservations only, and none is of its types and zones",
            expected="one under environment.capacity.reservations",
        )


def _unknown_targets(context: Context, environment: ComputeEnvironment, known: set[str]) -> Iterator[Finding]:
    use = environment.reservation_use
    where, _ = context.environments[environment.name]
    for target in use.targets:
        # What targets a group goes on demand where that has no room.
        severity = "warning" if is_group(target) and use.preference == "open" else "error"
        if target not in known:
            yield _finding(
                context,
                where,
                f"{environment.name} targets the capacity reservation {target}, of which the scenario says nothing"
                + (": its instances are launched on demand" if severity == "warning" else ""),
                expected="its id, or its group, under environment.capacity.reservations",
                severity=severity,
            )
