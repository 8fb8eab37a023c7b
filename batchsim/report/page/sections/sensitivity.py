"""Which of the assumptions would change this answer: what came of each value that was tried."""

from __future__ import annotations

from collections.abc import Iterator

from batchsim.report import formatting
from batchsim.report.page.blocks import Block, Cell, Fact, Facts, PageSection, PageTable, Paragraph
from batchsim.report.sensitivity import (
    answer,
    cost_told,
    note,
    queue_time_told,
    sentences,
    verdict_told,
    without_section,
)
from batchsim.results.sensitivity import TriedAssumptions
from batchsim.spec.assumption_ranges import written

_COLUMNS = ("assumption", "assumed", "instead", "turns", "cost", "queue time p95", "change")


def sensitivity(found: TriedAssumptions) -> PageSection:
    """The answer in a sentence, then each value with what it changes, the largest change first."""
    cost, time = formatting.usd(found.cost_usd), formatting.seconds(found.queue_time_p95_s)
    caption = f"As assumed the bill is {cost}, and queue time p95 {time}; with another value"
    blocks: list[Block] = [Facts([Fact("assumed", answer(found))])]
    if rows := list(_rows(found)):
        blocks.append(PageTable(caption, _COLUMNS, rows, texts=4, note=note(found)))
    blocks += [Paragraph(sentence) for sentence in sentences(found)]
    return PageSection("sensitivity", "Which assumptions would change this", blocks)


def _rows(found: TriedAssumptions) -> Iterator[list[Cell]]:
    """The values of what changes more than hardly anything."""
    for each in found.assumptions:
        for value in () if each.hardly_changes else each.tried:
            verdict, is_bad = verdict_told(value, each)
            share = max(abs(value.cost_share), abs(value.turnaround_share))
            yield [
                Cell(f"{each.what} ({without_section(each.key)})"),
                Cell(written(each.assumed)),
                Cell(written(value.value)),
                Cell(verdict, tone="bad" if is_bad else "good" if verdict else ""),
                Cell(cost_told(value), formatting.plain(value.cost_usd)),
                Cell(queue_time_told(value), formatting.plain(value.queue_time_p95_s)),
                Cell(formatting.share(share), share),
            ]
