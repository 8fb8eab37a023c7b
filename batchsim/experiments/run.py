"""Run one scenario: its workload on its configuration, once or in replications."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

from batchsim.engine.processes import Process
from batchsim.experiments.in_order import in_order
from batchsim.experiments.precision import enough, outcome, rule
from batchsim.experiments.result import Result
from batchsim.experiments.simulated import simulated
from batchsim.experiments.tasks import Task
from batchsim.experiments.warm_up import with_warm_up
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary
from batchsim.scenario.scenario import Scenario
from batchsim.statistics.stopping import Precision


def run(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replications: int | None = None,
    precision: float | None = None,
    workers: int = 1,
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
    workers : int
        In how many processes further replications are run; the results are the same. Each takes a second or two to
        start.
    on_replication : callable, optional
        Called with the number of replications that are done. When it, or the user, interrupts the run, the result
        speaks for those that are done, if there is one.
    processes : sequence of callable, optional
        SimPy processes that run beside the engine, such as an outage or a probe: each is called with a `LiveRun`, once
        for each replication, and returns a generator. They do not keep a run going; an error that one raises ends the
        run as it is. Where the warm-up is to be found, it is that of a run without them.
    submissions : int
        How often processes may submit each workflow in one run.

    Returns
    -------
    Result
        Summary, tables and plots. Equal scenario and seed give equal results.

    Raises
    ------
    ScenarioError
        If the workload's traces can't be read; if it is too short to find its warm-up.
    ExecutionError
        If a process fails.
    TypeError
        If it is given anything but a scenario, such as a path, or a process that is no function or yields nothing.
    ValueError
        If `replications` or `workers` is below 1, `precision` no part of 1, both are given, or `submissions` is below
        0; if there are processes beside the engine and several workers.
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"expected a Scenario, not {type(scenario).__name__}: batchsim.load(path) gives one")
    stopping = rule(replications, precision)
    _check_processes(processes, submissions, workers)
    seed = scenario.seed if seed is None else seed
    scenario = with_warm_up(scenario, seed)
    most = stopping.most if stopping else replications or 1

    def here(task: Task) -> Summary:
        return run_once(scenario, seed, task.replication, processes, submissions).summary

    with in_order((Task(scenario, seed, number) for number in range(1, most)), workers, here) as further:
        first = Result(run_once(scenario, seed, 0, processes, submissions))
        return first if most == 1 else replicated(first, further, stopping or most, on_replication)


def _check_processes(processes: Sequence[Process], submissions: int, workers: int) -> None:
    if submissions < 0:
        raise ValueError(f"submissions must be 0 or more, not {submissions}")
    if callable(processes):
        raise TypeError(f"expected a list of processes, not {type(processes).__name__}")
    if processes and workers > 1:
        raise ValueError("processes beside the engine run in this process: with one worker")


def replicated(
    first: Result,
    further: Iterator[Summary],
    until: int | Precision,
    on_replication: Callable[[int], None] | None = None,
) -> Result:
    """A result with as many replications as asked for, or until they are precise; interrupted, with what is done.

    Parameters
    ----------
    further : iterator of dict
        The summaries of replications from the second on.
    """
    summaries = [first.run.summary]
    interrupted = False
    try:
        while len(summaries) < until if isinstance(until, int) else not enough(until, {"": summaries}):
            if on_replication is not None:
                on_replication(len(summaries))
            summaries.append(next(further))
    except KeyboardInterrupt:
        interrupted = True
    said = None if isinstance(until, int) else outcome(until, [summaries])
    return first.with_replications(summaries, interrupted=interrupted, stopping=said)


def summary_of(task: Task) -> Summary:
    """The summary of a scenario's replication, run in this process."""
    return run_once(cast("Scenario", task.scenario), task.seed, task.replication).summary


def run_once(
    scenario: Scenario, seed: int, replication: int, processes: Sequence[Process] = (), submissions: int = 0
) -> Run:
    """One replication of a scenario; see `run`."""
    workload, recording = simulated(scenario, seed, replication, processes=processes, submissions=submissions)
    return Run(scenario, workload, recording, seed, replication)
