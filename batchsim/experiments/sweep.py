"""Sweep: a scenario at every point of a grid, each in replications, on the same random numbers."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from batchsim.errors import Finding, ScenarioError
from batchsim.experiments.executors.chosen import executor_for
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.parameters import Grid, grid_of
from batchsim.experiments.run_store import STORE, write_sweep
from batchsim.experiments.runner import Runner
from batchsim.experiments.tasks import Finished, Task
from batchsim.results.run_table import DONE, FAILED, INVALID, TAKEN, RunTable, figures_of
from batchsim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group

    from batchsim.report.plots import SweepPlots

#: More runs than this are not begun: their figures would not fit into memory.
MOST_RUNS = 20_000_000


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a sweep has found out.

    Attributes
    ----------
    scenario : Scenario
        What was varied.
    figures : RunTable
        The figures of all runs, why some failed, and which points are no valid scenario.
    interrupted : bool
        Whether the user stopped before all had run.
    """

    scenario: Scenario
    figures: RunTable
    interrupted: bool = False

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run: a column for each parameter, ``replication``, ``seed``, ``status`` and the figures.

        Times are seconds, money is US dollars. Rows are ordered as the parameters' values are, then by replication.
        """
        table: pd.DataFrame = self.figures.arrow().to_pandas()
        return table

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per point that has runs: means over replications, and their intervals; see `RunTable.rows`."""
        import pandas as pd

        return pd.DataFrame(list(self.figures.rows()))

    @property
    def best(self) -> dict[str, Any] | None:
        """The overrides of the cheapest point that meets every objective and leaves no job unfinished, or None."""
        best = self.figures.best
        return None if best is None else self.figures.overrides(best)

    @property
    def plot(self) -> SweepPlots:
        """The pictures of the sweep; see `batchsim.report.plots`."""
        from batchsim.report.plots import SweepPlots

        return SweepPlots(self.scenario.name, self.figures)

    def as_json(self) -> dict[str, Any]:
        """What ``sweep --json`` prints."""
        from batchsim.report.sweep import as_json

        return as_json(self.scenario, self.figures)

    def __repr__(self) -> str:
        return f"<Sweep {self.scenario.name}: {self.figures.points} points, {self.figures.count(DONE)} runs done>"

    def _repr_html_(self) -> str:
        from batchsim.report.sweep import sweep_html

        return sweep_html(self.scenario, self.figures)

    def __rich__(self) -> Group:
        from batchsim.report.sweep import sweep_renderable

        return sweep_renderable(self.scenario, self.figures)


def sweep(
    scenario: Scenario,
    vary: Mapping[str, Any] | Iterable[str] | None = None,
    *,
    replications: int = 1,
    seed: int | None = None,
    workers: int | None = None,
    dask: str | None = None,
    out: str | Path | None = None,
    on_finished: Callable[[int, int], None] | None = None,
    retry_failed: bool = False,
) -> Sweep:
    """Run a scenario at every point of a grid.

    Every point sees the same seeds, so that what differs between points is their configuration's doing.

    Parameters
    ----------
    scenario : Scenario
        What is varied; its ``sweep:`` section says how, unless `vary` does.
    vary : mapping or iterable of str, optional
        Dotted path → values in the forms of the section, such as ``{"seed": [1, 2]}``; or texts as ``--vary`` has them.
    replications : int
        Of each point, each with random numbers of its own.
    seed : int, optional
        Instead of the scenario's own.
    workers : int, optional
        Processes of this machine; as many as there are cores, and not more than runs. With one, runs are executed in
        this process.
    dask : str, optional
        Address of a Dask scheduler that executes the runs instead.
    out : str or Path, optional
        Folder that keeps finished runs, and gets ``runs.parquet`` and ``sweep.png`` at the end. What it has of this
        sweep is not run again.
    on_finished : callable, optional
        Called with how many runs are finished, and of how many.
    retry_failed : bool
        Whether runs that are kept as failed are tried again.

    Returns
    -------
    Sweep
        Interrupted by the user, of what was finished. Equal scenario, grid and seed give equal results, with any number
        of workers.

    Raises
    ------
    ScenarioError
        If nothing is varied, what is varied has faults, or no point is a valid scenario.
    OutputError
        If the folder can't be written, or holds runs of another batchsim.
    ExecutionError
        If runs can't be executed: processes can't be started, a cluster can't be reached.
    ValueError
        If `replications` or `workers` is below 1.
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"expected a Scenario, not {type(scenario).__name__}: batchsim.load(path) gives one")
    if replications < 1:
        raise ValueError(f"replications must be 1 or more, not {replications}")
    grid = grid_of(scenario, "sweep", vary)
    check_grid(grid, replications, seed)
    underway = _Underway(scenario, grid, replications, seed, on_finished)
    interrupted = False
    with ExitStack() as stack:
        folder = Path(out if out is not None else stack.enter_context(tempfile.TemporaryDirectory()))
        store = stack.enter_context(FinishedRuns(folder / STORE))
        executor = stack.enter_context(executor_for(workers, dask, grid.size * replications))
        runner = Runner(store, executor, retry_failed=retry_failed)
        try:
            for task, finished in runner.finish(underway.tasks()):
                underway.take(task, finished)
        except KeyboardInterrupt:
            interrupted = True
    underway.refuse_none_valid()
    if out is not None:
        write_sweep(scenario, underway.figures, folder)
    return Sweep(scenario, underway.figures, interrupted)


def check_grid(grid: Grid, replications: int, seed: int | None) -> None:
    """Refuse a grid that can't be run.

    Raises
    ------
    ScenarioError
        If it varies nothing, has too many points, or a parameter has the name of a column, or is the seed beside a
        seed for all.
    """
    names = [parameter.name for parameter in grid.parameters]
    findings = [
        Finding("duplicate-path", name, "runs.parquet has a column of this name", "another word")
        for name in names
        if name in TAKEN
    ]
    if not names:
        message, expected = "there is nothing to vary", "a sweep: section, or --vary PATH=VALUE,VALUE"
        findings.append(Finding("no-values", "sweep", message, expected))
    if seed is not None and "seed" in names:
        findings.append(Finding("duplicate-path", "seed", "the seed is varied, and given for all", "one of the two"))
    if grid.size * replications > MOST_RUNS:
        message, expected = f"{grid.size * replications:,} runs are too many", f"at most {MOST_RUNS:,}"
        findings.append(Finding("too-large", "--replications", message, expected))
    if findings:
        raise ScenarioError(findings)


class _Underway:
    """A sweep's runs: those to be executed, made one after the other, and the figures of those that are finished."""

    def __init__(
        self,
        scenario: Scenario,
        grid: Grid,
        replications: int,
        seed: int | None,
        on_finished: Callable[[int, int], None] | None,
    ) -> None:
        self._base = scenario.without_experiments()
        self._grid = grid
        is_varied = any(parameter.name == "seed" for parameter in grid.parameters)
        self._seed = None if is_varied else scenario.seed if seed is None else seed
        self._on_finished = on_finished or (lambda _finished, _of: None)
        self._finished = 0
        self._places: dict[Task, tuple[int, int]] = {}
        self.figures = RunTable.of(grid.parameters, replications, scenario.seed if self._seed is None else self._seed)

    def tasks(self) -> Iterator[Task]:
        """The runs of valid points, point by point."""
        for point in self._grid:
            try:
                scenario = self._base.with_(point.overrides)
            except ScenarioError as error:
                self.figures.status[point.index] = INVALID
                self.figures.invalid[point.index] = str(replace(error.findings[0], file="", line=0, column=0))
                self._tell(self.figures.replications)
                continue
            seed = scenario.seed if self._seed is None else self._seed
            digest = hashlib.sha256(f"{scenario.content_digest} {seed}".encode()).digest()
            self.figures.digests[point.index] = np.frombuffer(digest[:16], np.uint64)
            for replication in range(self.figures.replications):
                task = Task(scenario, seed, replication, point.labels)
                self._places[task] = point.index, replication
                yield task

    def take(self, task: Task, finished: Finished) -> None:
        """Note what came of a run."""
        place = self._places.pop(task)
        if finished.summary is None:
            self.figures.status[place] = FAILED
            self.figures.errors[place] = finished.error or ""
        else:
            self.figures.status[place] = DONE
            self.figures.figures[place] = figures_of(json.loads(finished.summary))
        self._tell(1)

    def _tell(self, more: int) -> None:
        self._finished += more
        self._on_finished(self._finished, self.figures.status.size)

    def refuse_none_valid(self) -> None:
        """Refuse a grid of which no point is a valid scenario."""
        if len(self.figures.invalid) == self.figures.points:
            first = next(iter(self.figures.invalid.values()))
            message = f"none of {self.figures.points:,} points is a valid scenario; of the first: {first}"
            raise ScenarioError([Finding("no-valid-point", "sweep", message, file=self._base.document.file)])
