"""A replay beside its record: when jobs ran in the simulation, and when they ran in truth.

Compared is what both know, over the same jobs: from SubmitJob to the first RUNNING. A record seldom has more: what a
job waited for other jobs, for capacity, and for its image is in it, in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from batchsim.arrays import Floats, filled
from batchsim.results.durations import Durations
from batchsim.results.objectives import makespan
from batchsim.results.outcome import Outcome


def times_to_start(outcome: Outcome) -> tuple[Durations, Durations] | None:
    """From SubmitJob to the first RUNNING, by the record and in the simulation, of jobs that it says a start of.

    None where there is no record, or no such job was submitted before the run ended.
    """
    recorded, submitted_at = outcome.workload.recorded, outcome.workload.submitted_at
    if recorded is None:
        return None
    counted = (submitted_at <= outcome.recording.ended_at) & (submitted_at >= outcome.window.since)
    jobs = np.flatnonzero(~np.isnan(recorded.started_at) & counted)
    if not len(jobs):
        return None
    started_at = first_started_at(outcome)[jobs]
    never = np.isnan(started_at)
    ended_at = filled(outcome.recording.stopped_at[jobs], outcome.recording.ended_at)
    return (
        Durations(recorded.started_at[jobs] - submitted_at[jobs], np.zeros(len(jobs), bool)),
        Durations(np.where(never, ended_at, started_at) - submitted_at[jobs], never),
    )


def first_started_at(outcome: Outcome) -> Floats:
    """RUNNING of each job's first attempt that ran; NaN where none did."""
    attempts = outcome.recording.attempts
    ran = np.flatnonzero(~np.isnan(attempts.started_at))[::-1]
    started_at = np.full(len(outcome.workload), np.nan)
    started_at[attempts.job[ran]] = attempts.started_at[ran]  # recorded in order: the first one stays
    return started_at


def recorded_figures(outcome: Outcome) -> dict[str, Any]:
    """``recorded`` of the summary, or nothing where there is no record."""
    times = times_to_start(outcome)
    if times is None:
        return {}
    by_record, simulated = times
    return {
        "recorded": {
            "jobs": len(by_record.seconds),
            "submitted_to_started_s": {"recorded": by_record.figures(), "simulated": simulated.figures()},
            "makespan_s": _makespans(outcome),
        }
    }


def _makespans(outcome: Outcome) -> dict[str, float | None]:
    """From the first submission to the last end, of jobs whose end is recorded."""
    recorded, submitted_at = outcome.workload.recorded, outcome.workload.submitted_at
    assert recorded is not None  # noqa: S101 (for the type checker)
    counted = (submitted_at <= outcome.recording.ended_at) & (submitted_at >= outcome.window.since)
    jobs = np.flatnonzero(~np.isnan(recorded.stopped_at) & counted)
    if not len(jobs):
        return {"recorded": None, "simulated": None}
    return {
        "recorded": float(recorded.stopped_at[jobs].max() - submitted_at[jobs].min()),
        "simulated": makespan(outcome, jobs)[0],
    }
