"""One run: a scenario simulated once, with its summary and its tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, Column
from batchsim.recording import Recording
from batchsim.results.arrow import schema
from batchsim.results.outcome import Outcome
from batchsim.results.summary import Metrics
from batchsim.results.summary_type import Summary
from batchsim.results.tables import Tables
from batchsim.results.timeline import timeline
from batchsim.scenario.scenario import Scenario
from batchsim.spec.workload import Workload

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Run:
    """One replication of a scenario; each table and figure is made when first asked for.

    Attributes
    ----------
    scenario : Scenario
        What was run.
    workload, recording
        The jobs and what happened, as columns.
    seed : int
        Of the random numbers that were used.
    replication : int
        Which one it is, from 0.
    """

    scenario: Scenario
    workload: Workload
    recording: Recording
    seed: int
    replication: int = 0

    @cached_property
    def outcome(self) -> Outcome:
        """What came of each job, attempt and instance."""
        return Outcome(self.workload, self.scenario.recorded_configuration, self.recording)

    @property
    def tables(self) -> Tables:
        """The tables, slice by slice."""
        return Tables(self.outcome)

    @cached_property
    def summary(self) -> Summary:
        """The figures of ``summary.json`` for this replication alone."""
        return cast("Summary", Metrics(self.scenario, self.outcome).summary(self.seed))

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
        frame: pd.DataFrame = timeline(self.outcome).to_pandas()
        return frame


def _frame(columns: Sequence[Column], batches: Iterable[pa.RecordBatch]) -> pd.DataFrame:
    import pyarrow as pa

    table = pa.Table.from_batches(list(batches), schema=schema(columns))
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    return frame
