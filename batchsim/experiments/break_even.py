"""Break-even: from what volume of jobs on one variant is cheaper than another.

The volume is what the user varies: the size of an array, the rate of arrivals. Every variant is run at every volume, on
the same random numbers; bills of all sizes of capacity, minimums and idle time are in it as they are. Between two
volumes that were run costs are taken to rise evenly; beyond them nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

from batchsim.errors import Finding, ScenarioError
from batchsim.experiments.compare import compared
from batchsim.experiments.differences import ALPHA
from batchsim.experiments.in_order import in_order
from batchsim.experiments.parameters import Grid, grid_of
from batchsim.experiments.run import summary_of
from batchsim.experiments.tasks import Task
from batchsim.results.summary_type import Summary
from batchsim.scenario.scenario import Scenario
from batchsim.statistics.comparison import PairedDifference, holm, paired_difference
from batchsim.statistics.crossings import Crossing, crossings
from batchsim.statistics.intervals import confidence_interval
from batchsim.units import HOUR, HOURS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Volume:
    """The variants at one volume.

    Attributes
    ----------
    label : str
        The value that made it.
    summaries : mapping
        By variant the summary of each replication.
    """

    label: str
    summaries: Mapping[str, Sequence[Summary]]


@dataclass(frozen=True)
class BreakEven:
    """Variants at several volumes.

    Attributes
    ----------
    parameter : str
        What was varied.
    volumes : tuple of Volume
        By how many jobs there were, the fewest first.
    interrupted : bool
        Whether the user stopped before all had run.
    """

    parameter: str
    volumes: tuple[Volume, ...]
    interrupted: bool = False

    @cached_property
    def monthly(self) -> bool:
        """Whether jobs and costs are those of a month; of a whole run where some run shows no month's rate."""
        several = [summaries for volume in self.volumes for summaries in volume.summaries.values()]
        return all(summary["cost_usd"]["per_month"] is not None for each in several for summary in each)

    @cached_property
    def jobs(self) -> list[float]:
        """How many jobs there are at each volume."""
        return [_mean(map(self._jobs, next(iter(volume.summaries.values())))) for volume in self.volumes]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One row for each volume and variant.

        ``volume`` (its value), ``jobs``, ``variant``, ``cost_usd`` (with replications ``{mean, low, high, n}``),
        ``objectives_missed`` (in any replication), ``undone`` (jobs that failed or are unfinished).
        """
        return [
            {"volume": volume.label, "jobs": jobs, "variant": name, **self._row(summaries)}
            for volume, jobs in zip(self.volumes, self.jobs, strict=True)
            for name, summaries in volume.summaries.items()
        ]

    @cached_property
    def pairs(self) -> list[dict[str, Any]]:
        """What is known of each two variants.

        ``first, second``; ``cheaper``: of each volume the one that is, null where they cost the same; ``shown``:
        whether it is by more than chance (Holm's adjustment over all volumes and pairs), null with one replication;
        ``break_even``: ``jobs`` (by a straight line between two volumes), ``below`` and ``above`` (who is cheaper), and
        ``between``: the nearest volumes at which that is shown, in jobs, null where it is at none.
        """
        names = list(self.volumes[0].summaries) if self.volumes else []
        each_two = list(combinations(names, 2))
        found = [[self._difference(volume, *two) for volume in self.volumes] for two in each_two]
        pairs = []
        for (first, second), differences, shown in zip(each_two, found, _are_shown(found), strict=True):
            cheaper = [_cheaper(each.mean, first, second) for each in differences]
            points = crossings(self.jobs, [each.mean for each in differences])
            break_even = [self._break_even(point, cheaper, shown) for point in points]
            pairs.append(
                {"first": first, "second": second, "cheaper": cheaper, "shown": shown, "break_even": break_even}
            )
        return pairs

    def as_json(self) -> dict[str, Any]:
        """All of it, in plain values."""
        of = "month" if self.monthly else "run"
        return {"parameter": self.parameter, "of": of, "jobs": self.jobs, "volumes": self.rows, "pairs": self.pairs}

    @property
    def table(self) -> pd.DataFrame:
        """Costs as a DataFrame: a row for each volume, by its jobs, and a column for each variant."""
        import pandas as pd

        rows = [{**row, "cost_usd": _plain(row["cost_usd"])} for row in self.rows]
        names = list(dict.fromkeys(row["variant"] for row in rows))
        return pd.DataFrame(rows).pivot_table(index="jobs", columns="variant", values="cost_usd")[names]

    def _repr_html_(self) -> str:
        return str(self.table.to_html(float_format="{:,.2f}".format))

    def _break_even(
        self, point: Crossing, cheaper: Sequence[str | None], shown: Sequence[bool | None]
    ) -> dict[str, Any]:
        nearest_below = self._shown(range(point.below, -1, -1), cheaper, shown)
        nearest_above = self._shown(range(point.above, len(self.jobs)), cheaper, shown)
        return {
            "jobs": point.at,
            "below": cheaper[point.below],
            "above": cheaper[point.above],
            "between": [nearest_below, nearest_above],
        }

    def _shown(self, order: Iterable[int], cheaper: Sequence[str | None], shown: Sequence[bool | None]) -> float | None:
        """The nearest volume in an order at which the first one's cheaper variant is so by more than chance."""
        numbers = list(order)
        for number in numbers:
            if cheaper[number] != cheaper[numbers[0]]:
                return None
            if shown[number] is not False:
                return self.jobs[number]
        return None

    def _row(self, summaries: Sequence[Summary]) -> dict[str, Any]:
        costs = [self._cost(each) for each in summaries]
        kept = zip(*([objective["kept"] for objective in each["objectives"]] for each in summaries), strict=True)
        return {
            "cost_usd": costs[0] if len(costs) == 1 else confidence_interval(costs),
            "objectives_missed": sum(False in each for each in kept),
            "undone": _mean(each["jobs"]["failed"] + each["jobs"]["unfinished"] for each in summaries),
        }

    def _difference(self, volume: Volume, first: str, second: str) -> PairedDifference:
        one, other = ([self._cost(summary) for summary in volume.summaries[name]] for name in (first, second))
        return paired_difference(one, other)

    def _cost(self, summary: Summary) -> float:
        return float(summary["cost_usd"]["per_month" if self.monthly else "total"])

    def _jobs(self, summary: Summary) -> float:
        period = summary["period_s"]
        months = HOURS_PER_MONTH * HOUR / float(period) if self.monthly and isinstance(period, float) else 1.0
        return float(summary["jobs"]["submitted"]) * months


def _are_shown(found: Sequence[Sequence[PairedDifference]]) -> list[list[bool | None]]:
    """Whether differences are more than chance, by Holm's adjustment over all of them; null where p is not known."""
    every = [each.p for differences in found for each in differences]
    adjusted = iter(holm([p for p in every if p is not None]))
    return [[None if each.p is None else next(adjusted) < ALPHA for each in differences] for differences in found]


def break_even(
    *scenarios: Scenario,
    volume: str | Mapping[str, Any],
    seed: int | None = None,
    variants: Sequence[str] = (),
    replications: int = 1,
    workers: int = 1,
    on_volume: Callable[[int, int], None] | None = None,
) -> BreakEven:
    """Run variants at several volumes of jobs, to see from which on one is cheaper than another.

    Parameters
    ----------
    *scenarios : Scenario
        One: its variants are compared. Several: they are compared as they are. See `compare`.
    volume : str or mapping
        What makes the volume, and its values: ``"workload.etl.jobs.extract.arrayProperties.size=100,200,400"``, or as
        in a ``sweep:`` section ``{path: [100, 200, 400]}``; several paths together by ``{word: {"choices": …}}``.
    seed, variants, replications, workers
        See `compare`.
    on_volume : callable, optional
        Called with position and count before the variants are run at a volume.

    Returns
    -------
    BreakEven
        Interrupted by the user, the volumes that were finished.

    Raises
    ------
    ScenarioError
        If the path leads nowhere, a value does not fit, or the values make no two volumes that differ.
    ValueError
        If there is nothing to compare, or `replications` is below 1.
    """
    if replications < 1:
        raise ValueError(f"replications must be 1 or more, not {replications}")
    chosen = compared(*scenarios, variants=variants)
    seed = scenarios[0].seed if seed is None else seed
    parameter, grid = _volumes(scenarios[0], volume)
    at = [{name: scenario.with_(point.overrides) for name, scenario in chosen.items()} for point in grid]
    found: list[Volume] = []
    with in_order(_tasks(at, seed, replications), workers, summary_of) as summaries:
        try:
            for number, point in enumerate(grid):
                if on_volume is not None:
                    on_volume(number, grid.size)
                several = {name: [next(summaries) for _ in range(replications)] for name in chosen}
                found.append(Volume(point.labels[parameter], several))
        except KeyboardInterrupt:
            return _ordered(parameter, found, interrupted=True)
    return _ordered(parameter, found)


def _volumes(scenario: Scenario, volume: str | Mapping[str, Any]) -> tuple[str, Grid]:
    """The one parameter that makes the volume, and its values."""
    grid = grid_of(scenario, vary=[volume] if isinstance(volume, str) else volume)
    parameter = ", ".join(each.name for each in grid.parameters)
    if len(grid.parameters) != 1 or grid.size < 2:
        raise ScenarioError([Finding("volume", parameter, "is one volume", expected="two values or more, of one path")])
    return parameter, grid


def _tasks(at: Iterable[Mapping[str, Scenario]], seed: int, replications: int) -> Iterator[Task]:
    """In the order of volumes, variants and replications."""
    for variants in at:
        for scenario in variants.values():
            yield from (Task(scenario, seed, number) for number in range(replications))


def _ordered(parameter: str, found: Sequence[Volume], *, interrupted: bool = False) -> BreakEven:
    """By how many jobs there are."""
    jobs = BreakEven(parameter, tuple(found)).jobs
    if len(set(jobs)) < len(jobs):
        message = (
            "changes nothing of how many jobs there are" if len(set(jobs)) == 1 else "has two values of one volume"
        )
        raise ScenarioError([Finding("volume", parameter, message, expected="what makes more jobs, or fewer")])
    order = sorted(range(len(found)), key=jobs.__getitem__)
    return BreakEven(parameter, tuple(found[number] for number in order), interrupted)


def _cheaper(difference: float, first: str, second: str) -> str | None:
    """Of how much more the second costs."""
    return None if not difference else first if difference > 0 else second


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known)


def _plain(figure: Any) -> float:
    return float(figure["mean"] if isinstance(figure, dict) else figure)
