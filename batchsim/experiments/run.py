"""Run one scenario: its workload on its configuration, once or in replications."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchsim.engine.processes import Process
from batchsim.experiments.precision import enough, outcome, rule
from batchsim.experiments.result import Result
from batchsim.experiments.simulated import simulated
from batchsim.results.run import Run
from batchsim.scenario.scenario import Scenario


def run(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replications: int | None = None,
    precision: float | None = None,
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
    replications : int, optional
        How often, each with random numbers of its own; once by default. With more than one, every figure of the summary
        becomes ``{mean, low, high, n}`` with a 95 % confidence interval; the tables are those of the first replication.
    precision : float, optional
        Instead of `replications`: from 10 on, until half the interval of the bill and of what the objectives ask for
        (see `batchsim.experiments.precision.watched`) is no more than this part of its figure; 200 at most.
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
        If `replications` is below 1, `precision` no part of 1, both are given, or `submissions` is below 0.
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"expected a Scenario, not {type(scenario).__name__}: batchsim.load(path) gives one")
    stopping = rule(replications, precision)
    if submissions < 0:
        raise ValueError(f"submissions must be 0 or more, not {submissions}")
    if callable(processes):
        raise TypeError(f"expected a list of processes, not {type(processes).__name__}")
    seed = scenario.seed if seed is None else seed
    first = Result(run_once(scenario, seed, 0, processes, submissions))
    if stopping is None and replications in {None, 1}:
        return first
    summaries = [first.run.summary]
    interrupted = False
    try:
        while len(summaries) < (replications or 0) if stopping is None else not enough(stopping, {"": summaries}):
            if on_replication is not None:
                on_replication(len(summaries))
            summaries.append(run_once(scenario, seed, len(summaries), processes, submissions).summary)
    except KeyboardInterrupt:
        interrupted = True
    said = outcome(stopping, [summaries]) if stopping is not None else None
    return first.with_replications(summaries, interrupted=interrupted, stopping=said)


def run_once(
    scenario: Scenario, seed: int, replication: int, processes: Sequence[Process] = (), submissions: int = 0
) -> Run:
    """One replication of a scenario; see `run`."""
    workload, recording = simulated(scenario, seed, replication, processes=processes, submissions=submissions)
    return Run(scenario, workload, recording, seed, replication)
