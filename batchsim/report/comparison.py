"""A comparison as one table: for a terminal, and as Markdown for the comment on a pull request."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from batchsim.report import formatting, narrative
from batchsim.report.console import Terminal
from batchsim.report.notebook import as_html
from batchsim.units import format_duration, format_usd

#: From so many characters a line on, a comparison shows so many purposes of cost.
PURPOSES = {150: ("useful", "rework", "boot", "idle", "stranded"), 118: ("idle", "stranded"), 106: ("idle",), 0: ()}
#: From so many on, the money of a month, and names up to so many characters whole.
MONTHS, NAMES, LONGEST_NAME = 96, 90, 20
#: Characters that intervals take besides: the sign, and the second unit.
INTERVALS = 6
#: From so many on, no figure is broken.
ROOMY = 78
#: Headings are broken into lines of so many characters, so that figures need not be.
HEADING = 10

Row = Mapping[str, Any]


def print_comparison(rows: Sequence[Row], folder: Path) -> None:
    """Print a comparison; the best figures of variants that meet every objective and leave no job are marked."""
    if not rows:
        return
    console = Terminal()
    console.print(_table(rows, console.width), highlight=False)
    for name, sentence in missed(rows):
        console.print(Text.assemble(("missed", "bold red"), f" in {name}: {sentence}"), highlight=False)
    console.print(" ".join(notes(rows)), style="dim", highlight=False)
    console.print(
        f"{folder}/ holds report.html, comparison.png, comparison.json and a results folder for each",
        style="dim",
        highlight=False,
    )


def comparison_html(rows: Sequence[Row]) -> str:
    """A comparison for Jupyter."""
    if not rows:
        return as_html(Group(Text("nothing has run")))
    lines = [Text.assemble(("missed", "bold red"), f" in {name}: {sentence}") for name, sentence in missed(rows)]
    return as_html(Group(_table(rows, max(PURPOSES)), *lines, Text(" ".join(notes(rows)))))


def _table(rows: Sequence[Row], width: int) -> Table:
    """A comparison as a table that fits so many characters."""
    room = width - INTERVALS * isinstance(rows[0]["cost_usd"], dict)
    purposes = next((shown for least, shown in PURPOSES.items() if room >= least), ())
    months = ["a month"] * (has_months(rows) and room >= MONTHS)
    best = _best(rows)
    held = ("queue time p95", "turnaround p95", cost_heading(rows))
    short = room >= NAMES and max(len(row["variant"]) for row in rows) <= LONGEST_NAME
    headings = ["objectives", "jobs", *held, *months, *purposes, "used"]
    table = _headed(headings, is_short=short, is_roomy=width >= ROOMY)
    for row in rows:
        table.add_row(
            row["variant"],
            _alert(narrative.verdict(row["objectives"]), row["objectives_missed"]),
            _alert(jobs_cell(row), not_succeeded(row)),
            *[Text(_stacked(figure, change), style=_style(row, key, best)) for key, figure, change in _held(rows, row)],
            *[_stacked(cell(row, "cost_per_month_usd")) for _ in months],
            *[format_usd(formatting.plain(row[f"cost_{purpose}_usd"])) for purpose in purposes],
            formatting.share(row["utilisation_vcpu"]),
        )
    return table


def _alert(text: str, lacking: Any) -> Text:
    """A cell, in red where a variant lacks something."""
    return Text(text, style="bold red" if lacking else "")


def _best(rows: Sequence[Row]) -> dict[str, float | None]:
    """The least queue time and cost of variants that meet every objective and leave no job."""
    sound = list(filter(_is_sound, rows))
    return {key: least_of(sound, key) for key in ("queue_time_p95_s", "cost_usd")}


def _is_sound(row: Row) -> bool:
    return not row["objectives_missed"] and not formatting.plain(row["unfinished"])


def _headed(headings: Sequence[str], *, is_short: bool, is_roomy: bool) -> Table:
    """A table of variants without rows; names of variants are broken unless they are short."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("variant", overflow="fold", no_wrap=is_short)
    for heading in headings:
        # In a narrow terminal all are broken alike.
        table.add_column(textwrap.fill(heading, HEADING), justify="right", overflow="fold", no_wrap=is_roomy)
    return table


def _stacked(*texts: str) -> str:
    """Texts below one another; an interval, and a period, below the figure that they are of."""
    return "\n".join(re.sub(r" (?=± |in |and |\()", "\n", text) for text in texts if text)


def markdown(rows: Sequence[Row]) -> str:
    """A comparison as Markdown."""
    if not rows:
        return ""
    months = has_months(rows)
    held = ("queue time p95", "turnaround p95", cost_heading(rows))
    headings = ["variant", "objectives", "jobs", *held, *["a month"] * months, "used"]
    lines = [formatting.markdown_row(headings), "|---|---|" + "---:|" * (len(headings) - 2)]
    for row in rows:
        strong = "**" if row["objectives_missed"] else ""
        figures = [f"{figure} ({change})" if change else figure for _, figure, change in _held(rows, row)]
        jobs = f"**{jobs_cell(row)}**" if not_succeeded(row) else jobs_cell(row)
        month = [cell(row, "cost_per_month_usd")] if months else []
        objectives = f"{strong}{narrative.verdict(row['objectives'])}{strong}"
        lines.append(
            formatting.markdown_row(
                [row["variant"], objectives, jobs, *figures, *month, formatting.share(row["utilisation_vcpu"])]
            )
        )
    lost = [f"- missed in {name}: `{sentence}`" for name, sentence in missed(rows)]
    return "\n".join([*lines, "", *lost, *[""] * bool(lost), " ".join(notes(rows)), ""])


def show_comparison(rows: Sequence[Row], folder: Path, form: str) -> None:
    """Print a comparison as a ``table``, ``markdown`` or ``json``."""
    if form == "table":
        print_comparison(rows, folder)
    else:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n" if form == "json" else markdown(rows))


def missed(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Each objective that was missed: the variant, and the objective with what came of it."""
    for row in rows:
        for objective in row["objectives"]:
            if objective["kept"] is False:
                yield row["variant"], narrative.objective_sentence(objective, row)


def not_succeeded(row: Row) -> float:
    """How many jobs failed or are unfinished."""
    return float(formatting.plain(row["failed"]) + formatting.plain(row["unfinished"]))


def jobs_cell(row: Row) -> str:
    """How many succeeded of how many, and what became of the others."""
    others = formatting.undone(row)
    succeeded = (
        f"{formatting.count(row['succeeded'])} of {formatting.count(row['jobs'])}"
        if others
        else formatting.count(row["jobs"])
    )
    return ", ".join([succeeded, *others])


def cost_heading(rows: Sequence[Row]) -> str:
    """The heading of money, with what it was paid in where that is the same of all."""
    return f"cost in {narrative.period(rows[0])}" if _one_period(rows) else "cost"


def _one_period(rows: Sequence[Row]) -> bool:
    return len({narrative.period(row) for row in rows}) == 1


def _held(rows: Sequence[Row], row: Row) -> Iterator[tuple[str, str, str]]:
    """Of the figures that are held against the first row's: the key, the figure, the difference."""
    for key in ("queue_time_p95_s", "turnaround_p95_s", "cost_usd"):
        period = "" if key != "cost_usd" or _one_period(rows) else f" in {narrative.period(row)}"
        yield key, cell(row, key) + period, difference(row, rows[0], key)


def has_months(rows: Sequence[Row]) -> bool:
    """Whether a month's money is known of any of them."""
    return any(row["cost_per_month_usd"] is not None for row in rows)


def _show(key: str) -> Callable[[float], str]:
    return format_usd if "cost" in key else format_duration


def cell(row: Row, key: str) -> str:
    """A figure of a row, with its interval; what it is over where it is unknown."""
    figure, least = row[key], row.get(f"{key}_at_least")
    if figure is None:
        return "–" if least is None else f"over {_show(key)(formatting.plain(least))}"
    return formatting.within(figure, _show(key))


def difference(row: Row, first: Row, key: str) -> str:
    """How a figure differs from the first row's, with its interval."""
    change = row[f"{key}_difference"]
    if row is first or change is None:
        return ""
    value = formatting.plain(change)
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return formatting.within(change, lambda each: f"{sign}{_show(key)(abs(each))}", _show(key))


def least_of(rows: Sequence[Row], key: str) -> float | None:
    """The least of a figure."""
    return min((formatting.plain(row[key]) for row in rows if row[key] is not None), default=None)


def _style(row: Row, key: str, least: Mapping[str, float | None]) -> str:
    is_best = row[key] is not None and formatting.plain(row[key]) == least.get(key)
    return "green" if is_best and _is_sound(row) else ""


#: Intervals that are hardly narrower for common random numbers are not worth a word.
HARDLY_NARROWER = 0.9
#: What is said of figures by the keys of a row.
HELD = {"queue_time_p95_s": "queue time p95", "turnaround_p95_s": "turnaround p95", "cost_usd": "cost"}


def _shown(rows: Sequence[Row]) -> Iterator[str]:
    """Which differences may be chance, and what it helped that variants saw the same random numbers."""
    chance = [f"{row['variant']} in {' and '.join(names)}" for row in rows[1:] if (names := _alike(row))]
    if chance:
        yield f"No difference is shown of {', '.join(chance)} (Holm's test of all differences, 5 %)."
    elif len(rows) > 1:
        yield "All differences are shown to be more than chance (Holm's test of all of them, 5 %)."
    widths = sorted(row["cost_usd_width"] for row in rows[1:] if row["cost_usd_width"])
    if widths and widths[len(widths) // 2] < HARDLY_NARROWER:
        yield f"Of cost, intervals are {1 / widths[len(widths) // 2]:.1f} times narrower for the same random numbers."


def _alike(row: Row) -> list[str]:
    """The figures of a variant of which no difference is shown."""
    return [name for key, name in HELD.items() if row[f"{key}_differs"] is False]


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """What a reader has to know of the figures."""
    figure = rows[0]["cost_usd"]
    yield f"Differences are against {rows[0]['variant']}; the same jobs were submitted in all of them."
    left = [row for row in rows if formatting.plain(row["unfinished"])]
    if left:
        told = ", ".join(f"{row['variant']} ({formatting.count(row['unfinished'])})" for row in left)
        yield f"Jobs are unfinished in {told}: the cost there is without what these jobs still need."
    if isinstance(figure, dict):
        yield f"Means of {figure['n']} replications, ± their 95 % interval; of differences, replication by replication."
        if stopped := narrative.stopped_sentence(rows[0]["stopping"], figure["n"]):
            yield f"Replications {stopped}, in every variant."
        yield from _shown(rows)
    elif len(rows) > 1:
        yield "One replication: what of them is chance can't be told (--replications 10)."
    for told in dict.fromkeys(narrative.prices_sentence(row["prices"]) for row in rows):
        yield f"Prices: {told}."
