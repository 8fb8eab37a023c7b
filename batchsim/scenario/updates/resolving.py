"""From a scenario's updates to what the engine is told: every state of each object, resolved as the first one was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from batchsim.errors import ScenarioError
from batchsim.scenario.batch.update_calls import MemberChange, updated
from batchsim.scenario.document.access import dig
from batchsim.scenario.document.document import Document
from batchsim.scenario.updates.checking import replaces_instances
from batchsim.scenario.updates.timeline import Timeline
from batchsim.spec.configuration import ComputeEnvironment, Consumable, JobQueue
from batchsim.spec.updates import (
    NO_UPDATES,
    ConsumableUpdates,
    EnvironmentState,
    EnvironmentUpdates,
    QueueUpdates,
    Update,
    Updates,
)
from batchsim.units import MINUTE

#: More states of one object are a mistake.
MOST_STATES: Final = 200
#: API UpdatePolicy.jobExecutionTimeoutMinutes.
EXECUTION_TIMEOUT_MINUTES: Final = 30

T = TypeVar("T")
#: Makes the object at a place of its list, of a document.
Make = Callable[[int, Document], T]


@dataclass
class _Object(Generic[T]):
    """The states of one object that updates change, and its moves between them."""

    keys: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    values: list[T] = field(default_factory=list)
    moves: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, key: str, request: dict[str, Any], value: T) -> None:
        """Note a state that is new."""
        self.keys.append(key)
        self.requests.append(request)
        self.values.append(value)

    @property
    def plain(self) -> tuple[tuple[int, int, int], ...]:
        """The moves, sorted."""
        return tuple((before, update, after) for (before, update), after in sorted(self.moves.items()))


def resolve_updates(
    timeline: Timeline,
    start: datetime,
    *,
    environment: Make[ComputeEnvironment],
    queue: Make[JobQueue],
    consumable: Make[Consumable],
) -> Updates:
    """What the engine is told of the updates of a document that has no faults.

    Parameters
    ----------
    environment, queue, consumable : callable
        Make an object of a document, given its place in its list.
    """
    if not timeline.updates:
        return NO_UPDATES
    entries = tuple(each.resolved(start) for each in timeline.updates)
    environments = tuple(_environments(timeline, entries, environment))
    queues, consumables = [], []
    for request, waiting in _objects(timeline, "jobQueues", queue):
        if waiting.moves:
            queues.append(QueueUpdates(request["jobQueueName"], tuple(waiting.values), waiting.plain))
    for request, totals in _objects(timeline, "consumableResources", consumable):
        if totals.moves:
            consumables.append(ConsumableUpdates(request["consumableResourceName"], tuple(totals.values), totals.plain))
    return Updates(entries, environments, tuple(queues), tuple(consumables), start)


def _environments(
    timeline: Timeline, entries: Sequence[Update], make: Make[ComputeEnvironment]
) -> Iterator[EnvironmentUpdates]:
    """The environments that some update changes, or scales."""
    scaled = {name for each in entries for name in each.desired}
    for request, states in _objects(timeline, "computeEnvironments", make):
        name = request["computeEnvironmentName"]
        if states.moves or name in scaled:
            yield EnvironmentUpdates(name, _environment_states(states), states.plain)


def _objects(timeline: Timeline, kind: str, make: Make[T]) -> Iterator[tuple[dict[str, Any], _Object[T]]]:
    """The objects of a kind, each as the scenario asks for it and in all its states."""
    for index, request in enumerate(timeline.documents[0].values["batch"].get(kind) or ()):
        yield request, _states(timeline, kind, index, make)


def _states(timeline: Timeline, kind: str, index: int, make: Make[T]) -> _Object[T]:
    """All states of an object that its updates bring it to in whatever order, as AWS may refuse one of them.

    A queue's scheduling policy is taken with it.

    Raises
    ------
    ScenarioError
        If there are too many.
    """
    found: _Object[T] = _Object()
    concerning = _concerning(timeline, kind, index)
    documents = [timeline.documents[0]]
    found.add(_key(documents[0], kind, index), documents[0].values["batch"][kind][index], make(index, documents[0]))
    for state, document in enumerate(documents):  # which grows
        for number, changes in concerning.items():
            after = updated(document, changes)
            key = _key(after, kind, index)
            if key not in found.keys:
                if len(documents) >= MOST_STATES:
                    message = f"updates bring it to more than {MOST_STATES} states"
                    raise ScenarioError([after.finding(("batch", kind, index), "too-large", message)])
                documents.append(after)
                found.add(key, after.values["batch"][kind][index], make(index, after))
            if found.keys.index(key) != state:
                found.moves[state, number] = found.keys.index(key)
    return found


def _concerning(timeline: Timeline, kind: str, index: int) -> dict[int, list[MemberChange]]:
    """The changes of an object, by the number of the update that makes them."""
    found: dict[int, list[MemberChange]] = {}
    for update in timeline.updates:
        changes = [each for each in update.changes if each.object == (kind, index) or _is_policy(each, kind)]
        if changes:
            found[update.index] = changes
    return found


def _is_policy(change: MemberChange, kind: str) -> bool:
    return kind == "jobQueues" and change.kind == "schedulingPolicies"


def _key(document: Document, kind: str, index: int) -> str:
    policies = document.values["batch"].get("schedulingPolicies") if kind == "jobQueues" else None
    return json.dumps([document.values["batch"][kind][index], policies], sort_keys=True, default=str)


def _environment_states(states: _Object[ComputeEnvironment]) -> tuple[EnvironmentState, ...]:
    """Of each state, whether AWS would replace instances on the way to it, and how long jobs run on then."""
    kinds: list[dict[str, Any]] = []
    found = []
    for request, environment in zip(states.requests, states.values, strict=True):
        same = next((number for number, each in enumerate(kinds) if not replaces_instances(each, request)), len(kinds))
        if same == len(kinds):
            kinds.append(request)
        minutes = dig(request, "updatePolicy", "jobExecutionTimeoutMinutes") or EXECUTION_TIMEOUT_MINUTES
        terminates = bool(dig(request, "updatePolicy", "terminateJobsOnUpdate"))
        found.append(EnvironmentState(environment, same, minutes * MINUTE, terminates))
    return tuple(found)
