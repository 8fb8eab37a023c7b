"""What a compute environment may have over time: its limit and its minimum, as scheduled updates change them."""

from __future__ import annotations

import numpy as np

from batchsim.recording import LimitChange
from batchsim.results.outcome import Outcome
from batchsim.results.step_functions import Curve


def limit(outcome: Outcome, environment: int) -> Curve:
    """``maxvCpus``, or ``unmanagedvCpus``, of an environment by its place in the configuration."""
    first = outcome.configuration.environments[environment].max_vcpus
    return _curve(first, [(each.at, each.max_vcpus) for each in _changes(outcome, environment)])


def minimum(outcome: Outcome, environment: int) -> Curve:
    """``minvCpus``."""
    first = outcome.configuration.environments[environment].min_vcpus
    return _curve(first, [(each.at, each.min_vcpus) for each in _changes(outcome, environment)])


def open_limit(outcome: Outcome, environment: int) -> Curve:
    """The limit while the environment is ENABLED; 0 while it is not."""
    spec = outcome.configuration.environments[environment]
    changes = [(each.at, each.max_vcpus if each.enabled else 0) for each in _changes(outcome, environment)]
    return _curve(spec.max_vcpus if spec.enabled else 0, changes)


def _changes(outcome: Outcome, environment: int) -> list[LimitChange]:
    return [each for each in outcome.recording.limits if each.environment == environment]


def _curve(first: int, changes: list[tuple[float, int]]) -> Curve:
    """Steps from second 0 on, those that change nothing left out."""
    steps = {0.0: float(first)} | {at: float(level) for at, level in changes}  # of an instant the last
    listed = list(steps.items())
    kept = [each for place, each in enumerate(listed) if place == 0 or each[1] != listed[place - 1][1]]
    at, level = zip(*kept, strict=True)
    return np.array(at), np.array(level)
