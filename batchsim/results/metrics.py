"""The summary: the figures a person would quote, of the whole run, of each job queue and of each workflow.

Every figure can be recomputed from the tables. A figure without anything behind it is None (null in JSON), never NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from batchsim._version import __version__
from batchsim.columns import PURCHASE_OPTIONS, PURPOSES, Floats, Ints, Status
from batchsim.results.cost import Costs, purposes_by, spread
from batchsim.results.distribution import describe
from batchsim.results.facts import Facts, take
from batchsim.results.promises import evaluate
from batchsim.results.steps import Spans, level_of
from batchsim.results.stuck import unplaceable
from batchsim.results.wait import Waits

if TYPE_CHECKING:
    from batchsim.scenario.scenario import Scenario


def summarise(scenario: Scenario, facts: Facts, waits: Waits, costs: Costs, *, seed: int) -> dict[str, Any]:
    """The summary of one run, ready for JSON.

    Notes
    -----
    ``queue_time_s``
        ``starting_at - runnable_at`` of first attempts, over jobs that started.
    ``turnaround_s``
        ``stopped_at - submitted_at``, over jobs that ran and reached a final state.
    ``wait_s``
        Totals; jobs that never started have waited up to their end or the end of the run.
    ``makespan_s``
        From the first submission to the last final state.
    ``utilisation``
        vCPU-seconds (MiB-seconds) that STARTING and RUNNING jobs held over those that were there for them: registered
        instances, running Fargate tasks, UNMANAGED pools over the whole run (vCPUs only: their memory is not
        modelled). Of a queue or workflow: held by its jobs, over what its environments had.
    ``peak_vcpus``
        Most vCPUs at an instant: instances from request to end, and what jobs hold on Fargate and UNMANAGED. Of a
        queue or workflow: most vCPUs that its jobs held.
    ``interruptions``
        Attempts that a Spot interruption ended.
    ``cost_usd``
        A queue or workflow pays its attempts' shares of instances and tasks, and boots, idle time and billing minimums
        of each environment in proportion to these.
    """
    everything = np.ones(len(facts.workload), np.bool_)
    figures = _Figures(facts, waits)
    total = costs.by_environment
    attached_queues = np.array(
        [[name in queue.environments for name in facts.environments] for queue in facts.configuration.queues], np.bool_
    ).reshape(len(facts.queues), len(facts.environments))
    attached_workflows = _attached_workflows(facts, attached_queues)
    summary: dict[str, Any] = {
        "scenario": scenario.name,
        "region": scenario.region,
        "seed": seed,
        "replications": 1,
        "batchsim_version": __version__,
        "duration_s": scenario.duration_s,
        "ended_at_s": facts.ended_at,
        **figures.of(everything, np.ones(len(facts.recording.attempts.job), np.bool_)),
        "utilisation": figures.utilisation(None, np.ones(len(facts.environments), np.bool_)),
        "peak_vcpus": _peak_vcpus(facts),
        "cost_usd": _cost(facts, total),
    }
    by_queue = spread(_direct(facts, costs, facts.attempt_queue, len(facts.queues)), total, attached_queues)
    summary["job_queues"] = figures.by(facts.queues, facts.queue, attached_queues, by_queue)
    workflow_of_attempt = take(facts.workflow, facts.recording.attempts.job)
    direct = _direct(facts, costs, workflow_of_attempt, len(facts.workflows))
    by_workflow = spread(direct, total, attached_workflows)
    summary["workflows"] = figures.by(facts.workflows, facts.workflow, attached_workflows, by_workflow)
    plain = {
        "cost": summary["cost_usd"]["total"],
        "makespan": summary["makespan_s"],
        "utilisation": summary["utilisation"]["vcpu"],
        "failed": summary["jobs"]["failed"],
        "unfinished": summary["jobs"]["unfinished"],
    }
    summary["objectives"] = evaluate(scenario.objectives, facts, scenario.start, plain)
    summary["unplaceable"] = unplaceable(facts)
    summary["skipped"] = dict(facts.workload.skipped)
    return summary


class _Figures:
    """Figures of any selection of jobs."""

    def __init__(self, facts: Facts, waits: Waits) -> None:
        self._facts = facts
        self._waits = waits
        recording, attempts = facts.recording, facts.recording.attempts
        self._queue_time_s = facts.first_starting_at - recording.runnable_at
        self._turnaround_s = np.where(facts.first_attempt >= 0, recording.stopped_at - facts.workload.submitted_at, np.nan)
        held_s = facts.attempt_end - attempts.starting_at
        self._held_vcpu_s = facts.attempt_vcpus * held_s
        self._held_mib_s = facts.attempt_memory_mib * held_s
        self._there_vcpu_s, self._there_mib_s = self._capacity()
        self._has_memory = np.array([e.purchase_option != "UNMANAGED" for e in facts.configuration.environments], np.bool_)

    def _capacity(self) -> tuple[Floats, Floats]:
        """What each environment had for jobs, in vCPU-seconds and MiB-seconds."""
        facts = self._facts
        attempts, instances = facts.recording.attempts, facts.recording.instances
        count = len(facts.environments)
        registered_at = np.where(np.isnan(instances.registered_at), instances.terminated_at, instances.registered_at)
        life_s = instances.terminated_at - registered_at
        vcpu_s = np.bincount(instances.environment, facts.of_instance("vcpus") * life_s, count)
        mib_s = np.bincount(instances.environment, facts.of_instance("memory_mib") * life_s, count)
        tasks = attempts.instance < 0
        vcpu_s += np.bincount(attempts.environment[tasks], self._held_vcpu_s[tasks], count)
        mib_s += np.bincount(attempts.environment[tasks], self._held_mib_s[tasks], count)
        for index, environment in enumerate(facts.configuration.environments):
            if environment.purchase_option == "UNMANAGED":
                vcpu_s[index] = environment.max_vcpus * facts.ended_at
        return vcpu_s, mib_s

    def of(self, jobs: NDArray[np.bool_], attempts: NDArray[np.bool_]) -> dict[str, Any]:
        """Figures of some jobs and their attempts."""
        recording, submitted_at = self._facts.recording, self._facts.workload.submitted_at
        status = recording.status[jobs]
        succeeded, failed = (int(np.count_nonzero(status == s)) for s in (Status.SUCCEEDED, Status.FAILED))
        queue_time_s, turnaround_s = self._queue_time_s[jobs], self._turnaround_s[jobs]
        stopped_at = recording.stopped_at[jobs]
        stopped_at = stopped_at[~np.isnan(stopped_at)]
        return {
            "jobs": {
                "submitted": len(status),
                "succeeded": succeeded,
                "failed": failed,
                "unfinished": len(status) - succeeded - failed,
            },
            "queue_time_s": describe(queue_time_s[~np.isnan(queue_time_s)]),
            "turnaround_s": describe(turnaround_s[~np.isnan(turnaround_s)]),
            "wait_s": {cause: float(seconds[jobs].sum()) for cause, seconds in self._waits._asdict().items()},
            "makespan_s": float(stopped_at.max() - submitted_at[jobs].min()) if len(stopped_at) else None,
            "interruptions": int(np.count_nonzero(self._facts.interrupted[attempts])),
        }

    def utilisation(
        self, attempts: NDArray[np.bool_] | None, environments: NDArray[np.bool_]
    ) -> dict[str, float | None]:
        """Held by some attempts (None: all) over what some environments had."""
        modelled = environments & self._has_memory
        table = self._facts.recording.attempts
        mine = np.ones(len(table.job), np.bool_) if attempts is None else attempts
        with_memory = mine & take(self._has_memory, table.environment)
        return {
            "vcpu": _ratio(self._held_vcpu_s[mine].sum(), self._there_vcpu_s[environments].sum()),
            "memory": _ratio(self._held_mib_s[with_memory].sum(), self._there_mib_s[modelled].sum()),
        }

    def by(self, names: tuple[str, ...], code: Ints, attached: NDArray[np.bool_], cost: Floats) -> dict[str, Any]:
        """The same figures for each queue, or workflow."""
        facts = self._facts
        table = facts.recording.attempts
        code_of_attempt = take(code, table.job)
        figures = {}
        for index, name in enumerate(names):
            attempts = code_of_attempt == index
            held = Spans(table.starting_at[attempts], facts.attempt_end[attempts], facts.attempt_vcpus[attempts])
            figures[name] = {
                **self.of(code == index, attempts),
                "utilisation": self.utilisation(attempts, attached[index]),
                "peak_vcpus": float(level_of(held, ended_at=facts.ended_at).level.max()),
                "cost_usd": _cost(facts, cost[index]),
            }
        return figures


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def _peak_vcpus(facts: Facts) -> float:
    attempts, instances = facts.recording.attempts, facts.recording.instances
    tasks = attempts.instance < 0
    there = level_of(
        Spans(instances.requested_at, instances.terminated_at, facts.of_instance("vcpus")),
        Spans(attempts.starting_at[tasks], facts.attempt_end[tasks], facts.attempt_vcpus[tasks]),
        ended_at=facts.ended_at,
    )
    return float(there.level.max())


def _cost(facts: Facts, by_environment: Floats) -> dict[str, Any]:
    """Total and breakdowns of a table of dollars by environment and purpose."""
    options = [environment.purchase_option for environment in facts.configuration.environments]
    return {
        "total": math.fsum(by_environment.flat),
        "by_purchase_option": {
            option: math.fsum(by_environment[[o == option for o in options]].flat) for option in PURCHASE_OPTIONS
        },
        "by_purpose": {purpose: math.fsum(by_environment[:, place]) for place, purpose in enumerate(PURPOSES)},
    }


def _direct(facts: Facts, costs: Costs, party: Ints, count: int) -> Floats:
    """What the attempts of each party paid, by environment and purpose."""
    attempts = facts.recording.attempts
    environments = len(facts.environments)
    paid = purposes_by(
        party * environments + attempts.environment,
        attempts.status,
        costs.attempt_boot,
        costs.attempt_run,
        costs.attempt_minimum,
        count * environments,
    )
    return paid.reshape(count, environments, len(PURPOSES))


def _attached_workflows(facts: Facts, attached_queues: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which environments each workflow can use, through the queues it submits to."""
    attached = np.zeros((len(facts.workflows), len(facts.environments)), np.bool_)
    for group in facts.workload.groups:
        attached[facts.workflows.index(group.workflow)] |= attached_queues[facts.queues.index(group.job_queue)]
    return attached
