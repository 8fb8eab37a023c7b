"""What is measured: functions of a number of jobs that time their parts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

# First, for it times the engine.
from benchmarks.adapter import Scenario, engine_modules, load, run, taken_engine_s, write  # isort: skip
from benchmarks import peers, scenarios, sweeps, textbook
from benchmarks.measure import Stopwatch

__all__ = ["CASES", "Case", "engine_modules"]

ETL = Path("scenarios/etl.yaml")


@dataclass(frozen=True)
class Case:
    """What is measured, and the number of jobs of the run before it."""

    measure: Callable[[int, Stopwatch], None]
    warm_up: int = 500


def _simulated(make: Callable[[int], Scenario], jobs: int, watch: Stopwatch) -> None:
    """Check and simulate."""
    with watch.part():
        run(make(jobs))


def _summed_up(make: Callable[[int], Scenario], jobs: int, watch: Stopwatch) -> None:
    """Check, simulate, and make the summary."""
    with watch.part():
        _ = run(make(jobs)).summary


def _written(make: Callable[[int], Scenario], jobs: int, watch: Stopwatch) -> None:
    """Check, simulate, make the summary, and write it and all tables."""
    with tempfile.TemporaryDirectory() as folder, watch.part():
        result = run(make(jobs))
        watch.cpu_s["engine"] = taken_engine_s()
        with watch.part("summary and files"):
            with watch.part("summary"):
                _ = result.summary
            with watch.part("files"):
                write(result, Path(folder) / "results")


def _runs_of_etl(runs: int, watch: Stopwatch) -> None:
    """Runs of one scenario as a sweep makes them: another limit each, and the summary."""
    scenario = load(ETL)
    _ = run(scenario).summary
    with watch.part():
        for number in range(runs):
            changed = scenario.with_({"batch.computeEnvironments.spot.computeResources.maxvCpus": 448 + number})
            _ = run(changed).summary


def _empty_runs(runs: int, watch: Stopwatch) -> None:
    """The same with one job: what a run costs besides its jobs."""
    job = {"jobName": "job", "jobQueue": "nightly", "jobDefinition": "report", "runtime": 60}
    scenario = load(ETL).with_({"workload": [{"workflow": "one", "jobs": [job]}], "objectives": []})
    with watch.part():
        for number in range(runs):
            changed = scenario.with_({"batch.computeEnvironments.spot.computeResources.maxvCpus": 448 + number})
            _ = run(changed).summary


def _peer(simulate: Callable[[int], None], jobs: int, watch: Stopwatch) -> None:
    with watch.part():
        simulate(jobs)


PEERS: dict[str, Callable[[int], None]] = {
    "SimPy: M/M/64": textbook.mm64,
    "SimPy: cluster": textbook.cluster,
    "SimPy: cluster of plain numbers": partial(textbook.cluster, node=textbook.PlainNode),
    "SimPy: cluster with a backlog": partial(textbook.cluster, load=scenarios.BACKLOG),
    "SimPy: M/M/15": textbook.mm15,
    "SimPy: M/M/15, two shares": textbook.two_shares,
    "SimPy: M/M/15, retries": textbook.retries,
    "SimPy's clock: M/M/64": peers.simpy_clock,
    "Ciw: M/M/64": peers.ciw,
}

SIMULATED: dict[str, Callable[[int], Scenario]] = {
    "M/M/64": scenarios.mm64,
    "256 vCPUs": partial(scenarios.one_size, vcpus=256),
    "65,536 vCPUs": partial(scenarios.one_size, vcpus=65_536),
    "empty queue": scenarios.one_size,
    "full queue": partial(scenarios.one_size, waiting=True),
    "one size": scenarios.one_size,
    "200 sizes": partial(scenarios.one_size, sizes=200),
    "FIFO": partial(scenarios.shares, fair=False),
    "fair share": partial(scenarios.shares, fair=True),
    "arrays": lambda jobs: scenarios.arrays(jobs // 10),
    "tasks": scenarios.tasks,
}

#: Queues of Fargate tasks of which the summary is made.
SUMMED_UP: dict[str, Callable[[int], Scenario]] = {
    "M/M/15": scenarios.mm15,
    "M/M/15, two shares": scenarios.two_shares,
    "M/M/15, retries": scenarios.retries,
}

WRITTEN: dict[str, Callable[[int], Scenario]] = {
    "full model": scenarios.full,
    "full model with a backlog": partial(scenarios.full, load=scenarios.BACKLOG),
    "one queue": scenarios.one_queue,
}

CASES: dict[str, Case] = {
    **{name: Case(partial(_peer, simulate)) for name, simulate in PEERS.items()},
    **{name: Case(partial(_simulated, make)) for name, make in SIMULATED.items()},
    **{name: Case(partial(_summed_up, make)) for name, make in SUMMED_UP.items()},
    **{name: Case(partial(_written, make)) for name, make in WRITTEN.items()},
    "runs of etl": Case(_runs_of_etl, warm_up=1),
    "empty runs": Case(_empty_runs, warm_up=5),
    "stored runs": Case(sweeps.stored_runs, warm_up=10),
    "a sweep here": Case(partial(sweeps.swept, 1), warm_up=1),
    "a sweep in 2 processes": Case(partial(sweeps.swept, 2), warm_up=1),
}
