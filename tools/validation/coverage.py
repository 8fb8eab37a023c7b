"""How often intervals of ``run --replications 10`` hold what theory says: whole experiments, again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import ceil
from operator import getitem
from typing import Any
from zlib import crc32

import batchsim as bs
from batchsim.statistics.proportions import clopper_pearson
from batchsim.units import HOUR
from tools.validation.case import QueueingCase
from tools.validation.cases import cases
from tools.validation.cases.common import MEAN

#: Replications of an experiment, and how many experiments there are of each figure.
REPLICATIONS = 10
EXPERIMENTS = 50
#: Jobs of a replication that are not of its warm-up.
JOBS = 1_000
#: How often intervals that say 95 % are to hold: skewed figures hold less often (docs/statistics.md).
ASKED = (0.90, 0.98)

#: Mean and ends.
Interval = tuple[float, float, float]
#: What theory says of a case's figure in a period of so many seconds.
Known = Callable[[QueueingCase, float], float]


@dataclass(frozen=True)
class Figure:
    """A figure of ``summary.json`` that theory knows.

    Attributes
    ----------
    case : str
        Whose scenario is run.
    kind : str
        What it is a figure of.
    key : str
        Where it stands in the summary.
    known : callable
        What theory says of it; the case's own figure if nothing else is said.
    part : float
        Of `JOBS`, for scenarios that take long.
    """

    case: str
    kind: str
    key: str = "queue_time_s.mean"
    known: Known = lambda case, _: case.theory()
    part: float = 1.0

    @property
    def of(self) -> QueueingCase:
        """The case."""
        return next(case for case in cases() if case.name == self.case)

    @property
    def period_s(self) -> float:
        """What is measured, in seconds of a replication."""
        return self.part * JOBS / self.of.jobs_per_s

    @property
    def theory(self) -> float:
        """What the intervals are to hold."""
        return self.known(self.of, self.period_s)


def _paid(case: QueueingCase, period_s: float) -> float:
    return case.theory() * period_s / HOUR


#: One figure a scenario, so that all intervals are independent; of each kind of figure and of scenario.
FIGURES = (
    Figure("M/M/1, load 0.5", "queue time"),
    Figure("M/M/1, load 0.9", "queue time", part=2),
    Figure("M/D/1, constant, load 0.8", "queue time"),
    Figure("M/G/1, two values, load 0.7", "queue time"),
    Figure("D/M/1, load 0.8", "queue time"),
    Figure("M/M/1, two priorities, load 0.8: second", "queue time", "job_queues.queue1.queue_time_s.mean"),
    Figure("arrays of 5, M, one server, load 0.5", "queue time"),
    Figure("M/M/1, 40% of attempts fail, 3 attempts, load 0.7", "queue time"),
    Figure("M/M/4, load 0.8", "turnaround", "turnaround_s.mean", lambda case, _: case.theory() + MEAN),
    Figure("2 servers, jobs of 1, 2 vCPUs: those of 2", "turnaround", "workflows.work2.turnaround_s.mean"),
    Figure("tandem of M/M/1 and M/M/1, loads 0.7 and 0.8", "turnaround", "job_queues.second.turnaround_s.mean"),
    Figure("the same: turnaround", "turnaround", "turnaround_s.mean", part=0.2),
    Figure("M/M/2, load 0.8", "utilisation", "utilisation.vcpu", lambda *_: 0.8),
    Figure("M/D/∞, cost of an hour", "bill", "cost_usd.total", _paid),
    Figure("M/M/1 on such an instance: what it costs", "bill", "cost_usd.total", _paid),
)


def experiment(figure: Figure, number: int) -> Interval:
    """One run of all replications, and the interval that its summary gives."""
    case, warm_up_s = figure.of, ceil(figure.of.warm_up / figure.of.jobs_per_s)
    scenario = case.scenario(warm_up_s + figure.period_s).with_({"warmUp": warm_up_s})
    # Figures have random numbers of their own.
    result = bs.run(scenario, seed=crc32(f"{case.name}, {number}".encode()), replications=REPLICATIONS)
    summary: Any = result.summary
    found = reduce(getitem, figure.key.split("."), summary)
    return found["mean"], found["low"], found["high"]


@dataclass(frozen=True)
class Held:
    """Of how many intervals how many held."""

    held: int
    of: int

    @property
    def share(self) -> dict[str, Any]:
        """Their share, with its exact interval."""
        return clopper_pearson(self.held, self.of)

    @property
    def is_as_asked(self) -> bool:
        """Whether a share that is asked for is in the share's own interval."""
        return bool(self.share["low"] <= ASKED[1] and self.share["high"] >= ASKED[0])

    def __add__(self, other: Held) -> Held:
        return Held(self.held + other.held, self.of + other.of)


def held(intervals: Sequence[Interval], theory: float, width: float = 1.0) -> Held:
    """How many hold it, were each so many times as wide."""
    inside = [mean - width * (mean - low) <= theory <= mean + width * (high - mean) for mean, low, high in intervals]
    return Held(sum(inside), len(inside))
