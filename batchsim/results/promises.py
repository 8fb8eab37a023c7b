"""What an objective looks at: its jobs, when their workflows ended, and the statistic of it."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import Floats
from batchsim.scenario.objectives import Objective
from batchsim.units import DAY
from batchsim.workload.table import Workload

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}

_MEMBERS = {"jobQueue": "job_queue", "workflow": "workflow", "jobDefinition": "job_definition"}


def chosen(objective: Objective, workload: Workload) -> NDArray[np.bool_]:
    """The jobs that pass an objective's filters."""
    mask = np.ones(len(workload), bool)
    for key, name in objective.where:
        if key == "jobName":
            mask &= np.array([known == name for known in workload.job_names])[workload.job_name]
        else:
            mask &= np.array([getattr(group, _MEMBERS[key]) == name for group in workload.groups])[workload.group]
    return mask


def finished_at(objective: Objective, workload: Workload, stopped_at: Floats, start: datetime) -> float | None:
    """When workflow runs ended: seconds since their arrival's midnight against a clock, else since the start.

    Against a time of day the deadline is the first such time after the run's arrival; the value is the limit plus the
    statistic of the lateness. None while a job has not ended.
    """
    mask = chosen(objective, workload)
    stopped = stopped_at[mask]
    if not len(stopped) or np.isnan(stopped).any():
        return None
    names = {name: index for index, name in enumerate(dict.fromkeys(group.workflow for group in workload.groups))}
    workflow = np.array([names[group.workflow] for group in workload.groups], np.int32)[workload.group[mask]]
    runs, place = np.unique(np.column_stack([workflow, workload.run[mask]]), axis=0, return_inverse=True)
    place = place.reshape(-1)
    finished, arrived = np.full(len(runs), -np.inf), np.full(len(runs), np.inf)
    np.maximum.at(finished, place, stopped)
    np.minimum.at(arrived, place, workload.submitted_at[mask])
    if not objective.clock:
        return statistic(objective.statistic, finished)
    midnight = start.hour * 3600 + start.minute * 60 + start.second
    clock = midnight + arrived
    deadline = np.floor(clock / DAY) * DAY + objective.limit
    deadline = np.where(deadline < clock, deadline + DAY, deadline)
    return objective.limit + statistic(objective.statistic, midnight + finished - deadline)


def statistic(name: str, values: Floats) -> float:
    """Mean (also without a name, as in ``minimise queue_time``), max, min, or a quantile by its name."""
    if name in QUANTILES:
        return float(np.quantile(values, QUANTILES[name]))
    if name in {"max", "min"}:
        return float(values.max() if name == "max" else values.min())
    return math.fsum(values) / len(values)
