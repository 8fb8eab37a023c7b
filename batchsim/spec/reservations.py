"""Capacity reservations: what an environment's instances may run in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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


#: What EC2 does where nothing is said: any matching open reservation is used.
OPEN = ReservationUse()
