"""Variants side by side: what each costs and keeps, their vCPUs and jobs on common axes, queue time, cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle

from markupsafe import Markup

from batchsim.columns import PURPOSES as PURPOSE_NAMES
from batchsim.report import comparison, formatting, narrative
from batchsim.report.comparison import Row
from batchsim.report.page import svg
from batchsim.report.page.bars import bar_chart
from batchsim.report.page.blocks import Block, Cell, Chart, Fact, Facts, PageSection, PageTable, Rows, Tile, Tiles
from batchsim.report.page.over_time import Time, stacked_chart
from batchsim.report.page.sections.curves import EVERY, from_below
from batchsim.report.page.sections.queue_time import distribution_chart
from batchsim.report.palette import DUE, PURPOSES, SEVERAL, STATES, VCPUS, Colour
from batchsim.results import series
from batchsim.results.durations import Durations
from batchsim.results.objectives import deadlines
from batchsim.results.run import Run
from batchsim.results.series import Window
from batchsim.results.step_functions import Curve, total
from batchsim.results.summary_type import Summary

#: Variants that have a tile, and curves of their own: the first.
MOST_TILES, MOST_CURVES = 6, 6
_HELD = {"queue_time_p95_s": "queue time p95", "turnaround_p95_s": "turnaround p95", "cost_usd": "cost"}


def answer(rows: Sequence[Row]) -> PageSection:
    """Which variant is the cheapest that meets every objective, and the table of all."""
    tiles = [_tile(row) for row in rows] if len(rows) <= MOST_TILES else []
    facts = [Fact("cheapest", _cheapest(rows), tone="good" if _sound(rows) else "bad")]
    facts += [Fact("missed", f"{name}: {sentence}", tone="bad") for name, sentence in comparison.missed(rows)]
    facts += [Fact("figures", " ".join(comparison.notes(rows)))]
    blocks: list[Block] = [*([Tiles(tiles)] if tiles else []), Facts(facts), _table(rows)]
    return PageSection("answer", "The answer", blocks)


def _sound(rows: Sequence[Row]) -> list[Row]:
    """Variants that meet every objective and leave no job."""
    return [row for row in rows if not row["objectives_missed"] and not formatting.plain(row["unfinished"])]


def _cheapest(rows: Sequence[Row]) -> str:
    sound = _sound(rows)
    if not sound:
        return "no variant meets every objective and gets all jobs done"
    best = min(sound, key=lambda row: formatting.plain(row["cost_usd"]))
    return f"{best['variant']}: {comparison.cell(best, 'cost_usd')} in {narrative.period(best)}, every objective met"


def _tile(row: Row) -> Tile:
    verdict = narrative.verdict(row["objectives"])
    tone = "bad" if row["objectives_missed"] else "good" if verdict != "–" else ""
    told = [] if verdict == "–" else [f"objectives {verdict}"]
    waited = f"queue time p95 {comparison.cell(row, 'queue_time_p95_s')}"
    return Tile(row["variant"], comparison.cell(row, "cost_usd"), "; ".join([*told, waited]), tone)


def _table(rows: Sequence[Row]) -> PageTable:
    months = ["cost_per_month_usd"] * comparison.has_months(rows)
    headings = ["variant", "objectives", "jobs", *_HELD.values()]
    headings[-1] = comparison.cost_heading(rows)
    columns = [*headings, *["a month"] * len(months), *PURPOSE_NAMES, "vCPUs used", "peak vCPUs"]
    return PageTable("Variants", columns, [list(_cells(rows, row, months)) for row in rows], texts=2)


def _cells(rows: Sequence[Row], row: Row, months: Sequence[str]) -> Iterator[Cell]:
    yield Cell(row["variant"])
    yield Cell(narrative.verdict(row["objectives"]), tone="bad" if row["objectives_missed"] else "")
    undone = comparison.not_succeeded(row)
    yield Cell(comparison.jobs_cell(row), formatting.plain(row["succeeded"]), "bad" if undone else "")
    for key in (*_HELD, *months):
        change = "" if key in months else comparison.difference(row, rows[0], key)
        known = row[key] if row[key] is not None else row.get(f"{key}_at_least")
        yield Cell(comparison.cell(row, key) + (f" ({change})" if change else ""), formatting.plain(known))
    for purpose in PURPOSE_NAMES:
        yield Cell(formatting.usd(row[f"cost_{purpose}_usd"]), formatting.plain(row[f"cost_{purpose}_usd"]))
    yield Cell(formatting.share(row["utilisation_vcpu"]), formatting.plain(row["utilisation_vcpu"]))
    yield Cell(formatting.count(row["peak_vcpus"]), formatting.plain(row["peak_vcpus"]))


def side_by_side(runs: Mapping[str, Run]) -> PageSection:
    """VCPUs and jobs of each variant on common axes, the deadlines of its objectives as lines."""
    shown = dict(list(runs.items())[:MOST_CURVES])
    window, due = _common_window(shown)
    jobs = {name: from_below(run.outcome) for name, run in shown.items()}
    capacity = {name: _vcpus(run) for name, run in shown.items()}
    most_vcpus, most_jobs = _top(capacity), _top(jobs)
    blocks: list[Block] = []
    for name, run in shown.items():
        time = Time(run.scenario.start, window)
        marks = [mark for at in due[name] for mark in _deadline(time, at)]
        blocks.append(
            Rows(
                [
                    stacked_chart(f"{name}: vCPUs", "vcpus", capacity[name], VCPUS, time, top=most_vcpus, over=marks),
                    stacked_chart(
                        f"{name}: Jobs by state", "jobs", jobs[name], STATES, time, top=most_jobs, over=marks
                    ),
                ]
            )
        )
    left_out = list(runs)[MOST_CURVES:]
    if left_out:
        blocks.append(Facts([Fact("left out", f"The curves of {', '.join(left_out)}; each has a results folder.")]))
    return PageSection("side-by-side", "Side by side", blocks)


def _common_window(runs: Mapping[str, Run]) -> tuple[Window, dict[str, list[float]]]:
    """The stretch in which any run is busy, with the deadlines that are worth showing, and those of each run."""
    windows = [series.busiest(run.outcome) for run in runs.values()]
    begin, end = min(low for low, _ in windows), max(high for _, high in windows)
    due = {name: deadlines_of(run, (begin, end)) for name, run in runs.items()}
    # A deadline soon after the last job ended is worth showing.
    return (begin, max(begin + 1.0, end, *(at * 1.01 for instants in due.values() for at in instants))), due


def _vcpus(run: Run) -> dict[str, Curve]:
    """VCPUs by what they do, all environments together."""
    curves = series.vcpus_by_state(run.outcome, EVERY)
    return {state: curves[state] for state in VCPUS if state in curves}


def _top(named: Mapping[str, Mapping[str, Curve]]) -> float:
    """The highest total of any variant."""
    totals = [total(list(layers.values())) for layers in named.values()]
    return max((float(level.max(initial=0.0)) for _, level in totals), default=0.0)


def deadlines_of(run: Run, window: Window) -> list[float]:
    """The deadlines of a run's objectives in a window, or not long after it."""
    instants = {
        at
        for objective in run.scenario.objectives
        if objective.metric == "finished_at" and objective.comparison.startswith("<")
        for at in deadlines(objective, run.workload, run.scenario).tolist()
    }
    return sorted(at for at in instants if window[0] <= at <= window[1] + (window[1] - window[0]) / 2)


def _deadline(time: Time, at: float) -> Iterator[Markup]:
    place = svg.percent(time.scale.place(at))
    style = f"due {svg.class_of(DUE)}"
    yield svg.element("line", {"class": style, "x1": place, "x2": place, "y1": 0, "y2": svg.HEIGHT})
    yield svg.element("text", {"class": "halo", "x": place, "dx": -5, "y": 12, "text-anchor": "end"}, "deadline")


def distributions(runs: Mapping[str, Run], summaries: Mapping[str, Summary]) -> PageSection:
    """Queue time and cost of all variants."""
    times = {name: series.sorted_queue_times(run.outcome) for name, run in runs.items()}
    named = {
        name: (times[name], colour)
        for name, colour in zip(times, cycle(SEVERAL), strict=False)
        if times[name].missing < len(times[name].seconds)
    }
    blocks: list[Block] = [_queue_times(named)] if named else []
    plain = formatting.plain
    costs = {
        name: {purpose: plain(summary["cost_usd"]["by_purpose"][purpose]) for purpose in PURPOSES}
        for name, summary in summaries.items()
    }
    told = {
        name: ", ".join([narrative.paid(summary), *formatting.undone(summary["jobs"])])
        for name, summary in summaries.items()
    }
    caption = "US dollars paid, by variant and purpose"
    blocks.append(
        bar_chart("Cost by purpose", costs, PURPOSES, formatting.usd, caption=caption, heading="variant", told=told)
    )
    return PageSection("queue-time-and-cost", "Queue time and cost", blocks)


def _queue_times(named: dict[str, tuple[Durations, Colour]]) -> Chart:
    """Lines of the first that have a colour each; which have none is said."""
    shown, left_out = dict(list(named.items())[: len(SEVERAL)]), list(named)[len(SEVERAL) :]
    chart = distribution_chart("Queue time: share of jobs that started within", shown)
    return replace(chart, note=f"The lines of {', '.join(left_out)} are left out.") if left_out else chart
