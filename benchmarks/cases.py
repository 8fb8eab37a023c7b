"""What is measured: functions of a number of jobs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from batchsim.experiments.run import run
from batchsim.results.store import write
from batchsim.scenario.scenario import Scenario
from benchmarks import peers, scenarios


def _simulated(make: Callable[[int], Scenario], jobs: int) -> None:
    """Load, and simulate."""
    run(make(jobs))


def _written(make: Callable[[int], Scenario], jobs: int) -> None:
    """Load, simulate, and write all tables."""
    with tempfile.TemporaryDirectory() as folder:
        write(run(make(jobs)), Path(folder) / "results")


CASES: dict[str, Callable[[int], None]] = {
    "textbook SimPy": peers.textbook_simpy,
    "lean SimPy": peers.lean_simpy,
    "Ciw": peers.ciw,
    "M/M/64": partial(_simulated, scenarios.textbook),
    "full model": partial(_written, scenarios.full),
    "256 vCPUs": partial(_simulated, partial(scenarios.one_size, vcpus=256)),
    "65,536 vCPUs": partial(_simulated, partial(scenarios.one_size, vcpus=65_536)),
    "empty queue": partial(_simulated, scenarios.one_size),
    "full queue": partial(_simulated, partial(scenarios.one_size, waiting=True)),
    "one size": partial(_simulated, scenarios.one_size),
    "200 sizes": partial(_simulated, partial(scenarios.one_size, sizes=200)),
    "FIFO": partial(_simulated, partial(scenarios.shares, fair=False)),
    "fair share": partial(_simulated, partial(scenarios.shares, fair=True)),
    "arrays": partial(_simulated, lambda jobs: scenarios.arrays(jobs // 10)),
    "tasks": partial(_simulated, scenarios.tasks),
}
