"""Series of a run as a picture needs them: summed over queues or environments, and thinned to what can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from batchsim.arrays import Floats
from batchsim.results.durations import Durations, queue_times
from batchsim.results.limits import open_limit
from batchsim.results.outcome import Outcome
from batchsim.results.spans import MOST_STEPS
from batchsim.results.spending import idle_commitment, spend_rate, spent
from batchsim.results.step_functions import Curve, integral, sample, steps, thin, total
from batchsim.results.timeline import job_states
from batchsim.results.vcpus import Vcpus
from batchsim.units import HOUR, MINUTE

#: A stretch of time, in seconds since the scenario's start.
Window = tuple[float, float]

#: A run with jobs in it for less than this share of its time is shown at its busiest stretch.
QUIET = 0.4
#: Busy stretches no further apart than this, or than a fiftieth of a shorter run, are one.
APART = 6 * HOUR
#: Steps of one curve: more than a picture has pixels.
MOST_POINTS = 4000


def busiest(outcome: Outcome) -> Window:
    """The part of a run that is worth showing: all of it, or the busiest stretch of one that is mostly quiet."""
    end = outcome.recording.ended_at
    submitted, stopped = outcome.workload.submitted_at, outcome.recording.stopped_at
    at, jobs = steps(submitted, np.where(np.isnan(stopped), end, stopped), np.ones(len(submitted)))
    if not len(at) or float(np.sum(np.diff(at)[jobs[:-1] > 0])) > QUIET * end:
        return 0.0, end
    # Of the busy stretches the one with the most jobs is shown.
    begins = at[np.concatenate([[True], jobs[:-1] == 0])]
    ends = at[jobs == 0]
    apart = np.flatnonzero(begins[1:] - ends[:-1] > min(end / 50, APART))
    starts, stops = begins[np.concatenate([[0], apart + 1])], ends[np.concatenate([apart, [-1]])]
    peaks = [jobs[(at >= low) & (at < high)].max() for low, high in zip(starts, stops, strict=True)]
    low, high = starts[int(np.argmax(peaks))], stops[int(np.argmax(peaks))]
    margin = max((high - low) * 0.06, 2 * MINUTE)
    return max(0.0, low - margin), min(end, high + margin + 10 * MINUTE)


def jobs_by_state(outcome: Outcome) -> dict[str, Curve]:
    """How many jobs are in each state over time, all queues together."""
    curves: dict[str, list[Curve]] = {}
    for _, state, at, level in job_states(outcome):
        curves.setdefault(state, []).append((at, level))
    return {state: total(parts) for state, parts in curves.items()}


def vcpus_by_state(outcome: Outcome, most: int = MOST_STEPS) -> dict[str, Curve]:
    """How many vCPUs are running, stranded, idle and booting over time, all environments together; see `Vcpus.of`."""
    curves: dict[str, list[Curve]] = {}
    vcpus = Vcpus(outcome)
    for index in range(len(outcome.configuration.environments)):
        for state, curve in vcpus.of(index, most).items():
            curves.setdefault(state, []).append(curve)
    return {state: total(parts) for state, parts in curves.items()}


def most_vcpus(outcome: Outcome) -> Curve:
    """The sum of the limits of environments that are open to a queue which has jobs."""
    behind = {queue.name: queue.environments for queue in outcome.configuration.queues}
    used = {name for group in outcome.workload.groups for name in behind[group.job_queue]}
    environments = enumerate(outcome.configuration.environments)
    return total([open_limit(outcome, index) for index, each in environments if each.name in used])


@dataclass(frozen=True)
class Stack:
    """Layers on each other in a window, and the highest that all came to.

    Attributes
    ----------
    at : ndarray of float, shape (m,)
        From when on.
    levels : dict of str to ndarray, shape (m,)
        The level of each layer; where layers change more often than is drawn, its mean until the next instant.
    highest_at, highest : ndarray of float, shape (k,)
        The sum of all, or the most that it is until the next instant; empty where it is not known.
    are_means : bool
        Whether levels are means.
    """

    at: Floats
    levels: dict[str, Floats]
    highest_at: Floats
    highest: Floats
    are_means: bool


def stack(layers: Mapping[str, Curve], window: Window, columns: int, whole: Curve | None = None) -> Stack:
    """Step functions as they can be drawn in so many columns of pixels: as they are, or mean and maximum of each.

    Parameters
    ----------
    whole : (ndarray, ndarray), optional
        The sum of all layers, exactly. Layers of a long run are means themselves, each over intervals of its own: their
        sum comes to more than there ever was at one time.
    """
    inside = {name: _within(*curve, window) for name, curve in layers.items() if len(curve[0])}
    at = np.unique(np.concatenate([np.array(window), *[at for at, _ in inside.values()]]))
    at = at[(at >= window[0]) & (at <= window[1])]
    edges = np.linspace(*window, columns + 1)
    are_means = len(at) > columns
    outline = (np.empty(0), np.empty(0)) if whole is None else _highest(whole, window, edges, exact=not are_means)
    if not are_means:
        return Stack(at, {name: sample(*curve, at) for name, curve in inside.items()}, *outline, are_means=False)
    means = {name: np.diff(integral(*curve, edges)) / np.diff(edges) for name, curve in inside.items()}
    # The last column ends at the last edge.
    return Stack(edges, {name: np.append(mean, mean[-1]) for name, mean in means.items()}, *outline, are_means=True)


def _highest(whole: Curve, window: Window, edges: Floats, *, exact: bool) -> Curve:
    """A step function in a window, or its maximum in each column, also where it changes too often to be drawn."""
    at, level = _within(*whole, window)
    at = np.maximum(at, window[0])
    if exact and len(at) < len(edges):
        at, level = at[at < window[1]], level[at < window[1]]
        return np.append(at, window[1]), np.append(level, sample(*whole, np.array([window[1]])))
    highest = sample(at, level, edges)
    np.maximum.at(highest, np.searchsorted(edges, at, side="right") - 1, level)
    return edges, highest


def jobs_in_all(outcome: Outcome) -> Curve:
    """How many jobs had been submitted and had not ended over time, exactly."""
    stopped = outcome.recording.stopped_at
    ends = np.where(np.isnan(stopped), outcome.recording.ended_at, stopped)
    return steps(outcome.workload.submitted_at, ends)


def vcpus_in_all(outcome: Outcome) -> Curve:
    """VCPUs of instances from launch to termination, and of what runs without instances, over time, exactly."""
    instances, attempts = outcome.recording.instances, outcome.recording.attempts
    environments = outcome.configuration.environments
    of_instances = np.array(
        [
            environments[environment].offerings[offering].vcpus
            for environment, offering in zip(instances.environment.tolist(), instances.offering.tolist(), strict=True)
        ],
        float,
    )
    alone = attempts.instance < 0
    held = np.array([shape.vcpus for shape in outcome.workload.shapes])[outcome.workload.shape[attempts.job[alone]]]
    stopped = attempts.stopped_at[alone]
    return steps(
        np.concatenate([instances.requested_at, attempts.starting_at[alone]]),
        np.concatenate([instances.terminated_at, np.where(np.isnan(stopped), outcome.recording.ended_at, stopped)]),
        np.concatenate([of_instances, held]),
    )


def instances_by_type(outcome: Outcome) -> dict[str, Curve]:
    """How many instances of each type there are over time, from launch to termination; those with the most first."""
    instances, environments = outcome.recording.instances, outcome.configuration.environments
    names = [
        environments[environment].offerings[offering].instance_type
        for environment, offering in zip(instances.environment.tolist(), instances.offering.tolist(), strict=True)
    ]
    types, of_type = np.unique(np.array(names, str), return_inverse=True)
    lived = instances.terminated_at - instances.requested_at
    order = np.argsort(-np.bincount(of_type, weights=lived, minlength=len(types)), kind="stable")
    return {
        str(types[number]): steps(instances.requested_at[of_type == number], instances.terminated_at[of_type == number])
        for number in order.tolist()
    }


def reserved_instances(outcome: Outcome) -> Curve | None:
    """How many instances are reserved over time; None where none ever are."""
    uses = [each for each in outcome.costs.reservations if each.ended > each.begun]
    if not uses:
        return None
    start, stop, instances = (
        np.array(column, float) for column in zip(*((u.begun, u.ended, u.spec.instances) for u in uses), strict=True)
    )
    return steps(start, stop, instances)


def _within(at: Floats, level: Floats, window: Window) -> Curve:
    """The steps of a step function inside a window, and the one that holds at its start."""
    first = max(int(np.searchsorted(at, window[0], side="right")) - 1, 0)
    last = int(np.searchsorted(at, window[1], side="right"))
    return at[first:last], level[first:last]


def sorted_queue_times(outcome: Outcome) -> Durations:
    """Of all jobs that became RUNNABLE, the shortest first; those that never started come last."""
    times = queue_times(outcome)
    return ranked(times.of(~np.isnan(times.seconds)))


def ranked(times: Durations) -> Durations:
    """Some durations, the shortest first; those that had not ended come last."""
    order = np.lexsort((times.seconds, times.censored))
    return Durations(times.seconds[order], times.censored[order])


def share_started(times: Durations) -> Curve:
    """Of sorted queue times, the share of jobs that started within a time: it ends below 1 where some never did."""
    started = times.seconds[~times.censored]
    shares = np.arange(1, len(started) + 1) / max(len(times.seconds), 1)
    shown = np.unique(np.linspace(0, len(started) - 1, min(len(started), MOST_POINTS)).astype(int))
    return np.concatenate([[0.0], started[shown]]), np.concatenate([[0.0], shares[shown]])


@dataclass(frozen=True)
class Spend:
    """What a run is paid over time: US dollars per hour from each instant on, dollars spent until then, the bill."""

    at: Floats
    rate: Floats
    spent: Floats
    bill: float


def spend(outcome: Outcome) -> Spend:
    """The spend of all environments, and of a Savings Plan what it commits in vain."""
    rates = [spend_rate(outcome, index) for index in range(len(outcome.configuration.environments))]
    at, rate = _paid([curve for curve in rates if len(curve[0])], outcome.recording.ended_at)
    return Spend(at, rate + idle_commitment(outcome, at), spent(outcome, at), outcome.costs.total)


def _paid(rates: Sequence[Curve], ended_at: float) -> Curve:
    """The sum of rates until the end of the run."""
    if not rates:
        return np.array([0.0, ended_at]), np.zeros(2)
    at, rate = thin(*total(rates), MOST_POINTS)
    return np.append(at, ended_at), np.append(rate, rate[-1])
