"""From a CreateComputeEnvironment request to a compute environment: what it may launch, where, at which price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from batchsim.catalog.billing import public_ipv4_usd_per_hour
from batchsim.catalog.catalog import NotInCatalogError
from batchsim.catalog.fargate import STORAGE_USD_PER_GB_HOUR, price
from batchsim.catalog.volumes import EbsVolume
from batchsim.scenario.batch.instance_volumes import ROOT_KIND, launched_from, volumes_price
from batchsim.scenario.batch.launch_templates import NONE_HELD, LaunchTemplates
from batchsim.scenario.batch.managed_instances import (
    is_spot,
    launch_template,
    managed_offerings,
    reservation_use,
    scale_in_after_s,
    volume_gib,
)
from batchsim.scenario.batch.offerings import Market, NoPriceError
from batchsim.scenario.document.access import dig
from batchsim.spec.allocation_strategies import DEFAULT_STRATEGY
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices
from batchsim.units import MIB_PER_GIB

#: How many there are where no subnets are named.
DEFAULT_ZONES = 3


def compute_environment(
    request: Mapping[str, Any], market: Market, start: datetime, templates: LaunchTemplates = NONE_HELD
) -> ComputeEnvironment:
    """A compute environment with its types and prices.

    Parameters
    ----------
    start : datetime
        When the simulation begins: the price of public addresses depends on the day.
    templates : LaunchTemplates
        What it may be launched from.

    Raises
    ------
    NoPriceError, UnpricedError
        As `batchsim.scenario.batch.offerings.offerings`.
    """
    resources = request.get("computeResources")
    if request["type"] == "UNMANAGED" or resources is None:
        made = _unmanaged(request)
    elif resources["type"] in {"FARGATE", "FARGATE_SPOT"}:
        made = _fargate(request, resources, market)
    elif resources["type"] == "ECS_MANAGED_INSTANCES":
        made = _managed(request, resources, market)
    else:
        made = launched_from(_ec2(request, resources, market), resources, market, templates)
    if market.settings.ec2.public_ip or made.fargate is not None:
        return replace(made, public_ipv4_usd_per_hour=public_ipv4_usd_per_hour(start))
    return made


def _is_enabled(request: Mapping[str, Any]) -> bool:
    return bool(request.get("state", "ENABLED") == "ENABLED")


def _unmanaged(request: Mapping[str, Any]) -> ComputeEnvironment:
    name, vcpus = request["computeEnvironmentName"], request["unmanagedvCpus"]
    return ComputeEnvironment(name, "UNMANAGED", _is_enabled(request), vcpus)


def _fargate(request: Mapping[str, Any], resources: Mapping[str, Any], market: Market) -> ComputeEnvironment:
    on_spot = resources["type"] == "FARGATE_SPOT"
    return ComputeEnvironment(
        request["computeEnvironmentName"],
        resources["type"],
        _is_enabled(request),
        resources["maxvCpus"],
        fargate=fargate_prices(market, is_spot=on_spot),
        interruptions_per_hour=market.settings.spot.fargate_hazard_per_hour if on_spot else 0.0,
    )


def _ec2(request: Mapping[str, Any], resources: Mapping[str, Any], market: Market) -> ComputeEnvironment:
    return ComputeEnvironment(
        request["computeEnvironmentName"],
        resources["type"],
        _is_enabled(request),
        resources["maxvCpus"],
        min_vcpus=resources.get("minvCpus", 0),
        desired_vcpus=resources.get("desiredvCpus", 0),
        allocation_strategy=resources.get("allocationStrategy", DEFAULT_STRATEGY),
        offerings=market.offerings(resources),
        zones=_zones(resources, market.region),
        min_scale_down_delay_s=60.0 * (dig(resources, "scalingPolicy", "minScaleDownDelayMinutes") or 0),
        root_volume_usd_per_hour=root_volume_price(market),
        spot_trace=market.spot_trace if resources["type"] == "SPOT" else None,
    )


def _managed(request: Mapping[str, Any], resources: Mapping[str, Any], market: Market) -> ComputeEnvironment:
    on_spot = is_spot(resources)
    network = launch_template(resources).get("networkConfiguration") or {}
    return ComputeEnvironment(
        request["computeEnvironmentName"],
        "MANAGED_INSTANCES_SPOT" if on_spot else "MANAGED_INSTANCES",
        _is_enabled(request),
        resources["maxvCpus"],
        offerings=managed_offerings(resources, market),
        zones=_zones(network, market.region),
        scale_in_after_s=scale_in_after_s(resources),
        root_volume_usd_per_hour=volume_price(market, volume_gib(resources, market)),
        spot_trace=market.spot_trace if on_spot else None,
        reservation_use=reservation_use(resources),
    )


def _zones(resources: Mapping[str, Any], region: str) -> tuple[str, ...]:
    """Zones of the subnets: which they are is not known offline, only how many there can be."""
    count = 1 if resources.get("placementGroup") else min(len(resources.get("subnets") or []) or DEFAULT_ZONES, 6)
    return tuple(f"{region}{letter}" for letter in "abcdef"[:count])


def root_volume_price(market: Market) -> float:
    """What the root volume of an instance without a launch template costs, in USD per hour."""
    return volume_price(market, market.settings.ec2.root_volume / MIB_PER_GIB)


def volume_price(market: Market, gib: float) -> float:
    """What a gp3 volume costs, in USD per hour."""
    return volumes_price([EbsVolume(ROOT_KIND, gib)], market)


def fargate_prices(market: Market, *, is_spot: bool) -> dict[str, FargatePrices]:
    """What tasks cost, by architecture; one that nobody knows the price of is left out.

    Raises
    ------
    NoPriceError
        If no architecture has a price.
    """
    option, stated = "FARGATE_SPOT" if is_spot else "FARGATE", market.stated
    prices, lacking = {}, ""
    for architecture in ("X86_64", "ARM64"):
        usd = stated.fargate(option, architecture)
        if usd is None:
            try:
                listed = stated.fargate("FARGATE", architecture) or price(market.region, architecture, market.catalog)
            except NotInCatalogError as error:
                lacking = lacking or str(error)
                continue
            factor = stated.fargate_share(option, architecture)
            factor *= 1 - market.settings.spot.fargate_discount if is_spot else 1.0
            usd = listed[0] * factor, listed[1] * factor
        prices[architecture] = FargatePrices(*usd, STORAGE_USD_PER_GB_HOUR)
    if not prices:
        raise NoPriceError(lacking, "FARGATE: {vcpuHour: USD, gbHour: USD}")
    return prices
