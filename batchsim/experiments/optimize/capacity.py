"""What capacity a configuration is of: types, families, zones, and how much of it is not Spot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from batchsim.scenario.sections.parameters import Requirements
from batchsim.spec.configuration import ComputeEnvironment, Configuration


@dataclass(frozen=True)
class Capacity:
    """What a configuration can have, over all compute environments that take part.

    Attributes
    ----------
    instance_types, families, zones : int
        How many different ones there are.
    vcpus : int
        How many there may be at one time.
    on_demand_share : float or None
        How much of them is not Spot, from 0 to 1; None where there are none.
    """

    instance_types: int
    families: int
    zones: int
    vcpus: int
    on_demand_share: float | None

    @classmethod
    def of(cls, configuration: Configuration) -> Capacity:
        """That of a configuration."""
        environments = taking_part(configuration)
        types = {offering.instance_type for each in environments for offering in each.offerings}
        vcpus = sum(each.max_vcpus for each in environments)
        spot = sum(each.max_vcpus for each in environments if each.is_spot)
        return cls(
            instance_types=len(types),
            families=len({family(each) for each in types}),
            zones=len({zone for each in environments for zone in each.zones}),
            vcpus=vcpus,
            on_demand_share=1.0 - spot / vcpus if vcpus else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Its members by name."""
        return asdict(self)


def taking_part(configuration: Configuration) -> list[ComputeEnvironment]:
    """Environments that jobs of some queue may run in."""
    named = {name for queue in configuration.queues if queue.enabled for name in queue.environments}
    return [each for each in configuration.environments if each.enabled and each.max_vcpus > 0 and each.name in named]


def family(instance_type: str) -> str:
    """The family of an instance type: ``c6i`` of ``c6i.large``."""
    return instance_type.partition(".")[0]


def _lacking_pools(environment: ComputeEnvironment, requirements: Requirements) -> str:
    """What a SPOT environment lacks of types and families."""
    types = {offering.instance_type for offering in environment.offerings}
    if requirements.instance_types is not None and len(types) < requirements.instance_types:
        return f"{environment.name} has {len(types)} of {requirements.instance_types} instance types"
    families = {family(name) for name in types}
    if requirements.families is not None and len(families) < requirements.families:
        return f"{environment.name} has {len(families)} of {requirements.families} families"
    return ""


def lacking(configuration: Configuration, requirements: Requirements) -> str:
    """What a configuration lacks of what ``search.require`` asks for, in words; empty where it has it all.

    How many types and families there are counts in SPOT environments, whose pools are taken back one by one.
    """
    for each in taking_part(configuration):
        if each.launches_spot_instances and (what := _lacking_pools(each, requirements)):
            return what
    share = Capacity.of(configuration).on_demand_share or 0.0
    if requirements.on_demand_share is not None and share < requirements.on_demand_share - 1e-9:
        return f"{100 * share:.0f} % of the vCPUs are on demand, of {100 * requirements.on_demand_share:.0f} %"
    return ""
