"""What instances hold: requests that would pack, families that would pack, and sizes that jobs can fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from batchsim.catalog.catalog import NotInCatalogError
from batchsim.experiments.changes.evidence import WORTH, Change, Evidence, Held
from batchsim.scenario.batch.packing import (
    LETTERS,
    Fit,
    cheapest_fit,
    family_of,
    fit,
    memory_that_packs,
    relative,
    sibling,
    types_of,
)
from batchsim.scenario.rules.references import submissions
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape
from batchsim.units import HOUR, format_usd

#: Types on which a shape ran for a smaller part of its time do not decide its request.
MINOR = 0.1


def shapes(evidence: Evidence) -> Iterator[Change]:
    """Requests first, then families, then sizes; which of its types a managed one launches is chosen by ECS."""
    yield from _requests(evidence)
    for environment in evidence.environments.values():
        if environment.offerings and not environment.is_managed_by_ecs:
            yield from _types(evidence, environment)


# Requests


def _requests(evidence: Evidence) -> Iterator[Change]:
    """Less memory for one kind of job, so that one more fits."""
    for place, path, definition, shape in _asked(evidence):
        held = [each for each in evidence.held if each.definition == definition and each.asked == shape]
        types = _deciding(evidence, shape, held)
        memory = memory_that_packs(shape, types) if types else None
        if memory is None:
            continue
        usd = _usd(held, replace(shape, memory_mib=memory))
        if _paid(held) - usd >= WORTH * _paid(evidence.held):
            what = f"MEMORY {memory} instead of {shape.memory_mib} for {place}, if the jobs can do with it"
            bound = max(held, key=lambda each: (each.fit.bound == "memory", each.seconds))
            yield Change(what, str(bound), {path: str(memory) if path.endswith(".value") else memory})


def _deciding(evidence: Evidence, shape: Shape, held: Sequence[Held]) -> list[Offering]:
    """The types that a request has to pack on: those it ran on for long, and those that can't hold it and would.

    None where it ran on none for long.
    """
    total = sum(each.seconds for each in held)
    major = [each.fit.offering for each in held if each.seconds >= MINOR * total]
    environments = [evidence.environments[name] for name in dict.fromkeys(each.environment for each in held)]
    small = [each for environment in environments for each in environment.offerings if fit(shape, each) is None]
    return [*major, *small] if major else []


def _paid(held: Iterable[Held]) -> float:
    """What jobs would have cost on full instances of the types that they ran on, on demand."""
    return sum(each.usd for each in held)


def _usd(held: Sequence[Held], shape: Shape) -> float:
    """What jobs would cost on the types that they ran on, were they of another shape."""
    fits = ((each, fit(shape, each.fit.offering)) for each in held)
    return sum(each.seconds / HOUR * found.usd_per_job_hour for each, found in fits if found)


def _asked(evidence: Evidence) -> Iterator[tuple[str, str, str, Shape]]:
    """Who asks for memory, where, and for which jobs: definitions, and jobs that override them."""
    seen = set()
    context = evidence.context
    for job in submissions(context):
        vcpus, memory, gpus = (job.asks(kind) for kind in ("VCPU", "MEMORY", "GPU"))
        if vcpus is None or memory is None:
            continue
        where = job.asks_where("MEMORY")
        if where in seen:
            continue
        seen.add(where)
        who = job.definition_name if where[: len(job.definition_where)] == job.definition_where else job.job_name
        yield who, context.document.path(where), job.definition_name, Shape(vcpus, int(memory), int(gpus or 0))


# Types


def _types(evidence: Evidence, environment: ComputeEnvironment) -> Iterator[Change]:
    """Other families, and smaller sizes, of one environment; both together where both may help."""
    held = [each for each in evidence.held if each.environment == environment.name]
    if not held:
        return
    entries = entries_of(evidence, environment)
    better = _better(evidence, environment, held, entries)
    if better:
        yield _change(evidence, environment, better, _why_family(evidence, environment, held, better))
    yield from _sizes(evidence, environment, held, better, entries)


def _sizes(
    evidence: Evidence, environment: ComputeEnvironment, held: Sequence[Held], better: list[str], entries: list[str]
) -> Iterator[Change]:
    """Sizes that jobs fill, of the better families where there are such."""
    wanted = list(evidence.wanted(environment))
    largest = _largest(held)
    # All sizes of the families: one that is not listed may be the one that jobs fill.
    types = _offered(evidence, environment, _families(better or entries))
    cap = _cap(types, wanted)
    if cap is None or cap >= largest.vcpus:
        return
    filled = [each for each in types if each.vcpus <= cap]
    saved = _saved(held, filled)
    unused = evidence.unused_usd(environment.name)
    capped = [each.instance_type for each in filled]
    if capped != better and evidence.is_of_the_bill(max(unused, saved)):
        dearest = max(held, key=lambda each: each.usd)
        why = str(dearest) if saved > unused else _why_sizes(evidence, environment, wanted, largest)
        yield _change(evidence, environment, capped, why, cap)


def _largest(held: Iterable[Held]) -> Offering:
    """The largest type that jobs ran on."""
    return max((each.fit.offering for each in held), key=lambda each: (each.vcpus, each.instance_type))


def entries_of(evidence: Evidence, environment: ComputeEnvironment) -> list[str]:
    """The entries of ``instanceTypes``; AWS's own sets as the families that they stand for."""
    found: dict[str, None] = {}
    for listed, entry in enumerate(evidence.resources(environment.name)["instanceTypes"]):
        families = {family_of(each): None for each in environment.offerings if each.listed == listed}
        if "." in entry or list(families) == [entry]:
            found[entry] = None
        else:
            found.update(families)
    return list(found)


def _offered(evidence: Evidence, environment: ComputeEnvironment, entries: Iterable[str]) -> list[Offering]:
    try:
        resolved = evidence.configuration
        return types_of(
            entries, environment.offerings[0], resolved.region, evidence.scenario.catalog, resolved.stated_prices
        )
    except NotInCatalogError:
        return []


def _better(
    evidence: Evidence, environment: ComputeEnvironment, held: Sequence[Held], entries: Sequence[str]
) -> list[str]:
    """The families on which the same jobs cost least, where that is worth a word; else none."""
    catalog = evidence.scenario.catalog
    most = _paid(held) - WORTH * _paid(evidence.held)
    best: list[str] = []
    for letter in LETTERS:
        other = list(dict.fromkeys(filter(None, (relative(entry, letter, catalog) for entry in entries))))
        if not other or other == list(entries):
            continue
        usd = _cost(held, _offered(evidence, environment, other))
        if usd is not None and usd <= most:
            most, best = usd, other
    families = _families(best)
    if environment.launches_spot_instances and len(families) == 1 and len(_families(entries)) > 1:
        # When one family of Spot is short nothing is left: there were several, and there shall be (V-40).
        best += _of_sibling(evidence, environment, families.pop(), best)
    return best


def _families(entries: Iterable[str]) -> list[str]:
    """The families of types, each once."""
    return list(dict.fromkeys(entry.partition(".")[0] for entry in entries))


def _of_sibling(evidence: Evidence, environment: ComputeEnvironment, family: str, entries: Sequence[str]) -> list[str]:
    """The same entries of another family of the same kind, where there is one."""
    another = sibling(family, evidence.scenario.catalog)
    if another is None:
        return []
    return [each for entry in entries if _offered(evidence, environment, [each := another + entry[len(family) :]])]


def _cost(held: Sequence[Held], types: Sequence[Offering]) -> float | None:
    """What jobs would cost on full instances of other types, on demand; None where one has none that holds it."""
    total = 0.0
    fits: dict[Shape, Fit | None] = {}
    for each in held:
        if each.shape not in fits:
            fits[each.shape] = cheapest_fit(each.shape, types)
        found = fits[each.shape]
        if found is None:
            return None
        total += each.seconds / HOUR * found.usd_per_job_hour
    return total


def _saved(held: Sequence[Held], types: Sequence[Offering]) -> float:
    """What jobs would save on other types; 0 where one has none that holds it."""
    usd = _cost(held, types)
    return 0.0 if usd is None else _paid(held) - usd


def _cap(types: Sequence[Offering], wanted: Sequence[Shape]) -> int | None:
    """The vCPUs of the smallest sizes that hold every kind of job; None where no size holds one."""
    caps = [min((each.vcpus for each in types if each.holds(shape)), default=None) for shape in wanted]
    known = [cap for cap in caps if cap is not None]
    return max(known, default=None) if len(known) == len(caps) else None


def _change(
    evidence: Evidence, environment: ComputeEnvironment, types: list[str], why: str, cap: int | None = None
) -> Change:
    names = " and ".join(_families(types))
    what = f"{names} of up to {cap} vCPUs" if cap else names
    now: list[Any] = evidence.resources(environment.name)["instanceTypes"]
    path = f"batch.computeEnvironments.{environment.name}.computeResources.instanceTypes"
    return Change(f"{what} instead of {', '.join(map(str, now))} in {environment.name}", why, {path: types})


def _why_family(
    evidence: Evidence, environment: ComputeEnvironment, held: Sequence[Held], better: Sequence[str]
) -> str:
    """The jobs that would save most."""
    types = _offered(evidence, environment, better)

    def saved(each: Held) -> float:
        found = cheapest_fit(each.shape, types)
        return each.usd - (each.seconds / HOUR * found.usd_per_job_hour if found else 0.0)

    return str(max(held, key=saved))


def _why_sizes(evidence: Evidence, environment: ComputeEnvironment, wanted: Sequence[Shape], largest: Offering) -> str:
    unused, total = evidence.unused_usd(environment.name), evidence.figures(environment.name)["cost_usd"]["total"]
    asked = max(shape.vcpus for shape in wanted)
    return (
        f"{format_usd(unused)} of the {format_usd(total)} of {environment.name} went to room that nothing used: "
        f"{largest.instance_type} has {largest.vcpus} vCPUs, and no job asks for more than {asked:g}"
    )
