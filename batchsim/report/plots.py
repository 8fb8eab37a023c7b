"""What ``plot`` of a result, a comparison and a sweep offers: each draws into axes of your own, or makes a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from batchsim.errors import did_you_mean
from batchsim.report.figures import comparison, parts, sensitivity, style, sweep
from batchsim.report.figures import run as figures
from batchsim.report.figures.comparison import compare_figure
from batchsim.results.run import Run
from batchsim.results.run_table import FIGURE, RunTable, short_names
from batchsim.results.sensitivity import TriedAssumptions
from batchsim.results.summary_type import Summary
from batchsim.scenario.sections.parameters import label_of


@dataclass(frozen=True)
class Plots:
    """Pictures of one run: each is drawn into `ax`, or into a new picture, and returns its axes.

    In Jupyter axes of a new picture show it.
    """

    run: Run
    summary: Summary

    def __call__(self) -> Figure:
        """The whole picture of ``queue.png``."""
        return figures.queue_figure(self.run, self.summary)

    def queue(self, ax: Axes | None = None) -> Axes:
        """Jobs by state over time."""
        return self._draw(figures.draw_jobs, ax)

    def queue_time(self, ax: Axes | None = None) -> Axes:
        """Distribution of queue time."""
        return self._draw(figures.draw_queue_time, ax)

    def recorded(self, ax: Axes | None = None) -> Axes:
        """Time from submission to the first start, by the record of a trace beside the simulation.

        Raises
        ------
        ValueError
            If no trace says when its jobs started.
        """
        if "recorded" not in self.summary:
            raise ValueError("no trace of this run says when its jobs started")
        return self._draw(figures.draw_recorded, ax)

    def waits(self, ax: Axes | None = None) -> Axes:
        """What the jobs of each queue waited for, in job-hours."""
        axes = style.axes_or_new(ax)
        parts.draw_waits(axes, self.summary)
        return axes

    def vcpus(self, ax: Axes | None = None) -> Axes:
        """Running, stranded, idle and booting vCPUs against the limit."""
        return self._draw(figures.draw_vcpus, ax)

    def instances(self, ax: Axes | None = None) -> Axes:
        """How many instances of each type there are over time."""
        return self._draw(parts.draw_instances, ax)

    def cost(self, ax: Axes | None = None) -> Axes:
        """What each compute environment was paid for."""
        axes = style.axes_or_new(ax)
        parts.draw_cost(axes, self.summary)
        return axes

    def spend(self, ax: Axes | None = None) -> Axes:
        """Spend over time."""
        return self._draw(figures.draw_spend, ax)

    def _draw(self, draw: Callable[[Run, Axes], None], ax: Axes | None) -> Axes:
        axes = style.axes_or_new(ax)
        draw(self.run, axes)
        return axes


@dataclass(frozen=True)
class ComparisonPlots:
    """Pictures of a comparison, as of a run."""

    runs: Mapping[str, Run]
    summaries: Mapping[str, Summary]

    def __call__(self) -> Figure:
        """The whole picture of ``comparison.png``."""
        return compare_figure(self.runs, self.summaries)

    def queue_time(self, ax: Axes | None = None) -> Axes:
        """Distributions of queue time."""
        axes = style.axes_or_new(ax)
        comparison.draw_queue_times(axes, self.runs)
        return axes

    def cost(self, ax: Axes | None = None) -> Axes:
        """What each variant was paid for."""
        axes = style.axes_or_new(ax)
        comparison.draw_costs(axes, self.summaries)
        return axes

    def frontier(self, ax: Axes | None = None) -> Axes:
        """What each variant costs against its 95th percentile of queue time."""
        axes = style.axes_or_new(ax)
        comparison.draw_frontier_of_variants(axes, self.summaries)
        return axes


@dataclass(frozen=True)
class SensitivityPlots:
    """The picture of what other assumptions would change."""

    found: TriedAssumptions

    def __call__(self, ax: Axes | None = None) -> Axes:
        """How far each assumption moves the bill."""
        axes = style.axes_or_new(ax)
        sensitivity.draw_sensitivity(self.found, axes)
        return axes


@dataclass(frozen=True)
class SweepPlots:
    """Pictures of a sweep. A parameter goes by its name, or by the last steps of it where these are its own."""

    name: str
    runs: RunTable

    def __call__(self) -> Figure:
        """The whole picture of ``sweep.png``."""
        return sweep.sweep_figure(self.name, self.runs)

    def heatmap(
        self, x: str, y: str, figure: str = "cost_usd", at: Mapping[str, Any] | None = None, ax: Axes | None = None
    ) -> Axes:
        """The mean of a figure over two parameters, others at a value.

        Parameters
        ----------
        x, y : str
            Parameters.
        figure : str
            A column of ``runs``.
        at : mapping, optional
            Other parameters → the value, or its label, that they are drawn at; else that of the cheapest point which
            meets every objective, or of the cheapest of all.

        Raises
        ------
        ValueError
            If there is no such parameter, value or figure.
        """
        axes = style.axes_or_new(ax, height=5)
        sweep.draw_heatmap(self.runs, axes, self._named(x), self._named(y), _figure(figure), self._rest(at))
        return axes

    def lines(
        self,
        x: str,
        figure: str = "cost_usd",
        by: str | None = None,
        at: Mapping[str, Any] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """The mean of a figure over one parameter with its 95 % intervals, a line for each value of another (`by`).

        Raises
        ------
        ValueError
            As `heatmap` does.
        """
        axes = style.axes_or_new(ax, height=5)
        other = None if by is None else self._named(by)
        sweep.draw_lines(self.runs, axes, self._named(x), _figure(figure), other, self._rest(at))
        return axes

    def _named(self, name: str) -> str:
        """The whole name of a parameter."""
        names = [parameter.name for parameter in self.runs.parameters]
        found = _meant(name, names)
        if len(found) != 1:
            raise ValueError(f"no parameter {name!r}; expected one of {', '.join(names)}{did_you_mean(name, names)}")
        return found[0]

    def _rest(self, at: Mapping[str, Any] | None) -> dict[str, int]:
        rest = {}
        for name, value in (at or {}).items():
            whole = self._named(name)
            parameter = next(each for each in self.runs.parameters if each.name == whole)
            labels = [each.label for each in parameter.values]
            if label_of(value) not in labels:
                raise ValueError(f"{name} has no value {label_of(value)}; expected one of {', '.join(labels)}")
            rest[whole] = labels.index(label_of(value))
        return rest


def _meant(name: str, names: Sequence[str]) -> list[str]:
    """The parameters that may be meant: the one of that name, or those that end in it, or those it is short for."""
    if name in names:
        return [name]
    ending = [each for each in names if f".{each}".endswith(f".{name}")]
    return ending or [each for each, short in short_names(names).items() if short == name]


def _figure(name: str) -> str:
    if name not in FIGURE:
        raise ValueError(f"no figure {name!r}; expected one of {', '.join(FIGURE)}{did_you_mean(name, FIGURE)}")
    return name
