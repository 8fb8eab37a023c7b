"""A comparison as a table: as wide as the terminal, figures whole, the best ones marked."""

from __future__ import annotations

from pathlib import Path

import pytest

import batchsim as bs
from batchsim.report.comparison import HELD, markdown, print_comparison
from tests.builders import environment, job, scenario, workflow


@pytest.fixture(scope="module")
def made():
    fleet = environment(minvCpus=2)
    limits = {"batch.computeEnvironments.fleet.computeResources.maxvCpus": 4}
    return scenario(
        workflow(job("j", {"lognormal": {"median": 600, "p95": 3000}}, arrayProperties={"size": 40})),
        environments=[fleet],
        variants={"four": limits},
        objectives=["max(queue_time) <= 1m", "minimise cost"],
    )


def printed(comparison, width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    print_comparison(comparison.rows, Path("out"))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("replications", [1, 3])
@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_no_figure_is_cut_or_broken(made, width, replications, capsys, monkeypatch):
    lines = printed(bs.compare(made, replications=replications), width, capsys, monkeypatch)
    assert max(map(len, lines)) <= width
    table = "\n".join(lines)
    assert "…" not in table
    assert any(line.rstrip().endswith(" used") for line in lines[:5])
    assert "1 of 1 met" in table
    assert "0 of 1 met" in table
    # An interval stands below its figure, whole.
    assert all(not line.rstrip().endswith("±") for line in lines)


def test_what_was_missed_is_said_below(made, capsys, monkeypatch):
    lines = printed(bs.compare(made), 120, capsys, monkeypatch)
    (missed,) = [line for line in lines if line.startswith("missed in ")]
    assert missed.startswith("missed in four: max(queue_time) <= 1m  →  ")
    assert lines[-1] == "out/ holds report.html, comparison.png, comparison.json and a results folder for each"


def test_of_nothing_nothing_is_printed(capsys):
    print_comparison([], Path("out"))
    assert capsys.readouterr().out == ""


def test_which_differences_may_be_chance_is_said(made):
    alone, several = bs.compare(made), bs.compare(made, replications=4)
    assert "One replication: what of them is chance can't be told (--replications 10)." in markdown(alone.rows)
    told = markdown(several.rows)
    chance = [key for key in HELD if several.rows[1][f"{key}_differs"] is False]
    named = f"No difference is shown of four in {' and '.join(HELD[key] for key in chance)}"
    assert (named if chance else "All differences are shown to be more than chance") in told
    # The same twice: nothing differs, and no word of narrower intervals.
    twice = markdown(bs.compare(made, made, replications=3).rows)
    assert "No difference is shown of test (2) in queue time p95 and turnaround p95 and cost" in twice
    assert "times narrower" not in twice


def test_a_lopsided_interval_is_told_by_its_ends(made):
    rows = [dict(row) for row in bs.compare(made, replications=2).rows]
    rows[0]["cost_usd"] = {"mean": 10.0, "low": 8.0, "high": 15.0, "n": 10, "by": "cox"}
    assert "$10.00 ($8.00 to $15.00)" in markdown(rows)


def test_of_a_variant_that_leaves_jobs_it_is_said_whose_cost_it_is(made):
    told = markdown(bs.compare(made).rows)
    assert "the same jobs were submitted in all of them." in told
    assert "unfinished" not in told
    closed = scenario(
        workflow(job("j", arrayProperties={"size": 40})),
        environments=[environment()],
        variants={"closed": {"batch.computeEnvironments.fleet.state": "DISABLED"}},
    )
    assert "Jobs are unfinished in closed (40): the cost there is without what these jobs still need." in markdown(
        bs.compare(closed).rows
    )


def test_of_jobs_that_still_run_when_the_run_ends_something_was_paid():
    long = scenario(workflow(job("j", 36_000)), environments=[environment()], horizon=7200, variants={"same": {}})
    rows = bs.compare(long).rows
    assert rows[0]["unfinished"] == 1
    assert rows[0]["cost_usd"] > 0
    assert "Jobs are unfinished in " in markdown(rows)
    assert "the cost there is without what these jobs still need." in markdown(rows)
