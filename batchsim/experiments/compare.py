"""Compare: variants of a scenario, or several scenarios, on the same jobs and the same random numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.errors import Finding, ScenarioError
from batchsim.experiments.differences import against_the_first
from batchsim.experiments.in_order import in_order
from batchsim.experiments.precision import enough, outcome, rule
from batchsim.experiments.result import Result
from batchsim.experiments.run import replicated, run_once, summary_of
from batchsim.experiments.tasks import Task
from batchsim.experiments.warm_up import with_one_warm_up
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary
from batchsim.scenario.checking import raise_errors
from batchsim.scenario.scenario import Scenario
from batchsim.statistics.stopping import Precision

if TYPE_CHECKING:
    import pandas as pd

    from batchsim.report.plots import ComparisonPlots


@dataclass(frozen=True)
class Comparison:
    """Results by name, in the order in which they were asked for; the first is what the others are held against.

    Attributes
    ----------
    results : dict of str to Result
        One per variant.
    interrupted : bool
        Whether the user stopped before all had run.
    """

    results: Mapping[str, Result]
    interrupted: bool = False

    @property
    def runs(self) -> dict[str, Run]:
        """The first replication of each variant."""
        return {name: result.run for name, result in self.results.items()}

    @property
    def summaries(self) -> dict[str, Summary]:
        """The summary of each variant."""
        return {name: result.summary for name, result in self.results.items()}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row of figures per variant: seconds, US dollars, shares; differences against the first.

        With replications a figure is ``{mean, low, high, n}``. The interval of a difference is that of the differences
        replication by replication: both saw the same random numbers, and what these did to both is in neither. See
        `batchsim.experiments.differences` for what stands beside it.
        """
        several = {name: [_row(summary) for summary in result.summaries] for name, result in self.results.items()}
        differences = against_the_first(several)
        return [{"variant": name, **_row(result.summary), **differences[name]} for name, result in self.results.items()]

    @property
    def table(self) -> pd.DataFrame:
        """The figures of `rows` as a DataFrame, indexed by variant; bounds of an interval are columns of their own."""
        import pandas as pd

        return pd.DataFrame([_flat(row) for row in self.rows]).set_index("variant")

    @property
    def plot(self) -> ComparisonPlots:
        """The picture of the comparison; see `batchsim.report.plots`."""
        from batchsim.report.plots import ComparisonPlots

        return ComparisonPlots(self.runs, self.summaries)

    def _repr_html_(self) -> str:
        from batchsim.report.comparison import comparison_html

        return comparison_html(self.rows)


def _row(summary: Summary) -> dict[str, Any]:
    cost, objectives = summary["cost_usd"], summary["objectives"]
    durations = {
        f"{kind}_{name}_s{suffix}": value
        for kind, times in (("queue_time", summary["queue_time_s"]), ("turnaround", summary["turnaround_s"]))
        for name in ("p50", "p95")
        for suffix, value in (("", times[name]), ("_at_least", times["at_least"].get(name)))
    }
    return {
        "jobs": summary["jobs"]["submitted"],
        **{state: summary["jobs"][state] for state in ("succeeded", "failed", "unfinished")},
        **durations,
        "makespan_s": summary["makespan_s"],
        "analysis": summary["analysis"],
        "period_s": summary["period_s"],
        "ended_at_s": summary["ended_at_s"],
        "cost_usd": cost["total"],
        "cost_per_month_usd": cost["per_month"],
        **{f"cost_{purpose}_usd": value for purpose, value in cost["by_purpose"].items()},
        "utilisation_vcpu": summary["utilisation"]["vcpu"],
        "utilisation_memory": summary["utilisation"]["memory"],
        "peak_vcpus": summary["peak_vcpus"],
        "interruptions": summary["interruptions"],
        "objectives_missed": sum(objective["kept"] is False for objective in objectives),
        "objectives": objectives,
        "prices": summary["prices"],
        "stopping": summary.get("intervals", {}).get("stopping"),
    }


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if key in {"analysis", "objectives", "prices", "stopping"}:
            continue
        if isinstance(value, dict) and "mean" in value:
            flat |= {key: value["mean"], f"{key}_low": value["low"], f"{key}_high": value["high"]}
        else:
            flat[key] = value
    return flat


def variants_of(scenario: Scenario, names: Sequence[str] = ()) -> dict[str, Scenario]:
    """The scenarios that a comparison of one scenario runs.

    Its variants in their order; the scenario itself comes first, unless one of the variants changes nothing. Of
    `names` those alone, in their order, the scenario by its own; with one only, the scenario comes before it.

    Raises
    ------
    ScenarioError
        If there is no such variant, or with the faults of all that are chosen.
    """
    if names:
        chosen = _of_names(scenario, names)
        return chosen if len(chosen) > 1 else {scenario.name: scenario, **chosen}
    chosen = _of_names(scenario, scenario.variant_names)
    unchanged = any(not changes for changes in scenario.variants.values())
    return chosen if unchanged else {scenario.name: scenario, **chosen}


def _of_names(scenario: Scenario, names: Iterable[str]) -> dict[str, Scenario]:
    """Variants by name; the scenario's own name is itself, unless a variant has it."""
    chosen: dict[str, Scenario] = {}
    findings: list[Finding] = []
    for name in names:
        try:
            itself = name == scenario.name and name not in scenario.variants
            chosen[name] = scenario if itself else scenario.variant(name)
        except ScenarioError as error:
            findings += error.findings
    raise_errors(findings)
    return chosen


def compared(*scenarios: Scenario, variants: Sequence[str] = ()) -> dict[str, Scenario]:
    """What `compare` runs, by name; see there."""
    if not scenarios:
        raise ValueError("nothing to compare: give one scenario with variants, or several scenarios")
    if len(scenarios) == 1:
        return variants_of(scenarios[0], variants)
    if variants:
        raise ValueError("variants are chosen of one scenario, not of several")
    return _by_name(scenarios)


def compare(
    *scenarios: Scenario,
    seed: int | None = None,
    variants: Sequence[str] = (),
    replications: int | None = None,
    precision: float | None = None,
    workers: int = 1,
    on_variant: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Run variants side by side.

    Parameters
    ----------
    *scenarios : Scenario
        One: its variants are compared (see `variants_of`). Several: they are compared as they are.
    seed : int, optional
        For all of them; else the first scenario's. Draws belong to jobs and instances, so equal workloads see the
        same arrivals, run times and failures whatever the capacity.
    variants : sequence of str
        Of one scenario, those to compare; all of them without.
    replications : int, optional
        How often each is run; see `run`.
    precision : float, optional
        Instead of `replications`: all are run, each as often as the others, until the figures of every variant are as
        precise; see `run`.
    workers : int
        In how many processes; see `run`.
    on_variant : callable, optional
        Called with name, position and count before each is run; with a precision, of its first ten replications.

    Returns
    -------
    Comparison
        What has been run; interrupted by the user, those that were finished.

    Raises
    ------
    ScenarioError
        If there is no such variant.
    ValueError
        If there is nothing to compare, variants are named of several scenarios, or replications and precision are out
        of their ranges.
    """
    stopping = rule(replications, precision)
    chosen = compared(*scenarios, variants=variants)
    seed = scenarios[0].seed if seed is None else seed
    chosen = with_one_warm_up(chosen, seed)
    counted = stopping.least if stopping else replications or 1
    results: dict[str, Result] = {}
    with in_order(_tasks(chosen, seed, counted, stopping), workers, summary_of) as further:
        try:
            for position, (name, scenario) in enumerate(chosen.items()):
                if on_variant is not None:
                    on_variant(name, position, len(chosen))
                results[name] = Result(run_once(scenario, seed, 0))
                if counted > 1:
                    results[name] = replicated(results[name], further, counted)
                if results[name].interrupted:
                    return Comparison(results, interrupted=True)
        except KeyboardInterrupt:
            return Comparison(results, interrupted=True)
        return Comparison(results) if stopping is None else _to_precision(results, further, stopping)


def _tasks(chosen: Mapping[str, Scenario], seed: int, counted: int, stopping: Precision | None) -> Iterator[Task]:
    """Replications from the second on: variant by variant as many as are counted, then of all in turn."""
    for scenario in chosen.values():
        yield from (Task(scenario, seed, number) for number in range(1, counted))
    if stopping is not None:
        for number in range(counted, stopping.most):
            yield from (Task(scenario, seed, number) for scenario in chosen.values())


def _to_precision(results: Mapping[str, Result], further: Iterator[Summary], stopping: Precision) -> Comparison:
    """Replications in turn until all variants are precise; interrupted, a turn that is not finished is left."""
    several = {name: list(result.summaries) for name, result in results.items()}
    interrupted = False
    try:
        while not enough(stopping, several):
            turn = {name: next(further) for name in several}
            for name, summary in turn.items():
                several[name].append(summary)
    except KeyboardInterrupt:
        interrupted = True
    said = outcome(stopping, list(several.values()))
    return Comparison(
        {
            name: result.with_replications(several[name], interrupted=interrupted, stopping=said)
            for name, result in results.items()
        },
        interrupted,
    )


def _by_name(scenarios: Sequence[Scenario]) -> dict[str, Scenario]:
    """Scenarios by name; where all have one, with what tells their files apart; a name that comes again is numbered.

    ``base/scenario.yaml`` and ``head/scenario.yaml`` are *etl (base)* and *etl (head)*.
    """
    told = _told_apart([Path(scenario.document.file) for scenario in scenarios])
    alike = len({scenario.name for scenario in scenarios}) == 1 and all(told) and len(set(told)) == len(told)
    chosen: dict[str, Scenario] = {}
    for scenario, where in zip(scenarios, told, strict=True):
        name, number = f"{scenario.name} ({where})" if alike else scenario.name, 2
        while name in chosen:
            name = f"{scenario.name} ({number})"
            number += 1
        chosen[name] = scenario
    return chosen


def _told_apart(files: Sequence[Path]) -> list[str]:
    """Their names where each is another, else the first part of the paths that is not the same; empty without one."""
    stems = [file.stem for file in files]
    if len(set(stems)) == len(stems):
        return stems
    for parts in zip(*((*file.parts[:-1], file.stem) for file in files), strict=False):
        if len(set(parts)) > 1:
            return list(parts)
    return [""] * len(files)
