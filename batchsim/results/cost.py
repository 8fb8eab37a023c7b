"""What was paid, and what for: every dollar has one purpose.

========  ================================================================================================
useful    attempts that succeeded (or were still running at the end), while they ran
rework    attempts that failed or were interrupted, while they ran
boot      instances from launch to registration; attempts while they pull their image and start
stranded  room on instances that nothing used while jobs waited for the environment, none of which fitted in
idle      room on instances that nothing used otherwise
minimum   billed beyond what was used: the first minute, seconds rounded up
========  ================================================================================================

An attempt's share of its instance is ``(9 v + m) / (9 V + M)`` with vCPUs v of V and GiB m of M: AWS's own weights for
splitting an instance among its containers (Cost and Usage Report, *Split cost allocation data*, worked example, read
2026-11). On GPU instances 95 % goes by GPUs and 5 % by that rule (an assumption: AWS publishes no weight for Batch).
All of it is linear in time, so it is computed after the run from the recorded intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.catalog.billing import billed_instance_s, billed_task_s, is_free_spot
from batchsim.columns import PURPOSES, SLICE, Floats, Ints, Recording, Status, nothing
from batchsim.results.savings import Coverage, coverage
from batchsim.results.spot_prices import Recorded, recorded
from batchsim.results.steps import area, product
from batchsim.scenario.configuration import ComputeEnvironment, Configuration
from batchsim.units import HOUR, MIB_PER_GIB
from batchsim.workload.table import Workload

VCPU_WEIGHT, GIB_WEIGHT = 9.0, 1.0
GPU_SHARE = 0.95
INCLUDED_STORAGE_GIB = 20


@dataclass(frozen=True)
class Costs:
    """Costs in US dollars, by attempt and by instance.

    Attributes
    ----------
    by_attempt : dict of str to ndarray, shape (attempts,)
        What attempts cost: boot, run, minimum.
    failed : ndarray of bool, shape (attempts,)
        Attempts whose run was rework.
    instance : dict of str to ndarray, shape (instances,)
        Purpose → what instances cost beyond their attempts: boot, idle, stranded, minimum.
    instance_total : ndarray, shape (instances,)
        What each instance was billed, its attempts included.
    task_rate : ndarray, shape (attempts,)
        USD per second of Fargate tasks; 0 for other attempts.
    instance_rate : ndarray, shape (instances,)
        USD per second while running, root volume included, before a Savings Plan; without the compute where it was
        free or its price was recorded.
    eligible_rate : ndarray, shape (instances,)
        USD per second of what a Savings Plan may cover.
    recorded : Recorded or None
        Instances whose price changed while they ran.
    plan : Coverage or None
        What a Savings Plan covers.
    """

    by_attempt: dict[str, Floats]
    failed: NDArray[np.bool_]
    instance: dict[str, Floats]
    instance_total: Floats
    task_rate: Floats
    instance_rate: Floats
    eligible_rate: Floats
    recorded: Recorded | None = None
    plan: Coverage | None = None

    @property
    def unused_commitment(self) -> float:
        """What a Savings Plan committed and bought nothing."""
        return 0.0 if self.plan is None else self.plan.unused_usd

    @property
    def attempt_total(self) -> Floats:
        """What each attempt cost, all purposes."""
        return self.by_attempt["boot"] + self.by_attempt["run"] + self.by_attempt["minimum"]

    def attempt(self, purpose: str) -> Floats:
        """What attempts cost for a purpose."""
        if purpose in {"useful", "rework"}:
            return np.where(self.failed == (purpose == "rework"), self.by_attempt["run"], 0.0)
        return self.by_attempt.get(purpose, nothing(len(self.failed)))


def costs(workload: Workload, configuration: Configuration, recording: Recording) -> Costs:
    """Cost of everything that was run."""
    attempts, n = recording.attempts, len(recording.attempts.job)
    instance, total, rate, changing = _instances(configuration, recording)
    tenancies = _tenancies(workload, configuration, recording)
    task_rate = _task_rates(workload, configuration, recording)
    spans = _spans(recording, task_rate)
    weights = rate[tenancies.instance] * tenancies.share
    rate_of = np.bincount(tenancies.attempt, weights=weights, minlength=n).astype(np.float64, copy=False) + task_rate
    del weights
    by_attempt = {
        "boot": rate_of * (spans.started - spans.begun),
        "run": rate_of * (spans.stop - spans.started),
        "minimum": nothing(n),
    }
    del rate_of
    billed = np.flatnonzero((task_rate > 0) & (spans.stop > spans.begun))
    if len(billed):
        ran_s = spans.stop[billed] - spans.begun[billed]
        by_attempt["minimum"] = np.zeros(n)
        by_attempt["minimum"][billed] = task_rate[billed] * (billed_task_s(ran_s) - ran_s)
    if changing is not None:
        _pay_recorded(changing, recording, tenancies, spans, by_attempt, instance, total)
    plan, price = None, np.zeros(len(total))
    if configuration.savings_plan is not None:
        plan, price = _save(configuration, recording, tenancies, task_rate, spans, by_attempt, instance, total)
    _unused(configuration, recording, by_attempt, instance, total, rate, tenancies, spans.stop, plan, price, changing)
    return Costs(by_attempt, attempts.status == Status.FAILED, instance, total, task_rate, rate, price, changing, plan)


def _instances(
    configuration: Configuration, recording: Recording
) -> tuple[dict[str, Floats], Floats, Floats, Recorded | None]:
    """Boot and minimum of each instance, its bill, its rate in USD per second, and what is beside it."""
    instances = recording.instances
    price, volume = (
        column / HOUR
        for column in (
            _per_instance(configuration, recording, lambda _e, o: o.price_usd_per_hour),
            _per_instance(configuration, recording, lambda e, _o: e.root_volume_usd_per_hour),
        )
    )
    ran = ~np.isnan(instances.running_at)
    running_at = np.where(ran, instances.running_at, instances.terminated_at)
    running_s = np.maximum(instances.terminated_at - running_at, 0.0)
    free = instances.reclaimed & is_free_spot(running_s)
    changing = recorded(configuration, recording, free)
    compute = np.where(free if changing is None else free | (changing.curve >= 0), 0.0, price)
    billed_s = np.where(ran, billed_instance_s(running_s), 0.0)
    total = compute * billed_s + volume * (instances.terminated_at - instances.requested_at)
    registered_at = np.where(np.isnan(instances.registered_at), instances.terminated_at, instances.registered_at)
    boot = volume * (running_at - instances.requested_at) + (compute + volume) * np.maximum(
        registered_at - running_at, 0.0
    )
    purposes = {
        "boot": boot,
        "minimum": compute * (billed_s - np.where(ran, running_s, 0.0)),
        "idle": np.zeros(len(total)),
        "stranded": np.zeros(len(total)),
    }
    return purposes, total, compute + volume, changing


def _pay_recorded(
    changing: Recorded,
    recording: Recording,
    tenancies: _Tenancies,
    spans: _Spans,
    by_attempt: dict[str, Floats],
    instance: dict[str, Floats],
    total: Floats,
) -> None:
    """Add what instances of recorded prices cost."""
    instances = recording.instances
    every = np.arange(len(total))
    ran = ~np.isnan(instances.running_at)
    running_at = np.where(ran, instances.running_at, instances.terminated_at)
    registered_at = np.where(np.isnan(instances.registered_at), instances.terminated_at, instances.registered_at)
    used_until = instances.terminated_at
    billed_s = np.where(ran, billed_instance_s(np.maximum(used_until - running_at, 0.0)), 0.0)
    instance["boot"] += changing.paid(every, running_at, np.maximum(registered_at, running_at))
    instance["minimum"] += changing.paid(every, used_until, running_at + billed_s)
    total += changing.paid(every, running_at, running_at + billed_s)
    at, host = tenancies.attempt, tenancies.instance.astype(np.int64)

    def of_attempts(start: Floats, stop: Floats) -> Floats:
        usd = tenancies.share * changing.paid(host, start[at], stop[at])
        return np.bincount(at, weights=usd, minlength=len(start)).astype(np.float64)

    by_attempt["boot"] += of_attempts(spans.begun, spans.started)
    by_attempt["run"] += of_attempts(spans.started, spans.stop)


@dataclass(frozen=True)
class _Spans:
    """When each attempt was first paid for, when it ran, when it ended."""

    begun: Floats
    started: Floats
    stop: Floats


def _spans(recording: Recording, task_rate: Floats) -> _Spans:
    attempts = recording.attempts
    stop = np.where(np.isnan(attempts.stopped_at), recording.ended_at, attempts.stopped_at)
    begun, tasks = attempts.starting_at, np.flatnonzero(task_rate > 0)
    if len(tasks):
        begun = begun.copy()
        begun[tasks] = np.where(np.isnan(attempts.pull_at[tasks]), stop[tasks], attempts.pull_at[tasks])
    started = np.where(np.isnan(attempts.started_at), stop, attempts.started_at)
    return _Spans(begun, np.maximum(started, begun, out=started), stop)


def _save(
    configuration: Configuration,
    recording: Recording,
    tenancies: _Tenancies,
    task_rate: Floats,
    spans: _Spans,
    by_attempt: dict[str, Floats],
    instance: dict[str, Floats],
    total: Floats,
) -> tuple[Coverage, Floats]:
    """Take off what a Savings Plan saves; what it covers, and the eligible USD per second of each instance."""
    assert configuration.savings_plan is not None  # noqa: S101 (for the type checker)
    attempts, instances = recording.attempts, recording.instances
    options = np.array([environment.purchase_option for environment in configuration.environments])
    price = _per_instance(configuration, recording, lambda _e, o: o.price_usd_per_hour) / HOUR
    price = np.where(options[instances.environment] == "EC2", price, 0.0)
    tasks = np.where(options[attempts.environment] == "FARGATE", task_rate, 0.0)
    ran = ~np.isnan(instances.running_at)
    running_at = np.where(ran, instances.running_at, instances.terminated_at)
    used_until = instances.terminated_at
    paid_until = np.where(ran, running_at + billed_instance_s(np.maximum(used_until - running_at, 0.0)), running_at)
    held = spans.stop > spans.begun
    task_paid_until = np.where(held, spans.begun + billed_task_s(spans.stop - spans.begun), spans.begun)
    plan = coverage(
        configuration.savings_plan,
        np.concatenate([running_at, spans.begun]),
        np.concatenate([paid_until, task_paid_until]),
        np.concatenate([price, tasks]),
        recording.ended_at,
    )
    weights = price[tenancies.instance] * tenancies.share
    eligible = np.bincount(tenancies.attempt, weights=weights, minlength=len(tasks)).astype(np.float64) + tasks
    by_attempt["boot"] -= plan.saved(eligible, spans.begun, spans.started)
    by_attempt["run"] -= plan.saved(eligible, spans.started, spans.stop)
    by_attempt["minimum"] = by_attempt["minimum"] - plan.saved(tasks, spans.stop, task_paid_until)
    registered_at = np.where(np.isnan(instances.registered_at), instances.terminated_at, instances.registered_at)
    instance["boot"] -= plan.saved(price, running_at, np.maximum(registered_at, running_at))
    instance["minimum"] -= plan.saved(price, used_until, paid_until)
    total -= plan.saved(price, running_at, paid_until)
    return plan, price


def _per_instance(configuration: Configuration, recording: Recording, figure: object) -> Floats:
    """A figure of each instance's offering (and environment)."""
    assert callable(figure)  # noqa: S101 (for the type checker)
    instances = recording.instances
    column = np.zeros(len(instances.environment))
    for index, environment in enumerate(configuration.environments):
        mine = instances.environment == index
        if mine.any():
            known = np.array([figure(environment, offering) for offering in environment.offerings], float)
            column[mine] = known[instances.offering[mine]]
    return column


@dataclass(frozen=True)
class _Tenancies:
    """Which attempt has which share of which instance; a multi-node job has the whole of several."""

    attempt: NDArray[np.int64]
    instance: Ints
    share: Floats


def _tenancies(workload: Workload, configuration: Configuration, recording: Recording) -> _Tenancies:
    attempts, nodes = recording.attempts, recording.nodes
    hosted = np.flatnonzero(attempts.instance >= 0)
    instance = attempts.instance[hosted]
    shape = workload.shape[attempts.job[hosted]]
    share = _shares(workload, configuration, recording, shape, instance)
    if not len(nodes.attempt):
        return _Tenancies(hosted, instance, share)
    gangs = np.array([bool(shape.nodes) for shape in workload.shapes], bool)
    share[gangs[shape]] = 1.0
    return _Tenancies(
        np.concatenate([hosted, nodes.attempt.astype(np.int64)]),
        np.concatenate([instance, nodes.instance]),
        np.concatenate([share, np.ones(len(nodes.attempt))]),
    )


def _shares(workload: Workload, configuration: Configuration, recording: Recording, shape: Ints, host: Ints) -> Floats:
    """The shares that jobs of such shapes have of such instances."""
    asked = np.array(
        [(VCPU_WEIGHT * s.vcpus + GIB_WEIGHT * s.memory_mib / MIB_PER_GIB, s.gpus) for s in workload.shapes], float
    ).reshape(-1, 2)
    whole = _per_instance(
        configuration, recording, lambda _e, o: VCPU_WEIGHT * o.vcpus + GIB_WEIGHT * o.memory_mib / MIB_PER_GIB
    )
    gpus = _per_instance(configuration, recording, lambda _e, o: o.gpus)
    split: Floats = asked[shape, 0] / whole[host]
    if not gpus.any():
        return split
    with_gpus = gpus[host] > 0
    by_gpu = asked[shape, 1] / np.where(with_gpus, gpus[host], 1.0)
    split[with_gpus] = GPU_SHARE * by_gpu[with_gpus] + (1 - GPU_SHARE) * split[with_gpus]
    return split


def _task_rates(workload: Workload, configuration: Configuration, recording: Recording) -> Floats:
    """USD per second of each Fargate attempt; 0 for others."""
    attempts = recording.attempts
    if not any(environment.fargate for environment in configuration.environments):
        return nothing(len(attempts.job))
    rates = np.zeros(len(attempts.job))
    for index, environment in enumerate(configuration.environments):
        if environment.fargate is None:
            continue
        mine = np.flatnonzero(attempts.environment == index)
        job = attempts.job[mine]
        table = np.zeros((len(workload.groups), len(workload.shapes)))
        for group, shape in np.unique(np.column_stack([workload.group[job], workload.shape[job]]), axis=0):
            table[group, shape] = _task_rate(workload, environment, int(group), int(shape))
        rates[mine] = table[workload.group[job], workload.shape[job]]
    return rates


def _task_rate(workload: Workload, environment: ComputeEnvironment, group: int, shape: int) -> float:
    assert environment.fargate is not None  # noqa: S101 (for the type checker)
    prices = environment.fargate[workload.groups[group].architecture]
    asked = workload.shapes[shape]
    storage = max(workload.groups[group].ephemeral_storage_gib - INCLUDED_STORAGE_GIB, 0)
    per_hour = (
        asked.vcpus * prices.usd_per_vcpu_hour
        + asked.memory_mib / MIB_PER_GIB * prices.usd_per_gb_hour
        + storage * prices.usd_per_storage_gb_hour
    )
    return per_hour / HOUR


def _unused(
    configuration: Configuration,
    recording: Recording,
    by_attempt: dict[str, Floats],
    instance: dict[str, Floats],
    total: Floats,
    rate: Floats,
    tenancies: _Tenancies,
    stop: Floats,
    plan: Coverage | None,
    price: Floats,
    changing: Recorded | None,
) -> None:
    """Split what no attempt used of registered instances into stranded and idle."""
    n = len(total)
    attempt, host = tenancies.attempt, tenancies.instance
    used = by_attempt["boot"] + by_attempt["run"]
    spent_of = used[attempt]
    if len(recording.nodes.attempt):
        # A multi-node job's cost is its instances', by their rates.
        mine_rate = rate[host] * tenancies.share
        together = np.bincount(attempt, weights=mine_rate, minlength=len(used)).astype(np.float64)[attempt]
        alike = 1.0 / np.bincount(attempt, minlength=1)[attempt]
        spent_of *= np.divide(mine_rate, together, out=alike, where=together > 0)
    spent = np.bincount(host, weights=spent_of, minlength=n)
    for index in range(len(configuration.environments)):
        at, level = _stranded_steps(recording, index)
        if not len(at):
            continue
        instance["stranded"] += rate * _unused_area(recording, tenancies, stop, index, at, level)
        if changing is not None:
            for number, curve in enumerate(changing.curves):
                area = _unused_area(recording, tenancies, stop, index, *product(at, level, *curve))
                instance["stranded"] += np.where(changing.curve == number, area, 0.0)
        if plan is not None:
            at, level = product(at, level, plan.at, plan.discount)
            instance["stranded"] -= price * _unused_area(recording, tenancies, stop, index, at, level)
    idle = total - instance["boot"] - instance["minimum"] - instance["stranded"] - spent
    instance["idle"] = np.where(np.abs(idle) < 1e-9, 0.0, idle)


def _unused_area(
    recording: Recording, tenancies: _Tenancies, stop: Floats, environment: int, at: Floats, level: Floats
) -> Floats:
    """Area under a step function over what no attempt used of an environment's registered instances; 0 of others."""
    attempts, instances = recording.attempts, recording.instances
    registered_at = np.where(np.isnan(instances.registered_at), instances.terminated_at, instances.registered_at)
    mine = instances.environment == environment
    integral = area(at, level)
    whole = integral(instances.terminated_at) - integral(registered_at)
    taken = np.zeros(len(mine))
    for start in range(0, len(tenancies.attempt), SLICE):
        rows = slice(start, start + SLICE)
        attempt, host, share = tenancies.attempt[rows], tenancies.instance[rows], tenancies.share[rows]
        held_s = integral(stop[attempt]) - integral(attempts.starting_at[attempt])
        np.add.at(taken, host, np.where(mine[host], share * held_s, 0.0))
    return np.where(mine, np.maximum(whole - taken, 0.0), 0.0)


def _stranded_steps(recording: Recording, environment: int) -> tuple[Floats, Floats]:
    mine = recording.stranded.environment == environment
    return recording.stranded.at[mine], recording.stranded.stranded[mine].astype(np.float64)


def by_owner(
    configuration: Configuration,
    recording: Recording,
    cost: Costs,
    owner: Ints,
    owners: int,
    attached: list[list[int]],
) -> dict[str, Floats]:
    """Cost by owner (a queue, a workflow) and purpose: everything that was paid is somebody's.

    An owner bears what its attempts cost, and a part of what each environment cost beyond attempts: in proportion to
    what its attempts cost there; where none ran, those attached bear it alike.

    Parameters
    ----------
    owner : ndarray of int, shape (attempts,)
        Whose each attempt is.
    attached : list of list of int
        The owners attached to each environment.

    Returns
    -------
    dict of str to ndarray of float, shape (owners,)
    """
    borne = {purpose: np.zeros(owners) for purpose in PURPOSES}
    for purpose in borne:
        borne[purpose] += np.bincount(owner, weights=cost.attempt(purpose), minlength=owners)
    direct = cost.attempt_total
    for index in range(len(configuration.environments)):
        mine: NDArray[np.bool_] = recording.instances.environment == index
        if not mine.any():
            continue
        here = recording.attempts.environment == index
        weight: Floats = np.bincount(owner[here], weights=direct[here], minlength=owners).astype(np.float64)
        if weight.sum() <= 0:
            weight[attached[index] or range(owners)] = 1.0
        weight = weight / weight.sum()
        for purpose, column in cost.instance.items():
            borne[purpose] += weight * column[mine].sum()
    if cost.unused_commitment:
        together: Floats = np.bincount(owner, weights=direct, minlength=owners).astype(np.float64)
        shares = together / together.sum() if together.sum() > 0 else np.full(owners, 1.0 / max(owners, 1))
        borne["idle"] += shares * cost.unused_commitment
    return borne
