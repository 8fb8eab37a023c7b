"""Scheduled updates, resolved: what is updated when, and what becomes of each object by it.

An update sets members of compute environments, job queues and consumable resources, or cancels or terminates jobs. Of
each object that updates change, every state is known that they bring it to, resolved as the first one was; an update
takes it from one state to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import merge
from typing import Literal, TypeVar

from batchsim.spec.configuration import ComputeEnvironment, Configuration, Consumable, JobQueue, Offering
from batchsim.spec.cron import cron_occurrences

T = TypeVar("T")
#: From one state of an object to the next: (state, update, state after it).
Moves = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class JobAction:
    """Jobs that are cancelled or terminated: those of a queue, a name, a workflow; of all that are stated.

    Attributes
    ----------
    call : {"CancelJob", "TerminateJob"}
        AWS's call, which says what it may touch.
    reason : str
        What becomes the status reason of the jobs.
    """

    call: Literal["CancelJob", "TerminateJob"]
    job_queue: str = ""
    job_name: str = ""
    workflow: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """One entry of ``updates:``, at an instant or again and again.

    Attributes
    ----------
    name : str
        Its name, or its number in the list.
    at : float or None
        Seconds since the start; None where it comes by cron.
    what : str
        What it does, in AWS's words: ``UpdateComputeEnvironment fleet: minvCpus 64``.
    desired : tuple of str
        The compute environments whose ``desiredvCpus`` it sets.
    """

    name: str
    at: float | None = None
    cron: str = ""
    timezone: str = "UTC"
    what: str = ""
    desired: tuple[str, ...] = ()
    action: JobAction | None = None

    def occurrences(self, start: datetime) -> Iterator[float]:
        """When it comes due, in seconds since the start; what would have been before it, is not."""
        if self.at is not None:
            return iter((self.at,) if self.at >= 0 else ())
        return cron_occurrences(self.cron, self.timezone, start)


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """A compute environment between two updates.

    Attributes
    ----------
    infrastructure : int
        Another number where AWS Batch replaces instances (User Guide, *Perform infrastructure updates*).
    execution_timeout_s : float
        How long jobs run on, on instances that an update *to* this state replaces.
    terminates_jobs : bool
        Whether they are terminated at once instead.
    """

    environment: ComputeEnvironment
    infrastructure: int = 0
    execution_timeout_s: float = 1800.0
    terminates_jobs: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentUpdates:
    """The states of one compute environment, the first as the scenario has it, and what takes it to the next."""

    name: str
    states: tuple[EnvironmentState, ...]
    moves: Moves

    @property
    def offerings(self) -> tuple[Offering, ...]:
        """All that it may launch in some state, those of the first state first."""
        return tuple(dict.fromkeys(each for state in self.states for each in state.environment.offerings))


@dataclass(frozen=True, slots=True)
class QueueUpdates:
    """The states of one job queue, its scheduling policy taken with it."""

    name: str
    states: tuple[JobQueue, ...]
    moves: Moves


@dataclass(frozen=True, slots=True)
class ConsumableUpdates:
    """The states of one consumable resource."""

    name: str
    states: tuple[Consumable, ...]
    moves: Moves


@dataclass(frozen=True, slots=True)
class Updates:
    """All scheduled updates of a scenario.

    Attributes
    ----------
    start : datetime
        Second 0.
    """

    entries: tuple[Update, ...] = ()
    environments: tuple[EnvironmentUpdates, ...] = ()
    queues: tuple[QueueUpdates, ...] = ()
    consumables: tuple[ConsumableUpdates, ...] = ()
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def occurrences(self) -> Iterator[tuple[float, int]]:
        """Instants and the places of the entries, in the order of time, then of the list; cron has no end.

        Examples
        --------
        >>> list(Updates((Update("b", at=60.0), Update("a", at=0.0), Update("c", at=60.0))).occurrences())
        [(0.0, 1), (60.0, 0), (60.0, 2)]
        """
        return merge(*(_numbered(entry.occurrences(self.start), place) for place, entry in enumerate(self.entries)))

    def objects(self) -> Iterator[tuple[tuple[str, str], EnvironmentUpdates | QueueUpdates | ConsumableUpdates]]:
        """All objects that are updated, each by its kind and name."""
        yield from ((("environment", each.name), each) for each in self.environments)
        yield from ((("queue", each.name), each) for each in self.queues)
        yield from ((("consumable", each.name), each) for each in self.consumables)

    def after(self, configuration: Configuration, applied: Iterable[int]) -> Configuration:
        """A configuration as it is when entries were applied one after the other, by their places."""
        entries = list(applied)
        environments = {each.name: _after(each.states, each.moves, entries).environment for each in self.environments}
        queues = {each.name: _after(each.states, each.moves, entries) for each in self.queues}
        consumables = {each.name: _after(each.states, each.moves, entries) for each in self.consumables}
        return replace(
            configuration,
            environments=tuple(environments.get(each.name, each) for each in configuration.environments),
            queues=tuple(queues.get(each.name, each) for each in configuration.queues),
            consumables=tuple(consumables.get(each.name, each) for each in configuration.consumables),
        )

    def environments_of(self, configuration: Configuration, queue: JobQueue) -> list[ComputeEnvironment]:
        """All that a queue may have at some time, in each of their states."""
        orders = [state.environments for each in self.queues if each.name == queue.name for state in each.states]
        names = set(queue.environments).union(*orders)
        known = {each.name: [state.environment for state in each.states] for each in self.environments}
        return [
            state for each in configuration.environments if each.name in names for state in known.get(each.name, [each])
        ]

    def recorded(self, configuration: Configuration) -> Configuration:
        """A configuration whose environments have all types that some state may launch: what recordings number."""
        known = {each.name: each.offerings for each in self.environments}
        return replace(
            configuration,
            environments=tuple(
                replace(each, offerings=known[each.name]) if each.name in known else each
                for each in configuration.environments
            ),
        )


def following(moves: Moves) -> dict[tuple[int, int], int]:
    """The state after another, by that one and the update."""
    return {(state, update): after for state, update, after in moves}


def _after(states: Sequence[T], moves: Moves, entries: Iterable[int]) -> T:
    """The state to which entries bring an object, one after the other."""
    next_state, state = following(moves), 0
    for entry in entries:
        state = next_state.get((state, entry), state)
    return states[state]


def _numbered(instants: Iterator[float], place: int) -> Iterator[tuple[float, int]]:
    return ((instant, place) for instant in instants)


NO_UPDATES = Updates()
