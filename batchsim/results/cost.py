"""Cost: what every instance, task and attempt costs, and what each dollar was for.

An attempt pays a share of the instance it ran on by what it held: ``(9 × vCPUs + GiB) / (9 × V + M)``, with V and M of
the instance. The weights, nine for a vCPU to one for a GiB, are those by which AWS itself splits an instance's cost
among containers (Cost and Usage Report guide, *Understanding split cost allocation data*). The purposes of an instance:

- ``boot``: from the request to ACTIVE, and the shares of attempts that are STARTING (image pull, container start);
- ``useful``, ``rework``: the shares of RUNNING attempts, by whether the attempt failed; one that the end of the run cut
  off counts as useful;
- ``stranded``, ``idle``: the share of ACTIVE time that nothing held, by whether jobs waited that it was of no use to;
- ``minimum``: what the billing minimum adds to a short life.

All of them are linear in time, so they sum to the bill. A Fargate task is held by one attempt; it has no idle time, and
its rounding to whole seconds is ``minimum``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from batchsim.catalog.billing import billed_instance_s, billed_task_s, is_free_spot
from batchsim.columns import PURPOSES, Bytes, Floats, Ints, Status
from batchsim.results.facts import Facts, take
from batchsim.results.steps import Steps, area, grouped
from batchsim.units import HOUR, MIB_PER_GIB

#: Weight of one vCPU against one GiB of memory.
VCPU_WEIGHT = 9.0
#: On a GPU instance, the part of the cost that is split by GPUs; the rest is split as above. An assumption: the price of
#: g5 and p4d is about this far above that of an instance with the same vCPUs and memory.
GPU_PART = 0.95
#: GiB of storage that a Fargate task has for nothing.
FREE_STORAGE_GIB = 20

_USEFUL, _REWORK, _BOOT, _IDLE, _STRANDED, _MINIMUM = range(len(PURPOSES))


@dataclass(frozen=True)
class Costs:
    """US dollars of one run.

    Attributes
    ----------
    attempt_boot, attempt_run, attempt_minimum : ndarray of float, shape (attempts,)
        What an attempt's own share paid for: its start, its run (`useful` or `rework` by its status), and, on Fargate,
        rounding and the billing minimum.
    instance_by_purpose : ndarray of float, shape (instances, 6)
        Of EC2 instances, in the order of `columns.PURPOSES`.
    instance_usd_per_hour, instance_volume_usd_per_hour : ndarray of float, shape (instances,)
        Paid while running (0 if AWS took it back within its first hour), and from request to end.
    task_usd_per_hour : ndarray of float, shape (attempts,)
        Price of the Fargate task of each attempt; 0 elsewhere.
    by_environment : ndarray of float, shape (environments, 6)
        Everything, by compute environment and purpose.
    """

    attempt_boot: Floats
    attempt_run: Floats
    attempt_minimum: Floats
    instance_by_purpose: Floats
    instance_usd_per_hour: Floats
    instance_volume_usd_per_hour: Floats
    task_usd_per_hour: Floats
    by_environment: Floats

    @property
    def attempt(self) -> Floats:
        """What every attempt cost, shape (attempts,)."""
        return self.attempt_boot + self.attempt_run + self.attempt_minimum


def costs_of(facts: Facts) -> Costs:
    """Price a run."""
    attempts = facts.recording.attempts
    task_usd_per_hour = _task_usd_per_hour(facts)
    boot, run, minimum = _task_costs(facts, task_usd_per_hour)

    usd_per_hour, volume_usd_per_hour, minimum_usd = _instance_rates(facts)
    hosted = np.flatnonzero(attempts.instance >= 0)
    host = attempts.instance[hosted]
    share = _share(facts, hosted, host)
    usd_per_s = take(usd_per_hour + volume_usd_per_hour, host) * share / HOUR
    starting_at, running, end = attempts.starting_at[hosted], facts.attempt_running[hosted], facts.attempt_end[hosted]
    boot[hosted] = usd_per_s * (running - starting_at)
    run[hosted] = usd_per_s * (end - running)

    instances = _instance_purposes(facts, usd_per_hour, volume_usd_per_hour, minimum_usd, hosted, host, share, boot, run)
    by_environment = np.zeros((len(facts.environments), len(PURPOSES)))
    np.add.at(by_environment, facts.recording.instances.environment, instances)
    tasks = attempts.instance < 0
    by_environment += purposes_by(
        attempts.environment[tasks], attempts.status[tasks], boot[tasks], run[tasks], minimum[tasks], len(by_environment)
    )
    return Costs(boot, run, minimum, instances, usd_per_hour, volume_usd_per_hour, task_usd_per_hour, by_environment)


def purposes_by(keys: Ints, status: Bytes, boot: Floats, run: Floats, minimum: Floats, count: int) -> Floats:
    """What attempts paid, by key and purpose, shape (count, 6)."""
    failed = status == Status.FAILED
    total = np.zeros((count, len(PURPOSES)))
    total[:, _USEFUL] = np.bincount(keys, np.where(failed, 0.0, run), count)
    total[:, _REWORK] = np.bincount(keys, np.where(failed, run, 0.0), count)
    total[:, _BOOT] = np.bincount(keys, boot, count)
    total[:, _MINIMUM] = np.bincount(keys, minimum, count)
    return total


def _task_usd_per_hour(facts: Facts) -> Floats:
    """Price of the Fargate task of every attempt (Fargate pricing: vCPUs, GB, and storage above 20 GB)."""
    attempts, workload = facts.recording.attempts, facts.workload
    usd_per_hour = np.zeros(len(attempts.job))
    architectures = np.array([group.architecture == "ARM64" for group in workload.groups], np.bool_)
    storage_gib = np.array([group.ephemeral_storage_gib - FREE_STORAGE_GIB for group in workload.groups], np.float64)
    for index, environment in enumerate(facts.configuration.environments):
        for arm, architecture in ((False, "X86_64"), (True, "ARM64")):
            prices = (environment.fargate or {}).get(architecture)
            if prices is None:
                continue
            rows = np.flatnonzero(attempts.environment == index)
            group = workload.group[attempts.job[rows]]
            mine = architectures[group] == arm
            rows, group = rows[mine], group[mine]
            usd_per_hour[rows] = (
                prices.usd_per_vcpu_hour * facts.attempt_vcpus[rows]
                + prices.usd_per_gb_hour * facts.attempt_memory_mib[rows] / MIB_PER_GIB
                + prices.usd_per_storage_gb_hour * np.maximum(storage_gib[group], 0.0)
            )
    return usd_per_hour


def _task_costs(facts: Facts, usd_per_hour: Floats) -> tuple[Floats, Floats, Floats]:
    """Start, run and billing minimum of Fargate tasks; a task is paid from its image pull on."""
    attempts = facts.recording.attempts
    pulled = (attempts.instance < 0) & ~np.isnan(attempts.pull_at)
    pull_at = np.where(pulled, attempts.pull_at, facts.attempt_end)
    running = np.maximum(facts.attempt_running, pull_at)
    life_s = facts.attempt_end - pull_at
    usd_per_s = usd_per_hour / HOUR
    billed_s = np.where(pulled, billed_task_s(life_s), 0.0)
    # A hair above a whole second is not rounded up, so the bill may be a hair short of the life.
    minimum = usd_per_s * np.maximum(billed_s - life_s, 0.0)
    return usd_per_s * (running - pull_at), usd_per_s * (facts.attempt_end - running), minimum


def _instance_rates(facts: Facts) -> tuple[Floats, Floats, Floats]:
    """Dollars per hour of each instance and of its root volume, and what the billing minimum adds."""
    instances = facts.recording.instances
    ran = ~np.isnan(instances.running_at)
    life_s = np.where(ran, instances.terminated_at - instances.running_at, 0.0)
    free = instances.reclaimed & is_free_spot(life_s)
    usd_per_hour = np.where(free, 0.0, facts.of_instance("price_usd_per_hour"))
    volumes = np.array([e.root_volume_usd_per_hour for e in facts.configuration.environments], np.float64)
    minimum = np.where(ran, usd_per_hour * (billed_instance_s(life_s) - life_s) / HOUR, 0.0)
    return usd_per_hour, take(volumes, instances.environment), minimum


def _share(facts: Facts, attempts: Ints, host: Ints) -> Floats:
    """The part of its instance that each attempt holds."""
    shape = facts.attempt_shape[attempts]
    held = VCPU_WEIGHT * take(facts.shape_vcpus, shape) + take(facts.shape_memory_mib, shape) / MIB_PER_GIB
    whole = VCPU_WEIGHT * facts.of_instance("vcpus") + facts.of_instance("memory_mib") / MIB_PER_GIB
    share = held / take(whole, host)
    gpus = take(facts.of_instance("gpus"), host)
    by_gpu = np.divide(take(facts.shape_gpus, shape), gpus, out=np.zeros(len(host)), where=gpus > 0)
    return np.where(gpus > 0, GPU_PART * by_gpu + (1 - GPU_PART) * share, share)


def _instance_purposes(
    facts: Facts,
    usd_per_hour: Floats,
    volume_usd_per_hour: Floats,
    minimum_usd: Floats,
    hosted: Ints,
    host: Ints,
    share: Floats,
    boot: Floats,
    run: Floats,
) -> Floats:
    """Every instance's cost by purpose, shape (instances, 6)."""
    instances, attempts = facts.recording.instances, facts.recording.attempts
    count = len(instances.environment)
    end = instances.terminated_at
    running_at = np.where(np.isnan(instances.running_at), end, instances.running_at)
    active_at = np.where(np.isnan(instances.registered_at), end, instances.registered_at)
    usd_per_s, volume_usd_per_s = (usd_per_hour + volume_usd_per_hour) / HOUR, volume_usd_per_hour / HOUR

    starting_at, stopped = attempts.starting_at[hosted], facts.attempt_end[hosted]
    empty_s = end - active_at - np.bincount(host, share * (stopped - starting_at), count)
    stranded_s = np.zeros(count)
    stranding = facts.recording.stranded
    for environment, rows in grouped(stranding.environment):
        steps = Steps(stranding.at[rows], stranding.stranded[rows].astype(np.float64))
        mine = np.flatnonzero(instances.environment == environment)
        stranded_s[mine] = area(steps, end[mine]) - area(steps, active_at[mine])
        on = np.flatnonzero(attempts.environment[hosted] == environment)
        used_s = share[on] * (area(steps, stopped[on]) - area(steps, starting_at[on]))
        stranded_s -= np.bincount(host[on], used_s, count)
    # Rounding error only: an instance is never held by more than the whole of it.
    stranded_s = np.clip(stranded_s, 0.0, np.maximum(empty_s, 0.0))

    cost = purposes_by(host, attempts.status[hosted], boot[hosted], run[hosted], np.zeros(len(hosted)), count)
    cost[:, _BOOT] += volume_usd_per_s * (running_at - instances.requested_at) + usd_per_s * (active_at - running_at)
    cost[:, _STRANDED] = usd_per_s * stranded_s
    cost[:, _IDLE] = np.maximum(usd_per_s * (empty_s - stranded_s), 0.0)
    cost[:, _MINIMUM] = minimum_usd
    return cost


def spread(direct: Floats, by_environment: Floats, attached: Floats) -> Floats:
    """What each of several parties (queues, or workflows) costs, its part of what is common included.

    Parameters
    ----------
    direct : ndarray of float, shape (parties, environments, 6)
        What the shares of their own attempts paid.
    by_environment : ndarray of float, shape (environments, 6)
        Everything.
    attached : ndarray of float, shape (parties, environments)
        1 where a party could use an environment: they pay alike for an environment in which nothing ran.

    Returns
    -------
    ndarray of float, shape (parties, environments, 6)
        Sums over parties to `by_environment`: boots, idle time and minimums of an environment are paid in proportion to
        what each party paid there directly.
    """
    common = np.maximum(by_environment - direct.sum(axis=0), 0.0)
    paid = direct.sum(axis=2)
    used = paid.sum(axis=0) > 0
    anybody = attached.sum(axis=0) > 0
    weight = np.where(used, paid, np.where(anybody, attached, 1.0))
    weight = weight / np.maximum(weight.sum(axis=0), np.finfo(float).tiny)
    return np.asarray(direct + weight[:, :, None] * common)
