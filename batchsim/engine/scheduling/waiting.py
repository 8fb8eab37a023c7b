"""Which of the jobs that wait would be started were there room for them, by what they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from batchsim.engine.compute_environment import COMING, LAUNCHABLE, UNAVAILABLE, WAITED_FOR, SimulatedEnvironment
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.run_context import RunContext
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.spec.ids import EnvironmentId, ShapeId


class WaitingJobs:
    """The waiting jobs of all queues.

    Parameters
    ----------
    attached : sequence of list of FifoQueue
        By environment, the queues that it is for, in descending priority.
    """

    def __init__(
        self, context: RunContext, resources: ConsumableResources, attached: Sequence[list[FifoQueue]]
    ) -> None:
        self._request = context.table.request
        self._group = context.table.group
        self._resources = resources
        self._attached = attached
        self.wanted = [group.consumables for group in context.workload.groups]
        self.any_wanted = any(self.wanted)
        self.multi_node = [bool(asked.nodes) for asked in context.workload.shapes]

    def startable(self, queue: FifoQueue, now: float) -> list[ShapeId]:
        """What the jobs ask for that would be started, in their order."""
        if not queue.requests:
            return []
        request, jobs = self._request, queue.candidates(now)
        if self.any_wanted:
            jobs = [job for job in jobs if self._resources.available(self.wanted[self._group[job]])]
        return list(dict.fromkeys([request[job] for job in jobs]))

    def multi_node_requests(self, environment: EnvironmentId, now: float) -> Iterator[ShapeId]:
        """What multi-node jobs ask for that wait for an environment, and for none before it in their queue."""
        for queue in self._attached[environment]:
            for request in self._upcoming(queue, now):
                if self.multi_node[request]:
                    first = next((e for e in queue.environments if self._waits_at(e, request, now)), None)
                    if first is not None and first.index == environment:
                        yield request

    def _waits_at(self, environment: SimulatedEnvironment, request: ShapeId, now: float) -> bool:
        return environment.outlook(request, now) in (COMING, LAUNCHABLE, UNAVAILABLE)

    def _upcoming(self, queue: FifoQueue, now: float) -> Iterable[ShapeId]:
        """Requests that may start next; those behind a head only while there is room on its way for it."""
        requests = self.startable(queue, now)
        alone = len(requests) == 1 and len(queue.candidates(now)) == 1
        provided = alone and any(
            environment.outlook(requests[0], now) <= WAITED_FOR for environment in queue.environments
        )
        return queue.requests if provided else requests
