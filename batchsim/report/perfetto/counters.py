"""Counters of a trace: jobs of a queue by state, vCPUs of an environment in use and bought, what it is paid."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from batchsim.report.perfetto.slices import Moments
from batchsim.report.perfetto.tenancies import nanoseconds
from batchsim.report.perfetto.track_events import TrackEventWriter
from batchsim.results.limits import limit
from batchsim.results.outcome import Outcome
from batchsim.results.series import Window
from batchsim.results.spending import spend_rate
from batchsim.results.step_functions import Curve, sample, total
from batchsim.results.timeline import job_states
from batchsim.results.vcpus import Vcpus

#: What a counter is called, its unit, and its steps.
Counted = tuple[str, str, Curve]


def of_queues(outcome: Outcome) -> Iterator[tuple[str, Counted]]:
    """Of each queue that has jobs, how many are in each state; RUNNABLE is its depth."""
    for queue, state, at, level in job_states(outcome):
        yield queue, (f"{state} jobs", "jobs", (at, level))


def of_environment(outcome: Outcome, vcpus: Vcpus, environment: int) -> list[Counted]:
    """VCPUs that run jobs, those that are paid for or booting, the limit, and dollars an hour."""
    by_state = vcpus.of(environment)
    bought = total([curve for curve in by_state.values() if len(curve[0])])
    counted = [
        ("vCPUs in use", "vCPUs", by_state["running"]),
        ("vCPUs bought", "vCPUs", bought),
        ("limit (maxvCpus)", "vCPUs", limit(outcome, environment)),
        ("dollars an hour", "USD/h", spend_rate(outcome, environment)),
    ]
    return [each for each in counted if len(each[2][0])]


def counter(writer: TrackEventWriter, parent: int, counted: Counted, window: Window) -> Moments:
    """A counter in a window, below a group of tracks; it begins with what holds at the window's start."""
    name, unit, (at, level) = counted
    track = writer.counter_track(name, parent, unit)
    inside = (at > window[0]) & (at <= window[1])
    levels = np.concatenate([sample(at, level, np.array([window[0]])), level[inside]]).tolist()
    instants = nanoseconds(np.concatenate([[window[0]], at[inside]]))
    return Moments(instants, lambda row, instant: writer.counter(instant, track, levels[row]))
