"""One replication of a resolved scenario: its jobs, and what became of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from batchsim.engine.processes import Process, simulate_with
from batchsim.recording import Recording
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.workload import Workload
from batchsim.workload.build import build_workload
from batchsim.workload.traces import TraceReader, read_trace


def simulated(
    scenario: ResolvedScenario,
    seed: int,
    replication: int,
    *,
    processes: Sequence[Process] = (),
    submissions: int = 0,
    read: TraceReader = read_trace,
) -> tuple[Workload, Recording]:
    """The jobs and what happened to them; processes and their submissions as `batchsim.run` has them.

    Parameters
    ----------
    read : callable, optional
        Gives the jobs of a trace, where its file need not be read for it.

    Raises
    ------
    ScenarioError
        If the workload's traces can't be read.
    SimulationError
        If an invariant of the simulator broke.
    """
    reserved = submissions if processes else 0
    workload = build_workload(scenario, seed=seed, replication=replication, reserved=reserved, read=read)
    return simulate_with(
        processes,
        workload,
        scenario.configuration,
        scenario.environment,
        seed=seed,
        replication=replication,
        duration_s=scenario.duration_s or 0.0,
        horizon_s=math.inf if scenario.horizon_s is None else scenario.horizon_s,
        updates=scenario.updates,
    )
