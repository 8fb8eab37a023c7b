"""Runs the replications of cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchsim.experiments.simulated import simulated
from tools.validation.case import Observation, QueueingCase, Sample
from tools.validation.intervals import Estimate, adjusted
from tools.validation.measures import LITTLE, controls, little, window


@dataclass(frozen=True)
class Measured:
    """A case with what was measured."""

    case: QueueingCase
    theory: float
    samples: tuple[Sample, ...]

    @property
    def estimate(self) -> Estimate:
        """Mean and interval, adjusted."""
        return adjusted(self.samples)

    @property
    def precision(self) -> float:
        """Half of the interval, as a part of the figure."""
        return self.estimate.half / abs(self.theory)

    @property
    def is_inside(self) -> bool:
        """Whether the interval holds what theory says."""
        return self.estimate.holds(self.theory)

    @property
    def is_far(self) -> bool:
        """Whether theory is more than twice as far from the mean as the interval reaches: no chance, a fault."""
        return not Estimate(self.estimate.mean, 2 * self.estimate.half).holds(self.theory)


def replicate(cases: Sequence[QueueingCase], jobs: float, replication: int) -> list[Sample]:
    """Run one replication, of so many jobs, of cases that have their runs in common; it has to keep Little's law.

    Raises
    ------
    ArithmeticError
        If it does not, or if the purposes of what was paid do not sum to the bill.
    """
    from_s, until_s, duration_s = cases[0].spans(jobs)
    scenario = cases[0].scenario(duration_s)
    workload, recording = simulated(scenario, cases[0].seed, replication)
    if (off := little(workload, recording)) > LITTLE:
        raise ArithmeticError(f"{cases[0].runs}: Little's law is off by {off:.2g}")
    if cases[0].few is not None:
        from_s, until_s = window(workload, recording, from_s, until_s, cases[0].few)
    observation = Observation(scenario, workload, recording, replication, from_s, until_s)
    adjusting, arrivals = controls(cases[0], observation)
    return [Sample(case.measure(observation), adjusting, arrivals) for case in cases]


def measured(cases: Sequence[QueueingCase], jobs: float, replications: int) -> list[Measured]:
    """Run cases that have their runs in common in this process, with so many jobs over all replications."""
    runs = [replicate(cases, jobs / replications, number) for number in range(replications)]
    return [
        Measured(case, case.theory(), samples) for case, samples in zip(cases, zip(*runs, strict=True), strict=True)
    ]
