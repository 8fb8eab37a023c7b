"""From ``environment.capacity.reservations`` to reservations with their times, sizes and prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from batchsim.catalog.catalog import NotInCatalogError
from batchsim.catalog.instance_types import instance_types
from batchsim.scenario.batch.offerings import Market, cured_by, on_demand_price
from batchsim.spec.reservation_settings import CapacityReservation
from batchsim.spec.reservations import Reservation
from batchsim.units import HOUR


def reservations(market: Market, start: datetime) -> Iterator[Reservation]:
    """The reservations of a scenario, in their order.

    Raises
    ------
    NoPriceError
        If neither the catalog nor the scenario has the on-demand price of one's type.
    """
    for stated in market.settings.capacity.reservations:
        kind = instance_types(market.catalog)[stated.instance_type]
        starts_at, ends_at = stated.span(start)
        yield Reservation(
            name=stated.name,
            labels=(stated.name,) if stated.id is None else (stated.name, stated.id),
            groups=stated.groups,
            instance_type=stated.instance_type,
            zone=stated.zone,
            instances=stated.instances,
            vcpus=kind.vcpus,
            usd_per_hour=_usd_per_hour(stated, market, ends_at - starts_at),
            starts_at=starts_at,
            ends_at=ends_at,
            is_open=stated.is_open,
            is_block=stated.is_block,
        )


def _usd_per_hour(stated: CapacityReservation, market: Market, seconds: float) -> float:
    """Of each instance: the on-demand rate, or of a Capacity Block its price over its instances and time."""
    if stated.price is not None:
        return stated.price / stated.instances / (seconds / HOUR) if seconds > 0 else 0.0
    kind = instance_types(market.catalog)[stated.instance_type]
    with cured_by(f"{kind.name}: USD per hour"):
        price = on_demand_price(kind, market)
        if price is None:
            raise NotInCatalogError(f"no on-demand price of {kind.name} in {market.region}")
        return price
