"""The problem of a scenario: its configurations as candidates, simulated through a store of finished runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from batchsim.errors import Finding, ScenarioError
from batchsim.experiments.optimize.bounds import Bound, Bounds
from batchsim.experiments.optimize.capacity import lacking
from batchsim.experiments.optimize.problem import Measured, Observation
from batchsim.experiments.optimize.scheduled import most
from batchsim.experiments.optimize.space import Axis, Space
from batchsim.experiments.parameters import Grid
from batchsim.experiments.runner import Runner
from batchsim.experiments.tasks import Finished, Task
from batchsim.results.objectives import chosen
from batchsim.scenario.document.overrides import value_at
from batchsim.scenario.scenario import Scenario
from batchsim.scenario.sections.parameters import Parameter
from batchsim.spec.objectives import Objective, parse_objective

#: What is true of every configuration that is recommended, said or not.
DONE = parse_objective("unfinished <= 0")
#: Members of which more is more room for jobs.
_CAPACITY = {"maxvCpus", "minvCpus", "desiredvCpus", "unmanagedvCpus", "totalQuantity"}
#: Of a grid of more candidates a bound is looked for when one is picked, and not of all of them before the search.
MOST_CHECKED = 5000
#: Workloads that bounds are shown for: a search that changes what is run has one for each.
_MOST_WORKLOADS = 8


class Configurations:
    """A scenario's configurations.

    Parameters
    ----------
    runner : Runner
        Executes what is not in its store.
    seed : int
        Of the random numbers of every run.

    Raises
    ------
    ScenarioError
        If no run can measure an objective, or no candidate is a scenario.
    """

    def __init__(
        self,
        scenario: Scenario,
        grid: Grid,
        runner: Runner,
        seed: int,
        on_simulated: Callable[[int], None] | None = None,
    ) -> None:
        self.scenario, self.grid, self.seed = scenario, grid, seed
        self._runner = runner
        self._on_simulated = on_simulated
        self.objectives: tuple[Objective, ...] = (*_kept(scenario), DONE)
        self.minimised = _minimised(scenario)
        self.failures: dict[tuple[int, int], str] = {}
        self._summaries: dict[tuple[int, int], Mapping[str, Any] | None] = {}
        self._bounds: list[tuple[Any, Bounds]] = []
        self._at = lru_cache(maxsize=256)(self._made)
        _refuse_unmeasurable(scenario, self._bounds_for(scenario))
        self.excluded: dict[int, Bound] = {}
        self.is_complete = len(grid) <= MOST_CHECKED
        self.space = Space.of([_axis(parameter) for parameter in grid.parameters])
        if self.is_complete:
            self._exclude(range(len(grid)))

    def scenario_of(self, candidate: int) -> Scenario:
        """The scenario that a candidate is.

        Raises
        ------
        ScenarioError
            If it is none.
        """
        return self._at(candidate)

    def written(self) -> int | None:
        """The candidate that is the scenario as it was written, where one is."""
        values = self.scenario.document.values
        places = []
        for parameter in self.grid.parameters:
            stated = (each.overrides.items() for each in parameter.values)
            same = [all(value_at(values, path) == value for path, value in overrides) for overrides in stated]
            if not any(same):
                return None
            places.append(same.index(True))
        return int(np.ravel_multi_index(places, self.grid.shape))

    def evaluate(self, pairs: Iterable[tuple[int, int]]) -> list[Observation]:
        """See `Problem.evaluate`."""
        asked = list(pairs)
        new = self._to_simulate(asked)
        tasks = [self._task(*pair) for pair in new]
        known = dict(zip((id(task) for task in tasks), new, strict=True))
        for task, finished in self._runner.finish(tasks):
            self._summaries[known[id(task)]] = self._read(known[id(task)], finished)
            if self._on_simulated is not None:
                self._on_simulated(len(self._summaries))
        return [self.observed(*pair) for pair in asked]

    def _to_simulate(self, asked: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those that are neither known nor excluded by a bound, which of a large grid is looked for now."""
        new = [pair for pair in dict.fromkeys(asked) if pair not in self._summaries]
        if self.is_complete:
            return new
        self._exclude(dict.fromkeys(candidate for candidate, _ in new))
        self._summaries.update({pair: None for pair in new if pair[0] in self.excluded})
        return [pair for pair in new if pair[0] not in self.excluded]

    def observed(self, candidate: int, replication: int) -> Observation:
        """What came of a candidate that was simulated."""
        return observation(self._summaries[candidate, replication], self.scenario.objectives, self.minimised)

    def summary(self, candidate: int, replication: int) -> Mapping[str, Any] | None:
        """The summary of a run that was simulated; None where it failed."""
        return self._summaries[candidate, replication]

    def _task(self, candidate: int, replication: int) -> Task:
        return Task(self._at(candidate), self.seed, replication, self.grid[candidate].labels)

    def _read(self, pair: tuple[int, int], finished: Finished) -> Mapping[str, Any] | None:
        if finished.summary is None:
            self.failures[pair] = finished.error or "failed"
        return self.parsed(finished.summary)

    @staticmethod
    def parsed(summary: str | None) -> Mapping[str, Any] | None:
        """A summary of its text; None of a run that failed."""
        return None if summary is None else json.loads(summary)

    def _made(self, candidate: int) -> Scenario:
        return self.scenario.with_(self.grid[candidate].overrides)

    def _exclude(self, candidates: Iterable[int]) -> None:
        """Leave out those that a bound excludes.

        Raises
        ------
        ScenarioError
            Where none of all candidates is a scenario: what is wrong with the first one.
        """
        errors: list[ScenarioError] = []
        for candidate in candidates:
            try:
                bound = self._bound(self._made(candidate))
            except ScenarioError as error:
                errors.append(error)
                bound = Bound(f"no scenario: {error.findings[0].message}")
            if bound is not None:
                self.excluded[candidate], self.space.allowed[candidate] = bound, False
        if len(errors) == len(self.grid):
            raise errors[0]

    def _bound(self, made: Scenario) -> Bound | None:
        if self.scenario.requirements is not None:
            lacks = lacking(made.configuration, self.scenario.requirements)
            if lacks:
                return Bound(f"search.require: {lacks}")
        bounds, roomiest = self._bounds_for(made), most(made.configuration, made.updates)
        return None if bounds is None or roomiest is None else bounds.of(roomiest, made.updates)

    def _bounds_for(self, made: Scenario) -> Bounds | None:
        """The bounds for the jobs of a scenario; None where there are too many different ones."""
        # All that jobs are made of; those of a trace have of their definition what the trace does not say.
        jobs = (made.sources, made.start, made.duration_s, made.configuration.definitions)
        for known, bounds in self._bounds:
            if known == jobs:
                return bounds
        if len(self._bounds) == _MOST_WORKLOADS:
            return None
        self._bounds.append((jobs, Bounds(made, self.objectives, self.seed)))
        return self._bounds[-1][1]


def observation(
    summary: Mapping[str, Any] | None, objectives: Sequence[Objective], minimised: int | None
) -> Observation:
    """What a summary says of the objectives to keep, and of what is minimised.

    Parameters
    ----------
    summary : mapping or None
        Of one replication; None where it failed.
    minimised : int or None
        Which objective; None for the cost of everything.
    """
    if summary is None:
        return Observation(None, tuple(Measured(None, None, 1) for each in (*objectives, DONE) if each.goal == "keep"))
    entries = summary["objectives"]
    figures = [
        Measured(entry["value"], entry["at_least"], entry["missing"])
        for entry, objective in zip(entries, objectives, strict=True)
        if objective.goal == "keep"
    ]
    spent = summary["cost_usd"]["total"] if minimised is None else entries[minimised]["value"]
    return Observation(spent, (*figures, Measured(float(summary["jobs"]["unfinished"]))))


def _kept(scenario: Scenario) -> tuple[Objective, ...]:
    return tuple(objective for objective in scenario.objectives if objective.goal == "keep")


def _minimised(scenario: Scenario) -> int | None:
    """Which objective says what is minimised; None where none does: cost is, then."""
    found = [index for index, objective in enumerate(scenario.objectives) if objective.goal == "minimise"]
    if len(found) > 1:
        message = "there are two figures to minimise"
        where = ("objectives", found[1])
        raise ScenarioError(
            [scenario.document.finding(where, "two-goals", message, expected="one, and limits on others")]
        )
    return found[0] if found else None


def _refuse_unmeasurable(scenario: Scenario, bounds: Bounds | None) -> None:
    """Objectives that are about no job."""
    findings: list[Finding] = []
    for index, objective in enumerate(scenario.objectives):
        if bounds is not None and not chosen(objective, bounds.first).any():
            message = f"no run can measure {objective.expression}: no job is in its scope"
            expected = "filters that some job passes, and jobs that arrive within the duration"
            findings.append(
                scenario.document.finding(("objectives", index), "unmeasurable", message, expected=expected)
            )
    if findings:
        raise ScenarioError(findings)


def _axis(parameter: Parameter) -> Axis:
    """A parameter as a search sees it."""
    numbers = [value.number for value in parameter.values]
    known = tuple(float(number) for number in numbers if number is not None)
    # A flag, or two sizes, have an order; one value alone has none.
    if len(known) < len(numbers):
        return Axis(len(numbers))
    return Axis(len(numbers), known, parameter.name.rpartition(".")[2] in _CAPACITY)
