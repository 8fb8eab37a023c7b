"""Jobs that are still RUNNABLE at the end of the run, and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from batchsim.columns import Status
from batchsim.results.facts import Facts
from batchsim.scenario.configuration import ComputeEnvironment, Shape


def unplaceable(facts: Facts) -> list[dict[str, Any]]:
    """Group what is stuck by queue, job definition, shape and reason.

    Returns
    -------
    list of dict
        ``{job_queue, job_definition, vcpus, memory_mib, gpus, never, reason, jobs}``, ordered by queue and definition;
        `never` says that nothing in the queue's environments can ever hold such a job.
    """
    workload = facts.workload
    stuck = np.flatnonzero(facts.recording.status == Status.RUNNABLE)
    kinds, counts = np.unique(np.stack([workload.group[stuck], workload.shape[stuck]]), axis=1, return_counts=True)
    environments = {environment.name: environment for environment in facts.configuration.environments}
    of_queue = {
        queue.name: [environments[name] for name in queue.environments] for queue in facts.configuration.queues
    }
    entries: dict[tuple[str, str, Shape], int] = {}
    for group_code, shape_code, count in zip(*kinds.tolist(), counts.tolist(), strict=True):
        group = workload.groups[group_code]
        key = group.job_queue, group.job_definition, workload.shapes[shape_code]
        entries[key] = entries.get(key, 0) + count
    never = {key: not any(_can_hold(e, key[2]) for e in of_queue[key[0]]) for key in entries}
    blocked = {queue for (queue, _, _), impossible in never.items() if impossible}
    order = {name: place for place, name in enumerate(facts.queues)}
    return [
        {
            "job_queue": queue,
            "job_definition": definition,
            "vcpus": shape.vcpus,
            "memory_mib": shape.memory_mib,
            "gpus": shape.gpus,
            "never": never[queue, definition, shape],
            "reason": (
                "; ".join(_refusal(environment, shape) for environment in of_queue[queue])
                if never[queue, definition, shape]
                else "behind a job that can never be placed"
                if queue in blocked
                else "no room before the end of the run"
            ),
            "jobs": count,
        }
        for (queue, definition, shape), count in sorted(
            entries.items(), key=lambda entry: (order[entry[0][0]], entry[0][1], entry[0][2].vcpus, entry[0][2].memory_mib)
        )
    ]


def _can_hold(environment: ComputeEnvironment, shape: Shape) -> bool:
    if not environment.enabled or shape.vcpus > environment.max_vcpus:
        return False
    if environment.purchase_option in {"EC2", "SPOT"}:
        return any(offering.holds(shape) for offering in environment.offerings)
    return shape.gpus == 0


def _refusal(environment: ComputeEnvironment, shape: Shape) -> str:
    """Why an environment can't hold a shape, said with the figure that is in the way."""
    name = environment.name
    if not environment.enabled:
        return f"{name} is DISABLED"
    if shape.vcpus > environment.max_vcpus:
        return f"{name} is limited to {environment.max_vcpus:,} vCPUs"
    if environment.purchase_option not in {"EC2", "SPOT"}:
        return f"{name} has no GPUs"
    if not environment.offerings:
        return f"{name} has no instance types"
    for member, unit in (("gpus", "GPUs"), ("vcpus", "vCPUs"), ("memory_mib", "MiB for jobs")):
        largest = max(environment.offerings, key=lambda offering: getattr(offering, member))
        if getattr(largest, member) < getattr(shape, member):
            if not getattr(largest, member):
                return f"no type in {name} has {unit}"
            return f"the largest type in {name}, {largest.instance_type}, has {getattr(largest, member):,} {unit}"
    return f"no type in {name} has that many vCPUs and that much memory at once"
