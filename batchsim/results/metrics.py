"""The summary: the figures that a person would quote."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim._version import __version__
from batchsim.columns import LIMITS, PURCHASE_OPTIONS, PURPOSES, SLICE, WAIT_CAUSES, Floats, Status, nothing
from batchsim.results.cost import by_owner
from batchsim.results.frames import Tables
from batchsim.results.promises import QUANTILES, chosen, finished_at, statistic
from batchsim.results.steps import steps
from batchsim.scenario.objectives import Objective
from batchsim.scenario.scenario import Scenario

Mask = NDArray[np.bool_]


def figures(values: Floats) -> dict[str, float | None]:
    """Mean, quantiles and maximum; null for no values."""
    if not len(values):
        return dict.fromkeys(("mean", *QUANTILES, "max"))
    quantiles = np.quantile(values, list(QUANTILES.values()))
    return {
        "mean": added(values) / len(values),
        **dict(zip(QUANTILES, quantiles.tolist(), strict=True)),
        "max": float(values.max()),
    }


def added(*columns: Floats) -> float:
    """The exactly rounded sum of columns; as Python floats, which is several times faster than as NumPy's."""
    parts = (column[start : start + SLICE] for column in columns for start in range(0, len(column), SLICE))
    return math.fsum(chain.from_iterable(part.tolist() for part in parts))


class Metrics:
    """Figures of one run."""

    def __init__(self, scenario: Scenario, tables: Tables) -> None:
        self._scenario = scenario
        self._tables = tables
        work, recording = tables.workload, tables.recording
        self.queue_time_s = tables.attempts_of_jobs.first_starting_at - recording.runnable_at
        self.turnaround_s = recording.stopped_at - work.submitted_at
        self._queue_of = np.array(tables.queue_of_group, np.int32)[work.group]
        self._workflows = list(dict.fromkeys(group.workflow for group in work.groups))
        place = {name: index for index, name in enumerate(self._workflows)}
        self._workflow_of = np.array([place[group.workflow] for group in work.groups], np.int32)[work.group]

    def summary(self, seed: int) -> dict[str, Any]:
        """The whole of ``summary.json`` for one replication."""
        scenario, tables = self._scenario, self._tables
        recording = tables.recording
        everything = np.ones(len(tables.workload), bool)
        everywhere = range(len(tables.configuration.environments))
        total = self._costs_of_all()
        summary: dict[str, Any] = {
            "scenario": scenario.name,
            "region": scenario.region,
            "seed": seed,
            "replications": 1,
            "batchsim_version": __version__,
            **self._of_jobs(everything),
            "makespan_s": self._makespan(everything),
            "ended_at_s": recording.ended_at,
            "utilisation": self._utilisation(everywhere),
            "peak_vcpus": self._peak_vcpus(everywhere),
            "interruptions": int(self._interruptions().sum()),
            "cost_usd": total,
            "job_queues": self._by_queue(),
            "workflows": self._by_workflow(),
            "compute_environments": self._by_environment(),
            "never_placed": self._never_placed(),
            "unplaceable": self._unplaceable(),
            "skipped": dict(tables.workload.skipped),
        }
        summary["objectives"] = [self._objective(objective, summary) for objective in scenario.objectives]
        return summary

    def _of_jobs(self, mask: Mask) -> dict[str, Any]:
        tables, status = self._tables, self._tables.recording.status[mask]
        queue_time, turnaround = self.queue_time_s[mask], self.turnaround_s[mask]
        ran = tables.attempts_of_jobs.count[mask] > 0
        return {
            "jobs": {
                "submitted": int(mask.sum()),
                "succeeded": int((status == Status.SUCCEEDED).sum()),
                "failed": int((status == Status.FAILED).sum()),
                "unfinished": int((status < Status.SUCCEEDED).sum()),
            },
            "queue_time_s": figures(queue_time[~np.isnan(queue_time)]),
            "turnaround_s": figures(turnaround[ran & ~np.isnan(turnaround)]),
            "wait_s": self._waited(np.flatnonzero(mask), self._tables.waits.of, WAIT_CAUSES),
            "wait_limit_s": self._waited(np.flatnonzero(mask), self._tables.waits.for_limits, LIMITS.values()),
        }

    def _waited(
        self, jobs: NDArray[np.intp], of: Callable[[NDArray[np.intp]], dict[str, Floats]], names: Iterable[str]
    ) -> dict[str, float]:
        """Seconds that jobs waited, by name."""
        slices = [of(jobs[start : start + SLICE]) for start in range(0, len(jobs), SLICE)]
        return {name: added(*(waited[name] for waited in slices if name in waited)) for name in names}

    def _makespan(self, mask: Mask) -> float | None:
        """From the first submission to the last end; null if nothing ended."""
        recording = self._tables.recording
        stopped = recording.stopped_at[mask]
        if not mask.any() or np.isnan(stopped).all():
            return None
        return float(np.nanmax(stopped) - self._tables.workload.submitted_at[mask].min())

    def _held(self, member: str) -> Floats:
        """What each attempt held, times how long: vCPU-seconds or MiB-seconds."""
        tables, attempts = self._tables, self._tables.recording.attempts
        size = np.array([float(getattr(shape, member)) for shape in tables.workload.shapes])
        stop = np.where(np.isnan(attempts.stopped_at), tables.recording.ended_at, attempts.stopped_at)
        return size[tables.workload.shape[attempts.job]] * (stop - attempts.starting_at)

    def _utilisation(self, environments: Sequence[int]) -> dict[str, float | None]:
        """Held by attempts over what was there: registered instances, Fargate tasks, unmanaged processors in use."""
        recording, configuration = self._tables.recording, self._tables.configuration
        instances = recording.instances
        there = np.where(np.isnan(instances.registered_at), 0.0, instances.terminated_at - instances.registered_at)
        result: dict[str, float | None] = {}
        for member, key in (("vcpus", "vcpu"), ("memory_mib", "memory")):
            held, used, available = self._held(member), 0.0, 0.0
            for index in environments:
                environment = configuration.environments[index]
                mine = added(held[recording.attempts.environment == index])
                if environment.purchase_option == "UNMANAGED":
                    if member == "vcpus" and mine > 0:
                        used += mine
                        available += environment.max_vcpus * recording.ended_at
                    continue
                used += mine
                if environment.fargate is not None:
                    available += mine
                elif environment.offerings:
                    size = np.array([float(getattr(offering, member)) for offering in environment.offerings])
                    on = instances.environment == index
                    available += math.fsum(size[instances.offering[on]] * there[on])
            result[key] = used / available if available > 0 else None
        return result

    def _peak_vcpus(self, environments: Sequence[int]) -> float:
        """Most vCPUs that ran at once: of instances, Fargate tasks, and unmanaged processors in use."""
        tables = self._tables
        recording, instances, attempts = tables.recording, tables.recording.instances, tables.recording.attempts
        start, stop, size = [], [], []
        for index in environments:
            environment = tables.configuration.environments[index]
            if environment.offerings:
                on = instances.environment == index
                ran = np.where(np.isnan(instances.running_at), instances.terminated_at, instances.running_at)
                start.append(ran[on])
                stop.append(instances.terminated_at[on])
                size.append(np.array([float(o.vcpus) for o in environment.offerings])[instances.offering[on]])
            else:
                on = attempts.environment == index
                start.append(attempts.starting_at[on])
                stop.append(np.where(np.isnan(attempts.stopped_at[on]), recording.ended_at, attempts.stopped_at[on]))
                vcpus = np.array([shape.vcpus for shape in tables.workload.shapes])
                size.append(vcpus[tables.workload.shape[attempts.job[on]]])
        _, level = steps(np.concatenate(start), np.concatenate(stop), np.concatenate(size))
        return float(level.max(initial=0.0))

    def _interruptions(self) -> NDArray[np.int64]:
        """Instances and Fargate tasks that AWS took back, by environment."""
        recording, environments = self._tables.recording, len(self._tables.configuration.environments)
        texts = np.array([text.startswith("Your Spot Task was interrupted") for text in recording.reasons])
        tasks = recording.attempts.environment[texts[recording.attempts.reason]]
        instances = recording.instances.environment[recording.instances.reclaimed]
        return np.bincount(tasks, minlength=environments) + np.bincount(instances, minlength=environments)

    def _last_environment(self) -> NDArray[np.int32]:
        """The environment of each job's last attempt; -1 where it never began one."""
        last, environment = self._tables.attempts_of_jobs.last, self._tables.recording.attempts.environment
        ran_on = np.full(len(last), -1, np.int32)
        ran_on[last >= 0] = environment[last[last >= 0]]
        return ran_on

    def _by_environment(self) -> dict[str, Any]:
        """Figures of each compute environment; what it cost, by purpose, sums to its bill."""
        tables, cost = self._tables, self._tables.costs
        ran_on = self._last_environment()
        attempts, instances, interruptions = (
            tables.recording.attempts,
            tables.recording.instances,
            self._interruptions(),
        )
        result = {}
        for index, environment in enumerate(tables.configuration.environments):
            here, mine = attempts.environment == index, instances.environment == index
            purposes = {
                purpose: added(cost.attempt(purpose)[here], cost.instance.get(purpose, nothing(len(mine)))[mine])
                for purpose in PURPOSES
            }
            tasks = here & (cost.task_rate > 0)
            result[environment.name] = {
                "attempts": int(here.sum()),
                "instances": int(mine.sum()) + int(tasks.sum()),
                "interruptions": int(interruptions[index]),
                "peak_vcpus": self._peak_vcpus([index]),
                "utilisation": self._utilisation([index]),
                "wait_s": self._waited(np.flatnonzero(ran_on == index), tables.waits.of, WAIT_CAUSES),
                "cost_usd": {
                    "total": added(cost.instance_total[mine], cost.attempt_total[tasks]),
                    "by_purpose": purposes,
                },
            }
        return result

    def _costs_of_all(self) -> dict[str, Any]:
        cost, recording = self._tables.costs, self._tables.recording
        by_option = dict.fromkeys(PURCHASE_OPTIONS, 0.0)
        for index, environment in enumerate(self._tables.configuration.environments):
            if environment.purchase_option in by_option:
                on_instances = cost.instance_total[recording.instances.environment == index]
                on_tasks = cost.attempt_total[(recording.attempts.environment == index) & (cost.task_rate > 0)]
                by_option[environment.purchase_option] += added(on_instances) + added(on_tasks)
        purposes = {
            purpose: added(cost.attempt(purpose)) + added(cost.instance.get(purpose, nothing(0)))
            for purpose in PURPOSES
        }
        # A Savings Plan's unused commitment bought nothing: idle, and of on-demand EC2.
        by_option["EC2"] += cost.unused_commitment
        purposes["idle"] += cost.unused_commitment
        return {
            "total": math.fsum(by_option.values()),
            "by_purchase_option": by_option,
            "by_purpose": purposes,
            # In `idle`, and of no compute environment: those and this sum to the total.
            "unused_commitment": cost.unused_commitment,
        }

    def _by_queue(self) -> dict[str, Any]:
        configuration = self._tables.configuration
        names = [queue.name for queue in configuration.queues]
        attached = [
            [number for number, queue in enumerate(configuration.queues) if environment.name in queue.environments]
            for environment in configuration.environments
        ]
        return self._by(names, self._queue_of, attached)

    def _by_workflow(self) -> dict[str, Any]:
        environments = self._tables.configuration.environments
        return self._by(self._workflows, self._workflow_of, [[] for _ in environments])

    def _by(self, names: list[str], owner_of_job: NDArray[np.int32], attached: list[list[int]]) -> dict[str, Any]:
        tables = self._tables
        owner = owner_of_job[tables.recording.attempts.job]
        borne = by_owner(tables.configuration, tables.recording, tables.costs, owner, len(names), attached)
        result = {}
        for number, name in enumerate(names):
            mask = owner_of_job == number
            purposes = {purpose: float(column[number]) for purpose, column in borne.items()}
            result[name] = {
                **self._of_jobs(mask),
                "makespan_s": self._makespan(mask),
                "cost_usd": {"total": math.fsum(purposes.values()), "by_purpose": purposes},
            }
        return result

    def _never_placed(self) -> dict[str, Any]:
        """Jobs that no environment ever had: their waits and the environments' sum to those of all."""
        jobs = np.flatnonzero(self._last_environment() < 0)
        return {"jobs": len(jobs), "wait_s": self._waited(jobs, self._tables.waits.of, WAIT_CAUSES)}

    def _unplaceable(self) -> list[dict[str, Any]]:
        """Jobs that no environment of their queue can ever hold, and which therefore stayed RUNNABLE."""
        tables = self._tables
        work, configuration = tables.workload, tables.configuration
        environments = {environment.name: environment for environment in configuration.environments}
        stuck = tables.recording.status == Status.RUNNABLE
        kinds, counts = np.unique(np.column_stack([work.group[stuck], work.shape[stuck]]), axis=0, return_counts=True)
        found = []
        for (group, shape), count in zip(kinds.tolist(), counts.tolist(), strict=True):
            queue = configuration.queues[tables.queue_of_group[group]]
            asked = work.shapes[shape]
            if not any(environments[name].can_hold(asked) for name in queue.environments):
                found.append(
                    {
                        "job_queue": queue.name,
                        "job_definition": work.groups[group].job_definition,
                        "vcpus": asked.vcpus,
                        "memory_mib": asked.memory_mib,
                        "gpus": asked.gpus,
                        "jobs": count,
                    }
                )
        return found

    # Objectives

    def _objective(self, objective: Objective, summary: dict[str, Any]) -> dict[str, Any]:
        plain: dict[str, Callable[[], float | None]] = {
            "cost": lambda: float(summary["cost_usd"]["total"]),
            "makespan": lambda: summary["makespan_s"],
            "utilisation": lambda: summary["utilisation"]["vcpu"],
            "failed": lambda: float(summary["jobs"]["failed"]),
            "unfinished": lambda: float(summary["jobs"]["unfinished"]),
        }
        mask = chosen(objective, self._tables.workload)
        if objective.metric in plain:
            value = plain[objective.metric]()
        elif objective.metric == "finished_at":
            work, stopped_at = self._tables.workload, self._tables.recording.stopped_at
            value = finished_at(objective, work, stopped_at, self._scenario.start)
        else:
            column = self.queue_time_s if objective.metric == "queue_time" else self.turnaround_s
            value = self._statistic(objective, column, mask)
        minimised = objective.goal == "minimise"
        return {
            "expression": objective.expression,
            "value": value,
            "limit": None if minimised else objective.limit,
            # A plain bool: numpy's is neither JSON nor `is False`.
            "kept": None if minimised else value is not None and bool(_compare(value, objective)),
        }

    def _statistic(self, objective: Objective, column: Floats, mask: Mask) -> float | None:
        """A statistic of jobs; null when one of them never got there: a promise about all is not kept by some.

        Jobs that failed without running, because one they depend on failed, waited for nothing and are left out.
        """
        tables = self._tables
        never_ran = (tables.recording.status == Status.FAILED) & (tables.attempts_of_jobs.count == 0)
        values = column[mask & ~never_ran]
        if not len(values) or np.isnan(values).any():
            return None
        return statistic(objective.statistic, values)


def _compare(value: float, objective: Objective) -> bool:
    return {
        "<=": value <= objective.limit,
        ">=": value >= objective.limit,
        "<": value < objective.limit,
        ">": value > objective.limit,
    }[objective.comparison]
