"""Tables that sort: by queue, workflow, job definition, environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from batchsim.recording import Status
from batchsim.report import formatting
from batchsim.report.page.blocks import Cell, PageSection, PageTable
from batchsim.report.page.scales import moment
from batchsim.results.durations import queue_times, turnarounds
from batchsim.results.row_texts import RowTexts
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary
from batchsim.units import HOUR, format_duration, format_usd

#: Rows of a table: those with the most jobs.
MOST_ROWS = 200
#: Rows of the table of jobs.
LONGEST = 20


def tables(run: Run, summary: Summary) -> PageSection:
    """What each queue, workflow, definition and environment did, waited and cost."""
    return PageSection(
        "tables",
        "Tables",
        [
            _of_jobs("Job queues", "job queue", summary["job_queues"]),
            _of_jobs("Workflows", "workflow", summary["workflows"]),
            _definitions(run),
            _environments(summary),
            *([_reservations(summary)] if summary.get("reservations") else []),
            _longest_waits(run),
        ],
    )


def duration(figures: Mapping[str, Any], statistic: str) -> Cell:
    """A statistic of durations; what it is over where it is not known."""
    value, least = formatting.plain(figures[statistic]), figures["at_least"].get(statistic)
    return Cell(formatting.statistic(figures, statistic), formatting.plain(least) if value is None else value)


def amount(figure: Any, text: str) -> Cell:
    """A figure of the summary with its text."""
    return Cell(text, formatting.plain(figure))


def _of_jobs(caption: str, heading: str, named: Mapping[str, Any]) -> PageTable:
    columns = [
        *(heading, "jobs", "failed", "unfinished", "queue time p50", "queue time p95", "turnaround p50"),
        *("turnaround p95", "waited, job-hours", "cost"),
    ]
    rows = [[Cell(name), *_figures(figures)] for name, figures in _largest(named)]
    return PageTable(caption, columns, rows, note=_left_out(len(named)))


def _largest(named: Mapping[str, Any]) -> list[tuple[str, Any]]:
    ranked = sorted(named.items(), key=lambda item: -formatting.plain(item[1]["jobs"]["submitted"]))
    return ranked[:MOST_ROWS] if len(named) > MOST_ROWS else list(named.items())


def _left_out(rows: int) -> str:
    return f"Those with the most jobs; {rows - MOST_ROWS:,} others are left out." if rows > MOST_ROWS else ""


def _figures(figures: Mapping[str, Any]) -> Iterator[Cell]:
    jobs, time, whole = figures["jobs"], figures["queue_time_s"], figures["turnaround_s"]
    waited = sum(formatting.plain(value) for cause, value in figures["wait_s"].items() if cause != "dependency")
    for state in ("submitted", "failed", "unfinished"):
        bad = state != "submitted" and formatting.plain(jobs[state])
        yield Cell(formatting.count(jobs[state]), formatting.plain(jobs[state]), "bad" if bad else "")
    for each in (time, whole):
        yield duration(each, "p50")
        yield duration(each, "p95")
    yield Cell(formatting.job_hours(waited), waited / HOUR)
    yield amount(figures["cost_usd"]["total"], formatting.usd(figures["cost_usd"]["total"]))


def _definitions(run: Run) -> PageTable:
    """By job definition, of the replication whose tables these are."""
    outcome = run.outcome
    groups = outcome.workload.groups
    names = list(dict.fromkeys(group.job_definition for group in groups))
    of_group = np.array([names.index(group.job_definition) for group in groups], np.intp)
    definition = of_group[outcome.workload.group]
    order = np.argsort(definition, kind="stable")
    ends = np.searchsorted(definition[order], np.arange(len(names) + 1))
    waited, turned, status = queue_times(outcome), turnarounds(outcome), outcome.recording.status
    rows = []
    for number, name in enumerate(names):
        jobs = order[ends[number] : ends[number + 1]]
        failed, cost = int(np.count_nonzero(status[jobs] == Status.FAILED)), float(outcome.job_costs[jobs].sum())
        times = [each.of(jobs).figures() for each in (waited, turned)]
        cells = [duration(each, statistic) for each in times for statistic in ("p50", "p95")]
        counts = [Cell(f"{len(jobs):,}", len(jobs)), Cell(f"{failed:,}", failed, "bad" if failed else "")]
        rows.append([Cell(name), *counts, *cells, Cell(format_usd(cost), cost)])
    rows.sort(key=lambda row: -float(row[1].value or 0))
    columns = ["job definition", "jobs", "failed", "queue time p50", "queue time p95", "turnaround p50"]
    # Idle capacity is shared among queues and workflows; of a definition it is the column of jobs.parquet.
    beside = "Cost is of what attempts ran on, without a share of what was paid beside them, which queues have."
    note = f"{_left_out(len(rows))} {beside}".strip()
    return PageTable("Job definitions", [*columns, "turnaround p95", "cost"], rows[:MOST_ROWS], note=note)


def _environments(summary: Summary) -> PageTable:
    columns = ["environment", "attempts", "instances", "interruptions", "peak vCPUs", "vCPUs used", "memory used"]
    rows = []
    for name, figures in summary["compute_environments"].items():
        money, used = figures["cost_usd"], figures["utilisation"]
        counts = ("attempts", "instances", "interruptions", "peak_vcpus")
        rows.append(
            [
                Cell(name),
                *(amount(figures[each], formatting.count(figures[each])) for each in counts),
                *(amount(used[each], formatting.share(used[each])) for each in ("vcpu", "memory")),
                amount(money["total"], formatting.usd(money["total"])),
                *(amount(money["by_purpose"][each], formatting.usd(money["by_purpose"][each])) for each in _WASTE),
            ]
        )
    return PageTable("Compute environments", [*columns, "cost", *_WASTE], rows)


def _reservations(summary: Summary) -> PageTable:
    """What became of each capacity reservation."""
    columns = ["reservation", "type", "zone", "instances", "reserved, instance-hours", "used", "cost of the rest"]
    rows = []
    for name, each in summary["reservations"].items():
        texts = [Cell(name), Cell(each["instance_type"]), Cell(each["availability_zone"])]
        hours = [amount(each[key], formatting.count(each[key])) for key in ("instances", "reserved_h", "used_h")]
        rows.append([*texts, *hours, amount(each["unused_usd"], formatting.usd(each["unused_usd"]))])
    return PageTable("Capacity reservations", columns, rows, texts=3)


def _longest_waits(run: Run) -> PageTable:
    """The jobs that were RUNNABLE longest before they started, or were when the run ended."""
    outcome = run.outcome
    times = queue_times(outcome)
    waited_s = np.nan_to_num(times.seconds, nan=-1.0)
    least = np.partition(waited_s, -LONGEST)[-LONGEST] if len(waited_s) > LONGEST else 0.0
    some = np.flatnonzero(waited_s >= max(least, 0.0))
    jobs = some[np.argsort(-waited_s[some], kind="stable")[:LONGEST]]
    names, groups = RowTexts(outcome).job_ids(jobs).to_pylist(), outcome.workload.groups
    at = outcome.recording.runnable_at[jobs].tolist()
    rows = []
    for number, (job, name) in enumerate(zip(jobs.tolist(), names, strict=True)):
        group, waited = groups[outcome.workload.group[job]], float(times.seconds[job])
        over = "over " if times.censored[job] else ""
        texts = [Cell(name), Cell(group.job_queue), Cell(group.job_definition)]
        runnable = Cell(moment(run.scenario.start, at[number]), at[number])
        rows.append([*texts, runnable, Cell(over + format_duration(waited), waited)])
    columns = ["job", "job queue", "job definition", "RUNNABLE (UTC)", "queue time"]
    note = f"The {LONGEST} longest; jobs.parquet has every job." if len(times.seconds) > LONGEST else ""
    return PageTable("Jobs that waited longest to start", columns, rows, texts=3, note=note)


_WASTE = ("idle", "stranded")
