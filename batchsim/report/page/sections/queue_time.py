"""Queue time: its distribution, how it changed over time, and by the record of a trace."""

from __future__ import annotations

import numpy as np

from batchsim.arrays import Floats
from batchsim.report import narrative
from batchsim.report.page import scales, svg
from batchsim.report.page.blocks import Block, Cell, Chart, Fact, Facts, LegendKey, PageSection, PageTable, Paragraph
from batchsim.report.page.over_time import MOST_ROWS, Time, upright
from batchsim.report.page.thinning import COLUMNS, thinned
from batchsim.report.palette import BLUE, PALE, RECORDED, SIMULATED, Colour
from batchsim.results import series
from batchsim.results.durations import Durations, queue_times
from batchsim.results.record import times_to_start
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary
from batchsim.statistics.intervals import QUANTILES
from batchsim.units import format_duration

#: Bars of the chart over time.
BARS = 120
#: Shares of the table of a distribution.
_SHARES = ("p50", "p90", "p95", "p99", "max")


def queue_time(run: Run, summary: Summary, time: Time) -> PageSection:
    """How long jobs were RUNNABLE before they started."""
    blocks: list[Block] = [
        Paragraph("Queue time is from RUNNABLE to STARTING of a job's first attempt: it could have run and did not.")
    ]
    times = series.sorted_queue_times(run.outcome)
    if times.missing == len(times.seconds):
        blocks.append(Paragraph("No job started."))
    else:
        named = {"queue time": (times, BLUE)}
        blocks.append(distribution_chart("Queue time: share of jobs that started within", named))
        blocks.append(_over_time(run, time))
    recorded = times_to_start(run.outcome)
    if recorded is not None:
        both = {
            "recorded": (series.ranked(recorded[0]), RECORDED),
            "simulated": (series.ranked(recorded[1]), SIMULATED),
        }
        blocks.append(distribution_chart("Record beside replay: share of jobs that had started within", both))
        blocks.append(Facts([Fact("record", fact) for fact in narrative.recorded_facts(summary)]))
    return PageSection("queue-time", "Queue time", blocks)


def distribution_chart(title: str, named: dict[str, tuple[Durations, Colour]]) -> Chart:
    """The share of jobs that started within a time, a line for each of some durations, the shortest first in each.

    The median and the 95th percentile of one alone are marked.
    """
    curves = {name: series.share_started(times) for name, (times, _) in named.items()}
    longest = max(float(at[-1]) for at, _ in curves.values())
    x, y = scales.along_durations(longest), scales.shares()
    window = (0.0, x.high)
    lines = [
        svg.step_line(thinned(*curve, window), window, y, named[name][1], dashed=named[name][1] is RECORDED)
        for name, curve in curves.items()
    ]
    keys = [LegendKey(name, colour, _quantiles(times)) for name, (times, colour) in named.items()]
    over = []
    if len(named) == 1:
        (times, _), *_ = named.values()
        for row, quantile in enumerate(("p50", "p95")):
            value, _ = times.statistic(quantile)
            if value is not None:
                text = f"{quantile} {format_duration(value)}"
                over += upright(x.place(value), text, from_below=1 + row)
    label = f"{title}. " + "; ".join(f"{key.name}: {key.value}" for key in keys)
    return Chart(title, svg.drawing(label, x, y, *lines, over=over), keys, _table(named))


def _quantiles(times: Durations) -> str:
    never = f", {times.missing:,} never started" if times.missing else ""
    return ", ".join(f"{name} {_shown(times, name)}" for name in ("p50", "p95")) + never


def _shown(times: Durations, statistic: str) -> str:
    value, least = times.statistic(statistic)
    return format_duration(value) if value is not None else f"over {format_duration(least or 0.0)}"


def _table(named: dict[str, tuple[Durations, Colour]]) -> PageTable:
    share = {name: f"{100 * QUANTILES[name]:g} % within" if name in QUANTILES else "the longest" for name in _SHARES}
    rows = [[Cell(share[name]), *(Cell(_shown(times, name)) for times, _ in named.values())] for name in _SHARES]
    return PageTable(
        "The time within which a share of jobs started", ["share of jobs", *named], rows, is_sortable=False
    )


def _over_time(run: Run, time: Time) -> Chart:
    """Median and longest queue time of the jobs that became RUNNABLE in each of some equal intervals."""
    times, runnable_at = queue_times(run.outcome), run.recording.runnable_at
    shown = np.flatnonzero((runnable_at >= time.window[0]) & (runnable_at <= time.window[1]))
    shown = shown[np.argsort(times.seconds[shown])]  # once, for both
    waits = runnable_at[shown], times.seconds[shown]
    found = _intervals(*waits, time, BARS)
    y = scales.durations(max((longest for *_, longest in found), default=1.0))
    width = COLUMNS / BARS
    bars = []
    for number, _, median, longest in found:
        for value, colour in ((longest, PALE), (median, BLUE)):
            height = svg.HEIGHT * y.place(value)
            bars.append(svg.bar(number * width, svg.HEIGHT - height, width, height, colour))
    keys = [LegendKey("median", BLUE), LegendKey("longest", PALE)]
    title = "Queue time of jobs by when they became RUNNABLE"
    worst = max((longest for *_, longest in found), default=0.0)
    label = f"{title}, {time.words}. The longest is {format_duration(worst)}."
    rows = [
        [
            Cell(_begin(time, number, MOST_ROWS)),
            Cell(f"{jobs:,}"),
            Cell(format_duration(median)),
            Cell(format_duration(most)),
        ]
        for number, jobs, median, most in _intervals(*waits, time, MOST_ROWS)
    ]
    columns = ["from (UTC)", "jobs", "median", "longest"]
    table = PageTable("Queue time by when jobs became RUNNABLE", columns, rows, is_sortable=False)
    note = "Jobs that never started are there with what they had waited by the end." if times.missing else ""
    return Chart(title, svg.drawing(label, time.scale, y, *bars), keys, table, note)


def _begin(time: Time, number: int, of: int) -> str:
    low, high = time.window
    return scales.moment(time.start, low + (high - low) * number / of)


def _intervals(runnable_at: Floats, seconds: Floats, time: Time, of: int) -> list[tuple[int, int, float, float]]:
    """Of equal intervals in which jobs became RUNNABLE: number, jobs, the median and the longest queue time.

    Jobs come by queue time, the shortest first.
    """
    low, high = time.window
    width = (high - low) / of
    place = np.minimum(((runnable_at - low) / width).astype(np.int16), of - 1)
    order = np.argsort(place, kind="stable")  # by place, in each the shortest first
    place, seconds = place[order], seconds[order]
    numbers, starts, counts = np.unique(place, return_index=True, return_counts=True)
    return [
        (number, count, float(np.median(seconds[first : first + count])), float(seconds[first + count - 1]))
        for number, first, count in zip(numbers.tolist(), starts.tolist(), counts.tolist(), strict=True)
    ]
