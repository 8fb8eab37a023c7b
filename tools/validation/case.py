"""A case: a scenario whose figure queueing theory knows exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

from batchsim.recording import Recording
from batchsim.scenario.scenario import Scenario
from batchsim.spec.workload import Workload

#: Replications of every case: 20 would need half as many jobs again, as eight controls take degrees of freedom.
REPLICATIONS = 40


@dataclass(frozen=True)
class Sample:
    """What one replication says.

    Attributes
    ----------
    value : float
        The figure that is measured.
    controls : tuple of float
        Figures of the same replication's random numbers, of which the sum has mean 0 (see `measures.controls`).
    weight : float
        How many arrivals it is the mean of.
    """

    value: float
    controls: tuple[float, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True)
class Observation:
    """A finished replication.

    Attributes
    ----------
    from_s, until_s : float
        Of the jobs submitted between these, those before being the warm-up, something is measured.
    """

    scenario: Scenario
    workload: Workload
    recording: Recording
    replication: int
    from_s: float
    until_s: float


@dataclass(frozen=True)
class Brought:
    """Work that each arrival brings to some servers: run time times vCPUs, of all attempts.

    Attributes
    ----------
    mean_s : float
        Its mean.
    servers : float
        How many vCPUs do it.
    job : str or None
        By which job; None for all.
    square : float or None
        The mean of its square where that is known.
    """

    mean_s: float
    servers: float = 1.0
    job: str | None = None
    square: float | None = None


@dataclass(frozen=True)
class QueueingCase:
    """A scenario and what theory says of it.

    Attributes
    ----------
    name : str
        As the page has it; unique.
    group : str
        The heading it stands under.
    scenario : callable
        ``scenario(duration_s)``: the same for any length.
    jobs_per_s : float
        How many jobs are submitted a second.
    theory : callable
        The exact figure.
    source : str
        Where theory has it from.
    quantity : str
        What is measured, with its unit.
    measure : callable
        ``measure(observation)`` gives the figure of a replication.
    jobs : int
        How many are measured, over all replications together.
    warm_up : int
        How many are left out at the start of each replication.
    between_s : float or None
        Mean time between arrivals where they are random.
    brings : tuple of Brought
        What an arrival brings where that is known: in all, or by job name where each has a queue of its own.
    few : int or None
        Measuring begins and ends with an arrival that finds so many jobs at most: what is left over would be noise.
        None where there are no arrivals to begin with.
    plan : str
        What its runs are called where others measure them, too.
    """

    name: str
    group: str
    scenario: Callable[[float], Scenario]
    jobs_per_s: float
    theory: Callable[[], float]
    source: str
    quantity: str
    measure: Callable[[Observation], float]
    jobs: int
    warm_up: int = 1_000
    between_s: float | None = None
    brings: tuple[Brought, ...] = ()
    few: int | None = 0
    plan: str = ""

    @property
    def runs(self) -> str:
        """The name of its runs: cases that measure several figures of the same runs have one in common."""
        return self.plan or self.name

    @property
    def seed(self) -> int:
        """Of its runs: others have random numbers of their own, or chance would be the same in all."""
        return crc32(self.runs.encode())

    def spans(self, jobs: float) -> tuple[float, float, float]:
        """Where the warm-up ends, what is measured, and arrivals, with so many jobs of a replication measured."""
        last = self.warm_up + jobs
        return self.warm_up / self.jobs_per_s, last / self.jobs_per_s, (last + self.warm_up / 2) / self.jobs_per_s
