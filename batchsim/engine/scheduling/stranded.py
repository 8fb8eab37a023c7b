"""Stranded capacity: whether an environment's unused room is of no use to anything that waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from batchsim.engine.agenda import Agenda
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.run_context import RunContext


class StrandedCapacity:
    """Notes when unused room is stranded, and when it is idle again.

    Attributes
    ----------
    any_stranded : bool
        Whether some is.
    """

    def __init__(self, context: RunContext, agenda: Agenda, environments: Sequence[Ec2Environment]) -> None:
        self._recorder = context.recorder
        self._environments = list(environments)
        self._queues = [agenda.attached[each.index] for each in environments]
        self._stranded = [False] * len(environments)
        self.any_stranded = False
        self._known_at = [-1] * len(environments)

    def note(self, now: float) -> None:
        """Note what has changed."""
        for place, environment in enumerate(self._environments):
            queues, waits = self._queues[place], False
            # Each of these only grows: their sum is another when one of them is.
            known_at = environment.changes.generation
            for queue in queues:
                known_at += queue.requests_generation
                waits = waits or bool(queue.requests)
            if not waits and not self._stranded[place]:
                continue
            if known_at == self._known_at[place] and not environment.varies:
                continue
            self._known_at[place] = known_at
            stranded = waits and self._is_stranded(environment, queues, now)
            if stranded != self._stranded[place]:
                self._stranded[place] = stranded
                self.any_stranded = any(self._stranded)
                self._recorder.stranded(now, environment.index, stranded)

    @staticmethod
    def _is_stranded(environment: Ec2Environment, queues: Sequence[FifoQueue], now: float) -> bool:
        """Whether jobs wait that the environment could hold, and none of them has room there now."""
        holds, no_fit = False, environment.no_fit
        for queue in queues:
            for request in queue.requests:
                if request not in no_fit and environment.fits(request, now):
                    return False
                holds = holds or environment.can_hold[request]
        return holds
