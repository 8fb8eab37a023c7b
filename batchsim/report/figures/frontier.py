"""The frontier of cost against queue time, or against the figure of an objective."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from batchsim.report.figures import style
from batchsim.report.figures.style import BLUE, GREEN, GREY, PALE, RED
from batchsim.units import DAY, format_clock, format_usd

#: Dearer or slower points than so many times the frontier's own range are left out of the picture.
REACH = 1.6
#: Characters of a line below the axes.
WIDEST_LABEL = 92


@dataclass(frozen=True)
class FrontierPoint:
    """A configuration: its figure, its cost, and whether it kept all objectives."""

    figure: float
    cost_usd: float
    kept: bool


@dataclass(frozen=True)
class Frontier:
    """What is drawn.

    Attributes
    ----------
    name : str
        Of the scenario.
    points : sequence of FrontierPoint
        Every configuration that was simulated.
    best : sequence of FrontierPoint
        Those of the frontier, the cheapest first.
    pick : FrontierPoint or None
        What is recommended.
    of : str
        What the figure is.
    limit : float or None
        Of the figure.
    clock : bool
        The figure is a time of day.
    label : str
        What is said of the pick, below the axes.
    """

    name: str
    points: Sequence[FrontierPoint]
    best: Sequence[FrontierPoint]
    pick: FrontierPoint | None
    of: str
    limit: float | None = None
    clock: bool = False
    label: str = ""

    def within(self, figure: float, cost_usd: float) -> list[FrontierPoint]:
        """The points with a figure and a cost of at most so much."""
        return [each for each in self.points if each.figure <= figure and each.cost_usd <= cost_usd]


def frontier_figure(drawn: Frontier) -> Figure:
    """The picture of ``frontier.png``."""
    figure = style.Picture(figsize=(9, 5.5), layout="constrained")
    draw_frontier(drawn, figure.subplots())
    return figure


def draw_frontier(drawn: Frontier, ax: Axes) -> None:
    """Every configuration that was simulated, the frontier as a line, the pick, and the limit."""
    style.titled_axes(ax, f"{drawn.name}: what less waiting costs", legend=True)
    right, top = extent(drawn)
    shown = drawn.within(right, top)
    for kept, colour, marker, name in (
        (True, BLUE, "o", "keeps the objectives"),
        (False, RED, "x", "misses an objective"),
    ):
        at, cost = _places([each for each in shown if each.kept is kept])
        ax.scatter(at, cost, s=28, c=colour, marker=marker, label=name, linewidths=1.4)
    if len(drawn.best) > 1:
        ax.step(*_places(drawn.best), where="pre", color=GREY, linewidth=1.4, zorder=0, label="frontier")
    if drawn.limit is not None and drawn.limit <= right:
        ax.axvline(drawn.limit, color=RED, linewidth=1.2, linestyle="--", label="limit")
        ax.axvspan(drawn.limit, right, color=PALE, alpha=0.25, linewidth=0)
    if drawn.pick is not None:
        place = drawn.pick.figure, drawn.pick.cost_usd
        ax.scatter([place[0]], [place[1]], s=140, facecolors="none", edgecolors=GREEN, linewidths=2.2)
        # Below the axes, where it hides no point.
        ax.annotate(
            textwrap.fill(drawn.label, WIDEST_LABEL),
            (0, 0),
            xycoords="axes fraction",
            xytext=(0, -40),
            textcoords="offset points",
            va="top",
            fontsize=9,
            color=GREEN,
            fontweight="bold",
            parse_math=False,
        )
    _axes(ax, drawn, right, top)


def _places(points: Sequence[FrontierPoint]) -> tuple[list[float], list[float]]:
    """Where points are along and up."""
    return [each.figure for each in points], [each.cost_usd for each in points]


def _axes(ax: Axes, drawn: Frontier, right: float, top: float) -> None:
    costs = [each.cost_usd for each in drawn.points if each.cost_usd <= top]
    low = min(costs, default=0.0)
    margin = max(0.12 * (top - low), 0.01)
    ax.set_ylim(max(low - 1.5 * margin, 0.0), top + margin)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_usd(value)))
    ax.set_ylabel("cost of the period", fontsize=9)
    if drawn.clock:
        figures = [each.figure for each in drawn.points if each.figure <= right]
        left = min(figures, default=0.0)
        ax.set_xlim(left - 0.05 * (right - left), right)
        ax.xaxis.set_major_locator(MultipleLocator(style.duration_step(right - left, 7)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_clock(value % DAY)))
    else:
        ax.set_xlim(-0.02 * right, right)
        style.duration_axis(ax, right)
        ax.set_xlim(-0.02 * right, right)
    ax.set_xlabel(drawn.of, fontsize=9)
    style.legend_above(ax)


def extent(drawn: Frontier) -> tuple[float, float]:
    """Up to what figure and cost the axes go: what is far from the frontier and from the limit is no news."""
    if not drawn.points:
        return 1.0, 1.0
    interesting = [*drawn.best, *([drawn.pick] if drawn.pick else [])] or list(drawn.points)
    figures, costs = np.array([each.figure for each in interesting]), np.array([each.cost_usd for each in interesting])
    right = min(float(figures.max()), REACH * drawn.limit) if drawn.limit and not drawn.clock else float(figures.max())
    right = max(right, drawn.limit or 0.0, 1.0)
    right += 0.05 * (right - min(float(figures.min()), right) or right)
    top = float(costs.max())
    return right, top + (REACH - 1.0) * max(top - float(costs.min()), 0.05 * top)
