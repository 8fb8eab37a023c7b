"""Capacity reservations: what there is, and what of it an environment's instances may run in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from batchsim.units import MINUTE


@dataclass(frozen=True, slots=True)
class ReservationUse:
    """Which capacity reservations an environment's instances run in.

    As EC2's ``CapacityReservationSpecification`` says it (EC2 User Guide, *Launch instances into an existing Capacity
    Reservation*), which is what a launch template carries.

    Attributes
    ----------
    preference : str
        ``open``: in any matching open reservation that has room, else on demand. ``none``: in none. ``only``: in a
        reservation, or not at all.
    targets : tuple of str
        Names or ids of reservations, or ids of groups of them; where given, instances run in these and in no others.
    """

    preference: Literal["open", "none", "only"] = "open"
    targets: tuple[str, ...] = ()


def is_group(target: str) -> bool:
    """Whether a target is the ARN of a resource group, and not the id or the name of a reservation."""
    return target.startswith("arn:") and ":group/" in target


#: What EC2 does where nothing is said: any matching open reservation is used.
OPEN = ReservationUse()

#: An instance of a Capacity Block is terminated so long before the block ends (EC2 User Guide, *Capacity Blocks for
#: ML*: half an hour for instance types; an hour for UltraServers, which Batch does not launch).
BLOCK_CLEARED_S = 30 * MINUTE


@dataclass(frozen=True, slots=True)
class Reservation:
    """An On-Demand Capacity Reservation or a Capacity Block, with what it costs.

    Attributes
    ----------
    labels : tuple of str
        Its name and its id: what a target that names this one refers to.
    groups : tuple of str
        Of resource groups that it belongs to.
    vcpus : int
        Of each instance.
    starts_at, ends_at : float
        Seconds since the scenario's start; without an end it is infinite.
    is_open : bool
        Whether instances that target nothing run in it.
    is_block : bool
        Whether it is a Capacity Block.
    usd_per_hour : float
        Of each instance: on demand, or a block's price over its instances and hours.
    """

    name: str
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    instance_type: str
    zone: str
    instances: int
    vcpus: int
    usd_per_hour: float
    starts_at: float = 0.0
    ends_at: float = math.inf
    is_open: bool = True
    is_block: bool = False

    @property
    def closes_at(self) -> float:
        """Until when instances can be in it."""
        return self.ends_at - BLOCK_CLEARED_S if self.is_block else self.ends_at

    def takes(self, use: ReservationUse) -> bool:
        """Whether instances that are launched with this setting run in it.

        An open one takes what targets nothing; a Capacity Block takes only what targets it (EC2 User Guide, *Capacity
        Blocks for ML*: instances must target the reservation's id).
        """
        if use.preference == "none":
            return False
        if use.targets:
            return any(target in self.labels or target in self.groups for target in use.targets)
        return self.is_open and not self.is_block

    def holds_to(self, use: ReservationUse) -> bool:
        """Whether such instances can't be launched outside reservations because of this one.

        A launch that targets one reservation fails where it has no room, one that targets a group goes on demand (EC2
        User Guide, *Launch instances into an existing Capacity Reservation*: target by ID, target by group).
        """
        return any(target in self.labels for target in use.targets)
