from __future__ import annotations

import batchsim as bs
from batchsim.report.formatting import usd
from batchsim.report.page.run import run_page
from tests.builders import definition, environment, job, scenario, workflow
from tests.unit.report.page.test_run_page import rows_of, text_of


def test_the_page_has_what_would_change_the_answer_where_it_was_asked():
    made = scenario(
        workflow(job(runtime=100, arrayProperties={"size": 3})),
        ideal=False,
        settings={"scheduler": {"admit": 0, "dispatchInterval": 0}, "fargate": {"start": 0}, "image": {"size": 0}},
        environments=[environment(type="FARGATE")],
        definitions=[definition(memory="2048", platformCapabilities=["FARGATE"])],
        objectives=["max(turnaround) <= 103s"],
    )
    result = bs.run(made)
    found = bs.sensitivity(result)
    options = {"written": made.to_yaml(public=True)}
    page = run_page(result.run, result.summary, (), found, **options)

    assert 'id="sensitivity"' in page
    assert 'id="sensitivity"' not in run_page(result.run, result.summary, **options)
    text = text_of(page)
    assert "image.containerStart would change what is met or done" in text
    assert "with image.containerStart 7s: max(turnaround) <= 103s is missed, not met" in text
    # 3 x 102 s are paid as assumed, 3 x 101 s and 3 x 107 s otherwise.
    caption = f"As assumed the bill is {usd(found.cost_usd)}, and queue time p95 0 s; with another value"
    short, long = rows_of(page, caption)
    assert short[:4] == ["from the pulled image to RUNNING (image.containerStart)", "2s", "500ms", ""]
    assert long[1:4] == ["2s", "7s", "1 missed"]
    assert (short[-1], long[-1]) == ("1 %", "5 %")
