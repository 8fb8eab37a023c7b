"""Build the world of a scenario and run it."""

from __future__ import annotations

import math

from batchsim.columns import Recording
from batchsim.engine.clock import Clock
from batchsim.engine.fargate import Fargate, LaunchRate
from batchsim.engine.fleet import Fleet
from batchsim.engine.jobs import Jobs
from batchsim.engine.queue import JobQueue
from batchsim.engine.recorder import Recorder
from batchsim.engine.scheduler import Scheduler
from batchsim.engine.station import Station
from batchsim.engine.unmanaged import Pool
from batchsim.scenario.configuration import ComputeEnvironment, Configuration
from batchsim.scenario.distributions import Delay, Exponential
from batchsim.scenario.environment import Environment
from batchsim.streams import Draws
from batchsim.workload.distributions import sampler
from batchsim.workload.table import Workload


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
    world = _World(workload, settings, clock, jobs, recorder, scheduler, seed, replication)
    stations = [world.station(index, spec) for index, spec in enumerate(configuration.environments)]
    by_name = {station.name: station for station in stations}
    queues = [
        JobQueue(index, spec, tuple(by_name[name] for name in spec.environments), len(workload))
        for index, spec in enumerate(configuration.queues)
    ]
    number = {queue.name: queue.index for queue in queues}
    scheduler.connect(
        queues,
        [number[group.job_queue] for group in workload.groups],
        [station for station in stations if isinstance(station, Fleet)],
    )
    scheduler.start()
    jobs.submit()
    ended_at = clock.run_until_settled(min(duration_s, horizon_s), horizon_s)
    jobs.close(ended_at)
    return recorder.recording(ended_at)


class _World:
    """What every compute environment is built from."""

    def __init__(
        self,
        workload: Workload,
        settings: Environment,
        clock: Clock,
        jobs: Jobs,
        recorder: Recorder,
        scheduler: Scheduler,
        seed: int,
        replication: int,
    ) -> None:
        self._workload = workload
        self._settings = settings
        self._clock = clock
        self._jobs = jobs
        self._recorder = recorder
        self._scheduler = scheduler
        self._address = seed, replication
        rate = settings.fargate
        self._rates = {
            option: LaunchRate(rate.launch_burst, rate.launches_per_second) for option in ("FARGATE", "FARGATE_SPOT")
        }
        self._delays: dict[str, Delay] = {
            "launch": settings.ec2.launch,
            "spot-fulfilment": settings.ec2.spot_fulfilment,
            "register": settings.ec2.register_,
            "image-jitter": settings.image.jitter,
            "scale-down-idle": settings.scheduler.scale_down_idle,
            "interruption": Exponential(mean=1.0),
            "fargate-start": settings.fargate.start,
            "fargate-pull": settings.image.jitter,
            "fargate-interruption": Exponential(mean=1.0),
        }

    def station(self, index: int, spec: ComputeEnvironment) -> Station:
        """One compute environment, by its kind."""
        if spec.purchase_option == "UNMANAGED":
            return Pool(index, spec, self._settings.image, self._clock, self._jobs)
        if spec.purchase_option in self._rates:
            drawn: dict[tuple[str, int], Draws] = {}

            def draws_of_attempt(name: str, attempt: int) -> Draws:
                # Whichever environment starts the job's attempt: the draw belongs to the job.
                if (name, attempt) not in drawn:
                    drawn[name, attempt] = self._draws(name, "", attempt)
                return drawn[name, attempt]

            return Fargate(
                index,
                spec,
                self._settings,
                self._workload,
                self._clock,
                self._jobs,
                self._rates[spec.purchase_option],
                draws_of_attempt,
            )
        return Fleet(
            index,
            spec,
            self._settings,
            self._workload,
            self._clock,
            self._jobs,
            self._recorder,
            self._scheduler.fleet_changed,
            lambda name: self._draws(name, spec.name, 0),
        )

    def _draws(self, name: str, owner: str, attempt: int) -> Draws:
        return Draws(sampler(self._delays[name]), *self._address, name, owner, attempt)
