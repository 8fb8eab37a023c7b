"""The pictures: a run at a glance, and variants side by side.

Matplotlib's object-oriented interface throughout; nothing global is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

from batchsim.arrays import Floats
from batchsim.columns import PURPOSES
from batchsim.report import formatting, narrative
from batchsim.results.durations import Durations, queue_times
from batchsim.results.objectives import deadlines
from batchsim.results.run import Run
from batchsim.results.step_functions import integral, sample, steps, thin
from batchsim.results.timeline import MOST_STEPS, job_states, spend_rate, vcpus
from batchsim.spec.objectives import Objective
from batchsim.units import DAY, HOUR, MINUTE, format_duration, format_usd

# Okabe and Ito's palette, told apart by people with any colour vision.
BLUE, ORANGE, GREEN, RED, GREY, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#7F7F7F", "#56B4E9"
STATES = {"PENDING": "#D9D9D9", "RUNNABLE": ORANGE, "STARTING": SKY, "RUNNING": BLUE}
PALE, PINK = "#BFD7EA", "#CC79A7"
# The same thing has the same colour on the bill and over time.
PURPOSE_COLOURS = dict(zip(PURPOSES, (BLUE, RED, ORANGE, PALE, PINK, GREY), strict=True))
VCPUS = {"running": BLUE, "stranded": PINK, "idle": PALE, "booting": ORANGE}

#: A run with jobs in it for less than this share of its time is drawn at its busiest stretch.
QUIET = 0.4
#: Characters that fit in a line above the picture.
LONGEST_TITLE = 130
#: Busy stretches no further apart than this, or than a fiftieth of a shorter run, are one.
APART = 6 * HOUR
#: Steps drawn of one curve: more than a picture has pixels.
DRAWN = 4000


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, the same bytes for the same figure."""
    figure.savefig(path, dpi=110, metadata={"Software": None})


#: Points between curves and a title that has a legend below it.
TITLE_PAD = 26


def _axes(ax: Axes, title: str, *, legend: bool = False) -> None:
    """What all pictures have in common; with room for a legend between the title and the curves."""
    ax.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=TITLE_PAD if legend else 10)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="y", color="#E5E5E5", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=9, length=3)


Window = tuple[float, float]


def busiest(run: Run) -> Window:
    """The part of the run that is worth drawing: all of it, or the busiest stretch of one that is mostly quiet."""
    end = run.recording.ended_at
    work, stopped = run.workload.submitted_at, run.recording.stopped_at
    at, jobs = steps(work, np.where(np.isnan(stopped), end, stopped), np.ones(len(work)))
    if not len(at) or float(np.sum(np.diff(at)[jobs[:-1] > 0])) > QUIET * end:
        return 0.0, end
    # Of the busy stretches the one with the most jobs is shown.
    begins = at[np.concatenate([[True], jobs[:-1] == 0])]
    ends = at[jobs == 0]
    apart = np.flatnonzero(begins[1:] - ends[:-1] > min(end / 50, APART))
    starts, stops = begins[np.concatenate([[0], apart + 1])], ends[np.concatenate([apart, [-1]])]
    peaks = [jobs[(at >= low) & (at < high)].max() for low, high in zip(starts, stops, strict=True)]
    low, high = starts[int(np.argmax(peaks))], stops[int(np.argmax(peaks))]
    margin = max((high - low) * 0.06, 2 * MINUTE)
    return max(0.0, low - margin), min(end, high + margin + 10 * MINUTE)


def _clock(ax: Axes, start: datetime, window: Window) -> None:
    """A time axis in the scenario's wall clock."""
    locator = AutoDateLocator(minticks=3, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    ax.set_xlim(*_days(start, np.array([window[0], max(window[1], window[0] + 1.0)])))


def _days(start: datetime, at: Floats) -> Floats:
    return float(date2num(start)) + at / DAY


def _grid(series: list[tuple[Floats, Floats]], window: Window) -> Floats:
    """The instants of a window at which any of some step functions changes, and its ends."""
    at = np.unique(np.concatenate([np.array(window), *[at for at, _ in series]]))
    return at[(at >= window[0]) & (at <= window[1])]


def _stack(
    ax: Axes,
    start: datetime,
    window: Window,
    layers: Mapping[str, tuple[Floats, Floats]],
    colours: Mapping[str, str],
) -> float:
    """Step functions stacked as areas over a window; returns the highest total."""
    layers = {name: thin(*_within(at, level, window), DRAWN) for name, (at, level) in layers.items() if len(at)}
    if not layers:
        return 0.0
    instants = _grid(list(layers.values()), window)
    base = np.zeros(len(instants))
    for name, (at, level) in layers.items():
        top = base + sample(at, level, instants)
        ax.fill_between(_days(start, instants), base, top, step="post", color=colours[name], linewidth=0, label=name)
        base = top
    return float(base.max())


def _within(at: Floats, level: Floats, window: Window) -> tuple[Floats, Floats]:
    """The steps of a step function inside a window, and the one that holds at its start."""
    first = max(int(np.searchsorted(at, window[0], side="right")) - 1, 0)
    last = int(np.searchsorted(at, window[1], side="right"))
    return at[first:last], level[first:last]


def _total(curves: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    curves = [curve for curve in curves if len(curve[0])]
    if not curves:
        return np.empty(0), np.empty(0)
    instants = np.unique(np.concatenate([at for at, _ in curves]))
    return instants, np.asarray(sum(sample(at, level, instants) for at, level in curves))


def _legend(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[0]:
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1.0),
            ncols=len(VCPUS) + 1,
            frameon=False,
            fontsize=9,
            handlelength=1.0,
            handletextpad=0.5,
            columnspacing=1.1,
            borderaxespad=0.2,
            borderpad=0.2,
        )


def draw_jobs(run: Run, ax: Axes, *, title: str = "Jobs by state", window: Window | None = None) -> None:
    """Jobs by state over time, all queues together."""
    window = window or busiest(run)
    curves: dict[str, list[tuple[Floats, Floats]]] = {state: [] for state in reversed(STATES)}
    for _, state, at, level in job_states(run.outcome):
        if state in curves:
            curves[state].append(thin(at, level, MOST_STEPS))
    layers = {state: _total(parts) for state, parts in curves.items()}
    _axes(ax, title, legend=True)
    top = _stack(ax, run.scenario.start, window, layers, STATES)
    ax.set_ylim(0, max(top, 1) * 1.15)
    ax.set_ylabel("jobs", fontsize=9)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    _clock(ax, run.scenario.start, window)
    _legend(ax)


def _queue_times(run: Run) -> Durations:
    """Of all jobs that became RUNNABLE, the shortest first; those that never started come last."""
    times = queue_times(run.outcome)
    times = times.of(~np.isnan(times.seconds))
    order = np.lexsort((times.seconds, times.censored))
    return Durations(times.seconds[order], times.censored[order])


def _shares(times: Durations) -> tuple[Floats, Floats]:
    """The curve of the share of jobs that started within a time: it ends below 1 where some never did."""
    started = times.seconds[~times.censored]
    shares = np.arange(1, len(started) + 1) / max(len(times.seconds), 1)
    drawn = np.unique(np.linspace(0, len(started) - 1, min(len(started), DRAWN)).astype(int))
    return np.concatenate([[0.0], started[drawn]]), np.concatenate([[0.0], shares[drawn]])


def _duration_ticks(ax: Axes, longest: float) -> None:
    """Ticks at durations that people count in."""
    nice = [
        1,
        2,
        5,
        10,
        15,
        30,
        *(MINUTE * np.array([1, 2, 5, 10, 15, 30])),
        *(HOUR * np.array([1, 2, 3, 6, 12])),
        *(DAY * np.array([1, 2, 5, 10, 20, 50])),
    ]
    step = next((unit for unit in nice if longest / unit <= 6), nice[-1])
    ax.set_xticks(np.arange(0, longest + step, step))
    ax.xaxis.set_major_formatter(
        FuncFormatter(
            lambda value, _: "0" if value == 0 else format_duration(value).replace(" 00 min", "").replace(" 00 h", "")
        )
    )


def draw_queue_time(run: Run, ax: Axes, *, title: str = "Queue time: share of jobs that started within") -> None:
    """Distribution of queue time, half and 95 % marked."""
    times = _queue_times(run)
    _axes(ax, title)
    ax.set_ylim(0, 1.05)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    if times.missing == len(times.seconds):
        ax.text(0.5, 0.5, "no job started", transform=ax.transAxes, ha="center", color=GREY)
        return
    at, shares = _shares(times)
    longest = max(float(at[-1]), 1.0)
    ax.step(np.append(at, longest * 1.02), np.append(shares, shares[-1]), where="post", color=BLUE, linewidth=2)
    if times.missing:
        ax.text(
            0.99, 0.02, f"{times.missing:,} never started", transform=ax.transAxes, ha="right", color=RED, fontsize=10
        )
    for name, share, quantile in (("half", 0.5, "p50"), ("95 %", 0.95, "p95")):
        value, _ = times.statistic(quantile)
        if value is None:
            continue
        ax.plot([value], [share], "o", color=RED, markersize=6, zorder=5)
        right = value < 0.6 * longest
        # The curve rises: right of a point it is above it, left of it below.
        ax.annotate(
            f"{name} within {format_duration(value)}",
            (value, share),
            xytext=(10, -14) if right else (-10, 6),
            textcoords="offset points",
            ha="left" if right else "right",
            fontsize=10,
            color="#333333",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
            zorder=6,
        )
    ax.set_xlim(0, longest * 1.02)
    _duration_ticks(ax, longest)


def draw_vcpus(
    run: Run,
    ax: Axes,
    *,
    title: str = "vCPUs against the limit",
    limit: bool = True,
    window: Window | None = None,
) -> None:
    """Running, stranded, idle and booting vCPUs of all environments against the sum of their limits."""
    window = window or busiest(run)
    environments = run.scenario.configuration.environments
    series = [vcpus(run.outcome, index) for index in range(len(environments))]
    layers = {state: _total([curves[state] for curves in series if state in curves]) for state in VCPUS}
    _axes(ax, title, legend=True)
    top = _stack(ax, run.scenario.start, window, layers, VCPUS)
    used = {queue.name: queue.environments for queue in run.scenario.configuration.queues}
    open_to = {name for group in run.workload.groups for name in used[group.job_queue]}
    allowed = sum(
        environment.max_vcpus for environment in environments if environment.enabled and environment.name in open_to
    )
    ax.set_ylim(0, max(top, 1) * 1.2)
    if limit:
        if allowed <= top * 3:
            ax.axhline(allowed, color="#333333", linewidth=1.2, linestyle="--", label=f"limit {allowed:,}")
            ax.set_ylim(0, max(top, allowed, 1) * 1.2)
        else:
            ax.text(
                0.99,
                1.02,
                f"limit {allowed:,}: far above",
                transform=ax.transAxes,
                ha="right",
                va="bottom",
                fontsize=9,
                color="#333333",
            )
    ax.set_ylabel("vCPUs", fontsize=9)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    _clock(ax, run.scenario.start, window)
    _legend(ax)


def _spent(run: Run) -> tuple[Floats, Floats, Floats]:
    """Instants, spend rate in USD per hour, and what was spent until then."""
    at, rate = _total([spend_rate(run.outcome, index) for index in range(len(run.scenario.configuration.environments))])
    if not len(at):
        return np.array([0.0, run.recording.ended_at]), np.zeros(2), np.zeros(2)
    at, rate = thin(at, rate, DRAWN)
    at, rate = np.append(at, run.recording.ended_at), np.append(rate, rate[-1])
    spent = integral(at, rate, at) / HOUR
    return at, rate, spent


def draw_spend(run: Run, ax: Axes, *, title: str = "Spend") -> None:
    """Cumulative spend, with the rate behind it and the bill at the end."""
    at, rate, spent = _spent(run)
    total = run.outcome.costs
    bill = float(total.instance_total.sum() + total.attempt_total[total.task_rate > 0].sum())
    # Minimums and volumes before `running` are not in the rate: the curve ends at the bill.
    scale = bill / spent[-1] if spent[-1] > 0 else 1.0
    spent = spent * scale
    if total.plan is not None:
        # What a plan commits in vain is paid hour by hour as well.
        idle = integral(*total.plan.unused, at)
        spent, bill, rate = spent + idle, bill + total.unused_commitment, rate + sample(*total.plan.unused, at) * HOUR
    _axes(ax, title)
    days = _days(run.scenario.start, at)
    ax.plot(days, spent, color=BLUE, linewidth=2)
    ax.set_ylim(0, max(bill, 0.01) * 1.18)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_usd(value)))
    ax.annotate(
        format_usd(bill),
        (days[-1], bill),
        xytext=(-4, 6),
        textcoords="offset points",
        ha="right",
        fontsize=11,
        fontweight="bold",
        color=BLUE,
    )
    _clock(ax, run.scenario.start, (0.0, run.recording.ended_at))
    behind = ax.twinx()
    behind.fill_between(days, 0, rate, step="post", color=ORANGE, alpha=0.35, linewidth=0)
    behind.set_ylim(0, max(float(rate.max(initial=0.0)), 0.01) * 2.5)
    behind.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{format_usd(value)}/h"))
    behind.tick_params(labelsize=9, length=3, colors="#B37400")
    for side in ("top", "left", "right"):
        behind.spines[side].set_visible(False)
    ax.set_zorder(behind.get_zorder() + 1)
    ax.patch.set_visible(False)


def queue_figure(run: Run, summary: Mapping[str, Any]) -> Figure:
    """A run at a glance, for ``queue.png``."""
    figure = Figure(figsize=(15, 9.2), layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15))
    paid = f"{formatting.usd(summary['cost_usd']['total'])} in {narrative.period(summary)}"
    jobs, waited = narrative.jobs_sentence(summary), narrative.queue_sentence(summary)
    title = f"{run.scenario.name}:  {jobs};  {waited};  {paid}"
    if len(title) > LONGEST_TITLE:
        title = f"{run.scenario.name}:  {jobs};  {paid}\n{waited}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=14, fontweight="bold", parse_math=False)
    axes = figure.subplots(2, 2)
    window = busiest(run)
    shown = "" if window == (0.0, run.recording.ended_at) else ", the busiest stretch"
    draw_jobs(run, axes[0, 0], title=f"Jobs by state{shown}", window=window)
    draw_queue_time(run, axes[0, 1])
    draw_vcpus(run, axes[1, 0], title=f"vCPUs against the limit{shown}", window=window)
    draw_spend(run, axes[1, 1], title="Spend (line: so far; area: rate)")
    _small_print(figure, [summary])
    return figure


def compare_figure(runs: Mapping[str, Run], summaries: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Variants side by side: vCPUs and waiting jobs over time on common axes, then queue time and cost.

    Each has its verdict, and the deadlines of its promises as lines.
    """
    columns = max(len(runs), 1)
    figure = Figure(figsize=(5.2 * max(columns, 2), 12), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.15))
    grid = figure.add_gridspec(3, columns, height_ratios=[1, 1, 1.05])
    pairs = [(figure.add_subplot(grid[0, i]), figure.add_subplot(grid[1, i])) for i in range(columns)]
    windows = [busiest(run) for run in runs.values()]
    window = min((low for low, _ in windows), default=0.0), max((high for _, high in windows), default=1.0)
    due = {name: _due(run, window) for name, run in runs.items()}
    # A deadline soon after the last job ended is worth showing.
    window = window[0], max([window[1], *(at * 1.01 for instants in due.values() for at in instants)])
    for (upper, lower), (name, run) in zip(pairs, runs.items(), strict=True):
        draw_vcpus(run, upper, title=f"{name}\nvCPUs", limit=False, window=window)
        draw_jobs(run, lower, title="jobs by state", window=window)
        objectives = summaries[name]["objectives"]
        missed = any(objective["kept"] is False for objective in objectives)
        # Matplotlib has one distance for all titles of an axes: the last one that is set.
        colour = RED if missed else GREEN
        upper.set_title(narrative.verdict(objectives), loc="right", fontsize=11, color=colour, pad=TITLE_PAD)
        for ax in (upper, lower):
            for at in _days(run.scenario.start, np.array(due[name])):
                ax.axvline(at, color=RED, linewidth=1.4, linestyle="--")
                _beside(ax, at, "deadline")
    for row in range(2):
        top = max(pair[row].get_ylim()[1] for pair in pairs)
        for pair in pairs:
            pair[row].set_ylim(0, top)
    halves = grid[2, :].subgridspec(1, 2)
    _compare_queue_times(figure.add_subplot(halves[0, 0]), runs)
    _compare_costs(figure.add_subplot(halves[0, 1]), summaries)
    _small_print(figure, summaries.values())
    return figure


def _beside(ax: Axes, at: float, text: str) -> None:
    """A word at the top of an upright line, on its left."""
    ax.annotate(
        text,
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


def _promised(run: Run, metric: str) -> list[Objective]:
    """A run's objectives that something is not later than a limit."""
    return [each for each in run.scenario.objectives if each.metric == metric and each.comparison.startswith("<")]


def _due(run: Run, window: Window) -> list[float]:
    """The deadlines of a run's objectives in a window, or not long after it."""
    instants = {
        at
        for objective in _promised(run, "finished_at")
        for at in deadlines(objective, run.workload, run.scenario).tolist()
    }
    return sorted(at for at in instants if window[0] <= at <= window[1] + (window[1] - window[0]) / 2)


def _small_print(figure: Figure, summaries: Iterable[Mapping[str, Any]]) -> None:
    """Whose prices these are; each once where they differ."""
    told = dict.fromkeys(narrative.prices_sentence(summary["prices"]) for summary in summaries)
    figure.supxlabel("\n".join(f"Prices: {each}" for each in told), x=0.01, ha="left", fontsize=8, color=GREY)


def _compare_queue_times(ax: Axes, runs: Mapping[str, Run]) -> None:
    _axes(ax, "Queue time: share of jobs that started within")
    longest = 1.0
    for (name, run), colour in zip(runs.items(), _cycle(len(runs)), strict=True):
        times = _queue_times(run)
        at, shares = _shares(times)
        longest = max(longest, float(at[-1]))
        p95, least = times.statistic("p95")
        known = (
            f"95 % within {format_duration(p95)}" if p95 is not None else f"5 % over {format_duration(least or 0.0)}"
        )
        if len(at) > 1:
            ax.step(at, shares, where="post", color=colour, linewidth=2, label=f"{name}: {known}")
    promised = {each.expression: each for run in runs.values() for each in _promised(run, "queue_time")}
    for objective in promised.values():
        if objective.limit <= 2 * longest:
            longest = max(longest, objective.limit)
            ax.axvline(objective.limit, color=RED, linewidth=1.4, linestyle="--", label=objective.expression)
    ax.set_xlim(0, longest * 1.02)
    ax.set_ylim(0, 1.05)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    _duration_ticks(ax, longest)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False, fontsize=10)


def _compare_costs(ax: Axes, summaries: Mapping[str, Mapping[str, Any]]) -> None:
    _axes(ax, "Cost by purpose")
    ax.grid(visible=False)
    names, shown = list(summaries), list(summaries.values())
    left = np.zeros(len(names))
    totals = [formatting.plain(summary["cost_usd"]["total"]) for summary in shown]
    for purpose in PURPOSES:
        widths = np.array([formatting.plain(summary["cost_usd"]["by_purpose"][purpose]) for summary in shown])
        if widths.sum() > 0.002 * max(sum(totals), 1e-9):
            ax.barh(names, widths, left=left, color=PURPOSE_COLOURS[purpose], label=purpose, height=0.6)
        left = left + widths
    for row, (total, summary) in enumerate(zip(totals, shown, strict=True)):
        jobs = summary["jobs"]
        undone = [
            f"{formatting.count(jobs[state])} {state}"
            for state in ("failed", "unfinished")
            if formatting.plain(jobs[state])
        ]
        paid = f"{formatting.usd(summary['cost_usd']['total'])} in {narrative.period(summary)}"
        text = "\n".join([paid, *undone])
        ax.text(total + max(totals) * 0.01, row, text, va="center", fontsize=10, fontweight="bold", parse_math=False)
    ax.invert_yaxis()
    ax.set_xlim(0, max(max(totals, default=0), 0.01) * 1.45)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_usd(value)))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=6, frameon=False, fontsize=10)


def _cycle(n: int) -> list[str]:
    colours = [RED, GREEN, BLUE, ORANGE, PINK, SKY, GREY]
    return [colours[i % len(colours)] for i in range(n)]
