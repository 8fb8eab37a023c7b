"""Scaling in: instances that are idle for long enough go, unless something keeps them.

Running jobs are never ended by it. When an idle instance goes is not published; ``minScaleDownDelayMinutes`` holds from
the end of an instance's last job (API ``ComputeScalingPolicy``). Of instances that ECS manages ``scaleInAfter`` says
how long one may be idle (API ``InfrastructureOptimization``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from batchsim.engine.agenda import Agenda
from batchsim.engine.clock import Phase, next_tick
from batchsim.engine.compute.instance import Instance
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.event import Event
from batchsim.engine.run_context import RunContext
from batchsim.spec.configuration import ComputeEnvironment

SCALE_IN: Final = int(Phase.SCALE_IN)


class ScaleIn:
    """Watches the idle instances of one compute environment.

    Parameters
    ----------
    is_awaited : callable
        ``is_awaited(instance, now)`` says whether one is kept for a multi-node job.
    go : callable
        ``go(instance, now)`` ends it.
    """

    def __init__(
        self,
        spec: ComputeEnvironment,
        context: RunContext,
        agenda: Agenda,
        ledger: InstanceLedger,
        is_awaited: Callable[[Instance, float], bool],
        go: Callable[[Instance, float], None],
    ) -> None:
        self._spec = spec
        self._agenda = agenda
        self._ledger = ledger
        self._interval_s: float = 0.0 if spec.is_managed_by_ecs else context.settings.scheduler.scale_down_interval
        delay = "managed-scale-in" if spec.is_managed_by_ecs else "scale-down-idle"
        self._idle_s = context.draws(delay, spec.name)  # by the number of the launch
        self._is_awaited = is_awaited
        self._go = go
        self._kept: dict[int, Instance] = {}  # though idle for long enough

    def update(self, spec: ComputeEnvironment, now: float) -> None:
        """Keep what another configuration says: which of the idle instances keep the run going may be others."""
        self._spec = spec
        for instance in self._ledger.instances.values():
            event = instance.idle_event
            if event is not None and not instance.attempts:
                self._agenda.cancel(event)
                instance.idle_event = None  # one that is to stay for ever is not watched again
                self._watch(instance, now)
        self.release_kept(now)

    def idle(self, instance: Instance, now: float) -> None:
        """An instance holds no job from now on."""
        instance.idle_since = now
        if instance.replaced:
            self._go(instance, now)
        elif instance.idle_event is None:
            self._watch(instance, now)

    def _idle_until(self, instance: Instance) -> float:
        delay_s = self._idle_s[instance.launch]
        if instance.used:
            delay_s = max(delay_s, self._spec.min_scale_down_delay_s)
        return instance.idle_since + delay_s

    def _watch(self, instance: Instance, now: float) -> None:
        due_at = next_tick(max(self._idle_until(instance), now), self._interval_s)
        if due_at == math.inf:
            return
        # What stays for minvCpus keeps no run going.
        essential = not self._ledger.is_minimum(instance)
        instance.idle_event = self._agenda.at(due_at, self._due, instance, phase=SCALE_IN, essential=essential)

    def _due(self, event: Event) -> None:
        instance: Instance = event.subject
        instance.idle_event = None
        if instance.attempts or not instance.active:
            return
        if self._idle_until(instance) > event.at:
            self._watch(instance, event.at)
        elif self._may_go(instance, event.at):
            self._go(instance, event.at)
        else:
            self._kept[instance.number] = instance

    def _may_go(self, instance: Instance, now: float) -> bool:
        return not self._ledger.is_minimum(instance) and not self._is_awaited(instance, now)

    def review_kept(self, now: float) -> None:
        """Look again at instances that are kept though idle: the reason may be gone."""
        if self._kept:
            self._watch_again(list(self._kept.values()), now)

    def release_kept(self, now: float) -> None:
        """Have those go that nothing keeps any more."""
        if self._kept:
            self._watch_again([each for each in self._kept.values() if self._may_go(each, now)], now)

    def _watch_again(self, instances: Sequence[Instance], now: float) -> None:
        for instance in instances:
            del self._kept[instance.number]
            self._watch_if_idle(instance, now)

    def _watch_if_idle(self, instance: Instance, now: float) -> None:
        if instance.active and not instance.attempts and instance.idle_event is None:
            self._watch(instance, now)


class ManagedScaleIn(ScaleIn):
    """Of instances that ECS manages: one that was idle for so long goes at once."""

    def update(self, spec: ComputeEnvironment, now: float) -> None:
        """Keep idle instances for as long as another configuration says, those too that were to stay for ever."""
        super().update(spec, now)
        for instance in self._ledger.staying():
            self._watch_if_idle(instance, now)

    def _idle_until(self, instance: Instance) -> float:
        after_s = self._spec.scale_in_after_s
        return instance.idle_since + (self._idle_s[instance.launch] if after_s is None else after_s)


def scale_in_of(
    spec: ComputeEnvironment,
    context: RunContext,
    agenda: Agenda,
    ledger: InstanceLedger,
    is_awaited: Callable[[Instance, float], bool],
    go: Callable[[Instance, float], None],
) -> ScaleIn:
    """What watches the idle instances of an environment."""
    kind = ManagedScaleIn if spec.is_managed_by_ecs else ScaleIn
    return kind(spec, context, agenda, ledger, is_awaited, go)
