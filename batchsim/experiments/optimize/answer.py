"""From what search and race have found to what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from batchsim.experiments.optimize.capacity import Capacity, family, taking_part
from batchsim.experiments.optimize.configurations import DONE, Configurations
from batchsim.experiments.optimize.frontier import Seen, subject
from batchsim.experiments.optimize.problem import EXPLORED, Measured, Observation
from batchsim.experiments.optimize.race import Racer, Verdict
from batchsim.experiments.optimize.strategy import Found
from batchsim.scenario.document.overrides import value_at
from batchsim.scenario.scenario import Scenario
from batchsim.spec.objectives import Objective
from batchsim.statistics.intervals import confidence_interval
from batchsim.statistics.stopping import LOOKS, bound_at_look
from batchsim.units import format_amount, format_clock, format_count


class Answer:
    """Says what was found, in plain values.

    Parameters
    ----------
    confidence : float
        Of the intervals, and of what was shown.
    """

    def __init__(self, problem: Configurations, found: Found, confidence: float) -> None:
        self._problem, self._found = problem, found
        self._confidence = confidence

    def recommendation(self) -> dict[str, Any] | None:
        """The pick with its figures; None where there is none."""
        pick = self._found.pick
        if pick is None:
            return None
        summaries = [self._summary(pick.candidate, replication) for replication in range(1, pick.n + 1)]
        queue_times = [summary["queue_time_s"]["p95"] for summary in summaries]
        made = self._problem.scenario_of(pick.candidate)
        return {
            "set": self._problem.grid[pick.candidate].overrides,
            "changes": changes(self._problem.scenario, self._problem.grid[pick.candidate].overrides),
            "cost_usd": self._interval([summary["cost_usd"]["total"] for summary in summaries]),
            "queue_time_p95_s": None if None in queue_times else self._interval(queue_times),
            "objectives": [
                self._objective(pick, index, objective)
                for index, objective in enumerate(self._problem.objectives)
                if objective is not DONE
            ],
            "minimised": {**self._interval(pick.spent()), **self._unit()},
            "jobs_failed": float(np.mean([summary["jobs"]["failed"] for summary in summaries])),
            "capacity": {
                "written": Capacity.of(self._problem.scenario.configuration).as_json(),
                "recommended": Capacity.of(made.configuration).as_json(),
            },
            "gives_up": gives_up(self._problem.scenario, made),
        }

    def binding(self) -> dict[str, Any] | None:
        """What forbids a recommendation; None where there is one."""
        if self._found.pick is not None:
            return None
        seen, excluded = self._found.exploration.seen, self._problem.excluded
        if seen.keys() <= excluded.keys():
            return self._bound_by_proof("every candidate that was looked at" if seen else "every candidate")
        shown = [racer for racer in self._found.race.racers.values() if racer.objective is not None]
        if shown:
            return self._bound_by_race(shown)
        measured = {candidate: each for candidate, each in seen.items() if each.spent is not None}
        if measured:
            return self._missed_by_the_nearest(measured)
        return self._bound_by_failure()

    def _bound_by_proof(self, which: str) -> dict[str, Any]:
        """Bounds exclude all of them."""
        candidate, bound = next(reversed(self._problem.excluded.items()))
        objective = None if bound.objective is None else self._problem.objectives[bound.objective]
        return self._bound_by(candidate, objective, None, f"{which} is excluded by a bound, the last one: {bound.why}")

    def _bound_by_race(self, shown: Sequence[Racer]) -> dict[str, Any]:
        """The objective that decided the racer which ran the most replications."""
        racer = max(shown, key=lambda each: (each.n, -each.candidate))
        index = racer.objective or 0
        value = self._measured(racer, index)
        return self._bound_by(racer.candidate, self._problem.objectives[index], value, self._verdict(racer))

    def _bound_by_failure(self) -> dict[str, Any]:
        """Why the first candidate failed, where every run did."""
        candidate = next(each for each in self._found.exploration.seen if each not in self._problem.excluded)
        failure = self._problem.failures.get((candidate, EXPLORED), "")
        return self._bound_by(candidate, None, None, f"every run failed, the first one: {failure}")

    def _missed_by_the_nearest(self, measured: Mapping[int, Observation]) -> dict[str, Any]:
        """What the one misses that comes nearest to keeping all objectives, of those that no race has decided."""
        objectives = self._problem.objectives
        nearest = min(measured, key=lambda each: (max(measured[each].margins(objectives)), each))
        index = int(np.argmax(measured[nearest].margins(objectives)))
        if measured[nearest].kept(objectives):
            why = "the budget ended before more replications could show that the objectives are kept: give a larger one"
            return self._bound_by(nearest, None, None, why)
        figure = measured[nearest].figures[index]
        value = None if figure.value is None else self._interval([figure.value])
        why = "the configuration that comes nearest misses it" + missing(figure)
        return self._bound_by(nearest, objectives[index], value, why)

    def next_cheaper(self) -> dict[str, Any] | None:
        """The next cheaper one that was simulated, and why it is not recommended."""
        pick, seen = self._found.pick, self._found.exploration.seen
        if pick is None:
            return None
        spent = seen[pick.candidate].spent or 0.0
        racers = self._found.race.racers
        cheaper = [
            candidate
            for candidate, each in seen.items()
            if each.spent is not None and each.spent < spent and candidate != pick.candidate
            if self._fails(candidate)
        ]
        if not cheaper:
            return None
        candidate = max(cheaper, key=lambda each: (seen[each].spent, -each))
        summary = self._summary(candidate, EXPLORED)
        return {
            "set": self._problem.grid[candidate].overrides,
            "cost_usd": summary["cost_usd"]["total"],
            "why": self._verdict(racers[candidate]) if candidate in racers else self._misses(candidate),
        }

    def seen(self) -> list[Seen]:
        """Every configuration that was simulated, the cheapest first."""
        objectives, index = self._problem.objectives, subject(self._problem.objectives)
        found = []
        for candidate, each in self._found.exploration.seen.items():
            summary = self._problem.summary(candidate, EXPLORED)
            if summary is None or summary["jobs"]["unfinished"]:
                continue
            queue_time = summary["queue_time_s"]["p95"]
            figure = queue_time if index is None else each.figures[index].value
            point = self._problem.grid[candidate]
            cost = summary["cost_usd"]["total"]
            kept = each.kept(objectives)
            found.append(Seen(candidate, point.overrides, point.labels, cost, queue_time, figure, kept))
        return sorted(found, key=lambda each: (each.cost_usd, each.candidate))

    def excluded(self) -> dict[str, int]:
        """How many candidates were not simulated, by why."""
        exploration, space = self._found.exploration, self._problem.space
        unseen = space.allowed.copy()
        unseen[list(exploration.seen)] = False
        monotone = int(np.count_nonzero(unseen & exploration.pruned))
        return {
            "bound": len(self._problem.excluded),
            "monotone": monotone,
            "surrogate": int(np.count_nonzero(unseen)) - monotone,
        }

    def _unit(self) -> dict[str, Any]:
        """Of what is minimised."""
        if self._problem.minimised is None:
            return {"unit": "USD", "clock": False}
        objective = self._problem.scenario.objectives[self._problem.minimised]
        return {"unit": objective.unit, "clock": objective.clock}

    def _fails(self, candidate: int) -> bool:
        """Whether a candidate was not shown to keep the objectives, or missed them where it did not even race."""
        racer = self._found.race.racers.get(candidate)
        if racer is None:
            return not self._found.exploration.seen[candidate].kept(self._problem.objectives)
        return racer.verdict in {Verdict.MISSED, Verdict.UNCLEAR}

    def _summary(self, candidate: int, replication: int) -> Mapping[str, Any]:
        summary = self._problem.summary(candidate, replication)
        assert summary is not None  # noqa: S101 (a run that failed is no pick)
        return summary

    def _interval(self, values: list[float]) -> dict[str, Any]:
        return confidence_interval(values, level=self._confidence)

    def _measured(self, racer: Racer, index: int) -> dict[str, Any] | None:
        values = [result.figures[index].value for result in racer.results]
        known = [value for value in values if value is not None]
        return self._interval(known) if len(known) == len(values) and known else None

    def _objective(self, pick: Racer, index: int, objective: Objective) -> dict[str, Any]:
        values = [result.figures[index].value or 0.0 for result in pick.results]
        side: Literal["upper", "lower"] = "upper" if objective.comparison.startswith("<") else "lower"
        return {
            "expression": objective.expression,
            "value": self._interval(values),
            "limit": objective.limit,
            "unit": objective.unit,
            "clock": objective.clock,
            "kept": True,
            "kept_in": sum(result.figures[index].kept(objective) for result in pick.results),
            "shown": bound_at_look(values, LOOKS, 1.0 - pick.error, side),
        }

    def _verdict(self, racer: Racer) -> str:
        """Why a racer is not the pick."""
        objective = self._problem.objectives[racer.objective or 0]
        missed = sum(not result.figures[racer.objective or 0].kept(objective) for result in racer.results)
        lost = sum(result.figures[racer.objective or 0].missing for result in racer.results)
        if lost:
            return f"{objective.expression}: jobs did not get so far, in {missed} of {racer.n} replications"
        how = "is missed" if racer.verdict is Verdict.MISSED else "can't be shown to be kept"
        value = self._measured(racer, racer.objective or 0)
        mean = "" if value is None else f", {said(value['mean'], objective)} in the mean"
        return f"{objective.expression} {how} ({racer.n} replications, missed in {missed}){mean}"

    def _misses(self, candidate: int) -> str:
        """Which objective was missed where the search looked."""
        told = []
        for figure, objective in zip(
            self._found.exploration.seen[candidate].figures, self._problem.objectives, strict=True
        ):
            if not figure.kept(objective):
                value = "not known" if figure.value is None else said(figure.value, objective)
                told.append(f"{objective.expression} is missed: {value}{missing(figure)}")
        return "; ".join(told) + " in one replication"

    def _bound_by(
        self, candidate: int, objective: Objective | None, value: Mapping[str, Any] | None, why: str
    ) -> dict[str, Any]:
        return {
            "expression": None if objective is None else objective.expression,
            "limit": None if objective is None else objective.limit,
            "unit": None if objective is None else objective.unit,
            "clock": objective is not None and objective.clock,
            "value": value,
            "set": self._problem.grid[candidate].overrides,
            "why": why,
        }


def missing(figure: Measured) -> str:
    """How many jobs did not get so far, where some did not."""
    return f" ({format_count(figure.missing, 'job')} did not get so far)" if figure.missing else ""


def said(value: float, objective: Objective) -> str:
    """A figure of an objective as a person says it."""
    return format_clock(value) if objective.clock else format_amount(value, objective.unit)


def changes(scenario: Scenario, overrides: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a recommendation changes: path, old and new value; what stays is not there."""
    found = []
    for path, new in overrides.items():
        old = value_at(scenario.document.values, path)
        if old != new:
            found.append({"path": path, "old": old, "new": new})
    return found


def gives_up(written: Scenario, made: Scenario) -> list[str]:
    """What a recommendation has less of than the scenario as it was written, in sentences."""
    before, after = Capacity.of(written.configuration), Capacity.of(made.configuration)
    told = []
    for one, many, name in (
        ("instance type", "instance types", "instance_types"),
        ("family", "families", "families"),
        ("zone", "zones", "zones"),
    ):
        had, has = getattr(before, name), getattr(after, name)
        if has < had:
            told.append(f"{has} {one if has == 1 else many} instead of {had}")
    share, was = after.on_demand_share, before.on_demand_share
    if share is not None and was is not None and share < was - 0.005:
        told.append(f"{100 * share:.0f} % of the vCPUs on demand instead of {100 * was:.0f} %")
    return told + _alone(made)


def _alone(made: Scenario) -> list[str]:
    """Spot environments that depend on a single instance type."""
    return [
        f"{each.name} takes {next(iter(types))} alone: when that type is short on Spot, everything is"
        for each in taking_part(made.configuration)
        if each.launches_spot_instances
        and len(types := {offering.instance_type for offering in each.offerings}) == 1
        and family(next(iter(types)))
    ]
