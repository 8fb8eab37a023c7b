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
from batchsim.results.spans import MOST_STEPS, Rows, Span, Spans
from batchsim.results.spending import spend_rate
from batchsim.results.step_functions import thin
from batchsim.results.vcpus import Vcpus

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
    vcpus = Vcpus(outcome)
    for index, environment in enumerate(outcome.configuration.environments):
        for state, (at, level) in vcpus.of(index).items():
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
