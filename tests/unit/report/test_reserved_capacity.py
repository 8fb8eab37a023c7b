"""What console, page and picture say of capacity that is reserved."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import pytest
from rich.console import Console

import batchsim as bs
from batchsim.report.console import summary_renderable
from batchsim.report.figures.parts import draw_cost
from batchsim.report.narrative import paid_beside, reserved_facts, waste_fact
from batchsim.report.page.run import run_page
from tests.builders import environment, job, scenario, workflow

NIGHT = {"name": "night", "instanceType": "c6i.large", "zone": "us-east-1a", "instances": 4, "until": "5h"}


@pytest.fixture(scope="module")
def result():
    """One of four is used for two of five hours: 18 x 0.085 = 1.53 USD for the rest."""
    environments = [environment("fleet", maxvCpus=8), environment("spare")]
    settings = {"capacity": {"reservations": [NIGHT]}}
    return bs.run(scenario(workflow(job(runtime=7200)), environments=environments, settings=settings, duration="10h"))


def test_how_much_of_it_was_used_is_said(result):
    assert reserved_facts(result.summary) == ["night: 2 of 20 instance-hours used, $1.53 for the rest"]
    assert list(paid_beside(result.summary)) == ["reservations"]
    assert "capacity that was reserved and not used" in waste_fact(result.summary)


def test_nothing_is_said_where_nothing_is_reserved():
    plain = bs.run(scenario()).summary
    assert reserved_facts(plain) == []
    assert paid_beside(plain) == {}
    assert "reservations" not in plain
    assert "unused_reservations" not in plain["cost_usd"]


def test_the_console(result):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(summary_renderable(result.run, result.summary))
    text = console.export_text()
    assert "reserved   night: 2 of 20 instance-hours used, $1.53 for the rest" in text
    (row,) = [line.split() for line in text.splitlines() if line.strip().startswith("reservations")]
    assert row == ["reservations", "$1.53", "$1.53"]


def test_the_page(result):
    page = run_page(result.run, result.summary, written="")
    assert "Capacity reservations" in page
    assert "reservations, unused" in page


def test_the_pictures(result):
    ax = result.plot.instances()
    assert [line.get_label() for line in ax.get_lines()].count("reserved") == 1
    assert ax.get_ylim()[1] > 4
    _, ax = plt.subplots()
    draw_cost(ax, result.summary)
    assert "reservations" in [each.get_text() for each in ax.get_yticklabels()]
    plt.close("all")


def test_replications_have_its_figures_with_intervals(result):
    several = bs.run(result.scenario, replications=2).summary
    assert several["reservations"]["night"]["unused_usd"]["mean"] == pytest.approx(18 * 0.085)
    assert several["cost_usd"]["unused_reservations"]["n"] == 2
