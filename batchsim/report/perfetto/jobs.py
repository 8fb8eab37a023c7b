"""Attempts of jobs as slices: starting tasks, pulled images, runs by job definition; flows from what they depend on."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import filled
from batchsim.recording import Status
from batchsim.report.perfetto.slices import Slices, calendar
from batchsim.report.perfetto.tenancies import Nanoseconds, Tenants, nanoseconds
from batchsim.report.perfetto.track_events import TrackEventWriter, Value
from batchsim.results.row_texts import RowTexts
from batchsim.results.run import Run

Rows = NDArray[np.int64]
#: Attempts, by their place among those shown, and the numbers of their flows.
Flows = dict[int, list[int]]


class _Stage(NamedTuple):
    """What some attempts do from when until when, and whether it is the first or the last that they do."""

    category: str
    start: Nanoseconds
    stop: Nanoseconds
    rows: NDArray[np.bool_]
    is_first: NDArray[np.bool_]
    is_last: NDArray[np.bool_]


class JobSlices:
    """The slices of some attempts.

    Of each ``boot`` (of a Fargate task), ``pull`` and its run, one after the other; the last has the annotations. What
    takes no time is left out, but for the last.

    Parameters
    ----------
    shown : Tenants
        The attempts, each once.
    track : ndarray of int
        The track of each.
    """

    def __init__(self, run: Run, writer: TrackEventWriter, shown: Tenants, track: Rows) -> None:
        self._run, self._writer = run, writer
        self._shown, self._track = shown, track
        self._job = run.recording.attempts.job[shown.attempt]

    def all(self) -> list[Slices]:
        """The slices of all stages."""
        return [self._slices(stage) for stage in self._stages()]

    def _stages(self) -> tuple[_Stage, ...]:
        recorded, shown = self._run.recording.attempts, self._shown
        ran = ~np.isnan(recorded.started_at[shown.attempt])
        started = np.where(ran, _known(recorded.started_at[shown.attempt], shown.stop), shown.stop)
        pulled = np.minimum(_known(recorded.pull_at[shown.attempt], shown.stop), started)
        never = np.zeros(len(ran), bool)
        return (
            _Stage("boot", shown.start, pulled, shown.start < pulled, ~never, never),
            _Stage("pull", pulled, started, (pulled < started) | ~ran, pulled == shown.start, ~ran),
            _Stage("run", started, shown.stop, ran, started == shown.start, ran),
        )

    def _slices(self, stage: _Stage) -> Slices:
        rows = np.flatnonzero(stage.rows)
        track, writer = self._track[rows].tolist(), self._writer
        index, first, last = rows.tolist(), stage.is_first[rows].tolist(), stage.is_last[rows].tolist()
        leads_to, follows = self._flows

        def tell(row: int, at: int) -> None:
            number = index[row]
            name = self._definitions[number] if stage.category == "run" else stage.category
            flows_out = leads_to.get(number, ()) if last[row] else ()
            flows_in = follows.get(number, ()) if first[row] else ()
            annotations = self._annotations(number, at) if last[row] else None
            writer.begin(at, track[row], name, stage.category, annotations, flows_out, flows_in)

        return Slices(stage.start[rows], stage.stop[rows], self._track[rows], self._shown.attempt[rows], tell)

    @cached_property
    def _definitions(self) -> list[str]:
        groups = self._run.workload.groups
        return [groups[number].job_definition for number in self._run.workload.group[self._job].tolist()]

    def _annotations(self, number: int, at: int) -> dict[str, Value]:
        known = zip(self._columns, self._rows[number], strict=True)
        told = {name: value for name, value in known if value is not None}
        return {**told, "calendar": calendar(self._run.scenario.start, at)}

    @cached_property
    def _rows(self) -> list[tuple[Value | None, ...]]:
        return list(zip(*self._columns.values(), strict=True))

    @cached_property
    def _columns(self) -> dict[str, list[Value | None]]:
        """Annotations by name, as in the tables of jobs and attempts; None where there is nothing to say."""
        work, recorded, texts = self._run.workload, self._run.recording.attempts, RowTexts(self._run.outcome)
        attempt, job = self._shown.attempt, self._job
        reasons = texts.reasons(recorded.reason[attempt], texts.hosts(attempt)).to_pylist()
        failed = recorded.status[attempt] == Status.FAILED
        submitted = nanoseconds(work.submitted_at[job]).tolist()
        return {
            "job_id": texts.job_ids(job).to_pylist(),
            "job_name": [work.job_names[number] for number in work.job_name[job].tolist()],
            "array_index": _where(work.array_index[job], work.array_index[job] >= 0),
            "job_queue": texts.of_group(job, "job_queue").to_pylist(),
            "attempt": recorded.number[attempt].tolist(),
            "status": texts.statuses(recorded.status[attempt]).to_pylist(),
            "status_reason": [text if told else None for text, told in zip(reasons, failed.tolist(), strict=True)],
            "exit_code": _where(recorded.exit_code[attempt], recorded.exit_code[attempt] >= 0),
            "submitted": [calendar(self._run.scenario.start, at) for at in submitted],
            **self._waits(),
        }

    def _waits(self) -> dict[str, list[Value | None]]:
        """Seconds that jobs waited by cause, at the last attempt of each: that is what they are counted to."""
        outcome = self._run.outcome
        is_last = outcome.attempts_of_jobs.last[self._job] == self._shown.attempt
        waited = outcome.waits.of(self._job)
        return {f"wait_{cause}_s": _where(seconds, is_last & (seconds > 0)) for cause, seconds in waited.items()}

    @cached_property
    def _flows(self) -> tuple[Flows, Flows]:
        """Flows that lead from attempts and to them: the last attempt of what a job needs, and its own first one."""
        of_jobs = self._run.outcome.attempts_of_jobs
        needed, waiting = dependencies(self._run)
        place = np.full(len(self._run.recording.attempts.job) + 1, -1)  # the last is of no attempt, by index -1
        place[self._shown.attempt] = np.arange(len(self._job))
        start, stop = place[of_jobs.last[needed]], place[of_jobs.first[waiting]]
        drawn = np.flatnonzero((start >= 0) & (stop >= 0))
        leads_to: Flows = defaultdict(list)
        follows: Flows = defaultdict(list)
        for flow, (one, other) in enumerate(zip(start[drawn].tolist(), stop[drawn].tolist(), strict=True), 1):
            leads_to[one].append(flow)
            follows[other].append(flow)
        return leads_to, follows


def dependencies(run: Run) -> tuple[Rows, Rows]:
    """Which jobs waited for which: the needed ones, and those that waited for them.

    An array stands for the child that ended last: that is the one others waited for.
    """
    work, n = run.workload, len(run.workload)
    needed = np.repeat(np.arange(work.nodes), np.diff(work.dependents_start))
    waiting = work.dependents.astype(np.int64)
    of_array = waiting >= n
    children, parents = needed[of_array], waiting[of_array]
    last = np.full(work.nodes, -1)
    last[:n] = np.arange(n)
    # Of several entries of a parent the last is kept: the child that ended last, or has not ended.
    order = np.argsort(filled(run.recording.stopped_at[children], np.inf), kind="stable")
    last[parents[order]] = children[order]
    return last[needed[~of_array]], waiting[~of_array]


def _known(seconds: NDArray[np.float64], otherwise: Nanoseconds) -> Nanoseconds:
    """Instants as a trace counts them, others where they are unknown."""
    return np.where(np.isnan(seconds), otherwise, nanoseconds(np.nan_to_num(seconds)))


def _where(column: NDArray[Any], known: NDArray[np.bool_]) -> list[Any]:
    return [value if told else None for value, told in zip(column.tolist(), known.tolist(), strict=True)]
