"""What Fargate tasks cost a second: vCPUs, memory, ephemeral storage beyond what is included, a public address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, filled
from batchsim.recording import Recording
from batchsim.spec.configuration import ComputeEnvironment, Configuration, FargatePrices, Shape
from batchsim.spec.workload import JobGroup, Workload
from batchsim.units import HOUR, MIB_PER_GIB

INCLUDED_STORAGE_GIB = 20


@dataclass(frozen=True)
class Tasks:
    """The Fargate tasks of a run that cost something: each is one attempt.

    Attributes
    ----------
    attempt : ndarray of int, shape (tasks,)
        Ascending.
    usd_per_s : ndarray of float, shape (tasks,)
        On demand or on Spot, with storage and public address.
    eligible_usd_per_s : ndarray of float, shape (tasks,)
        What a Savings Plan may cover of that: vCPUs and memory on demand.
    """

    attempt: NDArray[np.int64]
    usd_per_s: Floats
    eligible_usd_per_s: Floats


def fargate_tasks(workload: Workload, configuration: Configuration, recording: Recording) -> Tasks:
    """The tasks of a run and their rates."""
    attempts, environments = recording.attempts, configuration.environments
    on_fargate = np.array([environment.fargate is not None for environment in environments], bool)
    if not on_fargate.any():
        return Tasks(np.empty(0, np.int64), np.empty(0), np.empty(0))
    task = np.flatnonzero(on_fargate[attempts.environment])
    job, shapes = attempts.job[task], len(workload.shapes)
    kind = workload.group[job].astype(np.int64) * shapes + workload.shape[job]
    kind = kind * len(environments) + attempts.environment[task]
    rates = np.zeros((len(workload.groups) * shapes * len(environments), 2))
    for number in np.flatnonzero(np.bincount(kind, minlength=1)).tolist():
        of_job, index = divmod(number, len(environments))
        group, shape = divmod(of_job, shapes)
        rates[number] = _usd_per_hour(environments[index], workload.groups[group], workload.shapes[shape])
    usd_per_s, eligible = (np.take(column, kind) for column in rates.T / HOUR)
    paid = usd_per_s > 0
    return Tasks(task[paid], usd_per_s[paid], eligible[paid])


def paid_spans(tasks: Tasks, recording: Recording) -> tuple[Floats, Floats]:
    """From when until when each task is paid: from its image pull to its end, or to the run's."""
    attempts = recording.attempts
    stop = filled(attempts.stopped_at[tasks.attempt], recording.ended_at)
    return filled(attempts.pull_at[tasks.attempt], stop), stop


def _usd_per_hour(environment: ComputeEnvironment, group: JobGroup, shape: Shape) -> tuple[float, float]:
    """Of a task, with its storage and its public address; and of what a Savings Plan covers of it."""
    assert environment.fargate is not None  # noqa: S101 (for the type checker)
    prices: FargatePrices = environment.fargate[group.architecture]
    compute = shape.vcpus * prices.usd_per_vcpu_hour + shape.memory_mib / MIB_PER_GIB * prices.usd_per_gb_hour
    storage = max(group.ephemeral_storage_gib - INCLUDED_STORAGE_GIB, 0)
    address = environment.public_ipv4_usd_per_hour if group.public_ip else 0.0
    eligible = compute if environment.purchase_option == "FARGATE" else 0.0
    return compute + storage * prices.usd_per_storage_gb_hour + address, eligible
