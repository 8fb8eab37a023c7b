"""Optimisations whose runs are not simulated: what each comes to is said beforehand, so that answers are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import batchsim as bs
from batchsim.experiments.tasks import Finished
from tests.builders import environment, job, scenario, workflow
from tests.unit.experiments.waiting_tasks import WaitingTasks

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
LIMIT = "p95(queue_time) <= 10m"


def fleet(*objectives: str, most: int = 64, **members: Any) -> bs.Scenario:
    """One fleet, of whose size everything said here depends."""
    environments = members.pop("environments", [environment(maxvCpus=most)])
    return scenario(workflow(job(runtime=60)), environments=environments, objectives=list(objectives), **members)


def figures(cost: float, *values: float | None, missing: int = 0, **more: Any) -> dict[str, Any]:
    """What a summary holds that an optimisation looks at: the bill, and a value for each objective."""
    entries = [{"value": value, "at_least": None, "missing": missing} for value in values]
    first = values[0] if values else 0.0
    jobs = {"unfinished": more.pop("unfinished", 0), "failed": more.pop("failed", 0)}
    p95 = more.pop("p95", first)
    return {"cost_usd": {"total": cost}, "objectives": entries, "jobs": jobs, "queue_time_s": {"p95": p95}}


class Said(WaitingTasks):
    """An executor that gives what is said of a run; the last one that was submitted first.

    Parameters
    ----------
    of : callable
        Of ``maxvCpus`` and the replication: a summary, or why the run failed.
    """

    def __init__(self, of: Callable[[int, int], dict[str, Any] | str]) -> None:
        super().__init__(room=4)
        self.of = of
        self.ran: list[tuple[int, int]] = []

    def take(self) -> Finished:
        task = self.waiting.pop()
        most = task.scenario.configuration.environments[0].max_vcpus
        self.ran.append((most, task.replication))
        found = self.of(most, task.replication)
        if isinstance(found, str):
            return Finished(task.key, "failed", error=found)
        return Finished(task.key, "done", json.dumps(found))

    def take_ready(self) -> Iterator[Finished]:
        while self.waiting:
            yield self.take()


def optimized(
    monkeypatch: pytest.MonkeyPatch,
    of: Callable[[int, int], dict[str, Any] | str],
    made: bs.Scenario,
    sizes: list[int],
    **more: Any,
) -> tuple[bs.Optimization, Said]:
    """What is found of some sizes of the fleet, and the executor that was asked."""
    said = Said(of)
    monkeypatch.setattr("batchsim.experiments.optimize.optimize.executor_for", lambda *_: said)
    return bs.optimize(made, {MAX: sizes}, **{"sensitivity": False, **more}), said
