"""What is measured of sweeps: what a run costs beside its simulation, and what other processes are worth."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# First, for it times the engine.
from benchmarks.adapter import Scenario, load  # isort: skip
from benchmarks import scenarios
from benchmarks.measure import WHOLE, Stopwatch

ETL = Path("scenarios/etl.yaml")
REPLICATIONS = 10
#: Of the full model: a run of about a second.
JOBS_OF_A_SECOND = 20_000
#: A part of what is measured: seconds of the wall's clock.
WALL = "wall"


class _Nowhere:
    """An executor that has finished whatever it is given: what is left is the parent's work.

    It makes what would be sent to a process, and answers with the summary of another run.
    """

    def __init__(self, summary: str) -> None:
        self._summary = summary
        self._keys: list[str] = []

    def submit(self, task: Any) -> None:
        import pickle

        pickle.dumps(task.sent)
        self._keys.append(task.key)

    @property
    def is_full(self) -> bool:
        return len(self._keys) >= 4

    @property
    def pending(self) -> int:
        return len(self._keys)

    def take(self) -> Any:
        from batchsim.experiments.tasks import Finished

        return Finished(self._keys.pop(0), "done", self._summary)


def _tasks(changed: list[Scenario]) -> Iterator[Any]:
    from batchsim.experiments.tasks import Task

    for number, scenario in enumerate(changed):
        for replication in range(REPLICATIONS):
            yield Task(scenario, 1, replication, {"maxvCpus": str(number)})


def stored_runs(runs: int, watch: Stopwatch) -> None:
    """All of a run but the simulation and the change of the scenario, in a sweep of etl with ten replications."""
    from batchsim.experiments.finished_runs import FinishedRuns
    from batchsim.experiments.runner import Runner
    from batchsim.experiments.tasks import Task, execute

    etl, limit = load(ETL), "batch.computeEnvironments.spot.computeResources.maxvCpus"
    summary = execute(Task(etl, 1, 0)).summary
    changed = [etl.with_({limit: 448 + number}) for number in range(max(runs // REPLICATIONS, 1))]
    executor: Any = _Nowhere(summary or "")
    with tempfile.TemporaryDirectory() as folder, FinishedRuns(Path(folder) / "sweep.sqlite") as store, watch.part():
        for _ in Runner(store, executor).finish(_tasks(changed)):
            pass


def swept(workers: int, runs: int, watch: Stopwatch) -> None:
    """Runs of a second each in so many processes: CPU seconds of all of them, and the wall's clock."""
    from batchsim.experiments.executors.local import LocalExecutor
    from batchsim.experiments.finished_runs import FinishedRuns
    from batchsim.experiments.runner import Runner
    from batchsim.experiments.tasks import Task

    scenario = scenarios.full(JOBS_OF_A_SECOND)
    tasks = (Task(scenario, 1, replication) for replication in range(runs))
    begun, cpu_s = time.perf_counter(), _cpu_s()
    with (
        tempfile.TemporaryDirectory() as folder,
        FinishedRuns(Path(folder) / "sweep.sqlite") as store,
        LocalExecutor(workers) as executor,
    ):
        for _ in Runner(store, executor).finish(tasks):
            pass
    watch.cpu_s[WHOLE] = _cpu_s() - cpu_s
    watch.cpu_s[WALL] = time.perf_counter() - begun


def _cpu_s() -> float:
    """CPU seconds of this process and of those that it has seen end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
