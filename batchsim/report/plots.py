"""What ``plot`` of a result, a comparison and a sweep offers: each draws into axes of your own, or makes a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from batchsim.errors import did_you_mean
from batchsim.report.figures import run as figures
from batchsim.report.figures import style, sweep
from batchsim.report.figures.comparison import compare_figure
from batchsim.results.run import Run
from batchsim.results.run_table import FIGURE, RunTable, short_names
from batchsim.results.summary_fields import Summary
from batchsim.scenario.sections.parameters import label_of


@dataclass(frozen=True)
class Plots:
    """Pictures of one run. In Jupyter a returned figure shows itself."""

    run: Run
    summary: Summary

    def __call__(self) -> Figure:
        """The whole picture, as that of a comparison."""
        return self.queue()

    def queue(self) -> Figure:
        """The whole picture of ``queue.png``."""
        return figures.queue_figure(self.run, self.summary)

    def jobs(self, ax: Axes | None = None) -> Figure:
        """Jobs by state over time."""
        return self._draw(figures.draw_jobs, ax)

    def queue_time(self, ax: Axes | None = None) -> Figure:
        """Distribution of queue time."""
        return self._draw(figures.draw_queue_time, ax)

    def recorded(self, ax: Axes | None = None) -> Figure:
        """Time from submission to the first start, by the record of a trace beside the simulation.

        Raises
        ------
        ValueError
            If no trace says when its jobs started.
        """
        if "recorded" not in self.summary:
            raise ValueError("no trace of this run says when its jobs started")
        return self._draw(figures.draw_recorded, ax)

    def vcpus(self, ax: Axes | None = None) -> Figure:
        """Running, stranded, idle and booting vCPUs against the limit."""
        return self._draw(figures.draw_vcpus, ax)

    def spend(self, ax: Axes | None = None) -> Figure:
        """Spend over time."""
        return self._draw(figures.draw_spend, ax)

    def _draw(self, draw: Callable[[Run, Axes], None], ax: Axes | None) -> Figure:
        if ax is None:
            ax = style.Picture(figsize=(9, 4.5), layout="constrained").subplots()
        draw(self.run, ax)
        return _figure_of(ax)


@dataclass(frozen=True)
class ComparisonPlots:
    """Pictures of a comparison."""

    runs: Mapping[str, Run]
    summaries: Mapping[str, Summary]

    def __call__(self) -> Figure:
        """The whole picture of ``comparison.png``."""
        return compare_figure(self.runs, self.summaries)


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
    ) -> Figure:
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
        axes = self._axes(ax)
        sweep.draw_heatmap(self.runs, axes, self._named(x), self._named(y), _figure(figure), self._rest(at))
        return _figure_of(axes)

    def lines(
        self,
        x: str,
        figure: str = "cost_usd",
        by: str | None = None,
        at: Mapping[str, Any] | None = None,
        ax: Axes | None = None,
    ) -> Figure:
        """The mean of a figure over one parameter with its 95 % intervals, a line for each value of another (`by`).

        Raises
        ------
        ValueError
            As `heatmap` does.
        """
        axes = self._axes(ax)
        other = None if by is None else self._named(by)
        sweep.draw_lines(self.runs, axes, self._named(x), _figure(figure), other, self._rest(at))
        return _figure_of(axes)

    def _axes(self, ax: Axes | None) -> Axes:
        return style.Picture(figsize=(9, 5), layout="constrained").subplots() if ax is None else ax

    def _named(self, name: str) -> str:
        """The whole name of a parameter."""
        names = [parameter.name for parameter in self.runs.parameters]
        found = [each for each in names if each == name] or [each for each in names if f".{each}".endswith(f".{name}")]
        found = found or [each for each, short in short_names(names).items() if short == name]
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


def _figure(name: str) -> str:
    if name not in FIGURE:
        raise ValueError(f"no figure {name!r}; expected one of {', '.join(FIGURE)}{did_you_mean(name, FIGURE)}")
    return name


def _figure_of(ax: Axes) -> Figure:
    figure = ax.figure
    assert isinstance(figure, Figure)  # noqa: S101 (for the type checker)
    return figure
