"""How much of an instance's memory jobs can use.

The ECS agent registers what the kernel reports, less what it reserves (User Guide, *Compute resource memory
management*). What firmware and kernel take depends on the host's generation and the installed memory, not on vCPUs; it
was measured by the Karpenter maintainers (``data/SOURCES.md``).
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache

from batchsim.catalog.catalog import rows
from batchsim.catalog.instance_types import InstanceType
from batchsim.units import MIB_PER_GIB

#: What the kernel of Amazon Linux 2023 takes beyond the image that was measured.
KERNEL_MIB = 16
#: The loss taken for a generation that was not measured: the worst line of the table.
UNKNOWN_MIB, UNKNOWN_SHARE = 150, 0.037

_GENERATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("6i", ("c6i", "c6id", "c6in", "m6i", "m6id", "m6in", "m6idn", "r6i", "r6id", "r6in", "r6idn", "i4i")),
    ("7i", ("c7i", "c7i-flex", "m7i", "m7i-flex", "r7i", "r7iz", "i7ie")),
    ("6a", ("c6a", "m6a", "r6a")),
    ("7a", ("c7a", "m7a", "r7a")),
    ("c6g+7g", ("c6g", "c6gd", "c6gn", "c7g", "c7gd", "c7gn", "m7g", "m7gd", "r7g", "r7gd")),
    ("m6g", ("m6g", "m6gd")),
    ("r6g", ("r6g", "r6gd")),
    ("r5+m5n+g4dn", ("r5", "r5d", "r5n", "r5dn", "r5b", "m5n", "m5dn", "g4dn")),
    ("m5", ("m5", "m5d")),
    ("m5a", ("m5a", "m5ad", "r5a", "r5ad")),
    ("t3", ("t3", "t3a")),
    ("t4g", ("t4g",)),
    ("g5", ("g5",)),
    ("xen", ("m4", "t2")),
    ("c5", ("c5", "c5d", "c5n")),
    ("c5a", ("c5a", "c5ad")),
    ("c4", ("c4",)),
    ("i3+r4", ("i3", "r4")),
    ("p5", ("p5", "p5e", "p5en")),
)
_GENERATION = {family: generation for generation, families in _GENERATIONS for family in families}


@cache
def _measured() -> dict[str, tuple[list[float], list[int]]]:
    """By generation, installed GiB and the loss in MiB."""
    table = rows("memory_overhead.csv")
    header = next(table)[1:]
    measured: dict[str, tuple[list[float], list[int]]] = {generation: ([], []) for generation in header}
    for installed, *cells in table:
        for generation, cell in zip(header, cells, strict=True):
            if cell:
                measured[generation][0].append(float(installed))
                measured[generation][1].append(int(cell))
    return measured


@cache
def _by_type() -> dict[str, int]:
    """Types whose own figure is known where their column shows the largest of several."""
    table = rows("memory_overhead_by_type.csv")
    next(table)
    return {name: int(loss) for name, loss in table}


def overhead_mib(instance_type: InstanceType) -> int:
    """Memory lost to firmware and kernel; between measured sizes interpolated, beyond them in proportion."""
    if instance_type.name in _by_type():
        return _by_type()[instance_type.name]
    sizes, losses = _of_generation(instance_type)
    if not sizes:
        return round(UNKNOWN_MIB + UNKNOWN_SHARE * instance_type.memory_mib)
    installed = instance_type.memory_mib / MIB_PER_GIB
    place = bisect_left(sizes, installed)
    if place == len(sizes):
        return round(losses[-1] * installed / sizes[-1])
    if sizes[place] == installed or place == 0:
        return losses[place]
    share = (installed - sizes[place - 1]) / (sizes[place] - sizes[place - 1])
    return round(losses[place - 1] + share * (losses[place] - losses[place - 1]))


def _of_generation(instance_type: InstanceType) -> tuple[list[float], list[int]]:
    """Installed GiB and losses in MiB of a type's generation; nothing where they say nothing of the type."""
    generation = _GENERATION.get(instance_type.family)
    sizes, losses = _measured()[generation] if generation else ([], [])
    return (sizes, losses) if sizes and instance_type.memory_mib / MIB_PER_GIB >= sizes[0] / 2 else ([], [])


def is_measured(instance_type: InstanceType) -> bool:
    """Whether a type's figure rests on measurements of its generation; else it is the worst of the table."""
    return instance_type.name in _by_type() or bool(_of_generation(instance_type)[0])


def usable_memory_mib(instance_type: InstanceType, *, reserved_mib: float = 32) -> int:
    """Memory that jobs can use: installed, less firmware and kernel, less the agent's reserve.

    Examples
    --------
    >>> from batchsim.catalog.instance_types import instance_types
    >>> usable_memory_mib(instance_types()["m6i.large"])
    7739
    """
    return max(int(instance_type.memory_mib - overhead_mib(instance_type) - KERNEL_MIB - reserved_mib), 0)
