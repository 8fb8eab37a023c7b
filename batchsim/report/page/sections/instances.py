"""Instances with their jobs, as a Gantt chart: so many as can be read, and what is left out is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints, filled
from batchsim.recording import Status, instance_id
from batchsim.report import formatting
from batchsim.report.page import scales, svg
from batchsim.report.page.blocks import Block, Cell, Chart, LegendKey, PageSection, PageTable, Paragraph
from batchsim.report.page.over_time import Time
from batchsim.report.page.thinning import COLUMNS
from batchsim.report.palette import BLUE, ORANGE, PALE, RED, Colour
from batchsim.results.outcome import Outcome
from batchsim.results.run import Run
from batchsim.results.step_functions import steps
from batchsim.spec.configuration import Offering
from batchsim.units import HOUR, format_duration, format_usd

#: Instances and bars of jobs that are drawn.
MOST_INSTANCES, MOST_BARS = 24, 3000
#: Seconds that are drawn at most.
WINDOW = 12 * HOUR
#: Pixels between instances, of the name above one, of one beside its lanes, of a lane, of one at most.
GAP, NAME, LEAST, LANE, MOST_HEIGHT = 6, 15, 8, 4, 40


@dataclass(frozen=True)
class Row:
    """An instance of the chart.

    Attributes
    ----------
    instance : int
        Its number.
    attempts : ndarray of int
        Attempts that it held, by when they began.
    lanes : ndarray of int
        The lane in which each attempt is drawn.
    """

    instance: int
    attempts: NDArray[np.intp]
    lanes: Ints

    @property
    def height(self) -> int:
        """Pixels."""
        return min(LEAST + LANE * (int(self.lanes.max(initial=0)) + 1), MOST_HEIGHT)


def instances(run: Run) -> PageSection:
    """The instances around the time when there were most, with their jobs, and a table of instance types."""
    outcome = run.outcome
    recorded = outcome.recording.instances
    blocks: list[Block] = []
    if not len(recorded.environment):
        blocks.append(Paragraph("No EC2 instance was launched: Fargate tasks and unmanaged vCPUs have none."))
    else:
        peak = _peak(recorded.requested_at, recorded.terminated_at)
        rows = _rows(outcome, _around(peak, recorded.requested_at, recorded.terminated_at))
        drawn = np.array([row.instance for row in rows])
        low = max(float(recorded.requested_at[drawn].min()), peak - WINDOW / 2)
        high = min(float(recorded.terminated_at[drawn].max()), peak + WINDOW / 2)
        blocks.append(_gantt(outcome, rows, Time(run.scenario.start, (low, max(high, low + 1.0)))))
        blocks.append(_types(outcome))
    return PageSection("instances", "Instances and their jobs", blocks)


def _peak(start: Floats, stop: Floats) -> float:
    """The first instant at which there were most."""
    at, level = steps(start, stop)
    return float(at[np.argmax(level)]) if len(at) else float(start[0])


def _around(instant: float, start: Floats, stop: Floats) -> NDArray[np.intp]:
    """Of some stretches those that an instant is in, then those nearest to it, in their order."""
    away = np.maximum(np.maximum(start - instant, instant - stop), 0.0)
    return np.sort(np.argsort(away, kind="stable")[:MOST_INSTANCES])


def _rows(outcome: Outcome, shown: NDArray[np.intp]) -> list[Row]:
    """The instances that are drawn."""
    attempts, nodes = outcome.recording.attempts, outcome.recording.nodes
    # A multi-node job's attempt is on the instances of all its nodes.
    here, there = np.flatnonzero(np.isin(attempts.instance, shown)), np.isin(nodes.instance, shown)
    held_by = np.concatenate([attempts.instance[here], nodes.instance[there]])
    attempt = np.concatenate([here, nodes.attempt[there]])
    order = np.lexsort((attempts.starting_at[attempt], held_by))
    attempt = attempt[order]
    first, last = (np.searchsorted(held_by[order], shown, side=side) for side in ("left", "right"))
    rows: list[Row] = []
    drawn = 0
    for number, instance in enumerate(shown.tolist()):
        held = attempt[first[number] : last[number]]
        drawn += len(held)
        if rows and drawn > MOST_BARS:
            break
        stopped = filled(attempts.stopped_at[held], outcome.recording.ended_at)
        rows.append(Row(instance, held, lanes_of(attempts.starting_at[held], stopped)))
    return rows


def lanes_of(start: Floats, stop: Floats) -> Ints:
    """The first lane that is free for each interval, in the order of their starts."""
    lanes, free_from = np.zeros(len(start), np.int32), list[float]()
    for number, (begin, end) in enumerate(zip(start.tolist(), stop.tolist(), strict=True)):
        lane = next((each for each, free in enumerate(free_from) if free <= begin), len(free_from))
        free_from[lane : lane + 1] = [end]
        lanes[number] = lane
    return lanes


def _gantt(outcome: Outcome, rows: list[Row], time: Time) -> Chart:
    height = sum(NAME + row.height + GAP for row in rows)
    bars: list[Markup] = []
    names: list[Markup] = []
    top = 0
    for row in rows:
        told = f"{_type(outcome, row.instance)}, {formatting.many(len(row.attempts), 'attempt')}"
        names.append(svg.element("text", {"y": top + NAME - 4}, told))
        bars += _bars(outcome, row, time, top + NAME)
        top += NAME + row.height + GAP
    keys = [
        LegendKey("booting", ORANGE),
        LegendKey("job", BLUE),
        LegendKey("job that failed or was lost", RED),
        LegendKey("idle", PALE),
    ]
    title = "Instances with their jobs, each a bar"
    there = len(outcome.recording.instances.environment)
    label = (
        f"{title}, {time.words}: {len(rows)} instances; the table below says when each ran and how many jobs it held."
    )
    around = f"{len(rows)} of {there:,} instances, around the time when there were most; the others are left out."
    note = around if there > len(rows) else ""
    empty = scales.Scale(0.0, 1.0)
    drawing = svg.drawing(label, time.scale, empty, *bars, height=height, over=names, style="drawing bars")
    return Chart(title, drawing, keys, _table(outcome, rows, time), note)


def _bars(outcome: Outcome, row: Row, time: Time, top: int) -> Iterator[Markup]:
    recorded, attempts = outcome.recording.instances, outcome.recording.attempts
    requested, terminated = recorded.requested_at[row.instance], recorded.terminated_at[row.instance]
    usable = recorded.usable_from[row.instance]
    yield from _bar(time, requested, usable, top, row.height, ORANGE)
    yield from _bar(time, usable, terminated, top, row.height, PALE)
    lanes = int(row.lanes.max(initial=0)) + 1
    high = row.height / lanes
    stopped = filled(attempts.stopped_at[row.attempts], outcome.recording.ended_at)
    for attempt, lane, stop in zip(row.attempts.tolist(), row.lanes.tolist(), stopped.tolist(), strict=True):
        colour = RED if attempts.status[attempt] == Status.FAILED else BLUE
        yield from _bar(time, float(attempts.starting_at[attempt]), stop, top + lane * high, high * 0.85, colour)


def _bar(time: Time, start: float, stop: float, top: float, height: float, colour: Colour) -> Iterator[Markup]:
    """What of a stretch is in the window."""
    low, high = time.window
    start, stop = max(start, low), min(stop, high)
    if stop > start:
        per_s = COLUMNS / (high - low)
        yield svg.bar((start - low) * per_s, top, (stop - start) * per_s, height, colour)


def _type(outcome: Outcome, instance: int) -> str:
    recorded = outcome.recording.instances
    environment = outcome.configuration.environments[recorded.environment[instance]]
    offering: Offering = environment.offerings[recorded.offering[instance]]
    return offering.instance_type


def _table(outcome: Outcome, rows: list[Row], time: Time) -> PageTable:
    recorded, cost = outcome.recording.instances, outcome.costs.instance_total
    environments = outcome.configuration.environments
    cells = []
    for row in rows:
        requested = float(recorded.requested_at[row.instance])
        lasted = float(recorded.terminated_at[row.instance]) - requested
        cells.append(
            [
                Cell(instance_id(row.instance)),
                Cell(_type(outcome, row.instance)),
                Cell(environments[recorded.environment[row.instance]].name),
                Cell(scales.moment(time.start, requested), requested),
                Cell(format_duration(lasted), lasted),
                Cell(f"{len(row.attempts):,}", len(row.attempts)),
                Cell(format_usd(float(cost[row.instance])), float(cost[row.instance])),
            ]
        )
    columns = ["instance", "type", "environment", "requested (UTC)", "lasted", "attempts", "cost"]
    return PageTable("Instances that are drawn", columns, cells, texts=3)


def _types(outcome: Outcome) -> PageTable:
    """How many instances of each type each environment launched, how long they ran, and what they cost."""
    recorded, cost = outcome.recording.instances, outcome.costs
    hours = (recorded.terminated_at - recorded.paid_from) / HOUR
    idle = cost.instance["idle"] + cost.instance["stranded"]
    keys, place = np.unique(np.stack([recorded.environment, recorded.offering], axis=1), axis=0, return_inverse=True)
    sums = [
        np.bincount(place.ravel(), weights, len(keys)).tolist() for weights in (None, hours, cost.instance_total, idle)
    ]
    rows = []
    for (environment, offering), launched, ran, paid, unused in zip(keys.tolist(), *sums, strict=True):
        named = outcome.configuration.environments[environment]
        type_ = named.offerings[offering]
        rows.append(
            [
                Cell(type_.instance_type),
                Cell(named.name),
                Cell(f"{launched:,.0f}", launched),
                Cell(f"{ran:,.1f}", ran),
                Cell(f"${type_.price_usd_per_hour:.4f}", type_.price_usd_per_hour),
                Cell(format_usd(paid), paid),
                Cell(format_usd(unused), unused),
            ]
        )
    columns = [
        "instance type",
        "environment",
        "launched",
        "hours",
        "price an hour at the start",
        "cost",
        "of which unused",
    ]
    return PageTable("Instance types", columns, rows, texts=2)
