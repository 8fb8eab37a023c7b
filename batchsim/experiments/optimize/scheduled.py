"""Bounds where scheduled updates change capacity: of the most that there is at any time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from batchsim.spec.configuration import ComputeEnvironment, Configuration, JobQueue
from batchsim.spec.updates import Updates


def most(configuration: Configuration, updates: Updates) -> Configuration | None:
    """A configuration with all the room that a scenario has at some time; None where updates change more than that.

    What can't be kept with the most vCPUs that an environment has at some time, and with everything enabled that is
    enabled at some time, can't be kept with less in between. A minimum and a priority make no room: they decide when
    capacity is there, and whose it is.
    """
    environments = {each.name: _roomiest(state.environment for state in each.states) for each in updates.environments}
    queues = {each.name: _widest(each.states) for each in updates.queues}
    if None in (*environments.values(), *queues.values()):
        return None
    return replace(
        configuration,
        environments=tuple(environments.get(each.name) or each for each in configuration.environments),
        queues=tuple(queues.get(each.name) or each for each in configuration.queues),
    )


def _roomiest(states: Iterable[ComputeEnvironment]) -> ComputeEnvironment | None:
    states = list(states)
    first = states[0]
    alike = [
        replace(each, enabled=True, max_vcpus=0, min_vcpus=0, desired_vcpus=0, min_scale_down_delay_s=0.0)
        for each in states
    ]
    if any(each != alike[0] for each in alike):
        return None
    vcpus, enabled = max(each.max_vcpus for each in states), any(each.enabled for each in states)
    return replace(first, max_vcpus=vcpus, enabled=enabled)


def _widest(states: tuple[JobQueue, ...]) -> JobQueue | None:
    alike = [replace(each, enabled=True, priority=0) for each in states]
    if any(each != alike[0] for each in alike):
        return None
    return replace(states[0], enabled=any(each.enabled for each in states))
