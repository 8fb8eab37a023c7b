"""Processes of the user's own beside the engine: SimPy's, in the same environment and at the same clock.

A process sees what the scheduler sees: before it reads or does anything, the jobs that have arrived are taken in; after
it did something, a scheduling pass is held at that instant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import simpy

from batchsim.engine.compute_environment import SimulatedEnvironment
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.engine.simulation import Simulation, simulate
from batchsim.engine.submissions import Submissions
from batchsim.errors import did_you_mean
from batchsim.recording import Recording
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import Configuration
from batchsim.spec.updates import NO_UPDATES, Updates
from batchsim.spec.workload import Workload

T = TypeVar("T")


class _Named(dict[str, T]):
    """What there is by name; a name that is not there is an error that says which was meant."""

    def __init__(self, kind: str, found: Mapping[str, T]) -> None:
        super().__init__(found)
        self._kind = kind

    def __missing__(self, name: str) -> T:
        raise ValueError(f"there is no {self._kind} {name!r}{did_you_mean(str(name), self)}")


class LiveQueue:
    """A job queue while the simulation runs; it can be read.

    Attributes
    ----------
    name : str
        Its name.
    """

    def __init__(self, queue: FifoQueue, vcpus: Sequence[float], take_in: Callable[[], object]) -> None:
        self.name = queue.name
        self._queue = queue
        self._vcpus = vcpus
        self._take_in = take_in

    @property
    def waiting(self) -> int:
        """How many jobs are RUNNABLE."""
        self._take_in()
        return sum(self._queue.requests.values())

    @property
    def waiting_vcpus(self) -> float:
        """The vCPUs that they ask for."""
        self._take_in()
        return sum(self._vcpus[request] * jobs for request, jobs in self._queue.requests.items())


class LiveEnvironment:
    """A compute environment while the simulation runs; it can be read.

    Attributes
    ----------
    name : str
        Its name.
    """

    def __init__(
        self, environment: SimulatedEnvironment, simulation: Simulation, take_in: Callable[[], object]
    ) -> None:
        self.name = environment.name
        self._environment = environment
        self._running = simulation.lifecycle.running
        self._take_in = take_in

    @property
    def enabled(self) -> bool:
        """Whether it takes jobs."""
        return self._environment.enabled

    @property
    def running(self) -> int:
        """How many jobs are STARTING or RUNNING in it."""
        self._take_in()
        index = self._environment.index
        return sum(attempt.environment == index for attempt in self._running.values())

    @property
    def vcpus(self) -> float:
        """VCPUs of its instances, booting ones included; on Fargate and UNMANAGED, those that jobs run on."""
        self._take_in()
        return self._environment.vcpus


class LiveRun:
    """A simulation that runs, as a process sees it. When it is over, nothing is done any more.

    Attributes
    ----------
    env : simpy.Environment
        The environment of the process: what it yields are events of this.
    queues : mapping of str to LiveQueue
        The job queues by name: ``queues["etl"].waiting``, ``waiting_vcpus``.
    environments : mapping of str to LiveEnvironment
        The compute environments by name: ``environments["spot"].running``, ``vcpus``, ``enabled``.
    """

    def __init__(self, simulation: Simulation, submissions: Submissions, workload: Workload) -> None:
        self.env: simpy.Environment = simulation.clock
        self._clock = simulation.clock
        self._agenda = agenda = simulation.agenda
        self._submissions = submissions
        vcpus = [shape.vcpus for shape in workload.shapes]
        self.queues: Mapping[str, LiveQueue] = MappingProxyType(
            _Named("job queue", {each.name: LiveQueue(each, vcpus, self._take_in) for each in simulation.queues})
        )
        simulated = simulation.lifecycle.environments
        self.environments: Mapping[str, LiveEnvironment] = MappingProxyType(
            _Named(
                "compute environment",
                {each.name: LiveEnvironment(each, simulation, self._take_in) for each in simulated},
            )
        )
        self._simulated = _Named("compute environment", {each.name: each for each in simulated})
        self._attached = agenda.attached

    @property
    def now(self) -> float:
        """Seconds since the scenario's start."""
        return self.env.now

    def timeout(self, seconds: float, *, keep_going: bool = False) -> simpy.Timeout:
        """An event that happens after so many seconds.

        Parameters
        ----------
        keep_going : bool
            Whether the run goes on until then, though all jobs have ended or can't start.

        Raises
        ------
        ValueError
            If `seconds` is negative or not finite.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"a timeout takes seconds from 0 on, not {seconds}")
        event = self.env.timeout(seconds)
        if keep_going:
            self._agenda.reasons += 1
            event.callbacks.append(self._waited)
        return event

    def _waited(self, _event: simpy.Event) -> None:
        now = self._take_in()
        self._agenda.reasons -= 1
        self._done(now)

    def submit(self, workflow: str) -> None:
        """Submit all jobs of a workflow now, once more.

        They are what one more arrival of the workflow would be: dependencies, arrays, and run times drawn for the
        number of the run. They come behind what was submitted before.

        Raises
        ------
        ValueError
            If the scenario has no such workflow, or it was submitted as often as ``submissions`` says.
        """
        now = self._take_in()
        if self._clock.stopped:
            return
        self._submissions.submit(workflow, now)
        self._take_in()
        self._done(now)

    def drain(self, environment: str) -> None:
        """Disable a compute environment, as ``state: DISABLED`` does.

        It takes no more jobs and does not scale out for any; what runs goes on, and idle instances are scaled in to
        ``minvCpus``. Jobs go to the next environment of their queue, or wait.

        Raises
        ------
        ValueError
            If there is no such environment.
        """
        now = self._take_in()
        if self._simulated[environment].enabled and not self._clock.stopped:
            self._simulated[environment].drain()
            self._environment_changed(self._simulated[environment], now)

    def reopen(self, environment: str) -> None:
        """Enable a compute environment that was drained.

        Raises
        ------
        ValueError
            If there is no such environment, or it is DISABLED in the scenario.
        """
        now = self._take_in()
        if not self._simulated[environment].enabled and not self._clock.stopped:
            if not self._simulated[environment].is_enabled:
                raise ValueError(f"{environment!r} is DISABLED in the scenario: enable it there, and drain it at first")
            self._simulated[environment].reopen()
            self._environment_changed(self._simulated[environment], now)

    def _environment_changed(self, environment: SimulatedEnvironment, now: float) -> None:
        for queue in self._attached[environment.index]:
            queue.environments_changed()
        self._agenda.capacity_changed(environment.index)
        self._done(now)

    def _take_in(self) -> float:
        """Take in what has arrived."""
        now = self.env.now
        if not self._clock.stopped:
            self._agenda.begin(now)
        return now

    def _done(self, now: float) -> None:
        """Something was done: hold the pass that is due, and ask anew whether the run goes on."""
        self._agenda.unsettle()
        self._agenda.finish(now)


#: A process: what it is given is what it sees and does; what it yields are SimPy's events.
Process = Callable[[LiveRun], Generator[Any, Any, Any]]


def simulate_with(
    processes: Sequence[Process],
    workload: Workload,
    configuration: Configuration,
    settings: Assumptions,
    *,
    seed: int,
    replication: int = 0,
    duration_s: float = 0.0,
    horizon_s: float = math.inf,
    updates: Updates = NO_UPDATES,
) -> tuple[Workload, Recording]:
    """Run a workload on a configuration, with processes beside the engine; else as `simulate`.

    Parameters
    ----------
    processes : sequence of callable
        Each is called with a `LiveRun` and returns the generator of a SimPy process. They do not keep a run going.
    workload : Workload
        Its reserved rows are those that can be submitted.

    Returns
    -------
    Workload, Recording
        What was submitted, by the scenario and by the processes, and what happened.

    Raises
    ------
    TypeError
        If a process is no function, or returns no generator.
    """
    if not processes:
        recording = simulate(
            workload,
            configuration,
            settings,
            seed=seed,
            replication=replication,
            duration_s=duration_s,
            horizon_s=horizon_s,
            updates=updates,
        )
        return workload, recording
    floor_s = min(duration_s, horizon_s)
    simulation = Simulation(workload, configuration, settings, seed, replication, floor_s, horizon_s, updates)
    submissions = Submissions(workload, simulation.lifecycle.table, simulation.arrivals, settings.scheduler.admit)
    live = LiveRun(simulation, submissions, workload)
    generators = [_started(process, live) for process in processes]
    for generator in generators:
        simulation.clock.start(generator)
    try:
        recording = simulation.run()
    finally:
        simulation.clock.stop()  # where an error did
        for generator in generators:
            generator.close()
    return submissions.workload(), recording


def _started(process: Process, live: LiveRun) -> Generator[Any, Any, Any]:
    """The generator of a process."""
    name = getattr(process, "__name__", repr(process))
    if not callable(process):
        raise TypeError(f"a process is a function of the run, not {type(process).__name__}: {name}")
    generator = process(live)
    if not isinstance(generator, Generator):
        raise TypeError(f"{name} returned {type(generator).__name__}, not a generator: a process yields events")
    return generator
