"""Rules about figures that the scenario states in place of the catalog's: prices, and the memory of instance types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from batchsim.catalog.instance_types import instance_types as known_types
from batchsim.errors import Finding
from batchsim.scenario.batch.instance_volumes import ROOT_KIND
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.batch.managed_instances import types_allowed
from batchsim.scenario.document.access import dig, figure, texts
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.instance_types import unknown_type
from batchsim.scenario.rules.references import (
    EC2,
    FARGATE,
    MANAGED,
    SPOT,
    instance_types_of,
    is_spot,
    kind_of,
    tasks,
    types_of,
)
from batchsim.scenario.rules.registry import rule
from batchsim.spec.stated_prices import INSTANCE_MEMBERS, MEMBERS, OTHER_KEYS, VOLUMES
from batchsim.units import parse_size_mib

PRICES = ("environment", "prices", "overrides")
MEMORY = ("environment", "ec2", "memory")


@dataclass
class _Use:
    """What the environments, or a variant's, may run on.

    Attributes
    ----------
    options : set of str
        Purchase options.
    types : set of (str, str)
        Instance types with the purchase options that they are launched as.
    volumes : set of str
        Words of launch templates, kinds of volumes among them.
    """

    options: set[str] = field(default_factory=set)
    types: set[tuple[str, str]] = field(default_factory=set)
    arm_tasks: bool = False
    volumes: set[str] = field(default_factory=set)


def _use(context: Context) -> _Use:
    """What a scenario uses, and used as it was written: a variant need not use what the base states for itself."""
    use = _Use()
    _add_use(use, context)
    if context.document.written is not None:
        _add_use(use, Context(context.document.written, catalog=context.catalog))
    return use


def _add_use(use: _Use, context: Context) -> None:
    for _, environment in context.items("computeEnvironments"):
        option = kind_of(environment)
        if option == MANAGED:  # instances of EC2 all the same
            option = "SPOT" if is_spot(environment) else "EC2"
        use.options.add(option)
        if option in EC2:
            use.types |= {(kind.name, option) for kind in instance_types_of(environment, context)}
    for where, definition in context.items("jobDefinitions"):
        architectures = [dig(task, "runtimePlatform", "cpuArchitecture") for _, task in tasks(definition, where)]
        use.arm_tasks = use.arm_tasks or "ARM64" in architectures
    use.volumes |= {*texts(context.document.values.get(SECTION))}
    _add_variants(use, context)


def _add_variants(use: _Use, context: Context) -> None:
    """What a variant changes is not looked at closely: what it names may be used."""
    words = set(texts([context.document.values.get(section) for section in ("variants", "search", "sweep")]))
    if MANAGED in words:
        words |= {"EC2"}
        use.types |= {(kind.name, "EC2") for kind in types_allowed({}, context.catalog)}
    launched = {name for name, _ in use.types}
    named = {kind.name for word in words for kind in types_of(word, context)}
    changed = words & {*EC2, *FARGATE}
    use.volumes |= words
    use.options |= changed
    use.types |= {*product(launched | named, changed & {*EC2})}
    use.types |= {*product(named, use.options & {*EC2})}
    use.arm_tasks = use.arm_tasks or "ARM64" in words


@rule("price-override", "Prices are stated of what exists, in its own units, and of what an environment runs on")
def price_overrides(context: Context) -> Iterator[Finding]:
    """A price under a misspelt type would change nothing, and neither does one of a type that nothing launches."""
    overrides = dig(context.document.values, *PRICES)
    if not isinstance(overrides, dict) or not overrides:
        return
    known, use = known_types(context.catalog), _use(context)
    families = dict.fromkeys(name.partition(".")[0] for name in known)
    for key, entry in overrides.items():
        where: Where = (*PRICES, key)
        if key not in OTHER_KEYS and key not in known and key not in families:
            names = [*OTHER_KEYS, *families, *known]
            yield unknown_type(context, where, key, "instance type or family", names)
            continue
        members, form = OTHER_KEYS.get(key, (INSTANCE_MEMBERS, _form("hour" if key in known else "vCPU-hour")))
        foreign = _foreign(entry, members)
        if foreign:
            yield context.finding(where, f"{foreign} says nothing of {key}", expected=form)
        else:
            yield from _without_use(context, where, overrides, use)


def _without_use(context: Context, where: Where, overrides: Mapping[str, Any], use: _Use) -> Iterator[Finding]:
    """A price of what nothing runs on, or of what nothing runs on as SPOT."""
    key = str(where[-1])
    if not (_other_is_used(key, overrides, use) if key in OTHER_KEYS else _launches(key, use, {*EC2})):
        yield _unused(context, where, f"no compute environment runs on {key}")
    elif dig(overrides, key, "spot") is not None and not _launches(key, use, {*SPOT}):
        yield _unused(context, (*where, "spot"), f"no SPOT environment has {key}")


def _form(unit: str) -> str:
    """How the prices of an instance type are written."""
    return f"USD per {unit}, {{onDemand: USD per {unit}, spot: USD per {unit}}}, or {{discount: 0 to 1}}"


def _foreign(entry: Any, members: Sequence[str]) -> str:
    """What a statement has that is said of other things; empty where there is nothing."""
    if isinstance(entry, dict):
        return next((member for member in entry if member in MEMBERS and member not in members), "")
    return "one figure" if figure(entry) is not None and "onDemand" not in members else ""


def _other_is_used(key: str, overrides: Mapping[str, Any], use: _Use) -> bool:
    if key in VOLUMES:
        return bool(use.options & {*EC2}) and (key == ROOT_KIND or key in use.volumes)
    if key.endswith("_ARM") and not use.arm_tasks:
        return False
    option = key.removesuffix("_ARM")
    if option in use.options:
        return True
    # Fargate Spot follows the price of Fargate that is stated, where its own is not; a discount is off Fargate alone.
    own = key.replace("FARGATE", "FARGATE_SPOT")
    follows = dig(overrides, key, "vcpuHour") is not None and dig(overrides, own, "vcpuHour") is None
    return option == "FARGATE" and "FARGATE_SPOT" in use.options and follows


def _launches(key: str, use: _Use, options: Set[str]) -> bool:
    """Whether a type, or one of a family, may be launched as one of some purchase options."""
    return any(option in options and key in (name, name.partition(".")[0]) for name, option in use.types)


def _unused(context: Context, where: Where, message: str) -> Finding:
    return context.finding(where, message, expected="what an environment uses, or no such entry", severity="warning")


@rule("instance-memory", "Memory is stated of types that exist and are used, and is not more than they have")
def instance_memory(context: Context) -> Iterator[Finding]:
    """The figure is what the ECS agent registers: less than what is installed."""
    stated = dig(context.document.values, *MEMORY)
    if not isinstance(stated, dict) or not stated:
        return
    known, used = known_types(context.catalog), {name for name, _ in _use(context).types}
    for name, value in stated.items():
        where = (*MEMORY, name)
        if name not in known:
            yield context.unknown(where, "instance type", name, known)
            continue
        try:
            mib = parse_size_mib(value)
        except ValueError:
            continue  # told with the section's other faults
        installed = known[name].memory_mib
        if not 1 <= mib <= installed:
            message = f"{name} has {installed} MiB installed, of which {mib:g} can't be registered"
            yield context.finding(where, message, expected=f"more than 0 and at most {installed} MiB")
        elif name not in used:
            yield _unused(context, where, f"no compute environment launches {name}")
