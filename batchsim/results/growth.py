"""Whether a queue grows: whether the jobs of its last third waited longer than those of its first.

A figure of such a run depends on how long the run is, and a month of it costs no fixed part of a year. A queue that was
empty at some time of its last third has worked off what waited, so that it does not grow, whatever its waits were: a
nightly batch whose last jobs wait for hours, a burst, a busy afternoon. Of arrivals that do not go on (a batch at once,
or a few) nothing is said, and where arrivals follow the clock, days are compared with days.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.results.durations import Durations, Mask
from batchsim.results.outcome import Outcome
from batchsim.spec.arrivals import Arrivals, varies
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.traces import Trace
from batchsim.statistics.steady_state import rise
from batchsim.units import DAY

Rows = NDArray[np.signedinteger]

#: Each third is so many stretches of time, whose means are compared; of days, where arrivals follow the clock.
STRETCHES = 5
#: Where each third is fewer days than these, a day of one is no measure of the others.
FEWEST_DAYS = 2
#: Of fewer jobs in a stretch, on average, nothing is said.
FEWEST_JOBS = 10

NOTHING: dict[str, Any] = dict.fromkeys(("first_third_s", "last_third_s", "difference_s", "emptied", "grows"))


class QueueGrowth:
    """What the summary says of whether queues grow.

    Parameters
    ----------
    queue_times : Durations
        Of each job.
    since : float
        Seconds from the start that are left out: a warm-up.
    """

    def __init__(self, scenario: ResolvedScenario, outcome: Outcome, queue_times: Durations, since: float) -> None:
        self._outcome = outcome
        self._waited = queue_times.seconds
        self._since = since
        self._until = scenario.duration_s
        self._arrivals = _by_workflow(scenario)

    def of(self, groups: Mask) -> dict[str, Any]:
        """Of the jobs of one queue, which are some groups: their mean waits and whether it grows, or nulls."""
        work = self._outcome.workload
        mine = groups[work.group] & ~np.isnan(self._waited)
        jobs = np.flatnonzero(mine & (work.submitted_at >= self._since) & (work.submitted_at < self._end))
        workflows = {work.groups[group].workflow for group in np.flatnonzero(groups).tolist()}
        edges = self._edges(work.submitted_at[jobs], workflows)
        if edges is None:
            return dict(NOTHING)
        stretch = np.searchsorted(edges, work.submitted_at[jobs], side="right") - 1
        within = (stretch >= 0) & (stretch < len(edges) - 1)
        counts = np.bincount(stretch[within], minlength=len(edges) - 1)
        sums: Floats = np.bincount(stretch[within], self._waited[jobs[within]], len(edges) - 1).astype(np.float64)
        found = rise(sums, counts)
        if found is None:
            return dict(NOTHING)
        emptied = self._emptied(jobs, float(edges[-1 - (len(edges) - 1) // 3]), float(edges[-1]))
        return {
            "first_third_s": found.first,
            "last_third_s": found.last,
            "difference_s": found.last - found.first,
            "emptied": float(emptied),
            # SciPy, which knows Student's quantiles, is asked only where waits rose: most runs of a sweep do without.
            "grows": not emptied and found.last > found.first and found.least > 0,
        }

    @property
    def _end(self) -> float:
        ended_at = self._outcome.recording.ended_at
        return ended_at if self._until is None else min(self._until, ended_at)

    def _edges(self, at: Floats, workflows: set[str]) -> Floats | None:
        """Where equal stretches of time begin and end, thirds of as many each; None where nothing can be said."""
        goes_on = [arrivals for name in workflows for arrivals in self._arrivals.get(name, ()) if _goes_on(arrivals)]
        if not goes_on or len(at) < 3 * STRETCHES * FEWEST_JOBS:
            return None
        start, end = self._since, self._end
        if self._until is None:
            start, end = float(at[0]), float(np.nextafter(at[-1], np.inf))
        number, long = 3 * STRETCHES, (end - start) / (3 * STRETCHES)
        if any(map(_follows_the_clock, goes_on)):
            days = int((end - start) // DAY)
            if days < 3 * FEWEST_DAYS:
                return None
            whole = max(days // number, 1)
            number, long = days // whole // 3 * 3, whole * DAY
        edges: Floats = start + long * np.arange(number + 1, dtype=np.float64)
        return edges

    def _emptied(self, jobs: Rows, since: float, until: float) -> bool:
        """Whether at some time between two instants none of the jobs waited."""
        runnable_at, waited = self._outcome.recording.runnable_at[jobs], self._waited[jobs]
        before = runnable_at < since
        held = float((runnable_at[before] + waited[before]).max(initial=since))
        # Of the others, until when those waited that were RUNNABLE before the next one was.
        runnable_at, waited = runnable_at[~before], waited[~before]
        order = np.argsort(runnable_at, kind="stable")
        runnable_at = np.append(runnable_at[order], np.inf)
        waited_until = np.maximum.accumulate(np.append(held, runnable_at[:-1] + waited[order]))
        return bool(((waited_until <= runnable_at) & (waited_until < until)).any())


def _by_workflow(scenario: ResolvedScenario) -> dict[str, list[Arrivals | None]]:
    """How each workflow arrives, in all its entries; None for a trace that is submitted when it was."""
    found: dict[str, list[Arrivals | None]] = {}
    for source in scenario.sources:
        if isinstance(source, Trace):
            found.setdefault(source.workflow, []).append(source.arrivals)
        elif source.arrivals is not None:
            found.setdefault(source.name, []).append(source.arrivals)
    return found


def _goes_on(arrivals: Arrivals | None) -> bool:
    return arrivals is None or (arrivals.at is None and arrivals.trace is None)


def _follows_the_clock(arrivals: Arrivals | None) -> bool:
    return arrivals is None or bool(varies(arrivals))
