"""``jobStateTimeLimitActions``: a head that waits too long for a reason is cancelled, and the next job moves up.

AWS Batch User Guide, *Jobs stuck in RUNNABLE*, *Automatic remediation*; API ``JobStateTimeLimitAction``. Only a true
misfit, or capacity that can't be had, counts as a reason here; AWS has been seen to name one while the instance was
still booting (nextflow-io/nextflow#7479, 2026).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batchsim.engine.agenda import Agenda
from batchsim.engine.compute_environment import UNAVAILABLE, SimulatedEnvironment
from batchsim.engine.event import Event
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.spec.configuration import Shape
from batchsim.spec.ids import ShapeId

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
MAX_RESOURCE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
REQUIREMENT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
CANCELLED = "Canceled by JobStateTimeLimit action due to reason: {reason}"


def blocked_for(environments: Sequence[SimulatedEnvironment], request: ShapeId, asked: Shape, now: float) -> str:
    """The reason that AWS would set on a head that asks for so much; empty while it only waits for room.

    Environments that could never hold the job are not asked for capacity. The first that could hold a multi-node job
    decides alone: it does not go on to the next (User Guide, *Jobs stuck in RUNNABLE*).
    """
    able = [each for each in environments if each.can_hold[request]]
    if able:
        asked_of = able[:1] if asked.nodes else able
        short = all(each.outlook(request, now) == UNAVAILABLE for each in asked_of)
        return CAPACITY if short else ""
    return MAX_RESOURCE if all(each.max_vcpus < asked.vcpus for each in environments) else REQUIREMENT


@dataclass(slots=True)
class _Watch:
    job: int
    reason: str
    event: Event


class TimeLimits:
    """Watches the heads of queues that have time limits.

    Parameters
    ----------
    cancel : callable
        ``cancel(queue, job, status_reason, now)``.
    """

    def __init__(self, agenda: Agenda, cancel: Callable[[FifoQueue, int, str, float], None]) -> None:
        self._agenda = agenda
        self._cancel = cancel
        self._watches: dict[int, _Watch] = {}

    def watch(self, queue: FifoQueue, job: int, reason: str, now: float) -> None:
        """The head of a queue, and why it is blocked; the time runs while both stay the same."""
        watch = self._watches.get(queue.index)
        if watch is not None and watch.job == job and watch.reason == reason:
            return
        self.clear(queue)
        limit = next((limit.seconds for limit in queue.time_limits if limit.reason.startswith(reason)), None)
        if reason and limit is not None:
            event = self._agenda.at(now + limit, self._due, queue)
            self._watches[queue.index] = _Watch(job, reason, event)

    def clear(self, queue: FifoQueue) -> None:
        """Watch the head no longer."""
        watch = self._watches.pop(queue.index, None)
        if watch is not None:
            self._agenda.cancel(watch.event)

    def _due(self, event: Event) -> None:
        queue: FifoQueue = event.subject
        watch = self._watches.pop(queue.index)
        self._cancel(queue, watch.job, CANCELLED.format(reason=watch.reason), event.at)
