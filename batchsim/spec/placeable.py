"""Whether a queue takes a job and could ever run it: one question with one set of reasons.

Whoever asks (the check of a scenario, the review of a workload, the reader of a trace, the summary of a run) gets the
same answer in the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from batchsim.spec.configuration import ComputeEnvironment, JobQueue, Shape


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a job never runs.

    Attributes
    ----------
    code : str
        Of the rule.
    message, expected : str
        What is wrong, and what would have to be different.
    """

    code: str
    message: str
    expected: str


def why_never(queue: JobQueue, environments: Sequence[ComputeEnvironment], shape: Shape) -> Refusal | None:
    """Why a queue never runs a job, were it empty; None where it may.

    Parameters
    ----------
    environments : sequence of ComputeEnvironment
        Those of the queue, in any order.
    """
    if not queue.enabled:
        return Refusal("disabled-queue", f"the queue {queue.name} is DISABLED and refuses jobs", "state: ENABLED")
    if any(environment.can_hold(shape) for environment in environments):
        return None
    refusal = (_nodes if shape.nodes else _single)(queue, environments, shape)
    if refusal is None:
        message = f"no compute environment of {queue.name} can ever hold {asks(shape)}"
        refusal = Refusal("never-placeable", message, "; ".join(map(_largest, environments)))
    return replace(refusal, message=f"{refusal.message}: the job would stay RUNNABLE and block the queue")


def _single(queue: JobQueue, environments: Sequence[ComputeEnvironment], shape: Shape) -> Refusal | None:
    """Why a job of one node never runs, where it is more than that nothing is large enough."""
    enabled = [environment for environment in environments if environment.enabled]
    if not enabled:
        return None
    if all(shape.vcpus > environment.max_vcpus for environment in enabled):
        message = f"{shape.vcpus:g} vCPU are above maxvCpus of every compute environment of {queue.name}"
        return Refusal("above-max-vcpus", message, "; ".join(map(_largest, environments)))
    if shape.gpus and not any(offering.gpus for environment in enabled for offering in environment.offerings):
        return Refusal("no-gpu-type", f"no compute environment of {queue.name} has GPUs", "a queue with GPU types")
    return None


def asks(shape: Shape) -> str:
    """What a job asks for, in words; of a multi-node job node by node."""
    if shape.nodes:
        kinds = {node: shape.nodes.count(node) for node in dict.fromkeys(shape.nodes)}
        words = " and ".join(
            f"{count} {'nodes' if count > 1 else 'node'} of {asks(node)}" for node, count in kinds.items()
        )
        return f"{words} on {shape.instance_type}" if shape.instance_type else words
    return f"{shape.vcpus:g} vCPU, {shape.memory_mib} MiB" + (f" and {shape.gpus} GPU" if shape.gpus else "")


def _nodes(queue: JobQueue, environments: Sequence[ComputeEnvironment], shape: Shape) -> Refusal | None:
    """Why a multi-node job never runs: each node takes an on-demand instance of its own, all of one type.

    None where nothing is large enough for a node.
    """
    enabled = [environment for environment in environments if environment.enabled]
    if not enabled:
        return None
    on_demand = [environment for environment in enabled if environment.takes_multi_node_jobs]
    if not on_demand:
        kinds = " and ".join(dict.fromkeys(environment.purchase_option for environment in enabled))
        message = f"{queue.name} has {kinds} only, where multi-node jobs can't run"
        return Refusal("node-queue", message, "a queue with an EC2 environment")
    return _unlisted(queue, on_demand, shape) or _too_many(queue, on_demand, shape)


def _unlisted(queue: JobQueue, environments: Sequence[ComputeEnvironment], shape: Shape) -> Refusal | None:
    """That no environment has the type of instance that the nodes ask for; None where one has."""
    listed = {offering.instance_type for environment in environments for offering in environment.offerings}
    if not shape.instance_type or shape.instance_type in listed:
        return None
    message = f"the nodes are to run on {shape.instance_type}, which no EC2 environment of {queue.name} lists"
    expected = f"{shape.instance_type} in instanceTypes, or one of {_few(listed)}"
    return Refusal("node-type-listed", message, expected)


def _too_many(queue: JobQueue, environments: Sequence[ComputeEnvironment], shape: Shape) -> Refusal | None:
    """That the instances of all nodes are more than there may be; None where no type is large enough for one."""
    fitting = [(each, offering) for each in environments for offering in each.offerings if offering.holds(shape)]
    if not fitting:
        return None
    count = len(shape.nodes)
    least = min((offering for _, offering in fitting), key=lambda each: (each.vcpus, each.instance_type))
    limits = ", ".join(dict.fromkeys(f"{each.name} has maxvCpus {each.max_vcpus}" for each, _ in fitting))
    message = (
        f"{count} nodes take {count} instances, {count * least.vcpus} vCPU with {least.instance_type}, "
        f"and that is more than the queue {queue.name} can have: {limits}"
    )
    return Refusal("node-vcpus", message, f"maxvCpus of {count * least.vcpus} or more")


def _few(names: set[str], most: int = 5) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:most]) + (" …" if len(ordered) > most else "")


def _largest(environment: ComputeEnvironment) -> str:
    """What would have to be different for a job to run in an environment."""
    if not environment.enabled:
        return f"{environment.name} not DISABLED"
    if environment.max_vcpus == 0:
        return f"{environment.name} with more than maxvCpus 0"
    if not environment.offerings:
        return f"at most {environment.max_vcpus} vCPU in {environment.name}"
    largest = max(environment.offerings, key=lambda offering: (offering.gpus, offering.memory_mib, offering.vcpus))
    limit = f", maxvCpus {environment.max_vcpus}" if environment.max_vcpus < largest.vcpus else ""
    gpus = f", {largest.gpus} GPU" if largest.gpus else ""
    return (
        f"at most {largest.vcpus} vCPU, {largest.memory_mib} MiB usable{gpus} on {largest.instance_type}{limit} "
        f"in {environment.name}"
    )
