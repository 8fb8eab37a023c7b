"""Infrastructure updates: instances are replaced by others that have the new settings.

While that goes on the environment is UPDATING. New jobs go to new instances; those that run go on for as long as
``updatePolicy.jobExecutionTimeoutMinutes`` says, or are terminated at once (User Guide, *Perform infrastructure
updates*; API ``UpdatePolicy``). Whether they are retried then, their own strategy says.

Assumptions, as AWS says no more: idle instances and those that boot end at once, any other with its last job; until
then its vCPUs count towards ``maxvCpus``; a job that is terminated has the status reason of one whose host ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from batchsim.engine.agenda import Agenda
from batchsim.engine.attempt import HOST_TERMINATED, NO_EXIT_CODE, Attempt
from batchsim.engine.compute.instance import Instance
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.event import Event
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.recording import instance_id

#: Why an instance is said to have ended.
REPLACED: Final = "replaced by an update"


class Replacement:
    """Replaces the instances of one compute environment.

    Parameters
    ----------
    stop : callable
        ``stop(attempt, now)`` takes back what an attempt held; a replaced instance ends when it holds no other.
    go : callable
        ``go(instance, now)`` ends one that holds none.
    """

    def __init__(
        self,
        agenda: Agenda,
        ledger: InstanceLedger,
        lifecycle: JobLifecycle,
        stop: Callable[[Attempt, float], None],
        go: Callable[[Instance, float], None],
    ) -> None:
        self._agenda = agenda
        self._ledger = ledger
        self._lifecycle = lifecycle
        self._stop = stop
        self._go = go

    @property
    def goes_on(self) -> bool:
        """Whether jobs run on instances that are replaced: the environment is UPDATING."""
        return any(instance.replaced for instance in self._ledger.instances.values())

    def begin(self, timeout_s: float, terminates: bool, now: float) -> None:
        """Replace all that is there."""
        replaced = self._ledger.staying()
        for instance in replaced:
            instance.replaced = True
            if instance.attempts:
                self._ledger.withdraw(instance)
            else:
                self._go(instance, now)
        if terminates:
            self._end(replaced, now)
        else:
            self._agenda.at(now + timeout_s, self._timed_out, replaced, essential=False)
        self._ledger.announce(now)

    def _timed_out(self, event: Event) -> None:
        self._end(event.subject, event.at)

    def _end(self, instances: list[Instance], now: float) -> None:
        """End the attempts that still run on some instances, and these with them."""
        for instance in instances:
            for attempt in list(instance.attempts.values()):
                self._stop(attempt, now)
                reason = HOST_TERMINATED.format(instance=instance_id(attempt.instance))
                self._lifecycle.interrupt(attempt, reason, NO_EXIT_CODE, now)
