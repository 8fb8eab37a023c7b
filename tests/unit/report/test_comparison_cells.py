"""Cells of a comparison: figures, differences with their sign, what is marked, what fits, of rows that are given."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from batchsim.report.comparison import (
    HARDLY_NARROWER,
    MONTHS,
    PURPOSES,
    _stacked,
    _table,
    cell,
    cost_heading,
    difference,
    jobs_cell,
    markdown,
    notes,
    show_comparison,
)
from batchsim.units import DAY
from tests.unit.report.test_narrative import PRICES


def interval(mean: float, half: float, n: int = 5) -> dict[str, Any]:
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": n}


def row(name: str = "first", **changes: Any) -> dict[str, Any]:
    """A variant whose ten jobs all succeed, for ten dollars in a day."""
    figures = {"queue_time_p95_s": 60.0, "turnaround_p95_s": 600.0, "cost_usd": 10.0}
    held = {f"{key}_difference": 0.0 for key in figures} | {f"{key}_differs": None for key in figures}
    purposes = {f"cost_{purpose}_usd": 2.0 for purpose in PURPOSES[150]}
    return {
        "variant": name, **figures, **held, **purposes, "cost_usd_width": None, "cost_per_month_usd": None,
        "jobs": 10, "succeeded": 10, "failed": 0, "unfinished": 0, "objectives": [], "objectives_missed": 0,
        "utilisation_vcpu": 0.5, "period_s": DAY, "ended_at_s": DAY, "stopping": None, "prices": PRICES, **changes,
    }  # fmt: skip


FIRST = row()


class TestCells:
    """One figure."""

    def test_what_is_not_known_is_over_what_is(self):
        unknown = row(queue_time_p95_s=None, queue_time_p95_s_at_least=90.0, turnaround_p95_s=None)
        assert cell(unknown, "queue_time_p95_s") == "over 1 min 30 s"
        assert cell(unknown, "turnaround_p95_s") == "–"
        assert cell(row(cost_usd=None, cost_usd_at_least=12.0), "cost_usd") == "over $12.00"

    def test_one_of_replications_has_its_interval(self):
        assert cell(row(queue_time_p95_s=interval(60, 5)), "queue_time_p95_s") == "1 min ± 5 s"

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (2.5, "+$2.50"), (-2.5, "−$2.50"), (0.0, "±$0.00"),
            (interval(2.5, 0.5), "+$2.50 ± $0.50"), (interval(-2.5, 4.0), "−$2.50 ± $4.00"),
            (interval(0.0, 0.0), "±$0.00 ± $0.00"), (None, ""),
        ],
    )  # fmt: skip
    def test_a_difference_has_its_sign_and_half_its_interval_without_one(self, change, said):
        assert difference(row("other", cost_usd_difference=change), FIRST, "cost_usd") == said

    def test_the_first_does_not_differ_from_itself(self):
        assert difference(FIRST, FIRST, "cost_usd") == ""

    @pytest.mark.parametrize(
        ("jobs", "said"),
        [
            ({}, "10"),
            ({"succeeded": 7, "failed": 2, "unfinished": 1}, "7 of 10, 2 failed, 1 unfinished"),
            ({"succeeded": interval(9.5, 0.1), "failed": interval(0.5, 0.1)}, "9.5 of 10, 0.5 failed"),
        ],
    )
    def test_jobs_are_told_with_what_became_of_those_that_did_not_succeed(self, jobs, said):
        assert jobs_cell(row(**jobs)) == said

    def test_money_is_told_with_its_period_once_where_that_is_the_same_of_all(self):
        assert cost_heading([FIRST, row("other")]) == "cost in 1 day"
        other = row("other", period_s=2 * DAY, ended_at_s=2 * DAY)
        assert cost_heading([FIRST, other]) == "cost"
        told = markdown([FIRST, other])
        assert ("$10.00 in 1 day |" in told, "$10.00 in 2 days (±$0.00) |" in told) == (True, True)

    def test_an_interval_a_period_and_a_difference_stand_below_the_figure(self):
        assert _stacked("$1.00 ± $0.50 in 1 day and the 2 h 00 min after", "", "+$2.00 ($1.00 to $3.00)") == (
            "$1.00\n± $0.50\nin 1 day\nand the 2 h 00 min after\n+$2.00\n($1.00 to $3.00)"
        )


class TestTable:
    """What fits, and what is marked."""

    def headings(self, rows, width):
        return [str(column.header).replace("\n", " ") for column in _table(rows, width).columns]

    @pytest.mark.parametrize("width", sorted(PURPOSES)[1:])
    def test_purposes_of_cost_are_shown_where_there_is_room(self, width):
        wide, narrow = self.headings([FIRST], width), self.headings([FIRST], width - 1)
        assert [each for each in wide if each in PURPOSES[150]] == list(PURPOSES[width])
        assert len(narrow) < len(wide)
        assert wide[0] == "variant"

    def test_intervals_take_room_from_them(self):
        several = row(cost_usd=interval(10, 1))
        assert "useful" in self.headings([FIRST], 150)
        assert "useful" not in self.headings([several], 155)
        assert "useful" in self.headings([several], 156)

    def test_a_month_s_money_is_shown_where_it_is_known_of_any_and_there_is_room(self):
        rows = [FIRST, row("other", cost_per_month_usd=300.0)]
        assert "a month" in self.headings(rows, MONTHS)
        assert "a month" not in self.headings(rows, MONTHS - 1)
        assert "a month" not in self.headings([FIRST], 200)
        assert markdown(rows).splitlines()[0].endswith("| a month | used |")
        assert [line.split(" | ")[-2] for line in markdown(rows).splitlines()[2:4]] == ["–", "$300.00"]

    def marked(self, *rows):
        table = _table(rows, 200)
        styles = [[str(getattr(text, "style", "")) for text in column.cells] for column in table.columns]
        return {name: [style == "green" for style in styles[at]] for name, at in (("wait", 3), ("cost", 5))}

    def test_the_least_of_those_that_meet_all_and_leave_no_job_are_marked(self):
        cheap = row("cheap", cost_usd=1.0, objectives_missed=1)
        quick = row("quick", queue_time_p95_s=1.0, unfinished=1)  # as cheap as the first, without what it left
        dear = row("dear", cost_usd=11.0, queue_time_p95_s=30.0)
        assert self.marked(FIRST, cheap, quick, dear) == {
            "wait": [False, False, False, True],
            "cost": [True, False, False, False],
        }

    def test_where_none_does_none_is_marked(self):
        assert self.marked(row(objectives_missed=1), row("other", unfinished=0.5)) == {
            "wait": [False, False],
            "cost": [False, False],
        }

    def test_markdown_keeps_names_apart_from_cells(self):
        console = Console(file=io.StringIO(), width=200)
        console.print(_table([row("a|b [x]")], 200))
        assert "a|b" in console.file.getvalue()
        assert markdown([row("a|b")]).splitlines()[2].startswith("| a\\|b | – | 10 | 1 min | 10 min | $10.00 | 50 % |")


class TestNotes:
    """What is said of the figures."""

    def several(self, name="other", **changes):
        return row(name, cost_usd=interval(10, 1, n=8), **changes)

    def told(self, *rows):
        return " ".join(notes(rows))

    def test_means_say_how_many_replications_they_are_of(self):
        assert "Means of 8 replications, ± their 95 % interval" in self.told(self.several())
        assert "Means" not in self.told(FIRST, row("other"))

    def test_by_what_replications_were_stopped_is_said_once(self):
        stopping = {"of": ["cost_usd.total"], "reached": True, "precision": 0.05}
        told = self.told(self.several(stopping=stopping), self.several("b", stopping=stopping))
        assert told.count("Replications stopped when the bill was within 5 %, in every variant.") == 1

    def test_a_variant_alone_has_no_chance_to_be_told_of(self):
        assert "One replication" not in self.told(FIRST)
        assert "differences" not in self.told(self.several()).replace("of differences, replication", "")

    @pytest.mark.parametrize(
        ("widths", "said"),
        [([0.5], "2.0 times"), ([HARDLY_NARROWER], ""), ([0.1, 0.5, 0.95], "2.0 times"), ([None], "")],
    )
    def test_it_is_said_how_much_narrower_intervals_are_for_the_same_random_numbers(self, widths, said):
        rows = [self.several(str(number), cost_usd_width=width) for number, width in enumerate(widths)]
        told = self.told(self.several(), *rows)
        assert ("narrower" in told) is bool(said)
        assert said in told

    def test_prices_are_told_once_where_all_have_the_same(self):
        other = row("other", prices={**PRICES, "region": "eu-west-1"})
        assert self.told(FIRST, row("b"), other).count("Prices: ") == 2


def test_as_json_the_rows_are_as_they_are(tmp_path, capsys):
    rows = [FIRST, row("other", cost_usd=interval(10, 1))]
    show_comparison(rows, tmp_path, "json")
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(rows))
    show_comparison(rows, tmp_path, "markdown")
    assert capsys.readouterr().out == markdown(rows)
    assert markdown([]) == ""
