"""One replication of a resolved scenario: its jobs, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from batchsim.engine.processes import Process, simulate_with
from batchsim.errors import Finding, ScenarioError
from batchsim.recording import Recording
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.workload import Workload
from batchsim.units import MOST_SIMULATED_S
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
        If the workload's traces can't be read; if it is larger than any run may be, or the run not over after a
        thousand years.
    SimulationError
        If an invariant of the simulator broke.
    """
    reserved = submissions if processes else 0
    workload = build_workload(scenario, seed=seed, replication=replication, reserved=reserved, read=read)
    workload, recording = simulate_with(
        processes,
        workload,
        scenario.configuration,
        scenario.environment,
        seed=seed,
        replication=replication,
        duration_s=scenario.duration_s or 0.0,
        horizon_s=MOST_SIMULATED_S if scenario.horizon_s is None else scenario.horizon_s,
        updates=scenario.updates,
    )
    if recording.ended_at >= MOST_SIMULATED_S:
        unfinished = int(np.isnan(recording.stopped_at).sum())
        message = f"the run is not over after a thousand years; {unfinished:,} jobs are not finished by then"
        expected = "shorter run times and delays, more capacity, or a horizon"
        raise ScenarioError(scenario.placed([Finding("too-long", "", message, expected)]))
    return workload, recording
