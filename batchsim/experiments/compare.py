"""Compare: variants of a scenario, or several scenarios, on the same jobs and the same random numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchsim.experiments.run import run
from batchsim.results.result import Result
from batchsim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


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
    def rows(self) -> list[dict[str, Any]]:
        """One flat row of figures per variant: seconds, US dollars, shares; differences against the first."""
        rows = [_row(name, result.summary) for name, result in self.results.items()]
        for row in rows:
            for figure in ("queue_time_p95_s", "turnaround_p95_s", "cost_usd"):
                value, reference = row[figure], rows[0][figure]
                row[f"{figure}_difference"] = None if value is None or reference is None else value - reference
        return rows

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a DataFrame, indexed by variant."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index("variant")

    @property
    def plot(self) -> Any:
        """The picture of the comparison; see `batchsim.report.plots`."""
        from importlib import import_module  # the report sits above: found at use, as pandas finds its plotting

        return import_module("batchsim.report.plots").ComparisonPlots(self.results)

    def _repr_html_(self) -> str:
        return str(self.table.to_html(float_format="{:,.2f}".format))


def _row(name: str, summary: Mapping[str, Any]) -> dict[str, Any]:
    cost = summary["cost_usd"]
    return {
        "variant": name,
        "jobs": summary["jobs"]["submitted"],
        "succeeded": summary["jobs"]["succeeded"],
        "queue_time_p50_s": summary["queue_time_s"]["p50"],
        "queue_time_p95_s": summary["queue_time_s"]["p95"],
        "turnaround_p50_s": summary["turnaround_s"]["p50"],
        "turnaround_p95_s": summary["turnaround_s"]["p95"],
        "makespan_s": summary["makespan_s"],
        "cost_usd": cost["total"],
        **{f"cost_{purpose}_usd": value for purpose, value in cost["by_purpose"].items()},
        "utilisation_vcpu": summary["utilisation"]["vcpu"],
        "utilisation_memory": summary["utilisation"]["memory"],
        "peak_vcpus": summary["peak_vcpus"],
        "interruptions": summary["interruptions"],
        "objectives_missed": sum(objective["kept"] is False for objective in summary["objectives"]),
    }


def variants_of(scenario: Scenario) -> dict[str, Scenario]:
    """The scenarios that a comparison of one scenario runs.

    Its variants in their order; the scenario itself comes first, unless one of the variants changes nothing.
    """
    variants = {name: scenario.variant(name) for name in scenario.variant_names}
    if any(not changes for changes in scenario.variants.values()):
        return variants
    return {scenario.name: scenario, **variants}


def compare(
    *scenarios: Scenario,
    seed: int | None = None,
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
    on_variant : callable, optional
        Called with name, position and count before each is run.

    Returns
    -------
    Comparison
        What has been run; interrupted by the user, those that were finished.
    """
    if not scenarios:
        raise ValueError("nothing to compare: give one scenario with variants, or several scenarios")
    chosen = variants_of(scenarios[0]) if len(scenarios) == 1 else _by_name(scenarios)
    seed = scenarios[0].seed if seed is None else seed
    results: dict[str, Result] = {}
    try:
        for position, (name, scenario) in enumerate(chosen.items()):
            if on_variant is not None:
                on_variant(name, position, len(chosen))
            results[name] = run(scenario, seed=seed)
    except KeyboardInterrupt:
        return Comparison(results, interrupted=True)
    return Comparison(results)


def _by_name(scenarios: Iterable[Scenario]) -> dict[str, Scenario]:
    """Scenarios by name; a name that comes again is numbered."""
    chosen: dict[str, Scenario] = {}
    for scenario in scenarios:
        name, number = scenario.name, 2
        while name in chosen:
            name = f"{scenario.name} ({number})"
            number += 1
        chosen[name] = scenario
    return chosen
