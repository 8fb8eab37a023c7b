"""Scheduled updates: at its instant, before the scheduling pass, each changes what it names.

What comes due at one instant is one event, applied in the order of the list; the next is set when it has happened. It
keeps no run going: see `batchsim.engine.termination`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from batchsim.engine.agenda import Agenda
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.event import Event
from batchsim.engine.job_arrivals import JobArrivals
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.run_context import RunContext
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.engine.scheduling.scheduling_pass import SchedulingPass
from batchsim.engine.updates.job_actions import JobActions
from batchsim.engine.updates.updates_to_come import UpdatesToCome
from batchsim.recording import AppliedUpdate, LimitChange
from batchsim.spec.configuration import Configuration, JobQueue
from batchsim.spec.updates import EnvironmentUpdates, Updates, following

#: Why AWS refuses an update of a compute environment (User Guide, *Perform infrastructure updates*; *Error message when
#: you update the desiredvCpus setting*).
UPDATING: Final = "{name} is UPDATING"
SCALES_DOWN: Final = "desiredvCpus {desired} of {name} is below the {vcpus} that it has"
#: What submissions to a DISABLED queue fail with.
CLOSED: Final = "{name} is DISABLED: SubmitJob was refused"


class ScheduledUpdates:
    """Applies the updates of a run.

    Attributes
    ----------
    applied, limits : list
        What a recording tells of them.
    to_come : UpdatesToCome
        Whether those ahead may help.
    """

    def __init__(
        self,
        updates: Updates,
        configuration: Configuration,
        agenda: Agenda,
        environments: Mapping[str, SimulatedEnvironment],
        queues: Mapping[str, FifoQueue],
        resources: ConsumableResources,
        arrivals: JobArrivals,
        passes: SchedulingPass,
        actions: JobActions,
        context: RunContext,
        lifecycle: JobLifecycle,
    ) -> None:
        self.applied: list[AppliedUpdate] = []
        self.limits: list[LimitChange] = []
        self._updates = updates
        self._agenda = agenda
        self._environments = dict(environments)
        self._queues = dict(queues)
        self._resources = resources
        self._passes = passes
        self._actions = actions
        self._admit_s: float = context.settings.scheduler.admit
        self._moves = {key: following(each.moves) for key, each in updates.objects()}
        self._state = dict.fromkeys(self._moves, 0)
        self.to_come = UpdatesToCome(
            updates,
            self._environments,
            self._queues,
            resources,
            context.workload.shapes,
            lifecycle,
            self._moves,
            self._state,
        )
        self._due: Iterator[tuple[float, int]] = updates.occurrences()
        self._ahead: tuple[float, int] | None = None
        # By queue whose state changes, from when on jobs that arrive are accepted, or not.
        self._accepts: dict[str, list[tuple[float, bool]]] = {}
        self._refuse_while_disabled(arrivals, configuration)

    def _refuse_while_disabled(self, arrivals: JobArrivals, configuration: Configuration) -> None:
        specs = {queue.name: queue for queue in configuration.queues}
        for each in self._updates.queues:
            if len({state.enabled for state in each.states}) > 1 or not specs[each.name].enabled:
                self._accepts[each.name] = states = [(-1.0, specs[each.name].enabled)]
                arrivals.refuse(self._queues[each.name], CLOSED.format(name=each.name), states)

    def follow(self) -> None:
        """Have them happen."""
        self._ahead = next(self._due, None)
        self._next()

    def _next(self) -> None:
        """Set the next event: all that comes due at one instant."""
        if self._ahead is None:
            return
        at, numbers = self._ahead[0], []
        while self._ahead is not None and self._ahead[0] == at:
            numbers.append(self._ahead[1])
            self._ahead = next(self._due, None)
        self._foresee(at, numbers)
        self._agenda.at(at, self._happen, numbers, essential=False)

    def _foresee(self, at: float, numbers: Sequence[int]) -> None:
        """Tell from when on jobs are accepted: what is submitted at the instant of an update comes after it."""
        for each in self._updates.queues:
            if each.name not in self._accepts:
                continue
            moves, state = self._moves["queue", each.name], self._state["queue", each.name]
            for number in numbers:
                state = moves.get((state, number), state)
            self._accepts[each.name].append((at + self._admit_s, each.states[state].enabled))

    def _happen(self, event: Event) -> None:
        self.to_come.happened(event.subject)
        for number in event.subject:
            self._apply(number, event.at)
        self._next()

    def _apply(self, number: int, now: float) -> None:
        update = self._updates.entries[number]
        if update.action is not None:
            ended = self._actions.take(update.action, now)
            self.applied.append(AppliedUpdate(now, number, jobs=ended))
            if ended:
                self._agenda.resources_freed()
            return
        refused = self._refusal(number)
        self.applied.append(AppliedUpdate(now, number, refused))
        if refused:
            return
        self._apply_to_environments(number, now)
        for queue in self._updates.queues:
            before, after = self._moved("queue", queue.name, number)
            if queue.states[before] != queue.states[after]:
                self._update_queue(self._queues[queue.name], queue.states[after], now)
        for consumable in self._updates.consumables:
            before, after = self._moved("consumable", consumable.name, number)
            if consumable.states[before] != consumable.states[after]:
                self._resources.update(consumable.name, consumable.states[after].total)
                self._agenda.resources_freed()

    def _apply_to_environments(self, number: int, now: float) -> None:
        for each in self._updates.environments:
            before, after = self._moved("environment", each.name, number)
            if each.states[before] != each.states[after]:
                self._update_environment(each, before, after, now)
        for name in self._updates.entries[number].desired:
            environment = self._environments[name]
            if isinstance(environment, Ec2Environment):
                environment.launcher.launch_up_to(self._desired(name), now)

    def _moved(self, kind: str, name: str, number: int) -> tuple[int, int]:
        """The state of an object before and after an update; what was written and is the default changes nothing."""
        before = self._state[kind, name]
        after = self._moves[kind, name].get((before, number), before)
        self._state[kind, name] = after
        return before, after

    # Compute environments

    def _refusal(self, number: int) -> str:
        """Why AWS refuses an update now; empty where it takes it."""
        for each in self._updates.environments:
            environment, before = self._environments[each.name], self._state["environment", each.name]
            if not isinstance(environment, Ec2Environment):
                continue
            sets_desired = each.name in self._updates.entries[number].desired
            if (before, number) not in self._moves["environment", each.name] and not sets_desired:
                continue
            if environment.replacement.goes_on:
                return UPDATING.format(name=each.name)
            after = self._moves["environment", each.name].get((before, number), before)
            desired = each.states[after].environment.desired_vcpus
            if sets_desired and desired < environment.ledger.vcpus:
                return SCALES_DOWN.format(name=each.name, desired=desired, vcpus=environment.ledger.vcpus)
        return ""

    def _desired(self, name: str) -> int:
        states = next(each for each in self._updates.environments if each.name == name)
        return states.states[self._state["environment", name]].environment.desired_vcpus

    def _update_environment(self, updates: EnvironmentUpdates, before: int, after: int, now: float) -> None:
        old, new = updates.states[before], updates.states[after]
        environment, spec = self._environments[updates.name], new.environment
        environment.update(spec, updates.offerings, now)
        if isinstance(environment, Ec2Environment):
            if old.infrastructure != new.infrastructure:
                environment.replacement.begin(new.execution_timeout_s, new.terminates_jobs, now)
            environment.launcher.keep_minimum(now)
        for queue in self._agenda.attached[environment.index]:
            queue.environments_changed()
        self._passes.environments_changed()
        self._agenda.capacity_changed(environment.index)
        self.limits.append(LimitChange(now, environment.index, spec.max_vcpus, spec.min_vcpus, spec.enabled))

    # Job queues

    def _update_queue(self, queue: FifoQueue, spec: JobQueue, now: float) -> None:
        agenda = self._agenda
        if spec.time_limits != queue.time_limits:
            self._passes.forget_time_limit(queue)
        queue.update(spec, now)
        environments = [self._environments[name] for name in spec.environments]
        if environments != queue.environments:
            for environment in queue.environments:
                agenda.attached[environment.index].remove(queue)
            queue.environments[:] = environments
            for environment in environments:
                agenda.attached[environment.index].append(queue)
            queue.environments_changed()
            self._passes.environments_changed()
        for queues in (agenda.queues, *agenda.attached):
            queues.sort(key=lambda each: (-each.priority, each.name))
        agenda.resources_freed()  # all that waits is looked at anew
