"""Curves over time: jobs by state, vCPUs of each environment against its limit, money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from batchsim.report import formatting
from batchsim.report.page import scales
from batchsim.report.page.blocks import Block, Chart, PageSection, Paragraph
from batchsim.report.page.over_time import Time, edges_of, line_chart, stacked_chart, table_of
from batchsim.report.page.thinning import COLUMNS
from batchsim.report.palette import SPENT, STATES, VCPUS
from batchsim.results import series
from batchsim.results.limits import limit
from batchsim.results.outcome import Outcome
from batchsim.results.run import Run
from batchsim.results.spans import MANY, MOST_STEPS
from batchsim.results.spending import spent as spent_until
from batchsim.results.step_functions import Curve, total
from batchsim.results.timeline import job_states
from batchsim.results.vcpus import Vcpus
from batchsim.units import format_usd

#: Steps are thinned when they are drawn.
EVERY = 10**9
#: Environments that have a chart of their own: those with the most vCPUs.
MOST_ENVIRONMENTS = 6
#: Others are named, so many of them.
MOST_NAMES = 20


def over_time(run: Run, time: Time) -> PageSection:
    """Jobs and vCPUs in a stretch of the run, the busiest, and money over the whole run."""
    outcome, start = run.outcome, run.scenario.start
    whole = Time(start, (0.0, max(run.recording.ended_at, 1.0)))
    blocks: list[Block] = []
    jobs = from_below(outcome)
    if run.scenario.warm_up_by is not None:
        blocks.append(
            Paragraph("These curves show the whole run: the warm-up and the drain are in them, unlike in figures.")
        )
    if time.window != whole.window:
        blocks.append(
            Paragraph(f"Jobs come in bursts: below the whole run, the busiest stretch is shown ({time.words}).")
        )
        blocks.append(stacked_chart("Jobs by state, the whole run", "jobs", jobs, STATES, whole, height=110))
    blocks.append(stacked_chart("Jobs by state", "jobs", jobs, STATES, time))
    blocks.append(Paragraph("PENDING has jobs that are SUBMITTED as well."))
    blocks += _environments(outcome, time)
    blocks.append(spend_chart(outcome, whole))
    if len(run.workload) > MANY:
        blocks.append(Paragraph(f"Curves of so many jobs are drawn from their means over {MOST_STEPS:,} intervals."))
    return PageSection("over-time", "Over time", blocks)


def from_below(outcome: Outcome) -> dict[str, Curve]:
    """Jobs by state from the bottom of the stack; SUBMITTED lasts a second, and is drawn with PENDING."""
    curves: dict[str, list[Curve]] = {state: [] for state in ("RUNNING", "STARTING", "RUNNABLE", "PENDING")}
    for _, state, at, level in job_states(outcome, EVERY):
        curves["PENDING" if state == "SUBMITTED" else state].append((at, level))
    return {state: total(parts) for state, parts in curves.items() if parts}


def _environments(outcome: Outcome, time: Time) -> Iterator[Block]:
    """Charts of the environments with the most vCPUs, and which are left out."""
    environments = outcome.configuration.environments
    vcpus = Vcpus(outcome)
    curves = {index: vcpus.of(index, EVERY) for index in range(len(environments))}
    used = _by_peak(curves)
    for index in used[:MOST_ENVIRONMENTS]:
        layers = {state: curves[index][state] for state in VCPUS if state in curves[index]}
        name = environments[index].name
        yield stacked_chart(f"vCPUs of {name}", "vCPUs", layers, VCPUS, time, limit=limit(outcome, index))
    if unused := [each.name for index, each in enumerate(environments) if index not in used]:
        yield Paragraph(f"Nothing ran in {_named(unused)}.")
    if left := [environments[index].name for index in used[MOST_ENVIRONMENTS:]]:
        yield Paragraph(f"Not drawn, since they had fewer vCPUs: {_named(left)}. timeline.parquet has them all.")


def _named(names: Sequence[str]) -> str:
    """Some names, of many the first."""
    others = len(names) - MOST_NAMES
    return ", ".join(names) if others < 2 else f"{', '.join(names[:MOST_NAMES])} and {others:,} others"


def _by_peak(curves: Mapping[int, Mapping[str, Curve]]) -> list[int]:
    """The environments in which anything ran, the one with the most vCPUs first."""
    peaks = {index: _peak(each) for index, each in curves.items()}
    return sorted((index for index, peak in peaks.items() if peak > 0), key=lambda index: -peaks[index])


def _peak(curves: Mapping[str, Curve]) -> float:
    return max((float(level.max(initial=0.0)) for _, level in curves.values()), default=0.0)


def spend_chart(outcome: Outcome, whole: Time) -> Chart:
    """What was spent until each instant, and at what rate at most."""
    spend = series.spend(outcome)
    at = np.linspace(*whole.window, COLUMNS + 1)
    spent = spent_until(outcome, at)
    peak = float(spend.rate.max(initial=0.0))
    note = f"The highest rate was {format_usd(peak)} an hour." if peak else ""
    by_end = {"spent": spent_until(outcome, edges_of(whole.window)[1:])}  # not of the line, which is drawn by columns
    return line_chart(
        "Money spent so far",
        {"spent": (at, np.append(spent[:-1], spend.bill))},
        {"spent": SPENT},
        whole,
        scales.money(spend.bill),
        table=table_of("Spent by the end of each interval", by_end, whole, formatting.usd),
        values={"spent": f"{format_usd(spend.bill)} in all"},
        unit="usd",
        note=note,
    )
