"""Learn from the first days of a history, predict the others, and hold the prediction against what was seen."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from batchsim.arrays import Floats
from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.configuration import AccountConfiguration, read_configuration
from batchsim.aws.histories.records import History
from batchsim.errors import Finding, ScenarioError
from batchsim.experiments.calibrate.attempts import outcome
from batchsim.experiments.calibrate.back_test.comparison import Comparisons
from batchsim.experiments.calibrate.back_test.measures import Figures
from batchsim.experiments.calibrate.back_test.paid import cost_seen, hours_seen
from batchsim.experiments.calibrate.back_test.record import Record
from batchsim.experiments.calibrate.back_test.replay import Replay, replay_of
from batchsim.experiments.calibrate.back_test.replications import replayed
from batchsim.experiments.calibrate.back_test.split import Split, known_until, split
from batchsim.experiments.calibrate.calibration import Calibration, calibrate, numbered
from batchsim.experiments.calibrate.scenario_text import scenario_text
from batchsim.experiments.calibrate.workflows import JobKind, kinds_of, workflows_of
from batchsim.scenario.loading import from_mapping, loads
from batchsim.scenario.scenario import Scenario
from batchsim.units import format_instant

if TYPE_CHECKING:
    from batchsim.report.figures.style import Picture

#: The share of days that is learnt from, and how often the rest is simulated, where nothing else is asked for.
SHARE, REPLICATIONS = 0.75, 10

_TRACE = "history"


@dataclass(frozen=True, eq=False)
class BackTest:
    """What was predicted, and what was seen.

    Attributes
    ----------
    learned : Calibration
        Of the first part.
    record : Record
        What was replayed, and how it went in truth.
    seen : mapping
        The figures of the record.
    simulated : tuple of mapping
        Those of each replication.
    interrupted : bool
        Whether the user stopped it before all replications were done.
    """

    learned: Calibration
    record: Record
    seen: Figures
    simulated: tuple[Figures, ...]
    interrupted: bool = False

    @property
    def where(self) -> Split:
        """Where the history was cut."""
        return self.record.where

    @property
    def figures(self) -> dict[str, Any]:
        """What ``calibrate --back-test --json`` prints."""
        return Comparisons(self.learned, self.record, self.seen, self.simulated).figures

    def to_json(self) -> str:
        """`figures` as JSON."""
        return json.dumps(self.figures, indent=2, ensure_ascii=False) + "\n"

    def plot(self) -> Picture:
        """The p50 and p95 of each day, as recorded and as predicted, on one axis."""
        from batchsim.report.figures.back_test import back_test_figure

        return back_test_figure(self.figures)

    def __repr__(self) -> str:
        where = self.where
        return f"<BackTest: {where.predicted_days} days predicted from {where.learnt_days}>"


def back_test(
    history: History | Sequence[str | Path],
    configuration: AccountConfiguration | str | Path,
    *,
    share: float = SHARE,
    replications: int = REPLICATIONS,
    seed: int = 0,
    workers: int = 1,
    base: Path | None = None,
    on_replication: Callable[[int], None] | None = None,
) -> BackTest:
    """Learn from the first days of a history and predict the rest.

    What is learnt is what was known at the cut. The submissions after it are replayed at their recorded instants, with
    their recorded run times and failed attempts, on the configuration with what was learnt; how they wait, when they
    end and what they cost is predicted. Jobs that were there at the cut are there because the replay begins earlier.

    Parameters
    ----------
    history : History or sequence of path
        What the account tells, or the files of it: see ``docs/calibrating.md``.
    configuration : AccountConfiguration or path
        What the jobs ran on, or the file of it.
    share : float
        Of the days (UTC), from the first; those after them are predicted.
    replications : int
        How often they are simulated, with random numbers of their own each; two at least.
    seed : int
        Of the random numbers.
    workers : int
        In how many processes they are simulated; the figures are the same.
    base : Path, optional
        The folder that paths in the configuration's surroundings are relative to; by default that of its file.
    on_replication : callable, optional
        Called with the number of replications that are done.

    Raises
    ------
    ScenarioError
        If files have faults, the history is of one day, nothing of it can be replayed, or the configuration lacks a
        queue or definition.
    ExecutionError
        If a process fails.
    ValueError
        If `share` is not between 0 and 1, `replications` below 2, or `workers` below 1.
    """
    if replications < 2:
        raise ValueError(f"a prediction takes 2 replications or more, not {replications}")
    if not isinstance(history, History):
        history = read_history([Path(each) for each in history])
    configuration, base = _configuration(configuration, base)
    where = split(history, share)
    learned = calibrate(known_until(history, where.cut), configuration)
    kinds = kinds_of(history)
    replay = replay_of(history, where, _lengths(history, kinds, where))
    if not any(job.created_at >= where.cut for job in replay.records):
        message = "no job that was submitted in the days to predict ran"
        raise ScenarioError([Finding("history", "--back-test", message, "a longer history, or a smaller share")])
    scenario = _scenario(learned, configuration, replay, base)
    record = Record(replay, where, _workflows(history, kinds, where), _vcpus(replay, configuration))
    found: list[Figures] = []
    interrupted = False
    try:
        with replayed(scenario, record, seed, replications, workers) as figures:
            for each in figures:
                found.append(each)
                if on_replication is not None:
                    on_replication(len(found))
    except KeyboardInterrupt:
        if len(found) < 2:
            raise
        interrupted = True
    cost = cost_seen(hours_seen(history, configuration, where), found)
    return BackTest(learned, record, {**record.figures(), **cost}, tuple(found), interrupted)


def _configuration(given: AccountConfiguration | str | Path, base: Path | None) -> tuple[AccountConfiguration, Path]:
    """A configuration, and the folder that paths in its surroundings are relative to."""
    if isinstance(given, AccountConfiguration):
        return given, base or Path()
    return read_configuration(Path(given)), base or Path(given).parent


def _lengths(history: History, kinds: Mapping[str, JobKind], where: Split) -> dict[str, Floats]:
    """By job the run times of its kind that were known to their end at the cut, ascending."""
    known: dict[JobKind, list[float]] = {}
    for job in history.jobs:
        known.setdefault(kinds[job.job_id], []).extend(
            each.length_s
            for each in job.attempts
            if each.stopped_at < where.cut and outcome(each) == "succeeded" and not math.isnan(each.length_s)
        )
    ordered = {kind: np.sort(np.array(lengths)) for kind, lengths in known.items()}
    return {job.job_id: ordered[kinds[job.job_id]] for job in history.jobs}


def _scenario(learned: Calibration, configuration: AccountConfiguration, replay: Replay, base: Path) -> Scenario:
    """The configuration with what was learnt, and the history as its workload."""
    values = dict(loads(scenario_text(learned, configuration), base=base).document.values)
    values["start"] = format_instant(replay.zero)
    values["workload"] = [{"trace": {"format": "describe-jobs", "path": _TRACE}}]
    values.pop("duration", None)
    return from_mapping(values, base=base)


def _workflows(history: History, kinds: Mapping[str, JobKind], where: Split) -> Mapping[str, list[tuple[str, ...]]]:
    """The submissions of each workflow after the cut, those with most first."""
    later = replace(history, jobs=tuple(job for job in history.jobs if job.created_at >= where.cut))
    workflows, _ = workflows_of(later, kinds)
    names: dict[str, int] = {}
    return {numbered(each.parts[0].kind.name, names): each.submissions for each in workflows}


def _vcpus(replay: Replay, configuration: AccountConfiguration) -> Floats:
    """What each job holds: what it asked for, or its definition does."""
    defined = {name: configuration.asks(name)[0] or math.nan for name in configuration.definitions}
    asked = [job.asked.vcpus for job in replay.records]
    return np.array(
        [
            defined.get(job.definition, math.nan) if math.isnan(own) else own
            for own, job in zip(asked, replay.records, strict=True)
        ]
    )
