"""The pages of a sweep, a search and a calibration: the words of the terminal, and every figure behind them."""

from __future__ import annotations

import re

import numpy as np
from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from batchsim.report.console import line, unbroken
from batchsim.report.figures.frontier import Frontier, FrontierPoint
from batchsim.report.page.blocks import Facts, PageTable, Paragraph
from batchsim.report.page.calibration import calibration_page
from batchsim.report.page.optimization import optimization_page
from batchsim.report.page.sweep import sweep_page
from batchsim.report.page.told import blocks_told
from batchsim.units import format_usd
from tests.builders import scenario
from tests.unit.report.page.test_document import EVIL, Texts
from tests.unit.report.page.test_run_page import rows_of, text_of
from tests.unit.report.test_optimize import figures as optimized
from tests.unit.report.test_sweep import LIMITED, MAX, OTHER, TYPES, swept


def test_lines_of_a_terminal_become_facts_with_what_belongs_to_them():
    told = Group(
        Text(EVIL),
        line("cheapest", "$1", "bold green"),
        line("", f"[bold]as it is {EVIL}"),
        unbroken("a.b: 1"),
        unbroken("a.c: 2"),
        line("missed", "something", "bold red"),
    )
    title, facts = blocks_told(told, "")
    assert title == Paragraph(EVIL)
    assert isinstance(facts, Facts)
    first, second = facts.facts
    assert (first.label, first.text, first.tone, first.details) == (
        "cheapest",
        "$1",
        "good",
        [f"[bold]as it is {EVIL}"],
    )
    assert first.command == "a.b: 1\na.c: 2"
    assert (second.label, second.tone) == ("missed", "bad")


def test_a_table_of_a_terminal_keeps_its_columns_and_what_is_marked():
    table = RichTable()
    table.add_column("name")
    table.add_column("cost", justify="right")
    table.add_row("one", "$1", style="green")
    table.add_row(Text("two", style="bold red"), "$2")
    (made,) = blocks_told(Group(table), "Points")
    assert isinstance(made, PageTable)
    assert (made.caption, list(made.columns), made.texts) == ("Points", ["name", "cost"], 1)
    assert [[(cell.text, cell.tone) for cell in row] for row in made.rows] == [
        [("one", "good"), ("$1", "good")],
        [("two", "bad"), ("$2", "")],
    ]


def cells_of(page, caption):
    """A map's cells, row by row, as text and shade."""
    table = re.search(rf"<caption>{re.escape(caption)}</caption>(.*?)</table>", page, re.DOTALL)[1]
    rows = table.split("<tbody>")[1].split("<tr>")[1:]
    return [re.findall(r'<td class="number s(\d)[^"]*">([^<]*)', row) for row in rows]


def test_a_map_has_the_mean_of_every_point_and_is_darkest_where_it_is_greatest():
    runs = swept(OTHER, MAX)
    page = sweep_page(LIMITED, runs)
    cells = cells_of(page, re.search(r"<caption>(Cost by [^<]*)", page)[1])
    texts = sorted(text for row in cells for _, text in row)
    assert texts == sorted(format_usd(float(cost)) for cost in runs.mean("cost_usd"))
    shades = {text: int(shade) for row in cells for shade, text in row}
    assert (shades[format_usd(1.0)], shades[format_usd(6.0)]) == (0, 8)


def test_every_point_is_in_the_table_the_best_first():
    runs = swept(OTHER, MAX)
    rows = rows_of(sweep_page(LIMITED, runs), "Points, the cheapest that meet every objective first")
    assert len(rows) == runs.points
    met = [row[2] for row in rows]
    assert met == sorted(met, reverse=True)
    costs = [float(row[3].removeprefix("$")) for row in rows if row[2] == "yes"]
    assert costs == sorted(costs)
    assert costs[0] == float(np.min(runs.mean("cost_usd")[runs.meets]))


def test_a_parameter_that_is_not_drawn_is_said_to_be_at_a_value():
    page = sweep_page(LIMITED, swept(MAX, OTHER, TYPES))
    assert re.search(r"At \S+=[^,]+, as in the cheapest point", text_of(page))


def test_a_sweep_of_one_parameter_is_a_map_of_one_row():
    cells = cells_of(sweep_page(LIMITED, swept(MAX)), "Cost by maxvCpus")
    assert [[text for _, text in row] for row in cells] == [["$1.00", "$2.00", "$3.00"]]


def drawn(**more):
    points = [FrontierPoint(600.0, 50.0, True), FrontierPoint(1200.0, 40.0, True), FrontierPoint(2400.0, 20.0, False)]
    return Frontier("etl", points, points[:2], points[1], "p95(queue_time)", **{"limit": 1800.0, **more})


def test_a_recommendation_is_told_and_drawn():
    page = optimization_page(scenario(), scenario(), optimized(), drawn())
    text = text_of(page)
    assert "in the mean, kept with 90 % confidence" in text
    assert "recommended (ringed) $40.00" in text
    ring = re.search(r'<circle class="ring[^"]*" cx="([\d.]+)%" cy="([\d.]+)"', page)
    dots = re.findall(r'<circle class="bar[^"]*" cx="([\d.]+)%" cy="([\d.]+)"', page)
    assert ring.groups() in dots
    assert [place[0] for place in dots] == sorted((place[0] for place in dots), key=float)


def test_an_objective_at_a_time_of_day_has_a_clock_for_its_axis():
    points = [FrontierPoint(at * 3600.0, cost, True) for at, cost in ((3, 50.0), (5, 40.0))]
    page = optimization_page(
        scenario(), None, optimized(), Frontier("etl", points, points, points[1], "finished_at", 6 * 3600.0, clock=True)
    )
    assert {"03:00", "04:00", "05:00", "06:00"} <= set(re.findall(r'class="along[^>]*>([^<]*)<', page))


def test_nothing_that_was_simulated_is_no_picture():
    page = optimization_page(scenario(), None, optimized(frontier=[]), Frontier("etl", [], [], None, "p95(queue_time)"))
    assert "<svg" not in page


def learnt():
    """What a short history of one kind of job taught."""
    runtime = {"job_definition": "d", "job_name": EVIL, "censored": 0, "mean_s": 60.0, "p50_s": 50.0, "p95_s": 90.0}
    return {
        "history": {
            "jobs": 3, "attempts": 3, "from": "2026-11-02T00:00:00Z", "to": "2026-11-03T00:00:00Z", "days": 1.0,
            "notes": {"records without a job": 2},
        },
        "learned": {
            "runtimes": [{**runtime, "by": "empirical", "why": "few"}],
            "failures": [{"attempts": 3, "failed": 0, "not_started": 0, "probability": None, "why": ""}],
            "arrivals": [], "delays": [], "memory": [], "instance_types": [], "interruptions": [],
        },
        "not_learned": ["boot delays: the history has none"],
    }  # fmt: skip


def test_what_was_not_learnt_is_on_the_page_too():
    page = calibration_page(learnt())
    assert "2 records without a job" in text_of(page)
    assert "not learnt boot delays: the history has none" in text_of(page)
    ((definition, name, attempts, *_),) = rows_of(page, "Run times")
    assert (definition, attempts) == ("d", "3")
    assert EVIL in Texts(page).texts
    assert name != EVIL
