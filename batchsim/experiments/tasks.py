"""One run as a task: what decides its result, the key of that, and executing it, here or in another process."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from batchsim._version import __version__
from batchsim.errors import BatchsimError, Finding, ScenarioError
from batchsim.experiments.simulated import simulated
from batchsim.experiments.trace_files import ReadTraces, TraceFile
from batchsim.results.outcome import Outcome
from batchsim.results.summary import Metrics
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.traces import Trace
from batchsim.workload.traces.common import TraceJobs


@dataclass(frozen=True, slots=True)
class SentTask:
    """A task as another process is given it, a few kilobytes.

    Attributes
    ----------
    scenario : bytes
        `ResolvedScenario.packed`: of all replications the same.
    traces : tuple of TraceFile
        In the order of the scenario's sources.
    """

    key: str
    scenario: bytes
    seed: int
    replication: int
    traces: tuple[TraceFile, ...] = ()

    def execute(self) -> Finished:
        """Run it in this process."""
        return execute_sent(self)


@dataclass(frozen=True, eq=False)
class Task:
    """One replication of a scenario.

    Attributes
    ----------
    scenario : ResolvedScenario
        What is run; a `Scenario` is one.
    seed, replication : int
        Of the random numbers.
    labels : dict of str to str
        What tells it from others of an experiment: by parameter the label of its value. It does not bear on the result.
    """

    scenario: ResolvedScenario
    seed: int
    replication: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scenario.warm_up_is_open:
            message = "`run` and `compare` alone find a warm-up, before their runs"
            raise ScenarioError([Finding("warm-up", "warmUp", message, expected="a duration, such as `run` finds")])

    @cached_property
    def traces(self) -> tuple[TraceFile, ...]:
        """The files it reads, as they are when this is first asked.

        Raises
        ------
        ScenarioError
            If one can't be read.
        """
        scenario = self.scenario
        return tuple(
            TraceFile.of(scenario.base / source.path) for source in scenario.sources if isinstance(source, Trace)
        )

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that decides the result, as hexadecimal digits.

        That is the resolved scenario (with its prices, its objectives and the catalog's digest; without its name, its
        variants, what is varied or searched, and where it is deployed), the content of each trace, seed, replication,
        and batchsim's version. The engine's results are the same compiled or not, on any machine.
        """
        decides = (
            __version__,
            self.scenario.content_digest,
            *(file.digest for file in self.traces),
            str(self.seed),
            str(self.replication),
        )
        return hashlib.sha256(" ".join(decides).encode()).hexdigest()

    @property
    def sent(self) -> SentTask:
        """What another process needs to execute it."""
        return SentTask(self.key, self.scenario.packed, self.seed, self.replication, self.traces)


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a task.

    Attributes
    ----------
    key : str
        That of the task.
    status : str
        ``done``, or ``failed``.
    summary : str or None
        The run's summary as JSON, which names no scenario: scenarios of several names may have the same run. None of
        one that failed.
    error : str or None
        Why it failed, in one line.
    """

    key: str
    status: Literal["done", "failed"]
    summary: str | None = None
    error: str | None = None


def execute(task: Task) -> Finished:
    """Run a task in this process; what goes wrong in the run makes it a failed one."""
    return finished(task.key, lambda: _summary(task.scenario, task, {}))


def execute_sent(task: SentTask, contents: Mapping[str, bytes] | None = None) -> Finished:
    """Run a task that another process sent.

    Parameters
    ----------
    contents : mapping of str to bytes, optional
        What is in trace files, by its digest; others are read from their paths.
    """
    return finished(task.key, lambda: _summary(_unpacked(task.scenario), task, contents or {}))


#: Replications follow each other, and are of one scenario.
_unpacked: Callable[[bytes], ResolvedScenario] = lru_cache(maxsize=4)(pickle.loads)

_READ = ReadTraces()


def _summary(scenario: ResolvedScenario, task: Task | SentTask, contents: Mapping[str, bytes]) -> str:
    files = {file.path: file for file in task.traces}

    def read(trace: Trace, base: Path) -> TraceJobs:
        return _READ.jobs(trace, files[base / trace.path], contents)

    workload, recording = simulated(scenario, task.seed, task.replication, read=read)
    summary = Metrics(scenario, Outcome(workload, scenario.recorded_configuration, recording)).summary(task.seed)
    return json.dumps({**summary, "scenario": ""}, allow_nan=False, separators=(",", ":"))


def finished(key: str, summary: Callable[[], str]) -> Finished:
    """What comes of a run that gives its summary as JSON, or breaks."""
    try:
        return Finished(key, "done", summary())
    except BatchsimError as error:
        return Finished(key, "failed", error=_one_line(str(error)))
    except Exception as error:  # noqa: BLE001 (a run that breaks costs itself only; the others go on)
        return Finished(key, "failed", error=_one_line(f"{type(error).__name__}: {error}") + _place(error))


def _one_line(text: str) -> str:
    first, *others = text.strip().splitlines() or [""]
    return f"{first} (and {len(others)} more)" if others else first


def _place(error: Exception) -> str:
    """Where an error came from that nobody raised on purpose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" (in {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno})"
