"""What a managedInstancesProvider says: which types ECS may launch, for how much, and when idle ones go.

API ManagedInstancesProvider, InstanceLaunchTemplate, InfrastructureOptimization, CapacityReservationRequest. Where no
types are allowed for, ECS takes "the most cost-optimized" general-purpose ones that meet what tasks need (ECS Developer
Guide, *Amazon ECS Managed Instances instance types*); which these are it does not publish. They are taken to be the
sizes of the c, m and r families of the current generation, of both architectures and without bare metal (an
assumption): burstable and accelerated ones have to be named.

ECS charges for managing an instance by its type, in addition to what EC2 charges; the one published figure, 0.037 USD
an hour of a c6a.2xlarge, is 12 % of its on-demand price (Amazon ECS pricing page). So is the fee of every other type
here, on Spot too (assumptions), unless the scenario states it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from batchsim.catalog.catalog import Catalog
from batchsim.catalog.instance_types import InstanceType, allowed, instance_types, natural_key
from batchsim.scenario.batch.offerings import Market, NoPriceError
from batchsim.scenario.document.access import dig
from batchsim.spec.configuration import Offering
from batchsim.spec.reservations import OPEN, ReservationUse

#: How ECS chooses on Spot is not published: this one's pools are taken (an assumption).
SPOT_STRATEGY: Final = "SPOT_PRICE_CAPACITY_OPTIMIZED"
_GENERAL: Final = re.compile(r"[cmr]\d")

_PREFERENCES: Final[dict[str, Literal["open", "none", "only"]]] = {
    "RESERVATIONS_ONLY": "only",
    "RESERVATIONS_FIRST": "open",
    "RESERVATIONS_EXCLUDED": "none",
}


def launch_template(resources: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ``instanceLaunchTemplate`` of an environment's resources."""
    return dig(resources, "managedInstancesProvider", "instanceLaunchTemplate") or {}


def is_spot(resources: Mapping[str, Any]) -> bool:
    """Whether its instances are Spot Instances; ON_DEMAND is the default (API InstanceLaunchTemplate)."""
    return bool(launch_template(resources).get("capacityOptionType") == "SPOT")


def types_allowed(resources: Mapping[str, Any], catalog: Catalog) -> tuple[InstanceType, ...]:
    """The types that ECS may launch, each once."""
    entries: Sequence[str] = dig(launch_template(resources), "instanceRequirements", "allowedInstanceTypes") or ()
    if entries:
        listed = (kind for entry in entries for kind in allowed(entry, catalog))
    else:
        known = sorted(instance_types(catalog).values(), key=lambda kind: natural_key(kind.name))
        listed = (kind for kind in known if _is_general(kind))
    return tuple(dict.fromkeys(listed))


def _is_general(kind: InstanceType) -> bool:
    return _GENERAL.match(kind.name) is not None and kind.current_generation and not kind.bare_metal and kind.gpus == 0


def managed_offerings(resources: Mapping[str, Any], market: Market) -> tuple[Offering, ...]:
    """The types with what EC2 and ECS take for each.

    Raises
    ------
    NoPriceError, UnpricedError
        As `batchsim.scenario.batch.offerings.offerings`; and if a fee is a share of a price that nobody knows.
    """
    kinds = {kind.name: kind for kind in types_allowed(resources, market.catalog)}
    bought = "SPOT" if is_spot(resources) else "EC2"
    offered = market.offerings({"type": bought, "allocationStrategy": SPOT_STRATEGY, "instanceTypes": [*kinds]})
    return tuple(_with_fees(offered, kinds, market))


def _with_fees(offered: Sequence[Offering], kinds: Mapping[str, InstanceType], market: Market) -> Iterator[Offering]:
    share = market.settings.prices.management_fee
    for offering in offered:
        fee = market.stated.management_fee(kinds[offering.instance_type])
        if fee is None:
            if math.isinf(offering.on_demand_usd_per_hour):
                name = offering.instance_type
                lacking = f"no on-demand price of {name}, of which its management fee is a share"
                raise NoPriceError(lacking, f"{name}: {{managementFee: USD per hour}}")
            fee = share * offering.on_demand_usd_per_hour
        yield replace(offering, management_usd_per_hour=fee)


def volume_gib(resources: Mapping[str, Any], market: Market) -> float:
    """The size of an instance's volume."""
    stated = dig(launch_template(resources), "storageConfiguration", "storageSizeGiB")
    return market.settings.managed_instances.storage / 1024 if stated is None else float(stated)


def scale_in_after_s(resources: Mapping[str, Any]) -> float | None:
    """How long an instance may be idle: infinite for -1, None where AWS's default holds."""
    stated = dig(resources, "managedInstancesProvider", "infrastructureOptimization", "scaleInAfter")
    if stated is None:
        return None
    return math.inf if stated < 0 else float(stated)


def reservation_use(resources: Mapping[str, Any]) -> ReservationUse:
    """Which capacity reservations its instances run in; without a preference as EC2 does."""
    request = launch_template(resources).get("capacityReservations") or {}
    preference, group = request.get("reservationPreference"), request.get("reservationGroupArn")
    if preference is None and group is None:
        return OPEN
    return ReservationUse(_PREFERENCES[preference or "RESERVATIONS_FIRST"], () if group is None else (group,))
