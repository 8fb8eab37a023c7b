"""Build the world of a scenario and run it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from batchsim.engine.capacity import Capacity
from batchsim.engine.clock import Clock
from batchsim.engine.fair_share import FairShareQueue
from batchsim.engine.fargate import Account, Fargate
from batchsim.engine.fleet import Fleet
from batchsim.engine.jobs import Jobs
from batchsim.engine.queue import JobQueue
from batchsim.engine.recorder import Recorder
from batchsim.engine.scheduler import Scheduler
from batchsim.engine.station import Station
from batchsim.engine.stock import Stock
from batchsim.engine.unmanaged import Pool
from batchsim.engine.world import World
from batchsim.recording import Recording
from batchsim.spec.assumptions import Environment
from batchsim.spec.configuration import ComputeEnvironment, Configuration
from batchsim.spec.workload import Workload


def simulate(
    workload: Workload,
    configuration: Configuration,
    settings: Environment,
    *,
    seed: int,
    replication: int = 0,
    duration_s: float = 0.0,
    horizon_s: float = math.inf,
) -> Recording:
    """Run a workload on a configuration.

    Parameters
    ----------
    settings : Environment
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
    world = World(workload, settings, clock, jobs, recorder, seed, replication, Capacity(settings.capacity))
    # The account's limits on tasks: on-demand and Spot each have their own.
    accounts: dict[str, Account] = {
        "FARGATE": Account.of(settings, "FARGATE"),
        "FARGATE_SPOT": Account.of(settings, "FARGATE_SPOT"),
    }
    stations = [
        _station(index, spec, world, scheduler, accounts) for index, spec in enumerate(configuration.environments)
    ]
    by_name = {station.name: station for station in stations}
    queues = [
        (FairShareQueue if spec.fair_share else JobQueue)(
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
        [station for station in stations if isinstance(station, Fleet)],
        Stock(configuration.consumables),
    )
    clock.hopeful = scheduler.hopeful
    world.capacity.start(clock)
    scheduler.start()
    jobs.submit()
    ended_at = clock.run_until_settled(min(duration_s, horizon_s), horizon_s)
    jobs.close(ended_at)
    return recorder.recording(ended_at)


def _station(
    index: int, spec: ComputeEnvironment, world: World, scheduler: Scheduler, accounts: Mapping[str, Account]
) -> Station:
    """One compute environment, by its kind."""
    if spec.purchase_option == "UNMANAGED":
        return Pool(index, spec, world)
    if spec.purchase_option in accounts:
        return Fargate(index, spec, world, accounts[spec.purchase_option])
    return Fleet(index, spec, world, scheduler.fleet_changed, scheduler.waiting_gangs)
