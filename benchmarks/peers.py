"""The M/M/64 queue in what else runs it."""

from __future__ import annotations

import random
from collections import deque

import simpy

from benchmarks.textbook import ARRIVALS_PER_S, MEAN_SERVICE_S, SERVERS


def simpy_clock(jobs: int) -> None:
    """Callbacks on timeouts and a deque: SimPy's clock and nothing else of it."""
    random.seed(1)
    environment = simpy.Environment()
    waiting: deque[float] = deque()
    free = SERVERS
    left = jobs

    def ended(_event: simpy.Event) -> None:
        nonlocal free
        if waiting:
            begin(waiting.popleft())
        else:
            free += 1

    def begin(service_s: float) -> None:
        environment.timeout(service_s).callbacks.append(ended)

    def arrived(_event: simpy.Event) -> None:
        nonlocal free, left
        service_s = random.expovariate(1 / MEAN_SERVICE_S)
        if free:
            free -= 1
            begin(service_s)
        else:
            waiting.append(service_s)
        left -= 1
        if left:
            environment.timeout(random.expovariate(ARRIVALS_PER_S)).callbacks.append(arrived)

    environment.timeout(random.expovariate(ARRIVALS_PER_S)).callbacks.append(arrived)
    environment.run()


def ciw(jobs: int) -> None:
    """Ciw's network of one node."""
    import ciw as library

    library.seed(1)
    network = library.create_network(
        arrival_distributions=[library.dists.Exponential(rate=ARRIVALS_PER_S)],
        service_distributions=[library.dists.Exponential(rate=1 / MEAN_SERVICE_S)],
        number_of_servers=[SERVERS],
    )
    library.Simulation(network).simulate_until_max_customers(jobs, method="Finish")
