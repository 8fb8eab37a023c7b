"""The bill of a run while it is added up: instances by the second, tasks, recorded prices, a Savings Plan.

What each purpose means, and how an instance is shared by its attempts, is said in `results/cost/purposes.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Floats, Ints, zeros_view
from batchsim.catalog.billing import billed_instance_s, billed_task_s, billed_volume_s, is_free_spot
from batchsim.recording import Recording
from batchsim.results.cost.recorded_prices import recorded
from batchsim.results.cost.savings_plan import Coverage, coverage
from batchsim.results.step_functions import integrator, product
from batchsim.spec.configuration import ComputeEnvironment, Configuration, FargatePrices, Offering
from batchsim.spec.workload import Workload
from batchsim.units import HOUR, MIB_PER_GIB

VCPU_WEIGHT, GIB_WEIGHT = 9.0, 1.0
GPU_SHARE = 0.95
INCLUDED_STORAGE_GIB = 20


@dataclass(frozen=True)
class Tenancies:
    """Which attempt has which share of which instance; a multi-node job has the whole of several."""

    attempt: NDArray[np.int64]
    instance: Ints
    share: Floats


class Bill:
    """What was paid, in US dollars; the attributes are those of `results.cost.Costs`."""

    def __init__(self, workload: Workload, configuration: Configuration, recording: Recording) -> None:
        self._workload = workload
        self._configuration = configuration
        self._recording = recording
        instances = recording.instances
        self._running_s = np.maximum(instances.terminated_at - instances.paid_from, 0.0)
        ran = ~np.isnan(instances.running_at)
        self._billed_s = np.where(ran, billed_instance_s(self._running_s), 0.0)
        self._bill_instances()
        self._tenancies = self._find_tenancies()
        self.task_rate = self._task_rates(self._task_rate)
        self._begun, self._started, self._stop = self._spans()
        self._bill_attempts()
        self.eligible_rate = np.zeros(len(instances.environment))
        self.eligible_task_rate = zeros_view(len(recording.attempts.job))
        self.plan: Coverage | None = None

    def _bill_instances(self) -> None:
        instances = self._recording.instances
        price = self._per_instance(lambda _e, o: o.price_usd_per_hour) / HOUR
        # A root volume and a public address are an instance's from its launch on (EC2 User Guide, *Root volumes*, *IP
        # addressing*); that the address has the volume's minimum of a minute is an assumption.
        beside = self._per_instance(lambda e, _o: e.root_volume_usd_per_hour + e.public_ipv4_usd_per_hour) / HOUR
        free = instances.reclaimed & is_free_spot(self._running_s)
        self.recorded = recorded(self._configuration, self._recording, free)
        compute = np.where(free if self.recorded is None else free | (self.recorded.curve >= 0), 0.0, price)
        self.fixed_rate: Floats = compute + beside
        there_s = instances.terminated_at - instances.requested_at
        self.instance_total: Floats = compute * self._billed_s + beside * billed_volume_s(there_s)
        before_s = instances.paid_from - instances.requested_at
        boot_s = np.maximum(instances.usable_from - instances.paid_from, 0.0)
        ran_s = np.where(np.isnan(instances.running_at), 0.0, self._running_s)
        self.instance: dict[str, Floats] = {
            "boot": beside * before_s + (compute + beside) * boot_s,
            "minimum": compute * (self._billed_s - ran_s) + beside * (billed_volume_s(there_s) - there_s),
            "idle": np.zeros(len(compute)),
            "stranded": np.zeros(len(compute)),
        }

    def _bill_attempts(self) -> None:
        n, tenancies = len(self._recording.attempts.job), self._tenancies
        weights = self.fixed_rate[tenancies.instance] * tenancies.share
        rate = np.bincount(tenancies.attempt, weights=weights, minlength=n).astype(np.float64, copy=False)
        rate = rate + self.task_rate
        self.by_attempt: dict[str, Floats] = {
            "boot": rate * (self._started - self._begun),
            "run": rate * (self._stop - self._started),
            "minimum": zeros_view(n),
        }
        billed = np.flatnonzero((self.task_rate > 0) & (self._stop > self._begun))
        if len(billed):
            ran_s = self._stop[billed] - self._begun[billed]
            self.by_attempt["minimum"] = np.zeros(n)
            self.by_attempt["minimum"][billed] = self.task_rate[billed] * (billed_task_s(ran_s) - ran_s)

    def _spans(self) -> tuple[Floats, Floats, Floats]:
        """When each attempt was first paid for, when it ran, when it ended."""
        attempts = self._recording.attempts
        stop = np.where(np.isnan(attempts.stopped_at), self._recording.ended_at, attempts.stopped_at)
        begun, tasks = attempts.starting_at, np.flatnonzero(self.task_rate > 0)
        if len(tasks):
            begun = begun.copy()
            begun[tasks] = np.where(np.isnan(attempts.pull_at[tasks]), stop[tasks], attempts.pull_at[tasks])
        started = np.where(np.isnan(attempts.started_at), stop, attempts.started_at)
        return begun, np.maximum(started, begun, out=started), stop

    def _per_instance(self, figure: Callable[[ComputeEnvironment, Offering], float]) -> Floats:
        """A figure of each instance's offering (and environment)."""
        instances = self._recording.instances
        column = np.zeros(len(instances.environment))
        for index, environment in enumerate(self._configuration.environments):
            mine = instances.environment == index
            if mine.any():
                known = np.array([figure(environment, offering) for offering in environment.offerings], float)
                column[mine] = known[instances.offering[mine]]
        return column

    # Who has what of which instance

    def _find_tenancies(self) -> Tenancies:
        attempts, nodes = self._recording.attempts, self._recording.nodes
        hosted = np.flatnonzero(attempts.instance >= 0)
        instance = attempts.instance[hosted]
        shape = self._workload.shape[attempts.job[hosted]]
        share = self._shares(shape, instance)
        if not len(nodes.attempt):
            return Tenancies(hosted, instance, share)
        gangs = np.array([bool(shape.nodes) for shape in self._workload.shapes], bool)
        share[gangs[shape]] = 1.0
        return Tenancies(
            np.concatenate([hosted, nodes.attempt.astype(np.int64)]),
            np.concatenate([instance, nodes.instance]),
            np.concatenate([share, np.ones(len(nodes.attempt))]),
        )

    def _shares(self, shape: Ints, host: Ints) -> Floats:
        """The shares that jobs of such shapes have of such instances."""
        asked = np.array(
            [(VCPU_WEIGHT * s.vcpus + GIB_WEIGHT * s.memory_mib / MIB_PER_GIB, s.gpus) for s in self._workload.shapes],
            float,
        ).reshape(-1, 2)
        whole = self._per_instance(lambda _e, o: VCPU_WEIGHT * o.vcpus + GIB_WEIGHT * o.memory_mib / MIB_PER_GIB)
        gpus = self._per_instance(lambda _e, o: o.gpus)
        split: Floats = asked[shape, 0] / whole[host]
        if not gpus.any():
            return split
        with_gpus = gpus[host] > 0
        by_gpu = asked[shape, 1] / np.where(with_gpus, gpus[host], 1.0)
        split[with_gpus] = GPU_SHARE * by_gpu[with_gpus] + (1 - GPU_SHARE) * split[with_gpus]
        return split

    # Fargate

    def _task_rates(self, rate: Callable[[ComputeEnvironment, int, int], float]) -> Floats:
        """USD per second of each Fargate attempt, by its environment, group and shape; 0 for others."""
        workload, attempts = self._workload, self._recording.attempts
        if not any(environment.fargate for environment in self._configuration.environments):
            return zeros_view(len(attempts.job))
        rates = np.zeros(len(attempts.job))
        for index, environment in enumerate(self._configuration.environments):
            if environment.fargate is None:
                continue
            mine = np.flatnonzero(attempts.environment == index)
            job = attempts.job[mine]
            table = np.zeros((len(workload.groups), len(workload.shapes)))
            for group, shape in np.unique(np.column_stack([workload.group[job], workload.shape[job]]), axis=0):
                table[group, shape] = rate(environment, int(group), int(shape)) / HOUR
            rates[mine] = table[workload.group[job], workload.shape[job]]
        return rates

    def _task_rate(self, environment: ComputeEnvironment, group: int, shape: int) -> float:
        """USD per hour of a task, with its storage and its public address."""
        task, prices = self._workload.groups[group], self._prices(environment, group)
        storage = max(task.ephemeral_storage_gib - INCLUDED_STORAGE_GIB, 0)
        address = environment.public_ipv4_usd_per_hour if task.public_ip else 0.0
        return self._eligible_task_rate(environment, group, shape) + storage * prices.usd_per_storage_gb_hour + address

    def _eligible_task_rate(self, environment: ComputeEnvironment, group: int, shape: int) -> float:
        """USD per hour of what a Savings Plan covers of a task: its vCPUs and memory."""
        asked, prices = self._workload.shapes[shape], self._prices(environment, group)
        return asked.vcpus * prices.usd_per_vcpu_hour + asked.memory_mib / MIB_PER_GIB * prices.usd_per_gb_hour

    def _prices(self, environment: ComputeEnvironment, group: int) -> FargatePrices:
        assert environment.fargate is not None  # noqa: S101 (for the type checker)
        return environment.fargate[self._workload.groups[group].architecture]

    # Prices that change, and what a plan saves

    def add_recorded_prices(self) -> None:
        """Add what instances of recorded prices cost."""
        if self.recorded is None:
            return
        instances, paid = self._recording.instances, self.recorded.paid
        every = np.arange(len(self.instance_total))
        running_at, used_until = instances.paid_from, instances.terminated_at
        self.instance["boot"] += paid(every, running_at, np.maximum(instances.usable_from, running_at))
        self.instance["minimum"] += paid(every, used_until, running_at + self._billed_s)
        self.instance_total += paid(every, running_at, running_at + self._billed_s)
        at, host = self._tenancies.attempt, self._tenancies.instance.astype(np.int64)

        def of_attempts(start: Floats, stop: Floats) -> Floats:
            usd = self._tenancies.share * paid(host, start[at], stop[at])
            return np.bincount(at, weights=usd, minlength=len(start)).astype(np.float64)

        self.by_attempt["boot"] += of_attempts(self._begun, self._started)
        self.by_attempt["run"] += of_attempts(self._started, self._stop)

    def take_off_savings(self) -> None:
        """Take off what a Savings Plan saves."""
        if self._configuration.savings_plan is None:
            return
        attempts, instances, tenancies = self._recording.attempts, self._recording.instances, self._tenancies
        options = np.array([environment.purchase_option for environment in self._configuration.environments])
        price = self._per_instance(lambda _e, o: o.price_usd_per_hour) / HOUR
        self.eligible_rate = price = np.where(options[instances.environment] == "EC2", price, 0.0)
        tasks = np.where(options[attempts.environment] == "FARGATE", self._task_rates(self._eligible_task_rate), 0.0)
        self.eligible_task_rate = tasks
        paid_until = instances.paid_from + self._billed_s
        held_s = self._stop - self._begun
        task_paid_until = np.where(held_s > 0, self._begun + billed_task_s(held_s), self._begun)
        self.plan = plan = coverage(
            self._configuration.savings_plan,
            np.concatenate([instances.paid_from, self._begun]),
            np.concatenate([paid_until, task_paid_until]),
            np.concatenate([price, tasks]),
            self._recording.ended_at,
        )
        weights = price[tenancies.instance] * tenancies.share
        eligible = np.bincount(tenancies.attempt, weights=weights, minlength=len(tasks)).astype(np.float64) + tasks
        self.by_attempt["boot"] -= plan.saved(eligible, self._begun, self._started)
        self.by_attempt["run"] -= plan.saved(eligible, self._started, self._stop)
        self.by_attempt["minimum"] = self.by_attempt["minimum"] - plan.saved(tasks, self._stop, task_paid_until)
        boot_until = np.maximum(instances.usable_from, instances.paid_from)
        self.instance["boot"] -= plan.saved(price, instances.paid_from, boot_until)
        self.instance["minimum"] -= plan.saved(price, instances.terminated_at, paid_until)
        self.instance_total -= plan.saved(price, instances.paid_from, paid_until)

    # What nothing used

    def split_unused(self) -> None:
        """Split what no attempt used of registered instances into stranded and idle."""
        for index in range(len(self._configuration.environments)):
            mine = self._recording.stranded.environment == index
            at = self._recording.stranded.at[mine]
            level = self._recording.stranded.stranded[mine].astype(np.float64)
            if not len(at):
                continue
            stranded = self.instance["stranded"]
            stranded += self.fixed_rate * self._unused_area(index, at, level)
            if self.recorded is not None:
                for number, curve in enumerate(self.recorded.curves):
                    unused = self._unused_area(index, *product(at, level, *curve))
                    stranded += np.where(self.recorded.curve == number, unused, 0.0)
            if self.plan is not None:
                at, level = product(at, level, self.plan.at, self.plan.discount)
                stranded -= self.eligible_rate * self._unused_area(index, at, level)
        spent = self._spent_on_instances()
        idle = (
            self.instance_total - self.instance["boot"] - self.instance["minimum"] - self.instance["stranded"] - spent
        )
        self.instance["idle"] = np.where(np.abs(idle) < 1e-9, 0.0, idle)

    def _spent_on_instances(self) -> Floats:
        """What attempts cost, by the instance that they ran on."""
        attempt, host, share = self._tenancies.attempt, self._tenancies.instance, self._tenancies.share
        used = self.by_attempt["boot"] + self.by_attempt["run"]
        spent_of = used[attempt]
        if len(self._recording.nodes.attempt):
            # A multi-node job's cost is its instances', by their rates.
            rate = self.fixed_rate[host] * share
            together = np.bincount(attempt, weights=rate, minlength=len(used)).astype(np.float64)[attempt]
            alike = 1.0 / np.bincount(attempt, minlength=1)[attempt]
            spent_of *= np.divide(rate, together, out=alike, where=together > 0)
        return np.bincount(host, weights=spent_of, minlength=len(self.instance_total)).astype(np.float64)

    def _unused_area(self, environment: int, at: Floats, level: Floats) -> Floats:
        """Area under a step function over what no attempt used of an environment's instances; 0 of others."""
        instances, tenancies = self._recording.instances, self._tenancies
        mine = instances.environment == environment
        integrated = integrator(at, level)
        whole = integrated(instances.terminated_at) - integrated(instances.usable_from)
        taken = np.zeros(len(mine))
        for start in range(0, len(tenancies.attempt), SLICE):
            rows = slice(start, start + SLICE)
            attempt, host, share = tenancies.attempt[rows], tenancies.instance[rows], tenancies.share[rows]
            held_s = integrated(self._stop[attempt]) - integrated(self._recording.attempts.starting_at[attempt])
            np.add.at(taken, host, np.where(mine[host], share * held_s, 0.0))
        return np.where(mine, np.maximum(whole - taken, 0.0), 0.0)
