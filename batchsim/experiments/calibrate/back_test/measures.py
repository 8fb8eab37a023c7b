"""The figures that a record and its replay are compared by, of either in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints
from batchsim.results.durations import Durations
from batchsim.results.step_functions import steps

#: What is said of waiting.
QUANTILES = ("p50", "p95")

#: What waiting is measured by: the second is known without state change events too.
QUEUE_TIME, TO_STARTED = "queue_time_s", "submitted_to_started_s"


class FigureKey(NamedTuple):
    """What a figure is of: of all jobs, of a queue's, a definition's or a workflow's, in all days or in one.

    Attributes
    ----------
    scope, name : str
        ``""``, ``job_queues``, ``job_definitions`` or ``workflows``, and which.
    figure, statistic : str
        Such as ``queue_time_s`` and ``p50``; the second is empty where there is but one.
    day : int
        The number of the day after the cut, from 0; -1 for all.
    """

    scope: str
    name: str
    figure: str
    statistic: str = ""
    day: int = -1


Figures = dict[FigureKey, float]


@dataclass(frozen=True)
class Groups:
    """Rows of jobs, by what their figures are told of; all of jobs that are predicted.

    Attributes
    ----------
    rows : mapping
        By (scope, name).
    day : ndarray of int, shape (n,)
        The day of each job's submission.
    workflows : mapping
        By name the rows of the jobs of each submission.
    """

    rows: Mapping[tuple[str, str], Ints]
    day: Ints
    workflows: Mapping[str, Sequence[Ints]]


@dataclass(frozen=True)
class Times:
    """What became of jobs, by the record or in a simulation; NaN where it is not known, or did not happen.

    Attributes
    ----------
    submitted_at, stopped_at : ndarray of float, shape (n,)
        Seconds since 1970.
    queue_time_s, submitted_to_started_s : ndarray of float, shape (n,)
        RUNNABLE to STARTING of the first attempt; SubmitJob to the first RUNNING.
    """

    submitted_at: Floats
    stopped_at: Floats
    queue_time_s: Floats
    submitted_to_started_s: Floats


@dataclass(frozen=True)
class VcpusHeld:
    """From when until when attempts held how many vCPUs, RUNNING."""

    started_at: Floats
    stopped_at: Floats
    vcpus: Floats

    def peak(self, begin: float, end: float) -> float:
        """The most that were held at once in a stretch of time; NaN where nothing says it."""
        known = ~(np.isnan(self.started_at) | np.isnan(self.stopped_at) | np.isnan(self.vcpus))
        start, stop = np.maximum(self.started_at[known], begin), np.minimum(self.stopped_at[known], end)
        _, level = steps(start, stop, self.vcpus[known])
        return float(level.max()) if len(level) else np.nan


def waiting(times: Times, known: Mapping[str, NDArray[np.bool_]], groups: Groups) -> Iterator[tuple[FigureKey, float]]:
    """Quantiles of waiting, in all days and in each.

    Parameters
    ----------
    known : mapping
        By figure, of which jobs the record says it: the same jobs are looked at in both.
    """
    for figure, of in known.items():
        seconds: Floats = getattr(times, figure)
        for (scope, name), rows in groups.rows.items():
            here = rows[of[rows]]
            yield from _quantiles(seconds[here], scope, name, figure)
            if scope == "job_definitions":
                continue
            days = groups.day[here]
            for day in np.unique(days).tolist():
                yield from _quantiles(seconds[here[days == day]], scope, name, figure, day)


def _quantiles(seconds: Floats, scope: str, name: str, figure: str, day: int = -1) -> Iterator[tuple[FigureKey, float]]:
    never = np.isnan(seconds)
    waits = Durations(np.where(never, np.inf, seconds), never)
    for statistic in QUANTILES:
        value, _ = waits.statistic(statistic)
        if value is not None:
            yield FigureKey(scope, name, figure, statistic, day), value


def makespans(times: Times, ended: NDArray[np.bool_], groups: Groups) -> Iterator[tuple[FigureKey, float]]:
    """From the first submission to the last end, on the average: of each workflow, and of all that have several jobs.

    Parameters
    ----------
    ended : ndarray of bool, shape (n,)
        Of which jobs the record says the end.
    """
    of_several: list[float] = []
    for name, submissions in groups.workflows.items():
        whole = [rows for rows in submissions if ended[rows].all()]
        spans = [float(times.stopped_at[rows].max() - times.submitted_at[rows].min()) for rows in whole]
        if spans:
            yield FigureKey("workflows", name, "makespan_s"), float(np.mean(spans))
        of_several += [span for rows, span in zip(whole, spans, strict=True) if len(rows) > 1]
    if of_several:
        yield FigureKey("", "", "makespan_s"), float(np.mean(of_several))
