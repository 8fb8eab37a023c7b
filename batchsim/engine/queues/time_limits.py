"""``jobStateTimeLimitActions``: a head that waits too long for a reason is cancelled, and the next job moves up.

AWS Batch User Guide, *Jobs stuck in RUNNABLE*, *Automatic remediation*; API ``JobStateTimeLimitAction``. Only a true
misfit, or capacity that can't be had, counts as a reason here; AWS has been seen to name one while the instance was
still booting (nextflow-io/nextflow#7479, 2026).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batchsim.engine.clock import Alarm, Clock
from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.spec.configuration import Shape

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
MAX_RESOURCE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
REQUIREMENT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
CANCELLED = "Canceled by JobStateTimeLimit action due to reason: {reason}"


def blocked_for(stations: Sequence[SimulatedEnvironment], code: int, shape: Shape) -> str:
    """The reason that AWS would set on a head of this shape; empty while it only waits for room.

    Environments that could never hold the job are not asked for capacity. The first that could hold a multi-node job
    decides alone: it does not go on to the next (User Guide, *Jobs stuck in RUNNABLE*).
    """
    able = [station for station in stations if station.holds(code)]
    if able:
        return CAPACITY if all(station.exhausted(code) for station in able[: 1 if shape.nodes else None]) else ""
    return MAX_RESOURCE if all(station.max_vcpus < shape.vcpus for station in stations) else REQUIREMENT


@dataclass(slots=True)
class _Watch:
    job: int
    reason: str
    alarm: Alarm


class TimeLimits:
    """Watches the heads of queues that have time limits.

    Parameters
    ----------
    cancel : callable
        ``cancel(queue, job, status_reason)``.
    """

    def __init__(self, clock: Clock, cancel: Callable[[FifoQueue, int, str], None]) -> None:
        self._clock = clock
        self._cancel = cancel
        self._watches: dict[int, _Watch] = {}

    def watch(self, queue: FifoQueue, job: int, reason: str) -> None:
        """The head of a queue, and why it is blocked; the time runs while both stay the same."""
        watch = self._watches.get(queue.index)
        if watch is not None and (watch.job, watch.reason) == (job, reason):
            return
        self.clear(queue)
        limit = next((limit.seconds for limit in queue.time_limits if limit.reason.startswith(reason)), None)
        if reason and limit is not None:
            alarm = self._clock.at(self._clock.now + limit, self._due, queue)
            self._watches[queue.index] = _Watch(job, reason, alarm)

    def clear(self, queue: FifoQueue) -> None:
        """Watch the head no longer."""
        watch = self._watches.pop(queue.index, None)
        if watch is not None:
            self._clock.cancel(watch.alarm)

    def _due(self, alarm: Alarm) -> None:
        queue: FifoQueue = alarm.subject
        watch = self._watches.pop(queue.index)
        self._cancel(queue, watch.job, CANCELLED.format(reason=watch.reason))
