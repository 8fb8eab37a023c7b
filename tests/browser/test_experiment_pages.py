"""The pages of a comparison, a sweep, a search and a calibration in a real browser."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.report.comparison import cell
from batchsim.report.page.calibration import calibration_page
from batchsim.report.page.comparison import comparison_page
from batchsim.report.page.optimization import optimization_page
from batchsim.report.page.sweep import sweep_page
from tests.builders import environment, job, scenario, workflow
from tests.unit.report.page.test_experiment_pages import drawn, learnt
from tests.unit.report.test_optimize import figures
from tests.unit.report.test_sweep import LIMITED, MAX, OTHER, TYPES, swept

KINDS = ["comparison", "sweep", "recommendation", "calibration"]


@pytest.fixture(scope="module")
def compared():
    """Twelve jobs on two, four and eight vCPUs."""
    path = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
    made = scenario(
        workflow(*(job(f"j{n}", "10m") for n in range(12))),
        environments=[environment(maxvCpus=8)],
        objectives=["max(queue_time) <= 15m"],
        variants={"under": {path: 2}, "right": {path: 4}, "over": {}},
    )
    return bs.compare(made)


@pytest.fixture(scope="module")
def pages(compared, tmp_path_factory):
    """A page of each kind."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {
        "comparison": comparison_page(compared.runs, compared.summaries, compared.rows),
        "sweep": sweep_page(LIMITED, swept(MAX, OTHER, TYPES)),
        "recommendation": optimization_page(scenario(), scenario(), figures(), drawn()),
        "calibration": calibration_page(learnt()),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_it_asks_for_nothing_complains_of_nothing_and_axe_finds_nothing(browser, pages, kind):
    path = pages / f"{kind}.html"
    for scheme in ("light", "dark"):
        browser.open(path, width=360, scheme=scheme)
        browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
        assert browser.violations() == {}
        assert browser.complaints == []
        assert browser.requests == [path.as_uri()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_window(browser, pages, kind, width):
    browser.open(pages / f"{kind}.html", width=width)
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
    assert browser.run("return document.documentElement.scrollWidth") == width


def test_variants_sort_by_cost(browser, compared, pages):
    browser.open(pages / "comparison.html")
    table = "[...document.querySelectorAll('table')].find((each) => each.caption.textContent === 'Variants')"
    browser.run(f"{table}.tHead.rows[0].cells[3].querySelector('button').click()")
    shown = browser.run(f"return [...{table}.tBodies[0].rows].map((row) => row.cells[3].textContent)")
    waited = sorted(compared.rows, key=lambda row: -row["queue_time_p95_s"])
    assert [each.split(" (")[0] for each in shown] == [cell(row, "queue_time_p95_s") for row in waited]
