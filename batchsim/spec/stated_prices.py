"""Prices that a scenario states itself, ``environment.prices.overrides``: what each is of, and which one holds.

====================================  =========================================================================
key                                   states
====================================  =========================================================================
an instance type, ``c6i.large``       its USD per hour; or ``onDemand`` and ``spot``, or a ``discount``; and the
                                      ``managementFee`` of ECS Managed Instances
a family, ``c6i``                     the same per vCPU-hour, for each of its sizes
``EC2``, ``SPOT``                     a ``discount`` for all instances of that purchase option
``FARGATE``, ``FARGATE_SPOT``         ``vcpuHour`` and ``gbHour``, or a ``discount``; with ``_ARM`` those of ARM64
``gp3``, ``gp2``, ``io1``, ``io2``,   of volumes: ``gbMonth``, of gp3 and io1 and io2 ``iopsMonth``, of gp3
``st1``, ``sc1``                      ``throughputMonth``; or a ``discount``
====================================  =========================================================================

A stated price is a price: what is paid, in place of the catalog's and where the catalog has none. What is not stated
follows from it as it would from the catalog's (Spot by the Advisor's savings, Fargate Spot by its discount). A discount
is taken off whatever is paid and not stated, and changes nothing of the market: ``bidPercentage`` is of the price
without it. The nearer key holds: a type's before its family's before its purchase option's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchsim.catalog.instance_types import InstanceType
from batchsim.spec.assumptions import PriceOverride

#: By purchase option and architecture.
FARGATE_KEYS = {
    ("FARGATE", "X86_64"): "FARGATE",
    ("FARGATE", "ARM64"): "FARGATE_ARM",
    ("FARGATE_SPOT", "X86_64"): "FARGATE_SPOT",
    ("FARGATE_SPOT", "ARM64"): "FARGATE_SPOT_ARM",
}
#: Of each kind of volume: what its price is made of, besides what gp3 includes.
VOLUMES = {
    "gp3": ("gbMonth", "iopsMonth", "throughputMonth"),
    "gp2": ("gbMonth",),
    "io1": ("gbMonth", "iopsMonth"),
    "io2": ("gbMonth", "iopsMonth"),
    "st1": ("gbMonth",),
    "sc1": ("gbMonth",),
}
#: How the price of each kind is written.
VOLUME_FORMS = {kind: f"{{{', '.join(f'{member}: USD' for member in members)}}}" for kind, members in VOLUMES.items()}
#: Keys that are no instance types or families: their members, and how they are written.
OTHER_KEYS: dict[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(("EC2", "SPOT"), (("discount",), "{discount: 0 to 1}")),
    **dict.fromkeys(
        FARGATE_KEYS.values(),
        (("vcpuHour", "gbHour", "discount"), "{vcpuHour: USD, gbHour: USD}, or {discount: 0 to 1}"),
    ),
    **{
        kind: ((*members, "discount"), f"{VOLUME_FORMS[kind]}, or {{discount: 0 to 1}}")
        for kind, members in VOLUMES.items()
    },
}
#: Of instance types and families.
INSTANCE_MEMBERS = ("onDemand", "spot", "managementFee", "discount")
MEMBERS = {*INSTANCE_MEMBERS, *(member for members, _ in OTHER_KEYS.values() for member in members)}


def cures(example: str) -> str:
    """What to do where a price is not known, as the ``expected`` of a finding.

    Parameters
    ----------
    example : str
        The entry of the overrides that would do, such as ``c6i.large: USD per hour``.
    """
    return f"environment.prices.overrides: {{{example}}}, or the catalog that `batchsim prices refresh` writes"


@dataclass(frozen=True, slots=True)
class StatedPrices:
    """The stated prices of a scenario, asked by what is paid for."""

    overrides: Mapping[str, float | PriceOverride]

    def on_demand(self, kind: InstanceType) -> float | None:
        """On-demand price in USD per hour; None where it is not stated."""
        return self._instance(kind, "on_demand")

    def spot(self, kind: InstanceType) -> float | None:
        """Spot price in USD per hour; None where it is not stated."""
        return self._instance(kind, "spot")

    def management_fee(self, kind: InstanceType) -> float | None:
        """What ECS takes for managing an instance, in USD per hour; None where it is not stated."""
        for key, units in ((kind.name, 1), (kind.family, kind.vcpus)):
            entry = self._entry(key)
            if entry is not None and entry.management_fee is not None:
                return entry.management_fee * units
        return None

    def _instance(self, kind: InstanceType, member: str) -> float | None:
        for key, units in ((kind.name, 1), (kind.family, kind.vcpus)):
            entry = self.overrides.get(key)
            if entry is None:
                continue
            figure = getattr(entry, member) if isinstance(entry, PriceOverride) else None
            if not isinstance(entry, PriceOverride) and member == "on_demand":
                figure = entry
            if figure is not None:
                return float(figure) * units
            if isinstance(entry, PriceOverride) and entry.discount is not None:
                return None  # of the catalog's price, not of what the family states
        return None

    def instance_share(self, kind: InstanceType, option: str) -> float:
        """The share that is paid of an instance's price; `option` is EC2 or SPOT."""
        if self._instance(kind, "on_demand" if option == "EC2" else "spot") is not None:
            return 1.0
        return self._share(kind.name, kind.family, option)

    def fargate(self, option: str, architecture: str) -> tuple[float, float] | None:
        """USD per vCPU-hour and GB-hour; None where they are not stated."""
        entry = self._entry(FARGATE_KEYS[option, architecture])
        if entry is None or entry.vcpu_hour is None or entry.gb_hour is None:
            return None
        return entry.vcpu_hour, entry.gb_hour

    def fargate_share(self, option: str, architecture: str) -> float:
        """The share that is paid of a Fargate price that is not stated; what holds of X86_64 holds of ARM64 too."""
        return self._share(FARGATE_KEYS[option, architecture], option)

    def volume(self, kind: str) -> tuple[float | None, float | None, float | None]:
        """Price of a volume by the month: of a GB, an operation a second, a MiB/s; None where it is not stated."""
        entry, members = self._entry(kind), VOLUMES[kind]
        if entry is None:
            entry = _NOTHING
        return (
            entry.gb_month,
            entry.iops_month if "iopsMonth" in members else 0.0,
            entry.throughput_month if "throughputMonth" in members else 0.0,
        )

    def volume_share(self, kind: str) -> float:
        """The share that is paid of the catalog's price of a kind of volume."""
        return self._share(kind)

    def _entry(self, key: str) -> PriceOverride | None:
        entry = self.overrides.get(key)
        return entry if isinstance(entry, PriceOverride) else None

    def _share(self, *keys: str) -> float:
        """1 less the discount of the first key that has one."""
        entries = (self._entry(key) for key in keys)
        return 1.0 - next((e.discount for e in entries if e is not None and e.discount is not None), 0.0)


_NOTHING = PriceOverride(discount=0.0)
NOTHING_STATED = StatedPrices({})
