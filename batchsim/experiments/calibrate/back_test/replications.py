"""The replications of a back-test, in this process or in several others: the same figures."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

from batchsim.experiments.calibrate.back_test.measures import FigureKey, Figures
from batchsim.experiments.calibrate.back_test.record import Record
from batchsim.experiments.in_order import in_order
from batchsim.experiments.simulated import simulated
from batchsim.experiments.tasks import Finished, SentTask, Task, finished
from batchsim.results.outcome import Outcome
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.traces import Trace
from batchsim.workload.traces.common import TraceJobs


@contextmanager
def replayed(
    scenario: ResolvedScenario, record: Record, seed: int, replications: int, workers: int
) -> Iterator[Iterator[Figures]]:
    """Give the figures of each replication in their order, and end at leaving what runs ahead.

    Raises
    ------
    ExecutionError
        When it is asked for one that failed in another process.
    ValueError
        If `workers` is below 1.
    """

    def here(task: Task) -> Any:
        return {"figures": _figures(scenario, record, seed, task.replication)}

    packed = pickle.dumps(record, pickle.HIGHEST_PROTOCOL) if workers > 1 else b""
    tasks = (_ReplayTask(scenario, seed, number, record=packed) for number in range(replications))
    with in_order(tasks, workers, here) as summaries:
        yield ({FigureKey(*key): value for key, value in cast("Any", each)["figures"]} for each in summaries)


@dataclass(frozen=True, slots=True)
class _SentReplay(SentTask):
    """A replication as another process is given it, with the pickled record."""

    record: bytes = b""

    def execute(self) -> Finished:
        """See `SentTask.execute`."""

        def summary() -> str:
            scenario = pickle.loads(self.scenario)  # noqa: S301 (our own process packed it)
            figures = _figures(scenario, _unpacked(self.record), self.seed, self.replication)
            return json.dumps({"figures": figures})

        return finished(self.key, summary)


#: Replications follow each other, and are of one record.
_unpacked: Callable[[bytes], Record] = lru_cache(maxsize=1)(pickle.loads)


@dataclass(frozen=True, eq=False)
class _ReplayTask(Task):
    """A replication; its jobs are in the record, and in no file."""

    record: bytes = b""

    @cached_property
    def key(self) -> str:
        """Which of one back-test's it is."""
        return str(self.replication)

    @property
    def sent(self) -> SentTask:
        """See `Task.sent`."""
        return _SentReplay(self.key, self.scenario.packed, self.seed, self.replication, record=self.record)


def _figures(scenario: ResolvedScenario, record: Record, seed: int, replication: int) -> list[Any]:
    """Keys and values, as JSON has them."""

    def read(_trace: Trace, _base: Path) -> TraceJobs:
        return record.replay.trace

    workload, recording = simulated(scenario, seed, replication, read=read)
    found: Mapping[FigureKey, float] = record.simulated(Outcome(workload, scenario.recorded_configuration, recording))
    return [[list(key), value] for key, value in found.items()]
