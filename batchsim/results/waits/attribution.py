"""Why jobs waited: every second between submission and STARTING has one cause.

=============  =========================================================================================
dependency     from submission to RUNNABLE, for a job that waits for others
retry          from the first attempt's STARTING to the last's; to the end where a retry never started
limit          RUNNABLE while held by maxvCpus (or unmanagedvCpus), a consumable resource or a share's reservation
boot           RUNNABLE while capacity for it is being decided on, launched, or registered
capacity       RUNNABLE while no environment can provide what it needs: no type that fits, launch rate used up
blocked        the rest: behind a head that waits while there would be room for it, in SUBMITTED, or until the
               scheduler's next cycle
=============  =========================================================================================

The engine decides cause by cause at every scheduling cycle, for each shape of job in each queue (`CauseColumns`); here
each job's time is integrated over those steps, and divided where several limits hold it
(`results/waits/limits.py`). A job
that never started is accounted for up to its end, or the run's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, filled, zeros_view
from batchsim.columns import WAIT_CAUSES
from batchsim.recording import LIMITS, Cause, Recording, Status
from batchsim.results.attempts import JobAttempts, held_spans, pick, runnable_spans
from batchsim.results.job_rows import JobRows
from batchsim.results.step_functions import Curve, Locator, areas_before, steps
from batchsim.results.waits import limits
from batchsim.spec.workload import Workload

Rows = NDArray[np.signedinteger]


@dataclass(frozen=True)
class CauseTimes:
    """What jobs of a queue and a shape wait for over time.

    Attributes
    ----------
    at : ndarray of float, shape (m,)
        From when on.
    parts : dict of Cause to ndarray, shape (m,)
        Which part of the time belongs to each cause, 0 to 1; the rest is BLOCKED.
    """

    at: Floats
    parts: Mapping[Cause, Floats]

    @cached_property
    def _located(self) -> Locator:
        return Locator(self.at)

    @cached_property
    def _before(self) -> tuple[Floats, dict[Cause, tuple[Floats, Floats]]]:
        """The steps after one in which nothing is waited for; of each cause its parts, and the seconds until them."""
        nothing = np.zeros(1)
        levels = {
            cause: (np.concatenate([nothing, part]), np.concatenate([nothing, areas_before(self.at, part)]))
            for cause, part in self.parts.items()
        }
        return np.concatenate([self.at[:1], self.at]), levels

    def between(self, start: Floats, stop: Floats) -> dict[Cause, Floats]:
        """Seconds of each cause between two instants of each row."""
        if not len(self.at):
            return {}
        at, levels = self._before
        first, last = self._located(start) + 1, self._located(stop) + 1
        before, after = start - at[first], stop - at[last]
        return {
            cause: (after * part[last] + seconds[last]) - (before * part[first] + seconds[first])
            for cause, (part, seconds) in levels.items()
        }


class JobWaits:
    """Seconds that jobs waited, by cause; worked out for those asked for, since a long run has many."""

    def __init__(
        self, workload: Workload, recording: Recording, attempts: JobAttempts, queue_of_group: list[int]
    ) -> None:
        self._workload = workload
        self._recording = recording
        self._attempts = attempts
        self._queue_of_group = np.asarray(queue_of_group, np.int32)
        self._known: dict[tuple[int, int], CauseTimes] = {}
        # By queue, what its running jobs hold, and those of them that want consumable resources.
        self._running: dict[int, tuple[Curve, Curve]] = {}

    def of(self, jobs: Rows | slice) -> dict[str, Floats]:
        """Seconds that each of these jobs waited, by cause; the causes of a job sum to its wait.

        Returns
        -------
        dict of str to ndarray of float, shape (n,)
            In the order of `columns.WAIT_CAUSES`.
        """
        return self.with_limits(jobs)[0]

    def with_limits(self, jobs: Rows | slice) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """The same, and how much of ``limit`` was for what, where it was for anything (`columns.LIMITS`)."""
        recording, attempts = self._recording, self._attempts
        submitted_at, runnable_at = self._workload.submitted_at[jobs], recording.runnable_at[jobs]
        # A horizon may come before a job is submitted: it has not waited.
        end = np.maximum(filled(recording.stopped_at[jobs], recording.ended_at), submitted_at)
        first = pick(attempts.starting_at, attempts.first[jobs])
        last = self._last_start(jobs, end)
        waited = dict.fromkeys(WAIT_CAUSES, zeros_view(len(end)))
        for_others = self._workload.open_dependencies[jobs] > 0
        if for_others.any():
            waited["dependency"] = np.where(for_others, filled(runnable_at, end) - submitted_at, 0.0)
        waited["retry"] = filled(last - first, 0.0)
        decided = self._decided(jobs, runnable_at, filled(first, end))
        blocked = filled(last, end) - submitted_at - waited["dependency"] - waited["retry"]
        for cause, seconds in decided.items():
            blocked -= seconds
            name = "limit" if cause in LIMITS else cause.name.lower()
            waited[name] = waited[name] + seconds
        waited["blocked"] = np.where(np.abs(blocked) < 1e-6, 0.0, blocked)
        return waited, {name: decided[cause] for cause, name in LIMITS.items() if cause in decided}

    def cause_at_end(self, queue: int, shape: int) -> Cause:
        """What the jobs of a queue and a shape wait for when the run ends; of several limits the innermost."""
        causes = self._recording.causes
        mine = (causes.queue == queue) & ((causes.shape == shape) | (causes.shape == -1)) & (causes.place == 0)
        rows = np.flatnonzero(mine)
        return Cause(causes.cause[rows[-1]]) if len(rows) else Cause.BLOCKED

    def _last_start(self, jobs: Rows | slice, end: Floats) -> Floats:
        """STARTING of the last attempt; for those that wait for another, how long they have waited."""
        last = pick(self._attempts.starting_at, self._attempts.last[jobs])
        stopped = pick(self._recording.attempts.stopped_at, self._attempts.last[jobs])
        waits = (self._recording.status[jobs] == Status.RUNNABLE) & ~np.isnan(stopped)
        # One that was cancelled while it waited has stopped later than its last attempt.
        waits |= self._recording.stopped_at[jobs] > stopped
        return np.where(waits, end, last)

    def _decided(self, jobs: Rows | slice, runnable_at: Floats, until: Floats) -> dict[Cause, Floats]:
        """Time in the causes that the engine decides, from RUNNABLE to the first STARTING."""
        decided: dict[Cause, Floats] = {}
        waiting = np.flatnonzero(until > runnable_at)  # False for jobs that never were RUNNABLE
        shapes = len(self._workload.shapes)
        queue = self._queue_of_group[self._workload.group[jobs][waiting]]
        shape = self._workload.shape[jobs][waiting]
        rows = JobRows(queue * shapes + shape, int(queue.max(initial=-1) + 1) * shapes)
        for number in rows.present:
            those = waiting[rows.of_group(number)]
            times = self._times(*divmod(number, shapes))
            for cause, seconds in times.between(runnable_at[those], until[those]).items():
                if cause not in decided:
                    decided[cause] = np.zeros(len(until))
                decided[cause][those] = seconds
        return decided

    def _times(self, queue: int, shape: int) -> CauseTimes:
        """When jobs of a queue and a shape waited for what."""
        if (queue, shape) not in self._known:
            causes = self._recording.causes
            mine = np.flatnonzero((causes.queue == queue) & ((causes.shape == shape) | (causes.shape == -1)))
            shared = causes.place[mine].any()
            self._known[queue, shape] = self._shared(queue, shape, mine) if shared else self._one_by_one(mine)
        return self._known[queue, shape]

    def _one_by_one(self, rows: Rows) -> CauseTimes:
        """Of entries that each have one cause."""
        at, cause = self._recording.causes.at[rows], self._recording.causes.cause[rows]
        # Of several entries of an instant the last holds; what says again what holds is no step.
        last = np.concatenate([at[1:] != at[:-1], [True]])[: len(at)]
        at, cause = at[last], cause[last]
        step = np.concatenate([[True], cause[1:] != cause[:-1]])[: len(at)]
        at, cause = at[step], cause[step]
        named = (Cause(each) for each in np.unique(cause).tolist() if each != Cause.BLOCKED)
        return CauseTimes(at, {each: (cause == each).astype(np.float64) for each in named})

    def _shared(self, queue: int, shape: int, rows: Rows) -> CauseTimes:
        """Where several limits hold jobs; jobs that are alike are not told apart, and share them alike."""
        work, recording = self._workload, self._recording
        mine = (self._queue_of_group == queue)[work.group]
        if queue not in self._running:
            wants = np.array([bool(group.consumables) for group in work.groups], bool)[work.group]
            size = np.array([each.vcpus for each in work.shapes])[work.shape]
            all_, those = (steps(*held_spans(recording, jobs, size)) for jobs in (mine, mine & wants))
            self._running[queue] = all_, those
        running, wanting = self._running[queue]
        waiting = steps(*runnable_spans(recording, self._attempts, mine & (work.shape == shape)))
        return CauseTimes(*limits.parts(recording.causes, rows, waiting=waiting, running=running, wanting=wanting))
