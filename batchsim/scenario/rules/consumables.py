"""Rules about consumable resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.document.access import base_name, mappings, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule

#: The service model has a plain text here (API CreateConsumableResourceRequest.resourceType).
RESOURCE_TYPES = ("REPLENISHABLE", "NON_REPLENISHABLE")


def _required(context: Context) -> Iterator[tuple[Where, dict[str, Any]]]:
    """What definitions, their node ranges, and jobs ask for."""
    for where, definition in context.items("jobDefinitions"):
        yield from mappings(definition, where, "consumableResourceProperties", "consumableResourceList")
        for place, group in mappings(definition, where, "nodeProperties", "nodeRangeProperties"):
            yield from mappings(group, place, "consumableResourceProperties", "consumableResourceList")
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            yield from mappings(job, where, "consumableResourcePropertiesOverride", "consumableResourceList")


@rule(
    "consumable-quantity",
    "A job asks for a quantity of 0 or more, and no more than there is of a consumable resource that exists",
    "AWS Batch API, CreateConsumableResourceRequest, ConsumableResourceRequirement",
    number="V-36",
)
def quantities(context: Context) -> Iterator[Finding]:
    """A job that asks for more waits at the head of its queue for ever."""
    for where, resource in context.items("consumableResources"):
        kind = resource.get("resourceType")
        if isinstance(kind, str) and kind not in RESOURCE_TYPES:
            yield context.finding(
                (*where, "resourceType"),
                f"{kind!r} is no type of resource",
                expected=" or ".join(RESOURCE_TYPES),
                suggestion=nearest(kind, RESOURCE_TYPES),
            )
        total = whole(resource.get("totalQuantity"))
        if total is not None and total < 0:
            yield context.finding((*where, "totalQuantity"), f"{total} is negative", expected="0 or more")
    yield from _asked(context)


def _asked(context: Context) -> Iterator[Finding]:
    """What definitions, nodes and jobs ask for, against what there is."""
    for place, asked in _required(context):
        name, quantity = asked.get("consumableResource"), whole(asked.get("quantity"))
        if quantity is not None and quantity < 0:
            yield context.finding((*place, "quantity"), f"{quantity} is negative", expected="0 or more")
        if not isinstance(name, str):
            continue
        known = context.consumables.get(base_name(name))
        if known is None:
            yield context.unknown(
                (*place, "consumableResource"), "consumable resource", base_name(name), context.consumables
            )
            continue
        total = whole(known[1].get("totalQuantity"))
        if quantity is not None and total is not None and quantity > max(total, 0):
            message = f"{quantity} of {base_name(name)} can't be had: there are {total}"
            yield context.finding((*place, "quantity"), message, expected=f"{max(total, 0)} at most")
