"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from batchsim.report.comparison import Row
from batchsim.report.page.blocks import Page, PageSection, PageTable
from batchsim.report.page.document import html, made_by
from batchsim.report.page.sections.assumptions import assumptions
from batchsim.report.page.sections.configuration import environments_table, queues_table
from batchsim.report.page.sections.variants import answer, distributions, side_by_side
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary


def comparison_page(runs: Mapping[str, Run], summaries: Mapping[str, Summary], rows: Sequence[Row]) -> str:
    """The text of a comparison's ``report.html``; of none, its variants are at least one."""
    first = next(iter(runs.values()))
    name = first.scenario.name
    replications = f", {len(rows)} variants, seed {first.seed}"
    return html(
        Page(
            name,
            "comparison",
            f"{first.scenario.region}, from {first.scenario.start:%Y-%m-%d %H:%M} UTC{replications}",
            [
                answer(rows),
                side_by_side(runs),
                distributions(runs, summaries),
                PageSection("configuration", "The configurations as simulated", list(_configurations(runs))),
                assumptions(first.scenario, summaries[next(iter(runs))]),
            ],
            made_by(),
        )
    )


def _configurations(runs: Mapping[str, Run]) -> list[PageTable]:
    tables = []
    for name, run in runs.items():
        known = run.scenario.configuration
        tables += [
            environments_table(known, f"{name}: compute environments"),
            queues_table(known, f"{name}: job queues"),
        ]
    return tables
