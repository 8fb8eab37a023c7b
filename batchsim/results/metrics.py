"""The summary: the figures that a person would quote."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim._version import __version__
from batchsim.columns import PURCHASE_OPTIONS, PURPOSES, Floats, Status, nothing
from batchsim.results.cost import by_owner
from batchsim.results.environments import Environments
from batchsim.results.frames import Tables
from batchsim.results.promises import QUANTILES, chosen, finished_at, statistic
from batchsim.results.statistics import added
from batchsim.results.waits_by_part import WaitsByPart
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


class Metrics:
    """Figures of one run."""

    def __init__(self, scenario: Scenario, tables: Tables) -> None:
        self._scenario = scenario
        self._tables = tables
        work, recording = tables.workload, tables.recording
        self.queue_time_s = tables.attempts_of_jobs.first_starting_at - recording.runnable_at
        self.turnaround_s = recording.stopped_at - work.submitted_at
        self._queue_of_group = np.array(tables.queue_of_group, np.int32)
        self._workflows = list(dict.fromkeys(group.workflow for group in work.groups))
        place = {name: index for index, name in enumerate(self._workflows)}
        self._workflow_of_group = np.array([place[group.workflow] for group in work.groups], np.int32)
        self._environments = Environments(tables)
        self._waits = WaitsByPart(tables.waits, work.group, tables.last_environment)

    def summary(self, seed: int) -> dict[str, Any]:
        """The whole of ``summary.json`` for one replication."""
        scenario, tables = self._scenario, self._tables
        recording = tables.recording
        everything = np.ones(len(tables.workload.groups), bool)
        everywhere = range(len(tables.configuration.environments))
        total = self._costs_of_all()
        summary: dict[str, Any] = {
            "scenario": scenario.name,
            "region": scenario.region,
            "seed": seed,
            "replications": 1,
            "batchsim_version": __version__,
            **self._of_groups(everything),
            "ended_at_s": recording.ended_at,
            "utilisation": self._environments.utilisation(everywhere),
            "peak_vcpus": self._environments.peak_vcpus(everywhere),
            "interruptions": int(self._environments.interruptions().sum()),
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

    def _of_groups(self, groups: Mask) -> dict[str, Any]:
        """Figures of the jobs of some groups."""
        tables = self._tables
        mask = groups[tables.workload.group]
        status = tables.recording.status[mask]
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
            "wait_s": self._waits.causes(groups=groups),
            "wait_limit_s": self._waits.limits(groups=groups),
            "makespan_s": self._makespan(mask),
        }

    def _makespan(self, mask: Mask) -> float | None:
        """From the first submission to the last end; null if nothing ended."""
        recording = self._tables.recording
        stopped = recording.stopped_at[mask]
        if not mask.any() or np.isnan(stopped).all():
            return None
        return float(np.nanmax(stopped) - self._tables.workload.submitted_at[mask].min())

    def _by_environment(self) -> dict[str, Any]:
        """Figures of each compute environment; what it cost, by purpose, sums to its bill."""
        tables, cost = self._tables, self._tables.costs
        attempts, instances = tables.recording.attempts, tables.recording.instances
        interruptions = self._environments.interruptions()
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
                "peak_vcpus": self._environments.peak_vcpus([index]),
                "utilisation": self._environments.utilisation([index]),
                "wait_s": self._waits.causes(environment=index),
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
        return self._by(names, self._queue_of_group, attached)

    def _by_workflow(self) -> dict[str, Any]:
        environments = self._tables.configuration.environments
        return self._by(self._workflows, self._workflow_of_group, [[] for _ in environments])

    def _by(self, names: list[str], owner_of_group: NDArray[np.int32], attached: list[list[int]]) -> dict[str, Any]:
        tables = self._tables
        owner = owner_of_group[tables.workload.group[tables.recording.attempts.job]]
        borne = by_owner(tables.configuration, tables.recording, tables.costs, owner, len(names), attached)
        result = {}
        for number, name in enumerate(names):
            purposes = {purpose: float(column[number]) for purpose, column in borne.items()}
            result[name] = {
                **self._of_groups(owner_of_group == number),
                "cost_usd": {"total": math.fsum(purposes.values()), "by_purpose": purposes},
            }
        return result

    def _never_placed(self) -> dict[str, Any]:
        """Jobs that no environment ever had: their waits and the environments' sum to those of all."""
        jobs = int(np.count_nonzero(self._tables.last_environment < 0))
        return {"jobs": jobs, "wait_s": self._waits.causes(environment=-1)}

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
