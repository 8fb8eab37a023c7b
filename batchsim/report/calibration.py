"""A page of what a history taught, and of what it did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from batchsim.report.console import Terminal, line
from batchsim.report.formatting import many
from batchsim.report.notebook import as_html
from batchsim.units import format_duration

#: Kinds of jobs and workflows that are listed, those with most attempts first.
MOST_LISTED = 20

_UNWRITTEN = "--config FILE and --out FILE write one: jobs need the queues and definitions that they ran in"


def calibration_renderable(figures: Mapping[str, Any], written: Path | None = None) -> Group:
    """What ``calibrate --json`` prints, for rich."""
    history, learned = figures["history"], figures["learned"]
    lines: list[Any] = [
        Text.assemble((many(history["jobs"], "job"), "bold"), f" · {many(history['attempts'], 'attempt')} · submitted "
                      f"{history['from']} to {history['to']} ({history['days']:g} days)"),
        Text(),
        _runtimes(learned),
        Text(),
        *_listed("run time", (_taken(each) for each in _in_order(learned)), len(learned["runtimes"])),
        *_listed("arrivals", (_arrivals(each) for each in learned["arrivals"]), len(learned["arrivals"])),
        *_listed("delay", map(_delay, learned["delays"]), len(learned["delays"])),
        *_listed("memory", map(_memory, learned["memory"]), len(learned["memory"])),
        *_listed("launched", map(_launched, learned["instance_types"]), len(learned["instance_types"])),
        *(line("spot", _interruptions(each)) for each in learned["interruptions"]),
        Text(),
        *_listed("record", _noted(history), len(history["notes"])),
        *_listed("not learnt", figures["not_learned"], len(figures["not_learned"])),
        Text(),
        line("scenario", str(written or _UNWRITTEN)),
    ]  # fmt: skip
    return Group(*lines)


def calibration_html(figures: Mapping[str, Any]) -> str:
    """The same for Jupyter."""
    return as_html(calibration_renderable(figures))


def print_calibration(figures: Mapping[str, Any], written: Path | None = None) -> None:
    """Print the page on standard output."""
    Terminal().print(calibration_renderable(figures, written))


def _listed(name: str, sentences: Iterator[str] | Sequence[str], of: int) -> Iterator[Text | Table]:
    for number, sentence in enumerate(sentences):
        if number == MOST_LISTED:
            yield line("", f"and {of - number:,} more (--json)")
            return
        yield line("" if number else name, sentence)


def _noted(history: Mapping[str, Any]) -> list[str]:
    return [f"{count:,} {reason}" for reason, count in history["notes"].items()]


def _in_order(learned: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Run times and failures of each kind, those with most attempts first."""
    return sorted(zip(learned["runtimes"], learned["failures"], strict=True), key=lambda pair: -pair[1]["attempts"])


def _runtimes(learned: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("definition", "job"):
        table.add_column(name, overflow="fold", min_width=len("definition"))
    for name in ("attempts", "cut off", "mean", "median", "p95", "failed"):
        table.add_column(name, justify="right")
    both = _in_order(learned)
    for runtime, failure in both[:MOST_LISTED]:
        seconds = (format_duration(runtime[key]) if runtime.get(key) is not None else "–"
                   for key in ("mean_s", "p50_s", "p95_s"))  # fmt: skip
        chance = failure["probability"]
        table.add_row(
            runtime["job_definition"], runtime["job_name"], f"{failure['attempts']:,}", f"{runtime['censored']:,}",
            *seconds, f"{chance['mean']:.2%}" if chance else "–",
        )  # fmt: skip
    if len(both) > MOST_LISTED:
        table.add_row(f"and {len(both) - MOST_LISTED:,} more (--json)")
    return table


def _taken(pair: tuple[Mapping[str, Any], Mapping[str, Any]]) -> str:
    """What the run time of a kind is taken as, and what is said of its failures."""
    runtime, failure = pair
    told = f"{runtime['job_name']}: {runtime['by'] or 'not learnt'}: {runtime['why']}"
    return (
        f"{told}; failures: {failure['why']}" if failure["why"] and failure["failed"] + failure["not_started"] else told
    )


def _arrivals(found: Mapping[str, Any]) -> str:
    return f"{found['workflow']}: {many(found['n'], 'submission')}, {found['by']}: {found['why']}"


def _delay(found: Mapping[str, Any]) -> str:
    if not found["n"]:
        return f"{found['delay']}: not learnt; {found['why']}"
    times = f"median {format_duration(found['p50_s'])}, p95 {format_duration(found['p95_s'])}"
    key = f"; written as {found['key']}" if found["key"] else ""
    more = f", {found['censored']:,} more longer than seen" if found["censored"] else ""
    return f"{found['delay']}: {times}, {found['n']:,}{more}: {found['why']}{key}"


def _memory(found: Mapping[str, Any]) -> str:
    known = f"{found['known_mib']:,} MiB in the catalogue" if found["known_mib"] is not None else "not in the catalogue"
    return f"{found['instance_type']}: {found['mib']:,} MiB ({known}), {many(found['n'], 'instance')}, {found['why']}"


def _launched(found: Mapping[str, Any]) -> str:
    types = ", ".join(f"{count:,} {name}" for name, count in found["launched"].items())
    told = f"{found['environment'] or 'environments that are not told'}: {types}"
    agreed = found["expected"]
    if not found["n"]:
        return f"{told}; {found['why']}"
    each = [f"{count:,}" for count in agreed.values()]
    by_reading = " and ".join(f"{count} by {reading}" for reading, count in zip(agreed, each, strict=True))
    expected = by_reading if len(set(each)) > 1 else each[0]
    return f"{told}; {found['strategy']} expects the launched type in {expected} {found['why']}"


def _interruptions(found: Mapping[str, Any]) -> str:
    rate = found["per_hour"]
    interval = f"{rate['low']:.3g} to {rate['high']:.3g}" if found["events"] else f"at most {rate['high']:.3g}"
    together = (
        f", {100 * found['together']:.0f} % of them within 3 min of another" if found["together"] is not None else ""
    )
    hours = f"{found['events']:,} in {found['hours']:,.0f} hours"
    return f"{found['of']}: {rate['mean']:.3g} an hour (95 %: {interval}); {hours}{together}; {found['why']}"
