"""Scaling in: instances that are idle for long enough go, unless something keeps them.

Running jobs are never ended by it. When an idle instance goes is not published; ``minScaleDownDelayMinutes`` holds from
the end of an instance's last job (API ``ComputeScalingPolicy``).
"""

from __future__ import annotations

from collections.abc import Callable

from batchsim.engine.clock import Alarm, Phase, next_tick
from batchsim.engine.instance import Instance
from batchsim.engine.world import World
from batchsim.scenario.configuration import ComputeEnvironment


class ScaleIn:
    """Watches the idle instances of one compute environment.

    Parameters
    ----------
    may_go : callable
        ``may_go(instance)`` says whether nothing else keeps an instance.
    go : callable
        ``go(instance)`` ends it.
    """

    def __init__(
        self,
        spec: ComputeEnvironment,
        world: World,
        may_go: Callable[[Instance], bool],
        go: Callable[[Instance], None],
    ) -> None:
        self._delay_s = spec.min_scale_down_delay_s
        self._clock = world.clock
        self._interval_s = world.settings.scheduler.scale_down_interval
        self._idle_s = world.draws("scale-down-idle", spec.name)  # by the number of the launch
        self._may_go = may_go
        self._go = go
        self._kept: dict[int, Instance] = {}  # though idle for long enough

    def idle(self, instance: Instance) -> None:
        """An instance holds no job from now on."""
        instance.idle_since = self._clock.now
        if instance.idle_alarm is None:
            self._watch(instance)

    def _idle_until(self, instance: Instance) -> float:
        delay_s = self._idle_s[instance.number]
        if instance.used:
            delay_s = max(delay_s, self._delay_s)
        return instance.idle_since + delay_s

    def _watch(self, instance: Instance) -> None:
        due_at = next_tick(max(self._idle_until(instance), self._clock.now), self._interval_s)
        instance.idle_alarm = self._clock.at(due_at, self._due, instance, phase=Phase.SCALE_IN)

    def _due(self, alarm: Alarm) -> None:
        instance: Instance = alarm.subject
        instance.idle_alarm = None
        if instance.attempts or not instance.active:
            return
        if self._idle_until(instance) > self._clock.now:
            self._watch(instance)
        elif self._may_go(instance):
            self._go(instance)
        else:
            self._kept[instance.ordinal] = instance

    def review_kept(self) -> None:
        """Look again at instances that are kept though idle: the reason may be gone."""
        kept, self._kept = self._kept, {}
        for instance in kept.values():
            if instance.active and not instance.attempts and instance.idle_alarm is None:
                self._watch(instance)
