"""Build what a run is made of, and run it."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager

from batchsim.engine.account_limits import CapacityLimits, FargateQuota
from batchsim.engine.agenda import Agenda
from batchsim.engine.capacity_reservations import CapacityReservations
from batchsim.engine.clock import Clock
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.compute.fargate import FargateEnvironment
from batchsim.engine.compute.managed_instances import ManagedInstancesEnvironment
from batchsim.engine.compute.unmanaged import UnmanagedEnvironment
from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.job_arrivals import JobArrivals
from batchsim.engine.job_lifecycle import JobLifecycle, JobStates
from batchsim.engine.job_table import RUNNING, STARTING, JobTable
from batchsim.engine.queues.fair_share import FairShareQueue
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.recorder import Recorder
from batchsim.engine.run_context import RunContext
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.engine.scheduling.scale_out import ScaleOut
from batchsim.engine.scheduling.scheduling_pass import SchedulingPass
from batchsim.engine.scheduling.wait_causes import WaitAttribution, wanted_by_request
from batchsim.engine.scheduling.waiting import WaitingJobs
from batchsim.engine.termination import Termination
from batchsim.engine.updates.job_actions import JobActions
from batchsim.engine.updates.scheduled_updates import ScheduledUpdates
from batchsim.engine.watchdog import Watchdog
from batchsim.recording import Recording
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment, Configuration
from batchsim.spec.ids import EnvironmentId
from batchsim.spec.updates import NO_UPDATES, Updates
from batchsim.spec.workload import Workload
from batchsim.units import MOST_SIMULATED_S


class Simulation:
    """One run, built and ready to start."""

    def __init__(
        self,
        workload: Workload,
        configuration: Configuration,
        settings: Assumptions,
        seed: int,
        replication: int,
        floor_s: float,
        horizon_s: float,
        updates: Updates = NO_UPDATES,
    ) -> None:
        self.clock = Clock()
        self.agenda = agenda = Agenda(self.clock, settings.scheduler, len(configuration.environments))
        recorder, table = Recorder(), JobTable(workload, settings.scheduler.admit)
        self._context = context = RunContext(workload, settings, table, recorder, seed, replication)
        self._limits = CapacityLimits(settings.capacity)
        self._reservations = CapacityReservations(configuration.reservations, self._limits, recorder, updates)
        # The account's limits on tasks: on-demand and Spot each have their own.
        self._quotas = {
            "FARGATE": FargateQuota.of(settings, "FARGATE"),
            "FARGATE_SPOT": FargateQuota.of(settings, "FARGATE_SPOT"),
        }
        resources = ConsumableResources(configuration.consumables)
        self._waiting = waiting = WaitingJobs(context, resources, agenda.attached)
        self.queues = [
            (FairShareQueue if spec.fair_share else FifoQueue)(index, spec, context)
            for index, spec in enumerate(configuration.queues)
        ]
        by_name = {queue.name: queue for queue in self.queues}
        for each in updates.queues:
            by_name[each.name].keep_history()
        queue_of = [by_name[group.job_queue] for group in workload.groups]
        states = JobStates(table, agenda, recorder, queue_of)
        self.lifecycle = lifecycle = JobLifecycle(
            workload,
            table,
            agenda,
            recorder,
            states,
            queue_of,
            resources,
            settings.scheduler.stop,
        )
        self.arrivals = arrivals = JobArrivals(table, agenda, recorder, states, queue_of)
        environments = [
            self._environment(EnvironmentId(index), spec) for index, spec in enumerate(configuration.environments)
        ]
        lifecycle.environments += environments
        named = {environment.name: environment for environment in environments}
        for queue, spec in zip(self.queues, configuration.queues, strict=True):
            queue.attach([named[name] for name in spec.environments])
        # Equal priorities are evaluated by name: AWS leaves their order open.
        agenda.queues += sorted(self.queues, key=lambda queue: (-queue.priority, queue.name))
        for queue in agenda.queues:
            for environment in queue.environments:
                agenda.attached[environment.index].append(queue)
        scalable = [environment for environment in environments if isinstance(environment, Ec2Environment)]
        wants = wanted_by_request(workload, [queue.index for queue in queue_of])
        attribution = [
            WaitAttribution(queue, context, waiting, wants.get(queue.index, {}), resources) for queue in self.queues
        ]
        self._scale_out = ScaleOut(scalable, context, agenda, lifecycle, resources, waiting, attribution)
        passes = SchedulingPass(
            context,
            agenda,
            lifecycle,
            resources,
            waiting,
            self.queues,
            scalable,
            self._scale_out,
            attribution,
        )
        self._termination = Termination(self.clock, agenda, lifecycle, waiting, floor_s, horizon_s)
        until = floor_s if horizon_s >= MOST_SIMULATED_S else max(floor_s, horizon_s)
        self._watchdog = Watchdog(self.clock, workload, lifecycle, self.queues, attribution, until)
        self._updates = None
        if updates:
            actions = JobActions(workload, lifecycle, by_name, settings.scheduler.admit)
            self._updates = ScheduledUpdates(
                updates, configuration, agenda, named, by_name, resources, arrivals, passes, actions, context, lifecycle
            )
            self._termination.updates = self._updates.to_come
        agenda.on_arrivals = arrivals.admit
        agenda.on_pass = passes.hold
        agenda.on_scale_out = self._scale_out.evaluate
        agenda.on_settled = self._termination.settle

    def _environment(self, index: EnvironmentId, spec: ComputeEnvironment) -> SimulatedEnvironment:
        """One compute environment, by its kind."""
        context, agenda, lifecycle = self._context, self.agenda, self.lifecycle
        if spec.purchase_option == "UNMANAGED":
            return UnmanagedEnvironment(index, spec, context, lifecycle.attempts)
        if spec.account_option in self._quotas:
            quota = self._quotas[spec.account_option]
            return FargateEnvironment(index, spec, context, agenda, lifecycle, quota)
        kind = ManagedInstancesEnvironment if spec.is_managed_by_ecs else Ec2Environment
        return kind(index, spec, context, agenda, lifecycle, self._limits, self._reservations, self._waiting)

    def run(self) -> Recording:
        """Run to the end."""
        self._limits.follow(self.agenda)
        self._reservations.follow(self.agenda)
        self._scale_out.launch_initial()
        self.arrivals.expect()
        if self._updates is not None:
            self._updates.follow()
        self.agenda.finish(0.0)
        self.clock.run_until_stopped(self._watchdog.look)
        return self._recording(self._termination.ended_at)

    def _recording(self, ended_at: float) -> Recording:
        """What happened, until the end of the run cut it off."""
        recorder = self._context.recorder
        attempts, nodes = recorder.attempts(self._cut_off(ended_at))
        instances = recorder.instances(ended_at)
        runnable_at, stopped_at, status, reason = self._context.table.columns(attempts)
        return Recording(
            ended_at=ended_at,
            runnable_at=runnable_at,
            stopped_at=stopped_at,
            status=status,
            reason=reason,
            reasons=recorder.reasons.texts(),
            attempts=attempts,
            instances=instances,
            causes=recorder.causes(),
            stranded=recorder.stranded_columns(),
            nodes=nodes,
            reservations=recorder.stays(ended_at),
            updates=() if self._updates is None else tuple(self._updates.applied),
            limits=() if self._updates is None else tuple(self._updates.limits),
        )

    def _cut_off(self, ended_at: float) -> int:
        """Record the attempts that the end of the run cuts off, with the state that their jobs are in: how many."""
        self.arrivals.admit_until(ended_at)
        running, context = self.lifecycle.running, self._context
        for job in sorted(running):
            attempt = running[job]
            attempt.status = RUNNING if attempt.started_at <= ended_at else STARTING
            attempt.cut_short(ended_at)
            context.table.status[job] = attempt.status
            context.recorder.ended.append(attempt)
        return len(running)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles: it would go through all that is loaded.

    An engine that runs alone makes none but that it is one itself. What was made meanwhile is the youngest generation:
    to look through it afterwards costs next to nothing. Other threads' cycles wait until then as well.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
            gc.collect(0)


def simulate(
    workload: Workload,
    configuration: Configuration,
    settings: Assumptions,
    *,
    seed: int,
    replication: int = 0,
    duration_s: float = 0.0,
    horizon_s: float = math.inf,
    updates: Updates = NO_UPDATES,
) -> Recording:
    """Run a workload on a configuration.

    Parameters
    ----------
    settings : Assumptions
        Delays, market and scheduler.
    duration_s : float
        The run goes on at least so long, because idle capacity is paid for; then until nothing is left to happen:
        every job has ended or can never start, and the fleets have shrunk to ``minvCpus``.
    horizon_s : float
        The run ends here at the latest; jobs may then be unfinished.
    updates : Updates
        What is updated while it goes on.

    Returns
    -------
    Recording
        What happened. Equal arguments give equal recordings.
    """
    floor_s = min(duration_s, horizon_s)
    with _collector_paused():
        return Simulation(workload, configuration, settings, seed, replication, floor_s, horizon_s, updates).run()
