"""Where time and money went: waits by cause of each queue, cost by purpose of each environment."""

from __future__ import annotations

from batchsim.report import formatting, narrative
from batchsim.report.page.bars import bar_chart
from batchsim.report.page.blocks import Block, PageSection
from batchsim.report.palette import CAUSES, PURPOSES
from batchsim.results.summary_type import Summary


def breakdowns(summary: Summary) -> PageSection:
    """Waits by cause and cost by purpose."""
    plain = formatting.plain
    causes = {cause: colour for cause, colour in CAUSES.items() if cause != "dependency"}
    waits = {
        name: {cause: plain(figures["wait_s"][cause]) for cause in causes}
        for name, figures in summary["job_queues"].items()
    }
    costs = {
        name: {purpose: plain(figures["cost_usd"]["by_purpose"][purpose]) for purpose in PURPOSES}
        for name, figures in summary["compute_environments"].items()
    }
    for name, unused in narrative.paid_beside(summary).items():
        costs[f"{name}, unused"] = dict.fromkeys(PURPOSES, 0.0) | {"idle": plain(unused)}
    others = plain(summary["wait_s"]["dependency"])
    beside = f"Beside these, {formatting.job_hours(others)} job-hours of waiting for other jobs: the workflows' own."
    blocks: list[Block] = [
        bar_chart(
            "Waits by cause, in job-hours",
            waits,
            causes,
            formatting.job_hours,
            caption="Job-hours waited, by job queue and cause",
            heading="job queue",
            note=beside if others else "",
        ),
        bar_chart(
            f"Cost by purpose in {narrative.period(summary)}",
            costs,
            PURPOSES,
            formatting.usd,
            caption="US dollars paid, by compute environment and purpose",
            heading="environment",
        ),
    ]
    return PageSection("where", "Where time and money went", blocks)
