"""Sensitivity: each assumption that a scenario does not state, run with what else it may be, on the same jobs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from batchsim.errors import ScenarioError
from batchsim.experiments.in_order import in_order
from batchsim.experiments.replications import combine
from batchsim.experiments.result import Result
from batchsim.experiments.run import summary_of
from batchsim.experiments.tasks import Task
from batchsim.experiments.warm_up import with_that_of
from batchsim.results.sensitivity import Figure, TriedAssumptions, VariedAssumption, VariedValue
from batchsim.results.summary_type import Summary
from batchsim.scenario.scenario import Scenario
from batchsim.spec.assumption_ranges import RANGES, AssumptionRange
from batchsim.spec.assumptions import stated_by_preset
from batchsim.statistics.comparison import paired_difference
from batchsim.statistics.intervals import confidence_interval

if TYPE_CHECKING:
    from rich.console import Group

    from batchsim.report.plots import SensitivityPlots


class Sensitivity(TriedAssumptions):
    """Which of the assumptions would change an answer; see `TriedAssumptions` for what it holds."""

    @property
    def plot(self) -> SensitivityPlots:
        """The picture of how far each assumption moves the bill; see `batchsim.report.plots`."""
        from batchsim.report.plots import SensitivityPlots

        return SensitivityPlots(self)

    def __repr__(self) -> str:
        turning = sum(each.changes_answer for each in self.assumptions)
        return f"<Sensitivity: {turning} of {len(self.assumptions)} assumptions would change what is met or done>"

    def _repr_html_(self) -> str:
        from batchsim.report.sensitivity import sensitivity_html

        return sensitivity_html(self)

    def __rich__(self) -> Group:
        from batchsim.report.sensitivity import sensitivity_renderable

        return sensitivity_renderable(self)


@dataclass(frozen=True, eq=False)
class _Trial:
    """One value of one assumption; without a scenario it is what is assumed anyway."""

    of: AssumptionRange
    value: Any
    scenario: Scenario | None


def sensitivity(result: Result, *, workers: int = 1, on_run: Callable[[int, int], None] | None = None) -> Sensitivity:
    """Find out which of the assumptions would change this answer.

    Each assumption of `batchsim.spec.assumption_ranges` that bears on the scenario and that it does not state is run
    with the low and the high end of what is plausible, or with the other reading: one at a time, everything else as it
    is, on the same jobs and random numbers, as often as the result was replicated.

    Parameters
    ----------
    result : Result
        Of `batchsim.run`, without processes beside the engine.
    workers : int
        In how many processes; the figures are the same.
    on_run : callable, optional
        Called with how many runs are done, and of how many.

    Returns
    -------
    Sensitivity
        Interrupted by the user, of the assumptions that were finished.

    Raises
    ------
    TypeError
        If it is given anything but a result of a run.
    ExecutionError
        If a run fails.
    ValueError
        If `workers` is below 1, or the result is not that of its scenario alone.
    """
    if not isinstance(result, Result):
        raise TypeError(f"expected a Result, not {type(result).__name__}: batchsim.run(scenario) gives one")
    ranges, stated = _unstated(result.scenario)
    trials, refused = _trials(result.scenario, ranges)
    found, interrupted = _run_trials(trials, result, workers, on_run)
    base = result.summaries
    varied = (_assumption(each, [t for t in trials if t.of is each], found, base) for each in ranges)
    return Sensitivity(
        tuple(sorted(filter(None, varied), key=lambda each: (not each.changes_answer, -each.share))),
        _figure([_cost(each) for each in base]),
        _figure([_queue_time(each) for each in base]),
        len(base),
        tuple(stated),
        tuple(refused),
        interrupted,
    )


def _unstated(scenario: Scenario) -> tuple[list[AssumptionRange], list[str]]:
    """The assumptions that bear on a scenario: those that it does not state, and the keys of those that it does."""
    used = [each for each in RANGES if each.is_used(scenario.configuration, scenario.environment)]
    written = scenario.document.values.get("environment") or {}
    by_preset = stated_by_preset(scenario.environment.preset)
    stated = [each for each in used if each.key in by_preset or _has(written, each.key.split("."))]
    return [each for each in used if each not in stated], [f"environment.{each.key}" for each in stated]


def _has(written: Any, path: Sequence[str]) -> bool:
    for step in path:
        if not isinstance(written, Mapping) or step not in written:
            return False
        written = written[step]
    return True


def _trials(scenario: Scenario, ranges: Sequence[AssumptionRange]) -> tuple[list[_Trial], list[str]]:
    """A scenario for each value, and what can't be tried."""
    base = scenario.without_experiments()
    trials, refused = [], []
    for each in ranges:
        for value in each.others:
            path = f"environment.{each.key}"
            try:
                changed = with_that_of(base.with_({path: value}), base)
            except ScenarioError as error:
                refused.append(f"{path}={value}: {error.findings[0].message}")
                continue
            is_other = changed.content_digest != base.content_digest
            trials.append(_Trial(each, value, changed if is_other else None))
    return trials, refused


def _run_trials(
    trials: Sequence[_Trial], result: Result, workers: int, on_run: Callable[[int, int], None] | None
) -> tuple[dict[_Trial, Sequence[Summary]], bool]:
    """The summaries of each trial, of what is assumed anyway the result's own; and whether the user interrupted."""
    replications = len(result.summaries)
    run = [trial for trial in trials if trial.scenario is not None]
    found: dict[_Trial, Sequence[Summary]] = {trial: result.summaries for trial in trials if trial.scenario is None}
    interrupted = False
    tasks = chain([Task(result.scenario, result.seed)], _tasks(run, result.seed, replications))
    with in_order(tasks, workers, summary_of) as summaries:
        try:
            _refuse_another(next(summaries), result.summaries[0])
            for number, trial in enumerate(run):
                if on_run is not None:
                    on_run(number, len(run))
                found[trial] = [next(summaries) for _ in range(replications)]
        except KeyboardInterrupt:
            interrupted = True
    return found, interrupted


def _refuse_another(again: Summary, first: Summary) -> None:
    """What differs from a run of the scenario alone would be taken for what an assumption changes."""
    if json.dumps(again) != json.dumps(first):
        raise ValueError("the run is another now: processes ran beside the engine, or a trace has changed since")


def _tasks(trials: Sequence[_Trial], seed: int, replications: int) -> Iterator[Task]:
    for trial in trials:
        assert trial.scenario is not None  # noqa: S101 (others are not run)
        yield from (Task(trial.scenario, seed, number) for number in range(replications))


def _assumption(
    each: AssumptionRange,
    trials: Sequence[_Trial],
    found: Mapping[_Trial, Sequence[Summary]],
    base: Sequence[Summary],
) -> VariedAssumption | None:
    """What came of an assumption's values; None where not all of them were run."""
    if not trials or any(trial not in found for trial in trials):
        return None
    values = tuple(_value(trial.value, found[trial], base) for trial in trials)
    jobs = sum(float(summary["jobs"]["submitted"]) for summary in base) / len(base)
    key = f"environment.{each.key}"
    return VariedAssumption(key, each.what, each.evidence, each.default, values, jobs, _undone(base))


def _value(value: Any, mine: Sequence[Summary], base: Sequence[Summary]) -> VariedValue:
    costs, were = [_cost(each) for each in mine], [_cost(each) for each in base]
    times, took = [_queue_time(each) for each in mine], [_queue_time(each) for each in base]
    there = _known_mean([each["turnaround_s"]["p95"] for each in base]) or 0.0
    return VariedValue(
        value,
        _figure(costs),
        _difference(were, costs),
        _figure(times),
        _difference(took, times),
        _undone(mine),
        tuple(_turned(combine(base) if len(base) > 1 else base[0], combine(mine) if len(mine) > 1 else mine[0])),
        _share(_known_mean(costs), _known_mean(were), _known_mean(were)),
        _share(_known_mean(times), _known_mean(took), there),
    )


def _turned(before: Summary, after: Summary) -> Iterator[dict[str, Any]]:
    """Objectives whose verdict is another."""
    for was, now in zip(before["objectives"], after["objectives"], strict=True):
        if was["kept"] is not now["kept"]:
            yield {
                "expression": was["expression"],
                "kept": [was["kept"], now["kept"]],
                "value": [was["value"], now["value"]],
            }


def _share(now: float | None, was: float | None, of: float | None) -> float:
    """How much more, as a share; where it is not known any more, or was not, all of it."""
    if now == was:
        return 0.0
    if now is None or was is None or not of:
        return 1.0
    return (now - was) / of


def _cost(summary: Summary) -> float:
    return float(summary["cost_usd"]["total"])


def _queue_time(summary: Summary) -> float | None:
    known: float | None = summary["queue_time_s"]["p95"]
    return known


def _undone(summaries: Sequence[Summary]) -> float:
    undone = [float(each["jobs"]["failed"] + each["jobs"]["unfinished"]) for each in summaries]
    return sum(undone) / len(undone)


def _known_mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None


def _figure(values: Sequence[float | None]) -> Figure:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return known[0] if len(known) == 1 else confidence_interval(known)


def _difference(were: Sequence[float | None], now: Sequence[float | None]) -> Figure:
    before, after = ([value for value in values if value is not None] for values in (were, now))
    if len(before) < len(were) or len(after) < len(now):
        return None
    difference = paired_difference(before, after)
    return difference.mean if len(were) == 1 else difference.as_interval()
