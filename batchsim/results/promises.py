"""Objectives held against a run: kept or missed, and by which value.

What never happened counts as infinitely late: a job that is RUNNABLE at the end of the run and never started has
waited without end, an unfinished workflow run has no finish. So a promise on a quantile can't be kept by jobs that are
stuck. A value that rests on such a job is null, and the promise is missed.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import Floats, Status
from batchsim.results.distribution import statistic
from batchsim.results.facts import Facts, take
from batchsim.scenario.objectives import Objective
from batchsim.units import DAY

_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def evaluate(
    objectives: Iterable[Objective], facts: Facts, start: datetime, plain: Mapping[str, float | None]
) -> list[dict[str, Any]]:
    """Hold every objective against a run.

    Parameters
    ----------
    start : datetime
        Wall-clock time of second 0.
    plain : mapping
        The metrics that are one figure of the run: cost, makespan, utilisation, failed, unfinished.

    Returns
    -------
    list of dict
        ``{expression, value, limit, kept}`` each. `limit` and `kept` are None for what is to be minimised. A promise
        about nothing (no job was selected) is kept. Times of day are seconds after midnight UTC; when a run ends after
        its deadline's day, `value` goes on beyond 24 h.
    """
    return [_evaluate(objective, facts, start, plain) for objective in objectives]


def _evaluate(
    objective: Objective, facts: Facts, start: datetime, plain: Mapping[str, float | None]
) -> dict[str, Any]:
    if objective.metric in plain:
        value = plain[objective.metric]
    else:
        value = statistic(objective.statistic or "mean", _values(objective, facts, start))
        if value is not None and objective.clock:
            value += objective.limit
    shown = value if value is not None and math.isfinite(value) else None
    if objective.goal == "minimise":
        return {"expression": objective.expression, "value": shown, "limit": None, "kept": None}
    kept = value is None or bool(_COMPARISONS[objective.comparison](value, objective.limit))
    return {"expression": objective.expression, "value": shown, "limit": objective.limit, "kept": kept}


def _values(objective: Objective, facts: Facts, start: datetime) -> Floats:
    chosen = _selected(objective, facts)
    recording, submitted_at = facts.recording, facts.workload.submitted_at
    if objective.metric == "queue_time":
        waited = facts.first_starting_at - recording.runnable_at
        waited[(recording.status == Status.RUNNABLE) & (facts.first_attempt < 0)] = np.inf
        return waited[chosen & ~np.isnan(waited)]
    if objective.metric == "turnaround":
        turnaround = np.where(np.isnan(recording.stopped_at), np.inf, recording.stopped_at - submitted_at)
        # Jobs that failed without running, because another failed, were not served at all.
        return turnaround[chosen & ((facts.first_attempt >= 0) | np.isnan(recording.stopped_at))]
    arrived_at, finished_at = _runs(facts, chosen)
    if not objective.clock:
        return finished_at - arrived_at
    midnight = (start.hour * 60 + start.minute) * 60 + start.second + start.microsecond / 1e6
    # Seconds from the arrival to the first such time of day after it.
    ahead = (objective.limit - midnight - arrived_at) % DAY
    return finished_at - (arrived_at + ahead)


def _selected(objective: Objective, facts: Facts) -> NDArray[np.bool_]:
    workload = facts.workload
    chosen = np.ones(len(workload), np.bool_)
    for key, value in objective.where:
        if key == "jobName":
            of_name = np.array([name == value for name in workload.job_names], np.bool_)
            chosen &= take(of_name, workload.job_name)
        else:
            member = {"jobQueue": "job_queue", "workflow": "workflow", "jobDefinition": "job_definition"}[key]
            of_group = np.array([getattr(group, member) == value for group in workload.groups], np.bool_)
            chosen &= take(of_group, workload.group)
    return chosen


def _runs(facts: Facts, chosen: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """When each workflow run arrived, and when the last of its chosen jobs ended."""
    stopped_at = facts.recording.stopped_at
    run = facts.workflow.astype(np.int64) * (int(facts.workload.run.max(initial=0)) + 1) + facts.workload.run
    runs, place = np.unique(run, return_inverse=True)
    arrived_at, finished_at = np.full(len(runs), np.inf), np.full(len(runs), -np.inf)
    np.minimum.at(arrived_at, place, facts.workload.submitted_at)
    np.maximum.at(finished_at, place[chosen], np.where(np.isnan(stopped_at), np.inf, stopped_at)[chosen])
    there = finished_at > -np.inf
    return arrived_at[there], finished_at[there]
