"""A page of how well the later part of a history was predicted from its first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from batchsim.report.console import Terminal, line
from batchsim.units import format_duration, format_usd

#: Queues, definitions and workflows that are listed, those with most jobs first.
MOST_LISTED = 10

_NAMES = {"queue_time_s": "queue time", "submitted_to_started_s": "submitted to started"}


def back_test_renderable(figures: Mapping[str, Any], picture: Path | None = None, written: Path | None = None) -> Group:
    """What ``calibrate --back-test --json`` prints, for rich."""
    where = figures["split"]
    lines: list[Any] = [
        Text.assemble(("back-test", "bold"), f" · learnt from {_days(where['learned_days'])} "
                      f"({where['from'][:10]} on) · predicted the {_days(where['predicted_days'])} from "
                      f"{where['cut'][:10]} on · {where['jobs']:,} jobs · {figures['replications']} replications"),
        Text(),
        _table(figures),
        Text(),
        line("days", _inside(figures)),
        *_listed("replayed", [f"{count:,} {reason}" for reason, count in figures["notes"].items()]),
        line("", f"submissions from {where['replayed_from']} on, so that what the cut found is there"),
        *_listed("record", figures["not_compared"]),
    ]  # fmt: skip
    lines += [line(name, str(path)) for name, path in (("picture", picture), ("scenario", written)) if path is not None]
    return Group(*lines)


def print_back_test(figures: Mapping[str, Any], picture: Path | None = None, written: Path | None = None) -> None:
    """Print the page on standard output."""
    Terminal().print(back_test_renderable(figures, picture, written))


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _listed(name: str, sentences: list[str]) -> Iterator[Table]:
    for number, sentence in enumerate(sentences):
        yield line("" if number else name, sentence)


def _inside(figures: Mapping[str, Any]) -> str:
    measure = _NAMES[figures["measure"]]
    if figures["days_inside"] is None:
        return f"no day's {measure} can be compared"
    told = f"{figures['days_inside']:.0%} of the days' p50 and p95 of {measure} lie in the band that is to hold 90 %"
    queues = [
        f"{name} {each['days_inside']:.0%}"
        for name, each in figures["job_queues"].items()
        if each["days_inside"] is not None
    ]
    return f"{told} ({', '.join(queues[:MOST_LISTED])})" if len(queues) > 1 else told


def _table(figures: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("of", "figure"):
        table.add_column(name, overflow="fold")
    for name in ("seen", "predicted", "90 % band", "error"):
        table.add_column(name, justify="right")
    for row in _rows(figures):
        table.add_row(*row)
    return table


def _rows(figures: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield from _waits("all jobs", figures)
    for figure, name, show in (
        ("makespan_s", "makespan of a workflow", format_duration),
        ("peak_vcpus", "peak vCPUs of running jobs", "{:,.1f}".format),
        ("cost_usd_per_day", "cost of a day", format_usd),
    ):
        yield _row("", name, show, *(figures[part][figure] for part in _PARTS))
    for scope, kind in (("job_queues", "queue"), ("job_definitions", "definition")):
        listed = sorted(figures[scope].items(), key=lambda item: -item[1]["jobs"])
        if len(listed) > 1:
            for name, each in listed[:MOST_LISTED]:
                yield from _waits(f"{kind} {name}", each)
    # A job alone has no makespan beside its turnaround.
    several = [(name, each) for name, each in figures["workflows"].items() if each["jobs"] > 1]
    for name, each in several[:MOST_LISTED]:
        yield _row(f"workflow {name}", "makespan", format_duration, *(each[part]["makespan_s"] for part in _PARTS))


_PARTS = ("observed", "predicted", "band", "error")


def _waits(of: str, block: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    known = [name for name in _NAMES if block["observed"][name]["p50"] is not None]
    for measure in known[:1]:
        for number, statistic in enumerate(("p50", "p95")):
            told = (block[part][measure][statistic] for part in _PARTS)
            yield _row("" if number else of, f"{_NAMES[measure]} {statistic}", format_duration, *told)


def _row(of: str, name: str, show: Callable[[float], str], *told: Any) -> tuple[str, ...]:
    seen, predicted, band, error = told
    return (
        of,
        name,
        "–" if seen is None else show(seen),
        "–" if predicted is None else show(predicted),
        "–" if band["low"] is None else f"{show(band['low'])} to {show(band['high'])}",
        "–" if error is None else f"{error:+.1%}",
    )
