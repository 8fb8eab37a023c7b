"""What a user holds after a run: summary, tables, plots; each made when asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from batchsim.columns import ATTEMPTS, INSTANCES, JOBS
from batchsim.experiments.replications import combine
from batchsim.recording import Recording
from batchsim.results.advice import Advice
from batchsim.results.arrow import schema
from batchsim.results.summary import Metrics
from batchsim.results.tables import Tables
from batchsim.results.timeline import timeline
from batchsim.scenario.scenario import Scenario
from batchsim.spec.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    import pyarrow as pa

    from batchsim.columns import Column


class Plots(Protocol):
    """Pictures of a run, by matplotlib: each method returns a ``Figure``, and draws into axes where it is given some.

    Called, it is the whole picture of ``queue.png``.
    """

    def __call__(self) -> Any:
        """The whole picture."""

    def queue(self) -> Any:
        """The whole picture."""

    def jobs(self, ax: Any = None) -> Any:
        """Jobs by state over time."""

    def queue_time(self, ax: Any = None) -> Any:
        """Distribution of queue time."""

    def vcpus(self, ax: Any = None) -> Any:
        """Running, stranded, idle and booting vCPUs against the limit."""

    def spend(self, ax: Any = None) -> Any:
        """Spend over time."""


@dataclass(frozen=True, eq=False)
class Result:
    """The result of a run.

    Attributes
    ----------
    scenario : Scenario
        What was run.
    workload, recording
        The jobs and what happened, as columns.
    seed : int
        Of the random numbers that were used.
    combined : dict, optional
        The summary of all replications, where there were several.
    replicated : tuple of dict
        The summary of each of them.
    interrupted : bool
        Whether the user stopped the run before all replications were done.
    advice : tuple of Advice, optional
        What was tried and helped, where changes were tried; see `batchsim.advise`.
    """

    scenario: Scenario
    workload: Workload
    recording: Recording
    seed: int
    replication: int = 0
    combined: dict[str, Any] | None = None
    replicated: tuple[dict[str, Any], ...] = ()
    interrupted: bool = False
    advice: tuple[Advice, ...] | None = None

    def with_replications(self, summaries: Sequence[dict[str, Any]], *, interrupted: bool = False) -> Result:
        """The same tables with the summaries of several replications, this one's first."""
        return self._with(combined=combine(summaries), replicated=tuple(summaries), interrupted=interrupted)

    def with_advice(self, advice: Iterable[Advice], *, interrupted: bool = False) -> Result:
        """The same with advice, which the summary then has under ``advice``."""
        return self._with(advice=tuple(advice), interrupted=self.interrupted or interrupted)

    def _with(self, **members: Any) -> Result:
        """A changed copy that need not work out again what is known."""
        copy = replace(self, **members)
        copy.__dict__.update({name: self.__dict__[name] for name in ("tables", "alone") if name in self.__dict__})
        return copy

    @cached_property
    def tables(self) -> Tables:
        """What the tables are made from."""
        return Tables(self.workload, self.scenario.configuration, self.recording)

    @cached_property
    def alone(self) -> dict[str, Any]:
        """The summary of this replication alone, which the tables are of."""
        return Metrics(self.scenario, self.tables).summary(self.seed)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of ``summary.json``."""
        figures = self.combined or self.alone
        return figures if self.advice is None else {**figures, "advice": [each.as_json() for each in self.advice]}

    @property
    def summaries(self) -> tuple[dict[str, Any], ...]:
        """The summary of each replication."""
        return self.replicated or (self.alone,)

    def summary_json(self) -> str:
        """`summary` as text, as it is written."""
        return json.dumps(self.summary, indent=2, allow_nan=False) + "\n"

    @property
    def objectives_missed(self) -> list[str]:
        """The expressions of the objectives that were not kept."""
        return [str(o["expression"]) for o in self.summary["objectives"] if o["kept"] is False]

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """One row per job; see `columns.JOBS`."""
        return _frame(JOBS, self.tables.jobs())

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """One row per attempt; see `columns.ATTEMPTS`."""
        return _frame(ATTEMPTS, self.tables.attempts())

    @cached_property
    def instances(self) -> pd.DataFrame:
        """One row per instance or Fargate task; see `columns.INSTANCES`."""
        return _frame(INSTANCES, self.tables.instances())

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Step functions over time; see `columns.TIMELINE`."""
        frame: pd.DataFrame = timeline(self.tables).to_pandas()
        return frame

    @property
    def plot(self) -> Plots:
        """The pictures of the run; see `batchsim.report.plots`."""
        # The report sits above this room: found at use, as pandas finds its plotting.
        return cast("Plots", import_module("batchsim.report.plots").Plots(self))

    def __repr__(self) -> str:
        jobs, cost = self.summary["jobs"], self.summary["cost_usd"]["total"]
        if self.combined is not None:
            return f"<Result {self.scenario.name}: {self.summary['replications']} replications>"
        return (
            f"<Result {self.scenario.name}: {jobs['succeeded']} of {jobs['submitted']} jobs succeeded, {cost:,.2f} USD>"
        )

    def _repr_html_(self) -> str:
        return str(import_module("batchsim.report.console").summary_html(self))

    def __rich__(self) -> Any:
        return import_module("batchsim.report.console").summary_renderable(self)


def _frame(columns: Sequence[Column], batches: Iterable[pa.RecordBatch]) -> pd.DataFrame:
    import pyarrow as pa

    table = pa.Table.from_batches(list(batches), schema=schema(columns))
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    return frame
