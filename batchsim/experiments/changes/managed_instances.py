"""What may be changed in environments of ECS Managed Instances: when idle ones go, and how they are bought.

There is no minimum to keep, and ECS chooses the types.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from batchsim.experiments.changes.evidence import Change
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.units import format_duration

#: API InfrastructureOptimization.scaleInAfter.
LONGEST_S: Final = 3600


def _provider(environment: ComputeEnvironment) -> str:
    return f"batch.computeEnvironments.{environment.name}.computeResources.managedInstancesProvider"


def scale_in_after(environment: ComputeEnvironment, seconds: int) -> tuple[str, dict[str, object]]:
    """Another ``scaleInAfter``, in words and as a change."""
    now = environment.scale_in_after_s
    instead = "AWS's own" if now is None else "never" if math.isinf(now) else format_duration(now)
    path = f"{_provider(environment)}.infrastructureOptimization.scaleInAfter"
    return f"scaleInAfter {seconds} instead of {instead}", {path: seconds}


def sooner(environment: ComputeEnvironment) -> Iterator[tuple[str, dict[str, object]]]:
    """Idle instances go at once, if they do not yet."""
    if environment.scale_in_after_s != 0:
        yield scale_in_after(environment, 0)


def later(environment: ComputeEnvironment, why: str) -> Iterator[Change]:
    """Idle instances stay for as long as may be said, if they do not yet."""
    if environment.scale_in_after_s is None or environment.scale_in_after_s < LONGEST_S:
        what, changes = scale_in_after(environment, LONGEST_S)
        yield Change(f"{what} in {environment.name}", why, changes, ("waiting",))


def on_demand(environment: ComputeEnvironment) -> dict[str, object]:
    """The change from Spot to on demand."""
    return {f"{_provider(environment)}.instanceLaunchTemplate.capacityOptionType": "ON_DEMAND"}
