"""The timeline: step functions of the run, made from the recorded intervals.

A series of more than 20,000 steps is thinned to its means over 20,000 equal intervals, which keeps the area under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from batchsim.arrays import Floats
from batchsim.columns import TIMELINE
from batchsim.results.arrow import coded, numbers, schema
from batchsim.results.attempts import runnable_spans
from batchsim.results.outcome import Outcome
from batchsim.results.spending import spend_rate
from batchsim.results.step_functions import product, steps, thin, total

if TYPE_CHECKING:
    import pyarrow as pa

MOST_STEPS = 20_000

Series = tuple[str, str, str, Floats, Floats]


def timeline(outcome: Outcome) -> pa.Table:
    """The table of `columns.TIMELINE`, series after series, each in the order of time."""
    import pyarrow as pa

    wanted = schema(TIMELINE)
    batches = []
    for measure, name, state, at, level in _series(outcome):
        at, level = thin(at, level, MOST_STEPS)
        texts = [coded(np.zeros(len(at), np.int32), [text]) for text in (measure, name, state)]
        batches.append(pa.Table.from_arrays([numbers(at), *texts, numbers(level)], schema=wanted))
    return pa.concat_tables(batches).unify_dictionaries() if batches else wanted.empty_table()


def _series(outcome: Outcome) -> Iterator[Series]:
    for queue, state, at, level in job_states(outcome):
        yield "jobs", queue, state, at, level
    for index, environment in enumerate(outcome.configuration.environments):
        for state, (at, level) in vcpus(outcome, index).items():
            if len(at):
                yield "vcpus", environment.name, state, at, level
        yield "vcpus", environment.name, "limit", np.zeros(1), np.array([float(environment.max_vcpus)])
        at, level = spend_rate(outcome, index)
        if len(at):
            yield "usd_per_hour", environment.name, "", at, level


def job_states(outcome: Outcome) -> Iterator[tuple[str, str, Floats, Floats]]:
    """Queue, state, and how many of the queue's jobs are in it over time, where there are any."""
    for index, queue in enumerate(outcome.configuration.queues):
        for state, (start, stop) in _intervals(outcome, index):
            at, level = steps(start, stop)
            if len(at):
                yield queue.name, state, at, level


def _ended(column: Floats, end: float) -> Floats:
    """Instants, with the end of the run where there is none."""
    missing = np.isnan(column)
    return np.where(missing, end, column) if missing.any() else column


def _intervals(outcome: Outcome, queue: int) -> Iterator[tuple[str, tuple[Floats, Floats]]]:
    """Intervals that jobs of a queue spent in each state; state by state, since a long run has many."""
    work, recording, attempts = outcome.workload, outcome.recording, outcome.recording.attempts
    queue_of = np.array(outcome.queue_of_group)
    mine, here = (queue_of == queue)[work.group], (queue_of == queue)[work.group[attempts.job]]
    job_end = _ended(recording.stopped_at, recording.ended_at)
    dependent = work.open_dependencies[: len(work)] > 0
    for state, those in ("SUBMITTED", mine & ~dependent), ("PENDING", mine & dependent):
        before, ends = recording.runnable_at[those], job_end[those]
        yield state, (work.submitted_at[those], np.where(np.isnan(before), ends, before))
    yield "RUNNABLE", runnable_spans(recording, outcome.attempts_of_jobs, mine)
    stopped = _ended(attempts.stopped_at[here], recording.ended_at)
    started = attempts.started_at[here]
    started = np.where(np.isnan(started), stopped, started)
    yield "STARTING", (attempts.starting_at[here], started)
    yield "RUNNING", (started, stopped)


def vcpus(outcome: Outcome, environment: int) -> dict[str, tuple[Floats, Floats]]:
    """VCPUs of an environment that run jobs, are stranded or idle, and are booting, as step functions.

    Running, stranded and idle sum to what is registered. Stranded is what the bill calls so
    (`results/cost/purposes.py`); as there, a multi-node job holds its instances whole.
    """
    attempts, instances = outcome.recording.attempts, outcome.recording.instances
    here, mine = attempts.environment == environment, instances.environment == environment
    whole = np.zeros(len(mine))
    if mine.any():
        offerings = np.array([float(o.vcpus) for o in outcome.configuration.environments[environment].offerings])
        whole[mine] = offerings[instances.offering[mine]]
    begun, held = attempts.starting_at[here], _held(outcome, whole)[here]
    ended = _ended(attempts.stopped_at[here], outcome.recording.ended_at)
    series = {"running": steps(begun, ended, held)}
    if mine.any():
        whole, gone, registered = whole[mine], instances.terminated_at[mine], instances.usable_from[mine]
        unused = steps(
            np.concatenate([registered, begun]), np.concatenate([gone, ended]), np.concatenate([whole, -held])
        )
        noted = outcome.recording.stranded
        rows = noted.environment == environment
        at, level = total([product(*unused, noted.at[rows], noted.stranded[rows].astype(np.float64))])
        if level.any():
            series["stranded"] = at, level
            unused = total([unused, (at, -level)])
        series["idle"] = unused
        series["booting"] = steps(instances.requested_at[mine], registered, whole)
    return series


def _held(outcome: Outcome, instances: Floats) -> Floats:
    """VCPUs that each attempt holds: what its job asks for, or of a multi-node job those of its instances."""
    work, attempts, nodes = outcome.workload, outcome.recording.attempts, outcome.recording.nodes
    if not len(attempts.job):
        return np.empty(0)
    shape = work.shape[attempts.job]
    held = np.array([each.vcpus for each in work.shapes])[shape]
    gangs = np.flatnonzero(np.array([bool(each.nodes) for each in work.shapes], bool)[shape])
    if len(gangs):
        held[gangs] = instances[attempts.instance[gangs]]
        np.add.at(held, nodes.attempt, instances[nodes.instance])
    return held
