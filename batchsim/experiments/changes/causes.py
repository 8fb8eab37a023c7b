"""What else jobs waited for: capacity that was unavailable, jobs ahead of them, lost attempts, instances to boot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from batchsim.experiments.changes.evidence import Aim, Change, Evidence
from batchsim.experiments.changes.managed_instances import later, on_demand
from batchsim.experiments.changes.shapes import entries_of
from batchsim.redaction import shown
from batchsim.results.step_functions import steps
from batchsim.scenario.batch.packing import family_of, sibling
from batchsim.spec.configuration import ComputeEnvironment, JobQueue

WAITING: tuple[Aim, ...] = ("waiting",)
#: AWS takes no smaller delay but 0 (API ComputeScalingPolicy).
LEAST_DELAY_MINUTES = 20
MOST_ENVIRONMENTS = 3


def causes(evidence: Evidence) -> Iterator[Change]:
    """In the order of what they cost to change: types, environments, queues, on demand, warm instances."""
    short = evidence.queues_that_waited("capacity")
    for environment in evidence.behind(short):
        yield from _more_types(evidence, environment)
    for queue in short:
        yield from _another(evidence, queue)
    for queue in evidence.queues_that_waited("blocked"):
        yield from _queue_of_their_own(evidence, queue)
    yield from _on_demand(evidence)
    for environment in evidence.behind(evidence.queues_that_waited("boot")):
        yield from _warm(evidence, environment)


def _more_types(evidence: Evidence, environment: ComputeEnvironment) -> Iterator[Change]:
    path = f"batch.computeEnvironments.{environment.name}.computeResources"
    bid = evidence.resources(environment.name).get("bidPercentage", 100)
    if bid < 100:
        what = f"bidPercentage 100 instead of {bid} in {environment.name}"
        why = f"jobs waited for capacity of {environment.name} that was unavailable"
        yield Change(what, why, {f"{path}.bidPercentage": 100}, WAITING)
    if not environment.offerings or environment.is_managed_by_ecs:
        return
    entries = entries_of(evidence, environment)
    families = dict.fromkeys(family_of(each) for each in environment.offerings)
    others = dict.fromkeys(
        found for family in families if (found := sibling(family, evidence.scenario.catalog)) and found not in families
    )
    why = f"jobs waited for capacity of {', '.join(families)} in {environment.name} that was unavailable"
    if others:
        what = f"{' and '.join(others)} beside {', '.join(families)} in {environment.name}"
        yield Change(what, why, {f"{path}.instanceTypes": [*entries, *others]}, WAITING)


def _another(evidence: Evidence, queue: JobQueue) -> Iterator[Change]:
    """Another environment of the scenario's behind those of a queue; what may not be mixed is refused when tried."""
    if len(queue.environments) >= MOST_ENVIRONMENTS:
        return
    for environment in evidence.environments.values():
        if environment.name in queue.environments:
            continue
        order = [
            {"order": place, "computeEnvironment": name}
            for place, name in enumerate([*queue.environments, environment.name], start=1)
        ]
        what = f"{environment.name} behind the environments of {queue.name}"
        why = f"jobs of {queue.name} waited for capacity that was unavailable"
        yield Change(what, why, {f"batch.jobQueues.{queue.name}.computeEnvironmentOrder": order}, WAITING)


def _queue_of_their_own(evidence: Evidence, queue: JobQueue) -> Iterator[Change]:
    """For the widest jobs of a queue, where they are jobs of a workflow."""
    moved, vcpus = _widest(evidence, queue)
    workflows = {str(entry["workflow"]) for _, entry, _ in evidence.context.workflows}
    name = f"{queue.name}-wide"
    if name in evidence.context.queues or not moved or not workflows.issuperset(workflow for workflow, _ in moved):
        return
    # What is advised is printed: account ids in references are no part of it, and their names lead to the same objects.
    listed = [shown(value) for _, value in evidence.context.items("jobQueues")]
    new = {**shown(evidence.context.queues[queue.name][1]), "jobQueueName": name}
    changes = {f"workload.{workflow}.jobs.{job}.jobQueue": name for workflow, job in moved}
    jobs = ", ".join(dict.fromkeys(job for _, job in moved))
    why = f"smaller jobs of {queue.name} waited behind {jobs}, of {vcpus:g} vCPU"
    yield Change(f"a queue of their own for {jobs}", why, {"batch.jobQueues": [*listed, new], **changes}, WAITING)


def _widest(evidence: Evidence, queue: JobQueue) -> tuple[list[tuple[str, str]], float]:
    """Workflow and name of the jobs of a queue that ask for most vCPUs, and how many; none where all ask alike."""
    work = evidence.run.workload
    mine = [
        (work.shapes[shape].vcpus, work.groups[group].workflow, work.job_names[name])
        for group, name, shape in evidence.kinds
        if work.groups[group].job_queue == queue.name
    ]
    most = max((vcpus for vcpus, _, _ in mine), default=0.0)
    widest = [(workflow, name) for vcpus, workflow, name in mine if vcpus == most]
    return ([] if len(widest) == len(mine) else widest), most


def _on_demand(evidence: Evidence) -> Iterator[Change]:
    """Instead of Spot, where much was lost."""
    lost = float(evidence.summary["cost_usd"]["by_purpose"]["rework"])
    if not evidence.is_of_the_bill(lost) and not evidence.is_of_the_waiting(evidence.summary["wait_s"]["retry"]):
        return
    for environment in evidence.environments.values():
        count = evidence.figures(environment.name)["interruptions"]
        if not count or not environment.is_spot:
            continue
        path = f"batch.computeEnvironments.{environment.name}.computeResources"
        on_ec2 = environment.launches_instances
        changes: dict[str, object] = {f"{path}.type": "EC2" if on_ec2 else "FARGATE"}
        if on_ec2 and environment.allocation_strategy.startswith("SPOT_"):
            changes[f"{path}.allocationStrategy"] = "BEST_FIT_PROGRESSIVE"
        if environment.is_managed_by_ecs:
            changes = on_demand(environment)
        why = f"AWS took back {count:,} of its instances, and attempts with them"
        yield Change(f"on-demand instead of Spot in {environment.name}", why, changes)


def _warm(evidence: Evidence, environment: ComputeEnvironment) -> Iterator[Change]:
    """What ran for half of the time or more, kept; or a delay before what is idle goes."""
    if not environment.offerings:
        return
    path = f"batch.computeEnvironments.{environment.name}.computeResources"
    why = f"jobs waited for instances of {environment.name} to boot and register"
    if environment.is_managed_by_ecs:
        yield from later(environment, why)
        return
    base = min(_base_load(evidence, environment), environment.max_vcpus)
    if base > environment.min_vcpus:
        what = f"minvCpus {base} instead of {environment.min_vcpus} in {environment.name}"
        changes = {f"{path}.minvCpus": base}
        yield Change(what, f"{why}, and {base} vCPUs or more ran for half of the time", changes, WAITING)
    if not environment.min_scale_down_delay_s:
        what = f"minScaleDownDelayMinutes {LEAST_DELAY_MINUTES} in {environment.name}"
        changes = {f"{path}.scalingPolicy.minScaleDownDelayMinutes": LEAST_DELAY_MINUTES}
        yield Change(what, why, changes, WAITING)


def _base_load(evidence: Evidence, environment: ComputeEnvironment) -> int:
    """The vCPUs that ran at once for half of the run or longer."""
    recording = evidence.run.recording
    index = evidence.configuration.environments.index(environment)
    on = recording.instances.environment == index
    sizes = np.array([float(offering.vcpus) for offering in environment.offerings])
    instances = recording.instances
    at, level = steps(instances.paid_from[on], instances.terminated_at[on], sizes[instances.offering[on]])
    if not len(at) or recording.ended_at <= 0:
        return 0
    lasted = np.diff(np.append(at, recording.ended_at))
    order = np.argsort(-level, kind="stable")
    reached = np.cumsum(lasted[order]) >= recording.ended_at / 2
    return int(level[order][np.argmax(reached)]) if reached.any() else 0
