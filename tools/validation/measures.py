"""What is measured of a replication, and the figures of its random numbers that it is adjusted by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from batchsim.arrays import Floats
from batchsim.recording import Recording, Status
from batchsim.results.run import Run
from batchsim.spec.workload import Workload
from batchsim.units import HOUR
from tools.validation.case import Observation, QueueingCase

Measure = Callable[[Observation], float]
#: By how much the area under the number of jobs may differ from the sum of their times: rounding.
LITTLE = 1e-9


def _first_attempts(recording: Recording, jobs: int) -> tuple[Floats, Floats]:
    """RUNNABLE and STARTING of the first attempt of each job."""
    attempts = recording.attempts
    first = attempts.number == 1
    runnable, starting = np.full(jobs, np.nan), np.full(jobs, np.nan)
    runnable[attempts.job[first]] = attempts.runnable_at[first]
    starting[attempts.job[first]] = attempts.starting_at[first]
    return runnable, starting


def _chosen(observation: Observation, name: str | None) -> np.ndarray:
    workload = observation.workload
    inside = (workload.submitted_at >= observation.from_s) & (workload.submitted_at < observation.until_s)
    return inside if name is None else inside & (workload.job_name == workload.job_names.index(name))


def queue_time(name: str | None = None) -> Measure:
    """Mean time from RUNNABLE to the first STARTING, of all jobs or those of a name."""

    def measure(observation: Observation) -> float:
        runnable, starting = _first_attempts(observation.recording, len(observation.workload))
        return float((starting - runnable)[_chosen(observation, name)].mean())

    return measure


def longer_than(time_s: float) -> Measure:
    """Share of the jobs that wait longer."""

    def measure(observation: Observation) -> float:
        runnable, starting = _first_attempts(observation.recording, len(observation.workload))
        return float((starting - runnable > time_s)[_chosen(observation, None)].mean())

    return measure


def turnaround(name: str | None = None) -> Measure:
    """Mean time from submission to the end, of all jobs or those of a name."""

    def measure(observation: Observation) -> float:
        taken = observation.recording.stopped_at - observation.workload.submitted_at
        return float(taken[_chosen(observation, name)].mean())

    return measure


def workflow_turnaround(observation: Observation) -> float:
    """Mean time from the submission of a workflow to the end of its last job."""
    workload = observation.workload
    ended, begun = np.zeros(int(workload.run.max()) + 1), np.zeros(int(workload.run.max()) + 1)
    np.maximum.at(ended, workload.run, observation.recording.stopped_at)
    begun[workload.run] = workload.submitted_at
    inside = (begun >= observation.from_s) & (begun < observation.until_s)
    return float((ended - begun)[inside].mean())


def running(observation: Observation) -> float:
    """Mean number of running jobs."""
    attempts, (begin, end) = observation.recording.attempts, (observation.from_s, observation.until_s)
    held = np.minimum(attempts.stopped_at, end) - np.maximum(attempts.starting_at, begin)
    return float(np.maximum(held, 0.0).sum() / (end - begin))


def ended_per_s(observation: Observation) -> float:
    """How many jobs end a second while others wait."""
    ended = observation.recording.stopped_at
    inside = (ended >= observation.from_s) & (ended < observation.until_s)
    return float(inside.sum() / (observation.until_s - observation.from_s))


def attempts_per_job(observation: Observation) -> float:
    """Mean number of attempts."""
    number = np.bincount(observation.recording.attempts.job, minlength=len(observation.workload))
    return float(number[_chosen(observation, None)].mean())


def cost_per_job(observation: Observation) -> float:
    """What is paid in the whole run for each job, in USD."""
    return _cost(observation) / len(observation.workload)


def cost_per_hour(observation: Observation) -> float:
    """What is paid in an hour of the whole run, in USD."""
    return _cost(observation) / observation.recording.ended_at * HOUR


def cost_of_an_hours_jobs(observation: Observation) -> float:
    """What is paid for the jobs of an hour, in USD."""
    return _cost(observation) / (observation.scenario.duration_s or 0.0) * HOUR


def _cost(observation: Observation) -> float:
    run = Run(observation.scenario, observation.workload, observation.recording, 0, observation.replication)
    cost = run.summary["cost_usd"]
    parts = sum(cost["by_purpose"].values())
    if abs(parts - cost["total"]) > 1e-9 * cost["total"]:
        raise ArithmeticError(f"purposes sum to {parts}, the total is {cost['total']}")
    return float(cost["total"])


def instances_on(observation: Observation) -> float:
    """Mean number of instances that are registered and not taken back."""
    instances, (begin, end) = observation.recording.instances, (observation.from_s, observation.until_s)
    held = np.minimum(instances.terminated_at, end) - np.maximum(instances.usable_from, begin)
    return float(np.maximum(held, 0.0).sum() / (end - begin))


def little(workload: Workload, recording: Recording) -> float:
    """By how much the area under the number of jobs in the system differs from the sum of their turnarounds."""
    ended = recording.status >= Status.SUCCEEDED
    begun, left = np.sort(workload.submitted_at[ended]), np.sort(recording.stopped_at[ended])
    at = np.concatenate([begun, left])
    order = np.argsort(at, kind="stable")
    number = np.cumsum(np.repeat([1, -1], len(begun))[order])
    area = float(number[:-1] @ np.diff(at[order]))
    total = float((left - begun).sum())
    return abs(area - total) / max(total, 1e-300)


def window(workload: Workload, recording: Recording, from_s: float, until_s: float, few: int) -> tuple[float, float]:
    """From the first arrival after one instant to the first after another that find few jobs.

    Both are known when they come, and from one to the other whole cycles are measured (Smith 1955).
    """
    at = np.unique(workload.submitted_at)
    before = np.searchsorted(workload.submitted_at, at)
    found = before - np.searchsorted(np.sort(recording.stopped_at), at, side="right")
    begins = at[(found <= few) & (at >= from_s)]
    ends = begins[1:][begins[1:] >= until_s]
    return float(begins[0]) if len(begins) else from_s, float(ends[0]) if len(ends) else float(at[-1])


#: From so many servers on all work is done before the next arrival: idle times are then those between arrivals.
_UNLIMITED = 1_000


def controls(case: QueueingCase, observation: Observation) -> tuple[tuple[float, ...], int]:
    """Means of what is 0 on average whatever the simulator does, and of how many arrivals they are.

    How far the work that an arrival brings, and the time to the next one, are from their means: on average, and times
    how much work, and how many jobs, an arrival finds. What it finds does not depend on what it brings (Lavenberg and
    Welch 1981; Henderson and Glynn 2002). The work that it finds is that of a server as quick as all together. That
    one is idle until the next arrival: where arrivals are Poisson, after work for x seconds, for exp(-x / between)
    times their mean time between on average.
    """
    workload = observation.workload
    new = np.concatenate([[True], np.diff(workload.submitted_at) > 0])
    first = np.flatnonzero(new)
    at = workload.submitted_at[first]
    between = np.diff(at)
    kept = np.flatnonzero((at[:-1] >= observation.from_s) & (at[:-1] < observation.until_s))
    late = None if case.between_s is None else between[kept] - case.between_s
    jobs = first - np.searchsorted(np.sort(observation.recording.stopped_at), at, side="right")
    states = [np.ones(len(kept)), *([jobs[kept]] if len(case.brings) == 1 else [])]
    figures = [] if late is None else [state * late for state in states]
    each_job = _work(workload)
    for part in case.brings:
        named = each_job if part.job is None else each_job * (workload.job_name == workload.job_names.index(part.job))
        brought = np.bincount(np.cumsum(new) - 1, named, len(first))
        walk = np.concatenate([[0.0], np.cumsum(brought[:-1] - part.servers * between)])
        found = (walk - np.minimum.accumulate(walk))[kept]
        more = brought[kept] - part.mean_s
        if case.between_s is not None and late is not None and part.servers < _UNLIMITED:
            after_s = (found + brought[kept]) / part.servers
            idle = np.maximum(between[kept] - after_s, 0.0) - case.between_s * np.exp(-after_s / case.between_s)
            figures += [found * late, idle]
        figures += [state * more for state in (*states, found)]
        figures += [brought[kept] ** 2 - part.square] if part.square is not None else []
    return tuple(float(each.mean()) for each in figures), max(len(kept), 1)


def _work(workload: Workload) -> Floats:
    """Of each job: the run times of its attempts, times its vCPUs, as they are drawn."""
    work = workload.runtime_s.copy()
    most = np.array([group.attempts for group in workload.groups])[workload.group]
    for job in np.flatnonzero((workload.exit_code != 0) & (most > 1)).tolist():
        number, exit_code = 2, 1
        while exit_code and number <= most[job]:
            runtime_s, exit_code = workload.later_attempt(job, number)
            work[job] += runtime_s
            number += 1
    return np.asarray(work * np.array([shape.vcpus for shape in workload.shapes])[workload.shape])
