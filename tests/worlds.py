"""Small worlds for the engine: a table of jobs and a configuration, without a scenario file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from batchsim.engine.simulation import simulate
from batchsim.recording import Recording
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment, Configuration, Consumable, JobQueue, Offering, Shape
from batchsim.spec.reservations import Reservation
from batchsim.spec.workload import JobGroup, Workload

IDEAL = {"preset": "ideal"}


def offering(instance_type: str, vcpus: int, memory_mib: int, price: float, **changes: Any) -> Offering:
    """One instance type that may be launched."""
    values = {
        "listed": 0,
        "gpus": 0,
        "architecture": "x86_64",
        "price_usd_per_hour": price,
        "on_demand_usd_per_hour": price,
        **changes,
    }
    return Offering(instance_type=instance_type, vcpus=vcpus, memory_mib=memory_mib, **values)


LARGE = offering("c6i.large", 2, 3775, 0.085)
XLARGE = offering("c6i.xlarge", 4, 7738, 0.17)


def fleet(name: str = "fleet", **changes: Any) -> ComputeEnvironment:
    """An EC2 environment of c6i.large up to 64 vCPUs."""
    values: dict[str, Any] = {
        "purchase_option": "EC2",
        "enabled": True,
        "max_vcpus": 64,
        "allocation_strategy": "BEST_FIT_PROGRESSIVE",
        "offerings": (LARGE,),
        "zones": ("us-east-1a",),
        **changes,
    }
    return ComputeEnvironment(name=name, **values)


def servers(count: int, name: str = "servers") -> ComputeEnvironment:
    """The textbook's c servers."""
    return ComputeEnvironment(name=name, purchase_option="UNMANAGED", enabled=True, max_vcpus=count)


@dataclass(frozen=True)
class Repeat:
    """Every later attempt repeats these."""

    runtime_s: tuple[float, ...]
    exit_code: tuple[int, ...]

    def __call__(self, job: int, number: int) -> tuple[float, int]:
        return self.runtime_s[job], self.exit_code[job]


def jobs(
    submitted_at: Sequence[float],
    runtime_s: Sequence[float] | float,
    vcpus: Sequence[float] | float = 1,
    *,
    memory_mib: int = 1000,
    exit_code: Sequence[int] | int = 0,
    later_exit_code: Sequence[int] | int | None = None,
    groups: Sequence[JobGroup] | None = None,
    group: Sequence[int] | int = 0,
    waits_for: Sequence[tuple[int, int]] = (),
    parents: int = 0,
    **members: Any,
) -> Workload:
    """A table of jobs; ``waits_for`` holds (dependent, needed) nodes, array parents numbered after the jobs."""
    n = len(submitted_at)

    def column(values: Any, dtype: Any) -> Any:
        return np.array(np.broadcast_to(values, n), dtype)

    sizes = column(vcpus, float)
    shapes = sorted({float(size) for size in sizes})
    # Multi-node jobs by their vCPUs.
    gangs = members.pop("nodes", {})
    nodes = n + parents
    edges = sorted((needed, dependent) for dependent, needed in waits_for)
    starts = np.searchsorted([needed for needed, _ in edges], np.arange(nodes + 1)).astype(np.int64)
    open_dependencies = np.bincount([dependent for _, dependent in edges], minlength=nodes).astype(np.int32)
    codes = column(exit_code if later_exit_code is None else later_exit_code, np.int32)
    return Workload(
        submitted_at=column(submitted_at, float),
        group=column(group, np.int32),
        shape=np.searchsorted(shapes, sizes).astype(np.int32),
        job_name=np.zeros(n, np.int32),
        run=np.arange(n, dtype=np.int32),
        array_index=np.full(n, -1, np.int32),
        runtime_s=column(runtime_s, float),
        exit_code=column(exit_code, np.int32),
        nodes=nodes,
        open_dependencies=open_dependencies,
        dependents=np.array([dependent for _, dependent in edges], np.int32),
        dependents_start=starts,
        groups=tuple(groups or (JobGroup("work", "queue", "definition", **members),)),
        shapes=tuple(gangs.get(size) or Shape(size, memory_mib) for size in shapes),
        job_names=("job",),
        later_attempt=Repeat(tuple(column(runtime_s, float).tolist()), tuple(codes.tolist())),
    )


def reservation(name: str = "reserved", instances: int = 1, kind: Offering = LARGE, **changes: Any) -> Reservation:
    """An open On-Demand Capacity Reservation of c6i.large in the first zone, from the start on."""
    values: dict[str, Any] = {
        "labels": (name,),
        "groups": (),
        "instance_type": kind.instance_type,
        "vcpus": kind.vcpus,
        "zone": "us-east-1a",
        "usd_per_hour": kind.on_demand_usd_per_hour,
        **changes,
    }
    return Reservation(name=name, instances=instances, **values)


def configuration(
    *environments: ComputeEnvironment,
    queues: Sequence[JobQueue] = (),
    consumables: Sequence[Consumable] = (),
    reservations: Sequence[Reservation] = (),
) -> Configuration:
    """Environments, by default all behind one queue."""
    names = tuple(environment.name for environment in environments)
    queues = tuple(queues) or (JobQueue("queue", 1, True, names),)
    return Configuration("us-east-1", environments, queues, (), tuple(consumables), reservations=tuple(reservations))


def run(
    workload: Workload,
    *environments: ComputeEnvironment,
    queues: Sequence[JobQueue] = (),
    consumables: Sequence[Consumable] = (),
    reservations: Sequence[Reservation] = (),
    **settings: Any,
) -> Recording:
    """Simulate; without settings every delay is zero."""
    seed = settings.pop("seed", 1)
    limits = {key: settings.pop(key) for key in ("duration_s", "horizon_s", "updates") if key in settings}
    return simulate(
        workload,
        configuration(*environments, queues=queues, consumables=consumables, reservations=reservations),
        Assumptions.model_validate({**IDEAL, **settings}),
        seed=seed,
        **limits,
    )


def by_job(recording: Recording, column: str) -> list[float]:
    """A column of the attempts in the order of jobs, then attempts."""
    order = np.lexsort((recording.attempts.number, recording.attempts.job))
    return [float(value) for value in getattr(recording.attempts, column)[order]]
