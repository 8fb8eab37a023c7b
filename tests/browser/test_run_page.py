"""A run's ``report.html`` in a real browser."""

from __future__ import annotations

import csv

import pytest

import batchsim as bs
from batchsim.experiments.run_store import write_run
from batchsim.report.formatting import usd
from tests.builders import definition, environment, scenario
from tests.unit.report.page.test_document import EVIL

SCHEMES = ["light", "dark"]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The page of a run with three definitions, instances, an objective that is missed, and a job with an evil name."""
    folder = tmp_path_factory.mktemp("report")
    with (folder / "jobs.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(f"job-{n}", 60 * n, 300 + 17 * n, ["task", "wide", "late"][n % 3]) for n in range(12)]
        writer = csv.writer(file)
        writer.writerow(["job_name", "submitted_at", "runtime_s", "job_definition"])
        writer.writerows([(EVIL, 0, 5000, "task"), (EVIL, 1, 5000, "task"), *rows])
    trace = {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}
    made = scenario(
        {"trace": trace},
        environments=[environment(maxvCpus=4)],
        definitions=[definition(), definition("wide", "2", "3000"), definition("late")],
        base=folder,
        ideal=False,
        duration="1d",
        objectives=["p95(queue_time) <= 1s", "minimise cost"],
    )
    result = bs.run(made)
    write_run(result, folder / "results")
    return folder / "results" / "report.html", result.summary


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_opens_without_a_complaint_and_asks_for_nothing(browser, report, scheme):
    path, _ = report
    browser.open(path, scheme=scheme)
    assert browser.complaints == []
    assert browser.requests == [path.as_uri()]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [360, 1200])
def test_axe_finds_no_violation(browser, report, scheme, width):
    browser.open(report[0], width=width, scheme=scheme)
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
    assert browser.violations() == {}


@pytest.mark.parametrize("width", [360, 768, 1200])
def test_nothing_is_wider_than_the_window(browser, report, width):
    browser.open(report[0], width=width)
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
    assert browser.run("return document.documentElement.scrollWidth") == width
    # Axes' texts stay inside it too: what hangs out on the left can't be scrolled to.
    lefts = "return [...document.querySelectorAll('svg text')].map((each) => each.getBoundingClientRect().left)"
    assert min(browser.run(lefts)) >= 0


def test_dark_is_dark_and_light_is_light(browser, report):
    ground = "return getComputedStyle(document.body).backgroundColor"
    found = []
    for scheme in SCHEMES:
        browser.open(report[0], scheme=scheme)
        found.append(browser.run(ground))
    assert found == ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]


def test_a_table_sorts_by_figures_and_by_names_both_ways(browser, report):
    browser.open(report[0])
    table = "[...document.querySelectorAll('table')].find((each) => each.caption.textContent === 'Job definitions')"
    names = f"return [...{table}.tBodies[0].rows].map((row) => row.cells[0].textContent)"
    values = f"return [...{table}.tBodies[0].rows].map((row) => row.cells[1].textContent)"
    press = f"{table}.tHead.rows[0].cells[arguments[0]].querySelector('button').click()"
    browser.run(press, 1)
    assert browser.run(values) == ["6", "4", "4"]
    browser.run(press, 1)
    assert browser.run(values) == ["4", "4", "6"]
    browser.run(press, 0)
    assert browser.run(names) == ["late", "task", "wide"]
    browser.run(press, 0)
    assert browser.run(names) == ["wide", "task", "late"]
    assert browser.run(f"return {table}.tHead.rows[0].cells[0].ariaSort") == "descending"


def test_a_name_that_looks_like_markup_is_read_as_it_is(browser, report):
    browser.open(report[0])
    assert EVIL in browser.run("return document.body.innerText")
    assert browser.run("return document.querySelectorAll('main script, table b').length") == 0


def test_without_scripts_all_of_it_is_there(browser, report):
    browser.open(report[0])
    with_scripts = browser.run("return document.querySelectorAll('svg[role=img]').length")
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(report[0])
        roles = browser.roles(until=lambda told: told.count("image") == with_scripts)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert with_scripts > 5
    assert roles.count("button") == 0
    assert roles.count("table") > 5


def test_each_picture_says_what_it_shows(browser, report):
    browser.open(report[0])
    labels = browser.run("return [...document.querySelectorAll('svg[role=img]')].map((each) => each.ariaLabel)")
    assert all(label.endswith(".") or ":" in label for label in labels)
    assert len(set(labels)) == len(labels)


def test_a_reader_can_zoom_and_reads_the_figures_of_the_summary(browser, report):
    path, summary = report
    browser.open(path)
    spent = (
        "[...document.querySelectorAll('figure')].find((each) => each.querySelector('h3').textContent === arguments[0])"
    )
    browser.run(f"{spent}.querySelector('button.zoom').click()", "Money spent so far")
    place = browser.run(f"return {spent}.querySelector('.uplot').parentElement", "Money spent so far")
    place.send_keys("\ue010")  # End
    assert usd(summary["cost_usd"]["total"]) in browser.run(f"return {spent}.innerText", "Money spent so far")
    browser.run(f"{spent}.querySelector('button.zoom').click()", "Money spent so far")
    assert browser.run(f"return {spent}.querySelector('.uplot')", "Money spent so far") is None
    assert browser.complaints == []
    assert browser.requests == [path.as_uri()]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_zoomed_curves_are_no_wider_and_no_worse(browser, report, scheme):
    browser.open(report[0], width=360, scheme=scheme)
    browser.run("for (const each of document.querySelectorAll('button.zoom')) each.click()")
    assert browser.run("return document.querySelectorAll('.uplot').length") == 4
    assert browser.run("return document.documentElement.scrollWidth") == 360
    assert browser.violations() == {}
