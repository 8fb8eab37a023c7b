"""Jobs at the edge of an instance's memory, which is known only within a margin.

What an ECS agent registers differs from image to image by more than a job may miss it by: a scenario states the figure
of a type under ``environment.ec2.memory``, and it is exact then. Where it is not stated, a job that asks for no more
than the margin beyond it, and that nothing else in its queue holds, is placed on that type as if it asked for all of
its memory. It is the job that is given the benefit of the doubt and not the instance: on an instance with more memory
than is known two other jobs might fit where one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape

#: By how much the memory of a type may be more than the table says (an assumption; evidence in `docs/defaults.md`).
MARGIN = 0.02


def margin_mib(usable_mib: int, installed_mib: int) -> int:
    """By how much a type's usable memory may be more than is known: never beyond what is installed."""
    return max(min(int(MARGIN * usable_mib), installed_mib - usable_mib), 0)


def at_the_edge(shape: Shape, environments: Sequence[ComputeEnvironment]) -> tuple[Shape, Offering] | None:
    """What a job is placed as, and on which type, where that depends on the margin.

    Parameters
    ----------
    environments : sequence of ComputeEnvironment
        Those of the job's queue.

    Returns
    -------
    tuple of Shape and Offering, or None
        None where an environment holds the job anyway, or none does within the margin. Of several types that with the
        most memory, which has to be wrong by least; then the cheapest.
    """
    if any(environment.can_hold(shape) for environment in environments):
        return None
    found = [
        (shortened, offering)
        for environment in environments
        for offering in environment.offerings
        if (shortened := _shortened(shape, offering)) is not None
        and shortened.beyond_mib
        and offering.holds(shortened)
        and environment.can_hold(shortened)
    ]
    return min(found, key=lambda pair: (-pair[0].memory_mib, pair[1].price_usd_per_hour), default=None)


def _shortened(shape: Shape, offering: Offering) -> Shape | None:
    """A job that asks for no more memory than a type has; None where that is beyond the margin."""
    if shape.nodes:
        nodes = [_shortened(node, offering) for node in shape.nodes]
        known = tuple(node for node in nodes if node is not None)
        if len(known) < len(nodes):
            return None
        beyond = sum(node.beyond_mib for node in known)
        return replace(shape, memory_mib=shape.memory_mib - beyond, beyond_mib=beyond, nodes=known)
    beyond = shape.memory_mib - offering.memory_mib
    if beyond <= 0:
        return shape
    if beyond > offering.memory_margin_mib:
        return None
    return replace(shape, memory_mib=offering.memory_mib, beyond_mib=beyond)


def as_asked(shape: Shape) -> Shape:
    """What a job asked for that was placed as something less."""
    nodes = tuple(map(as_asked, shape.nodes))
    return replace(shape, memory_mib=shape.asked_memory_mib, beyond_mib=0, nodes=nodes)
