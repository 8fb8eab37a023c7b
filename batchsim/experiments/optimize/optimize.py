"""``optimize``: the cheapest configuration that keeps the objectives, with a stated confidence."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from batchsim.errors import Finding, ScenarioError
from batchsim.experiments.executors.chosen import executor_for
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.optimize.answer import Answer
from batchsim.experiments.optimize.configurations import DONE, Configurations, observation
from batchsim.experiments.optimize.frontier import frontier, subject, without_effect
from batchsim.experiments.optimize.optimization import Optimization
from batchsim.experiments.optimize.problem import Observation
from batchsim.experiments.optimize.strategy import Found, budget_of, solve
from batchsim.experiments.parameters import Grid, grid_of
from batchsim.experiments.run_store import STORE
from batchsim.experiments.runner import Runner
from batchsim.experiments.tasks import Task
from batchsim.scenario.scenario import Scenario
from batchsim.spec.assumptions import InterruptionTrace
from batchsim.spec.objectives import Objective
from batchsim.statistics.intervals import confidence_interval

#: A grid of more candidates is refused: a surrogate looks at all of them for each pick.
MOST_CANDIDATES = 50_000
#: Factors on the hazard of Spot interruptions that the recommendation is tried under, in so many replications.
HAZARD_SCALES, TRIED_IN = (1, 100), 3
HAZARD = "environment.spot.hazardScale"


def optimize(
    scenario: Scenario,
    vary: Mapping[str, Any] | Iterable[str] | None = None,
    *,
    budget: int | None = None,
    confidence: float = 0.95,
    seed: int | None = None,
    workers: int | None = None,
    dask: str | None = None,
    out: str | Path | None = None,
    sensitivity: bool = True,
    on_simulated: Callable[[int], None] | None = None,
) -> Optimization:
    """Find the cheapest configuration that keeps the objectives.

    Candidates are all combinations of the values of the ``search:`` section. Those that a bound excludes are left out.
    One replication of some of the others, chosen one after the other by a surrogate, shows which are cheap and keep the
    objectives; the cheapest then run replications that the search did not see, until one is shown to keep the
    objectives in the mean, with the confidence that was asked for (docs/optimize.md).

    Parameters
    ----------
    vary : mapping or iterable of str, optional
        What may be changed, instead of the scenario's ``search:`` section: as in `batchsim.sweep`.
    budget : int, optional
        Simulations at most, those of `sensitivity` not counted; 60, or 120 for more than 1,000 candidates.
    confidence : float
        Of what is stated, between 0.5 and 1.
    seed : int, optional
        Instead of the scenario's own: of the random numbers of runs and of the search.
    workers : int, optional
        How many processes simulate, as many as there are cores without it; the answer does not depend on it.
    dask : str, optional
        The address of a Dask scheduler that simulates instead.
    out : str or Path, optional
        A folder that holds the store of finished runs: none that is in it is run again.
    sensitivity : bool
        Whether the recommendation is tried under other hazards of Spot interruptions as well, and the scenario as it is
        written beside it.
    on_simulated : callable, optional
        Called with the number of simulations so far.

    Returns
    -------
    Optimization
        Equal scenario, seed and budget give equal results.

    Raises
    ------
    ScenarioError
        If there is nothing to search, or no run can measure an objective.
    ValueError
        If `budget` is below 10, `workers` below 1, or `confidence` not between 0.5 and 1.
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"expected a Scenario, not {type(scenario).__name__}: batchsim.load(path) gives one")
    if not 0.5 < confidence < 1:
        raise ValueError(f"confidence must be between 0.5 and 1, not {confidence}")
    if budget is not None and budget < 10:
        raise ValueError(f"budget must be 10 or more, not {budget}")
    grid = _grid(scenario, vary)
    with ExitStack() as stack:
        folder = Path(out) if out is not None else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = stack.enter_context(FinishedRuns(folder / STORE))
        runner = Runner(store, stack.enter_context(executor_for(workers, dask)))
        problem = Configurations(scenario, grid, runner, scenario.seed if seed is None else seed, on_simulated)
        return _optimization(problem, budget, confidence, runner if sensitivity else None)


def _optimization(
    problem: Configurations, budget: int | None, confidence: float, runner: Runner | None
) -> Optimization:
    budget = budget_of(problem.space) if budget is None else budget
    found = solve(problem, seed=problem.seed, budget=budget, confidence=confidence, written=problem.written())
    answer = Answer(problem, found, confidence)
    made = None if found.pick is None else problem.scenario_of(found.pick.candidate)
    seen = answer.seen()
    best = frontier(seen)
    # Of a large grid a bound is looked for when a candidate is picked: what it excludes then is not simulated.
    excluded = sum(candidate in problem.excluded for candidate in found.exploration.seen)
    about = _subject(problem)
    figures = {
        "scenario": problem.scenario.name,
        "seed": problem.seed,
        "period_s": problem.scenario.duration_s,
        "confidence": confidence,
        "minimised": _minimised(problem),
        "objectives": [each.expression for each in problem.objectives if each is not DONE],
        "recommendation": answer.recommendation(),
        "binding": answer.binding(),
        "next_cheaper": answer.next_cheaper(),
        "frontier": [each.as_json() for each in best],
        "frontier_of": about.expression,
        "as_written": None if runner is None else _as_written(problem, found, runner, confidence),
        "sensitivity": [] if made is None or runner is None else _sensitivity(problem, made, runner, confidence),
        "simulations": found.simulations - excluded,
        "explored": len(found.exploration.seen) - excluded,
        "raced": found.race.started,
        "budget": budget,
        "excluded": answer.excluded(),
        "without_effect": without_effect(seen),
        "candidates": len(problem.grid),
        "failed_runs": sorted(set(problem.failures.values())),
    }
    return Optimization(
        scenario=problem.scenario,
        recommendation=made,
        figures=figures,
        seen=tuple(seen),
        frontier=tuple(best),
        subject=about.expression,
        subject_limit=about.limit,
        subject_clock=about.clock,
    )


class _Subject(NamedTuple):
    """What the frontier sets against the cost: an objective, or queue time where there is none."""

    expression: str = "p95(queue_time)"
    limit: float | None = None
    clock: bool = False


def _subject(problem: Configurations) -> _Subject:
    index = subject(problem.objectives)
    if index is None:
        return _Subject()
    about = problem.objectives[index]
    return _Subject(about.expression, about.limit, about.clock)


def _grid(scenario: Scenario, vary: Mapping[str, Any] | Iterable[str] | None) -> Grid:
    """The candidates.

    Raises
    ------
    ScenarioError
        If there are none, or too many.
    """
    grid = grid_of(scenario, "search", vary)
    document = scenario.document
    if not grid.parameters:
        message, expected = (
            "the scenario has no search: section, so there is nothing to choose from",
            _example(scenario),
        )
        raise ScenarioError([Finding("nothing-to-search", "search", message, expected).at(document.file, 0, 0)])
    if grid.size > MOST_CANDIDATES:
        message = f"{grid.size:,} candidates are too many"
        expected = f"at most {MOST_CANDIDATES:,}: larger steps, or fewer parameters"
        place = Finding("too-large", "--vary", message, expected)
        if vary is None:
            place = document.finding(("search",), "too-large", message, expected=expected)
        raise ScenarioError([place])
    return grid


def _example(scenario: Scenario) -> str:
    """What a search of this very scenario may look like."""
    environments = [each for each in scenario.configuration.environments if each.enabled and each.max_vcpus]
    if not environments:
        return "search: {PATH: {from: 32, to: 512, step: 32}}, or --vary PATH=32..512..32"
    environment = max(environments, key=lambda each: each.max_vcpus)
    most = environment.max_vcpus
    step = max(most // 8, 1)
    member = "unmanagedvCpus" if environment.purchase_option == "UNMANAGED" else "computeResources.maxvCpus"
    path = f"batch.computeEnvironments.{environment.name}.{member}"
    section = f"search: {{{path}: {{from: {step}, to: {16 * step}, step: {step}}}}}"
    return f"such as {section}, or --vary {path}={step}..{16 * step}..{step}"


def _minimised(problem: Configurations) -> str:
    if problem.minimised is None:
        return "cost"
    return problem.scenario.objectives[problem.minimised].expression.split(None, 1)[1]


def _sensitivity(problem: Configurations, made: Scenario, runner: Runner, confidence: float) -> list[dict[str, Any]]:
    """The recommendation under other hazards; nothing where no Spot instance can be taken back by hazard."""
    spot = made.environment.spot
    is_spot = any(each.launches_spot_instances and each.enabled for each in made.configuration.environments)
    if not is_spot or spot.interruptions == "none" or isinstance(spot.interruptions, InterruptionTrace):
        return []
    return [
        {"hazardScale": scale, **_tried(problem, made.with_({HAZARD: scale}), TRIED_IN, runner, confidence)}
        for scale in HAZARD_SCALES
    ]


def _tried(
    problem: Configurations, scenario: Scenario, replications: int, runner: Runner, confidence: float
) -> dict[str, Any]:
    """What a scenario costs and keeps in the first replications after the one that was searched."""
    runs = _runs(problem, scenario, replications, runner)
    results = [observation(run, scenario.objectives, problem.minimised) for run in runs]
    ended = [run for run in runs if run is not None]
    costs = [run["cost_usd"]["total"] for run in ended]
    return {
        "cost_usd": confidence_interval(costs, level=confidence) if costs else None,
        "jobs_failed": sum(run["jobs"]["failed"] for run in ended) / len(ended) if ended else None,
        "kept_in": sum(result.kept(problem.objectives) for result in results),
        "n": len(results),
        "missed": _missed(problem.objectives, results),
    }


def _runs(
    problem: Configurations, scenario: Scenario, replications: int, runner: Runner
) -> list[Mapping[str, Any] | None]:
    """The summaries of a scenario's replications, from the second on."""
    tasks = [Task(scenario, problem.seed, replication) for replication in range(1, replications + 1)]
    finished = {task.replication: each.summary for task, each in runner.finish(tasks)}
    return [problem.parsed(finished[task.replication]) for task in tasks]


def _missed(objectives: Sequence[Objective], results: Sequence[Observation]) -> list[str]:
    """Objectives that were not kept in all of some replications."""
    return [
        objective.expression
        for index, objective in enumerate(objectives)
        if not all(result.figures[index].kept(objective) for result in results)
    ]


def _as_written(problem: Configurations, found: Found, runner: Runner, confidence: float) -> dict[str, Any] | None:
    """The scenario as it is written, in the replications that the recommendation ran; None where both are the same."""
    if found.pick is None or found.pick.candidate == problem.written():
        return None
    return _tried(problem, problem.scenario, found.pick.n, runner, confidence)
