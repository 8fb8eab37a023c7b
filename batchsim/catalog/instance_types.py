"""EC2 instance types, and what the entries of ``instanceTypes`` stand for.

API ``ComputeResource.instanceTypes``: a size, a family, or one of AWS's own sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cache

from batchsim.catalog.catalog import BUNDLED, Catalog, rows


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One EC2 instance type; memory is the hardware's, in MiB."""

    name: str
    vcpus: int
    memory_mib: int
    gpus: int
    gpu_model: str
    architectures: tuple[str, ...]
    current_generation: bool
    bare_metal: bool
    local_storage_gb: int
    usage_classes: tuple[str, ...]

    @property
    def family(self) -> str:
        """``c6i`` of ``c6i.large``."""
        return self.name.partition(".")[0]


#: What AWS's own sets stand for, from which day on (API ComputeResource.instanceTypes, read 2026-11).
_SETS: dict[str, tuple[tuple[date, tuple[str, ...]], ...]] = {
    "optimal": (
        (date(2015, 12, 1), ("c4", "m4", "r4")),
        (date(2025, 11, 1), ("m6i", "c6i", "r6i", "c7i")),
    ),
    "default_x86_64": ((date(2015, 12, 1), ("m6i", "c6i", "r6i", "c7i")),),
    "default_arm64": ((date(2015, 12, 1), ("m6g", "c6g", "r6g", "c7g")),),
}


@cache
def instance_types(catalog: Catalog = BUNDLED) -> Mapping[str, InstanceType]:
    """All instance types by name."""
    table = rows("instance_types.csv", catalog)
    header = next(table)
    types = {}
    for row in table:
        cell = dict(zip(header, row, strict=True))
        types[cell["instance_type"]] = InstanceType(
            name=cell["instance_type"],
            vcpus=int(cell["vcpus"]),
            memory_mib=int(cell["memory_mib"]),
            gpus=int(cell["gpus"]),
            gpu_model=cell["gpu_model"],
            architectures=tuple(cell["architectures"].split("|")),
            current_generation=cell["current_generation"] == "1",
            bare_metal=cell["bare_metal"] == "1",
            local_storage_gb=int(float(cell["local_storage_gb"] or 0)),
            usage_classes=tuple(cell["usage_classes"].split("|")),
        )
    return types


@cache
def _families(catalog: Catalog) -> Mapping[str, tuple[InstanceType, ...]]:
    families: dict[str, list[InstanceType]] = {}
    for kind in instance_types(catalog).values():
        families.setdefault(kind.family, []).append(kind)
    # A family does not include its bare-metal sizes (User Guide, Compute environment parameters).
    return {
        family: tuple(sorted((k for k in members if not k.bare_metal), key=lambda k: (k.vcpus, natural_key(k.name))))
        for family, members in families.items()
    }


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sort key in which ``2xlarge`` comes before ``16xlarge``."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)


def known_entries(catalog: Catalog = BUNDLED) -> list[str]:
    """Every entry that ``instanceTypes`` may have."""
    return [*_SETS, *_families(catalog), *instance_types(catalog)]


def missing_families(entry: str, catalog: Catalog = BUNDLED) -> list[str]:
    """The families that one of AWS's sets stands for and the catalog lacks; none for any other entry."""
    steps = _SETS.get(entry)
    return [family for family in steps[-1][1] if family not in _families(catalog)] if steps else []


def expand(entry: str, *, on: date | None = None, catalog: Catalog = BUNDLED) -> tuple[InstanceType, ...]:
    """The instance types that one entry of ``instanceTypes`` stands for.

    Parameters
    ----------
    entry : str
        A size, a family, or one of ``optimal``, ``default_x86_64``, ``default_arm64``.
    on : date, optional
        Day on which the environment is looked at, for the sets that AWS has changed; the newest when not given.

    Raises
    ------
    NotInCatalogError
        If there is no such entry.
    """
    families = _families(catalog)
    if entry in _SETS:
        members = [members for since, members in _SETS[entry] if on is None or since <= on]
        # A user's catalog holds what its regions offer: not every family of a set need be there.
        return tuple(kind for family in (members or [_SETS[entry][0][1]])[-1] for kind in families.get(family, ()))
    if entry in instance_types(catalog):
        return (instance_types(catalog)[entry],)
    if families.get(entry):
        return families[entry]
    raise catalog.lacks(f"no instance type or family {entry!r}")


def allowed(entry: str, catalog: Catalog = BUNDLED) -> tuple[InstanceType, ...]:
    """The instance types that one entry of ``allowedInstanceTypes`` stands for.

    A size or a family (AWS Batch API, *InstanceRequirementsRequest*), or either with wildcards, ``c6i.*`` or ``m6*.*``
    (ECS Developer Guide, *Amazon ECS Managed Instances instance types*); bare metal has to be named.

    Raises
    ------
    NotInCatalogError
        If there is none.

    Examples
    --------
    >>> [kind.name for kind in allowed("c6i.*large")][:3]
    ['c6i.large', 'c6i.xlarge', 'c6i.2xlarge']
    """
    if "*" not in entry:
        return expand(entry, catalog=catalog)
    pattern = entry if "." in entry else f"{entry}.*"
    found = [k for members in _families(catalog).values() for k in members if fnmatchcase(k.name, pattern)]
    if not found:
        raise catalog.lacks(f"no instance type like {entry!r}")
    return tuple(sorted(found, key=lambda kind: (natural_key(kind.family), kind.vcpus, natural_key(kind.name))))
