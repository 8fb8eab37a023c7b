"""A queue whose head blocks saturates below full load where its jobs differ in width: from what load on it grows.

Jobs start in their order, and one that does not fit keeps those behind it waiting, and vCPUs idle that these could
use. What gets through is what a queue that always has jobs lets through, the *saturated system*: at less it is stable,
at more it grows (I. Grosof, M. Harchol-Balter, A. Scheller-Wolf (2020), "Stability for two-class multiserver-job
systems", arXiv:2010.00631). So the jobs of the scenario are started in their order, with their own run times, as if all
had come at once: no run time has to be exponential for that. Capacity is taken as a pool of vCPUs; instances of a size,
memory, delays, retries and dependencies are left out, which can only lower the limit.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.engine.queues.fifo import OVERTAKE_DEPTH
from batchsim.errors import Finding
from batchsim.scenario.scenario import Scenario
from batchsim.spec.configuration import ComputeEnvironment, JobQueue
from batchsim.spec.workload import Workload
from batchsim.units import HOUR

#: So many jobs are looked at, the first: of more the limit is no surer.
MOST_JOBS = 100_000
#: The same where others may pass the head, which takes longer.
MOST_PASSING = 10_000
#: So many ways are tried to part jobs by width, and sizes of an environment for the wider ones.
MOST_TRIED = 6


@dataclass(frozen=True)
class Stream:
    """Jobs in the order in which they are submitted, and the time in which they are.

    Attributes
    ----------
    vcpus, runtime_s : ndarray of float, shape (n,)
        Of each job.
    span_s : float
        In what time they all arrive.
    """

    vcpus: Floats
    runtime_s: Floats
    span_s: float

    def of(self, jobs: NDArray[np.bool_]) -> Stream:
        """Some of them, which take as long to arrive."""
        return Stream(self.vcpus[jobs], self.runtime_s[jobs], self.span_s)

    def first(self, most: int) -> Stream:
        """The first of them, at the same rate."""
        n = len(self.vcpus)
        return self if n <= most else Stream(self.vcpus[:most], self.runtime_s[:most], self.span_s * most / n)

    @property
    def asked_vcpus(self) -> float:
        """What they ask for on average."""
        return float(self.vcpus @ self.runtime_s) / self.span_s


@dataclass(frozen=True)
class Limit:
    """Up to what load jobs get through.

    Attributes
    ----------
    load, limit : float
        What jobs ask for, and what of it gets through where they always wait, in parts of all vCPUs.
    """

    load: float
    limit: float

    @property
    def grows(self) -> bool:
        """Whether more is asked for than gets through."""
        return self.load > self.limit


def limit_of(stream: Stream, pools: Sequence[float], depth: int = 1) -> Limit:
    """Up to what load a queue gets these jobs through.

    Parameters
    ----------
    pools : sequence of float
        The vCPUs of each environment, in the order in which they are tried.
    depth : int
        How many waiting jobs are looked at: one, where the head blocks.

    Examples
    --------
    Two vCPUs, and jobs of one and of two in turns, a second each: they run one after the other, three vCPU-seconds in
    two seconds that have four.

    >>> jobs = Stream(np.array([1.0, 2.0] * 500), np.ones(1000), span_s=2000.0)
    >>> limit_of(jobs, [2.0])
    Limit(load=0.375, limit=0.75)
    """
    whole, work = sum(pools), float(stream.vcpus @ stream.runtime_s)
    last = _last_start(stream, pools, depth)
    # What the last jobs are still to run is work that has not got through.
    return Limit(work / stream.span_s / whole, work / last / whole if last > 0 else math.inf)


def _last_start(stream: Stream, pools: Sequence[float], depth: int) -> float:
    """When the last job starts, all waiting from the beginning."""
    free, now, least = list(pools), 0.0, float(stream.vcpus.min())
    running: list[tuple[float, float, int]] = []
    waiting = zip(stream.vcpus.tolist(), stream.runtime_s.tolist(), strict=True)
    looked_at: list[tuple[float, float]] = []
    more = True
    while True:
        place = 0
        while place < depth and max(free) >= least:
            if place == len(looked_at):
                head = next(waiting, None) if more else None
                if head is None:
                    more = False
                    break
                looked_at.append(head)
            vcpus, runtime_s = looked_at[place]
            pool = next((number for number, room in enumerate(free) if vcpus <= room), None)
            if pool is None:
                place += 1
                continue
            del looked_at[place]
            free[pool] -= vcpus
            heapq.heappush(running, (now + runtime_s, vcpus, pool))
        if not running or not (looked_at or more):
            return now
        now, vcpus, pool = heapq.heappop(running)
        free[pool] += vcpus


def saturated_queues(scenario: Scenario, workload: Workload, spans: dict[str, float]) -> Iterator[Finding]:
    """Queues that grow though what their jobs ask for is less than there is.

    Parameters
    ----------
    spans : dict of str to float
        By queue the time in which its jobs arrive, where they go on to.
    """
    if scenario.environment.scheduler.overtake != "none":
        return
    for index, queue, stream in _streams(scenario, workload, spans):
        pools = _pools(scenario.configuration.attached(queue))
        if not pools or not _may_saturate(stream, pools):
            continue
        found = limit_of(stream, pools)
        if found.grows:
            yield _finding(scenario, index, queue, stream, pools, found)


def _streams(scenario: Scenario, workload: Workload, spans: dict[str, float]) -> Iterator[tuple[int, JobQueue, Stream]]:
    """The jobs of each queue that starts them in their order, none of them multi-node, and its place."""
    queue_of = np.array([group.job_queue for group in workload.groups])[workload.group]
    vcpus = np.array([shape.vcpus for shape in workload.shapes])[workload.shape]
    several = np.array([bool(shape.nodes) for shape in workload.shapes], bool)[workload.shape]
    for index, queue in enumerate(scenario.configuration.queues):
        jobs = queue_of == queue.name
        if queue.fair_share is None and queue.name in spans and not several[jobs].any():
            yield index, queue, Stream(vcpus[jobs], workload.runtime_s[jobs], spans[queue.name]).first(MOST_JOBS)


def _pools(attached: Sequence[ComputeEnvironment]) -> list[float]:
    """The most vCPUs that each environment can come to have."""
    return [float(_most_vcpus(environment)) for environment in attached if environment.enabled]


def _most_vcpus(environment: ComputeEnvironment) -> int:
    """``maxvCpus``, or what instances come to of which the last may pass it."""
    sizes = [offering.vcpus for offering in environment.offerings]
    if not environment.overshoots or not sizes or not environment.max_vcpus:
        return environment.max_vcpus
    common = math.gcd(*sizes)
    return (environment.max_vcpus - 1) // common * common + max(sizes)


def _may_saturate(stream: Stream, pools: Sequence[float]) -> bool:
    """Whether jobs differ in width, and ask for no more than there is, and for more than a blocked head leaves busy."""
    narrow, wide = float(stream.vcpus.min()), float(stream.vcpus.max())
    if narrow == wide or wide > max(pools) or stream.span_s <= 0:
        return False
    # Each environment that has no room for the widest job is busy but for less than that.
    busy = sum(max(pool - wide, 0.0) for pool in pools)
    return busy < stream.asked_vcpus <= sum(pools)


def _finding(
    scenario: Scenario, index: int, queue: JobQueue, stream: Stream, pools: Sequence[float], found: Limit
) -> Finding:
    narrow, wide = stream.vcpus.min(), stream.vcpus.max()
    rate = len(stream.vcpus) / stream.span_s * HOUR
    message = (
        f"jobs of {queue.name} ask for {narrow:g} to {wide:g} vCPU, and one that does not fit blocks those behind it: "
        f"more than {rate * found.limit / found.load:,.4g} jobs an hour of this mix, a load of {found.limit:.3f}, do "
        f"not get through; {rate:,.4g} arrive, a load of {found.load:.2f}: the queue grows as long as jobs arrive"
    )
    passing = limit_of(stream.first(MOST_PASSING), pools, OVERTAKE_DEPTH)
    tried = [_of_their_own(stream, pools)]
    if passing.limit > found.limit:
        tried.append(
            f"environment.scheduler.overtake: fitting, if AWS lets jobs pass the head: a load of {passing.limit:.2f}"
        )
    return scenario.document.finding(
        ("batch", "jobQueues", index),
        "fifo-saturation",
        message,
        expected="; or ".join(filter(None, tried)) or "jobs of one width",
        severity="warning",
    )


def _of_their_own(stream: Stream, pools: Sequence[float]) -> str:
    """The wider jobs in a queue and an environment of their own, so that neither queue grows; empty if none is."""
    for least in np.unique(stream.vcpus)[:0:-1][:MOST_TRIED].tolist():
        is_wide = stream.vcpus >= least
        wider, others = stream.of(is_wide), stream.of(~is_wide)
        rest = limit_of(others, pools)
        if rest.grows:
            continue
        most = float(wider.vcpus.max())
        enough = math.floor(wider.asked_vcpus / most) + 1
        for number in range(enough, enough + MOST_TRIED):
            if not limit_of(wider, [number * most]).grows:
                which = f"{least:g}" if least == most else f"{least:g} and more"
                return (
                    f"jobs of {which} vCPU in a queue and an environment of their own, of {number * most:g} vCPU: the "
                    f"others then get through up to a load of {rest.limit:.2f}, and neither queue grows"
                )
    return ""
