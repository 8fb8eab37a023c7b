"""The console: a summary that a person reads in ten seconds, the answer first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from batchsim.report import formatting, narrative
from batchsim.report.notebook import as_html
from batchsim.report.updates import update_sentences
from batchsim.results.advice import Advice
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary
from batchsim.units import format_usd

#: What came of an objective, and how it looks; None of what is minimised.
VERDICTS = {True: ("met", "green"), False: ("missed", "bold red"), None: ("minimised", "")}
#: Columns of a text that is not for a terminal: nothing is cut or broken to fit one.
UNBOUND = 160


class Terminal(Console):
    """A console whose reader may go away (``batchsim run … | head``), which is no fault of the run."""

    def __init__(self) -> None:
        super().__init__()
        if not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = UNBOUND

    def on_broken_pipe(self) -> None:
        """Write nothing more."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def summary_renderable(run: Run, summary: Summary, advice: Sequence[Advice] = ()) -> Group:
    """A summary for rich: of a run, or of several replications of which it is the first, with advice."""
    replications = f" · {summary['replications']} replications" if summary["replications"] > 1 else ""
    lines: list[Any] = [
        Text.assemble((run.scenario.name, "bold"), f" · {run.scenario.region} · seed {summary['seed']}{replications}"),
        Text(),
        line("jobs", narrative.jobs_sentence(summary)),
        line("queue time", narrative.queue_sentence(summary)),
        *_labelled("waiting", [narrative.wait_fact(run, summary)]),
        *_labelled("recorded", narrative.recorded_facts(summary)),
        line("cost", narrative.cost_sentence(summary)),
        *_labelled("of which", [narrative.waste_fact(summary)]),
        *_labelled("updates", update_sentences(summary)),
        line("utilised", narrative.utilisation_sentence(summary)),
        *_labelled("reserved", narrative.reserved_facts(summary)),
        *(line("figures", told) for told in narrative.figures_sentences(summary)),
        line("prices", narrative.prices_sentence(summary["prices"])),
        *(line("attention", note, "bold red") for note in narrative.attention(summary)),
    ]
    for each in advice:
        lines += [line("advice", each.what, "yellow"), line("", each.effect), line("", each.why)]
        lines.append(unbroken(each.arguments))
    for objective in summary["objectives"]:
        verdict, style = VERDICTS[objective["kept"]]
        lines.append(line(verdict, narrative.objective_sentence(objective, summary), style))
    if len(summary["job_queues"]) > 1:
        lines += [Text(), _queue_table(summary)]
    if len(summary["compute_environments"]) > 1:
        lines += [Text(), _environment_table(summary)]
    return Group(*lines)


def line(label: str, text: str, style: str = "") -> Table:
    """A line with a label before it."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=10, style=style or "dim")
    grid.add_column(overflow="fold")  # a path longer than the terminal is wide is needed to its end
    grid.add_row(label, Text(text))  # a text as it is: brackets in it are no markup
    return grid


def _labelled(label: str, facts: Iterable[str]) -> Iterator[Table]:
    """A line for each fact that there is, the label before the first."""
    for number, fact in enumerate(filter(None, facts)):
        yield line("" if number else label, fact)


def unbroken(text: str) -> Text:
    """A line under the texts of others that can be copied from any terminal."""
    return Text(f"{'':11}{text}", style="dim", no_wrap=True, overflow="ignore")


def _queue_table(summary: Summary) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    cost = f"cost in {narrative.period(summary)}"
    for heading in ("job queue", "jobs", "queue time p50", "queue time p95", "turnaround p95", cost):
        table.add_column(heading, justify="left" if heading == "job queue" else "right", overflow="fold")
    for name, figures in summary["job_queues"].items():
        table.add_row(
            name,
            formatting.count(figures["jobs"]["submitted"]),
            formatting.statistic(figures["queue_time_s"], "p50"),
            formatting.statistic(figures["queue_time_s"], "p95"),
            formatting.statistic(figures["turnaround_s"], "p95"),
            formatting.usd(figures["cost_usd"]["total"]),
        )
    return table


def _environment_table(summary: Summary) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    cost = f"cost in {narrative.period(summary)}"
    for heading in ("environment", "attempts", "peak vCPUs", "used", cost, "idle", "stranded"):
        table.add_column(heading, justify="left" if heading == "environment" else "right", overflow="fold")
    for name, figures in summary["compute_environments"].items():
        money = figures["cost_usd"]
        table.add_row(
            name,
            formatting.count(figures["attempts"]),
            formatting.count(figures["peak_vcpus"]),
            formatting.share(figures["utilisation"]["vcpu"]),
            formatting.usd(money["total"]),
            *[format_usd(formatting.plain(money["by_purpose"][purpose])) for purpose in ("idle", "stranded")],
        )
    for name, unused in narrative.paid_beside(summary).items():
        plain = format_usd(formatting.plain(unused))
        table.add_row(name, "", "", "", formatting.usd(unused), plain, "")
    return table


def print_summary(run: Run, summary: Summary, folder: Path, advice: Sequence[Advice] = (), untried: int = 0) -> None:
    """Print a summary, how many changes were not tried, and where its files are."""
    console = Terminal()
    console.print(summary_renderable(run, summary, advice), highlight=False, crop=False)
    if untried:
        console.print(line("advice", narrative.untried_sentence(untried)), highlight=False)
    console.print(
        f"\n{folder}/ holds report.html, the tables, queue.png and summary.json", style="dim", highlight=False
    )


def summary_html(run: Run, summary: Summary, advice: Sequence[Advice] = ()) -> str:
    """A summary for Jupyter."""
    return as_html(summary_renderable(run, summary, advice))
