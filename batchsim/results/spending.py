"""Spending over time: the rate at which money is spent, and what was spent until then."""

from __future__ import annotations

import numpy as np

from batchsim.arrays import Floats
from batchsim.results.cost.fargate_rates import paid_spans
from batchsim.results.cost.rates import Rate
from batchsim.results.outcome import Outcome
from batchsim.results.spans import MOST_STEPS
from batchsim.results.step_functions import Curve, integral, sample, thin, total
from batchsim.units import HOUR


def spend_rate(outcome: Outcome, environment: int) -> Curve:
    """US dollars per hour that an environment is paid at, what a Savings Plan covers at the plan's price."""
    recording, cost = outcome.recording, outcome.costs
    instances, tasks = recording.instances, cost.tasks
    spans, rates = (instances.paid_from, instances.terminated_at), cost.rates
    rows = np.flatnonzero(instances.environment == environment)
    if outcome.configuration.environments[environment].fargate is not None:
        spans, rates = paid_spans(tasks, recording), cost.task_rates
        rows = np.flatnonzero(recording.attempts.environment[tasks.attempt] == environment)
    parts = [
        rate.of(rate.usd_per_s[rows]).steps(*(column[rows] for column in spans), per_s=HOUR)
        for rate in rates
        if rate.usd_per_s[rows].any()
    ]
    return thin(*(parts[0] if len(parts) == 1 else total(parts)), MOST_STEPS)


def spent(outcome: Outcome, at: Floats) -> Floats:
    """US dollars that were spent until some instants; after the run's end it is the bill.

    The minimum of what ended early is spent when it ends, a Savings Plan's unused commitment hour by hour, a Capacity
    Block's price over its time, and when the run ends what is left of it.
    """
    recording, cost = outcome.recording, outcome.costs
    instances, tasks = recording.instances, cost.tasks
    running, task_spans = (instances.paid_from, instances.terminated_at), paid_spans(tasks, recording)
    parts = [(rate, running) for rate in cost.rates]
    parts += [(rate, task_spans) for rate in cost.task_rates]
    parts.append((Rate(cost.beside_usd_per_s), (instances.requested_at, instances.paid_from)))
    usd = np.zeros(len(at))
    for rate, (start, stop) in parts:
        usd += integral(*rate.steps(start, stop), at)
    usd += _until(instances.terminated_at, cost.instance["minimum"], at)
    usd += _until(task_spans[1], cost.by_attempt["minimum"][tasks.attempt], at)
    for reserved in cost.reservations:
        for rate in reserved.rates:
            curve = rate.curve
            if curve is not None:
                usd += rate.usd_per_s[0] * integral(*curve, at)
        usd += np.where(at >= recording.ended_at, reserved.after_usd, 0.0)
    # Its last step has no end, and the run has one.
    return usd if cost.plan is None else usd + integral(*cost.plan.unused, np.minimum(at, recording.ended_at))


def idle_commitment(outcome: Outcome, at: Floats) -> Floats:
    """US dollars per hour that a Savings Plan commits in vain, and that reservations cost which are not used."""
    plan, usd = outcome.costs.plan, np.zeros(len(at))
    if plan is not None:
        usd += sample(*plan.unused, at) * HOUR
    for reserved in outcome.costs.reservations:
        for rate in reserved.rates:
            if rate.curve is not None:
                usd += rate.usd_per_s[0] * sample(*rate.curve, at) * HOUR
    return usd


def _until(instants: Floats, usd: Floats, at: Floats) -> Floats:
    """What had been paid at once at some instants, until others."""
    order = np.argsort(instants, kind="stable")
    return np.concatenate([[0.0], np.cumsum(usd[order])])[np.searchsorted(instants[order], at, side="right")]
