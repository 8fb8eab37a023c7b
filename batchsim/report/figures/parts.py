"""What a run's money and waiting are made of, and how many instances of which type it had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from batchsim.columns import PURPOSES, WAIT_CAUSES
from batchsim.report import formatting, narrative
from batchsim.report.figures import style
from batchsim.report.figures.run import draw_stack
from batchsim.report.figures.style import CAUSES, GREY, PURPOSE_COLOURS, SEVERAL
from batchsim.results import series
from batchsim.results.run import Run
from batchsim.results.series import Window
from batchsim.results.step_functions import total
from batchsim.results.summary_type import Summary
from batchsim.units import HOUR, format_usd

#: Types that have a colour of their own.
MOST_TYPES = 4


def draw_cost(ax: Axes, summary: Summary, *, title: str = "Cost by compute environment and purpose") -> None:
    """A bar for each compute environment that was paid for, and for what."""
    bars = {name: figures["cost_usd"]["by_purpose"] for name, figures in summary["compute_environments"].items()}
    rows = {name: _plain(parts) for name, parts in bars.items()}
    for name, unused in narrative.paid_beside(summary).items():
        rows[name] = {"idle": formatting.plain(unused)}
    _draw_bars(ax, title, rows, {name: PURPOSE_COLOURS[name] for name in PURPOSES}, format_usd, "nothing was paid")


def draw_waits(ax: Axes, summary: Summary, *, title: str = "Waiting by job queue and cause (job-hours)") -> None:
    """A bar for each job queue whose jobs waited, and for what."""
    rows = {name: _plain(figures["wait_s"]) for name, figures in summary["job_queues"].items()}
    hours = {name: {cause: seconds / HOUR for cause, seconds in parts.items()} for name, parts in rows.items()}
    _draw_bars(ax, title, hours, {name: CAUSES[name] for name in WAIT_CAUSES}, _hours, "no job waited")


def _hours(value: float) -> str:
    return f"{value:,.0f} h" if value >= 10 or value == round(value) else f"{value:.2g} h"


def _plain(parts: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(formatting.plain(value)) for name, value in parts.items()}


def _draw_bars(
    ax: Axes,
    title: str,
    rows: Mapping[str, Mapping[str, float]],
    colours: Mapping[str, str],
    show: Callable[[float], str],
    nothing: str,
) -> None:
    """Bars of parts, the longest first, each with its total behind it."""
    style.titled_axes(ax, title, legend=True)
    ax.grid(visible=False)
    sums = {name: sum(parts.values()) for name, parts in rows.items()}
    names = sorted((name for name in rows if sums[name] > 0), key=lambda name: -sums[name])
    if not names:
        ax.text(0.5, 0.5, nothing, transform=ax.transAxes, ha="center", color=GREY)
        ax.set_yticks([])
        return
    most, left = max(sums.values()), np.zeros(len(names))
    for part, colour in colours.items():
        widths = np.array([rows[name].get(part, 0.0) for name in names])
        if widths.max() > 0.002 * most:
            ax.barh(names, widths, left=left, color=colour, label=part, height=0.6)
        left = left + widths
    for row, name in enumerate(names):
        ax.text(sums[name] + 0.01 * most, row, show(sums[name]), va="center", fontsize=10, fontweight="bold")
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0, most * 1.18)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show(value)))
    for label in ax.get_yticklabels():
        label.set_parse_math(False)
    style.legend_above(ax)


def draw_instances(run: Run, ax: Axes, *, title: str = "Instances by type", window: Window | None = None) -> None:
    """How many instances of each type there are over time, booting ones included; of many types, the rest together.

    A dashed line is how many are reserved, where some are.
    """
    window = window or series.busiest(run.outcome)
    style.titled_axes(ax, title, legend=True)
    curves, reserved = series.instances_by_type(run.outcome), series.reserved_instances(run.outcome)
    if not curves:
        ax.text(0.5, 0.5, "no instances", transform=ax.transAxes, ha="center", color=GREY)
        ax.set_yticks([])
        return
    rest = list(curves)[MOST_TYPES:]
    if len(rest) > 1:
        curves = {name: curve for name, curve in curves.items() if name not in rest} | {
            f"{len(rest)} others": total([curves[name] for name in rest])
        }
    colours = dict(zip(curves, cycle(SEVERAL), strict=False))
    top = draw_stack(ax, run.scenario.start, window, curves, colours, total(list(curves.values())))
    if reserved is not None:
        at, level = (np.concatenate([column, column[-1:]]) for column in reserved)
        at[-1] = max(float(at[-1]), window[1])
        ax.step(style.days(run.scenario.start, at), level, where="post", color=GREY, linestyle="--", label="reserved")
        top = max(top, float(level.max()))
    ax.set_ylim(0, max(top, 1) * 1.15)
    style.count_axis(ax, "instances")
    style.clock_axis(ax, run.scenario.start, window)
    style.legend_above(ax)
