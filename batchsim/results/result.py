"""Result: what a user holds after a run. It only delegates."""

from __future__ import annotations

import copy
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from batchsim.columns import Recording
from batchsim.results import cost, facts, metrics, wait
from batchsim.scenario.scenario import Scenario
from batchsim.workload.table import Workload

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """One run, as tables and figures; everything is computed when first asked for.

    Parameters
    ----------
    scenario : Scenario
        What was run.
    workload : Workload
        The jobs that were submitted.
    recording : Recording
        What happened.
    seed, replication : int
        The random numbers that were used.

    Attributes
    ----------
    interrupted : bool
        Whether the user stopped before all replications had run.
    """

    def __init__(
        self, scenario: Scenario, workload: Workload, recording: Recording, *, seed: int, replication: int = 0
    ) -> None:
        self.scenario = scenario
        self.workload = workload
        self.recording = recording
        self.seed = seed
        self.replication = replication
        self.interrupted = False

    def __repr__(self) -> str:
        counts = self.summary["jobs"]
        return f"<Result {self.scenario.name}: {counts['succeeded']} of {counts['submitted']} jobs succeeded>"

    @cached_property
    def facts(self) -> facts.Facts:
        """What tables and figures are derived from."""
        return facts.Facts(self.scenario.configuration, self.workload, self.recording)

    @cached_property
    def waits(self) -> wait.Waits:
        """Every job's wait by cause, in seconds."""
        return wait.waits_of(self.facts)

    @cached_property
    def costs(self) -> cost.Costs:
        """What attempts and instances cost, in US dollars."""
        return cost.costs_of(self.facts)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures a person would quote; what ``summary.json`` holds."""
        return metrics.summarise(self.scenario, self.facts, self.waits, self.costs, seed=self.seed)

    def summary_json(self) -> str:
        """The summary as JSON text."""
        return json.dumps(self.summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def with_summary(self, summary: dict[str, Any], *, interrupted: bool = False) -> Result:
        """The same tables under another summary, such as that of several replications."""
        other = copy.copy(self)
        other.__dict__["summary"] = summary
        other.interrupted = interrupted
        return other

    @property
    def objectives_missed(self) -> tuple[str, ...]:
        """The promises that were not kept, as they were written."""
        return tuple(entry["expression"] for entry in self.summary["objectives"] if entry["kept"] is False)

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """One row per job; columns as in `batchsim.columns.JOBS`."""
        return self._frame("jobs")

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """One row per attempt; columns as in `batchsim.columns.ATTEMPTS`."""
        return self._frame("attempts")

    @cached_property
    def instances(self) -> pd.DataFrame:
        """One row per instance or Fargate task; columns as in `batchsim.columns.INSTANCES`."""
        return self._frame("instances")

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Step functions over time; columns as in `batchsim.columns.TIMELINE`."""
        return self._frame("timeline")

    def _frame(self, name: str) -> pd.DataFrame:
        from batchsim.results.store import TABLES
        from batchsim.results.frames import as_frame

        columns, batches = TABLES[name]
        return as_frame(columns, batches(self))

    @property
    def plot(self) -> Any:
        """Plots of this result; see `batchsim.report.plots`."""
        return _report("plots").ResultPlots(self)

    def __rich__(self) -> Any:
        return _report("console").summary_panel(self)

    def _repr_html_(self) -> str:
        return str(_report("console").summary_html(self))


def _report(module: str) -> Any:
    """A module of the report, which sits above: found at use, as pandas finds its plotting backends."""
    from importlib import import_module

    return import_module(f"batchsim.report.{module}")
