"""The bill of a run: instances by the second, tasks, recorded prices, a Savings Plan; and what each was paid for.

What each purpose means is said in `results/cost/purposes.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from batchsim.arrays import SLICE, Floats, filled, zeros_view
from batchsim.catalog.billing import billed_instance_s, billed_task_s, billed_volume_s, is_free_spot
from batchsim.recording import Recording, Status
from batchsim.results.cost.fargate_rates import Tasks, fargate_tasks, paid_spans
from batchsim.results.cost.instance_shares import InstanceShares, Tenancies, by_instance
from batchsim.results.cost.purposes import Costs
from batchsim.results.cost.rates import Rate, summed
from batchsim.results.cost.recorded_prices import recorded_rates
from batchsim.results.cost.reservations import ReservedUse, eligible, in_blocks, reserved_use
from batchsim.results.cost.savings_plan import PlanUse, plan_use
from batchsim.results.cost.stranded_room import StrandedRoom
from batchsim.results.window import WHOLE, Window
from batchsim.spec.configuration import Configuration
from batchsim.spec.workload import Workload
from batchsim.units import HOUR


def costs(workload: Workload, configuration: Configuration, recording: Recording, window: Window = WHOLE) -> Costs:
    """Cost of everything that was run, as far as it was paid within a window of time."""
    instances = _InstancePrices(configuration, recording, window)
    tasks = _TaskPrices(fargate_tasks(workload, configuration, recording), recording, window)
    reserved = reserved_use(configuration, recording, window)
    plan = _plan_use(configuration, recording, instances, tasks, reserved)
    if plan is not None:
        plan = plan.within(window)
    rates, task_rates = instances.rates, tasks.rates
    if plan is not None:
        rates = (*rates, plan.savings(instances.eligible_usd_per_s))
        task_rates = (*task_rates, plan.savings(tasks.paid.eligible_usd_per_s))
    hosted = _Hosted(InstanceShares(workload, configuration, recording), recording, rates, window)
    by_attempt = {"boot": hosted.boot, "run": hosted.run, "minimum": zeros_view(len(hosted.run))}
    if len(tasks.paid.attempt):
        by_attempt["minimum"] = np.zeros(len(hosted.run))
        for purpose, usd in tasks.billed(task_rates).items():
            by_attempt[purpose][tasks.paid.attempt] = usd
    of_instances, instance_total = instances.billed(rates)
    of_instances["stranded"] = hosted.stranded
    idle = instance_total - of_instances["boot"] - of_instances["minimum"] - hosted.stranded - hosted.used
    # What is left of an instance after all others is idle, but for rounding.
    of_instances["idle"] = np.where(np.abs(idle) < 1e-9, 0.0, idle)
    return Costs(
        by_attempt=by_attempt,
        failed=recording.attempts.status == Status.FAILED,
        instance=of_instances,
        instance_total=instance_total,
        tasks=tasks.paid,
        rates=rates,
        task_rates=task_rates,
        beside_usd_per_s=instances.beside,
        plan=plan,
        management_fees=instances.fees,
        reservations=tuple(replace(each, plan=plan) for each in reserved),
    )


def _plan_use(
    configuration: Configuration,
    recording: Recording,
    instances: _InstancePrices,
    tasks: _TaskPrices,
    reserved: tuple[ReservedUse, ...],
) -> PlanUse | None:
    if configuration.savings_plan is None:
        return None
    since, until, usd_per_s = eligible(reserved)
    return plan_use(
        configuration.savings_plan,
        np.concatenate([recording.instances.paid_from, tasks.begun, since]),
        np.concatenate([instances.paid_until, tasks.paid_until, until]),
        np.concatenate([instances.eligible_usd_per_s, tasks.paid.eligible_usd_per_s, usd_per_s]),
        recording.ended_at,
    )


class _InstancePrices:
    """What instances cost, and how many seconds of them are billed."""

    def __init__(self, configuration: Configuration, recording: Recording, window: Window) -> None:
        self._window = window
        self._instances = instances = recording.instances
        price = by_instance(configuration, instances, lambda _e, o: o.price_usd_per_hour) / HOUR
        blocked, block_usd = in_blocks(configuration, recording)
        price[blocked] = block_usd / HOUR
        # Volumes and a public address are an instance's from its launch on (EC2 User Guide, *Root volumes*, *IP
        # addressing*); that the address has the volumes' minimum of a minute is an assumption.
        self.beside = (
            by_instance(configuration, instances, lambda e, o: e.volumes_usd_per_hour(o) + e.public_ipv4_usd_per_hour)
            / HOUR
        )
        running_s = np.maximum(instances.terminated_at - instances.paid_from, 0.0)
        ran = ~np.isnan(instances.running_at)
        self._ran_s = np.where(ran, running_s, 0.0)
        self._billed_s = np.where(ran, billed_instance_s(running_s), 0.0)
        # A Capacity Block has no minimum: all of it is paid.
        self._billed_s[blocked] = self._ran_s[blocked]
        self.paid_until = instances.paid_from + self._billed_s
        free = instances.reclaimed & is_free_spot(running_s)
        self._changing, recorded = recorded_rates(configuration, recording, free)
        # ECS manages an instance, and is paid for it, whatever EC2 charges.
        self.fee = by_instance(configuration, instances, lambda _e, o: o.management_usd_per_hour) / HOUR
        self._compute = np.where(free | recorded, 0.0, price) + self.fee
        on_demand = np.array([each.launches_on_demand_instances for each in configuration.environments], bool)
        self.eligible_usd_per_s = np.where(on_demand[instances.environment], price, 0.0)
        self.eligible_usd_per_s[blocked] = 0.0

    @property
    def rates(self) -> tuple[Rate, ...]:
        """Of each instance, while it runs; the first is fixed."""
        return Rate(self._compute + self.beside), *self._changing

    @property
    def fees(self) -> float:
        """What ECS takes for managing them: by the second, a minute at the least, as EC2 (Amazon ECS pricing page)."""
        return float(np.sum(self.fee * self._window.part(self._instances.paid_from, self._billed_s)))

    def billed(self, rates: tuple[Rate, ...]) -> tuple[dict[str, Floats], Floats]:
        """What they cost before jobs could run and beyond their end, and what each is billed in all."""
        instances, compute, beside = self._instances, self._compute, self.beside
        requested_at, paid_from, gone = instances.requested_at, instances.paid_from, instances.terminated_at
        usable_from, there_s = np.maximum(instances.usable_from, paid_from), gone - requested_at
        part, volume_s = self._window.part, billed_volume_s(there_s)
        boot = beside * part(requested_at, paid_from - requested_at)
        minimum = compute * part(gone, self._billed_s - self._ran_s) + beside * part(gone, volume_s - there_s)
        in_all = compute * part(paid_from, self._billed_s) + beside * part(requested_at, volume_s)
        until = self._window.clipped(self.paid_until)
        paid_from, usable_from, gone = (self._window.clipped(column) for column in (paid_from, usable_from, gone))
        for rate in rates:
            boot += rate.between(paid_from, usable_from)
        for rate in rates[1:]:
            minimum += rate.between(gone, until)
            in_all += rate.between(paid_from, until)
        return {"boot": boot, "minimum": minimum}, in_all


class _TaskPrices:
    """What Fargate tasks cost, each from its image pull to its end."""

    def __init__(self, tasks: Tasks, recording: Recording, window: Window) -> None:
        self._window = window
        attempts = recording.attempts
        self.paid = tasks
        self.begun, self.stop = paid_spans(tasks, recording)
        self._started = np.maximum(filled(attempts.started_at[tasks.attempt], self.stop), self.begun)
        ran_s = self.stop - self.begun
        self._billed_s = np.where(ran_s > 0, billed_task_s(ran_s), ran_s)
        self.paid_until = self.begun + self._billed_s

    @property
    def rates(self) -> tuple[Rate, ...]:
        """Of each task, while it runs."""
        return (Rate(self.paid.usd_per_s),)

    def billed(self, rates: tuple[Rate, ...]) -> dict[str, Floats]:
        """What they cost until they ran, while they ran, and beyond their end."""
        minimum = self.paid.usd_per_s * self._window.part(self.stop, self._billed_s - (self.stop - self.begun))
        begun, started, stop, until = (
            self._window.clipped(column) for column in (self.begun, self._started, self.stop, self.paid_until)
        )
        for rate in rates[1:]:
            minimum += rate.between(stop, until)
        return {
            "boot": summed(rates, begun, started),
            "run": summed(rates, started, stop),
            "minimum": minimum,
        }


class _Hosted:
    """What attempts had of instances; worked out stretch by stretch, since a long run has many.

    Attributes
    ----------
    boot, run : ndarray of float, shape (attempts,)
        What each cost until it ran, and while it ran.
    used, stranded : ndarray of float, shape (instances,)
        What of each instance attempts had in all, and what nothing had while room was stranded.
    """

    def __init__(self, shares: InstanceShares, recording: Recording, rates: tuple[Rate, ...], window: Window) -> None:
        attempts, self._several = recording.attempts, len(recording.nodes.attempt) > 0
        self._rates = rates
        self.boot, self.run = np.zeros(len(attempts.job)), np.zeros(len(attempts.job))
        self.used = np.zeros(len(recording.instances.environment))
        room = StrandedRoom(recording, rates, window)
        for first in range(0, len(attempts.job) if len(self.used) else 0, SLICE):
            rows = slice(first, min(first + SLICE, len(attempts.job)))
            tenancies, begun = shares.of(rows.start, rows.stop), attempts.starting_at[rows]
            stop = filled(attempts.stopped_at[rows], recording.ended_at)
            started = np.maximum(filled(attempts.started_at[rows], stop), begun)
            begun, started, stop = (window.clipped(column) for column in (begun, started, stop))
            own = tuple(rate.of(tenancies.summed(rate.usd_per_s, len(begun))) for rate in rates)
            self.boot[rows], self.run[rows] = summed(own, begun, started), summed(own, started, stop)
            self._add(tenancies, self.boot[rows] + self.run[rows])
            room.use(tenancies, begun, stop)
        self.stranded = room.usd()

    def _add(self, tenancies: Tenancies, usd: Floats) -> None:
        """Add what attempts cost to the instances that they ran on."""
        attempt, host = tenancies.attempt, tenancies.instance
        of_each = usd[attempt]
        if self._several:
            # A multi-node job's cost is its instances', by their rates.
            rate = self._rates[0].usd_per_s[host] * tenancies.share
            together = np.bincount(attempt, weights=rate, minlength=len(usd))[attempt]
            alike = 1.0 / np.bincount(attempt, minlength=1)[attempt]
            of_each *= np.divide(rate, together, out=alike, where=together > 0)
        np.add.at(self.used, host, of_each)
