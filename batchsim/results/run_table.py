"""Many runs, of one scenario with some of its values varied: their figures by point of the grid and replication."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import RUN_FIGURES, RUN_LABELS, Column
from batchsim.results.summary_type import Summary
from batchsim.scenario.sections.parameters import Parameter, Value
from batchsim.statistics.intervals import confidence_interval

if TYPE_CHECKING:
    import pyarrow as pa

#: What became of a run.
PENDING, DONE, FAILED, INVALID = range(4)
STATUS = {DONE: "done", FAILED: "failed"}

#: Where each figure stands in a row of them.
FIGURE = {column.name: number for number, column in enumerate(RUN_FIGURES)}

#: The figures that a person compares points by.
MAIN = (
    *("cost_usd", "queue_time_p95_s", "turnaround_p95_s", "makespan_s", "utilisation_vcpu", "peak_vcpus"),
    *("interruptions", "failed", "unfinished", "objectives_missed"),
)

#: Names that no parameter can have: those of columns beside it. A parameter ``seed`` is what its column says.
TAKEN = frozenset(column.name for column in (*RUN_LABELS, *RUN_FIGURES)) - {"seed"}

#: The largest integer that a column holds.
_LARGEST = 2**63 - 1


def figures_of(summary: Summary) -> list[float]:
    """The figures of one run's summary, in the order of `columns.RUN_FIGURES`; NaN where one is not known."""
    cost, jobs = summary["cost_usd"], summary["jobs"]
    figures = {
        **{
            f"{kind}_{statistic}_s": summary[f"{kind}_s"][statistic]  # type: ignore[literal-required]
            for kind in ("queue_time", "turnaround")
            for statistic in ("p50", "p95")
        },
        "makespan_s": summary["makespan_s"],
        "cost_usd": cost["total"],
        **{f"cost_{purpose}_usd": value for purpose, value in cost["by_purpose"].items()},
        "utilisation_vcpu": summary["utilisation"]["vcpu"],
        "utilisation_memory": summary["utilisation"]["memory"],
        "peak_vcpus": summary["peak_vcpus"],
        "interruptions": summary["interruptions"],
        **{state: jobs[state] for state in ("submitted", "succeeded", "failed", "unfinished")},
        "objectives_missed": sum(objective["kept"] is False for objective in summary["objectives"]),
    }
    return [math.nan if figures[name] is None else float(figures[name]) for name in FIGURE]


@dataclass(frozen=True, eq=False)
class RunTable:
    """The figures of many runs; points of the grid are numbered with the last parameter's values changing first.

    It is filled as runs finish; what is concluded from it (`meets`, `best`) is that of the first time it is asked for.

    Attributes
    ----------
    parameters : tuple of Parameter
        What was varied.
    replications : int
        Of each point.
    seed : int
        Of all runs, but where the seed itself is varied.
    status : array of int8, points x replications
        `PENDING`, `DONE`, `FAILED` or, of all replications of a point that is no valid scenario, `INVALID`.
    figures : array of float64, points x replications x figures
        In the order of `columns.RUN_FIGURES`; NaN where one is not known, or the run is not done.
    digests : array of uint64, points x 2
        Of what each point runs, zero of one that was not looked at: equal where two points are the same scenario.
    errors : dict
        Why runs failed, by point and replication.
    invalid : dict of int to str
        The first fault of each point that is no valid scenario.
    """

    parameters: tuple[Parameter, ...]
    replications: int
    seed: int
    status: NDArray[np.int8] = field(repr=False)
    figures: NDArray[np.float64] = field(repr=False)
    digests: NDArray[np.uint64] = field(repr=False)
    errors: dict[tuple[int, int], str] = field(default_factory=dict, repr=False)
    invalid: dict[int, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, parameters: tuple[Parameter, ...], replications: int, seed: int) -> RunTable:
        """A table in which no run is done."""
        points = math.prod(len(parameter.values) for parameter in parameters)
        status = np.full((points, replications), PENDING, np.int8)
        figures = np.full((points, replications, len(FIGURE)), np.nan)
        return cls(parameters, replications, seed, status, figures, np.zeros((points, 2), np.uint64))

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each parameter has."""
        return tuple(len(parameter.values) for parameter in self.parameters)

    @property
    def points(self) -> int:
        """How many points the grid has."""
        return len(self.status)

    @cached_property
    def short_names(self) -> Mapping[str, str]:
        """What pictures call each parameter, by its name."""
        return short_names(parameter.name for parameter in self.parameters)

    def coordinates(self, point: int) -> tuple[int, ...]:
        """The numbers of a point's values, one for each parameter."""
        return tuple(int(number) for number in np.unravel_index(point, self.shape)) if self.shape else ()

    def values(self, point: int) -> dict[str, Value]:
        """The values of a point, by the name of the parameter."""
        return {
            parameter.name: parameter.values[number]
            for parameter, number in zip(self.parameters, self.coordinates(point), strict=True)
        }

    def labels(self, point: int) -> dict[str, str]:
        """What tables show of a point, by the name of the parameter."""
        return {name: value.label for name, value in self.values(point).items()}

    def overrides(self, point: int) -> dict[str, Any]:
        """What a point makes of the scenario: dotted path → value."""
        return {path: each for value in self.values(point).values() for path, each in value.overrides.items()}

    def count(self, status: int) -> int:
        """How many runs have a status."""
        return int(np.count_nonzero(self.status == status))

    def of_figure(self, figure: str) -> NDArray[np.float64]:
        """One figure of all runs: points x replications."""
        return self.figures[:, :, FIGURE[figure]]

    @cached_property
    def is_done(self) -> NDArray[np.bool_]:
        """Of each point, whether it has runs and all that were asked for are done."""
        done: NDArray[np.bool_] = (self.status == DONE).all(axis=1)
        return done

    @cached_property
    def has_runs(self) -> NDArray[np.bool_]:
        """Of each point, whether a run of it is done."""
        some: NDArray[np.bool_] = (self.status == DONE).any(axis=1)
        return some

    @cached_property
    def meets(self) -> NDArray[np.bool_]:
        """Of each point, whether all its runs are done, met every objective and left no job unfinished."""
        missed = self.of_figure("objectives_missed") + self.of_figure("unfinished")
        with np.errstate(invalid="ignore"):
            met: NDArray[np.bool_] = self.is_done & (missed == 0).all(axis=1)
        return met

    def mean(self, figure: str) -> NDArray[np.float64]:
        """The mean of a figure over each point's runs that are done; NaN where one of them does not know it."""
        done = self.status == DONE
        sums = np.where(done, self.of_figure(figure), 0.0).sum(axis=1)
        with np.errstate(invalid="ignore"):
            mean: NDArray[np.float64] = sums / np.where(self.has_runs, done.sum(axis=1), np.nan)
        return mean

    def interval(self, figure: str, point: int) -> dict[str, Any] | None:
        """The mean of a figure over a point's runs that are done, with its 95 % interval; None if unknown."""
        known = self.of_figure(figure)[point][self.status[point] == DONE]
        return confidence_interval(known.tolist()) if len(known) and not np.isnan(known).any() else None

    def cheapest(self, among: NDArray[np.bool_]) -> int | None:
        """The point of the least mean cost among some; the first of several, None of none."""
        cost = np.where(among, self.mean("cost_usd"), np.nan)
        return None if np.isnan(cost).all() else int(np.nanargmin(cost))

    @cached_property
    def best(self) -> int | None:
        """The cheapest point that `meets`; None where there is none."""
        return self.cheapest(self.meets)

    def by_effect(self, figures: Iterable[str]) -> list[int]:
        """Numbers of the parameters of several values, the one with which the means of some figures move most first.

        How far a mean moves with a parameter, whatever the others are, counts as a part of how far it moves at all.
        """
        effects = [0.0] * len(self.parameters)
        for figure in figures:
            means = self.mean(figure)
            known = ~np.isnan(means)
            spread = float(np.ptp(means[known])) if known.any() else 0.0
            if not spread:
                continue
            for number, size in enumerate(self.shape):
                sums, counts = (
                    self._by_value(number, each).reshape(size, -1).sum(axis=1)
                    for each in (np.where(known, means, 0.0), known)
                )
                effects[number] += float(np.ptp(sums[counts > 0] / counts[counts > 0])) / spread
        several = [number for number, size in enumerate(self.shape) if size > 1]
        return sorted(several, key=lambda number: -effects[number])

    def without_effect(self) -> dict[str, str]:
        """Parameters of several values that change nothing, and what it is that stays the same."""
        found: dict[str, str] = {}
        looked_at: NDArray[np.bool_] = (self.digests != 0).any(axis=1)
        done = np.asarray(self.status == DONE)
        for what, known, values in (
            ("all its values make the same scenario", looked_at, self.digests),
            ("the figures are the same whatever its value", done, self.figures),
        ):
            for number, parameter in enumerate(self.parameters):
                if _never_differ(self._by_value(number, known), self._by_value(number, values)):
                    found.setdefault(parameter.name, what)
        return found

    def _by_value(self, number: int, values: NDArray[Any]) -> NDArray[Any]:
        """What belongs to points, arranged by the values of one parameter."""
        return np.moveaxis(values.reshape(*self.shape, *values.shape[1:]), number, 0)

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each point that has runs, as a table shows it.

        The label of each parameter's value (its number where it is one), ``runs`` that are done, whether the point
        ``meets`` every objective and leaves no job unfinished, and of each of `MAIN` the mean over replications with
        the bounds of its 95 % interval (None with one replication, and where a run does not know the figure).
        """
        runs = (self.status == DONE).sum(axis=1)
        for point in np.flatnonzero(self.has_runs).tolist():
            values = self.values(point).items()
            row: dict[str, Any] = {
                **{name: value.label if value.number is None else value.number for name, value in values},
                "runs": int(runs[point]),
                "meets": bool(self.meets[point]),
            }
            for figure in MAIN:
                interval = self.interval(figure, point) or {"mean": None, "low": None, "high": None}
                row |= {figure: interval["mean"], f"{figure}_low": interval["low"], f"{figure}_high": interval["high"]}
            yield row

    def arrow(self) -> pa.Table:
        """A row for each run that is done or failed, by the parameters' values in their order and replication."""
        import pyarrow as pa

        point, replication = np.nonzero((self.status == DONE) | (self.status == FAILED))
        status = self.status[point, replication]
        varied = dict(self._varied(point))
        columns: dict[str, pa.Array] = {
            **{name: array for name, array in varied.items() if name != "seed"},
            "replication": pa.array(replication, pa.int64()),
            "seed": varied.get("seed", _typed([self.seed], np.zeros(len(point), np.int64))),
            "status": pa.array([STATUS[int(each)] for each in status], pa.string()),
        }
        for column in RUN_FIGURES:
            figures = self.of_figure(column.name)[point, replication]
            columns[column.name] = _figures(figures, column)
        units = {
            column.name: {"unit": column.unit, "meaning": column.meaning} for column in (*RUN_LABELS, *RUN_FIGURES)
        }
        fields = [pa.field(name, array.type, metadata=units.get(name)) for name, array in columns.items()]
        return pa.table(list(columns.values()), schema=pa.schema(fields))

    def _varied(self, points: NDArray[np.int64]) -> Iterator[tuple[str, pa.Array]]:
        """The column of each parameter."""
        numbers = np.unravel_index(points, self.shape) if self.shape else ()
        for parameter, chosen in zip(self.parameters, numbers, strict=True):
            values = [value.label if value.number is None else value.number for value in parameter.values]
            if any(isinstance(value, str) for value in values):
                values = [value.label for value in parameter.values]
            yield parameter.name, _typed(values, chosen)


def _never_differ(known: NDArray[np.bool_], values: NDArray[Any]) -> bool:
    """Whether rows of values are equal along the first axis wherever several are known, and several are somewhere."""
    first, seen = values[0].copy(), known[0].copy()
    compared = False
    for row, has in zip(values[1:], known[1:], strict=True):
        both = seen & has
        equal = ((row == first) | (np.isnan(row) & np.isnan(first))).all(axis=-1)
        if (both & ~equal).any():
            return False
        compared = compared or bool(both.any())
        first[has & ~seen] = row[has & ~seen]
        seen |= has
    return compared


def _typed(values: list[Any], chosen: NDArray[np.int64]) -> pa.Array:
    """Values by their number: a column of whole numbers, of numbers, or of texts."""
    import pyarrow as pa

    if all(isinstance(value, int) and abs(value) <= _LARGEST for value in values):
        return pa.array(np.array(values, np.int64)[chosen])
    if all(isinstance(value, (int, float)) and abs(value) <= _LARGEST for value in values):
        return pa.array(np.array(values, np.float64)[chosen])
    return pa.array([str(value) for value in values], pa.string()).take(pa.array(chosen))


def _figures(values: NDArray[np.float64], column: Column) -> pa.Array:
    """Figures as their column has them; what is not known is null."""
    import pyarrow as pa

    unknown = np.isnan(values)
    if column.dtype == "int64":
        return pa.array(np.where(unknown, 0, values).astype(np.int64), pa.int64(), mask=unknown)
    return pa.array(values, pa.float64(), mask=unknown)


def short_names(names: Iterable[str]) -> Mapping[str, str]:
    """Names of parameters as pictures show them: the last step of a path, with the first that tells it from others."""
    steps = {name: name.split(".") for name in names}
    short = {}
    for name, mine in steps.items():
        rivals = [theirs for other, theirs in steps.items() if other != name and theirs[-1] == mine[-1]]
        short[name] = _shortened(mine, rivals)
    return short


def _shortened(steps: Sequence[str], rivals: Sequence[Sequence[str]]) -> str:
    """The last step of a path, with the first that no path of the same last step has; the whole path without one."""
    *before, last = steps
    if not rivals:
        return last
    apart = next((step for step in before if all(step not in theirs for theirs in rivals)), "")
    return f"{apart}.{last}" if apart else ".".join(steps)
