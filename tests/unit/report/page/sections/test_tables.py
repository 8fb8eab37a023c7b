"""Tables of the page, held against the tables of the run and worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

import batchsim as bs
from batchsim.report import formatting
from batchsim.report.page.sections import tables as module
from batchsim.report.page.sections.tables import tables
from batchsim.units import HOUR, format_duration, format_usd
from tests.builders import definition, job, queue, scenario, unmanaged, workflow


def by_caption(result):
    return {table.caption: table for table in tables(result.run, result.summary).blocks}


def rows_of(result, caption):
    """The rows of a table by their first cell."""
    return {row[0].text: row[1:] for row in by_caption(result)[caption].rows}


class TestQueuesAndWorkflows:
    """Figures of the summary, each with what it is sorted by."""

    @pytest.mark.parametrize(("caption", "column"), [("Job queues", "job_queue"), ("Workflows", "workflow")])
    def test_they_are_counted_as_in_the_table_of_jobs(self, mixed, caption, column):
        found = rows_of(mixed, caption)
        grouped = mixed.jobs.groupby(column, observed=True)
        assert set(found) == set(grouped.groups)
        for name, jobs in grouped:
            counts = [len(jobs), (jobs.status == "FAILED").sum(), (~jobs.status.isin(["SUCCEEDED", "FAILED"])).sum()]
            assert [cell.value for cell in found[name][:3]] == counts
            waits = [f"wait_{cause}_s" for cause in ("limit", "boot", "capacity", "blocked", "retry")]
            hours = jobs[waits].sum().sum() / HOUR
            assert found[name][7].value == pytest.approx(hours)
            assert found[name][7].text == formatting.job_hours(hours * HOUR)

    def test_durations_are_told_as_the_summary_has_them(self, mixed):
        for name, figures in mixed.summary["job_queues"].items():
            cells = rows_of(mixed, "Job queues")[name][3:7]
            statistics = [(kind, each) for kind in ("queue_time_s", "turnaround_s") for each in ("p50", "p95")]
            for cell, (kind, statistic) in zip(cells, statistics, strict=True):
                known = figures[kind][statistic]
                least = figures[kind]["at_least"].get(statistic)
                assert cell.text == (format_duration(known) if known is not None else f"over {format_duration(least)}")
                assert cell.value == (known if known is not None else least)

    def test_what_failed_or_is_unfinished_stands_out(self, mixed):
        for cells in rows_of(mixed, "Job queues").values():
            assert [cell.tone for cell in cells[:3]] == ["", *("bad" if cell.value else "" for cell in cells[1:3])]

    def test_of_very_many_those_with_the_most_jobs_are_listed_and_the_others_counted(self, monkeypatch):
        monkeypatch.setattr(module, "MOST_ROWS", 2)
        flows = [workflow(job(arrayProperties={"size": size}), name=f"w{size}") for size in (2, 5, 3, 4)]
        table = by_caption(bs.run(scenario(*flows, environments=[unmanaged(9)])))["Workflows"]
        assert [row[0].text for row in table.rows] == ["w5", "w4"]
        assert table.note == "Those with the most jobs; 2 others are left out."

    def test_where_all_are_listed_they_are_in_the_order_of_the_scenario(self):
        flows = [workflow(job(arrayProperties={"size": size}), name=f"w{size}") for size in (2, 5, 3)]
        table = by_caption(bs.run(scenario(*flows, environments=[unmanaged(9)])))["Workflows"]
        assert ([row[0].text for row in table.rows], table.note) == (["w2", "w5", "w3"], "")


class TestDefinitions:
    """By job definition, those with the most jobs first."""

    def test_they_are_those_of_the_table_of_jobs(self, mixed):
        rows = by_caption(mixed)["Job definitions"].rows
        assert [row[1].value for row in rows] == sorted((row[1].value for row in rows), reverse=True)
        for name, *cells in rows:
            jobs = mixed.jobs[mixed.jobs.job_definition == name.text]
            assert [cell.value for cell in cells[:2]] == [len(jobs), (jobs.status == "FAILED").sum()]
            assert cells[6].value == pytest.approx(jobs.cost_usd.sum())

    def test_their_queue_times_are_quantiles_of_their_own_jobs(self):
        # One processor each: jobs of 100 s wait for 0, 100, …, 400 s, those of 10 s for a tenth of it.
        made = scenario(
            workflow(job("slow", 100, arrayProperties={"size": 5})),
            workflow(job("quick", 10, jobQueue="other", jobDefinition="quick", arrayProperties={"size": 5}), name="w"),
            environments=[unmanaged(1), unmanaged(1, "others")],
            queues=[queue("queue", "servers"), queue("other", "others")],
            definitions=[definition(), definition("quick")],
        )
        found = rows_of(bs.run(made), "Job definitions")
        # p50 is the third, p95 0.8 of the way from the fourth to the fifth; turnaround is the run time more.
        assert [cell.text for cell in found["task"]] == [
            *["5", "0", "3 min 20 s", "6 min 20 s", "5 min", "8 min", "$0.00"],
        ]
        assert [cell.text for cell in found["quick"]] == ["5", "0", "20 s", "38 s", "30 s", "48 s", "$0.00"]

    def test_their_cost_is_that_of_attempts_while_that_of_queues_and_workflows_is_the_bill(self, mixed):
        def cost(caption):
            return sum(cells[-1].value for cells in rows_of(mixed, caption).values())

        bill = mixed.summary["cost_usd"]["total"]
        assert (cost("Job queues"), cost("Workflows")) == (pytest.approx(bill), pytest.approx(bill))
        # As the table says, it is without what was paid beside attempts.
        assert cost("Job definitions") == pytest.approx(mixed.jobs.cost_usd.sum())
        assert cost("Job definitions") < bill
        assert "without a share of what was paid beside them" in by_caption(mixed)["Job definitions"].note


class TestEnvironments:
    """What each did and cost."""

    def test_attempts_instances_and_interruptions_are_counted_in_the_tables(self, mixed):
        found = rows_of(mixed, "Compute environments")
        placed = mixed.attempts.groupby("compute_environment", observed=False).size()
        launched = mixed.instances.groupby("compute_environment", observed=False).size()  # a task is one too
        for name, cells in found.items():
            assert cells[0].value == placed[name]
            assert cells[1].value == launched[name]
        assert sum(cells[2].value for cells in found.values()) == mixed.summary["interruptions"] > 0

    def test_their_costs_sum_to_the_bill_and_idle_and_stranded_to_its_parts(self, mixed):
        found, cost = rows_of(mixed, "Compute environments"), mixed.summary["cost_usd"]
        for place, expected in (
            (6, cost["total"]),
            (7, cost["by_purpose"]["idle"]),
            (8, cost["by_purpose"]["stranded"]),
        ):
            assert sum(cells[place].value for cells in found.values()) == pytest.approx(expected)
            assert all(cells[place].text == format_usd(cells[place].value) for cells in found.values())


class TestLongestWaits:
    """The jobs that waited longest to start."""

    def made(self, jobs, **members):
        return bs.run(scenario(workflow(job(arrayProperties={"size": jobs})), environments=[unmanaged(1)], **members))

    def test_they_are_those_of_the_table_of_jobs(self, mixed):
        table = by_caption(mixed)["Jobs that waited longest to start"]
        jobs = mixed.jobs
        # Of retried jobs the wait is that before the first attempt, which the table of attempts has.
        first = mixed.attempts[mixed.attempts.attempt == 1].set_index("job_id").starting_at
        waited = jobs.set_index("job_id").runnable_at.rsub(first.reindex(jobs.job_id))
        longest = waited.sort_values(ascending=False, kind="stable")[:20]
        assert [row[4].value for row in table.rows] == pytest.approx(longest.tolist())
        assert table.note == "The 20 longest; jobs.parquet has every job."
        for row in table.rows:
            (of,) = jobs[jobs.job_id == row[0].text].itertuples()
            assert (row[1].text, row[2].text, row[3].value) == (of.job_queue, of.job_definition, of.runnable_at)

    def test_of_jobs_that_waited_equally_long_the_first_submitted_comes_first(self):
        # On one processor for a minute each: the 21st waits for 20 minutes. The first is left out.
        table = by_caption(self.made(21))["Jobs that waited longest to start"]
        assert [row[4].text for row in table.rows][::19] == ["20 min", "1 min"]
        assert len(table.rows) == 20

    @pytest.mark.parametrize("jobs", [2, 20])
    def test_where_there_are_no_more_all_are_listed_and_nothing_is_said(self, jobs):
        table = by_caption(self.made(jobs))["Jobs that waited longest to start"]
        assert (len(table.rows), table.note) == (jobs, "")
        assert table.rows[-1][4].text == "0 s"

    def test_those_that_never_started_waited_for_more_than_that(self):
        # Cut after 90 s.
        rows = by_caption(self.made(4, horizon=90))["Jobs that waited longest to start"].rows
        assert [row[4].text for row in rows] == ["over 1 min 30 s", "over 1 min 30 s", "1 min", "0 s"]

    def test_those_that_never_became_runnable_are_none_of_them(self):
        made = scenario(
            workflow(job("a", 600), job("b", 1, dependsOn=[{"jobName": "a"}])), environments=[unmanaged(1)], horizon=90
        )
        rows = by_caption(bs.run(made))["Jobs that waited longest to start"].rows
        assert [row[0].text for row in rows] == ["work/0/a"]


def test_a_statistic_that_is_not_known_is_sorted_by_what_it_is_over():
    figures = {"p50": 60.0, "p95": None, "max": None, "at_least": {"p95": 90.0}}
    known, over, nothing = (module.duration(figures, name) for name in ("p50", "p95", "max"))
    assert (known.text, known.key) == ("1 min", "60")
    assert (over.text, over.key) == ("over 1 min 30 s", "90")
    assert (nothing.text, nothing.key) == ("–", "")
    several = {"p50": {"mean": 60.0, "low": 50.0, "high": 70.0, "n": 3}, "at_least": {}}
    assert module.duration(several, "p50").value == 60.0
    assert np.isfinite(module.amount(several["p50"], "x").value)
