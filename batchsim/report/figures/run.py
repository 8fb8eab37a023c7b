"""A run at a glance: jobs by state, queue time, vCPUs against the limit, spend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

from batchsim.report import narrative
from batchsim.report.figures import style
from batchsim.report.figures.style import BLUE, EDGE, GREY, INK, RATE, RED, STATES, VCPUS
from batchsim.results import series
from batchsim.results.durations import Durations
from batchsim.results.record import times_to_start
from batchsim.results.run import Run
from batchsim.results.series import Window
from batchsim.results.step_functions import Curve, sample
from batchsim.results.summary_type import Summary
from batchsim.units import format_duration, format_usd

#: Columns of pixels of a picture's curves, about.
COLUMNS = 700
#: The longest time is far beyond the rest where it is so many times that of 99 % of the jobs.
FAR = 4
#: Characters that fit in a line above the picture.
LONGEST_TITLE = 130


def queue_figure(run: Run, summary: Summary) -> Figure:
    """A run at a glance, for ``queue.png``."""
    figure = style.Picture(figsize=(15, 9.2), layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15))
    paid = narrative.paid(summary)
    jobs, waited = narrative.jobs_sentence(summary), narrative.queue_sentence(summary)
    waited = f"queue time {waited}"
    title = f"{run.scenario.name}:  {jobs};  {waited};  {paid}"
    if len(title) > LONGEST_TITLE:
        title = f"{run.scenario.name}:  {jobs};  {paid}\n{waited}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=14, fontweight="bold", parse_math=False)
    axes = figure.subplots(2, 2)
    window = series.busiest(run.outcome)
    shown = "" if window == (0.0, run.recording.ended_at) else ", the busiest stretch"
    draw_jobs(run, axes[0, 0], title=f"Jobs by state{shown}", window=window)
    if "recorded" in summary:
        draw_recorded(run, axes[0, 1])
    else:
        draw_queue_time(run, axes[0, 1])
    draw_vcpus(run, axes[1, 0], title=f"vCPUs against the limit{shown}", window=window)
    draw_spend(run, axes[1, 1], title="Spend (line: so far; area: rate)")
    style.small_print(figure, [summary])
    return figure


def draw_jobs(run: Run, ax: Axes, *, title: str = "Jobs by state", window: Window | None = None) -> None:
    """Jobs by state over time, all queues together."""
    window = window or series.busiest(run.outcome)
    known = series.jobs_by_state(run.outcome)
    curves = {state: known[state] for state in reversed(STATES) if state in known}
    style.titled_axes(ax, title, legend=True)
    top = draw_stack(ax, run.scenario.start, window, curves, STATES, series.jobs_in_all(run.outcome))
    ax.set_ylim(0, max(top, 1) * 1.15)
    style.count_axis(ax, "jobs")
    style.clock_axis(ax, run.scenario.start, window)
    style.legend_above(ax)


def draw_queue_time(run: Run, ax: Axes, *, title: str = "Queue time: share of jobs that started within") -> None:
    """Distribution of queue time, p50 and p95 marked."""
    times = series.sorted_queue_times(run.outcome)
    style.titled_axes(ax, title)
    style.share_axis(ax)
    if times.missing == len(times.seconds):
        ax.text(0.5, 0.5, "no job started", transform=ax.transAxes, ha="center", color=GREY)
        return
    at, shares = series.share_started(times)
    ax.step(np.append(at, at[-1] * 1.02), np.append(shares, shares[-1]), where="post", color=BLUE, linewidth=2)
    longest = shown_until([times])
    if longest < at[-1]:
        longest_one = f"longest {format_duration(float(at[-1]))}"
        ax.text(0.99, 0.08, longest_one, transform=ax.transAxes, ha="right", color=GREY, fontsize=10)
    if times.missing:
        never = f"{times.missing:,} never started"
        ax.text(0.99, 0.02, never, transform=ax.transAxes, ha="right", color=RED, fontsize=10)
    for quantile, share in (("p50", 0.5), ("p95", 0.95)):
        value, _ = times.statistic(quantile)
        if value is not None:
            _mark(ax, value, share, f"{quantile} {format_duration(value)}", right=value < 0.6 * longest)
    style.from_zero(ax, longest)


def shown_until(several: Iterable[Durations], least: float = 1.0) -> float:
    """How long the times are that a distribution shows: all of them, unless a hundredth is far beyond the rest."""
    longest = least
    for times in several:
        started = times.seconds[~times.censored]
        if len(started):
            most, p99 = float(started.max()), times.statistic("p99")[0]
            longest = max(longest, most if p99 is None or most <= FAR * max(p99, least) else 1.5 * p99)
    return longest


def draw_recorded(run: Run, ax: Axes, *, title: str = "Submitted to started: share of jobs that did within") -> None:
    """Distribution of the time from submission to the first start, by the record of a trace and in the simulation."""
    style.titled_axes(ax, title, legend=True)
    style.share_axis(ax)
    looks = (("recorded", INK, "--"), ("simulated", BLUE, "-"))
    both = times_to_start(run.outcome) or ()
    for times, (label, colour, dashes) in zip(both, looks, strict=False):
        at, shares = series.share_started(series.ranked(times))
        never = f", {times.missing:,} never started" if times.missing else ""
        ax.step(at, shares, where="post", linewidth=2, label=label + never, color=colour, linestyle=dashes)
    style.from_zero(ax, shown_until(both))
    style.legend_above(ax)


def _mark(ax: Axes, at: float, share: float, text: str, *, right: bool) -> None:
    """A point of a curve with its label; the curve rises: right of the point it is above it, left of it below."""
    ax.plot([at], [share], "o", color=RED, markersize=6, zorder=5, clip_on=False)
    ax.annotate(
        text,
        (at, share),
        xytext=(10, -14) if right else (-10, 6),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=10,
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
        zorder=6,
    )


def draw_vcpus(
    run: Run,
    ax: Axes,
    *,
    title: str = "vCPUs against the limit",
    limit: bool = True,
    window: Window | None = None,
) -> None:
    """Running, stranded, idle and booting vCPUs of all environments against the sum of their limits."""
    window = window or series.busiest(run.outcome)
    known = series.vcpus_by_state(run.outcome)
    curves = {state: known[state] for state in VCPUS if state in known}
    style.titled_axes(ax, title, legend=True)
    top = draw_stack(ax, run.scenario.start, window, curves, VCPUS, series.vcpus_in_all(run.outcome))
    ax.set_ylim(0, max(top, 1) * 1.2)
    if limit:
        _draw_limit(ax, series.most_vcpus(run.outcome), top, run.scenario.start, window)
    style.count_axis(ax, "vCPUs")
    style.clock_axis(ax, run.scenario.start, window)
    style.legend_above(ax)


def _draw_limit(ax: Axes, curve: Curve, top: float, start: datetime, window: Window) -> None:
    """A limit as a line; one that is far above the curves in words, since they would be flat below its line."""
    at, level = curve
    levels = sample(at, level, np.append(window[0], at[(at > window[0]) & (at < window[1])]))
    least, most = int(levels.min()), int(levels.max())
    said = f"limit {most:,}" if least == most else f"limit {least:,} to {most:,}"
    if most <= top * 3:
        if least == most:
            ax.axhline(most, color=INK, linewidth=1.2, linestyle="--", label=said)
        else:
            ends = np.append(np.clip(at, *window), window[1])
            ax.step(
                style.days(start, ends),
                np.append(level, level[-1]),
                where="post",
                color=INK,
                linewidth=1.2,
                linestyle="--",
                label=said,
            )
        ax.set_ylim(0, max(top, most, 1) * 1.2)
        return
    text = f"{said}: far above"
    ax.text(0.99, 1.02, text, transform=ax.transAxes, ha="right", va="bottom", fontsize=9, color=INK)


def draw_stack(
    ax: Axes,
    start: datetime,
    window: Window,
    layers: Mapping[str, Curve],
    colours: Mapping[str, str],
    whole: Curve | None = None,
) -> float:
    """Step functions stacked as areas over a window, their sum as a line; returns the highest that is drawn.

    Where they change more often than there are pixels, areas are means and the line is the highest of each pixel.
    """
    drawn = series.stack(layers, window, COLUMNS, whole)
    days = style.days(start, drawn.at)
    base = np.zeros(len(days))
    for name, level in drawn.levels.items():
        # Smoothed edges would make a narrow area pale.
        ax.fill_between(
            days, base, base + level, step="post", color=colours[name], linewidth=0, label=name, antialiased=False
        )
        base = base + level
    if len(drawn.highest):
        label = "peak" if drawn.are_means else None
        at = style.days(start, drawn.highest_at)
        ax.step(at, drawn.highest, where="post", color=EDGE, linewidth=0.6, label=label)
    return max(float(base.max(initial=0.0)), float(drawn.highest.max(initial=0.0)))


def draw_spend(run: Run, ax: Axes, *, title: str = "Spend") -> None:
    """Cumulative spend, with the rate behind it and the bill at the end."""
    spend = series.spend(run.outcome)
    style.titled_axes(ax, title)
    days = style.days(run.scenario.start, spend.at)
    ax.plot(days, spend.spent, color=BLUE, linewidth=2)
    ax.set_ylim(0, max(spend.bill, 0.01) * 1.18)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_usd(value)))
    ax.annotate(
        format_usd(spend.bill),
        (days[-1], spend.bill),
        xytext=(-4, 6),
        textcoords="offset points",
        ha="right",
        fontsize=11,
        fontweight="bold",
        color=BLUE,
    )
    style.clock_axis(ax, run.scenario.start, (0.0, run.recording.ended_at))
    behind = ax.twinx()
    window = 0.0, run.recording.ended_at
    top = draw_stack(behind, run.scenario.start, window, {"rate": (spend.at, spend.rate)}, {"rate": f"{RATE}80"})
    behind.set_ylim(0, max(top, 0.01) * 2.5)
    behind.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{format_usd(value)}/h"))
    behind.tick_params(labelsize=9, length=3, colors=INK)
    for side in ("top", "left", "right"):
        behind.spines[side].set_visible(False)
    ax.set_zorder(behind.get_zorder() + 1)
    ax.patch.set_visible(False)
