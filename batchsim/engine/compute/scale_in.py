"""Scaling in: instances that are idle for long enough go, unless something keeps them.

Running jobs are never ended by it. When an idle instance goes is not published; ``minScaleDownDelayMinutes`` holds from
the end of an instance's last job (API ``ComputeScalingPolicy``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchsim.engine.clock import Alarm, Phase, next_tick
from batchsim.engine.compute.instance import Instance
from batchsim.engine.run_context import RunContext
from batchsim.spec.configuration import ComputeEnvironment


class ScaleIn:
    """Watches the idle instances of one compute environment.

    Parameters
    ----------
    is_minimum : callable
        ``is_minimum(instance)`` says whether an instance is kept for ``minvCpus``.
    is_awaited : callable
        ``is_awaited(instance)`` says whether one is kept for a multi-node job.
    go : callable
        ``go(instance)`` ends it.
    """

    def __init__(
        self,
        spec: ComputeEnvironment,
        world: RunContext,
        is_minimum: Callable[[Instance], bool],
        is_awaited: Callable[[Instance], bool],
        go: Callable[[Instance], None],
    ) -> None:
        self._delay_s = spec.min_scale_down_delay_s
        self._clock = world.clock
        self._interval_s = world.settings.scheduler.scale_down_interval
        self._idle_s = world.draws("scale-down-idle", spec.name)  # by the number of the launch
        self._is_minimum = is_minimum
        self._is_awaited = is_awaited
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
        # What stays for minvCpus, and never held a job, keeps no run going.
        essential = instance.used or not self._is_minimum(instance)
        instance.idle_alarm = self._clock.at(due_at, self._due, instance, phase=Phase.SCALE_IN, essential=essential)

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

    def _may_go(self, instance: Instance) -> bool:
        return not self._is_minimum(instance) and not self._is_awaited(instance)

    def review_kept(self) -> None:
        """Look again at instances that are kept though idle: the reason may be gone."""
        self._look_again(list(self._kept.values()))

    def release_kept(self) -> None:
        """Have those go that nothing keeps any more."""
        self._look_again([instance for instance in self._kept.values() if self._may_go(instance)])

    def _look_again(self, instances: Sequence[Instance]) -> None:
        for instance in instances:
            del self._kept[instance.ordinal]
            if instance.active and not instance.attempts and instance.idle_alarm is None:
                self._watch(instance)
