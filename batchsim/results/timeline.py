"""The timeline: step functions of the run, made from the recorded intervals.

A series of more than 20,000 steps is told as its means over 20,000 equal intervals, which keeps the area under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from batchsim.arrays import SLICE, Floats, filled
from batchsim.columns import TIMELINE
from batchsim.results.arrow import numbers, repeated, schema
from batchsim.results.attempts import waits_before, waits_still
from batchsim.results.job_rows import JobRows
from batchsim.results.limits import limit
from batchsim.results.outcome import Outcome
from batchsim.results.spans import MOST_STEPS, Equal, Rows, Span, Spans, means, while_on
from batchsim.results.spending import spend_rate
from batchsim.results.step_functions import Curve, product, thin, total

if TYPE_CHECKING:
    import pyarrow as pa

Series = tuple[str, str, str, Floats, Floats]


def timeline(outcome: Outcome) -> pa.Table:
    """The table of `columns.TIMELINE`, series after series, each in the order of time."""
    import pyarrow as pa

    wanted = schema(TIMELINE)
    batches = []
    for measure, name, state, at, level in _series(outcome):
        texts = [repeated(text, len(at)) for text in (measure, name, state)]
        batches.append(pa.Table.from_arrays([numbers(at), *texts, numbers(level)], schema=wanted))
    return pa.concat_tables(batches).unify_dictionaries() if batches else wanted.empty_table()


def _series(outcome: Outcome) -> Iterator[Series]:
    for queue, state, at, level in job_states(outcome):
        yield "jobs", queue, state, at, level
    for index, environment in enumerate(outcome.configuration.environments):
        for state, (at, level) in vcpus(outcome, index).items():
            if len(at):
                yield "vcpus", environment.name, state, at, level
        yield "vcpus", environment.name, "limit", *limit(outcome, index)
        at, level = spend_rate(outcome, index)
        if len(at):
            yield "usd_per_hour", environment.name, "", at, level
    for reserved in outcome.costs.reservations:
        for state, (at, level) in (("used", reserved.used), ("unused", reserved.unused)):
            if len(at):
                yield "reserved", reserved.spec.name, state, *thin(at, level, MOST_STEPS)


def job_states(outcome: Outcome, most: int = MOST_STEPS) -> Iterator[tuple[str, str, Floats, Floats]]:
    """Queue, state, and how many of the queue's jobs are in it over time, where there are any.

    Of more than `most` steps, their means over as many equal intervals.
    """
    states = _JobStates(outcome)
    queues = outcome.configuration.queues
    of_group = np.array(outcome.queue_of_group, np.int32)
    jobs = JobRows(of_group[outcome.workload.group], len(queues))
    attempts = JobRows(of_group[outcome.workload.group[outcome.recording.attempts.job]], len(queues))
    for index, queue in enumerate(queues):
        for state, spans in states.of(jobs.of_group(index), attempts.of_group(index)).items():
            at, level = spans.curve(most)
            if len(at):
                yield queue.name, state, at, level


class _JobStates:
    """From when until when jobs and attempts were in each state."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._work, self._recording = outcome.workload, outcome.recording

    def of(self, jobs: Rows, attempts: Rows) -> dict[str, Spans]:
        """Of some jobs and their attempts, by state."""
        dependent = self._work.open_dependencies[jobs] > 0
        return {
            "SUBMITTED": Spans(((self._submitted, jobs[~dependent]),)),
            "PENDING": Spans(((self._submitted, jobs[dependent]),)),
            "RUNNABLE": Spans(((self._runnable, attempts), (self._still_runnable, self._that_wait(jobs)))),
            "STARTING": Spans(((self._starting, attempts),)),
            "RUNNING": Spans(((self._running, attempts),)),
        }

    def _that_wait(self, jobs: Rows) -> Rows:
        """Those of some jobs that were RUNNABLE after their last attempt: in a long run they are few."""
        found = [jobs[:0]]
        for first in range(0, len(jobs), SLICE):
            rows = jobs[first : first + SLICE]
            start, stop, _ = self._still_runnable(rows)
            found.append(rows[start < stop])
        return np.concatenate(found)

    def _submitted(self, jobs: Rows) -> Span:
        runnable_at, stopped_at = self._recording.runnable_at[jobs], self._recording.stopped_at[jobs]
        until = filled(runnable_at, filled(stopped_at, self._recording.ended_at))
        return self._work.submitted_at[jobs], until, None

    def _runnable(self, attempts: Rows) -> Span:
        return *waits_before(self._recording, attempts), None

    def _still_runnable(self, jobs: Rows) -> Span:
        return *waits_still(self._recording, self._outcome.attempts_of_jobs, jobs), None

    def _starting(self, attempts: Rows) -> Span:
        return self._recording.attempts.starting_at[attempts], self._running(attempts)[0], None

    def _running(self, attempts: Rows) -> Span:
        stopped = filled(self._recording.attempts.stopped_at[attempts], self._recording.ended_at)
        return filled(self._recording.attempts.started_at[attempts], stopped), stopped, None


def vcpus(outcome: Outcome, environment: int, most: int = MOST_STEPS) -> dict[str, Curve]:
    """VCPUs of an environment that run jobs, are stranded or idle, and are booting, as step functions.

    Running, stranded and idle sum to what is registered. Stranded is what the bill calls so
    (`results/cost/purposes.py`); as there, a multi-node job holds its instances whole. Of more than `most` steps
    there are their means over as many equal intervals.
    """
    instances, noted = outcome.recording.instances, outcome.recording.stranded
    spans = _VcpuSpans(outcome)
    attempts = np.flatnonzero(outcome.recording.attempts.environment == environment)
    here = np.flatnonzero(instances.environment == environment)
    series = {"running": Spans(((spans.running, attempts),)).curve(most)}
    if len(here):
        rows = noted.environment == environment
        stranded = noted.at[rows], noted.stranded[rows].astype(np.float64)
        series |= _unused(Spans(((spans.registered, here), (spans.taken, attempts))), stranded, most)
        series["booting"] = Spans(((spans.booting, here),)).curve(most)
    return series


def _unused(unused: Spans, stranded: Curve, most: int) -> dict[str, Curve]:
    """What is registered and runs no job, where it is stranded and where it is idle."""
    if unused.are_many:
        edges = unused.edges()
        in_all = unused.areas(edges, Equal(edges))
        if not stranded[1].any():
            return {"idle": (edges, means(edges, in_all))}
        in_vain = while_on(unused, stranded, edges)
        return {"stranded": (edges, means(edges, in_vain)), "idle": (edges, means(edges, in_all - in_vain))}
    idle, parts = unused.exact(), {}
    at, level = total([product(*idle, *stranded)])
    if level.any():
        parts = {"stranded": thin(at, level, most)}
        idle = total([idle, (at, -level)])
    return {**parts, "idle": thin(*idle, most)}


class _VcpuSpans:
    """From when until when how many vCPUs were in which state."""

    def __init__(self, outcome: Outcome) -> None:
        self._recording = outcome.recording
        self._work = outcome.workload
        self._held_by_shape = np.array([shape.vcpus for shape in outcome.workload.shapes])
        self._whole = np.zeros(len(outcome.recording.instances.environment))
        for index, environment in enumerate(outcome.configuration.environments):
            here = np.flatnonzero(outcome.recording.instances.environment == index)
            if len(here):
                vcpus = np.array([float(offering.vcpus) for offering in environment.offerings])
                self._whole[here] = vcpus[outcome.recording.instances.offering[here]]
        self._of_multi_node = self._multi_node()

    def running(self, attempts: Rows) -> Span:
        """Of attempts: what their jobs ask for, or of multi-node jobs their instances."""
        recorded = self._recording.attempts
        held = self._held_by_shape[self._work.shape[recorded.job[attempts]]]
        if len(self._of_multi_node[0]):
            multi_node, vcpus = self._of_multi_node
            place = np.searchsorted(multi_node, attempts)
            place[place == len(multi_node)] = 0
            held = np.where(multi_node[place] == attempts, vcpus[place], held)
        return recorded.starting_at[attempts], filled(recorded.stopped_at[attempts], self._recording.ended_at), held

    def taken(self, attempts: Rows) -> Span:
        """The same, as what is no longer unused."""
        start, stop, held = self.running(attempts)
        assert held is not None  # noqa: S101 (for the type checker)
        return start, stop, -held

    def registered(self, instances: Rows) -> Span:
        """Of instances, while they can run jobs."""
        recorded = self._recording.instances
        return recorded.usable_from[instances], recorded.terminated_at[instances], self._whole[instances]

    def booting(self, instances: Rows) -> Span:
        """Of instances, before that."""
        recorded = self._recording.instances
        return recorded.requested_at[instances], recorded.usable_from[instances], self._whole[instances]

    def _multi_node(self) -> tuple[Rows, Floats]:
        """Attempts of multi-node jobs, and the vCPUs of their instances."""
        nodes, attempts = self._recording.nodes, self._recording.attempts
        found, place = np.unique(nodes.attempt, return_inverse=True)
        vcpus = self._whole[attempts.instance[found]]
        np.add.at(vcpus, place, self._whole[nodes.instance])
        return found, vcpus
