"""What is kept though nothing needs it: minvCpus, desiredvCpus, a delay before scaling in."""

from __future__ import annotations

from collections.abc import Iterator

from batchsim.experiments.changes.evidence import Aim, Change, Evidence
from batchsim.units import format_usd

BILL: tuple[Aim, ...] = ("bill",)


def minimums(evidence: Evidence) -> Iterator[Change]:
    """Of environments whose unused room is worth a word."""
    for environment in evidence.environments.values():
        unused = evidence.unused_usd(environment.name)
        if not environment.offerings or not evidence.is_of_the_bill(unused):
            continue
        total = evidence.figures(environment.name)["cost_usd"]["total"]
        why = f"{format_usd(unused)} of the {format_usd(total)} of {environment.name} went to room that nothing used"
        path = f"batch.computeEnvironments.{environment.name}.computeResources"
        resources = evidence.resources(environment.name)
        # None of what is kept, or where that misses an objective half of it.
        for least in (0, environment.min_vcpus // 2) if environment.min_vcpus else ():
            changes = {f"{path}.minvCpus": least}
            if environment.desired_vcpus:
                changes[f"{path}.desiredvCpus"] = least
            what = f"minvCpus {least} instead of {environment.min_vcpus} in {environment.name}"
            yield Change(what, why, changes, BILL)
        if environment.desired_vcpus and not environment.min_vcpus:
            what = f"desiredvCpus 0 instead of {environment.desired_vcpus} in {environment.name}"
            yield Change(what, why, {f"{path}.desiredvCpus": 0}, BILL)
        delay = (resources.get("scalingPolicy") or {}).get("minScaleDownDelayMinutes")
        if delay:
            what = f"minScaleDownDelayMinutes 0 instead of {delay} in {environment.name}"
            yield Change(what, why, {f"{path}.scalingPolicy.minScaleDownDelayMinutes": 0}, BILL)
