"""Other simulators on the same arrivals and run times: SimPy as its own pages use it, and Ciw."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import simpy

from batchsim.arrays import Floats
from batchsim.experiments.simulated import simulated
from tools.validation.scenarios import job, queue, scenario, unmanaged, workflow

Process = Generator[simpy.Event, Any, None]
SERVERS, LOAD, MEAN_S = 4, 0.9, 60.0
#: Of the queues, in the order of their priority.
CLASSES = 3


def drawn(jobs: int, classes: int = 1) -> tuple[Floats, Floats, np.ndarray]:
    """Instants of arrival, run times, and the class of each job."""
    generator = np.random.default_rng(20)
    submitted = np.cumsum(generator.exponential(MEAN_S / SERVERS / LOAD, jobs))
    return submitted, generator.exponential(MEAN_S, jobs), generator.integers(0, classes, jobs)


def here(submitted: Floats, runtimes: Floats, kinds: np.ndarray) -> Floats:
    """When batchsim starts each job: a workflow of a recorded run time each."""
    plan = scenario(
        None,
        *(
            workflow({"at": [float(at)]}, job(float(runtime), jobQueue=f"queue{kind}"), name=f"{number:06}")
            for number, (at, runtime, kind) in enumerate(zip(submitted, runtimes, kinds, strict=True))
        ),
        environments=[unmanaged(SERVERS)],
        queues=[queue(f"queue{kind}", priority=10 - kind) for kind in range(int(kinds.max()) + 1)],
    )
    workload, recording = simulated(plan, 1, 0)
    starts = np.empty(len(workload))
    starts[recording.attempts.job] = recording.attempts.starting_at
    # Rows are in the order of submission, as the jobs are.
    return starts


def simpy_starts(submitted: Floats, runtimes: Floats, kinds: np.ndarray) -> Floats:
    """When SimPy's `PriorityResource` serves each job."""
    environment = simpy.Environment()
    resource = simpy.PriorityResource(environment, SERVERS)
    starts = np.empty(len(submitted))

    def one(number: int) -> Process:
        yield environment.timeout(float(submitted[number]))
        with resource.request(priority=int(kinds[number])) as request:
            yield request
            starts[number] = environment.now
            yield environment.timeout(float(runtimes[number]))

    for number in range(len(submitted)):
        environment.process(one(number))
    environment.run()
    return starts


def ciw_starts(submitted: Floats, runtimes: Floats, kinds: np.ndarray) -> Floats:
    """When a node of Ciw serves each job."""
    import ciw

    names = [f"class{kind}" for kind in range(int(kinds.max()) + 1)]
    between, service = {}, {}
    for kind, name in enumerate(names):
        chosen = kinds == kind
        between[name] = [ciw.dists.Sequential([*np.diff(submitted[chosen], prepend=0.0).tolist(), float("inf")])]
        service[name] = [ciw.dists.Sequential([*runtimes[chosen].tolist(), 1.0])]
    network = ciw.create_network(
        arrival_distributions=between,
        service_distributions=service,
        number_of_servers=[SERVERS],
        priority_classes={name: kind for kind, name in enumerate(names)},
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(len(submitted), method="Finish")
    starts = np.empty(len(submitted))
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)
    starts[:] = [record.service_start_date for record in records]
    return starts


def agreement(peer: str, classes: int, jobs: int) -> dict[str, Any]:
    """By how much the start of any job differs, in seconds."""
    drawn_jobs = drawn(jobs, classes)
    theirs = {"SimPy": simpy_starts, "Ciw": ciw_starts}[peer](*drawn_jobs)
    differing = np.abs(here(*drawn_jobs) - theirs)
    return {"peer": peer, "classes": classes, "jobs": jobs, "largest_s": float(differing.max())}


PEERS: Sequence[tuple[str, int]] = (("SimPy", 1), ("SimPy", CLASSES), ("Ciw", 1), ("Ciw", CLASSES))
