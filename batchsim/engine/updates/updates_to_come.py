"""Whether a scheduled update that is yet to come may let a job start that waits: what a run goes on for.

See docs/design/the-end-of-a-run.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from batchsim.engine.compute_environment import UNAVAILABLE, SimulatedEnvironment
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.spec.configuration import Shape
from batchsim.spec.ids import ShapeId
from batchsim.spec.updates import Updates

#: What came by cron so often and did not help, does not help.
ROUNDS: Final = 2


class UpdatesToCome:
    """The updates that have not happened, or happen again.

    Parameters
    ----------
    environments, queues : mapping
        By name.
    shapes : sequence of Shape
        What jobs ask for.
    state : mapping of (str, str) to int
        By kind and name of an object, in which of its states it is.
    """

    def __init__(
        self,
        updates: Updates,
        environments: Mapping[str, SimulatedEnvironment],
        queues: Mapping[str, FifoQueue],
        resources: ConsumableResources,
        shapes: Sequence[Shape],
        lifecycle: JobLifecycle,
        state: Mapping[tuple[str, str], int],
    ) -> None:
        self._updates = updates
        self._environments = environments
        self._queues = queues
        self._resources = resources
        self._shapes = shapes
        self._lifecycle = lifecycle
        self._state = state
        # How often each that comes by cron has come since a job last came or started.
        self._rounds = {number: 0 for number, each in enumerate(updates.entries) if each.at is None}
        self._progress = 0
        self._last_stated_at = max((each.at for each in updates.entries if each.at is not None), default=-1.0)

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
        if now >= self._last_stated_at and min(self._rounds.values(), default=ROUNDS) >= ROUNDS:
            return False
        return any(self._helps(queue, now) for queue in self._queues.values() if queue.requests)

    def _helps(self, queue: FifoQueue, now: float) -> bool:
        """Whether some update may give a waiting job of a queue an environment, capacity, or what it lacks."""
        held = {request for request in queue.requests if any(each.can_hold[request] for each in queue.environments)}
        unheld = queue.requests.keys() - held
        names = self._environments_some_day(queue)
        if any(self._holds_some_day(name, request) for name in names for request in unheld):
            return True
        if any(
            environment.outlook(request, now) == UNAVAILABLE and self._launches_others(environment.name)
            for environment in queue.environments
            for request in held
        ):
            return True
        return any(
            max(state.total for state in each.states) > self._resources.total(each.name)
            for each in self._updates.consumables
        )

    def _environments_some_day(self, queue: FifoQueue) -> set[str]:
        """The names of the environments that a queue has now, or has after some update."""
        names = {environment.name for environment in queue.environments}
        for each in self._updates.queues:
            if each.name == queue.name:
                names.update(*(state.environments for state in each.states))
        return names

    def _holds_some_day(self, name: str, request: ShapeId) -> bool:
        """Whether an environment could hold a job now, or could after some update."""
        if self._environments[name].can_hold[request]:
            return True
        shape = self._shapes[request]
        states = (state for each in self._updates.environments if each.name == name for state in each.states)
        return any(state.environment.can_hold(shape) for state in states)

    def _launches_others(self, name: str) -> bool:
        """Whether an environment launches other types, or into other reservations, after some update than now."""
        states = next((each.states for each in self._updates.environments if each.name == name), ())
        if not states:
            return False
        now = states[self._state["environment", name]].environment
        return any(
            (state.environment.offerings, state.environment.reservation_use) != (now.offerings, now.reservation_use)
            for state in states
        )
