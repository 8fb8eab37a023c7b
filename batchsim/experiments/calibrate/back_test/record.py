"""What the record says of the jobs that are predicted, and the same of a simulation of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints
from batchsim.aws.histories.records import RecordedJob
from batchsim.experiments.calibrate.back_test.measures import (
    QUEUE_TIME,
    TO_STARTED,
    FigureKey,
    Figures,
    Groups,
    Times,
    VcpusHeld,
    makespans,
    waiting,
)
from batchsim.experiments.calibrate.back_test.paid import prices
from batchsim.experiments.calibrate.back_test.replay import Replay
from batchsim.experiments.calibrate.back_test.split import Split
from batchsim.results.outcome import Outcome
from batchsim.results.record import first_started_at
from batchsim.results.spending import spent
from batchsim.units import DAY


@dataclass(frozen=True, eq=False)
class Record:
    """The replayed jobs as the history tells of them.

    Attributes
    ----------
    replay : Replay
        The jobs.
    where : Split
        Where the history is cut.
    workflows : mapping
        By name the ids of the jobs of each submission.
    vcpus : ndarray of float, shape (n,)
        What each job holds.
    """

    replay: Replay
    where: Split
    workflows: Mapping[str, Sequence[tuple[str, ...]]]
    vcpus: Floats

    @cached_property
    def times(self) -> Times:
        """When the jobs ran."""
        jobs = self.replay.records
        created = np.array([job.created_at for job in jobs])
        queued = np.array([_queue_time(job) for job in jobs])
        started = np.array([_first_start(job) for job in jobs])
        stopped = np.array([_end(job) for job in jobs])
        waited = started - created
        return Times(created, stopped, queued, np.where(waited >= 0, waited, np.nan))

    @cached_property
    def clock_s(self) -> float:
        """How coarse the clock of queue times is: 1 where events say whole seconds, else 0."""
        queued = self.times.queue_time_s
        known = queued[~np.isnan(queued)]
        return float(len(known) > 0 and bool(np.all(known == np.floor(known))))

    @cached_property
    def known(self) -> dict[str, NDArray[np.bool_]]:
        """By measure of waiting, of which jobs it is known; only measures that are known of any that is predicted."""
        told = {QUEUE_TIME: self.times.queue_time_s, TO_STARTED: self.times.submitted_to_started_s}
        known = {figure: ~np.isnan(seconds) for figure, seconds in told.items()}
        return {figure: of for figure, of in known.items() if (of & self._predicted).any()}

    @cached_property
    def _predicted(self) -> NDArray[np.bool_]:
        return np.array([job.created_at >= self.where.cut for job in self.replay.records])

    @cached_property
    def groups(self) -> Groups:
        """The jobs that are predicted, by what their figures are told of."""
        jobs = self.replay.records
        rows = np.flatnonzero(self._predicted)
        groups: dict[tuple[str, str], list[int]] = {("", ""): rows.tolist()}
        for row in rows.tolist():
            groups.setdefault(("job_queues", jobs[row].queue), []).append(row)
            groups.setdefault(("job_definitions", jobs[row].definition), []).append(row)
        place = {job.job_id: row for row, job in enumerate(jobs)}
        day = np.floor((self.times.submitted_at - self.where.cut) / DAY).astype(np.int32)
        workflows = {
            name: [
                np.array([place[each] for each in ids], np.int32)
                for ids in submissions
                if self._is_predicted(ids, place)
            ]
            for name, submissions in self.workflows.items()
        }
        return Groups(
            {key: np.array(listed, np.int32) for key, listed in sorted(groups.items())},
            day,
            {name: listed for name, listed in workflows.items() if listed},
        )

    def _is_predicted(self, ids: tuple[str, ...], place: Mapping[str, int]) -> bool:
        """Whether the jobs of a submission are all replayed, and none was submitted before the cut."""
        return bool(ids) and all(each in place and self._predicted[place[each]] for each in ids)

    @cached_property
    def _ended(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.times.stopped_at)

    def figures(self) -> Figures:
        """What was seen."""
        held = _held(self.replay.records, self.vcpus)
        return self._of(self.times, held)

    def simulated(self, outcome: Outcome) -> Figures:
        """The same of a simulation of the replayed jobs, and what it cost from the cut to the record's end."""
        zero, recording = self.replay.zero, outcome.recording
        runnable, starting = recording.runnable_at, outcome.attempts_of_jobs.first_starting_at
        if self.clock_s:
            runnable, starting = np.floor(runnable), np.floor(starting)
        submitted = outcome.workload.submitted_at
        times = Times(
            submitted_at=submitted + zero,
            stopped_at=recording.stopped_at + zero,
            queue_time_s=starting - runnable,
            submitted_to_started_s=first_started_at(outcome) - submitted,
        )
        attempts = recording.attempts
        held = VcpusHeld(attempts.started_at + zero, attempts.stopped_at + zero, self.vcpus[attempts.job])
        edges = np.array([self.where.cut, self.where.end])
        before, until = spent(outcome, edges - zero).tolist()
        unstarted = np.count_nonzero(np.isnan(starting[self._predicted]))
        return {
            **self._of(times, held),
            FigureKey("", "", "cost_usd"): until - before,
            FigureKey("", "", "unstarted"): float(unstarted),
            **dict(prices(outcome)),
        }

    def _of(self, times: Times, held: VcpusHeld) -> Figures:
        figures: Figures = dict(waiting(times, self.known, self.groups))
        figures.update(makespans(times, self._ended, self.groups))
        peak = held.peak(self.where.cut, self.where.end)
        return figures if math.isnan(peak) else {**figures, FigureKey("", "", "peak_vcpus"): peak}


def _queue_time(job: RecordedJob) -> float:
    """RUNNABLE to the first STARTING; NaN where events do not say both of the first attempt."""
    if not (job.runnable and job.starting) or not job.runnable[0] <= job.starting[0]:
        return math.nan
    if job.starting[0] > _first_start(job):  # not where nothing says when it started
        return math.nan
    return job.starting[0] - job.runnable[0]


def _first_start(job: RecordedJob) -> float:
    if _is_assumed(job):
        return math.nan
    return min((each.started_at for each in job.attempts if not math.isnan(each.started_at)), default=math.nan)


def _end(job: RecordedJob) -> float:
    if job.status not in ("SUCCEEDED", "FAILED") or _is_assumed(job):
        return math.nan
    return max((each.stopped_at for each in job.attempts if not math.isnan(each.stopped_at)), default=math.nan)


def _is_assumed(job: RecordedJob) -> bool:
    """Whether nothing says when it ran, but for how long."""
    return any(each.start_assumed for each in job.attempts)


def _held(jobs: Sequence[RecordedJob], vcpus: Floats) -> VcpusHeld:
    """The attempts of all jobs; those that still run, to when they were last seen; none where some were at any time."""
    if any(map(_is_assumed, jobs)):
        jobs = ()
    rows = [
        (each.started_at, each.seen_at if math.isnan(each.stopped_at) else each.stopped_at, row)
        for row, job in enumerate(jobs)
        for each in job.attempts
    ]
    started, stopped, owner = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.empty(0),) * 3
    owners: Ints = owner.astype(np.int64)
    return VcpusHeld(started, stopped, vcpus[owners])
