"""The timeline: what a chart over time shows, as step functions.

A series has its exact steps while there are at most 20,000 of them. A longer one is given as its averages over 20,000
equal intervals, each over ``[at, next at)``; the area under the curve (job-seconds, vCPU-hours, dollars) stays the same.

Series, in this order:

- ``jobs`` by job queue and state: SUBMITTED (jobs without dependencies that the scheduler has not looked at), PENDING
  (jobs that wait for others), RUNNABLE, STARTING, RUNNING; states that never occur are left out;
- ``vcpus`` by compute environment: ``running`` (held by STARTING and RUNNING jobs), ``idle`` (registered, not held),
  ``booting`` (requested, not registered), ``limit`` (``maxvCpus`` or ``unmanagedvCpus``);
- ``usd_per_hour`` by compute environment: the area under it is the bill less its billing minimums.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from batchsim.results.cost import Costs
from batchsim.results.facts import Facts
from batchsim.results.steps import Spans, Steps, level_of, thinned


class Series(NamedTuple):
    """One step function of the timeline."""

    measure: str
    name: str
    state: str
    steps: Steps


def timeline_of(facts: Facts, costs: Costs) -> Iterator[Series]:
    """Every series of a run."""
    for series in (*_jobs(facts), *_vcpus(facts), *_spend(facts, costs)):
        yield series._replace(steps=thinned(series.steps, facts.ended_at))


def _jobs(facts: Facts) -> Iterator[Series]:
    recording, attempts = facts.recording, facts.recording.attempts
    submitted_at = facts.workload.submitted_at
    # A job that never got RUNNABLE leaves SUBMITTED or PENDING when it ends.
    admitted_at = np.where(np.isnan(recording.runnable_at), recording.stopped_at, recording.runnable_at)
    # Time in RUNNABLE before attempts is the attempts' own; what waits at the end of the run waits for one more.
    waiting_since = recording.runnable_at.copy()
    begun = np.flatnonzero(facts.last_attempt >= 0)
    waiting_since[begun] = attempts.stopped_at[facts.last_attempt[begun]]
    waiting = np.isnan(recording.stopped_at) & ~np.isnan(waiting_since)
    queue, attempt_queue, depends = facts.queue, facts.attempt_queue, facts.has_dependencies
    for index, name in enumerate(facts.queues):
        mine, of_mine = queue == index, attempt_queue == index
        stuck = waiting_since[mine & waiting]
        runnable = [Spans(attempts.runnable_at[of_mine], attempts.starting_at[of_mine])]
        runnable.append(Spans(stuck, np.full(len(stuck), np.nan)))
        started = np.where(np.isnan(attempts.started_at), attempts.stopped_at, attempts.started_at)[of_mine]
        states = {
            "SUBMITTED": [Spans(submitted_at[mine & ~depends], admitted_at[mine & ~depends])],
            "PENDING": [Spans(submitted_at[mine & depends], admitted_at[mine & depends])],
            "RUNNABLE": runnable,
            "STARTING": [Spans(attempts.starting_at[of_mine], started)],
            "RUNNING": [Spans(attempts.started_at[of_mine], attempts.stopped_at[of_mine])],
        }
        for state, spans in states.items():
            steps = level_of(*spans, ended_at=facts.ended_at)
            if steps.level.any():
                yield Series("jobs", name, state, steps)


def _vcpus(facts: Facts) -> Iterator[Series]:
    attempts, instances = facts.recording.attempts, facts.recording.instances
    sizes = facts.of_instance("vcpus")
    for index, environment in enumerate(facts.configuration.environments):
        on = attempts.environment == index
        vcpus = facts.attempt_vcpus[on]
        # What is there at the end of the run ends with it, instances and what they hold alike.
        held = Spans(attempts.starting_at[on], facts.attempt_end[on], vcpus)
        taken = held._replace(weight=-vcpus)
        levels = {"running": level_of(held, ended_at=facts.ended_at)}
        if environment.purchase_option in {"EC2", "SPOT"}:
            mine = instances.environment == index
            registered_at, terminated_at = instances.registered_at[mine], instances.terminated_at[mine]
            there = Spans(registered_at, terminated_at, sizes[mine])
            ready_at = np.where(np.isnan(registered_at), terminated_at, registered_at)
            booting = Spans(instances.requested_at[mine], ready_at, sizes[mine])
            levels["idle"] = level_of(there, taken, ended_at=facts.ended_at)
            levels["booting"] = level_of(booting, ended_at=facts.ended_at)
        elif environment.purchase_option == "UNMANAGED":
            levels["idle"] = level_of(taken, ended_at=facts.ended_at, base=float(environment.max_vcpus))
        levels["limit"] = level_of(ended_at=facts.ended_at, base=float(environment.max_vcpus))
        for state, steps in levels.items():
            yield Series("vcpus", environment.name, state, steps)


def _spend(facts: Facts, costs: Costs) -> Iterator[Series]:
    attempts, instances = facts.recording.attempts, facts.recording.instances
    for index, environment in enumerate(facts.configuration.environments):
        if environment.purchase_option == "UNMANAGED":
            continue
        mine, on = instances.environment == index, attempts.environment == index
        terminated_at = instances.terminated_at[mine]
        rate = level_of(
            Spans(instances.running_at[mine], terminated_at, costs.instance_usd_per_hour[mine]),
            Spans(instances.requested_at[mine], terminated_at, costs.instance_volume_usd_per_hour[mine]),
            Spans(attempts.pull_at[on], facts.attempt_end[on], costs.task_usd_per_hour[on]),
            ended_at=facts.ended_at,
        )
        yield Series("usd_per_hour", environment.name, "", rate)
