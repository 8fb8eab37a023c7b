"""Variants side by side: which are run, how they differ, and what is said of them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import batchsim as bs
from batchsim.experiments.compare import compared, variants_of
from batchsim.report.comparison import markdown
from batchsim.statistics.intervals import confidence_interval
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow

SERVERS = "batch.computeEnvironments.servers.unmanagedvCpus"
RANDOM = {"lognormal": {"median": 60, "p95": 300}}


def waiting(**members):
    """Ten jobs on one server, or two, or four."""
    return scenario(
        workflow(job("j", RANDOM, arrayProperties={"size": 10})),
        environments=[unmanaged(1)],
        variants={"two": {SERVERS: 2}, "four": {SERVERS: 4}},
        **members,
    )


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ((), ["test", "two", "four"]),
        (("four", "two"), ["four", "two"]),
        (("four", "test"), ["four", "test"]),
        (("four",), ["test", "four"]),
        (("four", "four"), ["test", "four"]),
        (("test",), ["test"]),
    ],
)
def test_variants_are_chosen_by_name(names, chosen):
    assert list(variants_of(waiting(), names)) == chosen


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (("base/etl.yaml", "head/etl.yaml"), ["test (base)", "test (head)"]),
        (("/tmp/a/x.yaml", "/tmp/a/y.yaml"), ["test (x)", "test (y)"]),  # noqa: S108 (nothing is written)
        (("../scenarios/etl.yaml", "recommended.yaml"), ["test (etl)", "test (recommended)"]),
        (("etl.yaml", "etl.yaml"), ["test", "test (2)"]),
        (("etl.yaml", "a/etl.yaml"), ["test (etl)", "test (a)"]),
    ],
)
def test_scenarios_of_one_name_are_told_apart_by_their_files(files, names):
    made = [
        replace(each, document=replace(each.document, file=file))
        for each, file in zip([waiting()] * 2, files, strict=True)
    ]
    assert list(compared(*made)) == names


def test_a_variant_that_is_not_there_is_refused():
    with pytest.raises(bs.ScenarioError, match="did you mean four"):
        bs.compare(waiting(), variants=["fuor"])
    with pytest.raises(ValueError, match="of one scenario"):
        bs.compare(waiting(), waiting(), variants=["two"])


def test_differences_are_those_of_the_pairs():
    comparison = bs.compare(waiting(), variants=["two", "four"], replications=5)
    two, four = (result.summaries for result in comparison.results.values())
    row = comparison.rows[1]
    for key, figure in (
        ("queue_time_p95_s", lambda summary: summary["queue_time_s"]["p95"]),
        ("makespan_s", lambda summary: summary["makespan_s"]),
    ):
        pairs = [figure(mine) - figure(first) for mine, first in zip(four, two, strict=True)]
        assert row[f"{key}_difference"] == confidence_interval(pairs)
    # The jobs are the same: what both pay for how they turned out does not stand between them.
    difference, own = row["makespan_s_difference"], row["makespan_s"]
    assert difference["high"] - difference["low"] < own["high"] - own["low"]
    assert comparison.rows[0]["makespan_s_difference"] == {"mean": 0, "low": 0, "high": 0, "n": 5}
    table = comparison.table
    assert table.loc["four", "makespan_s"] == own["mean"]
    assert table.loc["four", "makespan_s_low"] == own["low"]


def test_one_replication_gives_plain_figures():
    first, second = bs.compare(waiting(), variants=["two", "four"]).rows
    assert second["makespan_s_difference"] == second["makespan_s"] - first["makespan_s"] < 0


def half_stuck():
    """A sound variant, and one in which four of five jobs can never be placed."""
    asked = "batch.jobDefinitions.wide.containerProperties.resourceRequirements"
    fits = [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "1024"}]
    return scenario(
        workflow(job("a", 3600, jobQueue="queue"), job("w", 3600, jobDefinition="wide", jobQueue="other",
                                                      arrayProperties={"size": 4})),
        environments=[environment()],
        queues=[queue("queue"), queue("other")],
        definitions=[definition(), definition("wide", vcpus="2", memory="900000")],
        variants={"stuck": {}, "sound": {asked: fits}},
        objectives=["cost <= 1", "p95(queue_time) <= 2h", "max(finished_at) <= 01:30"],
    )  # fmt: skip


def test_jobs_that_never_ran_stand_beside_the_money():
    comparison = bs.compare(half_stuck())
    stuck, sound = comparison.rows
    assert stuck["cost_usd"] < sound["cost_usd"]
    assert (stuck["jobs"], stuck["succeeded"], stuck["unfinished"], stuck["objectives_missed"]) == (5, 1, 4, 3)
    assert (sound["unfinished"], sound["objectives_missed"]) == (0, 0)
    assert stuck["queue_time_p95_s"] is None
    assert stuck["queue_time_p95_s_at_least"] > 0
    # Nothing is known of how they differ.
    assert sound["queue_time_p95_s_difference"] is None
    text = markdown(comparison.rows)
    assert "| stuck | **0 of 3 met** | **1 of 5, 4 unfinished** | over 1 h 00 min | over 1 h 00 min |" in text
    assert "| sound | 3 of 3 met | 5 | 0 s |" in text
    assert re.search(r"- missed in stuck: `cost <= 1  →  \$0\.\d+ in 1 h 00 min; 4 of 5 jobs never ran`", text)


def test_markdown_is_a_table_whatever_the_names():
    rows = bs.compare(waiting(objectives=["p95(queue_time) <= 1s"]), replications=2).rows
    rows = [{**row, "variant": f"a|{row['variant']}"} for row in rows]
    lines = markdown(rows).splitlines()
    cells = [line.replace("\\|", "").count("|") for line in lines[:5]]
    assert len(set(cells)) == 1
    assert lines[1].startswith("|---|")
    assert lines[2].startswith("| a\\|test |")
    assert "met in 0 of 2" in markdown(rows)
    assert lines[-1].endswith("Prices: us-east-1, of 2026-07-20.")


def test_prices_of_two_days_are_both_named():
    rows = bs.compare(waiting(), variants=["two", "four"]).rows
    rows[1]["prices"] = {**rows[1]["prices"], "as_of": "2026-11-02"}
    assert markdown(rows).rstrip().endswith("Prices: us-east-1, of 2026-07-20. Prices: us-east-1, of 2026-11-02.")


def test_the_picture_has_deadlines_and_verdicts():
    figure = bs.compare(half_stuck()).plot()
    titles = [ax.get_title(loc="right") for ax in figure.axes]
    assert [title for title in titles if title] == ["0 of 3 met", "3 of 3 met"]
    labels = [text for ax in figure.axes for text in ax.get_legend_handles_labels()[1]]
    # At half past one, in both rows of both.
    assert [text.get_text() for ax in figure.axes for text in ax.texts].count("deadline") == 4
    assert "p95(queue_time) <= 2h" not in labels  # beyond what is drawn: twice the longest
    curves = next(ax for ax in figure.axes if ax.get_title(loc="left").startswith("Queue time"))
    (stuck, sound) = (line.get_ydata()[-1] for line in curves.get_lines()[:2])
    # One of five started.
    assert (stuck, sound) == (0.2, 1.0)


def test_the_picture_is_drawn_of_replications_and_of_nothing():
    figure = bs.compare(half_stuck(), replications=2).plot()
    money = [text for ax in figure.axes for text in ax.texts if "±" in text.get_text()]
    # Two signs of dollars are no formula.
    assert len(money) == 2
    assert not any(text.get_parse_math() for text in money)
    off = {**environment(), "state": "DISABLED"}
    assert bs.compare(scenario(environments=[off], horizon="1h")).plot().axes
