"""Whether objectives were met: what an objective looks at, what came of it, and which jobs it says nothing of.

An objective is about all jobs in its scope, and met only if all of them got as far as it needs:

==================================================  ================================================================
queue_time                                          a first attempt began
turnaround, finished_at, makespan, cost             SUCCEEDED: what failed was not got for the money, nor by then
failed, utilisation                                 ended: one that has not may fail yet
unfinished                                          nothing: it counts them
==================================================  ================================================================

Jobs that did not are *missing*. Those of them that FAILED are allowed where the scenario says how many may fail: by an
objective ``failed <= …`` over the same jobs, or more, that is met.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, filled
from batchsim.recording import Status
from batchsim.results.durations import Bounded, Durations, Mask, Rows
from batchsim.results.outcome import Outcome
from batchsim.spec.objectives import Objective
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.traces import Trace
from batchsim.spec.workload import Workload
from batchsim.units import DAY, HOUR, MINUTE

_MEMBERS = {"jobQueue": "job_queue", "workflow": "workflow", "jobDefinition": "job_definition"}
_SUCCESS = {"turnaround", "finished_at", "makespan", "cost"}
_END = {"failed", "utilisation"}


def chosen(objective: Objective, workload: Workload, since: float = 0.0) -> Mask:
    """The jobs that pass an objective's filters, and are submitted after a warm-up."""
    mask = workload.submitted_at >= since
    for key, name in objective.where:
        if key == "jobName":
            mask &= np.array([known == name for known in workload.job_names], bool)[workload.job_name]
        else:
            mask &= np.array([getattr(group, _MEMBERS[key]) == name for group in workload.groups], bool)[workload.group]
    return mask


class ObjectiveEntries:
    """The objectives of a scenario after a run.

    Parameters
    ----------
    queue_times, turnarounds : Durations
        Of each job.
    summary : mapping
        The figures of the run, without the objectives.
    """

    def __init__(
        self,
        scenario: ResolvedScenario,
        outcome: Outcome,
        queue_times: Durations,
        turnarounds: Durations,
        summary: Mapping[str, Any],
    ) -> None:
        self._scenario = scenario
        self._outcome = outcome
        self._of_jobs = {"queue_time": queue_times, "turnaround": turnarounds}
        self._summary = summary
        self._began = outcome.attempts_of_jobs.count > 0

    def entries(self) -> list[dict[str, Any]]:
        """What the summary says of each objective, in their order."""
        objectives = self._scenario.objectives
        allowed = [
            set(each.where)
            for each in objectives
            if each.metric == "failed" and each.comparison.startswith("<") and self._entry(each, failures=False)["kept"]
        ]
        return [self._entry(each, failures=any(set(each.where) >= where for where in allowed)) for each in objectives]

    def _entry(self, objective: Objective, *, failures: bool) -> dict[str, Any]:
        """One objective; `failures` where jobs are allowed to fail."""
        mask = chosen(objective, self._outcome.workload, self._outcome.window.since)
        value, least = self._value(objective, mask)
        missing = self._missing(objective, mask, failures=failures)
        kept = None
        if objective.goal == "keep":
            # A plain bool: numpy's is neither JSON nor `is False`.
            kept = value is not None and not any(missing.values()) and bool(objective.holds(value))
        return {
            "expression": objective.expression,
            "value": value,
            "at_least": least,
            "limit": objective.limit if objective.goal == "keep" else None,
            "unit": objective.unit,
            "timezone": self._timezone(objective) if objective.clock else None,
            "kept": kept,
            "kept_in": None if kept is None else int(kept),
            "n": 1,
            "jobs": int(np.count_nonzero(mask)),
            "missing": sum(missing.values()),
            "missing_by": missing,
        }

    def _missing(self, objective: Objective, mask: Mask, *, failures: bool) -> dict[str, int]:
        """Jobs in scope that did not get as far as the objective needs, by how far they did."""
        status = self._outcome.recording.status
        if objective.metric == "queue_time":
            mask = mask & ~self._began
        elif objective.metric in _SUCCESS:
            mask = mask & (status != Status.SUCCEEDED)
        else:
            mask = mask & (status < Status.SUCCEEDED) & (objective.metric in _END)
        if failures:
            mask = mask & (status != Status.FAILED)
        began = mask & self._began
        parts = {"never_ran": mask & ~self._began, "unfinished": began & (status < Status.SUCCEEDED)}
        parts["failed"] = began & (status == Status.FAILED)
        return {name: int(np.count_nonzero(part)) for name, part in parts.items()}

    def _value(self, objective: Objective, mask: Mask) -> Bounded:
        """The figure, or where the run ended before it was known what it is at least."""
        recording = self._outcome.recording
        if objective.metric in self._of_jobs:
            return self._of_jobs[objective.metric].of(mask).statistic(objective.statistic)
        if objective.metric == "finished_at":
            ends, censored = filled(recording.stopped_at, recording.ended_at), np.isnan(recording.stopped_at)
            return finished_at(objective, self._outcome.workload, ends, self._scenario, censored=censored)
        if objective.metric == "makespan":
            return makespan(self._outcome, mask)
        if objective.metric == "cost":
            return self._cost(objective), None
        if objective.metric == "utilisation":
            return self._summary["utilisation"]["vcpu"], None
        status = recording.status[mask]
        counted = status == Status.FAILED if objective.metric == "failed" else status < Status.SUCCEEDED
        count = float(np.count_nonzero(counted))
        return count / max(len(counted), 1) if objective.share else count, None

    def _cost(self, objective: Objective) -> float:
        """What a queue or a workflow cost, or everything; nothing where no job is of it."""
        kinds = {"jobQueue": "job_queues", "workflow": "workflows"}
        part = self._summary
        for key, name in objective.where:
            part = self._summary[kinds[key]].get(name, {"cost_usd": {"total": 0.0}})
        return float(part["cost_usd"]["total"])

    def _timezone(self, objective: Objective) -> str:
        """Whose time of day the limit and the value are; where workflows have one each, all of theirs."""
        if objective.timezone:
            return objective.timezone
        # Of what may arrive, not of what did: it is the same in every replication.
        filters = [(_MEMBERS[key], name) for key, name in objective.where if key in _MEMBERS]
        groups = [group for group in self._outcome.workload.groups if all(getattr(group, m) == n for m, n in filters)]
        zones = timezones(self._scenario)
        return ", ".join(dict.fromkeys(zones.get(group.workflow, "UTC") for group in groups)) or "UTC"


def makespan(outcome: Outcome, jobs: Rows) -> Bounded:
    """From the first submission to the last end of some jobs; a bound while one has not ended."""
    recording, stopped_at = outcome.recording, outcome.recording.stopped_at[jobs]
    if not len(stopped_at):
        return None, None
    first, last = float(outcome.workload.submitted_at[jobs].min()), float(stopped_at.max())  # NaN where one is
    if np.isnan(last):
        return None, max(recording.ended_at - first, 0.0)
    return last - first, None


def timezones(scenario: ResolvedScenario) -> dict[str, str]:
    """The time zone of each workflow's arrivals, and of each trace's."""
    zones: dict[str, str] = {}
    for source in scenario.sources:
        name = source.workflow if isinstance(source, Trace) else source.name
        zones.setdefault(name, "UTC" if source.arrivals is None else source.arrivals.timezone)
    return zones


def finished_at(
    objective: Objective, workload: Workload, ends: Floats, scenario: ResolvedScenario, *, censored: Mask | None = None
) -> Bounded:
    """When workflow runs ended: seconds since the scenario's start, or after midnight where the limit is on a clock.

    Against a time of day each run has a deadline of its own (`deadlines`); the value is the limit plus the statistic
    of how much later than it they ended, below the limit when they were earlier.

    Parameters
    ----------
    ends : ndarray of float, shape (n,)
        When each job ended, or had not ended yet.
    censored : ndarray of bool, shape (n,), optional
        Which had not.
    """
    mask = chosen(objective, workload, scenario.warm_up_s or 0.0)
    _, run_of_job, runs = _runs(workload, mask)
    finished, unfinished = np.full(runs, -np.inf), np.zeros(runs, bool)
    np.maximum.at(finished, run_of_job, np.maximum(ends, workload.submitted_at)[mask])
    if censored is not None:
        np.logical_or.at(unfinished, run_of_job, censored[mask])
    if not objective.clock:
        return Durations(finished, unfinished).statistic(objective.statistic)
    lateness = Durations(finished - deadlines(objective, workload, scenario), unfinished)
    value, least = lateness.statistic(objective.statistic)
    return None if value is None else objective.limit + value, None if least is None else objective.limit + least


def deadlines(objective: Objective, workload: Workload, scenario: ResolvedScenario) -> Floats:
    """The deadline of each workflow run in scope of an objective of `finished_at`: seconds since the start.

    Against a clock it is the first such time after the run's arrival, in the objective's time zone or in that of the
    workflow's arrivals.
    """
    mask = chosen(objective, workload, scenario.warm_up_s or 0.0)
    names, run_of_job, runs = _runs(workload, mask)
    if not objective.clock:
        return np.full(runs, objective.limit)
    arrived, due = np.full(runs, np.inf), np.zeros(runs)
    np.minimum.at(arrived, run_of_job, workload.submitted_at[mask])
    zones = timezones(scenario)
    for name in np.unique(names).tolist():
        zone = ZoneInfo(objective.timezone or zones.get(name, "UTC"))
        due[names == name] = first_shown(objective.limit, zone, scenario.start, arrived[names == name])
    return due


def _runs(workload: Workload, mask: Mask) -> tuple[NDArray[np.str_], NDArray[np.intp], int]:
    """The workflow runs of some jobs: the workflow of each, the run of each job, and how many there are."""
    names = list(dict.fromkeys(group.workflow for group in workload.groups))
    place = {name: index for index, name in enumerate(names)}
    workflow = np.array([place[group.workflow] for group in workload.groups], np.int32)[workload.group[mask]]
    run = workload.run[mask].astype(np.int64)
    most = int(run.max(initial=0)) + 1
    runs, run_of_job = np.unique(workflow * most + run, return_inverse=True)
    return np.array(names)[runs // most], run_of_job, len(runs)


def first_shown(clock_s: float, zone: ZoneInfo, start: datetime, after: Floats) -> Floats:
    """The first time after some instants at which clocks in a zone show a time of day.

    Where clocks are put back and show it twice, either counts. Where they are put forward and skip it, it is read by
    the offset before (RFC 5545, 3.3.5, form 3): 02:30 is then 03:30.

    Parameters
    ----------
    clock_s : float
        The time of day in seconds after midnight.
    after : ndarray of float, shape (n,)
        Seconds since the start; at least one.

    Returns
    -------
    ndarray of float, shape (n,)
        Seconds since the start.
    """
    shown = time(int(clock_s // HOUR), int(clock_s % HOUR // MINUTE), tzinfo=zone)
    day = (start + timedelta(seconds=float(after.min()))).astimezone(zone).date()
    instants: list[float] = []
    for _ in range(int((after.max() - after.min()) // DAY) + 3):
        once, again = ((datetime.combine(day, shown.replace(fold=fold)) - start).total_seconds() for fold in (0, 1))
        instants += [once, again] if again > once else [once]
        day += timedelta(days=1)
    known = np.array(instants)
    return np.asarray(known[np.searchsorted(known, after, side="right")])
