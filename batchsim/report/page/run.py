"""The page of one run, or of several replications of which it is the first."""

from __future__ import annotations

from collections.abc import Sequence

from batchsim.report.page import document
from batchsim.report.page.blocks import Page
from batchsim.report.page.over_time import Time
from batchsim.report.page.sections.answer import answer
from batchsim.report.page.sections.assumptions import assumptions
from batchsim.report.page.sections.breakdowns import breakdowns
from batchsim.report.page.sections.configuration import configuration
from batchsim.report.page.sections.curves import over_time
from batchsim.report.page.sections.instances import instances
from batchsim.report.page.sections.queue_time import queue_time
from batchsim.report.page.sections.sensitivity import sensitivity
from batchsim.report.page.sections.tables import tables
from batchsim.results.advice import Advice
from batchsim.results.run import Run
from batchsim.results.sensitivity import TriedAssumptions
from batchsim.results.series import busiest
from batchsim.results.summary_type import Summary


def run_page(
    run: Run, summary: Summary, advice: Sequence[Advice] = (), tried: TriedAssumptions | None = None, *, written: str
) -> str:
    """The text of a run's ``report.html``; `written` is that of its ``scenario.yaml``."""
    scenario = run.scenario
    low, high = busiest(run.outcome)
    time = Time(scenario.start, (low, max(high, low + 1.0)))
    replications = f", {summary['replications']} replications" if summary["replications"] > 1 else ""
    return document.html(
        Page(
            scenario.name,
            "report of a run",
            f"{scenario.region}, from {scenario.start:%Y-%m-%d %H:%M} UTC, seed {summary['seed']}{replications}",
            [
                answer(run, summary, advice),
                over_time(run, time),
                queue_time(run, summary, time),
                breakdowns(summary),
                instances(run),
                tables(run, summary),
                configuration(scenario, written),
                assumptions(scenario, summary),
                *([] if tried is None else [sensitivity(tried)]),
            ],
            document.made_by(),
        )
    )
