"""What a user holds after a run: summary, tables, plots; each made when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from batchsim.experiments.replications import combine
from batchsim.results.advice import Advice
from batchsim.results.run import Run
from batchsim.results.sensitivity import TriedAssumptions
from batchsim.results.store import as_text
from batchsim.results.summary_type import Summary
from batchsim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group

    from batchsim.report.plots import Plots


@dataclass(frozen=True, eq=False)
class Result:
    """The result of a run: the tables and pictures of its first replication, the summary of all.

    Attributes
    ----------
    run : Run
        The first replication.
    replicated : tuple of dict
        The summary of each replication, where there were several; the first is that of `run`.
    interrupted : bool
        Whether the user stopped the run before all replications were done.
    stopping : mapping, optional
        Of a run to a precision: what the summary says of it.
    advice : tuple of Advice, optional
        What was tried and helped, where changes were tried; see `batchsim.advise`.
    sensitivity : TriedAssumptions, optional
        What other assumptions would change, where they were tried; see `batchsim.sensitivity`.
    """

    run: Run
    replicated: tuple[Summary, ...] = ()
    interrupted: bool = False
    stopping: Mapping[str, Any] | None = None
    advice: tuple[Advice, ...] | None = None
    sensitivity: TriedAssumptions | None = None

    def with_replications(
        self, summaries: Sequence[Summary], *, interrupted: bool = False, stopping: Mapping[str, Any] | None = None
    ) -> Result:
        """The same tables with the summaries of several replications, this one's first."""
        return replace(self, replicated=tuple(summaries), interrupted=interrupted, stopping=stopping)

    def with_advice(self, advice: Iterable[Advice], *, interrupted: bool = False) -> Result:
        """The same with advice, which the summary then has under ``advice``."""
        return replace(self, advice=tuple(advice), interrupted=self.interrupted or interrupted)

    def with_sensitivity(self, found: TriedAssumptions) -> Result:
        """The same with what other assumptions would change, which the summary then has under ``sensitivity``."""
        return replace(self, sensitivity=found, interrupted=self.interrupted or found.interrupted)

    @property
    def scenario(self) -> Scenario:
        """What was run."""
        return self.run.scenario

    @property
    def seed(self) -> int:
        """Of the random numbers that were used."""
        return self.run.seed

    @cached_property
    def summary(self) -> Summary:
        """The figures of ``summary.json``."""
        figures = combine(self.replicated, self.stopping) if self.replicated else self.run.summary
        told = cast("Summary", dict(figures))
        if self.advice is not None:
            told["advice"] = [each.as_json() for each in self.advice]
        if self.sensitivity is not None:
            told["sensitivity"] = self.sensitivity.as_json()
        return told

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """The summary of each replication."""
        return self.replicated or (self.run.summary,)

    def summary_json(self) -> str:
        """`summary` as text, as it is written."""
        return as_text(self.summary)

    @property
    def objectives_missed(self) -> list[str]:
        """The expressions of the objectives that were missed."""
        return [str(o["expression"]) for o in self.summary["objectives"] if o["kept"] is False]

    @property
    def jobs(self) -> pd.DataFrame:
        """One row per job; see `columns.JOBS`."""
        return self.run.jobs

    @property
    def attempts(self) -> pd.DataFrame:
        """One row per attempt; see `columns.ATTEMPTS`."""
        return self.run.attempts

    @property
    def instances(self) -> pd.DataFrame:
        """One row per instance or Fargate task; see `columns.INSTANCES`."""
        return self.run.instances

    @property
    def timeline(self) -> pd.DataFrame:
        """Step functions over time; see `columns.TIMELINE`."""
        return self.run.timeline

    @property
    def plot(self) -> Plots:
        """The pictures of the run; see `batchsim.report.plots`."""
        from batchsim.report.plots import Plots

        return Plots(self.run, self.summary)

    def write_trace(self, path: str | Path, window: tuple[float, float] | None = None) -> str:
        """Write a trace of the first replication for ui.perfetto.dev.

        Parameters
        ----------
        window : (float, float), optional
            Seconds since the scenario's start: jobs that run in it alone.

        Returns
        -------
        str
            What is left out, in words: more than 200,000 jobs, or what is not in the window. Empty where nothing is.

        Raises
        ------
        OutputError
            If it can't be written.
        """
        from batchsim.report.perfetto.trace import write_trace

        return write_trace(self.run, Path(path), window).left_out

    def __repr__(self) -> str:
        jobs, cost = self.summary["jobs"], self.summary["cost_usd"]["total"]
        if self.replicated:
            return f"<Result {self.scenario.name}: {self.summary['replications']} replications>"
        return (
            f"<Result {self.scenario.name}: {jobs['succeeded']} of {jobs['submitted']} jobs succeeded, {cost:,.2f} USD>"
        )

    def _repr_html_(self) -> str:
        from batchsim.report.console import summary_html

        return summary_html(self.run, self.summary, self.advice or ())

    def __rich__(self) -> Group:
        from batchsim.report.console import summary_renderable

        return summary_renderable(self.run, self.summary, self.advice or ())
