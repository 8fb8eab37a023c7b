"""Queues as a textbook on SimPy writes them: a process for each job, and SimPy's resources.

None of them records anything, and each draws its random numbers as it goes. batchsim keeps every job's times and causes
of waiting, and every instance: what is held against these models does more.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from math import exp, log
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, None]

#: M/M/64 at nine tenths of its capacity.
SERVERS = 64
MEAN_SERVICE_S = 60.0
ARRIVALS_PER_S = 0.9 * SERVERS / MEAN_SERVICE_S


@dataclass(frozen=True)
class PublicExample:
    """The queue of aws-batch-simulator's examples: 54 jobs an hour of 15 minutes and 4 vCPUs on 60 of Fargate."""

    max_vcpus = 60
    vcpus = 4
    servers = 15
    arrivals_per_s = 54 / 3600
    mean_service_s = 900.0
    #: Share identifier → its part of the jobs, and its weight factor: the lower factor is served more.
    shares = (("research", 0.2, 1.0), ("finance", 0.8, 8.0))
    failing = 0.05
    attempts = 3


PUBLIC = PublicExample()


def _mmc(servers: int, arrivals_per_s: float, mean_service_s: float, jobs: int) -> None:
    """A process and a request of a `Resource` for each job."""
    random.seed(1)
    environment = simpy.Environment()
    resource = simpy.Resource(environment, servers)

    def job() -> Process:
        with resource.request() as request:
            yield request
            yield environment.timeout(random.expovariate(1 / mean_service_s))

    def arrivals() -> Process:
        for _ in range(jobs):
            yield environment.timeout(random.expovariate(arrivals_per_s))
            environment.process(job())

    environment.process(arrivals())
    environment.run()


mm64 = partial(_mmc, SERVERS, ARRIVALS_PER_S, MEAN_SERVICE_S)
mm15 = partial(_mmc, PUBLIC.servers, PUBLIC.arrivals_per_s, PUBLIC.mean_service_s)


def retries(jobs: int) -> None:
    """M/M/15 in which an attempt may fail and is then made again, from the end of the queue."""
    random.seed(1)
    environment = simpy.Environment()
    resource = simpy.Resource(environment, PUBLIC.servers)

    def job() -> Process:
        for _ in range(PUBLIC.attempts):
            with resource.request() as request:
                yield request
                yield environment.timeout(random.expovariate(1 / PUBLIC.mean_service_s))
            if random.random() >= PUBLIC.failing:  # noqa: S311 (no secret)
                return

    def arrivals() -> Process:
        for _ in range(jobs):
            yield environment.timeout(random.expovariate(PUBLIC.arrivals_per_s))
            environment.process(job())

    environment.process(arrivals())
    environment.run()


def two_shares(jobs: int) -> None:
    """M/M/15 in which the share that runs least for its weight is served next: what ran before is not looked at."""
    random.seed(1)
    environment = simpy.Environment()
    free = PUBLIC.servers
    weights = {share: weight for share, _, weight in PUBLIC.shares}
    running = dict.fromkeys(weights, 0)
    waiting: dict[str, deque[simpy.Event]] = {share: deque() for share in weights}

    def used(share: str) -> float:
        return running[share] * weights[share]

    def dispatch() -> None:
        nonlocal free
        while free and (asking := [share for share in weights if waiting[share]]):
            share = min(asking, key=used)
            free -= 1
            running[share] += 1
            waiting[share].popleft().succeed()

    def job(share: str) -> Process:
        nonlocal free
        turn = environment.event()
        waiting[share].append(turn)
        dispatch()
        yield turn
        yield environment.timeout(random.expovariate(1 / PUBLIC.mean_service_s))
        free += 1
        running[share] -= 1
        dispatch()

    def arrivals() -> Process:
        names = [share for share, _, _ in PUBLIC.shares]
        parts = [part for _, part, _ in PUBLIC.shares]
        for _ in range(jobs):
            yield environment.timeout(random.expovariate(PUBLIC.arrivals_per_s))
            environment.process(job(random.choices(names, parts)[0]))  # noqa: S311 (no secret)

    environment.process(arrivals())
    environment.run()


#: What jobs of the cluster, and of the full model, ask for: vCPUs and MiB.
SIZES = [(vcpus, vcpus * memory_mib) for vcpus in (1, 2, 4, 8) for memory_mib in (900, 1800, 3600)]
MEAN_VCPUS = sum(vcpus for vcpus, _ in SIZES) / len(SIZES)
#: Their run time is lognormal.
MEDIAN_S, P95_S = 480.0, 1500.0
SIGMA = log(P95_S / MEDIAN_S) / 1.6448536269514722
MEAN_RUNTIME_S = MEDIAN_S * exp(SIGMA**2 / 2)
CLUSTER_VCPUS = 2048
LOAD = 0.75


NODE_VCPUS, NODE_MEMORY_MIB = 32, 32 * 3900


class Node:
    """What is free on a node: two of SimPy's containers."""

    def __init__(self, environment: simpy.Environment) -> None:
        self.vcpus = simpy.Container(environment, NODE_VCPUS, init=NODE_VCPUS)
        self.memory_mib = simpy.Container(environment, NODE_MEMORY_MIB, init=NODE_MEMORY_MIB)

    def holds(self, vcpus: int, memory_mib: int) -> bool:
        """Whether so much is left."""
        return bool(self.vcpus.level >= vcpus and self.memory_mib.level >= memory_mib)

    def take(self, vcpus: int, memory_mib: int) -> Process:
        """Take it."""
        yield self.vcpus.get(vcpus)
        yield self.memory_mib.get(memory_mib)

    def give_back(self, vcpus: int, memory_mib: int) -> None:
        """Give it back."""
        self.vcpus.put(vcpus)
        self.memory_mib.put(memory_mib)


class PlainNode(Node):
    """The same as two numbers: not as a textbook has it, but quicker."""

    def __init__(self, _environment: simpy.Environment) -> None:
        self.free_vcpus, self.free_memory_mib = NODE_VCPUS, NODE_MEMORY_MIB

    def holds(self, vcpus: int, memory_mib: int) -> bool:
        """Whether so much is left."""
        return self.free_vcpus >= vcpus and self.free_memory_mib >= memory_mib

    def take(self, vcpus: int, memory_mib: int) -> Process:
        """Take it."""
        self.free_vcpus -= vcpus
        self.free_memory_mib -= memory_mib
        yield from ()

    def give_back(self, vcpus: int, memory_mib: int) -> None:
        """Give it back."""
        self.free_vcpus += vcpus
        self.free_memory_mib += memory_mib


class Cluster:
    """64 nodes of which a job takes vCPUs and memory of one.

    What it does: jobs of twelve sizes and three priorities wait for a `PriorityResource` that stands for the head of
    the queue; the one at the head takes the first node that holds it, or waits until something is given back. What it
    does not: several queues that go past each other, retries, instances that boot, end or are interrupted, costs,
    tables.
    """

    def __init__(self, environment: simpy.Environment, node: type[Node]) -> None:
        self.environment = environment
        self.nodes = [node(environment) for _ in range(CLUSTER_VCPUS // NODE_VCPUS)]
        self.head = simpy.PriorityResource(environment)
        self.given_back = environment.event()

    def first_fit(self, vcpus: int, memory_mib: int) -> Node | None:
        """The first node that has so much left."""
        for node in self.nodes:
            if node.holds(vcpus, memory_mib):
                return node
        return None

    def job(self, priority: int, vcpus: int, memory_mib: int) -> Process:
        """Wait for the head of the queue, then for room, and run."""
        with self.head.request(priority=priority) as turn:
            yield turn
            while (node := self.first_fit(vcpus, memory_mib)) is None:
                yield self.given_back
            yield from node.take(vcpus, memory_mib)
        yield self.environment.timeout(random.lognormvariate(log(MEDIAN_S), SIGMA))
        node.give_back(vcpus, memory_mib)
        self.given_back.succeed()
        self.given_back = self.environment.event()


def cluster(jobs: int, load: float = LOAD, node: type[Node] = Node) -> None:
    """Priorities, and packing on nodes: work that can be compared with the full model's."""
    random.seed(1)
    environment = simpy.Environment()
    nodes = Cluster(environment, node)
    jobs_per_s = load * CLUSTER_VCPUS / MEAN_VCPUS / MEAN_RUNTIME_S

    def arrivals() -> Process:
        for _ in range(jobs):
            yield environment.timeout(random.expovariate(jobs_per_s))
            number = random.randrange(len(SIZES))  # noqa: S311 (no secret)
            environment.process(nodes.job(number % 3, *SIZES[number]))

    environment.process(arrivals())
    environment.run()
