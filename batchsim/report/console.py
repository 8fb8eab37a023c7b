"""The console: a summary that a person reads in ten seconds, the answer first; a comparison as one table."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from batchsim.report import words
from batchsim.results.result import Result
from batchsim.units import format_duration, format_usd

#: From so many characters a line on, a comparison shows every purpose of cost.
WIDE = 110


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


def summary_renderable(result: Result) -> Group:
    """The summary of a result for rich."""
    summary = result.summary
    lines: list[Any] = [
        Text.assemble((result.scenario.name, "bold"), f" · {result.scenario.region} · seed {summary['seed']}"
                      + (f" · {summary['replications']} replications" if summary["replications"] > 1 else "")),
        Text(),
        _line("jobs", words.jobs_sentence(summary)),
        _line("queue time", words.queue_sentence(summary)),
        _line("cost", words.cost_sentence(summary)),
    ]  # fmt: skip
    used = summary["utilisation"]
    machines = f"{words.share(used['vcpu'])} of vCPUs, {words.share(used['memory'])} of memory"
    machines += f"; at most {words.count(summary['peak_vcpus'])} vCPUs at once"
    if words.plain(summary["interruptions"]):
        count = words.count(summary["interruptions"])
        machines += f"; {count} interruption{'' if count == '1' else 's'}"
    lines.append(_line("used", machines))
    lines += [_line("attention", note, "bold red") for note in words.attention(summary)]
    hints = words.wait_hint(result), words.waste_hint(summary)
    lines += [_line("look at", hint, "yellow") for hint in hints if hint]
    for objective in summary["objectives"]:
        kept = objective["kept"]
        mark, style = {True: ("kept", "green"), False: ("missed", "bold red"), None: ("least", "")}[kept]
        lines.append(_line(mark, words.objective_sentence(objective), style))
    if len(summary["job_queues"]) > 1:
        lines += [Text(), _queue_table(summary["job_queues"])]
    if len(summary["compute_environments"]) > 1:
        lines += [Text(), _environment_table(summary)]
    return Group(*lines)


def _line(label: str, text: str, style: str = "") -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=10, style=style or "dim")
    grid.add_column()
    grid.add_row(label, text)
    return grid


def _queue_table(queues: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("job queue", "jobs", "queue p50", "queue p95", "turnaround p95", "cost"):
        table.add_column(heading, justify="left" if heading == "job queue" else "right", overflow="fold")
    for name, figures in queues.items():
        table.add_row(
            name,
            words.count(figures["jobs"]["submitted"]),
            words.seconds(figures["queue_time_s"]["p50"]),
            words.seconds(figures["queue_time_s"]["p95"]),
            words.seconds(figures["turnaround_s"]["p95"]),
            words.usd(figures["cost_usd"]["total"]),
        )
    return table


def _environment_table(summary: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("environment", "attempts", "peak vCPUs", "used", "cost", "unused"):
        table.add_column(heading, justify="left" if heading == "environment" else "right", overflow="fold")
    for name, figures in summary["compute_environments"].items():
        cost = figures["cost_usd"]
        unused = sum(words.plain(cost["by_purpose"][purpose]) for purpose in ("idle", "stranded"))
        table.add_row(
            name,
            words.count(figures["attempts"]),
            words.count(figures["peak_vcpus"]),
            words.share(figures["utilisation"]["vcpu"]),
            words.usd(cost["total"]),
            format_usd(unused),
        )
    committed = summary["cost_usd"]["unused_commitment"]
    if words.plain(committed):
        table.add_row("Savings Plan", "", "", "", words.usd(committed), format_usd(words.plain(committed)))
    return table


def print_summary(result: Result, folder: Path) -> None:
    """Print a result, and where its files are."""
    console = Terminal()
    console.print(summary_renderable(result), highlight=False)
    console.print(f"\n{folder}/ holds the tables, queue.png and summary.json", style="dim", highlight=False)


def summary_html(result: Result) -> str:
    """The summary of a result for Jupyter."""
    console = Console(record=True, width=110, file=io.StringIO())
    console.print(summary_renderable(result), highlight=False)
    return console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")


def print_comparison(rows: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Print a comparison, best figures marked."""
    if not rows:
        return
    console = Terminal()
    first = rows[0]
    least = {
        key: min((row[key] for row in rows if row[key] is not None), default=None)
        for key in ("queue_time_p95_s", "cost_usd")
    }
    purposes = ("useful", "rework", "boot", "idle", "stranded") if console.width >= WIDE else ("idle",)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("variant", overflow="fold")
    for heading in ("queue p95", "turnaround p95", "cost", *purposes, "used"):
        table.add_column(heading, justify="right", overflow="fold")
    for row in rows:
        table.add_row(
            row["variant"],
            _marked(_difference(_seconds, row, first, "queue_time_p95_s"), _is(row, least, "queue_time_p95_s")),
            _difference(_seconds, row, first, "turnaround_p95_s"),
            _marked(_difference(format_usd, row, first, "cost_usd"), _is(row, least, "cost_usd")),
            *[format_usd(row[f"cost_{purpose}_usd"]) for purpose in purposes],
            words.share(row["utilisation_vcpu"]),
        )
    console.print(table, highlight=False)
    console.print(
        f"Differences are against {rows[0]['variant']}; the same jobs ran in all of them.", style="dim", highlight=False
    )
    console.print(
        f"{folder}/ holds comparison.png, comparison.json and a results folder for each", style="dim", highlight=False
    )


def _seconds(value: float | None) -> str:
    return "–" if value is None else format_duration(value)


def _is(row: Mapping[str, Any], least: Mapping[str, Any], key: str) -> bool:
    return row[key] is not None and row[key] == least[key]


def _marked(text: str, best: bool) -> Text:
    return Text(text, style="green" if best else "")


def _difference(show: Callable[[Any], str], row: Mapping[str, Any], first: Mapping[str, Any], key: str) -> str:
    """A figure, and under it how it differs from the first row's."""
    value, reference = row[key], first[key]
    text = show(value) if value is not None else "–"
    if row is first or value is None or reference is None:
        return text
    change = value - reference
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    return f"{text}\n{sign}{show(abs(change))}"


@contextmanager
def progress(what: str, steps: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, when somebody is there to see it; yields what moves it."""
    console = Console(stderr=True)
    if quiet or not sys.stderr.isatty():
        yield lambda _done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=steps if steps > 1 else None)
        yield lambda done: bar.update(task, completed=done)
