"""Build the world of a scenario and run it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from batchsim.engine.account_limits import CapacityLimits, FargateQuota
from batchsim.engine.clock import Clock
from batchsim.engine.compute.ec2 import Ec2Environment
from batchsim.engine.compute.fargate import FargateEnvironment
from batchsim.engine.compute.unmanaged import UnmanagedEnvironment
from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.job_lifecycle import Jobs
from batchsim.engine.queues.fair_share import FairShareQueue
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.recorder import Recorder
from batchsim.engine.run_context import RunContext
from batchsim.engine.scheduling.consumable_resources import ConsumableResources
from batchsim.engine.scheduling.scheduler import Scheduler
from batchsim.recording import Recording
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment, Configuration
from batchsim.spec.workload import Workload


def simulate(
    workload: Workload,
    configuration: Configuration,
    settings: Assumptions,
    *,
    seed: int,
    replication: int = 0,
    duration_s: float = 0.0,
    horizon_s: float = math.inf,
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

    Returns
    -------
    Recording
        What happened. Equal arguments give equal recordings.
    """
    clock = Clock()
    recorder = Recorder(len(workload))
    jobs = Jobs(workload, clock, recorder, admit_s=settings.scheduler.admit, stop_s=settings.scheduler.stop)
    scheduler = Scheduler(settings.scheduler, workload, clock, jobs, recorder)
    jobs.on_runnable = scheduler.runnable
    jobs.on_freed = scheduler.room_freed
    world = RunContext(workload, settings, clock, jobs, recorder, seed, replication, CapacityLimits(settings.capacity))
    # The account's limits on tasks: on-demand and Spot each have their own.
    accounts: dict[str, FargateQuota] = {
        "FARGATE": FargateQuota.of(settings, "FARGATE"),
        "FARGATE_SPOT": FargateQuota.of(settings, "FARGATE_SPOT"),
    }
    stations = [
        _station(index, spec, world, scheduler, accounts) for index, spec in enumerate(configuration.environments)
    ]
    by_name = {station.name: station for station in stations}
    queues = [
        (FairShareQueue if spec.fair_share else FifoQueue)(
            index, spec, tuple(by_name[name] for name in spec.environments), world
        )
        for index, spec in enumerate(configuration.queues)
    ]
    if configuration.consumables or any(spec.fair_share for spec in configuration.queues):
        jobs.on_submitted, jobs.on_stopped, jobs.on_finished = (
            scheduler.submitted,
            scheduler.stopped,
            scheduler.finished,
        )
    number = {queue.name: queue.index for queue in queues}
    scheduler.connect(
        queues,
        [number[group.job_queue] for group in workload.groups],
        [station for station in stations if isinstance(station, Ec2Environment)],
        ConsumableResources(configuration.consumables),
    )
    clock.hopeful = scheduler.hopeful
    world.capacity.start(clock)
    scheduler.start()
    jobs.submit()
    ended_at = clock.run_until_settled(min(duration_s, horizon_s), horizon_s)
    jobs.close(ended_at)
    return recorder.recording(ended_at)


def _station(
    index: int, spec: ComputeEnvironment, world: RunContext, scheduler: Scheduler, accounts: Mapping[str, FargateQuota]
) -> SimulatedEnvironment:
    """One compute environment, by its kind."""
    if spec.purchase_option == "UNMANAGED":
        return UnmanagedEnvironment(index, spec, world)
    if spec.purchase_option in accounts:
        return FargateEnvironment(index, spec, world, accounts[spec.purchase_option])
    return Ec2Environment(index, spec, world, scheduler.fleet_changed, scheduler.waiting_gangs)
