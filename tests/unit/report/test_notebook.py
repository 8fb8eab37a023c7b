"""What objects show in a notebook: their words as tables, escaped, without scripts and colours."""

from __future__ import annotations

import re

import pytest
from rich.console import Group
from rich.table import Table
from rich.text import Text

import batchsim as bs
from batchsim.report.console import line, unbroken
from batchsim.report.notebook import as_html
from tests.builders import job, scenario, unmanaged, workflow
from tests.unit.test_markup import ALLOWED, Cells

ODD = "</script><b>"


def test_lines_with_labels_are_rows_of_one_table_and_commands_are_code():
    html = as_html(Group(line("jobs", "7 of 7"), line("", "and more"), unbroken("batchsim run x")))
    read = Cells(html)
    assert read.tags.count("table") == 1
    assert read.cells == ["jobs", "7 of 7", "", "and more", "", "batchsim run x"]
    assert "<code>batchsim run x</code>" in html


def test_text_comes_between_tables_and_bold_stays_bold():
    shown = Table()
    shown.add_column("queue")
    shown.add_column("jobs", justify="right")
    shown.add_row("a<b", Text("7", style="bold"))
    html = as_html(Group(line("x", "y"), Text.assemble(("etl", "bold"), " · <3>"), shown, Text()))
    assert re.search(r"</table><div[^>]*><strong>etl</strong> · &lt;3&gt;</div><table", html)
    assert Cells(html).cells[-4:] == ["queue", "jobs", "a<b", "7"]
    assert html.count("text-align:right") == 2


LIMIT = "batch.computeEnvironments.servers.unmanagedvCpus"


def made(**members):
    return scenario(
        workflow(job(runtime=60)),
        environments=[unmanaged(2)],
        objectives=["p95(queue_time) <= 1m", "minimise cost"],
        variants={"one": {LIMIT: 1}},
        **members,
    )


OBJECTS = {
    "scenario": made,
    "result": lambda: bs.run(made()),
    "replications": lambda: bs.run(made(), replications=2),
    "comparison": lambda: bs.compare(made()),
    "sweep": lambda: bs.sweep(made(), {LIMIT: [1, 2]}, workers=1),
    "optimization": lambda: bs.optimize(made(search={LIMIT: {"values": [1, 2]}})),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_shows_itself_in_small_plain_tables(name):
    html = OBJECTS[name]()._repr_html_()
    read = Cells(html)
    assert set(read.tags) <= ALLOWED
    assert "table" in read.tags
    assert not read.open
    assert len(html) < 12_000
    assert "color" not in html


def test_a_scenario_tells_what_runs_where_and_what_is_asked_of_it():
    made = scenario(
        workflow(job("extract", arrayProperties={"size": 200}), job("load", dependsOn=[{"jobName": "extract"}])),
        objectives=["max(finished_at) <= 06:00"],
    )
    cells = Cells(made._repr_html_()).cells
    told = dict(zip(cells[::2], cells[1::2], strict=False))
    assert told["workload"] == "work: extract × 200, load"
    assert told["job queues"] == "queue → fleet"
    assert told["objectives"] == "max(finished_at) <= 06:00"
    assert cells[-6:] == ["fleet", "EC2", "BEST_FIT_PROGRESSIVE", "0", "64", "c6i.large"]


def test_names_that_are_markup_are_told_as_text(tmp_path):
    trace = tmp_path / "jobs.csv"
    trace.write_text(f'job_name,submitted_at,runtime_s,vcpus\n"{ODD}",0,60,1\n')
    made = scenario(
        {"trace": {"format": "csv", "path": "jobs.csv", "name": ODD, "jobQueue": "queue", "jobDefinition": "task"}},
        environments=[unmanaged(1)], base=tmp_path,
    )  # fmt: skip
    for shown in (made, bs.run(made)):
        assert ODD not in shown._repr_html_()
