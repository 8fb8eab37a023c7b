"""The summary: the figures that a person would quote."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim._version import __version__
from batchsim.arrays import Ints
from batchsim.recording import Status
from batchsim.results.cost.price_sources import provenance
from batchsim.results.cost.totals import CostTotals
from batchsim.results.durations import Mask, queue_times, turnarounds
from batchsim.results.growth import QueueGrowth
from batchsim.results.job_rows import JobRows
from batchsim.results.left_waiting import left_waiting
from batchsim.results.objectives import ObjectiveEntries, makespan
from batchsim.results.outcome import Outcome
from batchsim.results.record import recorded_figures
from batchsim.results.reservations import reservation_figures, unused_reservations
from batchsim.results.updates import update_figures
from batchsim.results.utilisation import Environments
from batchsim.results.waits.totals import WaitsByPart
from batchsim.results.window import window_of
from batchsim.spec.configuration import Shape
from batchsim.spec.placeable import why_never
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.units import DAY, HOUR, HOURS_PER_MONTH

#: A run that took longer than this, in durations, tells no rate of spending.
LONGEST_END = 1.1


class Metrics:
    """Figures of one run."""

    def __init__(self, scenario: ResolvedScenario, outcome: Outcome) -> None:
        self._scenario = scenario
        window = window_of(scenario, outcome.recording.ended_at)
        self._outcome = outcome = outcome if window.is_whole else replace(outcome, window=window)
        work = outcome.workload
        self._counted = None if window.is_whole else work.submitted_at >= window.start
        self._queue_times = queue_times(outcome)
        self._turnarounds = turnarounds(outcome)
        self._queue_of_group = np.array(outcome.queue_of_group, np.int32)
        self._workflows = list(dict.fromkeys(group.workflow for group in work.groups))
        place = {name: index for index, name in enumerate(self._workflows)}
        self._workflow_of_group = np.array([place[group.workflow] for group in work.groups], np.int32)
        self._rows = JobRows(work.group, len(work.groups))
        self._environments = Environments(outcome)
        self._costs = CostTotals(outcome)
        self._known: dict[bytes, dict[str, Any]] = {}
        self._waits = WaitsByPart(outcome.waits, work.group, outcome.last_environment, self._counted)

    def summary(self, seed: int) -> dict[str, Any]:
        """The whole of ``summary.json`` for one replication."""
        scenario, outcome = self._scenario, self._outcome
        recording = outcome.recording
        everything = np.ones(len(outcome.workload.groups), bool)
        everywhere = range(len(outcome.configuration.environments))
        summary: dict[str, Any] = {
            "scenario": scenario.name,
            "region": scenario.region,
            "seed": seed,
            "replications": 1,
            "batchsim_version": __version__,
            "analysis": {
                "type": "terminating" if scenario.warm_up_by is None else "steady",
                "warm_up_s": scenario.warm_up_s or 0.0,
                "warm_up_by": scenario.warm_up_by,
            },
            "prices": provenance(scenario, recording),
            **self._of_groups(everything),
            "ended_at_s": recording.ended_at,
            "period_s": self._period_s,
            "utilisation": self._environments.utilisation(everywhere),
            "peak_vcpus": self._environments.peak_vcpus(everywhere),
            "interruptions": int(self._environments.interruptions().sum()),
            "cost_usd": self._costs_of_all(),
            "job_queues": self._by_queue(),
            "workflows": self._by_workflow(),
            "compute_environments": self._by_environment(),
            "never_placed": self._never_placed(),
            "unplaceable": self._unplaceable(),
            "memory_margin": self._memory_margin(),
            "skipped": dict(outcome.workload.skipped),
            "noted": dict(outcome.workload.notes),
            **recorded_figures(outcome),
            **reservation_figures(outcome),
            **update_figures(scenario.updates, recording),
            **left_waiting(scenario, outcome),
        }
        entries = ObjectiveEntries(scenario, outcome, self._queue_times, self._turnarounds, summary).entries()
        return {**summary, "objectives": entries}

    @property
    def _period_s(self) -> float:
        """What the money is for: the scenario's duration, or the time until the end of a run without, or cut before.

        In steady state it is the time after the warm-up.
        """
        if not self._outcome.window.is_whole:
            return self._outcome.window.length(self._outcome.recording.ended_at)
        return min(self._scenario.duration_s or math.inf, self._outcome.recording.ended_at)

    def _per_month(self, total: float) -> float | None:
        """The money of a month at the run's rate; None where the run does not tell a rate.

        Less than a day does not show a day's ups and downs. Where the run went on for long after the duration, its
        money is of more than that time, and of a queue that grew, which in a month costs what the capacity does.
        """
        duration, ended_at = self._scenario.duration_s, self._outcome.recording.ended_at
        if not self._outcome.window.is_whole:
            # What is paid in it is that of so much time, however long the drain takes.
            return total / self._period_s * HOURS_PER_MONTH * HOUR if self._period_s >= DAY else None
        if duration is None or not DAY <= duration <= ended_at <= duration * LONGEST_END:
            return None
        return total / duration * HOURS_PER_MONTH * HOUR

    def _of_groups(self, groups: Mask) -> dict[str, Any]:
        """Figures of the jobs of some groups; where there is one queue or workflow they are those of all."""
        key = groups.tobytes()
        if key not in self._known:
            self._known[key] = self._worked_out(groups)
        return self._known[key]

    def _worked_out(self, groups: Mask) -> dict[str, Any]:
        outcome = self._outcome
        jobs = self._jobs(groups)
        *unfinished, succeeded, failed = np.bincount(outcome.recording.status[jobs], minlength=len(Status)).tolist()
        return {
            "jobs": {
                "submitted": sum(unfinished) + succeeded + failed,
                "succeeded": succeeded,
                "failed": failed,
                "unfinished": sum(unfinished),
            },
            "queue_time_s": self._queue_times.of(jobs).figures(),
            "turnaround_s": self._turnarounds.of(jobs).figures(),
            "wait_s": self._waits.causes(groups=groups),
            "wait_limit_s": self._waits.limits(groups=groups),
            "makespan_s": makespan(outcome, jobs)[0],
        }

    def _jobs(self, groups: Mask) -> Ints | slice:
        """The jobs of some groups that count."""
        jobs = self._rows.of(groups)
        if self._counted is None:
            return jobs
        return np.flatnonzero(self._counted).astype(np.int32) if isinstance(jobs, slice) else jobs[self._counted[jobs]]

    def _by_environment(self) -> dict[str, Any]:
        """Figures of each compute environment; what it cost, by purpose, sums to its bill."""
        recording, tasks = self._outcome.recording, self._outcome.costs.tasks
        within = self._outcome.window.holds
        environments = self._outcome.configuration.environments
        attempts, instances, on_fargate = (
            np.bincount(environment, minlength=len(environments)).tolist()
            for environment in (
                recording.attempts.environment[within(recording.attempts.starting_at)],
                recording.instances.environment[within(recording.instances.requested_at)],
                recording.attempts.environment[tasks.attempt[within(recording.attempts.starting_at[tasks.attempt])]],
            )
        )
        interruptions = self._environments.interruptions()
        return {
            environment.name: {
                "attempts": attempts[index],
                "instances": instances[index] + on_fargate[index],
                "interruptions": int(interruptions[index]),
                "peak_vcpus": self._environments.peak_vcpus([index]),
                "utilisation": self._environments.utilisation([index]),
                "wait_s": self._waits.causes(environment=index),
                "cost_usd": {
                    "total": self._costs.of_environment(index),
                    "by_purpose": self._costs.by_purpose(index),
                },
            }
            for index, environment in enumerate(environments)
        }

    def _costs_of_all(self) -> dict[str, Any]:
        by_option = self._costs.by_purchase_option()
        total = math.fsum(by_option.values())
        return {
            "total": total,
            "by_purchase_option": by_option,
            "by_purpose": self._costs.by_purpose_in_all(),
            # In `idle`, and of no compute environment: those and this sum to the total.
            "unused_commitment": self._outcome.costs.unused_commitment,
            "management_fees": self._outcome.costs.management_fees,
            **unused_reservations(self._outcome),
            "per_month": self._per_month(total),
        }

    def _by_queue(self) -> dict[str, Any]:
        configuration = self._outcome.configuration
        names = [queue.name for queue in configuration.queues]
        attached = [
            [number for number, queue in enumerate(configuration.queues) if environment.name in queue.environments]
            for environment in configuration.environments
        ]
        by_queue = self._by(names, self._queue_of_group, attached)
        growth = QueueGrowth(self._scenario, self._outcome, self._queue_times, self._outcome.window.since)
        for number, figures in enumerate(by_queue.values()):
            figures["growth"] = growth.of(self._queue_of_group == number)
        return by_queue

    def _by_workflow(self) -> dict[str, Any]:
        environments = self._outcome.configuration.environments
        return self._by(self._workflows, self._workflow_of_group, [[] for _ in environments])

    def _by(self, names: list[str], owner_of_group: NDArray[np.int32], attached: list[list[int]]) -> dict[str, Any]:
        borne = self._costs.by_owner(owner_of_group, len(names), attached)
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
        everything = np.ones(len(self._outcome.workload.groups), bool)
        jobs = int(np.count_nonzero((self._outcome.last_environment < 0)[self._jobs(everything)]))
        return {"jobs": jobs, "wait_s": self._waits.causes(environment=-1)}

    def _unplaceable(self) -> list[dict[str, Any]]:
        """Jobs that no environment of their queue can ever hold, and which therefore stayed RUNNABLE."""
        outcome = self._outcome
        configuration = outcome.configuration
        found = []
        for group, asked, count in self._kinds(outcome.recording.status == Status.RUNNABLE):
            queue = configuration.queues[outcome.queue_of_group[group]]
            # A queue that was DISABLED when the run began has jobs only if it was ENABLED later.
            environments = self._scenario.updates.environments_of(configuration, queue)
            if why_never(replace(queue, enabled=True), environments, asked) is not None:
                found.append(self._kind(group, asked, count))
        return found

    def _memory_margin(self) -> list[dict[str, Any]]:
        """Jobs that ask for more memory than their instance is known to have, and were taken to fit all the same."""
        beyond = np.array([shape.beyond_mib > 0 for shape in self._outcome.workload.shapes], bool)
        if not beyond.any():
            return []
        return [
            {**self._kind(group, shape, count), "beyond_mib": shape.beyond_mib}
            for group, shape, count in self._kinds(beyond[self._outcome.workload.shape])
        ]

    def _kinds(self, jobs: Mask) -> Iterator[tuple[int, Shape, int]]:
        """Group, shape and number of some jobs."""
        work = self._outcome.workload
        jobs = jobs if self._counted is None else jobs & self._counted
        kinds = np.bincount(work.group[jobs].astype(np.int64) * len(work.shapes) + work.shape[jobs])
        for kind in np.flatnonzero(kinds).tolist():
            group, shape = divmod(kind, len(work.shapes))
            yield group, work.shapes[shape], int(kinds[kind])

    def _kind(self, group: int, shape: Shape, jobs: int) -> dict[str, Any]:
        """Jobs of one kind, as the summary names them."""
        return {
            "job_queue": self._outcome.workload.groups[group].job_queue,
            "job_definition": self._outcome.workload.groups[group].job_definition,
            "vcpus": shape.vcpus,
            "memory_mib": shape.asked_memory_mib,
            "gpus": shape.gpus,
            "jobs": jobs,
        }
