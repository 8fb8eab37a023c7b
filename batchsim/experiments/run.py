"""Run one scenario: its workload on its configuration, once or in replications."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchsim.engine.processes import Process
from batchsim.experiments.result import Result
from batchsim.experiments.simulated import simulated
from batchsim.results.run import Run
from batchsim.scenario.scenario import Scenario


def run(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replications: int = 1,
    on_replication: Callable[[int], None] | None = None,
    processes: Sequence[Process] = (),
    submissions: int = 16,
) -> Result:
    """Simulate a scenario.

    Parameters
    ----------
    scenario : Scenario
        What to run; it is not changed.
    seed : int, optional
        Instead of the scenario's own.
    replications : int
        How often, each with random numbers of its own. With more than one, every figure of the summary becomes
        ``{mean, low, high, n}`` with a 95 % confidence interval; the tables are those of the first replication.
    on_replication : callable, optional
        Called with the number of replications that are done. When it, or the user, interrupts the run, the result
        speaks for those that are done, if there is one.
    processes : sequence of callable, optional
        SimPy processes that run beside the engine, such as an outage or a probe: each is called with a `LiveRun`, once
        for each replication, and returns a generator. They do not keep a run going; an error that one raises ends the
        run as it is.
    submissions : int
        How often processes may submit each workflow in one run.

    Returns
    -------
    Result
        Summary, tables and plots. Equal scenario and seed give equal results.

    Raises
    ------
    ScenarioError
        If the workload's traces can't be read.
    TypeError
        If it is given anything but a scenario, such as a path, or a process that is no function or yields nothing.
    ValueError
        If `replications` is below 1 or `submissions` below 0.
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"expected a Scenario, not {type(scenario).__name__}: batchsim.load(path) gives one")
    if replications < 1:
        raise ValueError(f"replications must be 1 or more, not {replications}")
    if submissions < 0:
        raise ValueError(f"submissions must be 0 or more, not {submissions}")
    if callable(processes):
        raise TypeError(f"expected a list of processes, not {type(processes).__name__}")
    seed = scenario.seed if seed is None else seed
    first = Result(run_once(scenario, seed, 0, processes, submissions))
    if replications == 1:
        return first
    summaries = [first.run.summary]
    try:
        for replication in range(1, replications):
            if on_replication is not None:
                on_replication(replication)
            summaries.append(run_once(scenario, seed, replication, processes, submissions).summary)
    except KeyboardInterrupt:
        return first.with_replications(summaries, interrupted=True)
    return first.with_replications(summaries)


def run_once(
    scenario: Scenario, seed: int, replication: int, processes: Sequence[Process] = (), submissions: int = 0
) -> Run:
    """One replication of a scenario; see `run`."""
    workload, recording = simulated(scenario, seed, replication, processes=processes, submissions=submissions)
    return Run(scenario, workload, recording, seed, replication)
