"""Whether a scheduled update that is yet to come may let a job start that waits: what a run goes on for.

See docs/design/the-end-of-a-run.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, Final

from batchsim.engine.compute_environment import WAITED_FOR, SimulatedEnvironment
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.spec.configuration import ComputeEnvironment, Shape
from batchsim.spec.ids import ShapeId
from batchsim.spec.updates import Updates

#: What came by cron so often and did not help, does not help.
ROUNDS: Final = 2


#: By kind and name of an object, the states that updates ahead may bring it to.
Later = dict[tuple[str, str], list[Any]]


class UpdatesToCome:
    """The updates that have not happened, or happen again.

    Parameters
    ----------
    environments, queues : mapping
        By name.
    shapes : sequence of Shape
        What jobs ask for.
    moves : mapping of (str, str) to dict
        By kind and name of an object, what `batchsim.spec.updates.following` makes of its moves.
    state : mapping of (str, str) to int
        In which of its states it is.
    """

    def __init__(
        self,
        updates: Updates,
        environments: Mapping[str, SimulatedEnvironment],
        queues: Mapping[str, FifoQueue],
        resources: ConsumableResources,
        shapes: Sequence[Shape],
        lifecycle: JobLifecycle,
        moves: Mapping[tuple[str, str], Mapping[tuple[int, int], int]],
        state: Mapping[tuple[str, str], int],
    ) -> None:
        self._updates = updates
        self._environments = environments
        self._queues = queues
        self._resources = resources
        self._shapes = shapes
        self._lifecycle = lifecycle
        self._moves = moves
        self._state = state
        self._states: Later = {key: list(each.states) for key, each in updates.objects()}
        # How often each that comes by cron has come since a job last came or started.
        self._rounds = {number: 0 for number, each in enumerate(updates.entries) if each.at is None}
        self._progress = 0

    def happened(self, numbers: Sequence[int]) -> None:
        """Count those that come now."""
        self._count_anew()
        for number in numbers:
            if number in self._rounds:
                self._rounds[number] += 1

    def _count_anew(self) -> None:
        if self._lifecycle.progress != self._progress:
            self._progress = self._lifecycle.progress
            self._rounds = dict.fromkeys(self._rounds, 0)

    def may_help(self, now: float) -> bool:
        """Whether an update ahead may let a job start that waits, and can't without it.

        What comes by cron and did not help in two rounds, does not in a third.
        """
        self._count_anew()
        ahead = {number for number, each in enumerate(self._updates.entries) if each.at is not None and each.at > now}
        if min(self._rounds.values(), default=ROUNDS) < ROUNDS:
            ahead |= self._rounds.keys()
        if not ahead:
            return False
        later = {key: self._reached(key, ahead) for key in self._moves}
        return any(self._helps(queue, later, now) for queue in self._queues.values() if queue.requests)

    def _reached(self, key: tuple[str, str], ahead: Set[int]) -> list[Any]:
        """The states that updates ahead may bring an object to, in whatever order they come."""
        moves, reached = self._moves[key], [self._state[key]]
        found: set[int] = set()
        while reached:
            state = reached.pop()
            after = {moves[state, number] for number in ahead if (state, number) in moves} - found
            found |= after
            reached += after
        return [self._states[key][number] for number in sorted(found)]

    def _helps(self, queue: FifoQueue, later: Later, now: float) -> bool:
        """Whether some update may give a waiting job of a queue an environment, capacity, or what it lacks."""
        if any(
            state.total > self._resources.total(each.name)
            for each in self._updates.consumables
            for state in later["consumable", each.name]
        ):
            return True
        key = "queue", queue.name
        then = later.get(key, [])
        if queue.reserves and any(state.fair_share != self._now(key).fair_share for state in then):
            return True
        names = [environment.name for environment in queue.environments]
        more = {name for state in then for name in state.environments}.difference(names)
        return any(self._gets_room(name, request, later, now) for name in names for request in queue.requests) or any(
            self._environments[name].can_hold[request] or any(self._holding(name, request, later))
            for name in more
            for request in queue.requests
        )

    def _now(self, key: tuple[str, str]) -> Any:
        return self._states[key][self._state[key]]

    def _gets_room(self, name: str, request: ShapeId, later: Later, now: float) -> bool:
        """Whether an environment that has no room for a job, and none on its way, may have some after an update."""
        environment = self._environments[name]
        if environment.outlook(request, now) <= WAITED_FOR:
            return False
        held = environment.can_hold[request]
        return any(not held or self._is_roomier(name, state) for state in self._holding(name, request, later))

    def _holding(self, name: str, request: ShapeId, later: Later) -> Iterator[ComputeEnvironment]:
        """What an environment may become that could hold a job."""
        for state in later.get(("environment", name), ()):
            if state.environment.can_hold(self._shapes[request]):
                yield state.environment

    def _is_roomier(self, name: str, then: ComputeEnvironment) -> bool:
        """Whether an environment has more room in another state, or other room."""
        now = self._now(("environment", name)).environment
        if then.max_vcpus > now.max_vcpus or then.min_vcpus < now.min_vcpus:
            return True
        return bool(
            now != replace(then, max_vcpus=now.max_vcpus, min_vcpus=now.min_vcpus, desired_vcpus=now.desired_vcpus)
        )
