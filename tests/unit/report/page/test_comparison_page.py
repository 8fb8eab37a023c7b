"""The page of a comparison: which variant to take, each one's figures, common axes."""

from __future__ import annotations

import re

import pytest

import batchsim as bs
from batchsim.experiments.run_store import write_comparison
from batchsim.report.comparison import cell
from tests.builders import environment, job, scenario, workflow
from tests.unit.report.page.test_run_page import rows_of, text_of


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Eight jobs of 10 min on two, four or 32 vCPUs; on two the last waits for 30 min."""
    path = "batch.computeEnvironments.fleet.computeResources"
    made = scenario(
        workflow(*(job(f"j{n}", "10m") for n in range(8))),
        environments=[environment(maxvCpus=4)],
        objectives=["max(queue_time) <= 15m", "max(finished_at) <= 00:45", "minimise cost"],
        variants={
            "half": {f"{path}.maxvCpus": 2},
            "as-it-is": {},
            "ample": {f"{path}.minvCpus": 32, f"{path}.maxvCpus": 32},
        },
    )
    found = bs.compare(made)
    folder = tmp_path_factory.mktemp("compared") / "out"
    write_comparison(found, folder)
    return found, (folder / "report.html").read_text(encoding="utf-8")


def test_the_cheapest_that_meets_every_objective_is_named_with_its_cost(compared):
    found, page = compared
    rows = {row["variant"]: row for row in found.rows}
    assert [name for name, row in rows.items() if row["objectives_missed"]] == ["half"]
    assert rows["as-it-is"]["cost_usd"] < rows["ample"]["cost_usd"]
    assert f"cheapest as-it-is: {cell(rows['as-it-is'], 'cost_usd')}" in text_of(page)
    assert re.search(r"missed half: max\(queue_time\)", text_of(page))


def test_the_table_has_the_rows_of_comparison_json(compared):
    found, page = compared
    shown = rows_of(page, "Variants")
    assert [row[0] for row in shown] == [row["variant"] for row in found.rows]
    for row, cells in zip(found.rows, shown, strict=True):
        assert cells[1] == f"{2 - row['objectives_missed']} of 2 met"
        assert cells[3].split(" (")[0] == cell(row, "queue_time_p95_s")
        assert cells[5].split(" (")[0] == cell(row, "cost_usd")


def test_curves_have_common_axes_and_the_deadline(compared):
    _, page = compared
    pictures = re.findall(
        r'<svg class="drawing" role="img" aria-label="(\S+): (vCPUs|Jobs by state)(.*?)</figure>', page, re.DOTALL
    )
    axes = {
        kind: {
            tuple(re.findall(r'class="upright"[^>]*>([^<]*)<', rest)) for _, which, rest in pictures if which == kind
        }
        for kind in ("vCPUs", "Jobs by state")
    }
    assert [name for name, kind, _ in pictures if kind == "vCPUs"] == ["half", "as-it-is", "ample"]
    assert all(len(each) == 1 for each in axes.values())
    assert all("deadline" in rest for *_, rest in pictures)


def test_each_variant_has_a_page_of_its_own(compared, tmp_path):
    found, _ = compared
    write_comparison(found, tmp_path / "again")
    assert sorted(path.parent.name for path in (tmp_path / "again").glob("*/report.html")) == [
        "ample",
        "as-it-is",
        "half",
    ]
