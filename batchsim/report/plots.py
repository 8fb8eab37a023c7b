"""What ``result.plot`` and ``comparison.plot`` offer: each draws into axes of your own, or makes a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from batchsim.report.figures import run as figures
from batchsim.report.figures.comparison import compare_figure
from batchsim.results.run import Run
from batchsim.results.summary_fields import Summary


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

    def vcpus(self, ax: Axes | None = None) -> Figure:
        """Running, stranded, idle and booting vCPUs against the limit."""
        return self._draw(figures.draw_vcpus, ax)

    def spend(self, ax: Axes | None = None) -> Figure:
        """Spend over time."""
        return self._draw(figures.draw_spend, ax)

    def _draw(self, draw: Callable[[Run, Axes], None], ax: Axes | None) -> Figure:
        if ax is None:
            ax = Figure(figsize=(9, 4.5), layout="constrained").subplots()
        draw(self.run, ax)
        figure = ax.figure
        assert isinstance(figure, Figure)  # noqa: S101 (for the type checker)
        return figure


@dataclass(frozen=True)
class ComparisonPlots:
    """Pictures of a comparison."""

    runs: Mapping[str, Run]
    summaries: Mapping[str, Summary]

    def __call__(self) -> Figure:
        """The whole picture of ``comparison.png``."""
        return compare_figure(self.runs, self.summaries)
