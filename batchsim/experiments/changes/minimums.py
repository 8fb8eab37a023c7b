"""What is kept though nothing needs it: minvCpus, desiredvCpus, a delay before scaling in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.experiments.changes.evidence import Aim, Change, Evidence
from batchsim.experiments.changes.managed_instances import sooner
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.units import format_usd

BILL: tuple[Aim, ...] = ("bill",)


def minimums(evidence: Evidence) -> Iterator[Change]:
    """Of environments whose unused room is worth a word."""
    for environment in evidence.environments.values():
        unused = evidence.unused_usd(environment.name)
        if environment.offerings and evidence.is_of_the_bill(unused):
            total = evidence.figures(environment.name)["cost_usd"]["total"]
            why = (
                f"{format_usd(unused)} of the {format_usd(total)} of {environment.name} went to room that nothing used"
            )
            for what, changes in _lower(evidence, environment):
                yield Change(f"{what} in {environment.name}", why, changes, BILL)


def _lower(evidence: Evidence, environment: ComputeEnvironment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each of what is kept, at none; or where that misses an objective, a minimum at half."""
    path = f"batch.computeEnvironments.{environment.name}.computeResources"
    if environment.is_managed_by_ecs:
        yield from sooner(environment)
    minimum, desired = environment.min_vcpus, environment.desired_vcpus
    for least in (0, minimum // 2) if minimum else ():
        also = {f"{path}.desiredvCpus": least} if desired else {}
        yield f"minvCpus {least} instead of {minimum}", {f"{path}.minvCpus": least, **also}
    if desired and not minimum:
        yield f"desiredvCpus 0 instead of {desired}", {f"{path}.desiredvCpus": 0}
    policy = evidence.resources(environment.name).get("scalingPolicy") or {}
    if delay := policy.get("minScaleDownDelayMinutes"):
        what = f"minScaleDownDelayMinutes 0 instead of {delay}"
        yield what, {f"{path}.scalingPolicy.minScaleDownDelayMinutes": 0}
