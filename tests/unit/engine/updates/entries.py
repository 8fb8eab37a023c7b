"""Entries of ``updates:`` in small worlds, without a scenario file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from batchsim.recording import Recording
from batchsim.spec.configuration import ComputeEnvironment, Consumable, JobQueue
from batchsim.spec.updates import (
    ConsumableUpdates,
    EnvironmentState,
    EnvironmentUpdates,
    JobAction,
    QueueUpdates,
    Update,
    Updates,
)
from tests.worlds import run

T = TypeVar("T", ComputeEnvironment, JobQueue, Consumable)


def action(call: Literal["CancelJob", "TerminateJob"], at: float, reason: str = "", **which: str) -> Update:
    """Jobs that are cancelled or terminated at an instant."""
    return Update(f"{call} at {at}", at=at, action=JobAction(call, reason=reason, **which))


def cancel(at: float, **which: str) -> Update:
    """Jobs that are cancelled at an instant: those of a job_queue, a job_name, a workflow."""
    return action("CancelJob", at, **which)


def terminate(at: float, **which: str) -> Update:
    """Jobs that are terminated."""
    return action("TerminateJob", at, **which)


def acted(workload: Any, *environments: ComputeEnvironment, updates: Sequence[Update], **settings: Any) -> Recording:
    """A run in which jobs are cancelled or terminated."""
    return run(workload, *environments, updates=Updates(tuple(updates)), **settings)


def changed(
    workload: Any,
    *configured: ComputeEnvironment,
    changes: Sequence[tuple[float | str, ComputeEnvironment | JobQueue | Consumable]],
    desired: Sequence[float] = (),
    terminates_jobs: bool = False,
    timeout_s: float = 1800.0,
    replaces: Sequence[float] = (),
    **settings: Any,
) -> Recording:
    """A run in which what has a name becomes another, again and again.

    Parameters
    ----------
    changes : sequence of (float or str, object)
        From when on, or from which times of a cron expression on, which object of the configuration is so; those of one
        instant come in this order.
    desired : sequence of float
        Instants whose updates set ``desiredvCpus``.
    replaces : sequence of float
        Instants whose updates replace instances, with `terminates_jobs` and `timeout_s`.
    """
    first: dict[str, Any] = {each.name: each for each in configured}
    first |= {each.name: each for key in ("queues", "consumables") for each in settings.get(key, ())}
    states: dict[str, list[Any]] = {name: [each] for name, each in first.items()}
    infrastructure: dict[str, list[int]] = {name: [0] for name in first}
    after_it: dict[str, list[tuple[int, int]]] = {name: [] for name in first}
    entries = []
    for number, (at, after) in enumerate(changes):
        name = after.name
        after_it[name].append((number, len(states[name])))
        states[name].append(after)
        infrastructure[name].append(infrastructure[name][-1] + (at in replaces))
        when: dict[str, Any] = {"cron": at} if isinstance(at, str) else {"at": at}
        entries.append(Update(f"{number}", **when, desired=(name,) if at in desired else ()))

    def of(kind: type[T]) -> list[tuple[str, tuple[T, ...], tuple[tuple[int, int, int], ...]]]:
        named = [name for name, each in first.items() if isinstance(each, kind) and after_it[name]]
        # From whichever state: one before it may have been refused, or come again.
        moves = {
            name: tuple((before, *after) for after in after_it[name] for before in range(len(states[name])))
            for name in named
        }
        return [(name, tuple(states[name]), moves[name]) for name in named]

    environments = [
        EnvironmentUpdates(
            name,
            tuple(
                EnvironmentState(state, number, timeout_s, terminates_jobs)
                for state, number in zip(those, infrastructure[name], strict=True)
            ),
            its_moves,
        )
        for name, those, its_moves in of(ComputeEnvironment)
    ]
    updates = Updates(
        tuple(entries),
        tuple(environments),
        tuple(QueueUpdates(*each) for each in of(JobQueue)),
        tuple(ConsumableUpdates(*each) for each in of(Consumable)),
    )
    return run(workload, *configured, updates=updates, **settings)


def texts(recording: Recording) -> list[str]:
    """The status reasons of jobs, by row."""
    return [recording.reasons[code] for code in recording.reason]
