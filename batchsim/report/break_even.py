"""Break-even: a table of costs by volume, and in words who is cheaper from when on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from batchsim.report import formatting
from batchsim.report.console import Terminal

#: What `BreakEven.as_json` gives.
Told = Mapping[str, Any]


def show_break_even(told: Told, folder: Path, form: str) -> None:
    """Print it as a ``table``, ``markdown`` or ``json``."""
    if form == "table":
        _print(told, folder)
    else:
        sys.stdout.write(json.dumps(told, indent=2) + "\n" if form == "json" else markdown(told))


def markdown(told: Told) -> str:
    """As Markdown."""
    names, lines = _table(told)
    rows = [formatting.markdown_row(line) for line in [names, *([text for text, _ in line] for line in lines)]]
    rows.insert(1, "|" + "---:|" * len(names))
    return "\n".join([*rows, "", *(f"- {sentence}" for sentence in sentences(told)), "", _note(told), ""])


def sentences(told: Told) -> Iterator[str]:
    """Of each two variants, from what volume on one is cheaper than the other."""
    jobs, unit = told["jobs"], "jobs a month" if told["of"] == "month" else "jobs in a run"
    tried = f"{formatting.count(jobs[0])} to {formatting.count(jobs[-1])} {unit}" if jobs else ""
    for pair in told["pairs"]:
        if not any(pair["cheaper"]):
            yield f"{pair['first']} and {pair['second']} cost the same at every volume tried, {tried}"
        elif not pair["break_even"]:
            cheaper, dearer = _ranked(pair)
            yield f"{cheaper} is cheaper than {dearer} at every volume tried, {tried}{_chance(pair, jobs)}"
        for point in pair["break_even"]:
            yield (
                f"{point['below']} is cheaper up to about {_about(point['jobs'])} {unit}, {point['above']} "
                f"from there on{_shown(pair, point)}"
            )


def _ranked(pair: Mapping[str, Any]) -> tuple[str, str]:
    """The variant that is cheaper wherever costs differ, and the other one."""
    (cheaper,) = {name for name in pair["cheaper"] if name}
    dearer = pair["second"] if cheaper == pair["first"] else pair["first"]
    return cheaper, dearer


def _shown(pair: Mapping[str, Any], point: Mapping[str, Any]) -> str:
    """Where it is more than chance who is cheaper; of one replication, where it was seen."""
    low, high = (None if each is None else formatting.count(each) for each in point["between"])
    if low is None and high is None:
        return ", but at no volume by more than chance"
    parts = [f"{point[side]} at {at}" for side, at in (("below", low), ("above", high)) if at is not None]
    said = "in one run:" if None in pair["shown"] else "by more than chance:"
    return f" ({said} {' and '.join(parts)})"


def _about(jobs: float) -> str:
    """To three digits: more is not known between two volumes."""
    return formatting.count(float(f"{jobs:.3g}"))


def _chance(pair: Mapping[str, Any], jobs: Sequence[float]) -> str:
    """At which volumes it may be chance who is cheaper."""
    at = [formatting.count(each) for each, shown in zip(jobs, pair["shown"], strict=True) if shown is False]
    return f"; at {', '.join(at)} it may be chance" if at else ""


def _table(told: Told) -> tuple[list[str], list[list[tuple[str, bool]]]]:
    """Headings, and by volume the cells: the text, and whether it is the least of those that miss nothing."""
    names = list(dict.fromkeys(row["variant"] for row in told["volumes"]))
    of = "a month" if told["of"] == "month" else "in a run"
    lines = []
    for place, jobs in enumerate(told["jobs"]):
        rows = told["volumes"][place * len(names) : (place + 1) * len(names)]
        sound = [formatting.plain(row["cost_usd"]) for row in rows if not _lacks(row)]
        least = min(sound, default=None)
        cells = [(_cell(row), not _lacks(row) and formatting.plain(row["cost_usd"]) == least) for row in rows]
        lines.append([(rows[0]["volume"], False), (formatting.count(jobs), False), *cells])
    return [told["parameter"].rpartition(".")[2], f"jobs {of}", *names], lines


def _lacks(row: Mapping[str, Any]) -> bool:
    return bool(row["objectives_missed"] or row["undone"])


def _cell(row: Mapping[str, Any]) -> str:
    missed = [f"{row['objectives_missed']} missed"] if row["objectives_missed"] else []
    undone = [f"{formatting.many(row['undone'], 'job')} undone"] if row["undone"] else []
    return ", ".join([formatting.usd(row["cost_usd"]), *missed, *undone])


def _note(told: Told) -> str:
    of = "a month of 730 h at the run's rate" if told["of"] == "month" else "a run"
    return (
        f"Costs of {of}; the volume is what {told['parameter']} makes of it. Between two volumes costs are taken to "
        "rise evenly; of others nothing is said."
    )


def _print(told: Told, folder: Path) -> None:
    console = Terminal()
    names, lines = _table(told)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for line in lines:
        table.add_row(*[Text(text, style="green" if best else "") for text, best in line])
    console.print(table, highlight=False)
    for sentence in sentences(told):
        console.print(sentence, highlight=False)
    console.print(_note(told), style="dim", highlight=False)
    console.print(f"{folder}/ holds break-even.json", style="dim", highlight=False)
