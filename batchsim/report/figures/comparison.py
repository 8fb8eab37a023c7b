"""Variants side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

from batchsim.columns import PURPOSES
from batchsim.report import formatting, narrative
from batchsim.report.figures import style
from batchsim.report.figures.run import draw_jobs, draw_vcpus, shown_until
from batchsim.report.figures.style import GREEN, PURPOSE_COLOURS, RED, SEVERAL
from batchsim.results import series
from batchsim.results.durations import Durations
from batchsim.results.objectives import deadlines
from batchsim.results.run import Run
from batchsim.results.series import Window
from batchsim.results.summary_type import Summary
from batchsim.spec.objectives import Objective
from batchsim.units import format_duration, format_usd


def compare_figure(runs: Mapping[str, Run], summaries: Mapping[str, Summary]) -> Figure:
    """Variants side by side: vCPUs and waiting jobs over time on common axes, then queue time and cost.

    Each has its verdict, and the deadlines of its objectives as lines.
    """
    columns = max(len(runs), 1)
    figure = style.Picture(figsize=(5.2 * max(columns, 2), 12), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.15))
    grid = figure.add_gridspec(3, columns, height_ratios=[1, 1, 1.05])
    pairs = [(figure.add_subplot(grid[0, i]), figure.add_subplot(grid[1, i])) for i in range(columns)]
    window = _busiest(runs.values())
    due = {name: _deadlines(run, window) for name, run in runs.items()}
    # A deadline soon after the last job ended is worth showing.
    window = window[0], max([window[1], *(at * 1.01 for instants in due.values() for at in instants)])
    for (upper, lower), (name, run) in zip(pairs, runs.items(), strict=True):
        draw_vcpus(run, upper, title=f"{name}\nvCPUs", limit=False, window=window)
        draw_jobs(run, lower, title="jobs by state", window=window)
        _draw_verdict(upper, summaries[name]["objectives"])
        for ax in (upper, lower):
            for at in style.days(run.scenario.start, np.array(due[name])):
                _draw_deadline(ax, at)
    for row in zip(*pairs, strict=True):
        style.as_high_as_each_other(row)
    halves = grid[2, :].subgridspec(1, 2)
    draw_queue_times(figure.add_subplot(halves[0, 0]), runs)
    draw_costs(figure.add_subplot(halves[0, 1]), summaries)
    style.small_print(figure, summaries.values())
    return figure


def _busiest(runs: Iterable[Run]) -> Window:
    """The stretch in which any of the runs is busy."""
    windows = [series.busiest(run.outcome) for run in runs]
    return min((low for low, _ in windows), default=0.0), max((high for _, high in windows), default=1.0)


def _misses_any(objectives: Iterable[Mapping[str, Any]]) -> bool:
    return any(objective["kept"] is False for objective in objectives)


def _draw_verdict(ax: Axes, objectives: Sequence[Mapping[str, Any]]) -> None:
    if not objectives:
        return
    colour = RED if _misses_any(objectives) else GREEN
    # Matplotlib has one distance for all titles of an axes: the last one that is set.
    pad = style.TITLE_PAD
    ax.set_title(narrative.verdict(objectives), loc="right", fontsize=11, color=colour, pad=pad)


def _draw_deadline(ax: Axes, at: float) -> None:
    """An upright line, with the word at its top, on its left."""
    ax.axvline(at, color=RED, linewidth=1.4, linestyle="--")
    ax.annotate(
        "deadline",
        (at, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-3, -3),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=9,
        color=RED,
        rotation=90,
    )


def _upper_limits(run: Run, metric: str) -> list[Objective]:
    """A run's objectives that a metric is not above a limit."""
    return [each for each in run.scenario.objectives if each.metric == metric and each.comparison.startswith("<")]


def _deadlines(run: Run, window: Window) -> list[float]:
    """The deadlines of a run's objectives in a window, or not long after it."""
    instants = {
        at
        for objective in _upper_limits(run, "finished_at")
        for at in deadlines(objective, run.workload, run.scenario).tolist()
    }
    return sorted(at for at in instants if window[0] <= at <= window[1] + (window[1] - window[0]) / 2)


def draw_queue_times(ax: Axes, runs: Mapping[str, Run]) -> None:
    """Distributions of queue time, one for each variant, with the limits of objectives."""
    style.titled_axes(ax, "Queue time: share of jobs that started within")
    several = {name: series.sorted_queue_times(run.outcome) for name, run in runs.items()}
    longest = shown_until(several.values())
    for (name, times), colour in zip(several.items(), cycle(SEVERAL), strict=False):
        at, shares = series.share_started(times)
        further = f", longest {format_duration(float(at[-1]))}" if at[-1] > longest else ""
        if len(at) > 1:
            ax.step(at, shares, where="post", color=colour, linewidth=2, label=f"{name}: {_p95(times)}{further}")
    limits = {each.expression: each.limit for run in runs.values() for each in _upper_limits(run, "queue_time")}
    for expression, limit in limits.items():
        if limit <= 2 * longest:
            longest = max(longest, limit)
            ax.axvline(limit, color=RED, linewidth=1.4, linestyle="--", label=expression)
    style.share_axis(ax)
    style.from_zero(ax, longest)
    style.legend_below(ax, columns=2)


def _p95(times: Durations) -> str:
    p95, least = times.statistic("p95")
    return f"p95 {format_duration(p95)}" if p95 is not None else f"p95 over {format_duration(least or 0.0)}"


def draw_frontier_of_variants(ax: Axes, summaries: Mapping[str, Summary]) -> None:
    """What each variant costs against its queue time; those that miss an objective are crossed.

    Of a variant whose p95 is unknown there is nothing to draw but its name, said below.
    """
    style.titled_axes(ax, "What less waiting costs", legend=True)
    known, unknown = {}, []
    for name, summary in summaries.items():
        p95 = formatting.plain(summary["queue_time_s"]["p95"])
        if p95 is None:
            unknown.append(name)
        else:
            known[name] = p95, formatting.plain(summary["cost_usd"]["total"])
    longest = max([p95 for p95, _ in known.values()], default=0.0) or 1.0
    highest = max([cost for _, cost in known.values()], default=0.0) or 0.01
    for (name, (p95, cost)), colour in zip(known.items(), cycle(SEVERAL), strict=False):
        missed, marker = (", misses an objective", "X") if _misses_any(summaries[name]["objectives"]) else ("", "o")
        label = f"{name}: {format_usd(cost)}, p95 {format_duration(p95)}{missed}"
        ax.scatter([p95], [cost], s=60, color=colour, marker=marker, label=label, clip_on=False, zorder=4)
    if unknown:
        told = f"p95 unknown: {', '.join(unknown)}"
        ax.text(0.99, 0.02, told, transform=ax.transAxes, ha="right", color=RED, fontsize=9, parse_math=False)
    style.from_zero(ax, longest * 1.1)
    ax.set_ylim(0, highest * 1.12)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_usd(value)))
    ax.set_ylabel("cost of the period", fontsize=9)
    ax.set_xlabel("queue time, p95", fontsize=9)
    style.legend_below(ax, columns=1, lower=0.2)


def draw_costs(ax: Axes, summaries: Mapping[str, Summary]) -> None:
    """Costs of variants by what they were paid for."""
    style.titled_axes(ax, "Cost by purpose")
    ax.grid(visible=False)
    names, costs = list(summaries), [summary["cost_usd"] for summary in summaries.values()]
    totals = [formatting.plain(cost["total"]) for cost in costs]
    left = np.zeros(len(names))
    for purpose in PURPOSES:
        widths = np.array([formatting.plain(cost["by_purpose"][purpose]) for cost in costs])
        if widths.sum() > 0.002 * max(sum(totals), 1e-9):
            ax.barh(names, widths, left=left, color=PURPOSE_COLOURS[purpose], label=purpose, height=0.6)
        left = left + widths
    for row, (total, summary) in enumerate(zip(totals, summaries.values(), strict=True)):
        text = "\n".join([narrative.paid(summary), *formatting.undone(summary["jobs"])])
        ax.text(total + max(totals) * 0.01, row, text, va="center", fontsize=10, fontweight="bold", parse_math=False)
    ax.invert_yaxis()
    ax.set_xlim(0, max(max(totals, default=0), 0.01) * 1.45)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_usd(value)))
    style.legend_below(ax, columns=len(PURPOSES))
