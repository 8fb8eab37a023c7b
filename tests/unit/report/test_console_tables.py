"""The tables below a summary in the terminal: figures of the summary, in the terminal's words."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import batchsim as bs
from batchsim.report.console import print_summary, summary_renderable
from batchsim.report.formatting import count, share, statistic, usd
from batchsim.results.advice import Advice, Figures
from batchsim.units import format_usd
from tests.builders import job, scenario, unmanaged, workflow


def lines(result, advice=(), width=150):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(summary_renderable(result.run, result.summary, advice), crop=False)
    return [line.rstrip() for line in console.export_text().splitlines()]


def row(text, name):
    """The cells of the row of a table that begins with a name."""
    (found,) = [line for line in text if line.split("  ")[0].strip() == name]
    return [cell.strip() for cell in found.split("  ") if cell.strip()]


def labelled(text, label):
    return [line.removeprefix(label).strip() for line in text if line.startswith(f"{label} ")]


def test_queues_have_the_figures_of_the_summary(mixed):
    text = lines(mixed)
    for name, figures in mixed.summary["job_queues"].items():
        assert row(text, name) == [
            name,
            count(figures["jobs"]["submitted"]),
            *(statistic(figures["queue_time_s"], each) for each in ("p50", "p95")),
            statistic(figures["turnaround_s"], "p95"),
            usd(figures["cost_usd"]["total"]),
        ]


def test_environments_have_the_figures_of_the_summary_and_what_of_their_cost_was_wasted(mixed):
    text = lines(mixed)
    for name, figures in mixed.summary["compute_environments"].items():
        purposes = figures["cost_usd"]["by_purpose"]
        assert row(text, name) == [
            name,
            count(figures["attempts"]),
            count(figures["peak_vcpus"]),
            share(figures["utilisation"]["vcpu"]),
            usd(figures["cost_usd"]["total"]),
            *(format_usd(purposes[each]) for each in ("idle", "stranded")),
        ]


def test_the_rows_of_each_table_sum_to_the_bill(mixed):
    for part in ("job_queues", "compute_environments"):
        total = sum(figures["cost_usd"]["total"] for figures in mixed.summary[part].values())
        assert total == pytest.approx(mixed.summary["cost_usd"]["total"])


def test_a_single_queue_and_environment_need_no_table():
    text = lines(bs.run(scenario(environments=[unmanaged(1)])))
    assert not [line for line in text if line.startswith(("job queue", "environment"))]
    assert text[0].strip() == "test · us-east-1 · seed 0"


def test_what_was_met_missed_and_minimised_is_said_in_the_order_of_the_scenario():
    objectives = ["max(queue_time) <= 1s", "minimise cost", "makespan <= 1h"]
    jobs = workflow(job(arrayProperties={"size": 2}))
    text = lines(bs.run(scenario(jobs, environments=[unmanaged(1)], objectives=objectives)))
    told = [line for line in text if line.split(" ")[0] in {"met", "missed", "minimised"}]
    assert [line.split("  →")[0].split()[0] for line in told] == ["missed", "minimised", "met"]
    assert labelled(text, "missed") == ["max(queue_time) <= 1s  →  1 min"]


def test_replications_are_counted_in_the_first_line():
    made = scenario(environments=[unmanaged(1)], seed=7)
    assert lines(bs.run(made, replications=2))[0].strip() == "test · us-east-1 · seed 7 · 2 replications"


LIMIT = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
MORE = Advice("more room", "jobs waited", {LIMIT: 64}, Figures(2.0, None, 600.0, 0.0), Figures(3.0, None, 60.0, 0.0))


def test_a_change_is_told_with_its_effect_why_and_how_to_try_it(mixed):
    text = lines(mixed, [MORE, replace(MORE, what="less room")])
    assert labelled(text, "advice") == ["more room", "less room"]
    at = text.index(next(line for line in text if line.startswith("advice")))
    assert [line.strip() for line in text[at + 1 : at + 4]] == [
        *["$2.00 → $3.00, queue time p95 10 min → 1 min", "jobs waited", f"--set {LIMIT}=64"],
    ]


def test_a_command_to_be_copied_is_in_one_line_however_narrow_the_terminal(mixed):
    assert f"           --set {LIMIT}=64" in lines(mixed, [MORE], width=60)


@pytest.mark.parametrize(("untried", "said"), [(0, []), (3, ["3 changes that may help were not tried"])])
def test_below_it_is_what_was_not_tried_and_where_files_are(mixed, untried, said, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    print_summary(mixed.run, mixed.summary, Path("results/x"), untried=untried)
    text = capsys.readouterr().out.splitlines()
    assert text[-1] == "results/x/ holds report.html, the tables, queue.png and summary.json"
    assert [line.split(", since")[0] for line in labelled(text, "advice")] == said
